// Changed ways and costs: what is told, to whom, and how often. spec: L1/4.1, L1/4.3, L1/10.5
#include <algorithm>
#include <catch2/catch.hpp>

#include "mehr/l1/path_messages.h"
#include "nodes.h"

using namespace mehr;
using namespace mehr::l1;
using test::Net;

namespace {

/// PathUpdates that @p node sent on its link to @p to, about @p destination.
std::vector<PathUpdateItem> updates(const test::Node& node, std::size_t to,
                                    const NodeId& destination) {
  std::vector<PathUpdateItem> out;
  for (const auto& sent : node.links.controls) {
    const auto update = decode<PathUpdate>(sent.packet);
    if (!update || sent.link != node.link_to(to)) continue;
    for (std::size_t i = 0; i < update->count; ++i) {
      if (update->item(i).destination == destination) out.push_back(update->item(i));
    }
  }
  return out;
}

std::uint64_t coded(std::uint64_t price) { return CostCode::encode(price).decode(); }

}  // namespace

TEST_CASE("L1 2.2: a relay adds its price to what it passes on", "[l1][paths]") {
  Net net(3);
  net[1].policy.per_byte = 100;
  net.line();
  CHECK(net[2].facts(net[0].id()).cost == coded(100));
  CHECK(net[2].facts(net[0].id()).hops == 1);
  CHECK(net[1].facts(net[0].id()).cost == 0);  // to its neighbour it relays nothing
}

