#include "mehr/l1/routing_table.h"

#include <rapidcheck/catch.h>

#include <array>
#include <catch2/catch.hpp>
#include <map>

#include "fake_world.h"
#include "mehr/l1/announce_item.h"

using namespace mehr;
using namespace mehr::l1;
using test::link_info;
using test::node_id;

namespace {

constexpr Millis kStart = Millis::seconds(100);

Limits small() {
  Limits l = Limits::small();
  l.routes = 16;
  l.links = 6;
  l.candidates = 3;
  l.evicted_routes = 64;
  return l;
}

// The table takes verified announces, so tests make them up.
struct Made {
  Announce announce;
  Bytes data;
};
Made made(std::uint64_t emitted, std::uint8_t hop_count) {
  Made m;
  m.announce.emitted = emitted;
  m.announce.extension.path_cost.hop_count = hop_count;
  m.data.resize(113);
  const auto encoded = encode(m.announce, m.data);
  REQUIRE(encoded.has_value());
  return m;
}

Accepted accept(RoutingTable& table, std::uint64_t destination, LinkSlot link,
                std::uint64_t emitted, std::uint8_t hop_count, Millis now = kStart) {
  const Made m = made(emitted, hop_count);
  return table.accept({node_id(destination), m.announce, m.data, link, hop_count}, now);
}

// As the destination sees it: nobody is nearer on the ring.
std::optional<NextHop> choose(const RoutingTable& table, std::uint64_t destination,
                              LinkSlot ingress, std::size_t size) {
  const NodeId to = node_id(destination);
  return table.choose({to, ingress, size, PathPolicy{}, 0, false}, to);
}

std::size_t pass(RoutingTable& table, Millis until) {
  std::size_t changes = 0;
  while (table.next_deadline() <= until) {
    if (table.on_time(table.next_deadline())) ++changes;
  }
  return changes;
}

struct Fixture {
  test::SeededRandom random{5};
  RoutingTable table{small(), random};
  LinkSlot a = table.link_up(link_info(11, node_id(1001)));
  LinkSlot b = table.link_up(link_info(12, node_id(1002)));
};

}  // namespace

TEST_CASE_METHOD(Fixture, "L1 property 13: stale at 5,400 s, gone at 7,200 s", "[l1][table]") {
  const Accepted got = accept(table, 1, a, 10, 0);
  CHECK(got.created);
  CHECK(table.next_deadline() == kStart + Millis::seconds(5400));
  CHECK_FALSE(table.on_time(kStart + Millis{5'399'999}).has_value());
  CHECK(table.candidates(got.route)[0].state == RouteState::fresh);
  CHECK(table.on_time(kStart + Millis::seconds(5400)).has_value());
  CHECK(table.candidates(got.route)[0].state == RouteState::stale);
  CHECK(choose(table, 1, kNoLink, 100).has_value());  // a stale route is a last resort
  CHECK_FALSE(table.on_time(kStart + Millis{7'199'999}).has_value());
  const auto gone = table.on_time(kStart + Millis::seconds(7200));
  REQUIRE(gone.has_value());
  CHECK(gone->lost);
  CHECK(gone->destination == node_id(1));
  CHECK(table.size() == 0);
  CHECK(table.next_deadline() == Millis::never());
}

