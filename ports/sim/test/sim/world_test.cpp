#include <catch2/catch.hpp>

#include "mehr/sim/sim.h"

namespace mehr::sim {
namespace {

std::vector<Media> every_media() {
  return {Media::tcp(), Media::ethernet(), Media::wifi(),
          Media::ble(), Media::serial(),   Media::lora()};
}

}  // namespace

TEST_CASE("sim: a line of nodes links up and finds its ways over every medium", "[sim]") {
  for (const Media& media : every_media()) {
    INFO(media.name);
    Sim sim{7};
    const Nodes line = sim.line(4, media);
    CHECK(sim.reaches(2min, [&] { return sim.is_linked(); }));
    CHECK(sim.reaches(10min, [&] { return sim.is_converged(); }));
    CHECK(sim.check_routes() == std::nullopt);
    CHECK(sim.find(line.front().next_hop(line.back().id()).value_or(NodeId{})) == 1);
  }
}

TEST_CASE("sim: the same seed gives the same run, another seed another", "[sim]") {
  const auto run = [](std::uint64_t seed) {
    Sim sim{seed};
    sim.ring(5, Media::wifi().loss(0.1));
    sim.run_for(2min);
    return sim.fingerprint();
  };
  CHECK(run(3) == run(3));
  CHECK(run(3) != run(4));
}

TEST_CASE("sim: a crashed relay comes back with its identity and its ways", "[sim]") {
  Sim sim{11};
  const Nodes line = sim.line(3, Media::tcp());
  REQUIRE(sim.reaches(1min, [&] { return sim.is_converged() && sim.is_linked(); }));
  const NodeId before = line[1].id();
  line[1].crash();
  CHECK_FALSE(line[1].is_up());
  sim.run_for(3min);
  CHECK_FALSE(line.front().next_hop(line.back().id()));
  sim.heal();
  CHECK(line[1].id() == before);
  CHECK(sim.reaches(10min, [&] { return sim.is_linked() && sim.is_converged(); }));
  CHECK(sim.check_routes() == std::nullopt);
}

TEST_CASE("sim: a paused node stands still and catches up", "[sim]") {
  Sim sim{12};
  const Nodes line = sim.line(2, Media::tcp());
  REQUIRE(sim.reaches(1min, [&] { return sim.is_converged(); }));
  sim.run_for(1s);
  line[1].pause();
  const std::uint64_t in = sim.recorder().count(What::packet_in);
  line[0].announce();
  sim.run_for(5s);
  CHECK(sim.recorder().count(What::packet_in) == in);
  line[1].resume();
  sim.run_for(1s);
  CHECK(sim.recorder().count(What::packet_in) == in + 1);
}

TEST_CASE("sim: clocks run at their own rate, and never wake anybody early", "[sim]") {
  struct Sleeper final : Wakeable {
    std::vector<Millis> woken;
    void on_wake(Millis now) override { woken.push_back(now); }
  };
  for (const double ppm : {-200.0, -33.3, 0.0, 0.7, 150.0}) {
    Sim sim{1};
    Topology one = line(1, Media::tcp());
    one.nodes[0].skew_ppm = ppm;
    const Nodes nodes = sim.build(one);
    sim.run_for(1s);
    Sleeper sleeper;
    const Millis at{3'600'000};
    nodes[0].wake_at(sleeper, at);
    sim.run_for(2h);
    REQUIRE(sleeper.woken.size() == 1);
    CHECK(sleeper.woken[0] == at);
    const double gained = static_cast<double>(nodes[0].now().count) - 7'201'000.0;
    CHECK(std::abs(gained - 7201.0 * ppm / 1000.0) < 501.0);  // it booted within 500 ms
  }
}

TEST_CASE("sim: a wall clock that jumps back never takes the node clock along", "[sim]") {
  Sim sim{5};
  const Nodes nodes = sim.line(1, Media::tcp());
  sim.run_for(1h);
  const NodeTime before = nodes[0].node_time();
  nodes[0].jump_clock(-86'400'000);
  CHECK(nodes[0].node_time() == before);
  nodes[0].crash();
  nodes[0].boot();
  CHECK(nodes[0].node_time().millis + 10'000 >= before.millis);
}

}  // namespace mehr::sim
