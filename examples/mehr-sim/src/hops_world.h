// One world of `mehr-sim hops`: a small world by ids, and datagrams across it.
//
// Place: examples/mehr-sim. Nodes of small tables on a ring of ids; most never announce themselves,
// so packets to them go by the ring alone. spec: L1/6 step 7
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "commands.h"

namespace mehr::sim_cli {

/// What was measured of one world.
struct HopsPoint {
  std::uint64_t nodes = 0;
  std::uint64_t announcing = 0;
  std::uint64_t links = 0;
  std::uint64_t sent = 0;
  std::uint64_t at_once = 0;  ///< arrived when sent first
  std::uint64_t arrived = 0;  ///< when sent up to three times
  double mean = 0;            ///< links that packets crossed
  std::uint64_t p99 = 0;
  std::uint64_t most = 0;
  double by_ring = 0;      ///< share of steps that no route led
  double routes_mean = 0;  ///< in a node's table
  std::uint64_t routes_most = 0;
  std::uint64_t routes_limit = 0;
  double announces = 0;  ///< sent per node and second, measured packets apart
  double bytes = 0;      ///< likewise, announces and everything else that L1 says
  double real_seconds = 0;
  /// What greedy steps in a small world need at most, on average. spec: L1/6.1
  [[nodiscard]] double bound() const;
};

[[nodiscard]] HopsPoint measure_hops(const HopsOptions& options, std::uint64_t nodes);
/// One line of words that `read_hops` takes.
[[nodiscard]] std::string write_hops(const HopsPoint& point);
[[nodiscard]] bool read_hops(const std::string& line, HopsPoint& point);
/// Markdown.
[[nodiscard]] std::string hops_table(const std::vector<HopsPoint>& points);

}  // namespace mehr::sim_cli
