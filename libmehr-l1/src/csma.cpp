#include "mehr/l1/csma.h"

namespace mehr::l1 {

bool Csma::busy(Millis now) {
  if (backoffs_ == kBackoffsMax) {
    clear();
    return false;
  }
  ++backoffs_;
  // SplitMix64: neighbours must not choose alike, nobody needs to be unable to guess.
  state_ += 0x9E3779B97F4A7C15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  z ^= z >> 31;
  const std::uint64_t slots = 1 + (z & ((std::uint64_t{1} << backoffs_) - 1));  // [1, 2^k]
  until_ = now + slot_ * slots;
  return true;
}

}  // namespace mehr::l1
