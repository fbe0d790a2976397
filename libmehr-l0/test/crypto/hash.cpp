// BLAKE2b, BLAKE3 and SHA-256: modes, parts, and lengths around their blocks.
#include <algorithm>
#include <catch2/catch.hpp>
#include <new>

#include "hex.h"

using namespace mehr;
using namespace mehr::crypto;
using namespace crypto_test;

namespace {

/// True when @p trace is in the memory of a hasher while it lives and gone once it is destroyed.
/// @p make gives the hasher.
template <class Hasher, class Make>
bool leaves_no_trace(ByteView trace, Make make) {
  alignas(Hasher) static std::array<std::uint8_t, sizeof(Hasher)> place;
  const auto traced = [&] {
    return std::search(place.begin(), place.end(), trace.begin(), trace.end()) != place.end();
  };
  auto* const hasher = new (place.data()) Hasher(make());
  const bool before = traced();
  hasher->~Hasher();
  return before && !traced();
}

}  // namespace

TEST_CASE("core: a destroyed hasher leaves neither its key nor its input", "[crypto][hash]") {
  const Bytes secret = counting_bytes(32);
  const auto key = ByteView(secret).first<32>();
  CHECK(leaves_no_trace<Blake2b256>(secret, [&] { return Blake2b256().update(secret); }));
  CHECK(leaves_no_trace<Blake3>(secret, [&] { return Blake3::keyed(key); }));
  CHECK(
      leaves_no_trace<Blake3>(secret, [&] { return Blake3::derive_key("mehr-a").update(secret); }));
}

TEST_CASE("README/2.2: B2 is BLAKE2b made for 32 bytes", "[crypto][hash]") {
  CHECK(b2() == fixed<Hash256>("0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"));
  CHECK(b2(as_bytes("abc")) ==
        fixed<Hash256>("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"));
  CHECK(b2(as_bytes("a"), Bytes{}, as_bytes("bc")) == b2(as_bytes("abc")));
}

TEST_CASE("README/2.2: a hash in parts equals the hash of the whole", "[crypto][hash]") {
  for (const std::size_t size :
       {0U, 1U, 63U, 64U, 65U, 127U, 128U, 129U, 1023U, 1024U, 1025U, 4096U}) {
    const Bytes all = counting_bytes(size);
    for (const std::size_t cut : {std::size_t{0}, size / 3, size}) {
      const ByteView head = ByteView(all).first(cut);
      const ByteView tail = ByteView(all).subspan(cut);
      CHECK(b2(head, tail) == b2(all));
      CHECK(Blake3().update(head).update(tail).finish() == Blake3().update(all).finish());
    }
  }
}

TEST_CASE("README/2.2: a key changes the BLAKE2b hash", "[crypto][hash]") {
  const Bytes key = counting_bytes(32);
  CHECK(b2_keyed({}, as_bytes("abc")) == b2(as_bytes("abc")));
  CHECK(b2_keyed(key, as_bytes("abc")) != b2(as_bytes("abc")));
  CHECK(b2_keyed(counting_bytes(64), {}) != b2_keyed(counting_bytes(63), {}));
}

TEST_CASE("README/2.2: H and DK of no input, and DK by context", "[crypto][hash]") {
  CHECK(Blake3().finish() ==
        fixed<ContentHash>("af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"));
  const Bytes key = counting_bytes(32);
  const auto derived = [&](std::string_view context) {
    return Blake3::derive_key(context).update(key).finish();
  };
  CHECK(derived("mehr-a") != derived("mehr-b"));
  CHECK(derived("mehr-a") != Blake3().update(key).finish());
  CHECK(Blake3::keyed(ByteView(key).first<32>()).finish() != Blake3().finish());
}

TEST_CASE("README/2.2: extended output begins with the short one, and input may go on",
          "[crypto][hash]") {
  Blake3 hasher;
  hasher.update(as_bytes("one"));
  Bytes longer(131);
  hasher.finish(longer);
  CHECK(ContentHash::from(longer) == hasher.finish());
  hasher.update(as_bytes("two"));
  CHECK(hasher.finish() == Blake3().update(as_bytes("onetwo")).finish());
}

TEST_CASE("L0/9: SHA-256 known answers", "[crypto][hash]") {
  CHECK(sha256({}) ==
        fixed<Hash256>("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  CHECK(sha256(as_bytes("abc")) ==
        fixed<Hash256>("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

TEST_CASE("L2/1: HKDF makes the same bytes for every shorter output", "[crypto][hkdf]") {
  Secret<32> prk;
  hkdf_extract(as_bytes("salt"), as_bytes("secret"), prk);
  Bytes longest(8160);
  hkdf_expand(prk, as_bytes("info"), longest);
  for (const std::size_t size : {0U, 1U, 31U, 32U, 33U, 64U, 255U, 8159U}) {
    Bytes out(size);
    hkdf_expand(prk, as_bytes("info"), out);
    CHECK(same_bytes(out, ByteView(longest).first(size)));
  }
  Bytes other(32);
  hkdf_expand(prk, as_bytes("other"), other);
  CHECK_FALSE(same_bytes(other, ByteView(longest).first(32)));
}

TEST_CASE("L2/1: an absent salt of HKDF is 32 zero bytes", "[crypto][hkdf]") {
  Secret<32> without;
  Secret<32> with;
  hkdf_extract({}, as_bytes("secret"), without);
  hkdf_extract(Bytes(32), as_bytes("secret"), with);
  CHECK(without.equals(with));
}
