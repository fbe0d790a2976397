// Known answers of E1 and E2, each direction alone. spec: L2/8
#include "mehr/l2/prekey.h"
#include "support.h"

namespace mehr::l2::test {
namespace {

constexpr std::string_view kE1 =
    "38ab664bd86f77d7e66bdd9ae0792913a94fd8b33a1260027e4b46c1f4884c6705b18bff6768b2a6656461b837223a"
    "87585b7191a2d1293d86e4";
constexpr std::string_view kE2 =
    "0700000038ab664bd86f77d7e66bdd9ae0792913a94fd8b33a1260027e4b46c1f4884c6780d1c253ccfa1fc8c6dacf"
    "d6cdfea31ceb65d4d69c40ef222572";

const PrekeyRef kPrekey{7, crypto::x25519_public(repeated(0x77))};

TEST_CASE("L2 known answer: E1 is sealed bit-exactly", "[l2][envelope][property1]") {
  const auto r = identity(32);
  const auto to = Recipient::of(r.public_key());
  REQUIRE(to);
  CHECK(to->id == r.node_id());
  CHECK(bytes_of(to->id.view()) == hex("25843b3a196efcefbf5b1390d78db52b"));
  CHECK(to->key == Recipient::self(r).key);
  Bytes out(58);
  const auto sealed = seal_e1(*to, kContext, kHello, Ephemeral::of(repeated(0x55)), out);
  REQUIRE(sealed);
  CHECK(bytes_of(*sealed) == hex(kE1));
}

TEST_CASE("L2 known answer: E1 opens, apart and in place", "[l2][envelope][property1]") {
  const auto r = identity(32);
  const Bytes envelope = hex(kE1);
  Bytes out(10);
  const auto apart = open_e1(r, kContext, envelope, out);
  REQUIRE(apart);
  CHECK(bytes_of(apart->plain) == kHello);
  CHECK(bytes_of(apart->ephemeral.view()) == Bytes(envelope.begin(), envelope.begin() + 32));

  Bytes data = envelope;
  const auto in_place = open_e1(r, kContext, data, MutableBytes(data).subspan(kE1Body));
  REQUIRE(in_place);
  CHECK(bytes_of(in_place->plain) == kHello);
  CHECK(in_place->plain.data() == data.data() + kE1Body);
}

TEST_CASE("L2 known answer: E2 is sealed bit-exactly", "[l2][envelope][property1]") {
  Bytes out(62);
  const auto sealed = seal_e2(Recipient::self(identity(32)), kPrekey, kContext, kHello,
                              Ephemeral::of(repeated(0x55)), out);
  REQUIRE(sealed);
  CHECK(bytes_of(*sealed) == hex(kE2));
}

TEST_CASE("L2 known answer: E2 opens", "[l2][envelope][property1]") {
  Bytes data = hex(kE2);
  Bytes out(10);
  const auto opened = open_e2(identity(32), kPrekey, repeated(0x77), kContext, data, out);
  REQUIRE(opened);
  CHECK(bytes_of(opened->plain) == kHello);
  const auto in_place = open_e2(identity(32), kPrekey, repeated(0x77), kContext, data,
                                MutableBytes(data).subspan(kE2Body));
  REQUIRE(in_place);
  CHECK(bytes_of(in_place->plain) == kHello);
}

TEST_CASE("L2 4 envelope: a plaintext at its own place is sealed without a copy",
          "[l2][envelope]") {
  Bytes buffer(58);
  const auto plain = MutableBytes(buffer).subspan(kE1Body, kHello.size());
  copy_bytes(kHello, plain);
  const auto sealed = seal_e1(Recipient::self(identity(32)), kContext, plain,
                              Ephemeral::of(repeated(0x55)), buffer);
  REQUIRE(sealed);
  CHECK(bytes_of(*sealed) == hex(kE1));
}

TEST_CASE("L2 4 envelope: two seals of one plaintext share no ephemeral", "[l2][envelope]") {
  SeededRandom random;
  const auto r = identity(32);
  Bytes first(58);
  Bytes second(58);
  REQUIRE(seal_e1(Recipient::self(r), kContext, kHello, random, first));
  REQUIRE(seal_e1(Recipient::self(r), kContext, kHello, random, second));
  CHECK_FALSE(same_bytes(ByteView(first).first(32), ByteView(second).first(32)));
  CHECK(open_e1(r, kContext, first, MutableBytes(first).subspan(kE1Body)));
  CHECK(open_e1(r, kContext, second, MutableBytes(second).subspan(kE1Body)));
}

TEST_CASE("L2 4 envelope: a short buffer is an error, one byte more suffices", "[l2][envelope]") {
  const auto to = Recipient::self(identity(32));
  const auto e = Ephemeral::of(repeated(0x55));
  Bytes buffer(62);
  const auto out = MutableBytes(buffer);
  CHECK(seal_e1(to, kContext, kHello, e, out.first(57)).error().code == Errc::too_big);
  CHECK(seal_e1(to, kContext, kHello, e, out.first(10)).error().code == Errc::too_big);
  CHECK(seal_e1(to, kContext, kHello, e, out.first(58)));
  CHECK(seal_e2(to, kPrekey, kContext, kHello, e, out.first(61)).error().code == Errc::too_big);
  CHECK(seal_e2(to, kPrekey, kContext, kHello, e, out.first(62)));
  CHECK(open_e1(identity(32), kContext, hex(kE1), out.first(9)).error().code == Errc::too_big);
}

}  // namespace
}  // namespace mehr::l2::test
