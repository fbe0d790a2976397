// Which nodes there are, where, and what joins them: a plain value.
//
// Place: ports/sim. Made by a generator (below), by hand, or from a JSON file (topology_file.h);
// Sim::build turns it into nodes and channels.
// Shapes: `links` name pairs of nodes. On a point-to-point medium each is a line of its own. On a
// shared medium all nodes that its links name (and `members` of its segment) hear each other as
// range allows, and the links say who asks whom; a shared medium without links links whoever is in
// range when the run begins.
// Bounds: none but memory. Chance: generators draw from the seed they are given, nothing else.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mehr/core/limits.h"
#include "mehr/sim/media.h"
#include "mehr/sim/place.h"
#include "mehr/sim/recorder.h"

namespace mehr::sim {

struct NodeSpec {
  std::string name;  ///< unique; "n0", "n1", ... from generators
  Position at;
  std::vector<Waypoint> path;
  bool announces = true;         ///< says who it is at its first link; false: only when told to
  double skew_ppm = 0;           ///< its clock is this much too fast
  std::optional<Limits> limits;  ///< instead of the run's
};

/// Two nodes and the medium between them; `a` dials.
struct LinkSpec {
  NodeIndex a = 0;
  NodeIndex b = 0;
  std::string media;  ///< key of Topology::media
};

struct Topology {
  std::string name;
  std::map<std::string, Media> media;
  std::vector<NodeSpec> nodes;
  std::vector<LinkSpec> links;
  /// Members of shared media beyond those that links name, by key of `media`.
  std::map<std::string, std::vector<NodeIndex>> members;

  /// Whether links lead from every node to every other. A shared medium without links joins those
  /// of its members that are in range (LoRa: comfortable range) when the run begins.
  [[nodiscard]] bool is_connected() const;
};

// ---- Generators. Nodes are placed so that linked ones are within the comfortable range of the
// medium, and drawings look like what they are. Links stand under Media::name; those of a star of
// stars under "backbone" and "access". Each node draws from a stream of its own.

Topology line(std::size_t nodes, const Media& media);
Topology ring(std::size_t nodes, const Media& media);
/// @p width x @p height, four neighbours each.
Topology grid(std::size_t width, std::size_t height, const Media& media);
/// A backbone star of @p hubs, each the centre of a star of @p leaves.
Topology star_of_stars(std::size_t hubs, std::size_t leaves, const Media& backbone,
                       const Media& access);
/// Uniform in a square; linked within the radius that gives @p mean_degree (exactly); components
/// are moved towards each other and joined by their closest pairs, so it is always connected.
Topology random_geometric(std::size_t nodes, double mean_degree, const Media& media,
                          std::uint64_t seed);
/// Ring lattice of even @p degree (from 2 on, less than @p nodes), each link rewired with
/// probability
/// @p rewired; where that parts it, a link of the ring joins it again.
Topology watts_strogatz(std::size_t nodes, std::size_t degree, double rewired, const Media& media,
                        std::uint64_t seed);
/// Square lattice plus @p far links per node, drawn with probability ~ distance^-2; fewer where a
/// small square has no more others.
Topology kleinberg(std::size_t side, std::size_t far, const Media& media, std::uint64_t seed);
/// Small world by ids: node i gets the id that `identity_of(seed, i)` has, so @p seed is the run's
/// and this topology the first that is built. Each is linked to the two nearest ids on either side,
/// and to @p far others (fewer in a small ring), each drawn with probability ~ 1 / distance of ids.
/// Going to the neighbour nearest to a destination's id always arrives, in few steps.
Topology ring_of_ids(std::size_t nodes, std::size_t far, const Media& media, std::uint64_t seed);
/// Preferential attachment, @p links (from 1 on) per newcomer; the first ones are all linked.
Topology scale_free(std::size_t nodes, std::size_t links, const Media& media, std::uint64_t seed);

}  // namespace mehr::sim
