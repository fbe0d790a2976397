// PrekeyBundle and the ring of live prekeys. spec: L2/4
#include "mehr/l2/prekey.h"

#include "support.h"

namespace mehr::l2::test {
namespace {

constexpr std::string_view kBundle =
    "29acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd7070000001cf579aba45a10ba1d1ef0"
    "6d91fca2aa9ed0a1150515653155405d0b18cb9a67e9f7099494840a7d0cb5d06438994fc5cbb692d8a348f89a1630"
    "720bfb43bc28df140995acd70e6332fb032d8e8efed152ed5507a009d1f250ed2db128b0fe0f";

const PrekeyRef kPrekey{7, crypto::x25519_public(repeated(0x77))};
constexpr Millis kDay = Millis::seconds(24 * 3600);

TEST_CASE("L2 4 PrekeyBundle: made bit-exactly", "[l2][prekey]") {
  const auto bundle = make_bundle(identity(32), kPrekey);
  const auto bytes = encode_fixed(bundle);
  CHECK(bytes_of(bytes) == hex(kBundle));
}

TEST_CASE("L2 4 PrekeyBundle: read and verified", "[l2][prekey]") {
  const Bytes bytes = hex(kBundle);
  REQUIRE(bytes.size() == 132);
  const auto bundle = decode<PrekeyBundle>(bytes);
  REQUIRE(bundle);
  CHECK(bundle->identity == identity(32).public_key());
  CHECK(bundle->prekey_id == 7);
  CHECK(bundle->ref().key == kPrekey.key);
  CHECK(verify(*bundle));
}

TEST_CASE("L2 4 PrekeyBundle: short, long and changed ones are refused", "[l2][prekey]") {
  const Bytes bytes = hex(kBundle);
  CHECK(decode<PrekeyBundle>(ByteView(bytes).first(131)).error().code == Errc::truncated);
  Bytes longer = bytes;
  longer.push_back(0);
  CHECK(decode<PrekeyBundle>(longer).error().code == Errc::trailing);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    Bytes bad = bytes;
    bad[i] ^= 0x04;
    const auto bundle = decode<PrekeyBundle>(bad);
    REQUIRE(bundle);
    INFO("byte " << i);
    CHECK_FALSE(verify(*bundle));
  }
}

TEST_CASE("L2 4 PrekeyBundle: ids strictly grow, per identity", "[l2][prekey]") {
  const auto held = make_bundle(identity(32), kPrekey);
  CHECK(supersedes(make_bundle(identity(32), {8, kPrekey.key}), held));
  CHECK_FALSE(supersedes(held, held));
  CHECK_FALSE(supersedes(make_bundle(identity(32), {6, kPrekey.key}), held));
  CHECK_FALSE(supersedes(make_bundle(identity(0), {8, kPrekey.key}), held));
}

TEST_CASE("L2 4 prekeys: a lower or equal id is refused", "[l2][prekey]") {
  PrekeyRing ring;
  ring.resume(6);
  CHECK(ring.install(6, repeated(1), Millis{0}).error().code == Errc::bad_value);
  CHECK(ring.install(7, repeated(0x77), Millis{0}));
  CHECK(ring.install(7, repeated(2), Millis{0}).error().code == Errc::bad_value);
  CHECK(ring.find(7)->prekey.key == kPrekey.key);
  SeededRandom random;
  CHECK(ring.rotate(random, Millis{0})->id == 8);
  PrekeyRing spent;
  spent.resume(0xFFFF'FFFF);
  CHECK(spent.rotate(random, Millis{0}).error().code == Errc::full);
}

TEST_CASE("L2 4 prekeys: a replaced secret is erased after 14 days, the current one never",
          "[l2][prekey]") {
  SeededRandom random;
  PrekeyRing ring;
  CHECK(ring.next_deadline() == Millis::never());
  REQUIRE(ring.rotate(random, Millis{0}));
  CHECK(ring.next_deadline() == Millis::never());
  ring.expire(kDay * 1000);
  CHECK(ring.find(1));
  REQUIRE(ring.rotate(random, kDay * 7));
  CHECK(ring.next_deadline() == kDay * 21);
  ring.expire(Millis{(kDay * 21).count - 1});
  CHECK(ring.find(1));
  ring.expire(kDay * 21);
  CHECK_FALSE(ring.find(1));
  CHECK(ring.find(2));
  CHECK(ring.size() == 1);
}

TEST_CASE("L2 4 prekeys: the weekly period needs three, a fifth erases the oldest",
          "[l2][prekey]") {
  SeededRandom random;
  PrekeyRing weekly;
  for (std::uint64_t week = 0; week < 10; ++week) {
    REQUIRE(weekly.rotate(random, kPrekeyPeriod * week));
    CHECK(weekly.size() <= 3);
  }
  PrekeyRing hasty;
  for (int i = 0; i < 5; ++i) REQUIRE(hasty.rotate(random, Millis{0}));
  CHECK(hasty.size() == PrekeyRing::kCapacity);
  CHECK_FALSE(hasty.find(1));
  for (std::uint32_t id = 2; id <= 5; ++id) CHECK(hasty.find(id));
}

}  // namespace
}  // namespace mehr::l2::test
