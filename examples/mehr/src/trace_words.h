// One happening of a trace, and what its bytes say.
//
// Place: examples/mehr, below trace_view.h. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "control_words.h"
#include "kinds.h"
#include "mehr/core/ids.h"

namespace mehr::cli {

struct TraceLine {
  std::uint64_t at_ns = 0;
  std::string what;
  std::optional<std::uint64_t> node, peer, channel, size;
  Bytes bytes;
  bool is_cut = false;  ///< `bytes` are only the first of `size`
  std::string text;
};

/// "01:23:45.678".
[[nodiscard]] std::string clock_text(std::uint64_t nanoseconds);
/// Whether that happening came to its node from its peer.
[[nodiscard]] bool line_points_back(const std::string& what);
/// The bytes through the kinds that fit such a happening.
[[nodiscard]] Json decoded(const TraceLine& line);
/// The same on part of a line, without checking signatures.
[[nodiscard]] std::string summary_of(const TraceLine& line, const TraceNames& names);

}  // namespace mehr::cli
