// Round-trip time of a transfer and the timeout drawn from it, as RFC 6298 has it.
//
// In milliseconds, kept in 1/8 and 1/4 so that integer arithmetic loses nothing that matters.
#pragma once

#include <algorithm>

#include "mehr/core/units.h"

namespace mehr::transfer {

class RttEstimator {
 public:
  void sample(Millis rtt) {
    const std::uint64_t r = std::max<std::uint64_t>(rtt.count, 1);
    if (srtt8_ == 0) {
      srtt8_ = r * 8;
      var4_ = r * 2;
      return;
    }
    const std::uint64_t srtt = srtt8_ / 8;
    const std::uint64_t off = r > srtt ? r - srtt : srtt - r;
    var4_ = var4_ - var4_ / 4 + off;
    srtt8_ = srtt8_ - srtt8_ / 8 + r;
  }
  [[nodiscard]] bool known() const { return srtt8_ != 0; }
  [[nodiscard]] Millis smoothed() const { return Millis{srtt8_ / 8}; }
  /// srtt + 4 * rttvar; 1 s before the first sample.
  [[nodiscard]] Millis timeout() const {
    return known() ? Millis{srtt8_ / 8 + std::max<std::uint64_t>(var4_, 1)} : Millis{1000};
  }

 private:
  std::uint64_t srtt8_ = 0;
  std::uint64_t var4_ = 0;
};

}  // namespace mehr::transfer
