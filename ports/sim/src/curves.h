// Values over virtual time, in bounded room. Private to ports/sim.
//
// Machine: sample i holds what was true at i x interval, everything that happened at that instant
// included. When the room is used up every other sample goes and the interval doubles, so a curve
// of a second and one of a year cost the same. Bounds: `most` samples of `width` values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "mehr/sim/time.h"

namespace mehr::sim {

class Curves {
 public:
  explicit Curves(std::size_t width, Duration interval = std::chrono::milliseconds(100),
                  std::size_t most = 512);

  /// Whether samples lie before @p now: then `advance` comes before the world changes at @p now.
  [[nodiscard]] bool is_due(Instant now) const { return next_ < now; }
  /// Takes the samples before @p now; @p values held until then.
  void advance(Instant now, std::span<const std::uint64_t> values);
  /// Takes the samples up to @p end and, when it lies between two, one more for @p end itself.
  void close(Instant end, std::span<const std::uint64_t> values);

  [[nodiscard]] std::size_t size() const { return rows_.size() / width_; }
  [[nodiscard]] Duration interval() const { return interval_; }
  [[nodiscard]] Instant at(std::size_t sample) const;
  [[nodiscard]] std::uint64_t value(std::size_t sample, std::size_t series) const {
    return rows_[sample * width_ + series];
  }

 private:
  void push(std::span<const std::uint64_t> values);
  void thin();

  std::size_t width_;
  std::size_t most_;
  Duration interval_;
  Instant next_{};
  Instant end_ = kNever;  // of the last sample, once closed
  std::vector<std::uint64_t> rows_;
};

}  // namespace mehr::sim
