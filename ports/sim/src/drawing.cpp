#include "drawing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <gsl/assert>

#include "report_words.h"

namespace mehr::sim {
namespace {

constexpr double kMargin = 28;
constexpr double kMostWidth = 1000;
constexpr double kMostHeight = 720;
constexpr std::size_t kMostLabels = 80;
constexpr std::size_t kWidthClasses = 6;

struct Box {
  double left = 0, right = 0, low = 0, high = 0;
};

Box box_of(const Topology& topology) {
  Box box;
  bool first = true;
  const auto take = [&](Position p) {
    if (first) box = {p.x, p.x, p.y, p.y};
    first = false;
    box.left = std::min(box.left, p.x);
    box.right = std::max(box.right, p.x);
    box.low = std::min(box.low, p.y);
    box.high = std::max(box.high, p.y);
  };
  for (const NodeSpec& node : topology.nodes) {
    take(node.at);
    for (const Waypoint& corner : node.path) take(corner.at);
  }
  return box;
}

// From metres, north up, to the picture, down.
struct Frame {
  Box box;
  double scale = 1;
  double width = 0;
  double height = 0;
  [[nodiscard]] Point place(Position p) const {
    const double free_x = width - 2 * kMargin - (box.right - box.left) * scale;
    const double free_y = height - 2 * kMargin - (box.high - box.low) * scale;
    return {kMargin + free_x / 2 + (p.x - box.left) * scale,
            kMargin + free_y / 2 + (box.high - p.y) * scale};
  }
};

Frame frame_of(const Topology& topology) {
  Frame frame;
  frame.box = box_of(topology);
  const double wide = frame.box.right - frame.box.left;
  const double tall = frame.box.high - frame.box.low;
  const double room_x = kMostWidth - 2 * kMargin;
  const double room_y = kMostHeight - 2 * kMargin;
  if (wide > 0 || tall > 0) {
    const double by_x = wide > 0 ? room_x / wide : room_y / tall;
    const double by_y = tall > 0 ? room_y / tall : by_x;
    frame.scale = std::min(by_x, by_y);
  }
  frame.width = kMostWidth;
  frame.height = std::max(tall * frame.scale + 2 * kMargin, 140.0);
  return frame;
}

double width_of_weight(double weight, std::size_t edges) {
  const double thin = edges > kMostTitled ? 0.4 : 1.2;
  const double thick = edges > kMostTitled ? 3.0 : 7.0;
  return thin + (thick - thin) * std::clamp(weight, 0.0, 1.0);
}

void add_each(Drawing& out, std::span<const Edge> edges, const std::vector<Point>& at) {
  for (const Edge& edge : edges) {
    out.strokes.push_back({{{at[edge.a], at[edge.b]}},
                           edge.ink,
                           width_of_weight(edge.weight, edges.size()),
                           edge.title});
  }
}

void add_merged(Drawing& out, std::span<const Edge> edges, const std::vector<Point>& at) {
  std::array<std::array<Stroke, kInks>, kWidthClasses + 1> strokes;
  for (const Edge& edge : edges) {
    const double share = std::clamp(edge.weight, 0.0, 1.0) * static_cast<double>(kWidthClasses);
    const auto size = static_cast<std::size_t>(share);
    Stroke& stroke = strokes[size][static_cast<std::size_t>(edge.ink)];
    stroke.ink = edge.ink;
    stroke.width = width_of_weight(static_cast<double>(size) / static_cast<double>(kWidthClasses),
                                   edges.size());
    stroke.lines.emplace_back(at[edge.a], at[edge.b]);
  }
  for (auto& inks : strokes) {
    for (Stroke& stroke : inks) {
      if (!stroke.lines.empty()) out.strokes.push_back(std::move(stroke));
    }
  }
}

void add_paths(Drawing& out, const Topology& topology, const Frame& frame) {
  for (const NodeSpec& node : topology.nodes) {
    if (node.path.empty()) continue;
    Stroke stroke{{}, Ink::faint, 0.8, "the way of " + readable(node.name)};
    Point from = frame.place(node.at);
    for (const Waypoint& corner : node.path) {
      const Point to = frame.place(corner.at);
      stroke.lines.emplace_back(from, to);
      from = to;
    }
    out.strokes.push_back(std::move(stroke));
  }
}

// Who sits on a shared medium wears its colour.
std::vector<Ink> rims_of(const Topology& topology) {
  std::vector<Ink> out(topology.nodes.size(), Ink::paper);
  const auto inks = inks_of(topology);
  for (const auto& [key, members] : topology.members) {
    const auto ink = inks.find(key);
    for (const NodeIndex member : members) {
      if (ink != inks.end() && member < out.size()) out[member] = ink->second;
    }
  }
  return out;
}

void add_nodes(Drawing& out, const Topology& topology, const std::vector<Point>& at,
               std::span<const NodeLook> looks) {
  const std::size_t nodes = topology.nodes.size();
  const double radius = nodes <= 40     ? 9
                        : nodes <= 150  ? 6
                        : nodes <= 600  ? 4
                        : nodes <= 3000 ? 2.2
                                        : 1.4;
  const std::vector<Ink> rims = rims_of(topology);
  for (std::size_t i = 0; i < nodes; ++i) {
    const bool is_up = looks.empty() || looks[i].is_up;
    std::string title =
        looks.empty() || looks[i].title.empty() ? readable(topology.nodes[i].name) : looks[i].title;
    out.discs.push_back({at[i], radius, is_up ? Ink::node : Ink::down, rims[i], std::move(title)});
    if (nodes > kMostLabels) continue;
    out.labels.push_back({{at[i].x, at[i].y - radius - 4},
                          nodes <= 40 ? 13.0 : 10.0,
                          Ink::text,
                          shortened(topology.nodes[i].name, 24)});
  }
}

}  // namespace

Colour colour_of(Ink ink, bool dark) {
  // Media: Okabe and Ito's palette, which readers with any colour vision tell apart.
  static constexpr std::array<Colour, kInks> kLight = {{{0xFF, 0xFF, 0xFF},
                                                        {0x1F, 0x29, 0x33},
                                                        {0x9A, 0xA5, 0xB1},
                                                        {0x1F, 0x29, 0x33},
                                                        {0xC8, 0x1E, 0x1E},
                                                        {0x00, 0x72, 0xB2},
                                                        {0xD5, 0x5E, 0x00},
                                                        {0x00, 0x9E, 0x73},
                                                        {0xCC, 0x79, 0xA7},
                                                        {0xB8, 0x86, 0x0B},
                                                        {0x56, 0xB4, 0xE9},
                                                        {0x6B, 0x4F, 0xA0},
                                                        {0x7A, 0x7A, 0x7A}}};
  static constexpr std::array<Colour, kInks> kDark = {{{0x12, 0x16, 0x1C},
                                                       {0xE4, 0xE7, 0xEB},
                                                       {0x61, 0x6E, 0x7C},
                                                       {0xE4, 0xE7, 0xEB},
                                                       {0xFF, 0x6B, 0x6B},
                                                       {0x4D, 0xA8, 0xDA},
                                                       {0xF0, 0x8A, 0x3C},
                                                       {0x2E, 0xC4, 0x98},
                                                       {0xE0, 0x9B, 0xC4},
                                                       {0xE6, 0xC2, 0x4A},
                                                       {0x8C, 0xD0, 0xF5},
                                                       {0xA6, 0x8F, 0xD8},
                                                       {0xA8, 0xA8, 0xA8}}};
  return (dark ? kDark : kLight)[static_cast<std::size_t>(ink)];
}

std::map<std::string, Ink> inks_of(const Topology& topology) {
  std::map<std::string, Ink> out;
  for (const auto& [key, media] : topology.media) out.emplace(key, medium_ink(out.size()));
  return out;
}

std::vector<Edge> edges_of(const Topology& topology) {
  const auto inks = inks_of(topology);
  std::vector<Edge> out;
  for (const LinkSpec& link : topology.links) {
    const auto ink = inks.find(link.media);
    out.push_back({link.a, link.b, ink == inks.end() ? Ink::faint : ink->second, 0.1,
                   readable(topology.nodes[link.a].name) + " - " +
                       readable(topology.nodes[link.b].name) + " (" + readable(link.media) + ")"});
  }
  return out;
}

Drawing draw(const Topology& topology, std::span<const Edge> edges,
             std::span<const NodeLook> looks) {
  Expects(looks.empty() || looks.size() == topology.nodes.size());
  const Frame frame = frame_of(topology);
  std::vector<Point> at;
  for (const NodeSpec& node : topology.nodes) at.push_back(frame.place(node.at));
  Drawing out;
  out.width = frame.width;
  out.height = frame.height;
  add_paths(out, topology, frame);
  if (edges.size() > kMostTitled) {
    add_merged(out, edges, at);
  } else {
    add_each(out, edges, at);
  }
  add_nodes(out, topology, at, looks);
  return out;
}

}  // namespace mehr::sim
