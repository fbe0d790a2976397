// Which packet sizes to probe, one after the other, until the path's MTU is known. spec: L1/7
//
// Place: the sequence alone, without time or sending; prober.h walks it at the pace of the probes.
// Machine: `next` says what to try; `passed` or `failed` says what came of it; no next: finished.
// Sequence: 512, 1,024, 2,048, 4,096 until one fails (256 is below what every link carries); then
// the class size (484, 1,500) inside the gap; if that fails too, halves of the gap down to 64
// bytes. What the first link cannot carry counts as failed without a probe. A size counts as failed
// when two probes of it went unanswered, since one may just have been lost: a class-sized path
// still settles in three to five probes (484: three, 1,500: five, 4,096: four). Bounds: a few
// words; at most 20 probes.
#pragma once

#include <cstdint>
#include <optional>

#include "mehr/core/units.h"

namespace mehr::l1 {

class MtuSearch {
 public:
  /// Probes of one size before it counts as too large.
  static constexpr unsigned kTries = 2;
  /// The answer is known to within this many bytes.
  static constexpr std::uint16_t kPrecision = 64;

  /// Nothing above @p ceiling, the MTU of the first link, is tried.
  explicit MtuSearch(Mtu ceiling);
  /// Size of the next probe; none when the search is finished.
  [[nodiscard]] std::optional<Mtu> next() const;
  /// The probe of `next` was answered, or not. Only while there is a next.
  void passed();
  void failed();
  /// Largest size that was answered; 0 when none was, which says nothing about the path's MTU.
  [[nodiscard]] Mtu largest() const { return Mtu{low_}; }
  /// Probes so far.
  [[nodiscard]] unsigned probes() const { return probes_; }

 private:
  // The ladder, the first link's limit, the class in the gap, halves of the gap.
  enum class Phase : std::uint8_t { climb, ceiling, klass, halve, done };
  void choose();
  [[nodiscard]] std::uint16_t next_on_ladder();
  [[nodiscard]] std::uint16_t class_in_gap();

  std::uint16_t ceiling_;
  std::uint16_t low_ = 0;   // largest that passed
  std::uint16_t high_;      // least that failed, or one above the ceiling
  std::uint16_t next_ = 0;  // 0: finished
  Phase phase_ = Phase::climb;
  unsigned tries_ = 0;  // of next_
  unsigned probes_ = 0;
};

}  // namespace mehr::l1
