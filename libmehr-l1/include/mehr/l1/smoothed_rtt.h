// The round trip to a neighbour, smoothed. spec: L1/2.2, README/9 clarification 18
//
// Place: a machine of L1, one for each link; L0 sends the Pings and hands the samples up
// (`LinkListener::on_round_trip`). Its half is latency(L) of the link step.
// Machine: srtt = 7/8 old + 1/8 sample, the first sample as it is. Kept in microseconds, rounded
// down, so that a steady link settles on its value and never above it; rounded up to milliseconds
// when used. Before the first Pong the medium's nominal latency stands in.
// Bounds: one number. Failure: none; a sample above an hour counts as an hour.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l1 {

class SmoothedRtt {
 public:
  /// Longer round trips than this are no measurement any more.
  static constexpr Millis kLongest = Millis::seconds(3600);

  /// A Ping was answered; @p sample excludes the time the neighbour held it.
  constexpr void add(Millis sample) {
    const std::uint64_t us = std::min(sample, kLongest).count * 1000;
    micros_ = known_ ? (micros_ * 7 + us) / 8 : us;
    known_ = true;
  }
  /// False until the first Pong.
  [[nodiscard]] constexpr bool known() const { return known_; }
  /// The smoothed round trip in microseconds, 0 until known.
  [[nodiscard]] constexpr std::uint64_t micros() const { return micros_; }
  /// ceil(srtt / 2) in milliseconds; @p nominal before the first Pong.
  [[nodiscard]] constexpr Millis one_way(Millis nominal) const {
    return known_ ? Millis{(micros_ + 1999) / 2000} : nominal;
  }

 private:
  std::uint64_t micros_ = 0;
  bool known_ = false;
};

}  // namespace mehr::l1
