// Where generated nodes are drawn. Private to ports/sim.
//
// Directions come from a polynomial, not from the machine's library: every build places every node
// at the same point, to the last bit.
#pragma once

#include <vector>

#include "mehr/sim/topology.h"

namespace mehr::sim {

/// The longest link of shapes with far links, as a share of what the medium reaches.
inline constexpr double kLongest = 0.9;

/// The point of the unit circle @p turns (finite, |turns| < 10^9) round from east, towards north.
[[nodiscard]] Position direction(double turns);

/// @p nodes on a circle, neighbours @p spacing apart, the first in the east.
[[nodiscard]] std::vector<Position> circle(std::size_t nodes, double spacing);

/// Metres within which neighbours of @p media hear each other well; never 0.
[[nodiscard]] double reach_of(const Media& media);

/// @p nodes named "n0", "n1", ... all in one place.
[[nodiscard]] std::vector<NodeSpec> numbered_nodes(std::size_t nodes);

/// A topology of @p nodes numbered nodes and one medium, under its own name.
[[nodiscard]] Topology on_one_medium(const char* shape, std::size_t nodes, const Media& media);

/// Rows of @p width nodes, so far apart that neighbours are within @p reach and diagonals are not.
void lay_out_grid(Topology& topology, std::size_t width, double reach);

/// A link between the nodes at @p a and @p b.
[[nodiscard]] LinkSpec between(std::size_t a, std::size_t b, const std::string& media);

/// Scales the drawing so that its longest link is @p longest.
void scale_to_longest_link(Topology& topology, double longest);

}  // namespace mehr::sim
