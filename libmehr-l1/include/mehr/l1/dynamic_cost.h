// What relaying costs while the queue fills. spec: L1/10.5
//
// Place: a function of L1's path cost; the facade asks it with the base price for a neighbour and
// the fill of the link's queue (egress.h), and advertises the outcome when it moved by 25 %.
// Exact in integers on every platform: no wide integer type and no floating point.
#pragma once

#include <cstdint>

namespace mehr::l1 {

/// @p base up to half full; beyond, base + floor(base x queued^2 / capacity^2), which is 1.25 base
/// just over half and 2 base when full. Over-full counts as full, no capacity as empty. Saturates.
[[nodiscard]] std::uint64_t dynamic_cost(std::uint64_t base, std::uint32_t queued,
                                         std::uint32_t capacity);

}  // namespace mehr::l1
