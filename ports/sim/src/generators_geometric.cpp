// Random geometric graphs: linked is whoever is near.
#include <algorithm>
#include <array>
#include <gsl/assert>
#include <limits>

#include "mehr/sim/chance.h"
#include "topology_cells.h"
#include "topology_layout.h"
#include "topology_sets.h"

namespace mehr::sim {
namespace {

// The radius as a share of what the medium reaches, and joining links as a share of the radius.
constexpr double kRadius = 0.9;
constexpr double kJoined = 0.9;
constexpr double kPi = 3.14159265358979323846;

struct Pair {
  double length = std::numeric_limits<double>::infinity();
  NodeIndex a = kNoNode;
  NodeIndex b = kNoNode;
  auto operator<=>(const Pair&) const = default;
};

// All pairs at most @p radius apart, a < b.
std::vector<Pair> pairs_within(const std::vector<Position>& places, double radius) {
  const Cells cells(places, radius);
  std::vector<Pair> out;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto a = static_cast<NodeIndex>(i);
    cells.for_near(places[i], [&](NodeIndex b) {
      if (b <= a) return;
      const double length = distance(places[a], places[b]);
      if (length <= radius) out.push_back({length, a, b});
    });
  }
  return out;
}

// The @p count shortest pairs, in order of their nodes. Places are in the unit square.
std::vector<Pair> shortest_pairs(const std::vector<Position>& places, std::size_t count) {
  if (count == 0) return {};
  const auto n = static_cast<double>(places.size());
  // What holds that many pairs far from the border; at the border it takes more.
  double radius = std::sqrt(2 * static_cast<double>(count) / (n * n * kPi)) * 1.1;
  std::vector<Pair> pairs = pairs_within(places, radius);
  while (pairs.size() < count) {
    radius *= 1.25;
    pairs = pairs_within(places, radius);
  }
  std::nth_element(pairs.begin(), pairs.begin() + static_cast<std::ptrdiff_t>(count - 1),
                   pairs.end());
  pairs.resize(count);
  return pairs;
}

/// Joins what the radius leaves apart: pairs of nodes, the closest of their components.
class Joiner {
 public:
  Joiner(const std::vector<Position>& places, NodeSets& sets)
      : places_(places),
        sets_(sets),
        cells_(places, 1 / std::sqrt(static_cast<double>(places.size()) + 1)) {}

  std::vector<Pair> join() {
    std::vector<Pair> out;
    while (sets_.sets() > 1) {
      const std::vector<Pair> closest = closest_of_each();
      for (const Pair& pair : closest) {
        if (pair.a != kNoNode && sets_.join(pair.a, pair.b)) out.push_back(pair);
      }
    }
    return out;
  }

 private:
  // By set: its closest pair with a node outside. The largest set waits to be found by the others.
  std::vector<Pair> closest_of_each() {
    NodeIndex largest = 0;
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const NodeIndex set = sets_.find(static_cast<NodeIndex>(i));
      if (sets_.size_of(set) > sets_.size_of(largest)) largest = set;
    }
    largest = sets_.find(largest);
    std::vector<Pair> out(places_.size());
    for (std::size_t i = 0; i < places_.size(); ++i) {
      const auto node = static_cast<NodeIndex>(i);
      const NodeIndex set = sets_.find(node);
      if (set != largest) search(node, set, out[set]);
    }
    return out;
  }

  void search(NodeIndex node, NodeIndex set, Pair& best) {
    for (std::size_t ring = 0; ring <= cells_.last_ring(); ++ring) {
      // Nothing in this ring is nearer than the rings inside it are wide.
      if (ring > 0 && static_cast<double>(ring - 1) * cells_.width() > best.length) return;
      cells_.for_ring(places_[node], ring, [&](NodeIndex other) {
        if (sets_.find(other) == set) return;
        best = std::min(best, Pair{distance(places_[node], places_[other]), std::min(node, other),
                                   std::max(node, other)});
      });
    }
  }

  const std::vector<Position>& places_;
  NodeSets& sets_;
  Cells cells_;
};

// Moves components towards each other, each as a whole, until every joining pair is @p length
// apart or less: a link nobody can hear would join nothing.
void draw_together(std::vector<Position>& places, const std::vector<Pair>& within,
                   const std::vector<Pair>& joining, double length) {
  struct Edge {
    NodeIndex to = kNoNode;
    bool joins = false;
  };
  std::vector<std::vector<Edge>> edges(places.size());
  for (const auto& [pairs, joins] : {std::pair{&within, false}, {&joining, true}}) {
    for (const Pair& pair : *pairs) {
      edges[pair.a].push_back({pair.b, joins});
      edges[pair.b].push_back({pair.a, joins});
    }
  }
  std::vector<Position> shift(places.size());
  std::vector<bool> seen(places.size());
  std::vector<NodeIndex> pending{0};
  seen[0] = true;
  while (!pending.empty()) {
    const NodeIndex node = pending.back();
    pending.pop_back();
    for (const Edge& edge : edges[node]) {
      if (seen[edge.to]) continue;
      seen[edge.to] = true;
      shift[edge.to] = shift[node];
      const double apart = distance(places[node], places[edge.to]);
      if (edge.joins && apart > length) {
        const double part = 1 - length / apart;
        shift[edge.to].x -= (places[edge.to].x - places[node].x) * part;
        shift[edge.to].y -= (places[edge.to].y - places[node].y) * part;
      }
      pending.push_back(edge.to);
    }
  }
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i].x += shift[i].x;
    places[i].y += shift[i].y;
  }
}

}  // namespace

Topology random_geometric(std::size_t nodes, double mean_degree, const Media& media,
                          std::uint64_t seed) {
  Expects(mean_degree >= 0);
  Topology out = on_one_medium("random-geometric", nodes, media);
  if (nodes < 2) return out;
  std::vector<Position> places(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    Chance chance(seed, "topology/random-geometric", i);
    places[i].x = chance.unit();
    places[i].y = chance.unit();
  }
  const std::size_t all = nodes * (nodes - 1) / 2;
  const double wanted =
      std::min(static_cast<double>(all) * 2, static_cast<double>(nodes) * mean_degree);
  std::vector<Pair> within =
      shortest_pairs(places, std::min(all, (static_cast<std::size_t>(wanted) + 1) / 2));
  NodeSets sets(nodes);
  double radius = 0;
  for (const Pair& pair : within) {
    sets.join(pair.a, pair.b);
    radius = std::max(radius, pair.length);
  }
  const std::vector<Pair> joining = Joiner(places, sets).join();
  if (radius <= 0) radius = 1 / std::sqrt(static_cast<double>(nodes));
  if (!joining.empty()) draw_together(places, within, joining, kJoined * radius);

  const double scale = kRadius * reach_of(media) / radius;
  for (std::size_t i = 0; i < nodes; ++i) {
    out.nodes[i].at = {places[i].x * scale, places[i].y * scale};
  }
  within.insert(within.end(), joining.begin(), joining.end());
  std::sort(within.begin(), within.end(), [](const Pair& x, const Pair& y) {
    return std::pair{x.a, x.b} < std::pair{y.a, y.b};
  });
  for (const Pair& pair : within) out.links.push_back(between(pair.a, pair.b, media.name));
  return out;
}

}  // namespace mehr::sim
