// Bytes that may leave at a steady rate, with a bounded burst. spec: L1/9.1, L1/10.2
//
// Place: the measure of gossip budgets (gossip_budget.h) and of user data (egress.h).
// Machine: filled by time, emptied by `take`; it says when a given number of bytes will be there.
// Units: an internal unit is 1/8,000,000 byte, which makes every share in thousandths of every
// whole bit rate an integer per millisecond: nothing is lost to rounding however often it is asked.
// Bounds: rates up to 10^12 bits per second; capacity is what the caller sets. A bucket may go into
// debt (`take` never refuses), and then pays it back before anything else leaves.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l1 {

/// Rates are kept within 1 and this: beyond it the arithmetic of a minute's burst would overflow.
inline constexpr std::uint64_t kRateMax = 1'000'000'000'000;

/// @p rate within what buckets take; an unknown rate (0) counts as the default of a medium.
constexpr std::uint64_t bounded_rate(BitsPerSecond rate) {
  return rate.count == 0 ? 1'000'000'000 : std::min(rate.count, kRateMax);
}

class TokenBucket {
 public:
  static constexpr std::int64_t kUnitsPerByte = 8'000'000;

  /// @p permille thousandths of @p bps, in units per millisecond. At 10^12 bps a share of 60 held
  /// for a minute is 3.6 x 10^18 units, which fits.
  static constexpr std::int64_t share(std::uint64_t bps, std::uint64_t permille) {
    return static_cast<std::int64_t>(bps * permille);
  }

  /// Sets rate and burst from @p now on; tokens over the new burst are lost. `burst` is the time
  /// the bucket takes to fill, `least` the bytes it holds at least.
  constexpr void set(std::int64_t units_per_ms, Millis burst, std::uint32_t least, Millis now) {
    refill(now);
    per_ms_ = units_per_ms;
    capacity_ = std::max(units_per_ms * static_cast<std::int64_t>(burst.count),
                         std::int64_t{least} * kUnitsPerByte);
    tokens_ = std::min(tokens_, capacity_);
  }
  /// Fills it to the brim: a link starts with its burst.
  constexpr void fill(Millis now) {
    at_ = now;
    tokens_ = capacity_;
  }
  /// True when @p bytes may leave.
  [[nodiscard]] constexpr bool has(std::uint32_t bytes, Millis now) {
    refill(now);
    return tokens_ >= std::int64_t{bytes} * kUnitsPerByte;
  }
  /// Takes @p bytes, into debt when they are not there.
  constexpr void take(std::uint32_t bytes, Millis now) {
    refill(now);
    // The floor only keeps a defect elsewhere from wrapping the number.
    constexpr std::int64_t kFloor = -4'000'000'000'000'000'000;
    tokens_ = std::max(kFloor, tokens_ - std::int64_t{bytes} * kUnitsPerByte);
  }
  /// Whole bytes that may leave now.
  [[nodiscard]] constexpr std::uint64_t bytes(Millis now) {
    refill(now);
    return tokens_ <= 0 ? 0 : static_cast<std::uint64_t>(tokens_ / kUnitsPerByte);
  }
  /// When @p bytes may leave; never when the bucket does not hold so many.
  [[nodiscard]] constexpr Millis ready_at(std::uint32_t bytes, Millis now) {
    refill(now);
    const std::int64_t want = std::int64_t{bytes} * kUnitsPerByte;
    if (tokens_ >= want) return now;
    if (want > capacity_ || per_ms_ == 0) return Millis::never();
    return now + Millis{static_cast<std::uint64_t>((want - tokens_ + per_ms_ - 1) / per_ms_)};
  }
  /// Bytes per second, rounded down.
  [[nodiscard]] constexpr std::uint64_t bytes_per_second() const {
    return static_cast<std::uint64_t>(per_ms_) / (kUnitsPerByte / 1000);
  }

 private:
  // Adds what the time since the last look brought.
  // Time in which even an indebted bucket is full is capped before it is multiplied.
  constexpr void refill(Millis now) {
    const std::uint64_t passed = (now - at_).count;
    if (passed == 0) return;
    at_ = now;
    if (per_ms_ == 0) return;
    const auto to_full = static_cast<std::uint64_t>((capacity_ - tokens_) / per_ms_ + 1);
    tokens_ = passed >= to_full ? capacity_ : tokens_ + per_ms_ * static_cast<std::int64_t>(passed);
  }

  std::int64_t tokens_ = 0;    // what may leave, in units; negative while in debt
  std::int64_t per_ms_ = 0;    // units gained per millisecond
  std::int64_t capacity_ = 0;  // units held at most
  Millis at_;                  // tokens_ are of this time
};

}  // namespace mehr::l1
