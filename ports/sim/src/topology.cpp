#include "mehr/sim/topology.h"

#include <algorithm>

#include "topology_cells.h"
#include "topology_layout.h"
#include "topology_sets.h"

namespace mehr::sim {
namespace {

// A shared medium without links links whoever is in range when the run begins.
void join_those_in_range(const Topology& topology, const Media& media,
                         const std::vector<NodeIndex>& members, NodeSets& sets) {
  if (media.range_m <= 0 && media.kind != MediaKind::lora) {
    for (const NodeIndex member : members) sets.join(members.front(), member);
    return;
  }
  std::vector<Position> places;
  places.reserve(members.size());
  for (const NodeIndex member : members) {
    const NodeSpec& node = topology.nodes[member];
    places.push_back(position_on(node.at, node.path, Instant{}));
  }
  const double range = media.range_m > 0 ? media.range_m : reach_of(media);
  const Cells cells(places, range);
  for (std::size_t i = 0; i < members.size(); ++i) {
    cells.for_near(places[i], [&](NodeIndex other) {
      if (distance(places[i], places[other]) <= range) sets.join(members[i], members[other]);
    });
  }
}

}  // namespace

bool Topology::is_connected() const {
  NodeSets sets(nodes.size());
  for (const LinkSpec& link : links) sets.join(link.a, link.b);
  for (const auto& entry : members) {
    const auto medium = media.find(entry.first);
    if (medium == media.end() || entry.second.empty()) continue;
    const bool has_links = std::any_of(links.begin(), links.end(), [&](const LinkSpec& link) {
      return link.media == entry.first;
    });
    if (!has_links) join_those_in_range(*this, medium->second, entry.second, sets);
  }
  return sets.sets() <= 1;
}

}  // namespace mehr::sim
