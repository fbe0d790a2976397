// Invariants of routing tables and bounds: real tables, filled as a sound or broken node would.
#include <catch2/catch.hpp>

#include "fake_view.h"
#include "mehr/sim/sim.h"

namespace mehr::sim::test {

namespace {

/// Nodes n0 to n5 with tables; everybody is linked to whom a test links.
struct Tables : Told {
  explicit Tables(Watcher (*make)(Seen)) : Told(make) {
    Chance chance(1, "tables");
    view->tables.resize(FakeView::kNodes);
    for (auto& table : view->tables) table.emplace(view->all_limits, chance);
    for (NodeIndex n = 0; n < FakeView::kNodes; ++n) say(What::booted, n);
    wait(1s);
  }
  l1::RoutingTable& table(NodeIndex n) { return *view->tables[n]; }
  /// A link of both, known to tables and recorder.
  void join(NodeIndex a, NodeIndex b) {
    link(a, b);
    for (const auto& [n, peer] : {std::pair{a, b}, std::pair{b, a}}) {
      l0::LinkInfo info;
      info.id = l0::LinkId{static_cast<std::uint16_t>(peer + 1)};
      info.peer = view->id(peer);
      info.mtu = Mtu{4096};
      REQUIRE(table(n).link_up(info) != l1::kNoLink);
    }
  }
  l1::LinkSlot slot(NodeIndex n, NodeIndex peer) {
    return table(n).find_link(l0::LinkId{static_cast<std::uint16_t>(peer + 1)});
  }
  /// @p node hears of n0 from @p from, at @p hops relays.
  void hear(NodeIndex node, NodeIndex from, std::uint8_t hops, std::uint64_t emitted = 7) {
    const Bytes packet = announce_packet(view->people[0], emitted, true, hops);
    const auto decoded = decode<l0::Packet>(packet);
    const auto announce = decode<l1::Announce>(decoded->data.bytes);
    const l1::Offer offer{view->id(0), *announce, decoded->data.bytes, slot(node, from), hops};
    REQUIRE(table(node).accept(offer, view->clock).route != kNoSlot);
    say(What::route_appeared, node, 0);
  }
  /// @p node told others of n0 at @p hops.
  void told(NodeIndex node, std::uint8_t hops) {
    table(node).announced(table(node).find(view->id(0)), l1::Metric{{0}, hops});
  }
  std::string look() {
    watcher->look();
    return broken();
  }
};

/// n1 -> n2 -> n3 -> n1: each heard of n0 from the next.
Tables circle() {
  Tables t(routes_lead_on);
  for (const auto& [a, b] : {std::pair{1, 2}, std::pair{2, 3}, std::pair{3, 1}}) {
    t.join(static_cast<NodeIndex>(a), static_cast<NodeIndex>(b));
  }
  t.hear(1, 2, 3);
  t.hear(2, 3, 3);
  t.hear(3, 1, 3);
  return t;
}

}  // namespace

TEST_CASE("sim invariants: feasible next hops that lead on are sound", "[sim][invariants]") {
  Tables t(routes_lead_on);
  t.join(0, 1);
  t.join(1, 2);
  t.join(2, 3);
  t.hear(1, 0, 0);
  t.told(1, 1);
  t.hear(2, 1, 1);
  t.told(2, 2);
  t.hear(3, 2, 2);
  CHECK(t.look().empty());
}

TEST_CASE("sim invariants: feasible next hops in a circle are found", "[sim][invariants]") {
  Tables t = circle();
  CHECK(t.look() == "feasible next hops to n0 run in a circle: n1 -> n2 -> n3 -> n1");
  CHECK(t.watcher->broken()->node == 1);
}

TEST_CASE("sim invariants: a circle counts only where the protocol promises that there is none",
          "[sim][invariants]") {
  Tables t = circle();
  SECTION("not feasible: what was sent is no worse than what came") { t.told(2, 3); }
  SECTION("not of the newest announce") {
    t.join(2, 4);
    t.hear(2, 4, 9, 8);
  }
  SECTION("a liar on the way") { t.view->liar = 3; }
  SECTION("a node that restarted behind a link that is still up") {
    t.wait(1s).say(What::booted, 3);
  }
  SECTION("a node that evicted more than it remembers") {
    for (std::size_t i = 0; i <= t.view->all_limits.evicted_routes; ++i)
      t.say(What::route_lost, 2, 5);
  }
  SECTION("a node that is down") { t.view->tables[3].reset(); }
  CHECK(t.look().empty());
}

TEST_CASE("sim invariants: a next hop that is not feasible comes after one that is",
          "[sim][invariants]") {
  Tables t(routes_lead_on);
  t.join(1, 2);
  t.join(1, 3);
  t.hear(1, 2, 1);
  t.told(1, 2);
  t.hear(1, 3, 5);
  CHECK(t.look().empty());
  t.view->stubborn = 1;
  t.view->stubborn_link = t.slot(1, 3);
  SECTION("and says so") {
    CHECK(t.look() == "n1's next hop to n0 is not feasible, though it has one that is");
  }
  SECTION("and calls it so") {
    t.view->stubborn_way = l1::NextHop::Way::feasible;
    CHECK(t.look() == "n1's next hop to n0 is called feasible, and is not");
  }
}

TEST_CASE("sim invariants: a next hop without a link is found", "[sim][invariants]") {
  Tables t(routes_lead_on);
  t.join(1, 2);
  t.hear(1, 2, 1);
  CHECK(t.look().empty());
  t.view->unlinked = {1, 2};
  CHECK(t.look() == "n1's next hop to n0 is a neighbour that it has no link to");
}

TEST_CASE("sim invariants: routes and gone neighbours do not outlive their time",
          "[sim][invariants]") {
  Tables t(nothing_outlives);
  t.join(1, 2);
  t.hear(1, 2, 1);
  SECTION("a route") {
    t.view->clock = Millis::seconds(7200 + 31);
    CHECK(t.look().empty());
    t.view->clock = t.view->clock + Millis{1};
    t.view->paused = 1;
    CHECK(t.look().empty());
    t.view->paused = kNoNode;
    CHECK(t.look() == "n1 keeps a route that nobody renewed for 7230 s");
  }
  SECTION("a neighbour") {
    (void)t.table(1).link_down(l0::LinkId{3}, l0::CloseReason::medium_lost, t.view->clock);
    t.view->clock = t.view->clock + Millis::seconds(630);
    CHECK(t.look().empty());
    t.view->clock = t.view->clock + Millis{1};
    CHECK(t.look() == "n1 still remembers a neighbour that is gone for over 600 s");
  }
}

TEST_CASE("sim invariants: tables and memory stay within Limits", "[sim][invariants]") {
  Tables tables(tables_stay_within);
  tables.join(1, 2);
  tables.join(1, 3);
  tables.hear(1, 2, 1);
  CHECK(tables.look().empty());
  SECTION("routes") {
    tables.view->all_limits.routes = 0;
    CHECK(tables.look() == "n1 has 1 routes, Limits says 0");
  }
  SECTION("links") {
    tables.view->all_limits.links = 1;
    CHECK(tables.look() == "n1 has 2 active links, Limits says 1");
  }
  Told memory(memory_stays_within);
  const std::size_t promised = memory.view->all_limits.total_bytes();
  memory.view->peak = promised;
  memory.watcher->look();
  CHECK(memory.is_sound());
  ++memory.view->peak;
  memory.watcher->look();
  CHECK(memory.broken() == "n0 held " + std::to_string(promised + 1) +
                               " bytes, its Limits promise " + std::to_string(promised));
}

TEST_CASE("sim invariants: a world has them all, each with a name of its own",
          "[sim][invariants]") {
  Sim sim(1);
  const auto all = standard_invariants(sim);
  CHECK(all.size() == (is_counting_memory() ? 14 : 13));
  std::vector<std::string_view> names;
  for (const auto& one : all) names.push_back(one->name());
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

}  // namespace mehr::sim::test
