// Wycheproof-style negatives for every place of L2 that takes a key, a signature or a tag: points
// of low order, encodings that are not canonical, truncated tags. spec: L2/1, properties 7, 15, 18,
// 23
#include "mehr/l2/advisory.h"
#include "mehr/l2/onion.h"
#include "mehr/l2/peer_keys.h"
#include "mehr/l2/prekey.h"
#include "mehr/l2/sealed_stream.h"
#include "mehr/l2/signed_body.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

/// u coordinates whose multiples by any clamped scalar are zero, canonical and not.
const std::vector<X25519Key>& low_order_points() {
  static const auto points = [] {
    std::vector<X25519Key> out;
    for (const char* text : {"0000000000000000000000000000000000000000000000000000000000000000",
                             "0100000000000000000000000000000000000000000000000000000000000000",
                             "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                             "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "cdeb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
                             "4c9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
                             "d9ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                             "daffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                             "dbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
      out.push_back(X25519Key::from(hex(text)));
    }
    // The last five are not canonical and of high order when reduced by some definitions; what
    // counts is that nothing with a zero result passes, so only those are kept.
    std::erase_if(
        out, [](const X25519Key& key) { return crypto::x25519(Secret<32>{}, key).has_value(); });
    return out;
  }();
  return points;
}

/// Ed25519 keys that no signature may count under: small order, and y not below the prime.
const std::vector<PublicKey>& bad_keys() {
  static const auto keys = [] {
    std::vector<PublicKey> out;
    for (const char* text : {"0100000000000000000000000000000000000000000000000000000000000000",
                             "0100000000000000000000000000000000000000000000000000000000000080",
                             "0000000000000000000000000000000000000000000000000000000000000000",
                             "0000000000000000000000000000000000000000000000000000000000000080",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                             "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
                             "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
                             "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                             "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"}) {
      out.push_back(PublicKey::from(hex(text)));
    }
    return out;
  }();
  return keys;
}

/// R of small order and S zero: passes an equation that is checked without care.
Signature lazy_signature() {
  Signature out;
  out.bytes[0] = 1;
  return out;
}

/// S plus the group order: the same signature in another encoding.
Signature malleated(Signature signature) {
  const Bytes order = hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const unsigned sum = signature.bytes[32 + i] + order[i] + carry;
    signature.bytes[32 + i] = static_cast<std::uint8_t>(sum);
    carry = sum >> 8;
  }
  return signature;
}

const l0::Identity kMe = identity(32);

}  // namespace

TEST_CASE("L2 property 7: the list of low-order points is not empty", "[l2][negative]") {
  CHECK(low_order_points().size() >= 7);
}

TEST_CASE("L2 property 7: low-order ephemerals open nothing", "[l2][negative]") {
  const PrekeyRef prekey{7, crypto::x25519_public(repeated(0x77))};
  for (const X25519Key& point : low_order_points()) {
    Bytes out(200);
    const Bytes e1 = join(point.view(), pattern(40));
    CHECK(open_e1(kMe, kContext, e1, out).error().code == Errc::bad_value);
    const Bytes e2 = join(hex("07000000"), e1);
    CHECK(open_e2(kMe, prekey, repeated(0x77), kContext, e2, out).error().code == Errc::bad_value);
    CHECK(StreamOpener::start(kMe, kContext, point).error().code == Errc::bad_value);
    Bytes onion(onion_size(OnionClass::constrained));
    onion[0] = 1;
    copy_bytes(point.view(), MutableBytes(onion).subspan(1));
    SeededRandom random;
    ReplayCache seen(4, random);
    CHECK(peel_onion(kMe, onion, seen, Millis{1}).error().code == Errc::bad_value);
    CHECK_FALSE(kMe.agree(point).has_value());
  }
}

TEST_CASE("L2 property 7: nothing is sealed to low-order keys", "[l2][negative]") {
  const Recipient me = Recipient::self(kMe);
  for (const X25519Key& point : low_order_points()) {
    Bytes out(200);
    SeededRandom random;
    CHECK_FALSE(seal_e1({me.id, point}, kContext, kHello, random, out).has_value());
    CHECK_FALSE(seal_e2(me, {7, point}, kContext, kHello, random, out).has_value());
    CHECK_FALSE(seal_e2({me.id, point}, {7, me.key}, kContext, kHello, random, out).has_value());
    CHECK_FALSE(
        StreamSealer::start({me.id, point}, kContext, Ephemeral::of(repeated(1))).has_value());
    KeyBook book;
    PeerKeys keys(book, 4, random);
    CHECK_FALSE(keys.learn_prekey(make_bundle(kMe, {7, point}), Millis{1}).has_value());
  }
}

