// Bytes: each structure, each direction alone, and what must be refused.
#include <catch2/catch.hpp>

#include "mehr/l1/gossip_messages.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

template <class T>
void refuses_every_truncation(ByteView bytes) {
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    if (decode<T>(bytes.first(n))) FAIL("accepted " << n << " bytes");
  }
}

Bytes changed(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes[at] = value;
  return bytes;
}

const Bytes kBeat{0x90, 0x04, 0x03, 0x02, 0x01, 0x15, 0x14, 0x13, 0x12, 0x11, 0x00,
                  0x00, 0x00, 0x8F, 0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21};
const Bytes kSummary{0x91, 7, 0, 0, 0, 9, 0, 0, 0, 0, 0,    0,    0,   0x03,
                     3,    1, 0, 2, 0, 4, 3, 2, 1, 2, 0x00, 0xAB, 0xCD};
const Bytes kDelta{0x92, 7, 0, 0,    0, 9, 0,    0,    0,    0,    0,   0,
                   0,    1, 2, 0x60, 2, 0, 0xAA, 0xBB, 0xC0, 0x00, 0x00};
const Bytes kPull{0x93, 7, 0, 0, 0, 0x0C, 0x00, 0x10, 0x00, 0x00};

}  // namespace

TEST_CASE("L1 9: GossipBeat bytes", "[l1][gossip]") {
  const GossipBeat beat{{}, 0x01020304, 0x1112131415, kAllTiers | kReplyBit, 0x2122232425262728};
  CHECK(same_bytes(encode_fixed(beat), kBeat));
  const auto got = decode<GossipBeat>(kBeat);
  REQUIRE(got.has_value());
  CHECK(*got == beat);
  refuses_every_truncation<GossipBeat>(kBeat);
  Bytes longer = kBeat;
  longer.push_back(0);
  CHECK(decode<GossipBeat>(longer).error().code == Errc::trailing);
  CHECK(decode<GossipBeat>(changed(kBeat, 0, 0x91)).error().code == Errc::bad_value);
  for (const std::uint8_t mask : Bytes{0x10, 0x20, 0x40}) {
    CHECK(decode<GossipBeat>(changed(kBeat, 13, mask)).error().code == Errc::bad_value);
  }
}

TEST_CASE("L1 9: GossipSummary bytes", "[l1][gossip]") {
  const Bytes bits{0xAB, 0xCD};
  const GossipSummary summary{{}, 7, 9, 0x03, 3, 1, 2, 0x01020304, 2, Tail{bits}};
  std::array<std::uint8_t, 64> out{};
  CHECK(same_bytes(*encode(summary, out), kSummary));
  const auto got = decode<GossipSummary>(kSummary);
  REQUIRE(got.has_value());
  CHECK(*got == summary);
  refuses_every_truncation<GossipSummary>(kSummary);
  Bytes longer = kSummary;
  longer.push_back(0);
  CHECK_FALSE(decode<GossipSummary>(longer).has_value());
  CHECK_FALSE(decode<GossipSummary>(changed(kSummary, 13, 0x10)).has_value());  // mask
  CHECK_FALSE(decode<GossipSummary>(changed(kSummary, 14, 0)).has_value());     // k
  CHECK(decode<GossipSummary>(changed(kSummary, 14, 16)).has_value());
  CHECK_FALSE(decode<GossipSummary>(changed(kSummary, 14, 17)).has_value());
  CHECK_FALSE(decode<GossipSummary>(changed(kSummary, 15, 2)).has_value());  // p = P
  CHECK_FALSE(decode<GossipSummary>(changed(kSummary, 17, 0)).has_value());  // P = 0
  CHECK_FALSE(decode<GossipSummary>(changed(kSummary, 23, 1)).has_value());  // m too small
  CHECK_FALSE(decode<GossipSummary>(changed(kSummary, 23, 3)).has_value());
  const Bytes empty = changed(Bytes(kSummary.begin(), kSummary.begin() + 25), 23, 0);
  CHECK(decode<GossipSummary>(empty).error().code == Errc::bad_value);  // m = 0
}

TEST_CASE("L1 9: GossipDelta bytes and its items", "[l1][gossip]") {
  const Bytes first{0xAA, 0xBB};
  std::array<std::uint8_t, 64> out{};
  DeltaWriter writer(out);
  REQUIRE(writer.add({0x60, first}));
  REQUIRE(writer.add({0xC0, {}}));
  CHECK(same_bytes(*writer.finish(7, 9, true), kDelta));

  const auto got = decode<GossipDelta>(kDelta);
  REQUIRE(got.has_value());
  CHECK(got->round == 7);
  CHECK(got->lamport == 9);
  CHECK(got->last());
  DeltaReader reader(got->items.bytes);
  const auto one = reader.next();
  REQUIRE(one.has_value());
  CHECK(one->kind == 0x60);
  CHECK(same_bytes(one->body, first));
  const auto two = reader.next();
  REQUIRE(two.has_value());
  CHECK(two->kind == 0xC0);
  CHECK(two->body.empty());
  CHECK_FALSE(reader.next().has_value());
  CHECK(reader.complete());
}

