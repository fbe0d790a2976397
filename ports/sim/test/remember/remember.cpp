// Verification with a memory answers like verification without one, the second time too.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "mehr/core/crypto.h"
#include "verify_once.h"

using namespace mehr;
using namespace mehr::crypto;

namespace {

SigningKey key_of(std::uint8_t number) {
  Seed seed;
  seed.expose_mutable()[0] = number;
  return SigningKey(seed);
}

void flip(MutableBytes bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
}

}  // namespace

TEST_CASE("sim remember: answers are the real ones, first and later", "[sim][remember]") {
  CHECK(rc::check("same answers", [] {
    const SigningKey key = key_of(*rc::gen::arbitrary<std::uint8_t>());
    auto message = *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>());
    PublicKey by = key.public_key();
    Signature signature = key.sign(message);
    const auto agree = [&] {
      const bool real = detail::verify_once(by, message, signature);
      RC_ASSERT(verify(by, message, signature) == real);
      RC_ASSERT(verify(by, message, signature) == real);
      return real;
    };
    RC_ASSERT(agree());
    flip(signature.mutable_view(), *rc::gen::inRange<std::size_t>(0, 512));
    RC_ASSERT(!agree());
    signature = key.sign(message);
    flip(by.mutable_view(), *rc::gen::inRange<std::size_t>(0, 256));
    RC_ASSERT(!agree());
    by = key.public_key();
    message.push_back(0);
    RC_ASSERT(!agree());
    message.pop_back();
    RC_ASSERT(agree());
  }));
}

TEST_CASE("sim remember: where one part ends and the next begins is part of the question",
          "[sim][remember]") {
  const SigningKey key = key_of(1);
  const Bytes message{1, 2, 3};
  const Signature signature = key.sign(message);
  REQUIRE(verify(key.public_key(), message, signature));
  CHECK_FALSE(verify(key.public_key(), ByteView(message).first(2), signature));
  CHECK_FALSE(verify(key.public_key(), {}, signature));
  CHECK(verify(key.public_key(), message, signature));
}

TEST_CASE("sim remember: questions that share a place do not share an answer", "[sim][remember]") {
  // More refused questions than the table has places: each place is taken over at least once.
  const SigningKey key = key_of(2);
  const Bytes message{9};
  const Signature signature = key.sign(message);
  REQUIRE(verify(key.public_key(), message, signature));
  PublicKey nobody;  // of small order: refused without arithmetic
  for (std::uint32_t i = 0; i < 300'000; ++i) {
    const std::array<std::uint8_t, 4> other{
        static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8),
        static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 24)};
    if (verify(nobody, other, signature)) FAIL("took a signature of nobody");
  }
  CHECK(verify(key.public_key(), message, signature));
}

TEST_CASE("sim remember: a batch remembers too", "[sim][remember]") {
  const SigningKey key = key_of(3);
  const Bytes message(100, 7);
  const Signature good = key.sign(message);
  Signature bad = good;
  flip(bad.mutable_view(), 511);
  std::vector<VerifyJob> jobs(20);
  InlineWorkers workers;
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < jobs.size(); ++i) {
      jobs[i] = {&key.public_key(), message, i % 4 == 0 ? &bad : &good, i % 4 == 0};
    }
    verify_batch(jobs, workers);
    for (std::size_t i = 0; i < jobs.size(); ++i) CHECK(jobs[i].ok == (i % 4 != 0));
  }
}
