#include "mehr/sim/chance.h"

#include <gsl/gsl>

#include "mehr/core/crypto.h"

namespace mehr::sim {
namespace {

using Word = std::array<std::uint8_t, 8>;

Word little_endian(std::uint64_t value) {
  Word out{};
  for (std::uint8_t& byte : out) {
    byte = static_cast<std::uint8_t>(value & 0xFF);
    value >>= 8;
  }
  return out;
}

constexpr std::uint64_t turned(std::uint64_t x, int left) {
  return (x << left) | (x >> (64 - left));
}

}  // namespace

Chance::Chance(std::uint64_t seed, std::string_view name, std::uint64_t a, std::uint64_t b) {
  const Hash256 state =
      crypto::b2(little_endian(seed), as_bytes(name), little_endian(a), little_endian(b));
  for (std::size_t i = 0; i < state.bytes.size(); ++i) {
    state_[i / 8] |= std::uint64_t{state.bytes[i]} << (8 * (i % 8));
  }
}

// SplitMix64 fills the state, as the authors of xoshiro advise; two rounds part word and who.
Chance Chance::child(std::uint64_t word, std::uint64_t who) {
  std::uint64_t at = word;
  const auto mixed = [&at] {
    at += 0x9e3779b97f4a7c15;
    std::uint64_t z = at;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  };
  at = mixed() ^ who;
  Chance out;
  for (std::uint64_t& part : out.state_) part = mixed();
  return out;
}

// xoshiro256** 1.0 (Blackman, Vigna).
std::uint64_t Chance::next() {
  const std::uint64_t out = turned(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = turned(state_[3], 45);
  return out;
}

void Chance::fill(MutableBytes out) {
  while (!out.empty()) {
    const Word word = little_endian(next());
    const std::size_t n = std::min(out.size(), word.size());
    out = copy_bytes(ByteView(word).first(n), out);
  }
}

std::uint64_t Chance::below(std::uint64_t bound) {
  Expects(bound > 0);
  // 2^64 mod bound: the draws that would favour small results.
  const std::uint64_t uneven = (std::uint64_t{0} - bound) % bound;
  std::uint64_t drawn = next();
  while (drawn < uneven) drawn = next();
  return drawn % bound;
}

std::uint64_t Chance::between(std::uint64_t least, std::uint64_t most) {
  Expects(least <= most);
  const std::uint64_t span = most - least;
  return span == std::numeric_limits<std::uint64_t>::max() ? next() : least + below(span + 1);
}

Duration Chance::between(Duration least, Duration most) {
  Expects(least <= most);
  const auto span =
      static_cast<std::uint64_t>(most.count()) - static_cast<std::uint64_t>(least.count());
  const std::uint64_t drawn = between(std::uint64_t{0}, span);
  return Duration{static_cast<std::int64_t>(static_cast<std::uint64_t>(least.count()) + drawn)};
}

double Chance::unit() {
  constexpr double kStep = 1.0 / static_cast<double>(std::uint64_t{1} << 53);
  return static_cast<double>(next() >> 11) * kStep;
}

bool Chance::happens(double probability) {
  if (probability <= 0) return false;
  if (probability >= 1) return true;
  return unit() < probability;
}

}  // namespace mehr::sim
