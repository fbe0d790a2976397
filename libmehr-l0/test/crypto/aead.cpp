// ChaCha20-Poly1305: both directions, in place and apart, refusals, and no allocation per message.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <memory>

#include "allocations.h"
#include "hex.h"

using namespace mehr;
using namespace mehr::crypto;
using namespace crypto_test;

namespace {

constexpr std::size_t kTag = Aead::kTagSize;

Nonce nonce_of(std::uint8_t first) {
  Nonce nonce{};
  nonce[0] = first;
  nonce[11] = 0x5a;
  return nonce;
}

/// The second opinion.
Bytes sodium_seal(const Secret<32>& key, const Nonce& nonce, ByteView aad, ByteView plain) {
  Bytes out(plain.size() + kTag);
  crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plain.data(), plain.size(),
                                            aad.data(), aad.size(), nullptr, nonce.data(),
                                            key.expose().data());
  return out;
}

}  // namespace

TEST_CASE("L2/1: sealing equals another implementation's at every length", "[crypto][aead]") {
  const auto key = counting_seed(9);
  Aead sealer(key, Aead::Use::seal);
  for (std::size_t size = 0; size < 300; ++size) {
    const Bytes plain = counting_bytes(size);
    const Bytes aad = counting_bytes(size % 37);
    Bytes out(size + kTag);
    sealer.seal(nonce_of(static_cast<std::uint8_t>(size)), aad, plain, out);
    CHECK(out == sodium_seal(key, nonce_of(static_cast<std::uint8_t>(size)), aad, plain));
  }
}

TEST_CASE("L2/1: what is sealed opens, in place and apart", "[crypto][aead]") {
  const auto key = counting_seed(1);
  CHECK(
      rc::check([&](const std::vector<std::uint8_t>& plain, const std::vector<std::uint8_t>& aad) {
        Aead opener(key, Aead::Use::open);
        Aead sealer(key, Aead::Use::seal);
        const Bytes sealed = sodium_seal(key, nonce_of(1), aad, plain);
        Bytes apart(plain.size());
        RC_ASSERT(opener.open(nonce_of(1), aad, sealed, apart).has_value());
        RC_ASSERT(apart == plain);

        Bytes buffer = plain;
        buffer.resize(plain.size() + kTag);
        sealer.seal(nonce_of(1), aad, ByteView(buffer).first(plain.size()), buffer);
        RC_ASSERT(buffer == sealed);
        RC_ASSERT(opener.open(nonce_of(1), aad, buffer, MutableBytes(buffer).first(plain.size()))
                      .has_value());
        RC_ASSERT(same_bytes(ByteView(buffer).first(plain.size()), plain));
      }));
}

TEST_CASE("L0 property 8: a turned bit never opens, and leaves zeros", "[crypto][aead]") {
  const auto key = counting_seed(2);
  Aead opener(key, Aead::Use::open);
  const Bytes plain = counting_bytes(33);
  Bytes aad = counting_bytes(9);
  Nonce nonce = nonce_of(3);
  Bytes sealed = sodium_seal(key, nonce, aad, plain);
  const auto refused = [&] {
    Bytes out(plain.size(), 0xee);
    const auto opened = opener.open(nonce, aad, sealed, out);
    return !opened && opened.error().code == Errc::bad_seal && all_zero(out);
  };
  for (const MutableBytes part : {MutableBytes(sealed), MutableBytes(aad), MutableBytes(nonce)}) {
    for (std::size_t bit = 0; bit < part.size() * 8; ++bit) {
      const auto mask = static_cast<std::uint8_t>(1U << (bit % 8));
      part[bit / 8] ^= mask;
      CHECK(refused());
      part[bit / 8] ^= mask;
    }
  }
  Bytes out(plain.size());
  CHECK(opener.open(nonce, aad, sealed, out));  // and a refusal does not spoil the next message
  CHECK(out == plain);
}

TEST_CASE("L0 property 8: shortened input never opens", "[crypto][aead]") {
  const auto key = counting_seed(3);
  Aead opener(key, Aead::Use::open);
  const Bytes sealed = sodium_seal(key, nonce_of(1), {}, counting_bytes(20));
  for (std::size_t size = 0; size < sealed.size(); ++size) {
    Bytes out(size < kTag ? 0 : size - kTag);
    const auto opened = opener.open(nonce_of(1), {}, ByteView(sealed).first(size), out);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code == Errc::bad_seal);
  }
}

