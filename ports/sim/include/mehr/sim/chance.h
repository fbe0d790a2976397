// Seeded chance: every node, channel, direction and fault source has a stream of its own.
//
// Place: ports/sim. A stream is named (`"channel"`, 7, 2): it depends on the run's seed and its
// name alone, so adding a node does not shift what the others draw. Bounds: xoshiro256** over a
// BLAKE2b-seeded state; 32 bytes. Failure: none. Deterministic on every platform: integers, and
// doubles made by exact operations only. Threads: one at a time per object. Not for keys outside a
// simulation.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "mehr/core/random.h"
#include "mehr/sim/time.h"

namespace mehr::sim {

class Chance final : public Random {
 public:
  /// The stream @p name / @p a / @p b of the run @p seed.
  Chance(std::uint64_t seed, std::string_view name, std::uint64_t a = 0, std::uint64_t b = 0);
  /// A short stream for @p who, cheap to make: one word of another stream gives every receiver of a
  /// frame draws of its own, however many there are.
  [[nodiscard]] static Chance child(std::uint64_t word, std::uint64_t who);

  void fill(MutableBytes out) override;
  std::uint64_t next();
  /// Uniform below @p bound (> 0), without bias.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [@p least, @p most].
  std::uint64_t between(std::uint64_t least, std::uint64_t most);
  Duration between(Duration least, Duration most);
  /// Uniform in [0, 1).
  double unit();
  /// True with @p probability. Draws nothing when it is 0 or less, or 1 or more.
  bool happens(double probability);

 private:
  Chance() = default;
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace mehr::sim
