// The sender's proof and its binding. spec: L2/4
#include "mehr/l2/signed_body.h"

#include <rapidcheck.h>

#include "support.h"

namespace mehr::l2::test {
namespace {

constexpr std::string_view kSigned =
    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b829e37e33e4ee7af791828f71ed8863"
    "af18948d8e7657a457a1d489126d45430b29117a79dfa3b52c333f709447c617af45131da7b915cffb5f0fd09f6766"
    "c90968656c6c6f206d656872";

ProofBinding binding() {
  return {identity(32).node_id(), crypto::x25519_public(repeated(0x55)), kContext};
}

Errc error_of(const ProofBinding& where, Bytes plain) {
  const auto proven = verify_signed_body(where, plain);
  REQUIRE_FALSE(proven);
  return proven.error().code;
}

TEST_CASE("L2 4 SignedBody: made bit-exactly, apart and in place", "[l2][signed_body]") {
  Bytes out(kHello.size() + kProofSize);
  const auto made = make_signed_body(identity(0), binding(), kHello, out);
  REQUIRE(made);
  CHECK(bytes_of(*made) == hex(kSigned));

  Bytes buffer = join(Bytes(kProofSize), kHello);
  REQUIRE(make_signed_body(identity(0), binding(), ByteView(buffer).subspan(kProofSize), buffer));
  CHECK(buffer == hex(kSigned));
}

TEST_CASE("L2 4 SignedBody: verified, and yields the sender and the body", "[l2][signed_body]") {
  Bytes plain = hex(kSigned);
  const auto proven = verify_signed_body(binding(), plain);
  REQUIRE(proven);
  CHECK(proven->sender == identity(0).public_key());
  CHECK(bytes_of(proven->body) == kHello);
}

TEST_CASE("L2 property 17: moved to another envelope, recipient or context it fails",
          "[l2][signed_body][property17]") {
  ProofBinding other = binding();
  other.recipient = identity(0).node_id();
  CHECK(error_of(other, hex(kSigned)) == Errc::bad_signature);
  other = binding();
  other.ephemeral = crypto::x25519_public(repeated(0x56));
  CHECK(error_of(other, hex(kSigned)) == Errc::bad_signature);
  other = binding();
  other.context = 0xE2;
  CHECK(error_of(other, hex(kSigned)) == Errc::bad_signature);
}

TEST_CASE("L2 property 17: any changed byte fails", "[l2][signed_body][property17]") {
  const Bytes good = hex(kSigned);
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 0x10;
    INFO("byte " << i);
    CHECK(error_of(binding(), bad) == Errc::bad_signature);
  }
  const Bytes cut(good.begin(), good.end() - 1);
  CHECK(error_of(binding(), cut) == Errc::bad_signature);
}

TEST_CASE("L2 4 SignedBody: 95 bytes are refused, 96 carry an empty body", "[l2][signed_body]") {
  CHECK(error_of(binding(), Bytes(95)) == Errc::truncated);
  Bytes plain(kProofSize);
  REQUIRE(make_signed_body(identity(0), binding(), {}, plain));
  const auto proven = verify_signed_body(binding(), plain);
  REQUIRE(proven);
  CHECK(proven->body.empty());
  CHECK(make_signed_body(identity(0), binding(), kHello, plain).error().code == Errc::too_big);
  CHECK(make_signed_body(identity(0), binding(), {}, MutableBytes(plain).first(95)).error().code ==
        Errc::too_big);
}

TEST_CASE("L2 4 SignedBody: what was made verifies", "[l2][signed_body]") {
  const auto i = identity(0);
  CHECK(rc::check("make then verify", [&](const Bytes& body) {
    Bytes out(body.size() + kProofSize);
    RC_ASSERT(make_signed_body(i, binding(), body, out).has_value());
    const auto proven = verify_signed_body(binding(), out);
    RC_ASSERT(proven.has_value());
    RC_ASSERT(bytes_of(proven->body) == body);
  }));
}

}  // namespace
}  // namespace mehr::l2::test
