// Which counters of one key and direction were accepted already. spec: L0/5.5, L2/3.4
//
// Place: part of the link session. Bounds: 1,024 counters, 136 bytes, no heap.
// A counter is fresh when it was not marked before and lies less than 1,024 below the highest
// marked one. Look first, mark only after the frame has opened: forged frames move nothing.
// Failure: none; a stale or repeated counter is an answer, not an error.
#pragma once

#include <array>
#include <cstdint>

namespace mehr::l0 {

// Threads: with its session.

/// The accepted counters of one key and direction.
class ReplayWindow {
 public:
  /// Counters this far below the highest, and further, are refused unseen.
  static constexpr std::uint32_t kSize = 1024;

  /// Whether a frame of @p counter may be opened. Changes nothing.
  [[nodiscard]] bool is_fresh(std::uint32_t counter) const {
    if (empty_ || counter > highest_) return true;
    if (highest_ - counter >= kSize) return false;
    return (word(counter) & bit(counter)) == 0;
  }
  /// Marks a fresh counter as accepted.
  void mark(std::uint32_t counter) {
    if (empty_ || counter > highest_) {
      advance(counter);
      highest_ = counter;
      empty_ = false;
    }
    words_[(counter / 64) % kWords] |= bit(counter);
  }

 private:
  // The window as 64-bit words.
  static constexpr std::uint32_t kWords = kSize / 64;

  [[nodiscard]] std::uint64_t word(std::uint32_t counter) const {
    return words_[(counter / 64) % kWords];
  }
  // The ring: a counter's bit lies at counter modulo 1,024.
  static std::uint64_t bit(std::uint32_t counter) { return std::uint64_t{1} << (counter % 64); }
  // Clears every bit between the old highest and the new one: the ring is reused.
  // At most 1,023 steps, since a longer jump clears everything at once.
  void advance(std::uint32_t counter) {
    if (empty_ || counter - highest_ >= kSize) {
      words_ = {};
      return;
    }
    for (std::uint32_t c = highest_ + 1; c != counter + 1; ++c)
      words_[(c / 64) % kWords] &= ~bit(c);
  }

  // No counter was marked yet while `empty_`: 0 is a counter like any other.
  std::array<std::uint64_t, kWords> words_{};
  std::uint32_t highest_ = 0;
  bool empty_ = true;
};

}  // namespace mehr::l0
