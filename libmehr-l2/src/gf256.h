// GF(2^8) mod 0x11B without tables and without branches on what is multiplied. spec: L2/6 Share
#pragma once

#include <cstdint>

namespace mehr::l2::gf256 {

/// The product; time does not depend on the factors.
constexpr std::uint8_t multiply(std::uint8_t a, std::uint8_t b) {
  unsigned left = a;
  unsigned out = 0;
  for (unsigned bit = 0; bit < 8; ++bit) {
    const unsigned take = 0U - ((static_cast<unsigned>(b) >> bit) & 1U);
    out ^= left & take;
    const unsigned over = 0U - ((left >> 7) & 1U);
    left = ((left << 1) ^ (0x11BU & over)) & 0xFFU;
  }
  return static_cast<std::uint8_t>(out);
}

/// 1/a, as a^254; 0 for 0.
constexpr std::uint8_t inverse(std::uint8_t a) {
  std::uint8_t out = 1;
  std::uint8_t power = a;
  for (int bit = 1; bit < 8; ++bit) {
    power = multiply(power, power);
    out = multiply(out, power);
  }
  return out;
}
static_assert(multiply(0x57, 0x83) == 0xC1 && multiply(0x53, inverse(0x53)) == 1);

}  // namespace mehr::l2::gf256