TEST_CASE("L1 4.1: a price that moved by more than a quarter is told, once in 60 s",
          "[l1][paths]") {
  Net net(3);
  net[1].policy.per_byte = 100;
  net.line();
  const NodeId to = net[0].id();
  net[1].charge(125);  // a quarter is not more than a quarter
  net.world.pass(Millis::seconds(61));
  CHECK(updates(net[1], 2, to).empty());
  net[1].charge(126);
  net.world.settle();
  REQUIRE(updates(net[1], 2, to).size() == 1);
  CHECK(net[2].facts(to).cost == coded(126));
  CHECK(updates(net[1], 0, to).empty());  // never to where the way leads
  net[1].charge(1000);
  net.world.pass(Millis{59'999});
  CHECK(updates(net[1], 2, to).size() == 1);
  net.world.pass(Millis{1});
  CHECK(updates(net[1], 2, to).size() == 2);
  CHECK(net[2].facts(to).cost == coded(1000));
}

TEST_CASE("L1 4.1: any change from a price of zero is told", "[l1][paths]") {
  Net net(3);
  net.line();
  net[1].charge(1);
  net.world.settle();
  CHECK(net[2].facts(net[0].id()).cost == coded(1));
}

TEST_CASE("L1 4.3: a change of cost travels on from relay to relay", "[l1][paths]") {
  Net net(5);
  net.line();
  net[1].charge(1000);
  net.world.pass(Millis::seconds(240));
  CHECK(net[4].facts(net[0].id()).cost == coded(1000));
}

TEST_CASE("L1 4.1: another next hop is told at once, and traffic follows", "[l1][paths]") {
  Net net(4);  // 0 - 1 - 3 and 0 - 2 - 3, the way over 2 is dearer
  net[2].policy.per_byte = 500;
  net.join(0, 1);
  net.join(0, 2);
  net.join(1, 3);
  net.join(2, 3);
  net.world.pass(Millis::seconds(11));
  const NodeId to = net[0].id();
  CHECK(net[3].facts(to).next_hop == net[1].id());
  net[0].listen(0xE2);
  net[1].charge(5000);
  net.world.pass(Millis::seconds(61));
  CHECK(net[3].facts(to).next_hop == net[2].id());
  CHECK(net[3].send(to, 0xE2, Bytes{1}).has_value());
  net.world.settle();
  CHECK(net[2].network.counters().forwarded == 1);
  CHECK(net[0].received.size() == 1);
}

TEST_CASE("L1 4.3: a better way than those held is asked for, when only its update came",
          "[l1][paths]") {
  Limits one_way = Limits::small();
  one_way.candidates = 1;
  Net net(4, one_way);  // 0 - 1 - 3 and 0 - 2 - 3, the way over 2 is dearer
  net[1].policy.per_byte = 100;
  net[2].policy.per_byte = 5000;
  net.join(1, 3);
  net.join(2, 3);
  net.join(0, 1);
  net.join(0, 2);
  net.world.pass(Millis::seconds(61));
  const NodeId to = net[0].id();
  REQUIRE(net[3].network.ways(to).size() == 1);
  REQUIRE(net[3].facts(to).next_hop == net[1].id());
  const auto asked = [&] { return net[3].network.counters().path_requests_sent; };
  SECTION("a worse one is not") {
    net[2].charge(1000);
    net.world.pass(Millis::seconds(61));
    CHECK(updates(net[2], 3, to).size() == 1);
    CHECK(asked() == 0);
  }
  SECTION("a better one is, by one question to one neighbour") {
    net[2].charge(10);
    net.world.pass(Millis::seconds(61));
    CHECK(net[3].facts(to).next_hop == net[2].id());
    CHECK(net[3].facts(to).cost == coded(10));
    CHECK(asked() == 1);
    CHECK(net[2].network.counters().path_requests_answered == 2);  // 0 asks it for 3 likewise
    CHECK(net[1].network.counters().path_requests_answered == 0);
    CHECK(net[0].network.counters().path_requests_answered == 0);
  }
}

TEST_CASE("L1 5: a lost way is retracted, and a new one announced in its place", "[l1][paths]") {
  Net net(4);  // 0 - 1 - 2 - 3, later 0 - 2 as well
  net.line();
  const NodeId to = net[0].id();
  net.cut(0, 1);
  net.world.settle();
  const auto told = updates(net[1], 2, to);
  REQUIRE(told.size() == 1);
  CHECK_FALSE(told[0].path_cost.cost.known());
  REQUIRE(updates(net[2], 3, to).size() == 1);  // it travels on
  CHECK_FALSE(updates(net[2], 3, to)[0].path_cost.cost.known());
  net.join(0, 2);
  net.world.pass(Millis::seconds(61));
  CHECK(net[3].facts(to).cost == 0);
  CHECK(net[1].facts(to).next_hop == net[2].id());
}

TEST_CASE("L1 2.2: a narrower way is told, and packets are made to fit it", "[l1][paths]") {
  Net net(4);  // 0 = 1 - 3 wide, 0 = 2 - 3 narrow; the wide one is lost
  net.join(0, 1);
  net.join(0, 2, 484);
  net.join(1, 3);
  net.join(2, 3);
  net.world.pass(Millis::seconds(11));
  net.join(3, net.nodes.size() - 4 + 0, 484);  // 3 - 0 too, narrow as well
  net.world.settle();
  net.cut(0, 1);
  net.world.pass(Millis::seconds(61));
  CHECK(net[3].facts(net[0].id()).mtu.bytes == 484);
  CHECK(net[3].network.max_body(net[0].id()) == 465);
}

TEST_CASE("L1 4.3: PathUpdates from who has nothing to say change nothing", "[l1][paths]") {
  Net net(3);
  net.line();
  const auto update = [&](const NodeId& about, std::uint64_t emitted) {
    Bytes out(2 + 31);
    Writer w(out);
    w.put(PathUpdate{{}, 1, {}});
    w.put(PathUpdateItem{about, emitted, CompactPathCost{{900}, 0, {}, 0, {}}});
    return out;
  };
  const auto& counters = net[1].network.counters();
  const auto cost = [&] { return net[1].facts(net[0].id()).cost; };
  net[1].from(2, update(net[0].id(), 1));        // never announced it
  net[1].from(0, update(net[0].id(), 1));        // another emitted
  net[1].from(0, update(test::node_id(99), 1));  // unknown destination
  CHECK(counters.updates_ignored == 3);
  CHECK(cost() == 0);
  net[1].from(0, Bytes{0x8A, 1, 2});
  CHECK(counters.control_malformed == 1);
  CHECK(net[1].links.malformed.size() == 1);
}

namespace {

// Follows a packet by what relays count: a node that sees it twice counts a duplicate.
std::uint64_t duplicates(Net& net) {
  std::uint64_t n = 0;
  for (const auto& node : net.nodes) n += node->network.counters().duplicate;
  return n;
}
std::uint64_t unsafe(Net& net) {
  std::uint64_t n = 0;
  for (const auto& node : net.nodes) {
    n += node->network.counters().unsafe_ways + node->network.counters().ring_steps;
  }
  return n;
}

}  // namespace

TEST_CASE("L1 property 12: with changing costs no packet visits a node twice", "[l1][paths]") {
  constexpr std::size_t kNodes = 50;
  const auto seed = static_cast<std::uint64_t>(GENERATE(range(1, 5)));
  CAPTURE(seed);
  test::SeededRandom chance(seed);
  Limits limits = Limits::small();
  limits.routes = 4 * kNodes;  // a leaf learns all of them over one link
  Net net(kNodes, limits);
  for (auto& node : net.nodes) {
    node->links.recording = false;
    node->listen(0xE2);
  }
  for (std::size_t i = 1; i < kNodes; ++i) {
    net.join(i, chance.below(i));
    const std::size_t other = chance.below(kNodes);
    if (other != i && net[i].neighbours.count(other) == 0) net.join(i, other);
  }
  net.world.pass(Millis::seconds(15));
  std::uint64_t checked = 0;
  for (int step = 0; step < 40; ++step) {
    net[chance.below(kNodes)].charge(chance.below(100'000));
    // Asked while updates are under way: that is when loops would show.
    if (step % 4 == 0) net.world.pass(Millis::seconds(20));
    for (int i = 0; i < 10; ++i) {
      const std::size_t from = chance.below(kNodes);
      const std::size_t to = chance.below(kNodes);
      if (from == to) continue;
      const Bytes body{static_cast<std::uint8_t>(step), static_cast<std::uint8_t>(i)};
      const std::uint64_t twice = duplicates(net);
      const std::uint64_t by_unsafe = unsafe(net);
      const Status sent = net[from].send(net[to].id(), 0xE2, body);
      INFO((sent ? "" : sent.error().text));
      REQUIRE(sent.has_value());
      net.world.settle();
      if (unsafe(net) != by_unsafe) continue;
      REQUIRE(duplicates(net) == twice);
      ++checked;
    }
  }
  CHECK(checked > 200);
}
