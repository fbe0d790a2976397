// X25519 and its keys out of Ed25519's.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "hex.h"

using namespace mehr;
using namespace mehr::crypto;
using namespace crypto_test;

TEST_CASE("L0/1: both ways from a seed to X25519 meet", "[crypto][x25519]") {
  CHECK(rc::check([](std::uint8_t first) {
    const SigningKey key(counting_seed(first));
    const auto u = x25519_from_ed25519(key.public_key());
    RC_ASSERT(u.has_value());
    RC_ASSERT(*u == x25519_public(key.x25519_secret()));
    X25519Key second_opinion;
    RC_ASSERT(crypto_sign_ed25519_pk_to_curve25519(second_opinion.bytes.data(),
                                                   key.public_key().bytes.data()) == 0);
    RC_ASSERT(*u == second_opinion);
  }));
}

TEST_CASE("L0/1: the sign of a key does not reach its u", "[crypto][x25519]") {
  PublicKey turned = SigningKey(counting_seed()).public_key();
  const auto before = x25519_from_ed25519(turned);
  turned.bytes[31] ^= 0x80;
  const auto after = x25519_from_ed25519(turned);
  REQUIRE(before);
  REQUIRE(after);
  CHECK(*before == *after);
}

TEST_CASE("decision 0017: a mixed-order key agrees on the same secrets with every backend",
          "[crypto][x25519]") {
  // The sums of kMixedOrder have the base point in common, whose u is 9.
  const X25519Key prime_part =
      fixed<X25519Key>("0900000000000000000000000000000000000000000000000000000000000000");
  for (const Mixed& mixed : kMixedOrder) {
    const auto key = fixed<PublicKey>(mixed.key);
    const auto formula = fixed<X25519Key>(mixed.u);
    REQUIRE(is_valid_key(key));
    const auto u = x25519_from_ed25519(key);
    REQUIRE(u);
#ifdef MEHR_TEST_LIBSODIUM_ALONE
    CHECK(*u == prime_part);
#else
    CHECK(*u == formula);
#endif
    for (std::uint8_t first = 0; first < 20; ++first) {
      const auto secret = counting_seed(first);
      const auto agreed = x25519(secret, *u);
      const auto by_formula = x25519(secret, formula);
      const auto by_prime_part = x25519(secret, prime_part);
      REQUIRE((agreed && by_formula && by_prime_part));
      CHECK(agreed->equals(*by_formula));
      CHECK(agreed->equals(*by_prime_part));
    }
  }
}

TEST_CASE("decision 0017: what is no key has no u with any backend", "[crypto][x25519]") {
  for (const std::string_view small : kSmallOrder) {
    const auto u = x25519_from_ed25519(fixed<PublicKey>(small));
    REQUIRE_FALSE(u);
    CHECK(u.error().code == Errc::bad_value);
  }
  for (int above = 0; above < 19; ++above) {
    CHECK_FALSE(x25519_from_ed25519(above_prime(above, false)));
    CHECK_FALSE(x25519_from_ed25519(above_prime(above, true)));
  }
}

TEST_CASE("decision 0017: any bytes are judged alike by the key check and the conversion",
          "[crypto][x25519]") {
  CHECK(rc::check([](std::array<std::uint8_t, 32> bytes) {
    PublicKey key;
    key.bytes = bytes;
    RC_ASSERT(x25519_from_ed25519(key).has_value() == is_valid_key(key));
  }));
}

TEST_CASE("L0/1: y = 1 has no u", "[crypto][x25519]") {
  PublicKey identity;
  identity.bytes[0] = 1;
  const auto u = x25519_from_ed25519(identity);
  REQUIRE_FALSE(u);
  CHECK(u.error().code == Errc::bad_value);
}

TEST_CASE("L2/1: two sides agree", "[crypto][x25519]") {
  CHECK(rc::check([](std::uint8_t one, std::uint8_t two) {
    const auto a = counting_seed(one);
    const auto b = counting_seed(two);
    const auto here = x25519(a, x25519_public(b));
    const auto there = x25519(b, x25519_public(a));
    RC_ASSERT(here.has_value() && there.has_value());
    RC_ASSERT(here->equals(*there));
  }));
}

TEST_CASE("L2/1: an all-zero agreement is an error", "[crypto][x25519]") {
  for (const std::string_view low :
       {"0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "00000000000000000000000000000000000000000000000000000000000000"
        "80"}) {
    const auto shared = x25519(counting_seed(), fixed<X25519Key>(low));
    REQUIRE_FALSE(shared);
    CHECK(shared.error().code == Errc::bad_value);
  }
}

TEST_CASE("L0/1: the X25519 secret is clamped", "[crypto][x25519]") {
  for (int first = 0; first < 32; ++first) {
    const auto secret = SigningKey(counting_seed(static_cast<std::uint8_t>(first))).x25519_secret();
    CHECK(secret.expose()[0] % 8 == 0);
    CHECK((secret.expose()[31] & 0xc0) == 0x40);
  }
}
