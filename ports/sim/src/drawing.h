// A picture as a list of lines, discs and labels, whatever it becomes: SVG text or pixels.
// Private to ports/sim.
//
// Bounds: above 2,000 edges those of one medium and width become one stroke without a title, so
// that a world of 10,000 nodes is still a page that opens.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mehr/sim/topology.h"

namespace mehr::sim {

/// What a colour stands for; the media follow each other and repeat after eight.
enum class Ink : std::uint8_t { paper, text, faint, node, down, medium };
inline constexpr std::size_t kMediumInks = 8;
inline constexpr std::size_t kInks = static_cast<std::size_t>(Ink::medium) + kMediumInks;
constexpr Ink medium_ink(std::size_t medium) {
  return static_cast<Ink>(static_cast<std::size_t>(Ink::medium) + medium % kMediumInks);
}
struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;
};
[[nodiscard]] Colour colour_of(Ink ink, bool dark);

struct Point {
  double x = 0;
  double y = 0;  ///< downwards
};
struct Stroke {
  std::vector<std::pair<Point, Point>> lines;
  Ink ink = Ink::text;
  double width = 1;
  std::string title;
};
struct Disc {
  Point at;
  double radius = 1;
  Ink fill = Ink::node;
  Ink edge = Ink::paper;
  std::string title;
};
struct Label {
  Point at;  ///< the middle of its base line
  double size = 12;
  Ink ink = Ink::text;
  std::string text;
};
/// Drawn in this order: strokes, discs, labels.
struct Drawing {
  double width = 0;
  double height = 0;
  std::vector<Stroke> strokes;
  std::vector<Disc> discs;
  std::vector<Label> labels;
};

/// A line between two nodes, and how it looks.
struct Edge {
  NodeIndex a = 0;
  NodeIndex b = 0;
  Ink ink = Ink::faint;
  double weight = 0;  ///< 0..1: thin to thick
  std::string title;
};
/// How a node looks beyond its place.
struct NodeLook {
  bool is_up = true;
  std::string title;
};

/// Edges that still have strokes, and titles, of their own.
inline constexpr std::size_t kMostTitled = 2000;

/// The ink of each medium of @p topology, by its key.
[[nodiscard]] std::map<std::string, Ink> inks_of(const Topology& topology);
/// The links that @p topology asks for, all alike.
[[nodiscard]] std::vector<Edge> edges_of(const Topology& topology);
/// @p looks is empty or has one entry per node.
[[nodiscard]] Drawing draw(const Topology& topology, std::span<const Edge> edges,
                           std::span<const NodeLook> looks = {});

}  // namespace mehr::sim