TEST_CASE("L2/1: an empty message is still authenticated", "[crypto][aead]") {
  const auto key = counting_seed(4);
  Aead sealer(key, Aead::Use::seal);
  Aead opener(key, Aead::Use::open);
  for (const std::size_t aad_size : {0U, 5U}) {
    const Bytes aad = counting_bytes(aad_size);
    Bytes tag(kTag);
    sealer.seal(nonce_of(1), aad, {}, tag);
    CHECK(tag == sodium_seal(key, nonce_of(1), aad, {}));
    CHECK(opener.open(nonce_of(1), aad, tag, {}));
    tag[15] ^= 1;
    CHECK_FALSE(opener.open(nonce_of(1), aad, tag, {}));
  }
}

TEST_CASE("core: a moved sealer goes on with its key", "[crypto][aead]") {
  const auto key = counting_seed(5);
  Aead first(key, Aead::Use::seal);
  Aead second(std::move(first));
  Aead third(counting_seed(6), Aead::Use::seal);
  third = std::move(second);
  Bytes out(3 + kTag);
  third.seal(nonce_of(1), {}, counting_bytes(3), out);
  CHECK(out == sodium_seal(key, nonce_of(1), {}, counting_bytes(3)));
}

TEST_CASE("architecture: no allocation per message or verification", "[crypto][aead]") {
  REQUIRE(allocations::counts_backend());
  const auto key = counting_seed(7);
  const SigningKey signer(counting_seed(8));
  const Signature signature = signer.sign(as_bytes("m"));
  Aead sealer(key, Aead::Use::seal);
  Aead opener(key, Aead::Use::open);
  Bytes buffer(1500 + kTag);
  Secret<32> prk;

  const std::size_t before = allocations::count();
  std::size_t good = 0;
  for (std::uint8_t i = 0; i < 100; ++i) {
    sealer.seal(nonce_of(i), {}, ByteView(buffer).first(1500), buffer);
    good += opener.open(nonce_of(i), {}, buffer, MutableBytes(buffer).first(1500)) ? 1U : 0U;
    sealer.seal(nonce_of(i), signature.view(), ByteView(buffer).first(1500), buffer);
    good += opener.open(nonce_of(i), {}, buffer, MutableBytes(buffer).first(1500)) ? 1U : 0U;
  }
  good += verify(signer.public_key(), as_bytes("m"), signature) ? 1U : 0U;
  hkdf_extract(as_bytes("s"), as_bytes("i"), prk);
  hkdf_expand(prk, as_bytes("info"), MutableBytes(buffer).first(64));
  Blake3().update(buffer).finish(MutableBytes(buffer).first(64));
  copy_bytes(b2(buffer).view(), buffer);
  copy_bytes(sha256(buffer).view(), buffer);
  const std::size_t after = allocations::count();

  CHECK(after == before);
  CHECK(good == 101);
  const auto probe = std::make_unique<Nonce>();
  CHECK(allocations::count() > after);  // the counter does count
}

TEST_CASE("decision 0017: libsodium alone allocates nothing, new keys included", "[crypto][aead]") {
  const auto seed = counting_seed(7);
  const PublicKey mixed = fixed<PublicKey>(kMixedOrder[0].key);
  const std::size_t before = allocations::count();
  const SigningKey signer(seed);
  Aead sealer(seed, Aead::Use::seal);
  Aead moved(std::move(sealer));
  const bool converted = x25519_from_ed25519(signer.public_key()) && x25519_from_ed25519(mixed);
  const bool agreed = x25519(seed, x25519_public(seed)).has_value();
  const bool proven =
      vrf_verify(signer.public_key(), as_bytes("a"), vrf_prove(signer, as_bytes("a"))).has_value();
  const std::size_t after = allocations::count();
  CHECK((converted && agreed && proven));
#ifdef MEHR_TEST_LIBSODIUM_ALONE
  CHECK(after == before);
#else
  CHECK(after > before);  // OpenSSL's contexts and numbers
#endif
}
