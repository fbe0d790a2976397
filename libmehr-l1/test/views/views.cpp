// What L1 shows people and does for them: ways, questions for one, probes, names of counters.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "mehr/l1/counter_names.h"
#include "nodes.h"

using namespace mehr;
using namespace mehr::l1;
using test::Net;

TEST_CASE("L1 5: every way to a node is shown", "[l1][views]") {
  Net net(4);
  for (const std::size_t middle : {std::size_t{1}, std::size_t{2}}) {
    net.join(0, middle);
    net.join(middle, 3);
  }
  net.world.pass(Millis::seconds(11));
  auto ways = net[0].network.ways(net[3].id());
  REQUIRE(ways.size() == 2);
  std::set<NodeId> next_hops;
  for (const WayInfo& w : ways) {
    CHECK(w.way == NextHop::Way::feasible);
    CHECK_FALSE(w.avoided);
    CHECK(w.info.destination == net[3].id());
    CHECK(w.info.hop_count == 1);
    CHECK(w.info.ways == 2);
    CHECK(w.info.link.value != 0);
    next_hops.insert(w.info.next_hop);
  }
  CHECK(next_hops == std::set<NodeId>{net[1].id(), net[2].id()});

  net.cut(0, 1);
  ways = net[0].network.ways(net[3].id());
  REQUIRE(ways.size() == 2);
  for (const WayInfo& w : ways) {
    const bool is_up = w.info.next_hop == net[2].id();
    CHECK((w.info.link.value != 0) == is_up);
    CHECK((w.way == NextHop::Way::feasible) == is_up);
  }
  CHECK(net[0].network.ways(test::node_id(99)).empty());
}

TEST_CASE("L1 6: a neighbour is a way to itself, announced or not", "[l1][views]") {
  Net net(2);
  net[1].network.set_announcing(false);
  net.join(0, 1);
  net.world.pass(Millis::seconds(11));
  REQUIRE(net[0].network.routes().empty());
  auto ways = net[0].network.ways(net[1].id());
  REQUIRE(ways.size() == 1);
  CHECK(ways[0].way == NextHop::Way::neighbour);
  CHECK(ways[0].info.next_hop == net[1].id());
  CHECK(ways[0].info.cost == 0);
  CHECK(ways[0].info.mtu.bytes == 4096);
  CHECK(ways[0].info.emitted == 0);

  net[1].network.announce_now();
  net.world.settle();
  ways = net[0].network.ways(net[1].id());
  REQUIRE(ways.size() == 1);
  CHECK(ways[0].way == NextHop::Way::neighbour);
  CHECK(ways[0].info.emitted != 0);
}

TEST_CASE("L1 4.3: a way is asked for once in 20 s", "[l1][views]") {
  Net net(2);
  net.line();
  const NodeId stranger = test::node_id(99);
  CHECK(net[0].network.seek(stranger));
  CHECK_FALSE(net[0].network.seek(stranger));
  net.world.pass(Millis::seconds(19));
  CHECK_FALSE(net[0].network.seek(stranger));
  net.world.pass(Millis::seconds(1));
  CHECK(net[0].network.seek(stranger));
  CHECK(net[0].network.counters().path_requests_sent == 2);
}

TEST_CASE("L1 7: who asks for a probe hears when it did not leave", "[l1][views]") {
  Net net(2);
  net.line();
  std::size_t told = 0;
  net[0].network.on_probe([&](const ProbeEvent&) { ++told; });
  net[0].links.ends.erase(net[0].link_to(1));  // gone, and nobody said so yet
  const Status sent = net[0].network.probe(net[1].id(), Mtu{100});
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == Errc::not_found);
  net.world.pass(Millis::seconds(30));
  CHECK(told == 0);
}

TEST_CASE("L1 7: a search finds the MTU and leaves the way's reliability alone", "[l1][views]") {
  Net net(3);
  net.join(0, 1);
  net.join(1, 2, 484);
  net.world.pass(Millis::seconds(11));
  std::vector<ProbeEvent> told;
  net[0].network.on_probe([&](const ProbeEvent& e) { told.push_back(e); });
  REQUIRE(net[0].network.search_mtu(net[2].id()));
  net.world.pass(Millis::seconds(300));
  REQUIRE_FALSE(told.empty());
  CHECK(told.back().kind == ProbeEvent::Kind::search_finished);
  CHECK(told.back().size == Mtu{484});
  const auto failed = std::count_if(told.begin(), told.end(), [](const ProbeEvent& e) {
    return e.kind == ProbeEvent::Kind::failed;
  });
  CHECK(failed > 0);
  const auto ways = net[0].network.ways(net[2].id());
  REQUIRE(ways.size() == 1);
  CHECK(ways[0].info.reliability == 128);  // one answer. spec: L1/5
}

TEMPLATE_TEST_CASE("L1 counters have names of their own", "[l1][views]", NetworkCounters,
                   GossipCounters, ReservationCounters) {
  std::set<std::string> names;
  std::size_t count = 0;
  for_each_counter(TestType{}, [&](const char* name, std::uint64_t value) {
    names.insert(name);
    ++count;
    CHECK(value == 0);
  });
  CHECK(count == sizeof(TestType) / sizeof(std::uint64_t));
  CHECK(names.size() == count);
}

TEST_CASE("L1 counters are shown by the right name", "[l1][views]") {
  NetworkCounters counters;
  counters.sent = 1;
  counters.loops = 2;
  counters.storage_failed = 3;
  std::map<std::string, std::uint64_t> shown;
  for_each_counter(counters, [&](const char* name, std::uint64_t value) {
    if (value != 0) shown[name] = value;
  });
  CHECK(shown ==
        std::map<std::string, std::uint64_t>{{"sent", 1}, {"loops", 2}, {"storage_failed", 3}});
}
