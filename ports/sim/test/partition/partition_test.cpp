// Two halves of a town that do not hear of each other for an hour: issue line 6, spec L1/5, L1/9.
#include <catch2/catch.hpp>
#include <cstdio>

#include "mehr/sim/test.h"

namespace mehr::sim::test {

namespace {

constexpr std::size_t kNodes = 1000;
constexpr std::size_t kAnnouncers = 50;

}  // namespace

// Bound: after links are back, two rounds of gossip and the minute in which a link is dialled anew.
SIM_TEST(
    "sim partition: halves of 500 nodes, an hour apart, know each other three minutes after "
    "they are joined again",
    Seeds{1, 1}) {
  SimOptions options;
  options.hazards = false;
  options.standard_invariants = false;
  options.taps = false;
  options.room_for_all = true;
  options.limits.routes = 64;
  options.limits.evicted_routes = 64;
  options.limits.packet_ids = 64;
  options.limits.envelope_replays = 64;
  options.limits.peer_keys = 32;
  Sim sim(seed, options);
  Topology town = random_geometric(kNodes, 8, Media::tcp(), seed);
  for (std::size_t i = 0; i < kNodes; ++i)
    town.nodes[i].announces = i % (kNodes / kAnnouncers) == 0;
  sim.build(town);
  REQUIRE(sim.reaches(10min, [&] { return sim.is_linked() && sim.is_converged(); }));
  CHECK(sim.check_routes().value_or("") == "");

  const Duration apart = 1h;
  const Duration at = sim.now().time_since_epoch() + 1min;
  sim.schedule(split_in_two(sim, at, apart));
  sim.run_for(1min + apart - 1s);
  CHECK(sim.check_routes().has_value());  // it was parted
  sim.run_for(1s);
  const Instant joined = sim.now();
  const bool linked = sim.reaches(10min, [&] { return sim.is_linked(); });
  const Instant links = sim.now();
  const bool known =
      sim.reaches(30min, [&] { return sim.is_converged() && !sim.check_routes().has_value(); });
  std::printf("partition, seed %llu: all links after %.1f s, all ways after %.1f s\n",
              static_cast<unsigned long long>(seed),
              std::chrono::duration<double>(links - joined).count(),
              std::chrono::duration<double>(sim.now() - joined).count());
  CHECK(linked);
  CHECK(known);
  CHECK(sim.now() - links <= 3min);
  CHECK(sim.check_routes().value_or("") == "");
}

}  // namespace mehr::sim::test
