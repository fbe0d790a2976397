// Distance on the ring of ids: 16 bytes read as big-endian numbers modulo 2^128. spec: L1/6.1
//
// Place: L1 arithmetic, used by the route score and by the greedy fallback of forwarding, which
// takes the neighbour strictly nearer to the destination.
// Shapes: an id is a `U128`. Ratios of distances are formed by shifting both sides right together,
// see `Reduction`. Everything here is a pure function of its arguments; nothing fails.
#pragma once

#include <cstdint>

#include "mehr/core/ids.h"
#include "mehr/l1/u128.h"

namespace mehr::l1 {

/// @p id as a big-endian number; its order equals the order of the bytes. spec: README/2.1
[[nodiscard]] constexpr U128 ring_position(const NodeId& id) {
  U128 out;
  for (std::size_t i = 0; i < 8; ++i) out.high = out.high << 8 | id.bytes[i];
  for (std::size_t i = 8; i < 16; ++i) out.low = out.low << 8 | id.bytes[i];
  return out;
}

/// The shorter way round: 0 for the same position, 2^127 at most.
[[nodiscard]] constexpr U128 ring_distance(const U128& a, const U128& b) {
  // The absolute value of the difference taken as a signed number, without a branch: which way is
  // shorter is a coin toss that no processor predicts.
  const U128 forth = a - b;
  const std::uint64_t sign = 0 - (forth.high >> 63);
  return U128{forth.high ^ sign, forth.low ^ sign} - U128{sign, sign};
}
/// The same for ids as they are; many distances to one id are cheaper by its position.
[[nodiscard]] constexpr U128 ring_distance(const NodeId& a, const NodeId& b) {
  return ring_distance(ring_position(a), ring_position(b));
}

/// Brings numbers into 48 bits by one common right shift, chosen for the largest of them. A ratio
/// to the largest keeps an error below 2^-47 of it: far below what a score tells apart, the same on
/// every platform, exact in a double, and small enough to be multiplied by 65,535 in 64 bits.
class Reduction {
 public:
  static constexpr unsigned kBits = 48;  ///< no reduced number is wider
  /// For a set of numbers of which @p largest is the largest.
  explicit constexpr Reduction(const U128& largest)
      : shift_(largest.width() > kBits ? largest.width() - kBits : 0) {}
  explicit constexpr Reduction(std::uint64_t largest) : Reduction(U128{0, largest}) {}

  /// @p value must not exceed the largest.
  [[nodiscard]] constexpr std::uint64_t operator()(const U128& value) const {
    return (value >> shift_).low;
  }
  /// For numbers that were 64 bits wide to begin with: costs.
  [[nodiscard]] constexpr std::uint64_t operator()(std::uint64_t value) const {
    return value >> shift_;
  }

 private:
  unsigned shift_;
};

/// @p part / @p whole, both reduced, as f64; 0 when @p whole is 0.
[[nodiscard]] constexpr double ratio_f64(std::uint64_t part, std::uint64_t whole) {
  // Through signed integers: both are below 2^48, and that conversion is one instruction.
  return whole == 0 ? 0.0
                    : static_cast<double>(static_cast<std::int64_t>(part)) /
                          static_cast<double>(static_cast<std::int64_t>(whole));
}
/// The same times 65,535, halves rounded up. spec: L1/6.1 Q0.16
[[nodiscard]] constexpr std::uint16_t ratio_q16(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return 0;
  // The sum stays below 2^64; half of an odd whole is rounded down without changing the result.
  return static_cast<std::uint16_t>((part * 65535 + whole / 2) / whole);
}

}  // namespace mehr::l1
