// Properties 7, 15 and 16 for the envelope. spec: L2/4
#include <rapidcheck.h>

#include "mehr/l2/prekey.h"
#include "support.h"

namespace mehr::l2::test {
namespace {

const PrekeyRef kPrekey{7, crypto::x25519_public(repeated(0x77))};

Bytes sealed_e1(const Recipient& to, ByteView plain, std::uint8_t context = kContext) {
  Bytes out(plain.size() + kE1Overhead);
  REQUIRE(seal_e1(to, context, plain, Ephemeral::of(repeated(0x55)), out));
  return out;
}

Bytes sealed_e2(const Recipient& to, ByteView plain) {
  Bytes out(plain.size() + kE2Overhead);
  REQUIRE(seal_e2(to, kPrekey, kContext, plain, Ephemeral::of(repeated(0x55)), out));
  return out;
}

Errc open_e1_error(const Signer& me, std::uint8_t context, const Bytes& envelope) {
  Bytes out(envelope.size());
  const auto opened = open_e1(me, context, envelope, out);
  REQUIRE_FALSE(opened);
  return opened.error().code;
}

Errc open_e2_error(const Signer& me, const PrekeyRef& ref, std::uint8_t secret,
                   std::uint8_t context, const Bytes& envelope) {
  Bytes out(envelope.size());
  const auto opened = open_e2(me, ref, repeated(secret), context, envelope, out);
  REQUIRE_FALSE(opened);
  return opened.error().code;
}

TEST_CASE("L2 property 15: only the recipient opens E1 and E2", "[l2][envelope][property15]") {
  const auto i = identity(0);
  const auto r = identity(32);
  CHECK(open_e1_error(i, kContext, sealed_e1(Recipient::self(r), kHello)) == Errc::bad_seal);
  CHECK(open_e2_error(i, kPrekey, 0x77, kContext, sealed_e2(Recipient::self(r), kHello)) ==
        Errc::bad_seal);
}

TEST_CASE("L2 property 15: every other context fails", "[l2][envelope][property15]") {
  const auto r = identity(32);
  const Bytes e1 = sealed_e1(Recipient::self(r), kHello);
  const Bytes e2 = sealed_e2(Recipient::self(r), kHello);
  for (const std::uint8_t context :
       std::initializer_list<std::uint8_t>{0, 0xE0, 0xE2, 0xE3, 0xFF}) {
    CHECK(open_e1_error(r, context, e1) == Errc::bad_seal);
    CHECK(open_e2_error(r, kPrekey, 0x77, context, e2) == Errc::bad_seal);
  }
  Bytes out(kHello.size());
  CHECK(open_e1(r, 0x00, sealed_e1(Recipient::self(r), kHello, 0x00), out));
}

TEST_CASE("L2 property 15: the NodeID of another recipient fails", "[l2][envelope][property15]") {
  const auto r = identity(32);
  const Recipient relabelled{identity(0).node_id(), r.x25519_key()};
  CHECK(open_e1_error(r, kContext, sealed_e1(relabelled, kHello)) == Errc::bad_seal);
  CHECK(open_e2_error(r, kPrekey, 0x77, kContext, sealed_e2(relabelled, kHello)) == Errc::bad_seal);
}

TEST_CASE("L2 property 15: any flipped bit fails, ephemeral included",
          "[l2][envelope][property15]") {
  const auto r = identity(32);
  const Bytes e1 = sealed_e1(Recipient::self(r), kHello);
  // The sign bit of the ephemeral does not reach the exchange, but it does reach the key.
  for (std::size_t bit = 0; bit < e1.size() * 8; ++bit) {
    Bytes bad = e1;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    INFO("bit " << bit);
    CHECK(open_e1_error(r, kContext, bad) == Errc::bad_seal);
  }
  const Bytes e2 = sealed_e2(Recipient::self(r), kHello);
  for (std::size_t bit = 32; bit < e2.size() * 8; ++bit) {
    Bytes bad = e2;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    INFO("bit " << bit);
    CHECK(open_e2_error(r, kPrekey, 0x77, kContext, bad) == Errc::bad_seal);
  }
}

TEST_CASE("L2 property 15: a changed prekey id fails, also where that id is live",
          "[l2][envelope][property15]") {
  const auto r = identity(32);
  Bytes bad = sealed_e2(Recipient::self(r), kHello);
  bad[0] = 8;
  CHECK(open_e2_error(r, kPrekey, 0x77, kContext, bad) == Errc::not_found);
  CHECK(open_e2_error(r, {8, kPrekey.key}, 0x77, kContext, bad) == Errc::bad_seal);
  CHECK(open_e2_error(r, {8, crypto::x25519_public(repeated(0x78))}, 0x78, kContext, bad) ==
        Errc::bad_seal);
}

TEST_CASE("L2 property 15: 47 bytes are refused, 48 are an empty message",
          "[l2][envelope][property15]") {
  const auto r = identity(32);
  const Bytes empty = sealed_e1(Recipient::self(r), {});
  REQUIRE(empty.size() == 48);
  Bytes out(1);
  CHECK(open_e1(r, kContext, empty, out)->plain.empty());
  for (std::size_t n = 0; n < 48; ++n) {
    CHECK(open_e1_error(r, kContext, Bytes(empty.begin(), empty.begin() + static_cast<long>(n))) ==
          Errc::truncated);
  }
  const Bytes e2 = sealed_e2(Recipient::self(r), {});
  CHECK(open_e2_error(r, kPrekey, 0x77, kContext, Bytes(e2.begin(), e2.end() - 1)) ==
        Errc::truncated);
}

TEST_CASE("L2 property 15: cut or lengthened envelopes fail", "[l2][envelope][property15]") {
  const auto r = identity(32);
  Bytes cut = sealed_e1(Recipient::self(r), kHello);
  cut.pop_back();
  CHECK(open_e1_error(r, kContext, cut) == Errc::bad_seal);
  Bytes longer = sealed_e1(Recipient::self(r), kHello);
  longer.push_back(0);
  CHECK(open_e1_error(r, kContext, longer) == Errc::bad_seal);
}

TEST_CASE("L2 property 15: what was sealed opens, at every length and context",
          "[l2][envelope][property15]") {
  const auto r = identity(32);
  const bool held = rc::check("seal then open", [&](std::uint64_t seed, std::uint8_t context) {
    SeededRandom random(seed);
    const Bytes plain = *rc::gen::container<Bytes>(rc::gen::arbitrary<std::uint8_t>());
    Bytes e1(plain.size() + kE1Overhead);
    RC_ASSERT(seal_e1(Recipient::self(r), context, plain, random, e1).has_value());
    const auto opened = open_e1(r, context, e1, MutableBytes(e1).subspan(kE1Body));
    RC_ASSERT(opened.has_value());
    RC_ASSERT(bytes_of(opened->plain) == plain);
    Bytes e2(plain.size() + kE2Overhead);
    RC_ASSERT(seal_e2(Recipient::self(r), kPrekey, context, plain, random, e2).has_value());
    Bytes out(plain.size());
    const auto again = open_e2(r, kPrekey, repeated(0x77), context, e2, out);
    RC_ASSERT(again.has_value());
    RC_ASSERT(out == plain);
  });
  CHECK(held);
}

TEST_CASE("L2 4 envelope: a failed open leaves no plaintext behind", "[l2][envelope]") {
  const Bytes bad = spoilt(sealed_e1(Recipient::self(identity(32)), kHello));
  Bytes out(kHello.size(), 0xAA);
  REQUIRE_FALSE(open_e1(identity(32), kContext, bad, out));
  CHECK(all_zero(out));
}

TEST_CASE("L2 property 7: low-order inputs are refused on both sides",
          "[l2][envelope][property7]") {
  const auto r = identity(32);
  const Bytes low[] = {
      Bytes(32, 0),
      hex("0100000000000000000000000000000000000000000000000000000000000000"),
      hex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
      hex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
      hex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
      hex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
      hex("eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
  };
  for (const Bytes& point : low) {
    Bytes envelope = point;
    envelope.resize(58, 0);
    CHECK(open_e1_error(r, kContext, envelope) == Errc::bad_value);
    const Bytes with_id = join(hex("07000000"), envelope);
    CHECK(open_e2_error(r, kPrekey, 0x77, kContext, with_id) == Errc::bad_value);

    const X25519Key key = X25519Key::from(point);
    const auto e = Ephemeral::of(repeated(0x55));
    Bytes out(62);
    CHECK(seal_e1({r.node_id(), key}, kContext, kHello, e, out).error().code == Errc::bad_value);
    CHECK(seal_e2(Recipient::self(r), {7, key}, kContext, kHello, e, out).error().code ==
          Errc::bad_value);
  }
}

TEST_CASE("L2 property 16: without the prekey's secret, identity and transcript do not open E2",
          "[l2][envelope][property16]") {
  const auto r = identity(32);
  PrekeyRing ring;
  REQUIRE(ring.install(7, repeated(0x77), Millis{0}));
  const Bytes envelope = sealed_e2(Recipient::self(r), kHello);
  Bytes out(envelope.size());
  {
    const auto live = ring.find(7);
    REQUIRE(live);
    REQUIRE(open_e2(r, live->prekey, live->secret, kContext, envelope, out));
  }
  SeededRandom random;
  REQUIRE(ring.rotate(random, kPrekeyPeriod));
  ring.expire(kPrekeyPeriod + kPrekeyGrace);
  CHECK_FALSE(ring.find(7));
  // What is left: the identity, the public prekey, and every other secret of the node.
  CHECK(open_e1_error(r, kContext, envelope) == Errc::bad_seal);
  CHECK(open_e1_error(r, kContext, Bytes(envelope.begin() + 4, envelope.end())) == Errc::bad_seal);
  const auto current = ring.find(8);
  REQUIRE(current);
  CHECK_FALSE(open_e2(r, kPrekey, current->secret, kContext, envelope, out));
}

TEST_CASE("L2 4 envelope: an identity without an X25519 form is refused", "[l2][envelope]") {
  PublicKey one{};
  one.bytes[0] = 1;  // y = 1
  CHECK_FALSE(Recipient::of(one));
}

}  // namespace
}  // namespace mehr::l2::test
