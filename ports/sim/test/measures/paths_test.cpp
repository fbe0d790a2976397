// What a node says of its paths, beside what is true: issue line 2, spec L1/2.2, L1/6.2, L1/7,
// property 31.
#include <catch2/catch.hpp>
#include <cstdio>

#include "../load/flow.h"
#include "mehr/sim/test.h"

namespace mehr::sim::test {

namespace {

Topology line_of(const std::vector<Media>& links) {
  Topology t;
  for (std::size_t i = 0; i <= links.size(); ++i) {
    NodeSpec node;
    node.name = "n" + std::to_string(i);
    t.nodes.push_back(node);
  }
  for (std::size_t i = 0; i < links.size(); ++i) {
    const std::string key = "m" + std::to_string(i);
    t.media[key] = links[i].named(key);
    t.links.push_back({static_cast<NodeIndex>(i), static_cast<NodeIndex>(i + 1), key});
  }
  return t;
}

SimOptions calm() {
  SimOptions options;
  options.hazards = false;
  return options;
}

/// The narrowest MTU on the way as it is.
Mtu true_mtu(const Sim& sim, const std::vector<NodeIndex>& way) {
  Mtu out{4096};
  for (std::size_t i = 0; i + 1 < way.size(); ++i) {
    out = std::min(out, sim.truth(way[i], way[i + 1])->mtu);
  }
  return out;
}

}  // namespace

SIM_TEST("L1 property 31: the MTU of a path is what is told of it, and what packets keep to",
         Seeds{1, 3}) {
  Sim sim(seed, calm());
  const Media tcp = Media::tcp();
  sim.build(line_of({tcp, tcp.with_mtu(Mtu{1500}), tcp.with_mtu(Mtu{484}), tcp}));
  std::vector<Sink*> sinks;
  for (NodeIndex i = 0; i < 5; ++i) sinks.push_back(&add_sink(sim.node(i)));
  sim.run_for(2min);
  Node& from = sim.node(0);
  unsigned violations = 0;
  NodeObservers observers;
  observers.violation = [&](const PathConstraintViolation&) { ++violations; };
  from.observe(observers);

  for (const NodeIndex to : {NodeIndex{1}, NodeIndex{2}, NodeIndex{3}, NodeIndex{4}}) {
    INFO("to n" << to);
    const NodeId goal = sim.node(to).id();
    const Mtu truth = true_mtu(sim, sim.way(0, to));
    const auto facts = from.stack().network().path(goal, PathPolicy{});
    REQUIRE(facts.has_value());
    CHECK(facts->mtu == truth);  // the three classes are told exactly. spec: L1 property 3
    const std::size_t most = from.stack().network().max_body(goal);
    CHECK(most + l0::kHeaderSize == facts->mtu.bytes);
    const auto send = [&](std::size_t size, const SendOptions& options) {
      Bytes body(size, 0x55);
      Writer(body).put(static_cast<std::uint64_t>(size));  // the sink tells flows by it
      return from.enter([&] {
        return from.stack().network().send(goal, {context::kStandard, 0}, body, options);
      });
    };
    CHECK(send(most, {}).has_value());
    CHECK(send(most + 1, {}).error().code == Errc::too_big);
    SendOptions wide;
    wide.min_mtu = static_cast<std::uint16_t>(truth.bytes + 1);
    const unsigned before = violations;
    CHECK(send(most - 1, wide).has_value());
    CHECK(violations == before + 1);
    sim.run_for(5s);
    CHECK(sinks[to]->of(static_cast<std::uint32_t>(most)).latency.size() == 1);
    CHECK(sinks[to]->of(static_cast<std::uint32_t>(most - 1)).latency.size() == 1);
  }
}

SIM_TEST("L1 property 31: probes tell round trip and MTU within 5 % of what is true", Seeds{1, 5}) {
  Sim sim(seed, calm());
  const Media tcp = Media::tcp().with_rate(BitsPerSecond{10'000'000});
  sim.build(line_of({tcp.with_delay(30ms), tcp.with_delay(45ms).with_mtu(Mtu{1500}),
                     tcp.with_delay(20ms).with_mtu(Mtu{3000})}));
  sim.run_for(2min);
  Node& from = sim.node(0);
  const NodeId goal = sim.node(3).id();
  bool answered = false, found = false;
  NodeObservers observers;
  observers.probe = [&](const l1::ProbeEvent& event) {
    answered = answered || event.kind == l1::ProbeEvent::Kind::answered;
    found = found || event.kind == l1::ProbeEvent::Kind::search_finished;
  };
  from.observe(observers);
  constexpr std::uint16_t kSize = 1000;
  REQUIRE(from.enter([&] { return from.stack().network().probe(goal, Mtu{kSize}).has_value(); }));
  REQUIRE(sim.reaches(1min, [&] { return answered; }));
  const l1::ProbeReport* report = from.stack().network().probed(goal);
  REQUIRE(report != nullptr);
  const auto way = sim.way(0, 3);
  REQUIRE(way.size() == 4);
  Duration there{0}, back{0};  // an answer is short
  for (std::size_t i = 0; i + 1 < way.size(); ++i) {
    const LinkTruth truth = *sim.truth(way[i], way[i + 1]);
    there += truth.round_trip(kSize) / 2;
    back += truth.round_trip(64) / 2;
  }
  const double true_ms = std::chrono::duration<double, std::milli>(there + back).count();
  const auto rtt = static_cast<double>(report->rtt.count);
  CHECK(rtt >= 0.95 * true_ms);
  CHECK(rtt <= 1.05 * true_ms);

  sim.run_for(61s);  // one probe a minute
  REQUIRE(from.enter([&] { return from.stack().network().search_mtu(goal).has_value(); }));
  REQUIRE(sim.reaches(30min, [&] { return found; }));
  report = from.stack().network().probed(goal);
  REQUIRE(report != nullptr);
  const auto mtu = static_cast<double>(report->largest_passed.bytes);
  const auto true_size = static_cast<double>(true_mtu(sim, way).bytes);
  std::printf("probe, seed %llu: rtt %.0f ms of %.1f, MTU %.0f of %.0f\n",
              static_cast<unsigned long long>(seed), rtt, true_ms, mtu, true_size);
  CHECK(mtu <= true_size);
  CHECK(mtu >= 0.95 * true_size);
}

}  // namespace mehr::sim::test
