#include "report_data.h"

#include <algorithm>
#include <numeric>

#include "report_words.h"

namespace mehr::sim {
namespace {

// Places 0..count-1 by falling key, equal keys in their order.
template <class Key>
std::vector<std::size_t> by_falling(std::size_t count, std::size_t most, Key key) {
  std::vector<std::size_t> out(count);
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::stable_sort(out.begin(), out.end(),
                   [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  out.resize(std::min(out.size(), most));
  return out;
}

}  // namespace

std::string name_of(const ReportData& data, NodeIndex node) {
  return node < data.topology.nodes.size() ? shortened(data.topology.nodes[node].name, 40) : "?";
}

std::string ends_of(const ReportData& data, std::size_t channel) {
  if (channel >= data.gathered.channels().size()) return "unused";
  const ChannelTally& tally = data.gathered.channels()[channel];
  if (tally.a == kNoNode) return "unused";
  if (tally.b == kNoNode) return name_of(data, tally.a);
  return name_of(data, tally.a) + (tally.has_more ? ", " : " - ") + name_of(data, tally.b) +
         (tally.has_more ? " and more" : "");
}

const char* name_of(RunResult::End end) {
  switch (end) {
    case RunResult::End::good:
      return "good";
    case RunResult::End::violated:
      return "broken invariant";
    case RunResult::End::not_settled:
      return "did not settle";
    case RunResult::End::virtual_limit:
      return "virtual-time limit";
    case RunResult::End::real_limit:
      return "real-time limit";
    case RunResult::End::stopped:
      return "stopped";
  }
  return "?";
}

MemoryFigures memory_of(const ReportData& data) {
  MemoryFigures out;
  double sum = 0;
  for (std::size_t i = 0; i < data.nodes.size(); ++i) {
    const ReportNode& node = data.nodes[i];
    sum += static_cast<double>(node.peak);
    if (node.limit != 0 && node.peak > node.limit) ++out.over_limit;
    if (out.largest != kNoNode && node.peak <= out.most) continue;
    out.most = node.peak;
    out.largest = static_cast<NodeIndex>(i);
  }
  if (!data.nodes.empty()) out.mean = sum / static_cast<double>(data.nodes.size());
  return out;
}

std::vector<std::size_t> busiest_channels(const ReportData& data, std::size_t most) {
  return by_falling(data.channels.size(), most,
                    [&](std::size_t i) { return data.channels[i].counters.bytes_sent; });
}

std::vector<std::size_t> busiest_pairs(const ReportData& data, std::size_t most) {
  const auto& pairs = data.gathered.pairs();
  return by_falling(pairs.size(), most, [&](std::size_t i) { return pairs[i].weight(); });
}

}  // namespace mehr::sim
