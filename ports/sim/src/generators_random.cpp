// Shapes drawn from a seed. Each node has a stream of its own, so that a larger network does not
// shift what the nodes of a smaller one draw.
#include <algorithm>
#include <gsl/assert>

#include "mehr/sim/chance.h"
#include "topology_layout.h"
#include "topology_sets.h"

namespace mehr::sim {

Topology watts_strogatz(std::size_t nodes, std::size_t degree, double rewired, const Media& media,
                        std::uint64_t seed) {
  Expects(degree % 2 == 0 && degree >= 2 && nodes > degree);
  Topology out = on_one_medium("watts-strogatz", nodes, media);
  const std::size_t half = degree / 2;
  Neighbours neighbours(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t d = 1; d <= half; ++d) neighbours.add(i, (i + d) % nodes);
  }
  NodeSets sets(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    Chance chance(seed, "topology/watts-strogatz", i);
    for (std::size_t d = 1; d <= half; ++d) {
      std::size_t end = (i + d) % nodes;
      if (chance.happens(rewired) && neighbours.degree(i) + 1 < nodes) {
        std::size_t drawn = end;
        while (drawn == i || neighbours.has(i, drawn)) drawn = chance.below(nodes);
        neighbours.remove(i, end);
        neighbours.add(i, drawn);
        end = drawn;
      }
      out.links.push_back(between(i, end, media.name));
      sets.join(out.links.back().a, out.links.back().b);
    }
  }
  // Where rewiring parted the ring, its own link joins it again.
  for (std::size_t i = 0; i + 1 < nodes && sets.sets() > 1; ++i) {
    const LinkSpec link = between(i, i + 1, media.name);
    if (sets.join(link.a, link.b)) out.links.push_back(link);
  }
  const std::vector<Position> places = circle(nodes, 1);
  for (std::size_t i = 0; i < nodes; ++i) out.nodes[i].at = places[i];
  scale_to_longest_link(out, kLongest * reach_of(media));
  return out;
}

namespace {

/// Draws lattice distances with probability ~ (points at d) * d^-2 ~ 1 / d, from 2 on: the
/// neighbours at distance 1 are linked already.
class LatticeDistance {
 public:
  explicit LatticeDistance(std::size_t most) {
    double sum = 0;
    for (std::size_t d = 2; d <= most; ++d) {
      sum += 1 / static_cast<double>(d);
      sums_.push_back(sum);
    }
  }
  std::size_t draw(Chance& chance) const {
    const double at = chance.unit() * sums_.back();
    const auto found = std::upper_bound(sums_.begin(), sums_.end(), at);
    return 2 + static_cast<std::size_t>(std::min(found, sums_.end() - 1) - sums_.begin());
  }

 private:
  std::vector<double> sums_;
};

struct Offset {
  std::int64_t x = 0;
  std::int64_t y = 0;
};

/// One of the 4 * @p d lattice points at distance @p d.
Offset draw_offset(std::size_t d, Chance& chance) {
  const std::uint64_t drawn = chance.below(4 * d);
  const auto part = static_cast<std::int64_t>(drawn % d);
  const auto rest = static_cast<std::int64_t>(d) - part;
  switch (drawn / d) {
    case 0:
      return {rest, part};
    case 1:
      return {-part, rest};
    case 2:
      return {-rest, -part};
    default:
      return {part, -rest};
  }
}

}  // namespace

Topology kleinberg(std::size_t side, std::size_t far, const Media& media, std::uint64_t seed) {
  Topology out = grid(side, side, media);
  out.name = "kleinberg";
  if (side < 2) return out;
  Neighbours neighbours(out.nodes.size());
  for (const LinkSpec& link : out.links) neighbours.add(link.a, link.b);
  const LatticeDistance distances(2 * (side - 1));
  const auto length = static_cast<std::int64_t>(side);
  for (std::size_t i = 0; i < out.nodes.size(); ++i) {
    Chance chance(seed, "topology/kleinberg", i);
    std::size_t drawn = 0;
    // On a small square there may not be as many others: then it has fewer.
    for (int tries = 0; drawn < far && tries < 1000; ++tries) {
      const Offset offset = draw_offset(distances.draw(chance), chance);
      const std::int64_t x = static_cast<std::int64_t>(i % side) + offset.x;
      const std::int64_t y = static_cast<std::int64_t>(i / side) + offset.y;
      if (x < 0 || y < 0 || x >= length || y >= length) continue;
      const auto other = static_cast<std::size_t>(y * length + x);
      if (neighbours.has(i, other)) continue;
      neighbours.add(i, other);
      out.links.push_back(between(i, other, media.name));
      ++drawn;
    }
  }
  scale_to_longest_link(out, kLongest * reach_of(media));
  return out;
}

Topology scale_free(std::size_t nodes, std::size_t links, const Media& media, std::uint64_t seed) {
  Expects(links >= 1);
  Topology out = on_one_medium("scale-free", nodes, media);
  std::vector<NodeIndex> ends;  // each node once per link of its own: a draw prefers the linked
  const auto link = [&](std::size_t a, std::size_t b) {
    out.links.push_back(between(a, b, media.name));
    ends.push_back(out.links.back().a);
    ends.push_back(out.links.back().b);
  };
  std::vector<NodeIndex> chosen;
  for (std::size_t i = 1; i < nodes; ++i) {
    if (i <= links) {  // the first ones all know each other
      for (std::size_t j = 0; j < i; ++j) link(i, j);
      continue;
    }
    Chance chance(seed, "topology/scale-free", i);
    chosen.clear();
    while (chosen.size() < links) {
      const NodeIndex drawn = ends[chance.below(ends.size())];
      if (std::find(chosen.begin(), chosen.end(), drawn) == chosen.end()) chosen.push_back(drawn);
    }
    for (const NodeIndex other : chosen) link(i, other);
  }
  // A spiral with the hubs in the middle, as seeds lie in a sunflower: a golden angle each.
  for (std::size_t i = 0; i < nodes; ++i) {
    const Position at = direction(static_cast<double>(i) * 0.3819660112501051);
    const double radius = std::sqrt(static_cast<double>(i));
    out.nodes[i].at = {at.x * radius, at.y * radius};
  }
  scale_to_longest_link(out, kLongest * reach_of(media));
  return out;
}

}  // namespace mehr::sim
