// Numbers that carry their meaning: times, rates, sizes.
//
// Place: core vocabulary. Each is a thin struct without conversion from plain integers, so that a
// rate is never passed where a time is meant. All arithmetic saturates instead of wrapping.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace mehr {

/// A point on the steady clock, or a span on it, in milliseconds since the node started.
/// Never sent on the wire. spec: README/2.3 "steady"
struct Millis {
  std::uint64_t count = 0;

  /// Later than every deadline: "no deadline". Adding to it gives it again.
  static constexpr Millis never() { return Millis{std::numeric_limits<std::uint64_t>::max()}; }
  static constexpr Millis seconds(std::uint64_t s) { return Millis{s * 1000}; }
  constexpr auto operator<=>(const Millis&) const = default;

  /// Saturates at `never()`.
  friend constexpr Millis operator+(Millis a, Millis b) {
    const std::uint64_t sum = a.count + b.count;
    return Millis{sum < a.count ? never().count : sum};
  }
  /// The span from @p b to @p a; zero when @p b is later.
  friend constexpr Millis operator-(Millis a, Millis b) {
    return Millis{a.count > b.count ? a.count - b.count : 0};
  }
  /// @p n times the span; saturates at `never()`.
  friend constexpr Millis operator*(Millis a, std::uint64_t n) {
    if (n != 0 && a.count > never().count / n) return never();
    return Millis{a.count * n};
  }
};

/// The node clock: milliseconds, rising across restarts, sent on the wire. spec: README/2.3
struct NodeTime {
  std::uint64_t millis = 0;
  constexpr auto operator<=>(const NodeTime&) const = default;
};

/// Bits per second, on the wire of a medium; 0 where the rate is not known.
struct BitsPerSecond {
  std::uint64_t count = 0;
  constexpr auto operator<=>(const BitsPerSecond&) const = default;

  /// Milliseconds to send @p bytes at this rate, rounded up; zero when the rate is unknown (0).
  [[nodiscard]] constexpr Millis airtime(std::uint64_t bytes) const {
    if (count == 0) return Millis{0};
    return Millis{(bytes * 8 * 1000 + count - 1) / count};
  }
};

/// Message bytes that fit one link frame, without link overhead. spec: L0/6
/// 484 at least on any link, 4,096 at most.
struct Mtu {
  std::uint16_t bytes = 0;
  constexpr auto operator<=>(const Mtu&) const = default;
};

/// `6_s` and `25_ms`, for constants and tests.
namespace literals {
constexpr Millis operator""_ms(unsigned long long n) { return Millis{n}; }
constexpr Millis operator""_s(unsigned long long n) { return Millis::seconds(n); }
}  // namespace literals

}  // namespace mehr
