// Where nodes are, in metres on a plane, and how they move.
//
// Place: ports/sim vocabulary. Exact operations only (+ - * / and square root), so that every
// build sees the same distances.
#pragma once

#include <cmath>
#include <vector>

#include "mehr/sim/time.h"

namespace mehr::sim {

struct Position {
  double x = 0;  ///< metres east
  double y = 0;  ///< metres north
  constexpr bool operator==(const Position&) const = default;
};
inline double distance(Position a, Position b) {
  const double dx = a.x - b.x;
  const double dy = a.y - b.y;
  return std::sqrt(dx * dx + dy * dy);
}

/// A corner of a node's path: it is `at` that place then, and moves in a straight line between.
struct Waypoint {
  Instant when;
  Position at;
};

/// Where a node with that @p path (rising times) is at @p now: @p home before the first corner, the
/// last corner after it.
[[nodiscard]] Position position_on(Position home, const std::vector<Waypoint>& path, Instant now);

}  // namespace mehr::sim
