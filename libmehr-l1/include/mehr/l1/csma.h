// Listening before speaking on a shared channel. spec: L1/10.1
//
// Place: one per half-duplex link inside egress.h; a full-duplex link never asks it. The scan
// itself is the medium's; a medium that cannot scan never reports a busy channel.
// Machine: events busy and clear. Busy: wait a random number of slots in [1, 2^k] with k the
// backoff's number, then scan again; after seven backoffs the next busy scan gives up. Clear, or
// giving up: the count starts again.
// Chance comes from the seed given at the start. Bounds: 32 bytes.
#pragma once

#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l1 {

inline constexpr unsigned kBackoffsMax = 7;

class Csma {
 public:
  /// @p slot is the time of one full frame on the whole channel: 8 (mtu + 24) / bps.
  void start(Millis slot, std::uint64_t seed) {
    slot_ = slot;
    state_ = seed;
    clear();
  }
  /// The channel was busy: true and a wait until `until()`, or false after seven: give up.
  [[nodiscard]] bool busy(Millis now);
  /// The channel was free and the frame left, or there is nothing to send any more.
  void clear() {
    backoffs_ = 0;
    until_ = Millis{0};
  }
  /// Nothing may be sent before this; in the past while not backing off.
  [[nodiscard]] Millis until() const { return until_; }
  /// Backoffs taken for the frame in hand.
  [[nodiscard]] unsigned backoffs() const { return backoffs_; }

 private:
  std::uint64_t state_ = 0;  // of the generator
  Millis slot_;
  Millis until_;
  unsigned backoffs_ = 0;
};

}  // namespace mehr::l1
