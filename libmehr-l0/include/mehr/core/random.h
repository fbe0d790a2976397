// Entropy. spec: README/2.2
//
// Place: core seam; a port implements it over the system's generator, the simulator over a seed.
// Failure: a port that cannot give cryptographic bytes must stop the node, never return less.
#pragma once

#include "mehr/core/bytes.h"

namespace mehr {

class Random {
 public:
  virtual ~Random() = default;
  /// Fills @p out with cryptographic random bytes.
  virtual void fill(MutableBytes out) = 0;

  /// A uniformly drawn integer.
  template <class T>
  T draw() {
    std::array<std::uint8_t, sizeof(T)> b{};
    fill(b);
    T v = 0;
    for (const std::uint8_t byte : b) v = static_cast<T>((v << 7 << 1) | byte);
    return v;
  }
  /// A uniformly drawn integer below @p bound (> 0); bias under 2^-32 for bounds below 2^32.
  std::uint64_t below(std::uint64_t bound) { return draw<std::uint64_t>() % bound; }
};

}  // namespace mehr
