// How much a transmitter has spoken lately, and whether it may speak again.
//
// Place: private to ports/linux. Machine: airtime is booked to the minute in which it ends; an hour
// is the present minute and the sixty before it, so that no window of one hour holds more than the
// budget. Bounds: 61 numbers. Threads: the loop's.
#pragma once

#include <array>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::linux_port {

class AirtimeAccount {
 public:
  static constexpr Millis kMinute = Millis::seconds(60);
  static constexpr std::uint64_t kHourNs = 3'600'000'000'000;

  /// @p share of each hour; 1 or more: no limit.
  explicit AirtimeAccount(double share)
      : budget_ns_(share >= 1 ? UINT64_MAX
                              : static_cast<std::uint64_t>(share * static_cast<double>(kHourNs))) {}

  /// True when @p span_ns more fit at @p now.
  [[nodiscard]] bool fits(std::uint64_t span_ns, Millis now) {
    forget(now);
    return budget_ns_ == UINT64_MAX || used_ns_ + span_ns <= budget_ns_;
  }
  void book(std::uint64_t span_ns, Millis now) {
    forget(now);
    minutes_[minute_ % minutes_.size()] += span_ns;
    used_ns_ += span_ns;
  }
  /// When a minute is forgotten next.
  [[nodiscard]] Millis next_room(Millis now) const {
    return Millis{(now.count / kMinute.count + 1) * kMinute.count};
  }
  [[nodiscard]] double used_share(Millis now) const {
    AirtimeAccount copy = *this;
    copy.forget(now);
    return static_cast<double>(copy.used_ns_) / static_cast<double>(kHourNs);
  }

 private:
  void forget(Millis now) {
    const std::uint64_t minute = now.count / kMinute.count;
    for (; minute_ < minute; ++minute_) {
      std::uint64_t& oldest = minutes_[(minute_ + 1) % minutes_.size()];
      used_ns_ -= oldest;
      oldest = 0;
      if (used_ns_ == 0) minute_ = minute - 1;  // nothing is left to forget
    }
  }

  std::uint64_t budget_ns_;
  std::array<std::uint64_t, 61> minutes_{};
  std::uint64_t minute_ = 0;
  std::uint64_t used_ns_ = 0;
};

}  // namespace mehr::linux_port
