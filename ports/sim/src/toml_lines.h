// TOML as a tree of values with lines. Private to ports/sim.
//
// Bounds: kInputDepth. Failure: BadInput with the line of the mistake.
#pragma once

#include <string_view>

#include "input_value.h"

namespace mehr::sim {

[[nodiscard]] InputValue parse_toml(std::string_view text);

}  // namespace mehr::sim
