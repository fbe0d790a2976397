// How a neighbour behaves, and the share it has for it.
//
// Place: L1, one per link. The facade notes faults and asks for the weight of what the neighbour
// hands over; queues give it turns by that weight (link_queue.h).
// Machine: a fault adds its points; points halve every ten minutes. Nobody is judged for a single
// fault, and whoever stops is an equal again within the hour. Five malformed messages in 60 s close
// the link all the same; that is L0's (README/2.5 rule 3).
// Bounds: points end at 256. No allocation; integers only.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l1 {

/// What a neighbour can do wrong, with its points.
enum class Fault : std::uint16_t {
  useless = 1,     ///< stale, replayed or more than it may say: it happens to honest ones too
  malformed = 16,  ///< bytes that no correct node sends
  forged = 32,     ///< a signature that does not hold: it had to check before passing it on
};

class NeighbourConduct {
 public:
  static constexpr Millis kHalving = Millis::seconds(600);
  static constexpr unsigned kMost = 256;

  /// Another neighbour has this place.
  void start(Millis now) { *this = NeighbourConduct(now); }
  void note(Fault fault, Millis now) {
    fade(now);
    points_ = std::min(kMost, points_ + static_cast<unsigned>(fault));
  }
  /// What is held against it now.
  [[nodiscard]] unsigned points(Millis now) {
    fade(now);
    return points_;
  }
  /// The part of a full share that it has: 16 sixteenths down to one.
  [[nodiscard]] unsigned sixteenths(Millis now) { return 16 / (1 + points(now) / 17); }

  NeighbourConduct() = default;

 private:
  explicit NeighbourConduct(Millis now) : faded_(now) {}
  void fade(Millis now) {
    while (points_ != 0 && now - faded_ >= kHalving) {
      points_ /= 2;
      faded_ = faded_ + kHalving;
    }
    if (points_ == 0) faded_ = now;
  }
  unsigned points_ = 0;
  Millis faded_;
};

}  // namespace mehr::l1
