// Numbers of 128 bits, as two halves. spec: L1/6.1 ring, L1/13.6 integer comparisons
//
// Place: L1 arithmetic; no compiler's own wide integer is used, so that 32-bit targets and every
// compiler agree. Holds just what is needed: order, difference, shift, and products of a 64-bit
// number with a small one, by which shares are compared exactly and without overflow.
// Everything here is a pure function of its arguments; nothing fails.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>

namespace mehr::l1 {

/// An unsigned number of 128 bits. Ordered as numbers, since the high half comes first.
struct U128 {
  std::uint64_t high = 0;  ///< times 2^64
  std::uint64_t low = 0;
  constexpr auto operator<=>(const U128&) const = default;

  /// Modulo 2^128.
  friend constexpr U128 operator-(const U128& a, const U128& b) {
    const std::uint64_t borrow = a.low < b.low ? 1 : 0;
    return {a.high - b.high - borrow, a.low - b.low};
  }
  /// @p by in 0..127.
  friend constexpr U128 operator>>(const U128& a, unsigned by) {
    if (by == 0) return a;
    if (by >= 64) return {0, a.high >> (by - 64)};
    return {a.high >> by, (a.low >> by) | (a.high << (64 - by))};
  }
  /// Bits up to and including the highest one that is set; 0 for zero.
  [[nodiscard]] constexpr unsigned width() const {
    return static_cast<unsigned>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
  }
};

/// The greater of two, without a branch: in a search for the greatest no processor predicts one.
[[nodiscard]] constexpr U128 larger(const U128& a, const U128& b) {
  const bool less = (a.high < b.high) | ((a.high == b.high) & (a.low < b.low));
  const std::uint64_t take = 0 - std::uint64_t{less};
  return {a.high ^ ((a.high ^ b.high) & take), a.low ^ ((a.low ^ b.low) & take)};
}

/// Exact: no product of 64 and 32 bits overflows.
[[nodiscard]] constexpr U128 product(std::uint64_t a, std::uint32_t b) {
  const std::uint64_t low = (a & 0xFFFFFFFF) * b;
  const std::uint64_t high = (a >> 32) * b + (low >> 32);
  return {high >> 32, high << 32 | (low & 0xFFFFFFFF)};
}

// Shares are compared as integers, products exact: no rounding decides a vote. spec: L1/13.6

/// 100 @p part >= @p percent @p whole; never for a @p whole of 0, of which nothing is a share.
[[nodiscard]] constexpr bool is_at_least(std::uint64_t part, std::uint32_t percent,
                                         std::uint64_t whole) {
  return whole != 0 && product(part, 100) >= product(whole, percent);
}
/// 100 @p part > @p percent @p whole; never for a @p whole of 0.
[[nodiscard]] constexpr bool is_above(std::uint64_t part, std::uint32_t percent,
                                      std::uint64_t whole) {
  return whole != 0 && product(part, 100) > product(whole, percent);
}

}  // namespace mehr::l1
