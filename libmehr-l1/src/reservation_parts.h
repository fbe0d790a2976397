// Arithmetic that both halves of the reservation machine use. spec: L1/8
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace mehr::l1 {

// A rate as commitments carry it.
constexpr std::uint32_t saturate32(std::uint64_t v) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::min(v, kMost));
}

constexpr std::uint64_t saturating_add(std::uint64_t a, std::uint64_t b) {
  return a + b < a ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

// A neighbour's time in our clock, where @p offset is theirs minus ours; it stops at both ends.
constexpr std::uint64_t to_our_clock(std::uint64_t theirs, std::int64_t offset) {
  if (offset < 0)
    return saturating_add(theirs, std::uint64_t{0} - static_cast<std::uint64_t>(offset));
  const auto ahead = static_cast<std::uint64_t>(offset);
  return theirs > ahead ? theirs - ahead : 0;
}

}  // namespace mehr::l1
