#include "mehr/l1/dynamic_cost.h"

#include <algorithm>
#include <limits>

namespace mehr::l1 {

namespace {
// floor(value * part / whole) for part <= whole < 2^62, by long division bit by bit: exact without
// a 128-bit type, which 32-bit targets lack.
std::uint64_t scaled(std::uint64_t value, std::uint64_t part, std::uint64_t whole) {
  std::uint64_t quotient = 0;
  std::uint64_t rest = 0;
  for (int bit = 63; bit >= 0; --bit) {
    rest = 2 * rest + ((value >> bit & 1) != 0 ? part : 0);  // below 3 * whole
    const std::uint64_t times = rest / whole;
    rest -= times * whole;
    quotient = 2 * quotient + times;
  }
  return quotient;
}
}  // namespace

std::uint64_t dynamic_cost(std::uint64_t base, std::uint32_t queued, std::uint32_t capacity) {
  if (capacity >> 31 != 0) {
    capacity >>= 1;
    queued >>= 1;
  }
  const std::uint64_t q = std::min(queued, capacity);
  const std::uint64_t c = capacity;
  if (2 * q <= c) return base;
  const std::uint64_t extra = scaled(base, q * q, c * c);
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  return base > kMax - extra ? kMax : base + extra;
}

}  // namespace mehr::l1
