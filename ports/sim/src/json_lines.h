// JSON as a tree of values with lines. Private to ports/sim.
//
// Bounds: kInputDepth, kJsonValues. Failure: BadInput with the line of the mistake.
#pragma once

#include <string_view>

#include "input_value.h"

namespace mehr::sim {

/// Values in one text: more than a topology within its bounds has.
inline constexpr std::size_t kJsonValues = 16'000'000;

[[nodiscard]] InputValue parse_json(std::string_view text);

}  // namespace mehr::sim
