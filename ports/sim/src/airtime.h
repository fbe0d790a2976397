// A transmitter's account of the airtime it has used in the last hour.
//
// Place: private to ports/sim. Exact to the nanosecond: no window of one hour, wherever it begins,
// holds more than the budget. Bounds: the transmissions of one hour, 16 bytes each; none are kept
// when there is no limit. Threads: one.
#pragma once

#include <deque>

#include "mehr/sim/time.h"

namespace mehr::sim {

class AirtimeLedger {
 public:
  static constexpr Duration kWindow = std::chrono::hours(1);

  explicit AirtimeLedger(Duration budget) : budget_(budget) {}

  /// When a transmission of @p span (at most the budget) may begin, at @p now or after it.
  [[nodiscard]] Instant earliest(Instant now, Duration span);
  /// Notes one that begins at @p begin, not before the end of the one noted last.
  void add(Instant begin, Duration span);
  /// The one noted last ended at @p end, early.
  void cut_short(Instant end);

 private:
  struct Spoken {
    Instant begin;
    Duration span;
  };
  Duration budget_;
  std::deque<Spoken> spoken_;
  Duration total_{0};  // of spoken_
};

}  // namespace mehr::sim
