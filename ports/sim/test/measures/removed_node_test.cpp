// A relay that is gone for good: issue line 2, spec L1/5 neighbour liveness, property 31.
#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "../load/flow.h"
#include "mehr/sim/test.h"

namespace mehr::sim::test {

namespace {

constexpr std::size_t kSide = 4;

/// Datagrams: nothing closes when a node is gone, so that its silence alone tells.
Media air() { return Media::wifi().named("air").loss(0).with_range(0); }

/// A grid of lines between two nodes each.
Topology streets() {
  Media line = air();
  line.shared = false;
  return grid(kSide, kSide, line);
}

}  // namespace

SIM_TEST("L1 property 31: a node that is removed is routed around within three minutes",
         Seeds{1, 3}) {
  const bool streams = seed % 2 == 0;  // a connection that breaks tells at once
  SimOptions options;
  options.hazards = false;
  Sim sim(seed, options);
  sim.build(streams ? grid(kSide, kSide, Media::tcp()) : streets());
  sim.run_for(3min);
  // Corner to corner and side to side, through the middle.
  const std::vector<std::pair<NodeIndex, NodeIndex>> pairs{{0, 15}, {3, 12}, {1, 13}, {4, 7},
                                                           {15, 0}, {12, 3}, {14, 2}, {11, 8}};
  std::vector<Sink*> sinks;
  for (std::uint32_t i = 0; i < pairs.size(); ++i) {
    const auto [from, to] = pairs[i];
    add_flow(sim.node(from), i, {to, context::kInteractive, 100, BitsPerSecond{8'000}});
    sinks.push_back(&add_sink(sim.node(to)));
  }
  sim.run_for(20s);
  NodeIndex removed = 5;
  for (const auto& [from, to] : pairs) {  // one that carries something
    const auto way = sim.way(from, to);
    REQUIRE(way.back() == to);
    if (way.size() > 2) removed = way[way.size() / 2];
  }
  for (const auto& [from, to] : pairs) REQUIRE((removed != from && removed != to));
  Fault gone;
  gone.kind = FaultKind::crash;
  gone.at = sim.now().time_since_epoch() + 1s;
  gone.node = removed;
  sim.schedule(gone);
  sim.run_for(1s);
  const Instant lost = sim.now();
  // Every flow arrives again, second after second, for ten of them.
  const auto all_arrive = [&] {
    for (Sink* sink : sinks) sink->clear();
    sim.run_for(10s);
    bool all = true;
    for (std::uint32_t i = 0; i < pairs.size(); ++i) {
      all = all && sinks[i]->of(i).latency.size() >= 98;  // of a hundred
    }
    return all;
  };
  Duration took{0};
  while (took <= 4min && !all_arrive()) took = sim.now() - lost;
  std::printf("removed n%u (%s), seed %llu: routed around after %.0f s\n", removed,
              streams ? "streams" : "datagrams", static_cast<unsigned long long>(seed),
              std::chrono::duration<double>(took).count());
  CHECK(took <= 3min);
}

}  // namespace mehr::sim::test
