// A token bucket for requests that a neighbour sends, in whole requests.
//
// Place: L1, one per link where a message of a neighbour makes this node work or send: probes,
// reservations. Bytes of user data have buckets of their own.
// Machine: `take` with `now`; true while there is a token. It starts full.
// Units: a thousandth of a token is kept, so that no time between two requests is lost to rounding.
// Bounds: three words. Threads: the node's.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l1 {

class RequestBucket {
 public:
  /// @p per_second tokens a second, @p burst of them at most.
  constexpr RequestBucket(std::uint32_t per_second, std::uint32_t burst)
      : per_second_(per_second), burst_(burst), milli_tokens_(std::uint64_t{burst} * 1000) {}

  /// Takes a token, when there is one.
  [[nodiscard]] constexpr bool take(Millis now) {
    const std::uint64_t full = std::uint64_t{burst_} * 1000;
    // What a long silence would add beyond a full bucket is not counted, so nothing overflows.
    const std::uint64_t passed = std::min((now - refilled_).count, full);
    milli_tokens_ = std::min(milli_tokens_ + passed * per_second_, full);
    refilled_ = now;
    if (milli_tokens_ < 1000) return false;
    milli_tokens_ -= 1000;
    return true;
  }

 private:
  std::uint32_t per_second_;
  std::uint32_t burst_;
  std::uint64_t milli_tokens_;
  Millis refilled_;
};

}  // namespace mehr::l1
