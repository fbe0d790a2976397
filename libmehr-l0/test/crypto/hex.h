// Bytes written as hexadecimal digits, and libsodium as the second opinion of these tests.
#pragma once

#include <sodium.h>

#include <catch2/catch.hpp>
#include <string_view>

#include "mehr/core/bytes.h"
#include "mehr/core/crypto.h"

namespace crypto_test {

inline std::uint8_t digit(char c) {
  return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'a' + 10);
}

inline mehr::Bytes from_hex(std::string_view digits) {
  mehr::Bytes out;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    out.push_back(static_cast<std::uint8_t>(digit(digits[i]) * 16 + digit(digits[i + 1])));
  }
  return out;
}

/// A fixed-size value; @p digits must hold exactly its bytes.
template <class Fixed>
Fixed fixed(std::string_view digits) {
  const mehr::Bytes all = from_hex(digits);
  REQUIRE(all.size() == Fixed::kSize);
  return Fixed::from(all);
}

/// Seed @p first, @p first + 1, and so on.
inline mehr::crypto::Seed counting_seed(std::uint8_t first = 0) {
  mehr::crypto::Seed seed;
  for (std::uint8_t& byte : seed.expose_mutable()) byte = first++;
  return seed;
}

inline mehr::Bytes counting_bytes(std::size_t size) {
  mehr::Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i % 251);
  return out;
}

/// The group order, little-endian.
constexpr std::string_view kOrder =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

/// Both encodings of each point of order 1, 2, 4 and 8: canonical ones and those with y above the
/// prime or x = 0 with the sign bit.
constexpr std::array<std::string_view, 14> kSmallOrder = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};

/// The base point plus a point of order 8, 4 and 2, and the u of each sum.
struct Mixed {
  std::string_view key;
  std::string_view u;
};
constexpr std::array<Mixed, 3> kMixedOrder = {{
    {"98519eadf35b995233b51b5cd23e9cc5a28b639b5a4af0ec903cb960d81b7819",
     "bb72312170e8156f7a836313f85bee9b1fdce926ba9804a29e8d137ec67f2533"},
    {"9bad33f580df7ecc49df5342bac8145d5bedc40f573d1b067f3c4ce449689a15",
     "bdaa2fc8fee1947ef8edb214ae95f0bbe2485d23b9a0c7ad34ab7ce2eecdae1e"},
    {"9599999999999999999999999999999999999999999999999999999999999999",
     "12c7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711cc7711c47"},
}};

/// An encoding whose y is 2^255-19 + @p above.
inline mehr::PublicKey above_prime(int above, bool sign) {
  mehr::PublicKey key;
  key.bytes.fill(0xff);
  key.bytes[0] = static_cast<std::uint8_t>(0xed + above);
  if (!sign) key.bytes[31] = 0x7f;
  return key;
}

}  // namespace crypto_test
