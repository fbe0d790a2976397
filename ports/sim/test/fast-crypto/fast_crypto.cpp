// The stand-in cipher behind mehr/core/crypto.h: what a simulation relies on.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "mehr/core/crypto.h"

using namespace mehr;
using namespace mehr::crypto;

namespace {

Secret<32> secret_of(std::uint64_t number) {
  Secret<32> out;
  for (std::size_t i = 0; i < 8; ++i) {
    out.expose_mutable()[i] = static_cast<std::uint8_t>(number >> (8 * i));
  }
  return out;
}

SigningKey key_of(std::uint64_t number) { return SigningKey(secret_of(number)); }

Bytes some_bytes(std::size_t least = 0) {
  auto bytes = *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>());
  while (bytes.size() < least) bytes.push_back(static_cast<std::uint8_t>(bytes.size()));
  return bytes;
}

std::uint64_t some_number() { return *rc::gen::arbitrary<std::uint64_t>(); }

void flip(MutableBytes bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
}
std::size_t some_bit(ByteView bytes) { return *rc::gen::inRange<std::size_t>(0, bytes.size() * 8); }

Bytes sealed_with(const Secret<32>& key, const Nonce& nonce, ByteView aad, ByteView plain) {
  Bytes out(plain.size() + Aead::kTagSize);
  Aead(key, Aead::Use::seal).seal(nonce, aad, plain, out);
  return out;
}

bool opens(const Secret<32>& key, const Nonce& nonce, ByteView aad, ByteView sealed, Bytes& out) {
  out.assign(sealed.size() - Aead::kTagSize, 0xA5);
  return Aead(key, Aead::Use::open).open(nonce, aad, sealed, out).has_value();
}

}  // namespace

TEST_CASE("sim fast-crypto: it is linked in place of the real one", "[sim][fast-crypto]") {
  // RFC 8032 test 1: the real key of this seed begins with d7 5a 98 01.
  Seed seed;
  const std::array<std::uint8_t, 8> start{0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60};
  copy_bytes(start, seed.expose_mutable());
  const SigningKey one(seed);
  flip(seed.expose_mutable(), 255);
  CHECK(one.public_key() != SigningKey(seed).public_key());
  CHECK(one.sign({}) == SigningKey(one.seed()).sign({}));
  CHECK((one.public_key().bytes[31] & 0xc0) == 0);  // real keys have these bits now and then
  for (std::uint64_t i = 0; i < 64; ++i) CHECK((key_of(i).public_key().bytes[31] & 0xc0) == 0);
}

TEST_CASE("sim fast-crypto: signatures verify, and nothing altered does", "[sim][fast-crypto]") {
  CHECK(rc::check("one bit anywhere", [] {
    const SigningKey key = key_of(some_number());
    Bytes message = some_bytes(1);
    PublicKey by = key.public_key();
    Signature signature = key.sign(message);
    RC_ASSERT(is_valid_key(by));
    RC_ASSERT(verify(by, message, signature));
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        flip(message, some_bit(message));
        break;
      case 1:
        flip(by.mutable_view(), some_bit(by.view()));
        break;
      case 2:
        flip(signature.mutable_view(), some_bit(signature.view()));
        break;
      default:
        message.push_back(0);
    }
    RC_ASSERT(!verify(by, message, signature));
  }));
  CHECK(rc::check("another signer", [] {
    const std::uint64_t number = some_number();
    const Bytes message = some_bytes();
    RC_ASSERT(!verify(key_of(number).public_key(), message, key_of(number + 1).sign(message)));
  }));
}

TEST_CASE("sim fast-crypto: a batch answers like single questions", "[sim][fast-crypto]") {
  const SigningKey key = key_of(1);
  const Bytes message{1, 2, 3};
  const Signature good = key.sign(message);
  Signature bad = good;
  flip(bad.mutable_view(), 17);
  std::vector<VerifyJob> jobs(19);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i] = {&key.public_key(), message, i % 3 == 0 ? &bad : &good, i % 3 == 0};
  }
  InlineWorkers workers;
  verify_batch(jobs, workers);
  for (std::size_t i = 0; i < jobs.size(); ++i) CHECK(jobs[i].ok == (i % 3 != 0));
}

TEST_CASE("sim fast-crypto: degenerate keys are refused everywhere", "[sim][fast-crypto]") {
  PublicKey zero;
  PublicKey one;
  one.bytes[0] = 1;
  PublicKey top;
  top.bytes.fill(0xff);
  for (const PublicKey& key : {zero, one, top}) {
    CHECK_FALSE(is_valid_key(key));
    CHECK_FALSE(verify(key, {}, key_of(1).sign({})));
    REQUIRE_FALSE(x25519_from_ed25519(key).has_value());
    CHECK(x25519_from_ed25519(key).error().code == Errc::bad_value);
    CHECK_FALSE(vrf_verify(key, {}, VrfProof{}).has_value());
  }
  const auto agreed = x25519(secret_of(1), X25519Key{});
  REQUIRE_FALSE(agreed.has_value());
  CHECK(agreed.error().code == Errc::bad_value);
}

