// Ed25519: identities, the strict verdict on edge cases, batches.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "hex.h"

using namespace mehr;
using namespace mehr::crypto;
using namespace crypto_test;

namespace {

using Scalar = std::array<std::uint8_t, 32>;

/// SHA-512(R, A, M) mod L.
Scalar challenge(const PublicKey& r, const PublicKey& a, ByteView message) {
  crypto_hash_sha512_state state;
  std::array<std::uint8_t, 64> hash{};
  crypto_hash_sha512_init(&state);
  crypto_hash_sha512_update(&state, r.bytes.data(), 32);
  crypto_hash_sha512_update(&state, a.bytes.data(), 32);
  crypto_hash_sha512_update(&state, message.data(), message.size());
  crypto_hash_sha512_final(&state, hash.data());
  Scalar k{};
  crypto_core_ed25519_scalar_reduce(k.data(), hash.data());
  return k;
}

PublicKey base_times(const Scalar& scalar) {
  PublicKey out;
  REQUIRE(crypto_scalarmult_ed25519_base_noclamp(out.bytes.data(), scalar.data()) == 0);
  return out;
}

Signature joined(const PublicKey& r, const Scalar& s) {
  Signature out;
  copy_bytes(s, copy_bytes(r.view(), out.mutable_view()));
  return out;
}

/// @p s + L as a plain number.
Scalar plus_order(const Scalar& s) {
  const Bytes order = from_hex(kOrder);
  Scalar out{};
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned>(s[i]) + order[i];
    out[i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  return out;
}

Scalar s_of(const Signature& signature) {
  Scalar s{};
  copy_bytes(signature.view().subspan(32), s);
  return s;
}

}  // namespace

TEST_CASE("L0 property 1: keys of seed 00..1f", "[crypto][ed25519]") {
  const SigningKey key(counting_seed());
  CHECK(key.public_key() ==
        fixed<PublicKey>("03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"));
  CHECK(node_id_of(key.public_key()) == fixed<NodeId>("9d24e2eeaf27c2a088a564a32fc03a88"));
  const auto u = x25519_from_ed25519(key.public_key());
  REQUIRE(u);
  CHECK(u->bytes[0] == 0x47);
  CHECK(u->bytes[1] == 0x01);
  CHECK(u->bytes[31] == 0x01);
  CHECK(u->bytes[30] == 0xca);
  CHECK(*u == x25519_public(key.x25519_secret()));
}

TEST_CASE("L2/1: what one key signs, it alone verifies", "[crypto][ed25519]") {
  CHECK(rc::check([](const std::vector<std::uint8_t>& message, std::uint8_t first) {
    const SigningKey key(counting_seed(first));
    const SigningKey other(counting_seed(static_cast<std::uint8_t>(first + 1)));
    const Signature signature = key.sign(message);
    RC_ASSERT(signature == key.sign(message));
    RC_ASSERT(verify(key.public_key(), message, signature));
    RC_ASSERT(!verify(other.public_key(), message, signature));
  }));
}

TEST_CASE("L2/1: every turned bit of a signature, key or message is refused", "[crypto][ed25519]") {
  const SigningKey key(counting_seed());
  Bytes message = counting_bytes(40);
  Signature signature = key.sign(message);
  PublicKey public_key = key.public_key();
  for (const MutableBytes part :
       {signature.mutable_view(), public_key.mutable_view(), MutableBytes(message)}) {
    for (std::size_t bit = 0; bit < part.size() * 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
      part[bit / 8] ^= mask;
      CHECK_FALSE(verify(public_key, message, signature));
      part[bit / 8] ^= mask;
    }
  }
  CHECK(verify(public_key, message, signature));
}

TEST_CASE("L2 property 23: S not below the order is refused", "[crypto][ed25519]") {
  const SigningKey key(counting_seed());
  const Signature good = key.sign(as_bytes("announce"));
  Signature bad = good;
  copy_bytes(plus_order(s_of(good)), MutableBytes(bad.bytes).subspan(32));
  CHECK_FALSE(verify(key.public_key(), as_bytes("announce"), bad));
  copy_bytes(plus_order(plus_order(s_of(good))), MutableBytes(bad.bytes).subspan(32));
  CHECK_FALSE(verify(key.public_key(), as_bytes("announce"), bad));
  for (std::uint8_t high = 0x10; high != 0; high = static_cast<std::uint8_t>(high << 1)) {
    bad = good;
    bad.bytes[63] |= high;
    CHECK_FALSE(verify(key.public_key(), as_bytes("announce"), bad));
  }
}

TEST_CASE("L2 property 23: a small-order key is refused though the equation holds",
          "[crypto][ed25519]") {
  // With A of order n, S = r and R = r*B satisfy S*B - k*A = R whenever n divides k.
  const Scalar r{7};
  const PublicKey big_r = base_times(r);
  for (const std::string_view digits : kSmallOrder) {
    const auto key = fixed<PublicKey>(digits);
    std::size_t tried = 0;
    for (std::uint8_t salt = 0; salt < 200 && tried < 3; ++salt) {
      const Bytes message{salt};
      if (challenge(big_r, key, message)[0] % 8 != 0) continue;
      ++tried;
      CHECK_FALSE(verify(key, message, joined(big_r, r)));
    }
    CHECK(tried == 3);
    CHECK_FALSE(is_valid_key(key));
    CHECK_FALSE(x25519_from_ed25519(key));
  }
}

TEST_CASE("L2 property 23: a small-order R is refused though the equation holds",
          "[crypto][ed25519]") {
  const SigningKey key(counting_seed());
  Scalar a{};
  Bytes wide(64);
  copy_bytes(key.x25519_secret().expose(), wide);
  crypto_core_ed25519_scalar_reduce(a.data(), wide.data());
  for (const std::string_view digits : kSmallOrder) {
    const auto r = fixed<PublicKey>(digits);
    const Scalar k = challenge(r, key.public_key(), as_bytes("m"));
    Scalar s{};
    crypto_core_ed25519_scalar_mul(s.data(), k.data(), a.data());
    CHECK_FALSE(verify(key.public_key(), as_bytes("m"), joined(r, s)));
  }
}

TEST_CASE("L2 property 23: points with y above the prime are refused as A and R",
          "[crypto][ed25519]") {
  const SigningKey signer(counting_seed());
  const Signature good = signer.sign(as_bytes("m"));
  for (int above = 0; above < 19; ++above) {
    for (const bool sign : {false, true}) {
      const PublicKey point = above_prime(above, sign);
      CHECK_FALSE(is_valid_key(point));
      CHECK_FALSE(x25519_from_ed25519(point));
      CHECK_FALSE(verify(point, as_bytes("m"), good));
      CHECK_FALSE(verify(signer.public_key(), as_bytes("m"), joined(point, s_of(good))));
    }
  }
}

TEST_CASE("L2 property 23: a mixed-order key verifies without the cofactor", "[crypto][ed25519]") {
  // A = B + T signs with the scalar 1: S*B - k*A = R - k*T, so exactly when the order of T divides
  // k. With the cofactor every one of these would pass.
  const Scalar one{1};
  const std::array<std::uint8_t, 3> orders = {8, 4, 2};
  for (std::size_t i = 0; i < kMixedOrder.size(); ++i) {
    const auto key = fixed<PublicKey>(kMixedOrder[i].key);
    CHECK(is_valid_key(key));
    std::size_t accepted = 0;
    for (std::uint8_t nonce = 2; nonce < 100; ++nonce) {
      const Scalar r{nonce};
      const PublicKey big_r = base_times(r);
      const Scalar k = challenge(big_r, key, as_bytes("m"));
      Scalar s{};
      crypto_core_ed25519_scalar_mul(s.data(), k.data(), one.data());
      crypto_core_ed25519_scalar_add(s.data(), s.data(), r.data());
      const bool expected = k[0] % orders[i] == 0;
      CHECK(verify(key, as_bytes("m"), joined(big_r, s)) == expected);
      accepted += expected ? 1 : 0;
    }
    CHECK(accepted > 0);
    CHECK(accepted < 98);
  }
}

TEST_CASE("L2/3.1: only points of the curve are valid keys", "[crypto][ed25519]") {
  const std::vector<std::uint8_t> on_curve = {3,  4,  5,  6,  9,  10, 14, 15, 16, 18, 19, 21, 23,
                                              24, 25, 26, 27, 28, 29, 30, 32, 33, 35, 37, 39};
  for (std::uint8_t y = 2; y < 40; ++y) {
    const bool expected = std::find(on_curve.begin(), on_curve.end(), y) != on_curve.end();
    for (const std::uint8_t sign : {std::uint8_t{0x00}, std::uint8_t{0x80}}) {
      PublicKey key;
      key.bytes[0] = y;
      key.bytes[31] = sign;
      INFO(static_cast<int>(y));
      CHECK(is_valid_key(key) == expected);
      CHECK(x25519_from_ed25519(key).has_value() == expected);
    }
  }
  CHECK(is_valid_key(SigningKey(counting_seed()).public_key()));
}

TEST_CASE("L2/1: a batch answers as single verification does", "[crypto][ed25519]") {
  const SigningKey key(counting_seed());
  for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 33U}) {
    std::vector<Bytes> messages;
    std::vector<Signature> signatures;
    for (std::size_t i = 0; i < count; ++i) {
      messages.push_back(counting_bytes(i));
      signatures.push_back(key.sign(messages.back()));
      if (i % 3 == 1) signatures.back().bytes[5] ^= 1;
    }
    std::vector<VerifyJob> jobs;
    for (std::size_t i = 0; i < count; ++i) {
      jobs.push_back({&key.public_key(), messages[i], &signatures[i], i % 3 == 1});
    }
    InlineWorkers workers;
    verify_batch(jobs, workers);
    for (std::size_t i = 0; i < count; ++i) CHECK(jobs[i].ok == (i % 3 != 1));
  }
}
