// ECVRF: one proof per key and input, and everything else refused.
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "hex.h"

using namespace mehr;
using namespace mehr::crypto;
using namespace crypto_test;

namespace {

constexpr std::string_view kPk = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
constexpr std::string_view kPi =
    "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f26f8a57ccaed74ee1b190bed1f479d"
    "9727d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805";
constexpr std::string_view kBeta =
    "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff66b71dda49d2de59d03450451af026"
    "798e8f81cd2e333de5cdf4f3e140fdd8ae";

bool refused(const PublicKey& key, ByteView alpha, const VrfProof& proof) {
  const auto output = vrf_verify(key, alpha, proof);
  return !output && output.error().code == Errc::bad_signature;
}

VrfProof with_gamma(VrfProof proof, ByteView gamma) {
  copy_bytes(gamma, proof.mutable_view());
  return proof;
}

}  // namespace

TEST_CASE("CH property 1: example 16 verifies to its output, the draft's proof does not",
          "[crypto][vrf]") {
  const auto output = vrf_verify(fixed<PublicKey>(kPk), {}, fixed<VrfProof>(kPi));
  REQUIRE(output);
  CHECK(*output == fixed<VrfOutput>(kBeta));
  CHECK(refused(fixed<PublicKey>(kPk), {},
                fixed<VrfProof>("8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f5e"
                                "8bd1839b414219e8626d393787a192241fc442e6569e96c462f62b8079b9ed83ff"
                                "2ee21c90c7c398802fdeebea4001")));
}

TEST_CASE("CH/2: every proof verifies for its key and input alone", "[crypto][vrf]") {
  CHECK(rc::check([](const std::vector<std::uint8_t>& alpha, std::uint8_t first) {
    const SigningKey key(counting_seed(first));
    const SigningKey other(counting_seed(static_cast<std::uint8_t>(first + 1)));
    const VrfProof proof = vrf_prove(key, alpha);
    RC_ASSERT(proof == vrf_prove(key, alpha));
    const auto output = vrf_verify(key.public_key(), alpha, proof);
    RC_ASSERT(output.has_value());
    RC_ASSERT(refused(other.public_key(), alpha, proof));
    Bytes longer = alpha;
    longer.push_back(0);
    RC_ASSERT(refused(key.public_key(), longer, proof));
    const auto next = vrf_verify(key.public_key(), longer, vrf_prove(key, longer));
    RC_ASSERT(next.has_value() && *next != *output);
  }));
}

TEST_CASE("CH property 2: every turned bit is refused", "[crypto][vrf]") {
  PublicKey key = fixed<PublicKey>(kPk);
  const SigningKey signer(counting_seed());
  key = signer.public_key();
  Bytes alpha = counting_bytes(3);
  VrfProof proof = vrf_prove(signer, alpha);
  for (const MutableBytes part : {key.mutable_view(), MutableBytes(alpha), proof.mutable_view()}) {
    for (std::size_t bit = 0; bit < part.size() * 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
      part[bit / 8] ^= mask;
      CHECK(refused(key, alpha, proof));
      part[bit / 8] ^= mask;
    }
  }
  CHECK(vrf_verify(key, alpha, proof));
}

TEST_CASE("CH property 2: s + q is refused", "[crypto][vrf]") {
  VrfProof proof = fixed<VrfProof>(kPi);
  const Bytes order = from_hex(kOrder);
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned>(proof.bytes[48 + i]) + order[i];
    proof.bytes[48 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8;
  }
  CHECK(refused(fixed<PublicKey>(kPk), {}, proof));
}

TEST_CASE("CH property 2: Gamma and Y of small or mixed order, not canonical, or no point",
          "[crypto][vrf]") {
  const auto key = fixed<PublicKey>(kPk);
  const auto proof = fixed<VrfProof>(kPi);
  const auto both_refused = [&](const PublicKey& point) {
    return refused(key, {}, with_gamma(proof, point.view())) && refused(point, {}, proof);
  };
  for (const std::string_view digits : kSmallOrder) CHECK(both_refused(fixed<PublicKey>(digits)));
  for (const Mixed& mixed : kMixedOrder) CHECK(both_refused(fixed<PublicKey>(mixed.key)));
  for (int above = 0; above < 19; ++above) {
    CHECK(both_refused(above_prime(above, false)));
    CHECK(both_refused(above_prime(above, true)));
  }
  CHECK(both_refused(
      fixed<PublicKey>("0200000000000000000000000000000000000000000000000000000000000000")));
}

TEST_CASE("CH/2: a torsion part of Gamma cannot be hidden in c", "[crypto][vrf]") {
  // Gamma + T gives the same beta, and with c divisible by eight the same V; step 2 refuses it.
  const auto torsion = from_hex(kSmallOrder[8]);
  std::size_t tried = 0;
  for (std::uint8_t i = 0; i < 60 && tried < 2; ++i) {
    const SigningKey signer(counting_seed(i));
    VrfProof proof = vrf_prove(signer, {});
    if (proof.bytes[32] % 8 != 0) continue;
    ++tried;
    std::array<std::uint8_t, 32> moved{};
    REQUIRE(crypto_core_ed25519_add(moved.data(), proof.bytes.data(), torsion.data()) == 0);
    CHECK(refused(signer.public_key(), {}, with_gamma(proof, moved)));
  }
  CHECK(tried == 2);
}

TEST_CASE("CH/2: s = 0 and c = 0 are judged, not fallen over", "[crypto][vrf]") {
  VrfProof proof = fixed<VrfProof>(kPi);
  for (std::size_t i = 48; i < 80; ++i) proof.bytes[i] = 0;
  CHECK(refused(fixed<PublicKey>(kPk), {}, proof));
  for (std::size_t i = 32; i < 48; ++i) proof.bytes[i] = 0;
  CHECK(refused(fixed<PublicKey>(kPk), {}, proof));
}
