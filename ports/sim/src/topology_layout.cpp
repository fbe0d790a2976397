#include "topology_layout.h"

#include <algorithm>
#include <cstdint>

namespace mehr::sim {
namespace {

constexpr double kPi = 3.14159265358979323846;

// Taylor's polynomials; on [0, pi/4] their error is below 1e-16.
Position near_east(double angle) {
  const double z = angle * angle;
  const double sine =
      angle *
      (1 + z * (-1.0 / 6 +
                z * (1.0 / 120 +
                     z * (-1.0 / 5040 +
                          z * (1.0 / 362880 + z * (-1.0 / 39916800 + z * (1.0 / 6227020800.0)))))));
  const double cosine =
      1 + z * (-1.0 / 2 +
               z * (1.0 / 24 +
                    z * (-1.0 / 720 + z * (1.0 / 40320 + z * (-1.0 / 3628800 +
                                                              z * (1.0 / 479001600.0 +
                                                                   z * (-1.0 / 87178291200.0)))))));
  return {cosine, sine};
}

}  // namespace

Position direction(double turns) {
  const auto whole = static_cast<double>(static_cast<std::int64_t>(turns));
  double part = turns - whole;
  if (part < 0) part += 1;
  const int octant = static_cast<int>(part * 8) & 7;
  const double rest = part * 8 - octant;  // of an octant
  // Odd octants are mirrored, so that the polynomials see at most pi/4.
  const Position p = near_east((octant % 2 == 0 ? rest : 1 - rest) * (kPi / 4));
  switch (octant) {
    case 0:
      return {p.x, p.y};
    case 1:
      return {p.y, p.x};
    case 2:
      return {-p.y, p.x};
    case 3:
      return {-p.x, p.y};
    case 4:
      return {-p.x, -p.y};
    case 5:
      return {-p.y, -p.x};
    case 6:
      return {p.y, -p.x};
    default:
      return {p.x, -p.y};
  }
}

std::vector<Position> circle(std::size_t nodes, double spacing) {
  std::vector<Position> out(nodes);
  if (nodes < 2) return out;
  const auto count = static_cast<double>(nodes);
  const double radius = spacing / (2 * direction(0.5 / count).y);
  for (std::size_t i = 0; i < nodes; ++i) {
    const Position at = direction(static_cast<double>(i) / count);
    out[i] = {at.x * radius, at.y * radius};
  }
  return out;
}

double reach_of(const Media& media) {
  const double reach = media.comfortable_range_m();
  return reach > 0 ? reach : 100;
}

std::vector<NodeSpec> numbered_nodes(std::size_t nodes) {
  std::vector<NodeSpec> out(nodes);
  for (std::size_t i = 0; i < nodes; ++i) out[i].name = "n" + std::to_string(i);
  return out;
}

Topology on_one_medium(const char* shape, std::size_t nodes, const Media& media) {
  Topology out;
  out.name = shape;
  out.media.emplace(media.name, media);
  out.nodes = numbered_nodes(nodes);
  return out;
}

void lay_out_grid(Topology& topology, std::size_t width, double reach) {
  const double spacing = 0.8 * reach;
  for (std::size_t i = 0; i < topology.nodes.size(); ++i) {
    const std::size_t row = i / width;
    topology.nodes[i].at = {static_cast<double>(i % width) * spacing,
                            static_cast<double>(row) * spacing};
  }
}

LinkSpec between(std::size_t a, std::size_t b, const std::string& media) {
  return {static_cast<NodeIndex>(a), static_cast<NodeIndex>(b), media};
}

void scale_to_longest_link(Topology& topology, double longest) {
  double found = 0;
  for (const LinkSpec& link : topology.links) {
    found = std::max(found, distance(topology.nodes[link.a].at, topology.nodes[link.b].at));
  }
  if (found <= 0) return;
  const double factor = longest / found;
  for (NodeSpec& node : topology.nodes) {
    node.at.x *= factor;
    node.at.y *= factor;
  }
}

}  // namespace mehr::sim
