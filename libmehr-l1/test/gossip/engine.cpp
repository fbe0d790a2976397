// Two engines over a link: what reaches whom, in what order, at what size.
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "support.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using test::announce_body;
using test::body_of;
using test::kAllKinds;
using test::Pair;
using test::Said;

namespace {

std::vector<GossipItem> items_of(const Said& said) {
  std::vector<GossipItem> out;
  const auto delta = decode<GossipDelta>(said.bytes);
  if (!delta) return out;
  DeltaReader reader(delta->items.bytes);
  while (const auto item = reader.next()) out.push_back(*item);
  return out;
}

std::size_t items_sent(const Pair& pair) {
  std::size_t count = 0;
  for (const Said& said : pair.log) count += items_of(said).size();
  return count;
}

}  // namespace

TEST_CASE("L1 9: equal nodes say two Beats a round", "[l1][gossip]") {
  Pair pair;
  for (std::uint64_t n = 0; n < 50; ++n) {
    pair.a.source.put(0x60, body_of(n));
    pair.b.source.put(0x60, body_of(49 - n));
  }
  pair.connect();
  pair.settle();
  REQUIRE(pair.log.size() == 2);
  CHECK(pair.log[0].by == 0);
  CHECK(pair.log[0].bytes.size() == 22);
  const auto beat = decode<GossipBeat>(pair.log[0].bytes);
  const auto reply = decode<GossipBeat>(pair.log[1].bytes);
  REQUIRE((beat && reply));
  CHECK(beat->mask == 0x02);
  CHECK(reply->mask == 0x82);
  CHECK(reply->digest == beat->digest);
  CHECK(reply->lamport > beat->lamport);
  CHECK(pair.a.ok == 1);
  CHECK(pair.b.ok == 1);
  pair.pass(180_s);
  CHECK(pair.log.size() == 8);
  CHECK(pair.a.ok == 4);
}

TEST_CASE("L1 9: the digest is the XOR of first 8 bytes of ids in the mask", "[l1][gossip]") {
  Pair pair(kAllKinds, kAllKinds);
  std::uint64_t expected = 0;
  for (std::uint64_t n = 0; n < 9; ++n) {
    const std::uint8_t kind = n % 3 == 0 ? 0x60 : 0xC0;
    pair.a.source.put(kind, body_of(n));
    std::uint64_t first = 0;
    Reader(item_id(kind, body_of(n)).view()).get(first);
    if (kind == 0x60) expected ^= first;
  }
  pair.connect();
  CHECK(pair.a.gossip.digest(0, 0x02, pair.now) == expected);
  CHECK(pair.a.gossip.digest(0, 0x00, pair.now) == 0);
  CHECK(pair.a.gossip.digest(0, 0x08, pair.now) != expected);
}

TEST_CASE("L1 property 16: equal after one round absent false positives, else after 4",
          "[l1][gossip]") {
  // A filter hides an item that is missing with 1.9 %, anew in every round: four leave one out with
  // 1.3e-7. So of 100 runs one may be behind once in a thousand times, two never.
  int behind = 0;
  int after_one = 0;
  rc::prop("differing sets grow equal",
           [&](const std::vector<std::uint8_t>& where, std::uint64_t seed) {
             Pair pair(kAllKinds, kAllKinds);
             const std::array<std::uint8_t, 5> kinds{0x40, 0x60, 0x90, 0xC0, 0xD0};
             for (std::size_t n = 0; n < where.size() * 3; ++n) {
               const std::uint8_t kind = kinds[n % 5];
               const std::uint8_t side = static_cast<std::uint8_t>(where[n / 3] + n) % 4;
               const Bytes body = body_of(seed + n, 20 + n % 200);
               if (side != 0) pair.a.source.put(kind, body);
               if (side != 1) pair.b.source.put(kind, body);
             }
             const bool bulk = seed % 2 == 0;
             pair.connect(bulk ? Mtu{4096} : Mtu{484});
             pair.settle();
             RC_ASSERT(pair.a.ok == 1);
             RC_ASSERT(pair.b.ok == 1);
             after_one += pair.level();
             pair.pass(185_s);
             RC_ASSERT(pair.level());
             RC_ASSERT(pair.a.ok == 4);
             RC_ASSERT(pair.a.faults == 0);
             // Nothing that both had was sent, nothing twice.
             RC_ASSERT(pair.a.gossip.counters().known == 0U);
             RC_ASSERT(pair.b.gossip.counters().known == 0U);
           });
  CHECK(after_one >= 10);
  CHECK(behind <= 1);
}

