// One node that lies, in each of the ways that L1 must stand: issue line 5.
#include <algorithm>
#include <catch2/catch.hpp>

#include "crowd.h"
#include "mehr/l1/reservation_messages.h"

namespace mehr::sim::test {

namespace {

using ms = std::chrono::duration<double, std::milli>;

unsigned long long shown(std::uint64_t seed) { return seed; }

}  // namespace

// A path cost is not signed: whoever passes it on may lie. What it gains is what it carries.
// spec: L1/2.2, L1/6
SIM_TEST("sim adversaries: a cost liar draws ways to itself, but makes none circle or break",
         Seeds{1, 3}) {
  Crowd crowd(seed);
  for (NodeIndex i = 0; i <= Crowd::kAdversary; ++i) crowd.sim.node(i).prices().set_all(100);
  crowd.sim.run_for(3min);
  const unsigned honest = crowd.by_adversary();
  const std::size_t longest = crowd.longest();
  crowd.misbehave("lies-about-cost");
  crowd.sim.run_for(40min);  // a refresh of everybody's announce
  crowd.speak(context::kInteractive, BitsPerSecond{2'000});
  crowd.sim.run_for(10s);
  crowd.forget();
  crowd.sim.run_for(2min);
  std::printf(
      "cost liar, seed %llu: %u of 72 pairs by n9, %u before; longest way %zu, %zu before; "
      "%.2f %% arrived\n",
      shown(seed), crowd.by_adversary(), honest, crowd.longest(), longest, 100 * crowd.arrived());
  CHECK(crowd.lost() == "");
  CHECK(crowd.arrived() > 0.999);
  // Only the steps towards the liar are added to a way: no node is farther than two from it.
  CHECK(crowd.longest() <= longest + 2);
}

// spec: L1/4.2, L1/5 eviction memory; property 7
SIM_TEST("sim adversaries: announces and packets said again cost no packet and are not passed on",
         Seeds{1, 3}) {
  Crowd crowd(seed);
  crowd.misbehave("replays");  // from the first announce on
  crowd.sim.run_for(3min);
  const auto passed_on = [&] {  // without being asked
    std::uint64_t out = 0;
    for (NodeIndex i = 0; i < Crowd::kHonest; ++i) {
      const l1::NetworkCounters& c = crowd.network(i).counters();
      out += c.announces_sent - c.path_requests_answered;
    }
    return out;
  };
  const std::uint64_t before = passed_on();
  std::uint64_t repeated = 0;
  crowd.speak(context::kInteractive, BitsPerSecond{2'000});
  crowd.sim.run_for(10s);
  crowd.forget();
  crowd.sim.run_for(10min);
  for (NodeIndex i = 0; i < Crowd::kHonest; ++i) {
    const l1::NetworkCounters& c = crowd.network(i).counters();
    repeated += c.announces_repeated + c.announces_replayed + c.announces_older + c.announces_own;
  }
  std::printf("replays, seed %llu: %llu announces said again, %llu passed on; %.3f %% arrived\n",
              shown(seed), static_cast<unsigned long long>(repeated),
              static_cast<unsigned long long>(passed_on() - before), 100 * crowd.arrived());
  CHECK(repeated > 1000);
  CHECK(crowd.arrived() > 0.999);
  // What is new to nobody is said twice by a link at most, of each node. spec: L1/4.3 rule 4
  std::uint64_t ends = 0;
  for (NodeIndex i = 0; i < Crowd::kHonest; ++i) ends += crowd.network(i).links().size();
  CHECK(passed_on() - before <= 2 * ends * (Crowd::kHonest + 1));
}

// A filter that claims everything: nobody offers the liar anything, and that is all it gains.
// spec: L1/9
SIM_TEST("sim adversaries: a poisoned filter starves the poisoner, not those behind it",
         Seeds{1, 3}) {
  Crowd crowd(seed);
  crowd.sim.run_for(3min);
  crowd.misbehave("fills-filters");
  // n3, beside the liar, comes back after a while and lacks everything, also what passed meanwhile.
  Fault crash;
  crash.kind = FaultKind::crash;
  crash.at = 4min;
  crash.span = 2min;
  crash.node = 3;
  crowd.sim.schedule(crash);
  crowd.sim.run_for(2min + 59s);  // the crash is at 4 min and lasts 2
  const Instant back = crowd.sim.now();
  CHECK(crowd.sim.reaches(4min, [&] {
    bool all = true;
    for (NodeIndex i = 0; i < Crowd::kHonest; ++i) {
      all = all && (i == 3 || (crowd.sim.node(3).knows(crowd.sim.node(i).id()) &&
                               crowd.sim.node(i).knows(crowd.sim.node(3).id())));
    }
    return all && crowd.lost().empty();
  }));
  std::printf("poisoned filter, seed %llu: all known again %.0f s after the boot\n", shown(seed),
              std::chrono::duration<double>(crowd.sim.now() - back).count());
}

// spec: L1/10.4: a signal holds for what goes to the liar, and only there
SIM_TEST("sim adversaries: false congestion keeps traffic from the liar, and slows no other",
         Seeds{1, 3}) {
  Crowd crowd(seed);
  crowd.sim.run_for(3min);
  const unsigned before = crowd.by_adversary();
  crowd.misbehave("cries-congestion");
  crowd.sim.run_for(10s);
  // P2, which a saturated neighbour does not get at all.
  crowd.speak(context::kStandard, BitsPerSecond{8'000});
  crowd.sim.run_for(10s);
  crowd.forget();
  crowd.sim.run_for(5min);
  std::printf(
      "false congestion, seed %llu: %.2f %% of P2 arrived, slowest %.0f ms; %u pairs used "
      "the liar before\n",
      shown(seed), 100 * crowd.arrived(), ms(crowd.slowest()).count(), before);
  // A node that drops what it is given gains as much: what has no other way that is sure to be none
  // in circles waits for the liar, and no more than that.
  CHECK(crowd.arrived() > 1 - before / 72.0 - 0.01);
}

// spec: L1/8: 16 per upstream, half of a link for one upstream, 60 s without data
SIM_TEST("sim adversaries: a squatter reserves its share, and honest reservations still pass",
         Seeds{1, 3}) {
  Crowd crowd(seed);
  crowd.misbehave("squats");  // from the first announce on: it must know of somebody
  crowd.sim.run_for(6min);
  for (NodeIndex i = 0; i < Crowd::kHonest; i += 3) {
    const l1::ReservationCounters& c = crowd.network(i).reservation_counters();
    std::printf("squatter, seed %llu: n%u granted %llu, refused %llu\n", shown(seed), i,
                static_cast<unsigned long long>(c.granted),
                static_cast<unsigned long long>(c.refused));
    // Each holds for a minute without data: 16 a minute, and those of the links beside.
    CHECK(c.granted <= 16 * 6 * 3);
  }
  unsigned committed = 0, refused = 0;
  Node& origin = crowd.sim.node(1);
  NodeObservers observers;
  observers.reservation = [&](const l1::ReservationNews& news) {
    committed += news.what == l1::ReservationNews::What::committed ? 1U : 0U;
    refused += news.what == l1::ReservationNews::What::refused ? 1U : 0U;
  };
  origin.observe(observers);
  const auto asked = origin.enter([&] {
    l1::ReservationOrder order;
    order.destination = crowd.sim.node(4).id();
    order.estimated_bytes = 10'000'000;
    order.min_throughput = 1'000'000;
    return origin.stack().network().reserve(order);
  });
  CHECK(asked.has_value());
  crowd.sim.run_for(40s);
  CHECK(committed == 1);
  CHECK(refused == 0);
  crowd.speak(context::kInteractive, BitsPerSecond{8'000});
  crowd.sim.run_for(10s);
  crowd.forget();
  crowd.sim.run_for(1min);
  CHECK(crowd.arrived() > 0.999);
  CHECK(crowd.slowest() < 500ms);
}

}  // namespace mehr::sim::test
