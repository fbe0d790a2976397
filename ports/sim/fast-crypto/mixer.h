// NOT CRYPTOGRAPHY: what the stand-in cipher is made of.
//
// Place: ports/sim/fast-crypto alone. A Mixer takes words of 64 bits in two lanes. Each step is a
// bijection of its lane for a given word, and of the word for a given lane: bytes that differ in
// one word only never give the same result, and others do so once in 2^64. Anybody can compute it.
// Words are read little-endian on every machine.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "mehr/core/bytes.h"

namespace mehr::crypto::fast {

inline constexpr std::uint64_t kOdd1 = 0x9E3779B97F4A7C15;
inline constexpr std::uint64_t kOdd2 = 0xD6E8FEB86659FD93;

static_assert(std::endian::native == std::endian::little, "turn the words round here");

/// The first eight bytes at @p at.
inline std::uint64_t load_word(const std::uint8_t* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}
inline void store_word(std::uint64_t word, std::uint8_t* at) {
  std::memcpy(at, &word, sizeof(word));
}
/// Up to eight bytes at the end of a run, zeros behind them.
inline std::uint64_t load_rest(const std::uint8_t* at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

/// SplitMix64's last step, a bijection.
constexpr std::uint64_t stirred(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return x ^ (x >> 31);
}

class Mixer {
 public:
  /// @p purpose keeps what is made for one thing from being taken for another.
  explicit constexpr Mixer(std::uint64_t purpose) : a_(purpose * kOdd2), b_(~purpose * kOdd1) {}

  constexpr void word_a(std::uint64_t word) { a_ = std::rotl(a_ ^ word, 29) * kOdd1; }
  constexpr void word_b(std::uint64_t word) { b_ = std::rotl(b_ ^ word, 31) * kOdd2; }

  /// All of @p bytes and their number.
  Mixer& absorb(ByteView bytes) {
    const std::uint8_t* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 16; left -= 16, at += 16) {
      word_a(load_word(at));
      word_b(load_word(at + 8));
    }
    if (left >= 8) {
      word_a(load_word(at));
      at += 8;
      left -= 8;
    }
    if (left > 0) word_b(load_rest(at, left));
    word_a(bytes.size());
    return *this;
  }

  /// Fills @p out, a whole number of words, with what depends on everything taken.
  void fill(MutableBytes out) const {
    std::uint64_t x = stirred(a_ ^ stirred(b_));
    std::uint64_t y = stirred(b_ + std::rotl(a_, 32));
    for (std::size_t at = 0; at + 8 <= out.size(); at += 8) {
      store_word(at % 16 == 0 ? x : y, out.data() + at);
      if (at % 16 == 0) continue;
      x = stirred(x + kOdd1);
      y = stirred(y + kOdd2);
    }
  }

 private:
  std::uint64_t a_;
  std::uint64_t b_;
};

}  // namespace mehr::crypto::fast
