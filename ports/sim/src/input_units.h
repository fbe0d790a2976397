// Quantities beyond times (mehr/sim/durations.h) as people write them. Private to ports/sim.
// Integers only: nothing for what is no whole number of the smallest unit.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "mehr/sim/durations.h"

namespace mehr::sim {

/// "50 Mbps", "1.2 Mbit/s", "300bps".
[[nodiscard]] std::optional<std::uint64_t> parse_rate(std::string_view text);
/// "125 kHz", "868.1 MHz".
[[nodiscard]] std::optional<std::uint64_t> parse_hertz(std::string_view text);

}  // namespace mehr::sim