TEST_CASE("L1 9: messages fit the link, and hold one tier each", "[l1][gossip]") {
  Pair pair(kAllKinds, kAllKinds);
  for (std::uint64_t n = 0; n < 300; ++n) {
    pair.a.source.put(n % 2 == 0 ? 0x60 : 0xC0, body_of(n, 20 + n));
    pair.b.source.put(0x90, body_of(1000 + n, 60));
  }
  pair.connect(Mtu{484});
  pair.pass(240_s);
  CHECK(pair.level());
  for (const Said& said : pair.log) {
    CHECK(said.bytes.size() <= 484);
    for (const GossipItem& item : items_of(said)) CHECK(tier_of(item.kind) == said.tier);
  }
}

TEST_CASE("L1 9: an empty node sends an all-zero filter of 8 bytes", "[l1][gossip]") {
  Pair pair;
  pair.b.source.put(0x60, body_of(1));
  pair.connect();
  pair.settle();
  const auto summary = decode<GossipSummary>(pair.log.at(2).bytes);
  REQUIRE(summary.has_value());
  CHECK(summary->size == 8);
  CHECK(all_zero(summary->bits.bytes));
  CHECK(summary->parts == 1);
  CHECK(pair.level());
}

TEST_CASE("L1 9: order is tier, own announce, hop count, newest", "[l1][gossip]") {
  Pair pair(kAllKinds, kAllKinds);
  std::vector<std::pair<std::uint8_t, Bytes>> order;
  const auto announce = [&](std::uint64_t rank) {
    pair.a.source.put(0x01, announce_body(rank, 1), kNoLink, rank);
  };
  for (const std::uint64_t rank : {7U, 3U, 100U, 1U, 5U, 90U, 2U, 60U}) announce(rank);
  for (std::uint64_t n = 200; n > 101; --n) announce(n);
  pair.a.source.put(0xC0, body_of(1));
  pair.a.source.put(0x60, body_of(2));
  pair.connect(Mtu{484});
  pair.settle();
  REQUIRE(pair.b.source.merges.size() == 109);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < 107; ++i) {
    const auto item = decode<AnnounceItem>(pair.b.source.merges[i].second);
    REQUIRE(item.has_value());
    std::uint64_t rank = 0;
    Reader(item->destination.view()).get(rank);
    CHECK(rank > before);
    before = rank;
  }
  CHECK(pair.b.source.merges[107].first == 0x60);
  CHECK(pair.b.source.merges[108].first == 0xC0);
}

TEST_CASE("L1 9: an item is not offered to the link it came from, and its source hears of sending",
          "[l1][gossip]") {
  Pair pair(std::uint8_t{0x01});
  pair.a.source.put(0x01, announce_body(1, 1), LinkSlot{0});
  pair.a.source.put(0x01, announce_body(2, 1));
  pair.connect();
  pair.settle();
  CHECK(pair.b.source.ids().size() == 1);
  REQUIRE(pair.a.source.sends.size() == 1);
  CHECK(pair.a.source.sends[0] == std::pair<std::size_t, LinkSlot>{1, 0});
}

TEST_CASE("L1 property 35: 466 bytes are gossiped on a 484 link, 467 are not, digests stay equal",
          "[l1][gossip]") {
  Pair pair(std::uint8_t{0xD0});
  pair.a.source.put(0xD0, body_of(1, 466));
  pair.a.source.put(0xD0, body_of(2, 467));
  pair.connect(Mtu{484});
  pair.settle();
  CHECK(pair.b.source.ids().size() == 1);
  CHECK(pair.a.gossip.digest(0, 0x08, pair.now) == pair.b.gossip.digest(0, 0x08, pair.now));
  CHECK(pair.a.gossip.left_out(0, 467));
  CHECK_FALSE(pair.a.gossip.left_out(0, 466));
  const std::size_t said = pair.log.size();
  pair.pass(60_s);
  CHECK(pair.log.size() == said + 2);  // Beats only

  SECTION("a node that takes it up elsewhere is told that this link leaves it out") {
    pair.a.gossip.link_up(1, {test::node_id(9), Mtu{1500}, BitsPerSecond{0}}, pair.now);
    pair.a.gossip.link_up(2, {test::node_id(10), Mtu{1500}, BitsPerSecond{0}}, pair.now);
    GossipReceived message;
    const Bytes body = body_of(3, 467);
    const OfferedItem item{{0xD0, body}, {item_id(0xD0, body), 0xD0, 467}, &pair.a.source};
    CHECK(pair.a.gossip.settle(1, message, item, MergeVerdict::taken, pair.now));
    CHECK_FALSE(pair.a.gossip.settle(1, message, item, MergeVerdict::known, pair.now));
    const OfferedItem small{item.item, {item.ref.id, 0xD0, 466}, item.source};
    CHECK_FALSE(pair.a.gossip.settle(1, message, small, MergeVerdict::taken, pair.now));
    pair.a.gossip.link_down(0);
    CHECK_FALSE(pair.a.gossip.settle(1, message, item, MergeVerdict::taken, pair.now));
  }
  SECTION("on a 1,500 link it is gossiped") {
    pair.connect(Mtu{1500});
    pair.pass(11_s);
    CHECK(pair.level());
    CHECK(pair.b.source.ids().size() == 2);
  }
}

