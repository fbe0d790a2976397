// What a link really carries, measured while the medium is what holds us back. spec: L1/10.2
//
// Place: one per link inside egress.h; its figure times 0.90 is what user data may use.
// Machine: an average with a half-life of 60 s over samples; start and medium change: nominal;
// never under 5 % of nominal and never over it. Events say who holds the traffic back:
//   blocked  the medium answered "full": what it took until it is full again, or until the last
//            frame before something else holds, is a sample
//   held     our own bucket makes user data wait, the medium would take more: it shows no sign of
//            being slower than nominal, so the average returns towards nominal
//   idle     nothing waits: no sample
// Sampling whenever our own queue is not empty, as the text of 10.2 could be read, would feed the
// factor 0.90 back into the average until it reached the floor; sampling blocked time alone would
// never let it rise again. Integer arithmetic, the same on every platform.
// Bounds: 56 bytes, no allocation. Threads: the node's.
#pragma once

#include <algorithm>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l1 {

inline constexpr Millis kRateHalfLife = Millis::seconds(60);

/// 2^(-span / 60 s) in 1/2^32; 2^32 for no time at all.
[[nodiscard]] std::uint64_t half_life_weight(Millis span);

class LinkRate {
 public:
  /// Nominal rate, at start and after a medium change.
  void reset(BitsPerSecond nominal, Millis now);

  /// The medium took a frame.
  void sent(std::uint32_t frame_bytes, Millis now) {
    if (held_by_ != HeldBy::medium) return;
    bytes_ += frame_bytes;
    sent_at_ = now;
  }
  /// The medium is full. True when the figure changed.
  bool blocked(Millis now);
  /// Our own bucket holds user data back. True when the figure changed.
  bool held(Millis now);
  /// Nothing waits, or what waits is held back by something that says nothing about the medium.
  bool idle(Millis now);

  [[nodiscard]] BitsPerSecond nominal() const { return {nominal_}; }
  /// At most nominal, though the average may stand a quarter above it: it must be able to swing.
  [[nodiscard]] BitsPerSecond measured() const { return {std::min(rate_ >> kFraction, nominal_)}; }
  /// Moves the average to @p bps by what @p span is worth. Open for tests of the average.
  void sample(std::uint64_t bps, Millis span);

 private:
  enum class HeldBy : std::uint8_t { nobody, medium, bucket };
  static constexpr unsigned kFraction = 16;  // bits behind the point
  [[nodiscard]] bool end_span(Millis now);
  [[nodiscard]] bool take_sample(Millis until);

  std::uint64_t nominal_ = 1;
  std::uint64_t rate_ = std::uint64_t{1} << kFraction;
  HeldBy held_by_ = HeldBy::nobody;
  Millis since_;
  Millis sent_at_;           // of the last of them
  std::uint64_t bytes_ = 0;  // sent since then, while the medium holds
};

}  // namespace mehr::l1