TEST_CASE("L2 property 23: keys that are none are nobody", "[l2][negative]") {
  for (const PublicKey& key : bad_keys()) {
    CHECK_FALSE(crypto::is_valid_key(key));
    CHECK_FALSE(Recipient::of(key).has_value());
    SeededRandom random;
    KeyBook book;
    PeerKeys keys(book, 4, random);
    keys.learn(key);
    CHECK_FALSE(keys.key_of(crypto::node_id_of(key)).has_value());
  }
}

TEST_CASE("L2 property 23: no signature counts under such a key", "[l2][negative]") {
  for (const PublicKey& key : bad_keys()) {
    PrekeyBundle bundle = make_bundle(kMe, {7, kMe.x25519_key()});
    bundle.identity = key;
    bundle.signature = lazy_signature();
    CHECK_FALSE(verify(bundle).has_value());
    NextKeyCommitment commitment = make_commitment(kMe, kMe.public_key());
    commitment.owner = key;
    commitment.signature = lazy_signature();
    CHECK_FALSE(verify(commitment).has_value());
    KeyAdvisory advisory = make_advisory(kMe, identity(64), 1, 1);
    advisory.compromised = key;
    advisory.sig_old = lazy_signature();
    CHECK_FALSE(verify(advisory).has_value());
    advisory = make_advisory(kMe, identity(64), 1, 1);
    advisory.successor = key;
    advisory.sig_new = lazy_signature();
    CHECK_FALSE(verify(advisory).has_value());
    Bytes plain(kProofSize + 4);
    copy_bytes(lazy_signature().view(), copy_bytes(key.view(), plain));
    CHECK_FALSE(verify_signed_body({kMe.node_id(), {}, kContext}, plain).has_value());
  }
}

TEST_CASE("L2 property 23: a signature has one encoding", "[l2][negative]") {
  PrekeyBundle bundle = make_bundle(kMe, {7, kMe.x25519_key()});
  REQUIRE(verify(bundle).has_value());
  bundle.signature = malleated(bundle.signature);
  CHECK_FALSE(verify(bundle).has_value());
  NextKeyCommitment commitment = make_commitment(kMe, kMe.public_key());
  commitment.signature = malleated(commitment.signature);
  CHECK_FALSE(verify(commitment).has_value());
  KeyAdvisory advisory = make_advisory(kMe, identity(64), 1, 1);
  advisory.sig_new = malleated(advisory.sig_new);
  CHECK_FALSE(verify(advisory).has_value());
  const ProofBinding where{kMe.node_id(), kMe.x25519_key(), kContext};
  Bytes plain(kProofSize + kHello.size());
  REQUIRE(make_signed_body(identity(0), where, kHello, plain).has_value());
  const auto body = decode<SignedBody>(plain);
  copy_bytes(malleated(body->signature).view(), MutableBytes(plain).subspan(32));
  CHECK_FALSE(verify_signed_body(where, plain).has_value());
}

TEST_CASE("L2 property 15: truncated tags, one byte after the other", "[l2][negative]") {
  SeededRandom random;
  const Recipient me = Recipient::self(kMe);
  Bytes sealed(kHello.size() + kE1Overhead);
  REQUIRE(seal_e1(me, kContext, kHello, random, sealed).has_value());
  Bytes out(200);
  for (std::size_t n = 0; n < sealed.size(); ++n) {
    CHECK_FALSE(open_e1(kMe, kContext, ByteView(sealed).first(n), out).has_value());
  }
  // Swapped halves, and the tag of another message.
  Bytes other(kHello.size() + kE1Overhead);
  REQUIRE(seal_e1(me, kContext, kHello, random, other).has_value());
  Bytes mixed = sealed;
  copy_bytes(ByteView(other).last(kTagSize), MutableBytes(mixed).last(kTagSize));
  CHECK(open_e1(kMe, kContext, mixed, out).error().code == Errc::bad_seal);
}

TEST_CASE("L2 property 15: a stream's segments are counted, and cannot be used again",
          "[l2][negative]") {
  // What a counter that is used twice would allow: the same segment, or another stream's, in a
  // place of its own.
  const auto e = Ephemeral::of(repeated(0x55));
  auto sealer = StreamSealer::start(Recipient::self(kMe), kContext, e);
  Bytes first(kStreamSealedSegment);
  Bytes second(kStreamSealedSegment);
  REQUIRE(sealer->seal(Bytes(kStreamSegment), false, first).has_value());
  REQUIRE(sealer->seal(Bytes(kStreamSegment), false, second).has_value());
  CHECK(first != second);
  for (const auto& pair : {join(first, first), join(second, first), join(second, second)}) {
    auto opener = StreamOpener::start(kMe, kContext, e.public_key());
    ByteView in(pair);
    bool failed = false;
    while (!in.empty() && !failed) failed = !opener->feed(in).has_value();
    CHECK((failed || !opener->finish().has_value()));
  }
}