TEST_CASE("L1 property 15: below 10 kbps small filters and no unsolicited tier 3 or 4",
          "[l1][gossip]") {
  Pair pair(kAllKinds, kAllKinds);
  for (std::uint64_t n = 0; n < 1000; ++n) {
    pair.a.source.put(0x60, body_of(n));
    if (n % 20 != 0) pair.b.source.put(0x60, body_of(n));
  }
  for (std::uint64_t n = 0; n < 20; ++n) {
    pair.a.source.put(0x90, body_of(n));
    pair.b.source.put(0xC0, body_of(n));
  }
  pair.connect(Mtu{484}, BitsPerSecond{9'999});
  pair.settle();
  const std::size_t first_round = pair.b.source.merges.size();
  CHECK(first_round >= 1);
  CHECK(first_round < 40);  // one part of five
  pair.pass(1500_s);
  std::set<std::uint16_t> parts;
  for (const Said& said : pair.log) {
    CHECK(said.tier <= GossipTier::payment);
    for (const GossipItem& item : items_of(said)) CHECK(item.kind == 0x60);
    const auto beat = decode<GossipBeat>(said.bytes);
    if (beat) CHECK((beat->mask & 0x7C) == 0);
    const auto summary = decode<GossipSummary>(said.bytes);
    if (!summary) continue;
    CHECK(summary->size <= 256);
    CHECK(summary->parts == 5);
    CHECK(summary->part == summary->round % 5);
    parts.insert(summary->part);
  }
  CHECK(parts.size() == 5);
  CHECK(pair.a.missed + pair.a.failed + pair.b.missed + pair.b.failed == 0);
  CHECK(pair.a.gossip.digest(0, 0x02, pair.now) == pair.b.gossip.digest(0, 0x02, pair.now));
}

TEST_CASE("L1 9: tiers 3 and 4 come on Pull, so many bytes, once in 60 s", "[l1][gossip]") {
  Pair pair(kAllKinds, kAllKinds);
  for (std::uint64_t n = 0; n < 100; ++n) pair.b.source.put(n < 60 ? 0x90 : 0xC0, body_of(n));
  pair.connect(Mtu{484}, BitsPerSecond{1'000});
  pair.settle();
  pair.log.clear();
  REQUIRE(pair.a.gossip.pull(0, 0x0C, 1000, pair.now).has_value());
  CHECK_FALSE(pair.a.gossip.pull(0, 0x0C, 1000, pair.now + 59_s).has_value());
  pair.settle();
  std::size_t bytes = 0;
  for (const Said& said : pair.log) {
    if (said.type() == control::kGossipDelta) bytes += said.bytes.size();
    for (const GossipItem& item : items_of(said)) CHECK(tier_of(item.kind) == said.tier);
  }
  CHECK(bytes <= 1000);
  CHECK(bytes > 900);
  const std::size_t first = pair.a.source.ids().size();
  CHECK(first == items_sent(pair));
  CHECK(first >= 20);
  // The next one goes on where this one ended, and tier 4 follows tier 3.
  pair.pass(60_s);
  REQUIRE(pair.a.gossip.pull(0, 0x0C, 100'000, pair.now).has_value());
  pair.settle();
  CHECK(pair.level());
  CHECK(pair.a.gossip.counters().known == 0);
}

TEST_CASE("L1 9: a large catch-up is fed over several rounds", "[l1][gossip]") {
  Pair pair;
  for (std::uint64_t n = 0; n < 300; ++n) {
    pair.a.source.put(0x60, body_of(n, 200), kNoLink, n);
  }
  pair.b.source.put(0x60, body_of(5000));
  pair.connect(Mtu{484});
  pair.burst = 1;
  // One message a second leaves: 100 items cannot go in one round.
  for (int second = 0; second < 400 && !pair.level(); ++second) {
    pair.now = pair.now + 1_s;
    pair.a.on_time(pair.now);
    pair.b.on_time(pair.now);
    for (int i = 0; i < 2; ++i) pair.step(i);
  }
  CHECK(pair.level());
  CHECK(pair.a.ok >= 3);
  CHECK(pair.a.failed + pair.b.failed + pair.a.missed == 0);
  CHECK(pair.b.gossip.counters().known == 0);
  // In order over all rounds, but for what a filter hid by chance.
  std::size_t out_of_order = 0;
  for (std::size_t i = 1; i < pair.b.source.merges.size(); ++i) {
    std::array<std::uint64_t, 2> n{};
    for (std::size_t k = 0; k < 2; ++k) {
      Reader(ByteView(pair.b.source.merges[i - 1 + k].second).subspan(1)).get(n[k]);
    }
    out_of_order += n[1] < n[0];
  }
  CHECK(out_of_order <= 3);
}

TEST_CASE("L1 9: tiers without budget wait, the others go", "[l1][gossip]") {
  Pair pair(kAllKinds, kAllKinds);
  for (std::uint64_t n = 0; n < 50; ++n) {
    pair.a.source.put(0x60, body_of(n, 200));
    pair.a.source.put(0xC0, body_of(n, 200));
  }
  pair.connect(Mtu{484});
  pair.allowed = 0x09;
  pair.settle();
  CHECK(pair.b.source.merges.size() == 50);
  CHECK(pair.b.source.merges[0].first == 0xC0);
  CHECK(pair.a.gossip.ready(0) == 0x02);
  CHECK(pair.a.ok == 0);
  pair.allowed = 0x0F;
  pair.settle();
  CHECK(pair.level());
  CHECK(pair.a.ok == 1);
}

TEST_CASE("L1 9: what is made and not sent changes nothing", "[l1][gossip]") {
  Pair pair;
  for (std::uint64_t n = 0; n < 50; ++n) pair.a.source.put(0x60, body_of(n, 200));
  pair.connect(Mtu{484});
  std::array<std::uint8_t, 4096> buffer{};
  for (int i = 0; i < 200; ++i) {
    for (int k = 0; k < 2; ++k) {
      auto& gossip = pair.node(k).gossip;
      for (int wasted = 0; wasted < 2; ++wasted) {
        (void)gossip.make(0, kAllTiers, buffer, pair.now);
      }
      (void)gossip.make(0, kAllTiers, MutableBytes(buffer).first(14), pair.now);
      pair.step(k);
    }
  }
  CHECK(pair.level());
  CHECK(pair.b.gossip.counters().known == 0);
  CHECK(pair.a.ok == 1);
}

TEST_CASE("L1 9: items that go away or change while they wait", "[l1][gossip]") {
  Pair pair;
  for (std::uint64_t n = 0; n < 40; ++n) pair.a.source.put(0x60, body_of(n, 200));
  pair.connect(Mtu{484});
  pair.burst = 1;
  for (int i = 0; i < 4; ++i) {
    pair.step(0);
    pair.step(1);
  }
  for (std::size_t place = 0; place < 40; place += 2) pair.a.source.take_away(place);
  pair.settle();
  CHECK(pair.a.ok == 1);
  CHECK(pair.b.source.ids().size() >= 20);
  CHECK(pair.b.source.ids().size() < 30);
}

TEST_CASE("L1 9: lost messages fail the round, and the next repairs it", "[l1][gossip]") {
  const std::uint8_t type = GENERATE(control::kGossipSummary, control::kGossipDelta);
  Pair pair;
  for (std::uint64_t n = 0; n < 900; ++n) {
    pair.a.source.put(0x60, body_of(n));
    pair.b.source.put(0x60, body_of(n + 450));
  }
  int lost = 0;
  pair.lose = [&](const Said& said) { return said.type() == type && lost++ % 3 == 0 && lost < 5; };
  pair.connect(Mtu{484});
  pair.settle();
  CHECK_FALSE(pair.level());
  pair.pass(300_s);
  CHECK(pair.level());
}

TEST_CASE("L1 9: an unanswered Beat is missed, the other takes over, and both recover",
          "[l1][gossip]") {
  Pair pair;
  pair.connect();
  pair.lose = [](const Said&) { return true; };
  pair.settle();
  pair.pass(185_s);
  CHECK(pair.a.missed == 3);
  CHECK(pair.b.missed >= 1);
  pair.lose = nullptr;
  pair.pass(120_s);
  CHECK(pair.a.ok >= 1);
  CHECK(pair.b.ok >= 1);
}

TEST_CASE("L1 9: neighbours compare the tiers that both carry", "[l1][gossip]") {
  Pair pair(kAllKinds, {0x01});
  pair.a.source.put(0x60, body_of(1));
  pair.a.source.put(0xC0, body_of(1));
  pair.a.source.put(0x01, announce_body(1, 1));
  pair.b.source.put(0x01, announce_body(1, 1));
  pair.connect();
  pair.settle();
  CHECK(pair.log.size() == 2);
  CHECK(pair.a.ok == 1);
  CHECK(decode<GossipBeat>(pair.log[1].bytes)->mask == 0x81);
  pair.a.source.put(0x01, announce_body(2, 1));
  pair.pass(61_s);
  CHECK(pair.b.source.ids().size() == 2);
  CHECK(pair.b.ok == 2);
  CHECK(pair.b.gossip.counters().unknown_kind == 0);
}

TEST_CASE("L1 9: unknown kinds are skipped, and do not come again each round", "[l1][gossip]") {
  Pair pair({0x40, 0x60}, {0x40});
  pair.a.source.put(0x60, body_of(1));
  pair.a.source.put(0x40, body_of(2));
  pair.connect();
  pair.settle();
  CHECK(pair.b.source.ids().size() == 1);
  CHECK(pair.b.gossip.counters().unknown_kind == 1);
  CHECK(pair.b.faults == 0);
  const std::size_t sent = items_sent(pair);
  pair.pass(240_s);
  CHECK(items_sent(pair) == sent);
  CHECK(pair.a.ok == 5);
}

TEST_CASE("L1 9: refused and expired items count as held for 24 h", "[l1][gossip]") {
  Pair pair;
  Bytes refused = body_of(1);
  refused[0] = 0xDD;
  pair.a.source.put(0x60, refused);
  pair.a.source.put(0x60, body_of(2));
  pair.connect();
  pair.settle();
  CHECK(pair.b.source.merges.size() == 2);
  CHECK(pair.b.gossip.counters().refused == 1);
  CHECK(pair.b.faults == 0);
  pair.b.gossip.let_go(pair.b.source.held[0].ref, pair.now);
  pair.b.source.take_away(0);
  pair.pass(120_s);
  CHECK(pair.b.source.merges.size() == 2);
  CHECK(pair.a.gossip.digest(0, 0x02, pair.now) == pair.b.gossip.digest(0, 0x02, pair.now));
  pair.pass(Millis::seconds(24 * 3600), 20_s);
  CHECK(pair.b.source.merges.size() == 4);
}

TEST_CASE("L1 9: an id that is held again is counted once", "[l1][gossip]") {
  Pair pair;
  pair.a.source.put(0x60, body_of(1));
  pair.b.source.put(0x60, body_of(1));
  pair.b.gossip.let_go(pair.b.source.held[0].ref, pair.now);
  pair.connect();
  pair.settle();
  CHECK(pair.log.size() == 2);
  CHECK(pair.a.ok == 1);
}

TEST_CASE("L1 9: what one neighbour had refused does not part us from others", "[l1][gossip]") {
  test::Node node(5, {0x60});
  node.gossip.link_up(0, {test::node_id(1), Mtu{4096}, BitsPerSecond{0}}, 1_s);
  node.gossip.link_up(1, {test::node_id(2), Mtu{4096}, BitsPerSecond{0}}, 1_s);
  GossipReceived message;
  const Bytes body = body_of(1);
  const OfferedItem item{{0x60, body}, {item_id(0x60, body), 0x60, 40}, &node.source};
  node.gossip.settle(0, message, item, MergeVerdict::refused, 1_s);
  CHECK(node.gossip.digest(0, 0x02, 1_s) != 0);
  CHECK(node.gossip.digest(1, 0x02, 1_s) == 0);
  // Another neighbour in that place starts anew.
  node.gossip.link_down(0);
  node.gossip.link_up(0, {test::node_id(1), Mtu{4096}, BitsPerSecond{0}}, 2_s);
  CHECK(node.gossip.digest(0, 0x02, 2_s) != 0);
  node.gossip.link_up(0, {test::node_id(3), Mtu{4096}, BitsPerSecond{0}}, 2_s);
  CHECK(node.gossip.digest(0, 0x02, 2_s) == 0);
}