TEST_CASE_METHOD(Fixture, "L1 property 13: neighbour down makes its routes stale, 600 s gone",
                 "[l1][table]") {
  const Slot route = accept(table, 1, a, 10, 0).route;
  accept(table, 2, b, 10, 0);
  const Millis down = kStart + Millis::seconds(200);
  SECTION("silent for 180 s when the link closed") {
    CHECK(table.link_down(l0::LinkId{11}, l0::CloseReason::idle, down) == a);
    CHECK(table.candidates(route)[0].state == RouteState::stale);
    CHECK_FALSE(choose(table, 1, kNoLink, 100).has_value());
    CHECK(pass(table, down + Millis{419'999}) == 0);
    CHECK(table.find(node_id(1)) == route);
    CHECK(pass(table, down + Millis::seconds(420)) == 1);
    CHECK(table.find(node_id(1)) == kNoSlot);
    CHECK(table.find(node_id(2)) != kNoSlot);
  }
  SECTION("closed without silence") {
    table.link_down(l0::LinkId{11}, l0::CloseReason::medium_lost, down);
    CHECK(pass(table, down + Millis{599'999}) == 0);
    CHECK(pass(table, down + Millis::seconds(600)) == 1);
  }
  SECTION("the neighbour returns in time") {
    table.link_down(l0::LinkId{11}, l0::CloseReason::medium_lost, down);
    CHECK(table.link_up(link_info(40, node_id(1001))) == a);
    CHECK(choose(table, 1, kNoLink, 100)->link == a);  // stale, its link up
    CHECK(table.novelty(node_id(1), 10, CompactPathCost{}, a, down) == Novelty::fresh);
    accept(table, 1, a, 10, 0, down);
    CHECK(table.candidates(route)[0].state == RouteState::fresh);
    CHECK(table.novelty(node_id(1), 10, CompactPathCost{}, a, down) == Novelty::repeated);
    CHECK(pass(table, down + Millis::seconds(600)) == 0);
  }
}

TEST_CASE_METHOD(Fixture, "L1 property 7: lower emitted, equal emitted, replay", "[l1][table]") {
  const Slot route = accept(table, 1, a, 10, 2).route;
  CHECK(table.novelty(node_id(1), 9, CompactPathCost{}, b, kStart) == Novelty::older);
  const Accepted second = accept(table, 1, b, 10, 3);
  CHECK(second.route == route);
  CHECK_FALSE(second.newer);
  CHECK(table.candidates(route)[1].link == b);
  CHECK(accept(table, 1, b, 11, 3).newer);
  const Millis gone = kStart + Millis::seconds(7200);
  pass(table, gone);
  CHECK(table.find(node_id(1)) == kNoSlot);
  const Millis day = Millis::seconds(24 * 3600);
  CHECK(table.novelty(node_id(1), 11, CompactPathCost{}, a, gone) == Novelty::replayed);
  CHECK(table.novelty(node_id(1), 11, CompactPathCost{}, a, gone + day - Millis{1}) ==
        Novelty::replayed);
  CHECK(table.novelty(node_id(1), 11, CompactPathCost{}, a, gone + day) == Novelty::fresh);
  CHECK(table.novelty(node_id(1), 12, CompactPathCost{}, a, gone) == Novelty::fresh);
}

TEST_CASE_METHOD(Fixture, "L1 4.3: an announce that a better one overtook changes nothing",
                 "[l1][table]") {
  const auto novelty = [&](std::uint64_t emitted, std::uint8_t hops, LinkSlot link) {
    return table.novelty(node_id(1), emitted, made(emitted, hops).announce.extension.path_cost,
                         link, kStart);
  };
  accept(table, 1, a, 10, 2);
  CHECK(novelty(10, 3, a) == Novelty::repeated);
  CHECK(novelty(10, 1, a) == Novelty::fresh);
  CHECK(novelty(10, 3, b) == Novelty::fresh);
  CHECK(novelty(11, 3, a) == Novelty::fresh);
  // The neighbour may have forgotten what it said over the link before.
  table.link_down(l0::LinkId{11}, l0::CloseReason::medium_lost, kStart);
  REQUIRE(table.link_up(link_info(40, node_id(1001))) == a);
  CHECK(novelty(10, 3, a) == Novelty::fresh);
}

TEST_CASE_METHOD(Fixture, "L1 4.3: a worse announce revives a route that is running out",
                 "[l1][table]") {
  accept(table, 1, a, 10, 2);
  pass(table, kStart + Millis::seconds(5400));
  CompactPathCost worse;
  worse.hop_count = 3;
  CHECK(table.novelty(node_id(1), 10, worse, a, kStart) == Novelty::fresh);
}

TEST_CASE_METHOD(Fixture, "L1 4.2: feasibility compares the metric received with FD as sent",
                 "[l1][table]") {
  const Slot route = accept(table, 1, a, 10, 2).route;
  accept(table, 1, b, 10, 3);
  CHECK(table.best_feasible(route)->link == a);
  table.announced(route, Metric{{}, 3});
  CHECK(table.route(route).feasible == Metric{{}, 3});
  table.link_down(l0::LinkId{11}, l0::CloseReason::shutdown, kStart);
  CHECK(table.best_feasible(route) == nullptr);      // 3 is not below 3
  CHECK(choose(table, 1, kNoLink, 100)->link == b);  // a last but one resort
  accept(table, 1, b, 11, 3);
  CHECK(table.best_feasible(route)->link == b);  // FD starts anew with E
}

TEST_CASE_METHOD(Fixture, "README 9 clarifications 23 and 24: ingress never, neighbour always",
                 "[l1][table]") {
  accept(table, 1, a, 10, 0);
  CHECK_FALSE(choose(table, 1, a, 100).has_value());
  CHECK(choose(table, 1, b, 100)->link == a);
  CHECK(choose(table, 1002, kNoLink, 100)->link == b);
  CHECK_FALSE(choose(table, 1002, b, 100).has_value());
  table.link_down(l0::LinkId{12}, l0::CloseReason::shutdown, kStart);
  CHECK_FALSE(choose(table, 1002, kNoLink, 100).has_value());
}

TEST_CASE_METHOD(Fixture, "L1 6 step 5: a candidate too narrow goes when another fits",
                 "[l1][table]") {
  const LinkSlot narrow = table.link_up(link_info(13, node_id(1003), 484));
  accept(table, 1, narrow, 10, 0);
  CHECK(choose(table, 1, kNoLink, 485)->link == narrow);  // none fits: the best all the same
  accept(table, 1, a, 10, 1);
  CHECK(choose(table, 1, kNoLink, 485)->link == a);
  CHECK(choose(table, 1, a, 484)->link == narrow);
}

TEST_CASE_METHOD(Fixture, "L1 6 step 4: feasible before unsafe before stale before the ring",
                 "[l1][table]") {
  const Slot route = accept(table, 1, a, 10, 2).route;
  accept(table, 1, b, 10, 3);
  table.announced(route, Metric{{}, 4});
  CHECK(choose(table, 1, kNoLink, 1)->way == NextHop::Way::feasible);
  CHECK(table.mark_behind(a, node_id(1)));
  CHECK_FALSE(table.mark_behind(a, node_id(1)));  // once
  CHECK(choose(table, 1, kNoLink, 1)->link == b);
  CHECK(table.mark_behind(b, node_id(1)));
  CHECK(choose(table, 1, kNoLink, 1)->way == NextHop::Way::unsafe);
  pass(table, kStart + kRouteFresh);
  CHECK(choose(table, 1, kNoLink, 1)->way == NextHop::Way::stale);
  accept(table, 1, b, 11, 3, kStart + kRouteFresh);
  CHECK(choose(table, 1, kNoLink, 1)->way == NextHop::Way::feasible);  // a newer announce absolves
}

TEST_CASE_METHOD(Fixture, "L1 6 step 4: a congested link waits while another remains",
                 "[l1][table]") {
  accept(table, 1, a, 10, 0);
  accept(table, 1, b, 10, 0);
  const NodeId to = node_id(1);
  const RouteQuery bulk{to, kNoLink, 100, PathPolicy{}, 0, true};
  const LinkSlot usual = table.choose(bulk, to)->link;
  const LinkSlot other = usual == a ? b : a;
  table.set_avoided(usual, true);
  CHECK(table.choose(bulk, to)->link == other);
  CHECK(choose(table, 1, kNoLink, 100)->link == usual);  // P0 and P1 stay
  table.set_avoided(other, true);
  CHECK(table.choose(bulk, to)->link == usual);  // nothing else is left
}

TEST_CASE("L1 6 step 7: without a route, the neighbour strictly nearer on the ring",
          "[l1][table]") {
  test::SeededRandom random(5);
  RoutingTable table(small(), random);
  const auto at = [](std::uint8_t first) {
    NodeId id;
    id.bytes[0] = first;
    return id;
  };
  const LinkSlot far = table.link_up(link_info(1, at(0x40)));
  const LinkSlot near = table.link_up(link_info(2, at(0x10)));
  const RouteQuery query{at(0x08), kNoLink, 100, PathPolicy{}, 0, false};
  CHECK(table.choose(query, at(0x20))->link == near);
  CHECK(table.choose(query, at(0x20))->way == NextHop::Way::ring);
  CHECK_FALSE(table.choose(query, at(0x0F)).has_value());  // this node is nearer than both
  CHECK_FALSE(table.choose(query, at(0x00)).has_value());  // equally near is not nearer
  const RouteQuery from_near{at(0x08), near, 100, PathPolicy{}, 0, false};
  CHECK(table.choose(from_near, at(0x80))->link == far);
}

TEST_CASE_METHOD(Fixture, "L1 4.3: a PathUpdate replaces the cost of the announce it names",
                 "[l1][table]") {
  const Slot route = accept(table, 1, a, 10, 0).route;
  CompactPathCost dear;
  dear.cost = CostCode::encode(1000);
  dear.hop_count = 4;
  CHECK(table.update(b, node_id(1), 10, dear) == kNoSlot);  // no candidate over that link
  CHECK(table.update(a, node_id(1), 9, dear) == kNoSlot);
  CHECK(table.update(a, node_id(2), 10, dear) == kNoSlot);
  CHECK(table.update(a, node_id(1), 10, dear) == route);
  const Candidate& c = table.candidates(route)[0];
  CHECK(c.received == dear);
  CHECK(c.entry.worst_latency_ms == 10);  // the link step was done
  CHECK(c.cost == dear.cost.decode());
  CHECK(c.updated == kStart);  // it does not live longer for it
}

TEST_CASE_METHOD(Fixture, "L1 5: reliability starts at 128, rises by sixteenths, falls by quarters",
                 "[l1][table]") {
  const Slot route = accept(table, 1, a, 10, 0).route;
  const auto reliability = [&] { return int{table.candidates(route)[0].reliability}; };
  CHECK(reliability() == 0);
  table.outcome(a, node_id(1), false);
  CHECK(reliability() == 128);
  table.outcome(a, node_id(1), true);
  CHECK(reliability() == 136);  // 128 + ceil(127/16)
  table.outcome(a, node_id(1), false);
  CHECK(reliability() == 102);  // 136 - 34
  for (int i = 0; i < 100; ++i) table.outcome(a, node_id(1), false);
  CHECK(reliability() == 1);
  for (int i = 0; i < 200; ++i) table.outcome(a, node_id(1), true);
  CHECK(reliability() == 255);
}

TEST_CASE_METHOD(Fixture, "L1 2.2: what is measured of a link counts for every route over it",
                 "[l1][table]") {
  const Slot route = accept(table, 1, a, 10, 0).route;
  table.measured(a, Millis{70}, BitsPerSecond{9600});
  const CompactPathCost& entry = table.candidates(route)[0].entry;
  CHECK(entry.worst_latency_ms == 70);
  CHECK(entry.bottleneck_bps == RateCode::encode(BitsPerSecond{9600}));
}

TEST_CASE_METHOD(Fixture, "L0 6: PacketTooBig lowers a route until a newer announce", "[l0][mtu]") {
  accept(table, 1, a, 10, 0);
  CHECK_FALSE(table.limit_mtu(b, node_id(1), Mtu{600}));  // no route over that link
  CHECK_FALSE(table.limit_mtu(a, node_id(2), Mtu{600}));
  CHECK_FALSE(table.limit_mtu(a, node_id(1), Mtu{483}));
  CHECK_FALSE(table.limit_mtu(a, node_id(1), Mtu{4097}));  // above the current one
  CHECK(table.limit_mtu(a, node_id(1), Mtu{1500}));
  CHECK(choose(table, 1, kNoLink, 100)->usable.bytes == 1500);
  CHECK_FALSE(table.limit_mtu(a, node_id(1), Mtu{1501}));
  accept(table, 1, a, 10, 1);  // same emitted: stays lowered
  CHECK(choose(table, 1, kNoLink, 100)->limit.bytes == 1500);
  accept(table, 1, a, 11, 1);
  CHECK(choose(table, 1, kNoLink, 100)->limit.bytes == 4096);
}

TEST_CASE_METHOD(Fixture, "README 9 clarification 5: a link displaces only its own",
                 "[l1][table]") {
  const std::size_t share = 16 / 4;
  accept(table, 500, b, 10, 0);
  accept(table, 1002, a, 10, 1);  // a direct neighbour, heard of over a
  for (std::uint64_t n = 0; n < 50; ++n) {
    accept(table, 2000 + n, a, 10, 0, kStart + kRouteResidence * n);
    CHECK(table.link(a).charged <= share);
  }
  CHECK(table.find(node_id(500)) != kNoSlot);
  CHECK(table.find(node_id(1002)) != kNoSlot);
  CHECK(table.find(node_id(2049)) != kNoSlot);
  CHECK(table.find(node_id(2040)) == kNoSlot);  // the oldest went
  CHECK(table.size() == share + 1);
}

TEST_CASE_METHOD(Fixture, "L1 5: what came lately is not displaced by what comes now",
                 "[l1][table]") {
  for (std::uint64_t n = 0; n < 50; ++n) {
    const Accepted got = accept(table, 2000 + n, a, 10, 0, kStart + Millis{n});
    CHECK((got.route != kNoSlot) == (n < 4));
  }
  const Millis later = kStart + kRouteResidence;
  CHECK(accept(table, 3000, a, 10, 0, later - Millis{1}).route == kNoSlot);
  CHECK(accept(table, 3000, a, 10, 0, later).evicted->id == announce_item_id(node_id(2000), 10));
}

TEST_CASE_METHOD(Fixture, "L1 5: a table full of what others hold within their share takes nothing",
                 "[l1][table]") {
  const LinkSlot c = table.link_up(link_info(13, node_id(1003)));
  const LinkSlot d = table.link_up(link_info(14, node_id(1004)));
  for (std::uint64_t n = 0; n < 16; ++n) {
    const LinkSlot link = std::array{a, b, c, d}[n % 4];
    CHECK(accept(table, 2000 + n, link, 10, 0).route != kNoSlot);
  }
  const LinkSlot e = table.link_up(link_info(15, node_id(1005)));  // the share is 3 from here on
  for (std::uint64_t n = 0; n < 3; ++n) {
    const Accepted got = accept(table, 3000 + n, e, 10, 0);
    CHECK(got.route != kNoSlot);
    CHECK(got.evicted.has_value());
  }
  for (const LinkSlot link : {a, b, c, d, e}) CHECK(table.link(link).charged >= 3);
}

TEST_CASE_METHOD(Fixture, "README 9 clarification 5: a flood evicts nothing another link leads to",
                 "[l1][table]") {
  for (std::uint64_t n = 1; n <= 4; ++n) {
    accept(table, n, a, 10, 0);  // the flooder was merely the first to pass it on
    accept(table, n, b, 10, 1);
  }
  for (std::uint64_t n = 0; n < 50; ++n) {
    accept(table, 2000 + n, a, 10, 0, kStart + Millis::seconds(20 * n));
    CHECK(table.link(a).charged <= 4);
    CHECK(table.link(b).charged <= 4);
  }
  for (std::uint64_t n = 1; n <= 4; ++n) CHECK(choose(table, n, a, 100)->link == b);
  CHECK(table.size() == 8);
}

TEST_CASE("L1 5: a full table gives up a stale route first", "[l1][table]") {
  test::SeededRandom random(5);
  Limits limits = small();
  limits.routes = 8;
  RoutingTable table(limits, random);
  std::vector<LinkSlot> links;
  for (std::uint16_t i = 0; i < 5; ++i) {
    links.push_back(table.link_up(link_info(static_cast<std::uint16_t>(i + 1), node_id(900U + i))));
    if (i == 3) {  // four links fill the table, two routes each
      for (std::uint64_t n = 0; n < 8; ++n) accept(table, n, links[n / 2], 10, 0, kStart);
    }
  }
  CHECK(table.size() == 8);
  table.link_down(l0::LinkId{3}, l0::CloseReason::shutdown, kStart);
  const Accepted got = accept(table, 77, links[4], 10, 0);
  REQUIRE(got.evicted.has_value());
  const auto is_of = [&](std::uint64_t n) {
    return got.evicted->id == announce_item_id(node_id(n), 10);
  };
  CHECK((is_of(4) || is_of(5)));
  CHECK(table.size() == 8);
}

TEST_CASE("L1 5: all slots taken, the longest dead link gives way", "[l1][table]") {
  test::SeededRandom random(5);
  Limits limits = small();
  limits.links = 2;
  RoutingTable table(limits, random);
  const LinkSlot a = table.link_up(link_info(1, node_id(901)));
  table.link_up(link_info(2, node_id(902)));
  CHECK(table.link_up(link_info(3, node_id(903))) == kNoLink);
  accept(table, 5, a, 10, 0);
  table.link_down(l0::LinkId{1}, l0::CloseReason::shutdown, kStart);
  CHECK(table.link_up(link_info(3, node_id(903))) == a);
  CHECK(table.find(node_id(5)) == kNoSlot);
  CHECK(table.neighbour(node_id(901)) == kNoLink);
  CHECK(table.find_link(l0::LinkId{3}) == a);
}

TEST_CASE("L1 13.3: a route of an unknown major version comes last", "[l1][table]") {
  test::SeededRandom random(5);
  RoutingTable table(small(), random);
  const LinkSlot a = table.link_up(link_info(1, node_id(901)));
  Made m = made(10, 0);
  m.announce.extension.version = 0x20;
  const Slot route = table.accept({node_id(1), m.announce, m.data, a, 0, true}, kStart).route;
  CHECK(table.route(route).opaque);
  CHECK_FALSE(table.candidates(route)[0].entry.cost.known());
}

namespace {

void check_invariants(const RoutingTable& table, const Limits& limits) {
  std::size_t live = 0;
  std::map<LinkSlot, std::size_t> charged;
  for (Slot slot = 0; slot < table.route_slots(); ++slot) {
    std::size_t used = 0;
    for (const Candidate& c : table.candidates(slot)) {
      if (c.link == kNoLink) continue;
      ++used;
      const LinkEntry& link = table.link(c.link);
      RC_ASSERT(link.state != LinkEntry::State::free);  // none of a link that is gone
      RC_ASSERT(link.state == LinkEntry::State::up || c.state == RouteState::stale);
      RC_ASSERT(c.emitted <= table.route(slot).emitted);
    }
    RC_ASSERT(table.is_live(slot) == (used > 0));
    if (!table.is_live(slot)) continue;
    ++live;
    const Route& route = table.route(slot);
    RC_ASSERT(table.find(route.destination) == slot);
    ++charged[route.charged_to];
    if (const Candidate* best = table.best_feasible(slot)) {
      RC_ASSERT(best->emitted == route.emitted);
      RC_ASSERT(!route.any_sent || best->received.metric() < route.feasible);
    }
  }
  RC_ASSERT(live == table.size());
  RC_ASSERT(live <= limits.routes);
  for (std::size_t i = 0; i < table.link_slots(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    RC_ASSERT(table.link(link).charged == charged[link]);
  }
}

}  // namespace

TEST_CASE("L1 5: invariants hold under any operations", "[l1][table]") {
  rc::prop("random operations", [] {
    test::SeededRandom random(9);
    const Limits limits = small();
    RoutingTable table(limits, random);
    Millis now = kStart;
    std::map<std::uint64_t, Metric> lowest;  // FD never rises within an E
    const auto count = *rc::gen::inRange(0, 200);
    for (int i = 0; i < count; ++i) {
      const auto kind = *rc::gen::inRange(0, 10);
      const auto id = *rc::gen::inRange<std::uint16_t>(1, 9);
      if (kind == 0 && table.find_link(l0::LinkId{id}) == kNoLink) {
        table.link_up(link_info(id, node_id(1000U + id)));
      } else if (kind == 1) {
        table.link_down(l0::LinkId{id}, l0::CloseReason::idle, now);
      } else if (kind == 2) {
        now = now + Millis::seconds(*rc::gen::inRange<std::uint64_t>(0, 2000));
        while (table.on_time(now)) {
        }
        RC_ASSERT(table.next_deadline() > now);
      } else if (kind == 3) {
        const Slot slot = table.find(node_id(id));
        if (slot != kNoSlot) {
          const Metric before = table.route(slot).feasible;
          table.announced(slot, Metric{{}, *rc::gen::arbitrary<std::uint8_t>()});
          RC_ASSERT(table.route(slot).feasible <= before);
        }
      } else {
        const LinkSlot link = table.find_link(l0::LinkId{id});
        const auto destination = *rc::gen::inRange<std::uint64_t>(1, 40);
        const auto emitted = *rc::gen::inRange<std::uint64_t>(1, 5);
        CompactPathCost cost;
        cost.hop_count = *rc::gen::inRange<std::uint8_t>(0, 6);
        if (link == kNoLink) continue;
        if (table.novelty(node_id(destination), emitted, cost, link, now) != Novelty::fresh)
          continue;
        accept(table, destination, link, emitted, cost.hop_count, now);
      }
      check_invariants(table, limits);
    }
  });
}
