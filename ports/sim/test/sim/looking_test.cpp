// What tests ask a world for: traffic, prices, probes, what is true of links.
#include <catch2/catch.hpp>

#include "mehr/sim/sim.h"
#include "mehr/sim/traffic.h"

namespace mehr::sim::test {

namespace {

// Equal packets would be taken for one.
void send(Sim& sim, NodeIndex from, NodeIndex to, std::uint8_t fill) {
  const Bytes body(100, fill);
  sim.node(from).enter([&] {
    CHECK(sim.node(from).stack().network().send(sim.node(to).id(), {context::kStandard, 0}, body,
                                                {}));
  });
}

}  // namespace

TEST_CASE("sim: traffic is metered by link, kind and window", "[sim]") {
  Sim sim{5};
  TrafficMeter meter(sim.recorder(), 30s);
  sim.line(3, Media::tcp());
  REQUIRE(sim.reaches(20s, [&] { return sim.is_converged(); }));
  CHECK(meter.bytes(0, 1, Traffic::user) == 0);
  CHECK(meter.bytes(0, 1, Traffic::gossip) > 150);  // its announce at least
  CHECK(meter.bytes(0, 2, Traffic::gossip) == 0);
  sim.run_for(60s);
  for (std::uint8_t i = 0; i < 3; ++i) send(sim, 0, 2, i);
  sim.run_for(1s);
  // 19 bytes of header and 24 of the link.
  CHECK(meter.bytes(0, 1, Traffic::user) == 3 * 143);
  CHECK(meter.bytes(1, 2, Traffic::user) == 3 * 143);
  CHECK(meter.messages(1, 2, Traffic::user) == 3);
  CHECK(meter.bytes(1, 0, Traffic::user) == 0);
  CHECK(meter.bytes(Traffic::user) == 6 * 143);
  CHECK(meter.most(Traffic::user) == 3 * 143);
  const auto windows = meter.windows(0, 1);
  REQUIRE(windows.size() >= 2);
  CHECK(windows.back().bytes[static_cast<std::size_t>(Traffic::user)] == 3 * 143);
  CHECK(windows.front().bytes[static_cast<std::size_t>(Traffic::user)] == 0);
}

TEST_CASE("sim: a node asks its price, counts what it carries, and may refuse", "[sim]") {
  Sim sim{6};
  const Nodes line = sim.line(3, Media::tcp());
  line[1].prices().set(line[0].id(), 1000);
  REQUIRE(sim.reaches(1min, [&] { return sim.is_converged(); }));
  const auto cost = [&](NodeIndex from, NodeIndex to) -> std::uint64_t {
    for (const l1::RouteInfo& route : line[from].stack().network().routes()) {
      if (route.destination == line[to].id()) return route.cost;
    }
    return ~std::uint64_t{0};
  };
  CHECK(cost(0, 2) > 900);
  CHECK(cost(0, 2) < 1100);
  CHECK(cost(2, 0) == 0);
  send(sim, 0, 2, 1);
  sim.run_for(1s);
  CHECK(line[1].prices().carried(line[0].id()).packets == 1);
  CHECK(line[1].prices().carried(line[0].id()).bytes == 119);
  line[1].prices().refuse(line[0].id());
  send(sim, 0, 2, 2);
  sim.run_for(1s);
  CHECK(line[1].prices().carried(line[0].id()).packets == 1);
  CHECK(line[1].stack().network().counters().not_admitted == 1);
}

TEST_CASE("sim: probes tell what is true of a way", "[sim]") {
  Sim sim{7};
  Topology t = line(3, Media::tcp().with_delay(20ms));
  t.media["narrow"] = Media::tcp().named("narrow").with_delay(30ms).with_mtu(Mtu{1000});
  t.links[1].media = "narrow";
  const Nodes nodes = sim.build(t);
  std::vector<l1::ProbeEvent> heard;
  NodeObservers observers;
  observers.probe = [&](const l1::ProbeEvent& event) { heard.push_back(event); };
  nodes[0].observe(observers);
  REQUIRE(sim.reaches(1min, [&] { return sim.is_converged(); }));
  CHECK(sim.way(0, 2) == std::vector<NodeIndex>{0, 1, 2});
  CHECK(sim.truth(0, 1)->mtu == Mtu{4096});
  CHECK(sim.truth(1, 2)->mtu == Mtu{1000});
  CHECK(sim.truth(1, 2)->one_way == 30ms);
  CHECK_FALSE(sim.truth(0, 2));
  nodes[0].enter([&] { CHECK(nodes[0].stack().network().probe(nodes[2].id(), Mtu{500})); });
  sim.run_for(5s);
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].kind == l1::ProbeEvent::Kind::answered);
  CHECK(heard[0].size == Mtu{500});
}

TEST_CASE("sim: a world is split in two halves, and heals", "[sim]") {
  Sim sim{8};
  const Nodes line = sim.line(4, Media::tcp());
  REQUIRE(sim.reaches(1min, [&] { return sim.is_converged() && sim.is_linked(); }));
  const Fault split = split_in_two(sim, 1min, 0s);
  CHECK(split.side == std::vector<std::uint8_t>{0, 0, 1, 1});
  sim.schedule(split);
  sim.run_for(10min);
  CHECK(line[1].is_linked(line[0].id()));
  CHECK_FALSE(line[1].is_linked(line[2].id()));
  sim.heal();
  CHECK(sim.reaches(15min, [&] { return sim.is_linked() && sim.is_converged(); }));
}

}  // namespace mehr::sim::test
