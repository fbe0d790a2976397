// All that a report shows, as plain values. Private to ports/sim.
//
// Place: Report makes it of a Sim; summary and page are functions of it alone.
#pragma once

#include <string>
#include <vector>

#include "mehr/core/result.h"
#include "mehr/sim/channel.h"
#include "mehr/sim/scenario.h"
#include "report_gatherer.h"

namespace mehr::sim {

struct ReportNode {
  bool is_up = false;
  std::size_t peak = 0;   ///< bytes
  std::size_t limit = 0;  ///< bytes its Limits promise; 0: not known
};

struct ReportChannel {
  std::string media;  ///< its name
  MediaKind kind = MediaKind::stream;
  ChannelCounters counters;
};

struct ReportData {
  std::uint64_t seed = 0;
  bool counts_memory = false;
  const Topology& topology;
  const Gatherer& gathered;
  const RunResult& result;
  std::vector<ReportNode> nodes;
  std::vector<ReportChannel> channels;
};

/// "n0 - n1", or the nodes of a shared channel: "n0, n1 and more".
[[nodiscard]] std::string ends_of(const ReportData& data, std::size_t channel);
/// The name of a node of the topology, readable; "?" for nobody.
[[nodiscard]] std::string name_of(const ReportData& data, NodeIndex node);
/// "good", "broken invariant", ...
[[nodiscard]] const char* name_of(RunResult::End end);

struct MemoryFigures {
  double mean = 0;
  std::size_t most = 0;
  NodeIndex largest = kNoNode;
  std::size_t over_limit = 0;  ///< nodes whose peak passes what their Limits promise
};
[[nodiscard]] MemoryFigures memory_of(const ReportData& data);
/// Places of @p data.channels or pairs, the busiest first, at most @p most.
[[nodiscard]] std::vector<std::size_t> busiest_channels(const ReportData& data, std::size_t most);
[[nodiscard]] std::vector<std::size_t> busiest_pairs(const ReportData& data, std::size_t most);

[[nodiscard]] std::string summary_text(const ReportData& data);
/// @p scenario: its name, what it is about, its options.
[[nodiscard]] std::string page_text(const Scenario& scenario, const ReportData& data);

}  // namespace mehr::sim
