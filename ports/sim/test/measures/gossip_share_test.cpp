// What gossip takes of links of every class, at its worst: issue line 2, spec L1/9.1, property 31.
#include <catch2/catch.hpp>
#include <cstdio>

#include "mehr/sim/test.h"
#include "mehr/sim/traffic.h"

namespace mehr::sim::test {

namespace {

struct LinkClass {
  const char* name;
  std::uint64_t bps;
  std::uint16_t mtu;
};
constexpr std::array<LinkClass, 7> kClasses{{{"1 kbps", 1'000, 484},
                                             {"9.6 kbps", 9'600, 484},
                                             {"50 kbps", 50'000, 484},
                                             {"1 Mbps", 1'000'000, 1500},
                                             {"10 Mbps", 10'000'000, 1500},
                                             {"100 Mbps", 100'000'000, 4096},
                                             {"1 Gbps", 1'000'000'000, 4096}}};
constexpr NodeIndex kHub = 0, kNewcomer = 1;
constexpr std::size_t kTown = 40;

/// A town of forty around a hub, and somebody behind the link that is measured, with one more.
Topology town(const LinkClass& c) {
  Topology t;
  const Media measured = Media::tcp()
                             .named("measured")
                             .with_rate(BitsPerSecond{c.bps})
                             .with_mtu(Mtu{c.mtu})
                             .with_queue(8192);
  t.media = {{"fast", Media::tcp().named("fast")}, {"measured", measured}};
  for (std::size_t i = 0; i < kTown + 3; ++i) {
    NodeSpec node;
    node.name = "n" + std::to_string(i);
    t.nodes.push_back(node);
  }
  t.links.push_back({kHub, kNewcomer, "measured"});
  t.links.push_back({kNewcomer, 2, "fast"});
  for (std::size_t i = 0; i < kTown; ++i) {
    t.links.push_back({kHub, static_cast<NodeIndex>(3 + i), "fast"});
  }
  return t;
}

}  // namespace

// Everybody's announce, a newcomer that lacks all of them after each crash, and a refresh of all.
SIM_TEST("L1 property 31: gossip stays within a tenth of a link of any class", Seeds{1, 1}) {
  for (const LinkClass& c : kClasses) {
    INFO(c.name);
    SimOptions options;
    options.hazards = false;
    options.limits.routes = 256;
    Sim sim(seed, options);
    sim.build(town(c));
    const TrafficMeter meter(sim.recorder(), 60s);
    for (const Duration at : {Duration{10min}, Duration{20min}}) {
      Fault crash;
      crash.kind = FaultKind::crash;
      crash.at = at;
      crash.span = 30s;
      crash.node = kNewcomer;
      sim.schedule(crash);
    }
    sim.run_for(45min);
    double most = 0;
    std::uint64_t all = 0, windows = 0;
    const double capacity = static_cast<double>(c.bps) / 8 * 60;
    const double frame = c.mtu + 24;
    for (const auto& [from, to] : {std::pair{kHub, kNewcomer}, std::pair{kNewcomer, kHub}}) {
      for (const TrafficMeter::Window& w : meter.windows(from, to)) {
        const auto gossip = static_cast<double>(w.bytes[static_cast<std::size_t>(Traffic::gossip)]);
        most = std::max(most, gossip);
        all += w.bytes[static_cast<std::size_t>(Traffic::gossip)];
        ++windows;
        CHECK(gossip <= 0.10 * capacity + frame);
      }
    }
    std::printf(
        "gossip on %-8s  busiest minute %6.2f %%, mean %6.3f %%, newcomer knows %zu of %zu\n",
        c.name, 100 * most / capacity,
        100 * static_cast<double>(all) / static_cast<double>(windows) / capacity,
        sim.node(kNewcomer).stack().network().table().size(), kTown + 2);
    CHECK(all > 0);
    // At 1 kbps three parts in a hundred are four announces a minute at most.
    const std::size_t known = sim.node(kNewcomer).stack().network().table().size();
    CHECK(known >= (c.bps < 9'600 ? kTown / 2 : kTown + 2));
  }
}

}  // namespace mehr::sim::test
