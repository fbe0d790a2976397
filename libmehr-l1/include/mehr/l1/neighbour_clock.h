// A neighbour's node clock beside ours. spec: L1/11 "Neighbour offset", README/2.3
//
// Place: a machine of L1, one for each neighbour; it outlives links, since a neighbour that comes
// back has the same clock. Times in control messages (valid_until of a reservation, time of a
// receipt) are the sender's and are converted here before use.
// Machine: each handshake measures the offset with an error of half its round trip at most. Both
// readings may be right at once: then the offset lies where their ranges meet, and is known better
// than by either. Ranges that do not meet mean that the neighbour's clock was set anew (it came
// back without its memory): the later measurement counts alone. Until then a range widens with
// age, as clocks drift. A Pong carries no clock and half a round trip says nothing about which half
// was longer, so Pings narrow nothing here: see `SmoothedRtt` for what they give.
// Bounds: three numbers. Failure: none; a neighbour may claim any time, so everything saturates.
// Threads: the node's.
#pragma once

#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l1 {

class NeighbourClock {
 public:
  /// A range grows by one part in this many of its age: 244 ppm, for two cheap crystals.
  static constexpr std::uint64_t kDriftDivisor = 4096;

  /// A handshake ended. @p offset_ms is the neighbour's clock minus ours, @p error half of the
  /// round trip it was measured in (`LinkInfo::clock_offset_ms`, `LinkInfo::clock_error`).
  void measured(std::int64_t offset_ms, Millis error, Millis now);
  /// False until the first handshake: then conversions change nothing.
  [[nodiscard]] bool known() const { return known_; }
  /// Neighbour's clock minus ours, in the middle of what is possible.
  [[nodiscard]] std::int64_t offset_ms() const { return offset_; }
  /// How far `offset_ms` may be off now; `Millis::never()` until known.
  [[nodiscard]] Millis error(Millis now) const;

  /// When our clock shows what the neighbour's does at @p theirs; between 0 and 2^64 - 1.
  [[nodiscard]] NodeTime to_ours(NodeTime theirs) const;
  /// When the neighbour's clock shows what ours does at @p ours.
  [[nodiscard]] NodeTime to_theirs(NodeTime ours) const;

 private:
  std::int64_t offset_ = 0;
  Millis error_;  // at `measured_at_`
  Millis measured_at_;
  bool known_ = false;
};

}  // namespace mehr::l1
