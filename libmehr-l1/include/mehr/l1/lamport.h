// The Lamport clock of gossip: a number that rises with what a node says and hears. spec: L1/11
//
// Place: one per node, under the gossip engine; packets carry none.
// Machine: two events, `send` and `receive`. A received time far ahead is somebody's mistake or
// malice and is ignored, so nobody can push the clock to its end: from one message it moves at most
// 2^32 + 1.
// Bounds: one number. Failure: at its end it stays there instead of starting anew.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace mehr::l1 {

class Lamport {
 public:
  /// How far ahead a neighbour's clock may be.
  static constexpr std::uint64_t kWindow = std::uint64_t{1} << 32;

  /// Starts at @p start.
  explicit constexpr Lamport(std::uint64_t start = 0) : now_(start) {}

  /// L += 1; the time of the message that is sent.
  constexpr std::uint64_t send() {
    step(now_);
    return now_;
  }
  /// Takes the time @p r of a received message; false, and no change, when it is too far ahead.
  constexpr bool receive(std::uint64_t r) {
    if (r > now_ && r - now_ > kWindow) return false;
    step(std::max(now_, r));
    return true;
  }
  [[nodiscard]] constexpr std::uint64_t now() const { return now_; }

 private:
  constexpr void step(std::uint64_t from) {
    now_ = from == std::numeric_limits<std::uint64_t>::max() ? from : from + 1;
  }

  std::uint64_t now_;
};

}  // namespace mehr::l1
