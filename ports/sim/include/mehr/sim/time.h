// Virtual time: 64-bit nanoseconds since the simulated world began.
//
// Place: ports/sim vocabulary. `std::chrono` types, so that `run_for(2h)` reads as it should and a
// moment is never taken for a span. Nothing here reads a clock of the machine.
// Bounds: 292 years. Nodes see milliseconds of their own clock (node.h), never these.
#pragma once

#include <chrono>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::sim {

using Duration = std::chrono::nanoseconds;

/// The clock that only an EventQueue moves.
struct VirtualClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<VirtualClock>;
  static constexpr bool is_steady = true;
};
using Instant = VirtualClock::time_point;

inline constexpr Instant kNever = Instant::max();

constexpr Duration to_duration(Millis span) {
  constexpr auto kMost = static_cast<std::uint64_t>(Duration::max().count() / 1'000'000);
  if (span.count >= kMost) return Duration::max();
  return std::chrono::milliseconds(static_cast<std::int64_t>(span.count));
}
/// Rounded down; zero for negative spans.
constexpr Millis to_millis(Duration span) {
  return Millis{span.count() <= 0 ? 0 : static_cast<std::uint64_t>(span.count()) / 1'000'000};
}
/// Saturates at `kNever`.
constexpr Instant later(Instant at, Duration span) {
  return span > kNever - at ? kNever : at + span;
}
/// Time that @p bytes take at @p rate, rounded up; zero when the rate is not known (0).
constexpr Duration time_to_send(std::uint64_t bytes, BitsPerSecond rate) {
  if (rate.count == 0) return Duration{0};
  const std::uint64_t bits = bytes * 8;
  const std::uint64_t whole = bits / rate.count;
  const std::uint64_t rest = bits % rate.count;  // < rate: times 1e9 fits while the rate < 18 Gbps
  const std::uint64_t part =
      rate.count < 18'000'000'000ULL
          ? (rest * 1'000'000'000ULL + rate.count - 1) / rate.count
          : (rest + rate.count / 1'000'000'000ULL - 1) / (rate.count / 1'000'000'000ULL);
  return Duration{static_cast<std::int64_t>(whole * 1'000'000'000ULL + part)};
}

}  // namespace mehr::sim
