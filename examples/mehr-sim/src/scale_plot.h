// What a growth measurement found, as a table and as a picture.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mehr::sim_cli {

/// One world of the measurement.
struct ScalePoint {
  std::uint64_t nodes = 0;
  std::uint64_t announcing = 0;
  std::uint64_t events = 0;
  double virtual_seconds = 0;  ///< until all routes led where they should
  double real_seconds = 0;
  double node_bytes = 0;     ///< mean of what a node holds at the end
  double node_peak = 0;      ///< largest of any node, ever
  double process_bytes = 0;  ///< peak resident set of the process
  [[nodiscard]] double events_per_second() const {
    return real_seconds > 0 ? static_cast<double>(events) / real_seconds : 0;
  }
};

/// Markdown.
[[nodiscard]] std::string scale_table(const std::vector<ScalePoint>& points);
/// Real time, events/s and bytes per node over N, both axes logarithmic.
[[nodiscard]] std::string scale_svg(const std::vector<ScalePoint>& points);

}  // namespace mehr::sim_cli
