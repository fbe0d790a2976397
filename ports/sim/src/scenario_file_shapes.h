// Generated topologies as scenarios ask for them. Private to ports/sim.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "input_value.h"
#include "mehr/sim/topology.h"

namespace mehr::sim {

/// @p value is a table with "shape" and what that shape needs; "media" and the like are names of
/// @p media or of built-in media.
[[nodiscard]] Topology read_shape(const InputValue& value, std::map<std::string, Media> media,
                                  std::uint64_t seed);
/// Leaves @p announcers nodes announcing, evenly spread over the numbers.
void limit_announcers(Topology& topology, std::size_t announcers);

}  // namespace mehr::sim
