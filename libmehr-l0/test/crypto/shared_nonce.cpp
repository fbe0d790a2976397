// Why nobody signs an exactly 32-byte message: with the guard out of the way, one signature over a
// VRF's input point and one VRF proof give the private scalar. spec: L2/1, L2 property 22
#include <sodium.h>

#include <catch2/catch.hpp>

#include "hex.h"

using namespace mehr;
using namespace mehr::crypto;
using namespace crypto_test;

namespace {

using Scalar = std::array<std::uint8_t, crypto_core_ed25519_SCALARBYTES>;

// RFC 9381 B.3, Example 16: the key, the point that the empty input becomes, and the scalar.
constexpr std::string_view kSeed =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
constexpr std::string_view kPoint =
    "91bbed02a99461df1ad4c6564a5f5d829d0b90cfc7903e7a5797bd658abf3318";
constexpr std::string_view kScalar =
    "307c83864f2833cb427a2ef1c00a013cfdff2768d980c0a3a520f006904de94f";

Scalar reduced(ByteView wide) {
  std::array<std::uint8_t, 64> in{};
  copy_bytes(wide, in);
  Scalar out{};
  crypto_core_ed25519_scalar_reduce(out.data(), in.data());
  return out;
}

}  // namespace

TEST_CASE("L2 property 22: a signature over the VRF point and a proof yield the scalar",
          "[crypto][vrf]") {
  REQUIRE(sodium_init() >= 0);
  Seed seed;
  copy_bytes(from_hex(kSeed), seed.expose_mutable());
  const SigningKey key(seed);  // the primitive, which has no guard
  const Bytes point = from_hex(kPoint);
  const Signature signature = key.sign(point);
  const VrfProof proof = vrf_prove(key, {});

  // S = r + h x and s = r + c x, with one and the same r.
  const Scalar big_s = reduced(signature.view().subspan(32));
  const Scalar small_s = reduced(proof.view().subspan(48));
  const Scalar c = reduced(proof.view().subspan(32, 16));
  Bytes hashed(96);
  copy_bytes(point,
             copy_bytes(key.public_key().view(), copy_bytes(signature.view().first(32), hashed)));
  std::array<std::uint8_t, 64> digest{};
  crypto_hash_sha512(digest.data(), hashed.data(), hashed.size());
  const Scalar h = reduced(digest);
  Scalar above{};
  Scalar below{};
  crypto_core_ed25519_scalar_sub(above.data(), big_s.data(), small_s.data());
  crypto_core_ed25519_scalar_sub(below.data(), h.data(), c.data());
  Scalar inverse{};
  REQUIRE(crypto_core_ed25519_scalar_invert(inverse.data(), below.data()) == 0);
  Scalar found{};
  crypto_core_ed25519_scalar_mul(found.data(), above.data(), inverse.data());
  CHECK(found == reduced(from_hex(kScalar)));
}
