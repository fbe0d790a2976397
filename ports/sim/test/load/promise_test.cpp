// What a reservation is worth where everything is full: spec L1/8, decision 0014.
#include <catch2/catch.hpp>
#include <cstdio>

#include "flow.h"
#include "mehr/sim/test.h"

namespace mehr::sim::test {

namespace {

/// n0 and n1 behind n2; n3 behind a narrow link.
Topology narrow_exit() {
  Topology t;
  t.media = {{"wide", Media::tcp().named("wide")},
             {"narrow", Media::tcp()
                            .named("narrow")
                            .with_rate(BitsPerSecond{250'000})
                            .with_mtu(Mtu{1500})
                            .with_queue(4096)}};
  for (int i = 0; i < 4; ++i) {
    NodeSpec node;
    node.name = "n" + std::to_string(i);
    t.nodes.push_back(node);
  }
  t.links = {{0, 2, "wide"}, {1, 2, "wide"}, {2, 3, "narrow"}};
  return t;
}

/// Share of a bulk flow at 80 kbps that arrives while another sends three times what the link
/// takes.
double share_arrived(std::uint64_t seed, bool reserved) {
  SimOptions options;
  options.hazards = false;
  // One of them knows packets by their context alone: it takes what was promised for what can wait.
  options.standard_invariants = false;
  Sim sim(seed, options);
  sim.build(narrow_exit());
  Sink& sink = add_sink(sim.node(3));
  sim.run_for(30s);
  bool committed = false;
  if (reserved) {
    NodeObservers observers;
    observers.reservation = [&](const l1::ReservationNews& news) {
      committed = committed || news.what == l1::ReservationNews::What::committed;
    };
    sim.node(0).observe(observers);
    l1::ReservationOrder order;
    order.destination = sim.node(3).id();
    order.estimated_bytes = 100'000'000;
    order.min_throughput = 100'000;
    REQUIRE(sim.node(0).enter(
        [&] { return sim.node(0).stack().network().reserve(order).has_value(); }));
    sim.run_for(5s);
    CHECK(committed);
  }
  const Flow& mine = add_flow(sim.node(0), 1, {3, context::kBulk, 1000, BitsPerSecond{80'000}});
  add_flow(sim.node(1), 2, {3, context::kStandard, 1000, BitsPerSecond{750'000}});
  sim.run_for(1min);
  const std::uint64_t before = mine.sent();
  sink.clear();
  sim.run_for(2min);
  return static_cast<double>(sink.of(1).latency.size()) / static_cast<double>(mine.sent() - before);
}

}  // namespace

SIM_TEST("sim load: a reserved rate is kept where all else is full", Seeds{1, 2}) {
  const double without = share_arrived(seed, false);
  const double with = share_arrived(seed, true);
  std::printf("reserved, seed %llu: %.1f %% arrived, %.1f %% without\n",
              static_cast<unsigned long long>(seed), 100 * with, 100 * without);
  CHECK(with > 0.98);
  CHECK(without < 0.5);
}

}  // namespace mehr::sim::test
