// Topologies by the ids that nodes will have.
#include <algorithm>
#include <gsl/assert>

#include "mehr/l1/ring.h"
#include "mehr/sim/chance.h"
#include "mehr/sim/node.h"
#include "topology_layout.h"
#include "topology_sets.h"

namespace mehr::sim {

namespace {

/// Nodes in the order of their ids.
struct Ring {
  explicit Ring(std::size_t nodes, std::uint64_t seed) {
    for (std::size_t i = 0; i < nodes; ++i) {
      const auto index = static_cast<NodeIndex>(i);
      all.emplace_back(l1::ring_position(identity_of(seed, index).node_id()), index);
    }
    std::sort(all.begin(), all.end());
  }
  /// Weight of a long link between two places: the reciprocal of their distance on the ring.
  [[nodiscard]] double nearness(std::size_t a, std::size_t b) const {
    const l1::U128 distance = l1::ring_distance(all[a].first, all[b].first);
    return 1 / (1 + static_cast<double>(static_cast<std::int64_t>(distance.high >> 1)));
  }
  std::vector<std::pair<l1::U128, NodeIndex>> all;
};

}  // namespace

Topology ring_of_ids(std::size_t nodes, std::size_t far, const Media& media, std::uint64_t seed) {
  Topology out = on_one_medium("ring-of-ids", nodes, media);
  const Ring ring(nodes, seed);
  Neighbours neighbours(nodes);
  const auto link = [&](std::size_t a, std::size_t b) {
    const NodeIndex from = ring.all[a].second;
    const NodeIndex to = ring.all[b].second;
    if (from == to || neighbours.has(from, to)) return false;
    neighbours.add(from, to);
    out.links.push_back(between(from, to, media.name));
    return true;
  };
  for (std::size_t i = 0; i < nodes; ++i) {
    for (const std::size_t step : {1U, 2U}) static_cast<void>(link(i, (i + step) % nodes));
  }
  std::vector<double> sums(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    Chance chance(seed, "topology/ring-of-ids", ring.all[i].second);
    double sum = 0;
    for (std::size_t j = 0; j < nodes; ++j) sums[j] = sum += j == i ? 0 : ring.nearness(i, j);
    std::size_t drawn = 0;
    // In a small ring there may not be as many others: then it has fewer.
    for (int tries = 0; drawn < far && tries < 1000; ++tries) {
      const auto at = std::upper_bound(sums.begin(), sums.end(), chance.unit() * sum);
      const auto other = static_cast<std::size_t>(std::min(at, sums.end() - 1) - sums.begin());
      if (link(i, other)) ++drawn;
    }
  }
  const std::vector<Position> places = circle(nodes, 1);
  for (std::size_t i = 0; i < nodes; ++i) out.nodes[ring.all[i].second].at = places[i];
  scale_to_longest_link(out, kLongest * reach_of(media));
  return out;
}

}  // namespace mehr::sim