TEST_CASE("sim fast-crypto: both ends agree, and a third does not", "[sim][fast-crypto]") {
  CHECK(rc::check("agreement", [] {
    const std::uint64_t number = some_number();
    const auto a = secret_of(number);
    const auto b = secret_of(number + 1 + *rc::gen::inRange<std::uint64_t>(0, 1000));
    const auto here = x25519(a, x25519_public(b));
    const auto there = x25519(b, x25519_public(a));
    const auto other = x25519(secret_of(number - 1), x25519_public(b));
    RC_ASSERT(here.has_value() && there.has_value() && other.has_value());
    RC_ASSERT(here->equals(*there));
    RC_ASSERT(!here->equals(*other));
    RC_ASSERT(!all_zero(here->expose()));
  }));
  CHECK(rc::check("identity keys exchange as their own", [] {
    const SigningKey key = key_of(some_number());
    const auto converted = x25519_from_ed25519(key.public_key());
    RC_ASSERT(converted.has_value());
    RC_ASSERT(*converted == x25519_public(key.x25519_secret()));
  }));
}

TEST_CASE("sim fast-crypto: what was sealed opens, and nothing altered does",
          "[sim][fast-crypto]") {
  CHECK(rc::check("round trip in place, sizes, one bit anywhere", [] {
    const auto key = secret_of(some_number());
    Nonce nonce{};
    nonce[*rc::gen::inRange<std::size_t>(0, nonce.size())] = *rc::gen::arbitrary<std::uint8_t>();
    Bytes aad = some_bytes();
    const Bytes plain = some_bytes();
    Bytes sealed = sealed_with(key, nonce, aad, plain);
    RC_ASSERT(sealed.size() == plain.size() + Aead::kTagSize);
    Bytes in_place = plain;
    in_place.resize(plain.size() + Aead::kTagSize);
    Aead(key, Aead::Use::seal).seal(nonce, aad, ByteView(in_place).first(plain.size()), in_place);
    RC_ASSERT(in_place == sealed);
    Bytes opened;
    RC_ASSERT(opens(key, nonce, aad, sealed, opened));
    RC_ASSERT(opened == plain);
    RC_ASSERT(Aead(key, Aead::Use::open)
                  .open(nonce, aad, in_place, MutableBytes(in_place).first(plain.size()))
                  .has_value());
    in_place.resize(plain.size());
    RC_ASSERT(in_place == plain);

    switch (*rc::gen::inRange(0, 3)) {
      case 0:
        if (aad.empty()) {
          aad.push_back(0);
        } else {
          flip(aad, some_bit(aad));
        }
        break;
      case 1:
        flip(nonce, some_bit(nonce));
        break;
      default:
        flip(sealed, some_bit(sealed));
    }
    RC_ASSERT(!opens(key, nonce, aad, sealed, opened));
    RC_ASSERT(opened.size() == plain.size());
    RC_ASSERT(all_zero(opened));
  }));
  CHECK(rc::check("another key", [] {
    const std::uint64_t number = some_number();
    const Bytes sealed = sealed_with(secret_of(number), {}, {}, some_bytes());
    Bytes opened;
    RC_ASSERT(!opens(secret_of(number + 1), {}, {}, sealed, opened));
  }));
}

TEST_CASE("sim fast-crypto: every bit of a frame counts", "[sim][fast-crypto]") {
  const auto key = secret_of(7);
  const Bytes aad{1, 2, 3, 4, 5, 6, 7};
  const Bytes plain(350, 0x42);
  Bytes sealed = sealed_with(key, {}, aad, plain);
  CHECK(Bytes(sealed.begin(), sealed.begin() + 350) != plain);
  Bytes opened;
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    flip(sealed, bit);
    CHECK_FALSE(opens(key, {}, aad, sealed, opened));
    flip(sealed, bit);
  }
  CHECK(opens(key, {}, aad, sealed, opened));
  const auto short_one = Aead(key, Aead::Use::open).open({}, aad, ByteView(sealed).first(15), {});
  REQUIRE_FALSE(short_one.has_value());
  CHECK(short_one.error().code == Errc::bad_seal);
}

TEST_CASE("sim fast-crypto: VRF proofs verify, differ, and cannot be altered",
          "[sim][fast-crypto]") {
  CHECK(rc::check("proofs", [] {
    const SigningKey key = key_of(some_number());
    Bytes alpha = some_bytes(1);
    VrfProof proof = vrf_prove(key, alpha);
    const auto output = vrf_verify(key.public_key(), alpha, proof);
    RC_ASSERT(output.has_value());
    const std::size_t bit = some_bit(alpha);
    flip(alpha, bit);
    const VrfProof other = vrf_prove(key, alpha);
    RC_ASSERT(!vrf_verify(key.public_key(), alpha, proof).has_value());
    RC_ASSERT(*vrf_verify(key.public_key(), alpha, other) != *output);
    flip(alpha, bit);
    flip(proof.mutable_view(), some_bit(proof.view()));
    RC_ASSERT(!vrf_verify(key.public_key(), alpha, proof).has_value());
  }));
}