TEST_CASE("L1 9: a Delta whose count or lengths lie is refused whole", "[l1][gossip]") {
  refuses_every_truncation<GossipDelta>(kDelta);
  for (const std::uint8_t count : Bytes{0, 1, 3, 255}) {
    CHECK(decode<GossipDelta>(changed(kDelta, 14, count)).error().code == Errc::bad_value);
  }
  CHECK_FALSE(decode<GossipDelta>(changed(kDelta, 16, 1)).has_value());  // shorter body
  CHECK_FALSE(decode<GossipDelta>(changed(kDelta, 16, 6)).has_value());  // past the end
  CHECK_FALSE(decode<GossipDelta>(changed(kDelta, 17, 0xFF)).has_value());
  CHECK_FALSE(decode<GossipDelta>(changed(kDelta, 13, 0x02)).has_value());  // flags
  Bytes longer = kDelta;
  longer.push_back(0);
  CHECK_FALSE(decode<GossipDelta>(longer).has_value());
  const Bytes none = changed(Bytes(kDelta.begin(), kDelta.begin() + 15), 14, 0);
  CHECK(decode<GossipDelta>(none).has_value());
}

TEST_CASE("L1 9: a Delta is never longer than its buffer", "[l1][gossip]") {
  for (std::size_t room = 0; room < 60; ++room) {
    Bytes out(room);
    DeltaWriter writer(out);
    while (writer.add({0x60, Bytes(7)})) {
    }
    CHECK(writer.count() == (room < 15 ? 0 : (room - 15) / 10));
    const auto message = writer.finish(1, 1, false);
    CHECK(message.has_value() == (room >= 15));
    if (message) CHECK(decode<GossipDelta>(*message).has_value());
  }
  Bytes large(4096);
  DeltaWriter many(large);
  while (many.add({0x60, {}})) {
  }
  CHECK(many.count() == 255);
}

TEST_CASE("L1 9: GossipPull bytes", "[l1][gossip]") {
  const GossipPull pull{{}, 7, 0x0C, 4096};
  CHECK(same_bytes(encode_fixed(pull), kPull));
  CHECK(*decode<GossipPull>(kPull) == pull);
  refuses_every_truncation<GossipPull>(kPull);
  CHECK_FALSE(decode<GossipPull>(changed(kPull, 5, 0x80)).has_value());
  CHECK_FALSE(decode<GossipPull>(changed(kPull, 5, 0x10)).has_value());
  Bytes longer = kPull;
  longer.push_back(0);
  CHECK_FALSE(decode<GossipPull>(longer).has_value());
}

TEST_CASE("L1 9: item limits are MTU - 18", "[l1][gossip]") {
  CHECK(item_limit(Mtu{484}) == 466);
  CHECK(item_limit(Mtu{1500}) == 1482);
  CHECK(item_limit(Mtu{4096}) == 4078);
  CHECK(item_limit(Mtu{0}) == 0);
}

TEST_CASE("L1 9: tiers follow the kind's range", "[l1][gossip]") {
  CHECK(tier_of(0x01) == GossipTier::routing);
  CHECK(tier_of(0x3F) == GossipTier::routing);
  CHECK(tier_of(0x40) == GossipTier::payment);
  CHECK(tier_of(0x7F) == GossipTier::payment);
  CHECK(tier_of(0x80) == GossipTier::capabilities);
  CHECK(tier_of(0xBF) == GossipTier::capabilities);
  CHECK(tier_of(0xC0) == GossipTier::trust);
  CHECK(tier_of(0xFF) == GossipTier::trust);
}

TEST_CASE("L1 9: the announce item and its id", "[l1][gossip]") {
  const Bytes body = test::announce_body(0x0102, 0x0A0B, 5);
  REQUIRE(body.size() == 130);
  const auto item = decode<AnnounceItem>(body);
  REQUIRE(item.has_value());
  CHECK(item->hops == 5);
  CHECK(item->destination == test::node_id(0x0102));
  Bytes out(body.size());
  CHECK(same_bytes(*encode(*item, out), body));

  SECTION("the id is H/16 of kind, destination and emitted") {
    Bytes canonical{0x01, 0x02, 0x01};
    canonical.resize(17);
    canonical.insert(canonical.end(), {0x0B, 0x0A, 0, 0, 0, 0, 0, 0});
    const auto expected = ItemId::from(crypto::Blake3().update(canonical).finish().view());
    CHECK(announce_item_id(test::node_id(0x0102), 0x0A0B) == expected);
    CHECK(received_item_id({0x01, body}) == expected);
  }
  SECTION("hops and path cost leave it alone, emitted does not") {
    const auto id = received_item_id({0x01, body});
    CHECK(received_item_id({0x01, test::announce_body(0x0102, 0x0A0B, 9)}) == id);
    CHECK(received_item_id({0x01, test::announce_body(0x0102, 0x0A0C, 5)}) != id);
    CHECK(received_item_id({0x40, body}) != id);
  }
  SECTION("hops of 127, short and long DATA are no item") {
    CHECK(received_item_id({0x01, test::announce_body(1, 1, 126)}).has_value());
    CHECK_FALSE(received_item_id({0x01, test::announce_body(1, 1, 127)}).has_value());
    CHECK_FALSE(received_item_id({0x01, ByteView(body).first(129)}).has_value());
    Bytes longest = body;
    longest.resize(kAnnounceItemMax);
    CHECK(received_item_id({0x01, longest}).has_value());
    longest.push_back(0);
    CHECK_FALSE(received_item_id({0x01, longest}).has_value());
  }
}
