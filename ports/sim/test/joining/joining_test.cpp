// A newcomer in a town: issue line 1, spec L1/12, property 30.
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "../load/flow.h"
#include "joiner.h"
#include "mehr/sim/test.h"

namespace mehr::sim::test {

namespace {

constexpr Duration kRounds = 180s;  // three of gossip

SimOptions calm() {
  SimOptions options;
  options.hazards = false;
  return options;
}

NodeSpec named(std::size_t i) {
  NodeSpec node;
  node.name = "n" + std::to_string(i);
  return node;
}

/// @p count nodes that are linked in a ring, and one more on their segment.
Topology ring_and_one(std::size_t count) {
  Topology t;
  t.media = {{"net", Media::ethernet().named("net").with_mtu(Mtu{1500})}};
  for (std::size_t i = 0; i <= count; ++i) t.nodes.push_back(named(i));
  for (std::size_t i = 0; i < count; ++i) {
    t.links.push_back({static_cast<NodeIndex>(i), static_cast<NodeIndex>((i + 1) % count), "net"});
  }
  t.members["net"] = {static_cast<NodeIndex>(count)};
  return t;
}

Joiner& add_joiner(Sim& sim, NodeIndex node, const Town& town, Joiner::Config config) {
  auto made = std::make_unique<Joiner>(town, std::move(config));
  Joiner& out = *made;
  sim.node(node).install(std::move(made));
  return out;
}

}  // namespace

SIM_TEST("L1 property 30: with the list alone a newcomer is in within 30 s, and soon knows more",
         Seeds{1, 5}) {
  constexpr NodeIndex kNew = 10;
  Sim sim(seed, calm());
  sim.build(ring_and_one(kNew));
  Town town;  // the name does not resolve
  for (NodeIndex i = 0; i < kNew; ++i) add_joiner(sim, i, town, {});
  sim.run_for(5min);
  CHECK(sim.node(kNew).active_links() == 0);
  Joiner& joiner = add_joiner(sim, kNew, town, {{address_of(3)}, true, true});
  const Instant begun = sim.now();
  CHECK(sim.reaches(30s, [&] { return sim.node(kNew).active_links() > 0; }));
  const double joined = std::chrono::duration<double>(sim.now() - begun).count();
  CHECK(sim.node(kNew).is_linked(sim.node(3).id()));
  CHECK(joiner.machine().counters().resolved == 1);
  sim.run_for(kRounds);
  unsigned beyond = 0;
  for (NodeIndex i = 0; i < kNew; ++i) {
    beyond += i != 3 && sim.node(kNew).is_linked(sim.node(i).id()) ? 1U : 0U;
  }
  std::printf("joining, seed %llu: in after %.2f s, %u neighbours beyond the list after 3 rounds\n",
              static_cast<unsigned long long>(seed), joined, beyond);
  CHECK(beyond >= 2);
  CHECK(sim.is_converged());

  // Restarted, without list and name, it is back by what it remembers.
  joiner.set_config({});
  Fault crash;
  crash.kind = FaultKind::crash;
  crash.at = sim.now().time_since_epoch() + 1s;
  crash.span = 20s;
  crash.node = kNew;
  sim.schedule(crash);
  sim.run_for(20s);
  CHECK(sim.node(kNew).active_links() == 0);
  CHECK(sim.reaches(31s, [&] { return sim.node(kNew).active_links() > 0; }));
  CHECK(joiner.machine().counters().resolved == 0);
}

SIM_TEST("L1 property 30: a node that nobody can connect to relays as any other", Seeds{1, 3}) {
  // n0 and n1 on one segment, n2 and n3 on another, n4 on both: it dials, and nobody dials it.
  constexpr NodeIndex kMiddle = 4;
  Sim sim(seed, calm());
  Topology t;
  t.media = {{"west", Media::ethernet().named("west")}, {"east", Media::ethernet().named("east")}};
  for (std::size_t i = 0; i <= kMiddle; ++i) t.nodes.push_back(named(i));
  t.links = {{0, 1, "west"}, {2, 3, "east"}};
  t.members = {{"west", {kMiddle}}, {"east", {kMiddle}}};
  sim.build(t);
  Town town;
  town.closed = {kMiddle};
  for (NodeIndex i = 0; i < kMiddle; ++i) add_joiner(sim, i, town, {});
  sim.run_for(30s);  // the others are there before it
  add_joiner(sim, kMiddle, town, {{address_of(0), address_of(2)}, false, false});
  Sink& sink = add_sink(sim.node(3));
  REQUIRE(sim.reaches(2min, [&] {
    return sim.node(kMiddle).is_linked(sim.node(0).id()) &&
           sim.node(kMiddle).is_linked(sim.node(2).id());
  }));
  sim.run_for(kRounds);
  for (const l1::LinkView& link : sim.node(kMiddle).stack().network().links()) {
    CHECK(link.info.role == l0::LinkRole::initiator);
  }
  const Flow& flow =
      add_flow(sim.node(1), 1, {3, context::kInteractive, 100, BitsPerSecond{8'000}});
  sim.run_for(30s);
  CHECK(flow.sent() > 200);
  CHECK(sink.of(1).latency.size() + 2 >= flow.sent());
  CHECK(sim.node(kMiddle).stack().network().counters().forwarded >= flow.sent() - 2);
}

}  // namespace mehr::sim::test
