// Regular shapes: line, ring, grid, star of stars.
#include <algorithm>

#include "topology_layout.h"

namespace mehr::sim {
namespace {

// Neighbours hear each other well, and the next but one does not.
constexpr double kSpacing = 0.7;

}  // namespace

Topology line(std::size_t nodes, const Media& media) {
  Topology out = on_one_medium("line", nodes, media);
  for (std::size_t i = 0; i < nodes; ++i) {
    out.nodes[i].at = {static_cast<double>(i) * (kSpacing * reach_of(media)), 0};
    if (i > 0) out.links.push_back(between(i - 1, i, media.name));
  }
  return out;
}

Topology ring(std::size_t nodes, const Media& media) {
  Topology out = on_one_medium("ring", nodes, media);
  const std::vector<Position> places = circle(nodes, kSpacing * reach_of(media));
  for (std::size_t i = 0; i < nodes; ++i) {
    out.nodes[i].at = places[i];
    if (i > 0) out.links.push_back(between(i - 1, i, media.name));
  }
  if (nodes > 2) out.links.push_back(between(nodes - 1, 0, media.name));
  return out;
}

Topology grid(std::size_t width, std::size_t height, const Media& media) {
  Topology out = on_one_medium("grid", width * height, media);
  lay_out_grid(out, width, reach_of(media));
  for (std::size_t i = 0; i < out.nodes.size(); ++i) {
    if (i % width + 1 < width) out.links.push_back(between(i, i + 1, media.name));
    if (i + width < out.nodes.size()) out.links.push_back(between(i, i + width, media.name));
  }
  return out;
}

Topology star_of_stars(std::size_t hubs, std::size_t leaves, const Media& backbone,
                       const Media& access) {
  Topology out;
  out.name = "star-of-stars";
  out.media.emplace("backbone", backbone);
  out.media.emplace("access", access);
  out.nodes = numbered_nodes(hubs * (1 + leaves));
  // The first hub is the centre of the star of hubs.
  double apart = kSpacing * reach_of(backbone);
  const double radius = apart;
  for (std::size_t i = 1; i < hubs; ++i) {
    const Position at = direction(static_cast<double>(i - 1) / static_cast<double>(hubs - 1));
    out.nodes[i].at = {at.x * radius, at.y * radius};
    if (i > 1) apart = std::min(apart, distance(out.nodes[i].at, out.nodes[i - 1].at));
    out.links.push_back(between(i, 0, "backbone"));
  }
  // Small enough that the stars do not run into each other.
  const double reach = kSpacing * reach_of(access);
  const double leaf_radius = hubs > 1 ? std::min(reach, 0.4 * apart) : reach;
  for (std::size_t hub = 0; hub < hubs; ++hub) {
    for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
      const std::size_t i = hubs + hub * leaves + leaf;
      const Position at = direction(static_cast<double>(leaf) / static_cast<double>(leaves));
      const Position centre = out.nodes[hub].at;
      out.nodes[i].at = {centre.x + at.x * leaf_radius, centre.y + at.y * leaf_radius};
      out.links.push_back(between(i, hub, "access"));
    }
  }
  return out;
}

}  // namespace mehr::sim
