// L2/6.1: the layouts of advisories and commitments, each way, and whose signatures count.
#include "mehr/l2/advisory.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

Bytes encoded(const KeyAdvisory& a) {
  Bytes out(kAdvisoryBoth);
  const auto written = encode_advisory(a, out);
  REQUIRE(written.has_value());
  out.resize(written->size());
  return out;
}

}  // namespace

TEST_CASE("L2/6.1: both lengths, field by field", "[l2][advisory]") {
  const auto old = identity(0);
  const auto next = identity(32);
  const Bytes both = encoded(make_advisory(old, next, 7, 0x0102));
  CHECK(both.size() == 209);
  CHECK(bytes_of(ByteView(both).first(32)) == bytes_of(old.public_key().view()));
  CHECK(bytes_of(ByteView(both).subspan(32, 32)) == bytes_of(next.public_key().view()));
  CHECK(bytes_of(ByteView(both).subspan(64, 9)) == hex("070000000000000000"));
  CHECK(bytes_of(ByteView(both).last(8)) == hex("0201000000000000"));
  const Bytes alone = encoded(make_advisory(old, PublicKey{}, 7, 1));
  CHECK(alone.size() == 145);
  CHECK(alone[72] == 1);
  // The signature by hand: label, bytes 0..73, timestamp.
  const Bytes message =
      join(text("mehr-kca-v1"), join(ByteView(both).first(73), ByteView(both).last(8)));
  CHECK(crypto::verify(old.public_key(), message, Signature::from(ByteView(both).subspan(73))));
  CHECK(crypto::verify(next.public_key(), message, Signature::from(ByteView(both).subspan(137))));
}

TEST_CASE("L2/6.1: decoding gives back what was encoded, and the signatures hold",
          "[l2][advisory]") {
  const auto old = identity(0);
  const auto next = identity(32);
  for (const KeyAdvisory& a :
       {make_advisory(old, next, 3, 4), make_advisory(old, PublicKey{}, 1, 2),
        make_advisory(old, next.public_key(), 5, 6)}) {
    const auto back = decode_advisory(encoded(a));
    REQUIRE(back.has_value());
    CHECK(*back == a);
    CHECK(verify(*back).has_value());
  }
}

TEST_CASE("L2/6.1: every flipped byte and every other length is refused", "[l2][advisory]") {
  const auto old = identity(0);
  const auto next = identity(32);
  for (const KeyAdvisory& a :
       {make_advisory(old, next, 3, 4), make_advisory(old, next.public_key(), 5, 6)}) {
    const Bytes good = encoded(a);
    for (std::size_t i = 0; i < good.size(); ++i) {
      Bytes bad = good;
      bad[i] ^= 1;
      const auto decoded = decode_advisory(bad);
      CHECK_FALSE((decoded.has_value() && verify(*decoded).has_value()));
    }
    for (std::size_t n = 0; n < good.size(); ++n) {
      CHECK_FALSE(decode_advisory(ByteView(good).first(n)).has_value());
    }
    CHECK_FALSE(decode_advisory(join(good, hex("00"))).has_value());
  }
}

TEST_CASE("L2/6.1: evidence 0 needs a successor that is another key", "[l2][advisory]") {
  const auto old = identity(0);
  KeyAdvisory a = make_advisory(old, identity(32), 1, 1);
  a.successor = PublicKey{};
  CHECK(decode_advisory(encoded(a)).error().code == Errc::bad_value);
  a.successor = old.public_key();
  CHECK(decode_advisory(encoded(a)).error().code == Errc::bad_value);
  Bytes evidence = encoded(make_advisory(old, identity(32), 1, 1));
  evidence[72] = 2;
  CHECK_FALSE(decode_advisory(evidence).has_value());
}

TEST_CASE("L2/6.1 NextKeyCommitment: 136 bytes, signed by its owner", "[l2][advisory]") {
  const auto owner = identity(0);
  const auto next = identity(32);
  const NextKeyCommitment c = make_commitment(owner, next.public_key());
  const auto bytes = encode_fixed(c);
  CHECK(bytes.size() == 136);
  CHECK(c.commitment == crypto::b2(as_bytes("mehr-next-key-v1"), next.public_key().view()));
  CHECK(crypto::verify(owner.public_key(), join(text("mehr-next-v1"), ByteView(bytes).first(72)),
                       c.signature));
  CHECK(verify(c).has_value());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto bad = bytes;
    bad[i] ^= 1;
    const auto decoded = decode<NextKeyCommitment>(bad);
    CHECK_FALSE((decoded.has_value() && verify(*decoded).has_value()));
  }
}
