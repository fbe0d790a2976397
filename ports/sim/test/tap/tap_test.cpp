// The tap passes everything on, reports it, and lets a Behaviour bend it.
#include <catch2/catch.hpp>

#include "fake_links.h"
#include "mehr/l0/identity.h"
#include "mehr/sim/recorder.h"
#include "mehr/stack/node.h"
#include "tap_world.h"

namespace mehr::sim::test {

namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

/// Does with packets what a test says.
struct Bender final : Behaviour {
  Verdict outgoing(Tap&, l0::LinkId, Bytes& packet) override {
    if (!packet.empty()) packet.back() ^= twist;
    return out;
  }
  Verdict incoming(Tap&, l0::LinkId, Bytes& packet) override {
    if (!packet.empty()) packet.back() ^= twist;
    return in;
  }
  [[nodiscard]] Duration period() const override { return every; }
  void on_period(Tap& tap) override {
    ++periods;
    for (const auto& n : tap.links()) tap.inject_out(n.link, Bytes(3, 0x11));
  }
  Verdict out;
  Verdict in;
  std::uint8_t twist = 0;
  Duration every{0};
  int periods = 0;
};

}  // namespace

TEST_CASE("sim tap: an honest node's traffic passes unchanged and is reported", "[sim][tap]") {
  TapWorld w;
  w.link(2);
  w.link(1);
  w.link(200);  // a stranger to the simulation
  CHECK(w.tap->links().size() == 3);
  CHECK(w.tap->links()[0].peer == 1);
  CHECK(w.tap->links()[1].peer == 2);
  CHECK(w.tap->links()[2].id == node_id(200));
  REQUIRE(w.send(1, Bytes(20, 1)));
  w.come(2, Bytes(30, 2));
  REQUIRE(w.tap->send_control(w.link_to(1), Bytes{0x8A, 1}));
  w.below.listener->on_control(w.link_to(2), Bytes{0x8B});
  w.below.listener->on_packet_too_big(w.link_to(2), node_id(9), Mtu{500});
  w.below.listener->on_link_writable(w.link_to(2));
  w.below.listener->on_round_trip(w.link_to(2), Millis{3});
  w.tap->signal_too_big(w.link_to(1), node_id(9), Mtu{500});
  w.tap->report_malformed(w.link_to(1));
  w.tap->close(w.link_to(1), l0::CloseReason::policy);
  w.below.listener->on_link_down(w.link_to(1), l0::CloseReason::idle);
  CHECK(w.below.packets == std::vector<FakeBelow::Sent>{{w.link_to(1), Bytes(20, 1)}});
  CHECK(w.below.controls == std::vector<FakeBelow::Sent>{{w.link_to(1), Bytes{0x8A, 1}}});
  CHECK(w.below.calls == Lines{"too-big 11 500", "malformed 11", "close 11"});
  CHECK(w.above.heard == Lines{"up 12", "up 11", "up 210", "packet 12", "control 12", "too-big 12",
                               "writable 12", "round-trip 12", "down 11"});
  CHECK(w.log.lines == Lines{"link-up 7 2", "link-up 7 1", "link-up 7 -", "packet-out 7 1 20",
                             "packet-in 7 2 30", "control-out 7 1 2", "control-in 7 2 1",
                             "link-down 7 1 idle"});
  CHECK(w.tap->links().size() == 2);
}

TEST_CASE("sim tap: what L0 refuses is refused, and was not sent", "[sim][tap]") {
  TapWorld w;
  w.link(1);
  w.below.is_full = true;
  CHECK(w.send(1, Bytes(20, 1)).error().code == Errc::full);
  CHECK(w.tap->send_control(w.link_to(1), Bytes{0x8A}).error().code == Errc::full);
  CHECK(w.log.lines == Lines{"link-up 7 1"});
}

TEST_CASE("sim tap: a behaviour changes, drops and delays; reports tell what the link carried",
          "[sim][tap]") {
  TapWorld w;
  w.link(1);
  Bender bender;
  w.tap->set_behaviour(&bender);
  bender.twist = 0xFF;
  REQUIRE(w.send(1, Bytes{1, 2}));
  w.come(1, Bytes{1, 2, 3});
  CHECK(w.below.packets[0].packet == Bytes{1, 0xFD});
  CHECK(w.above.packets == std::vector<Bytes>{{1, 2, 0xFC}});
  CHECK(w.log.lines == Lines{"link-up 7 1", "packet-out 7 1 2", "packet-in 7 1 3"});

  bender.out.pass = bender.in.pass = false;
  REQUIRE(w.send(1, Bytes{1, 2}));
  w.come(1, Bytes{1, 2, 3, 4});
  CHECK(w.below.packets.size() == 1);
  CHECK(w.above.packets.size() == 1);
  CHECK(w.log.lines.size() == 4);  // it came, though L1 never sees it

  bender.out = bender.in = Verdict{true, 2s};
  REQUIRE(w.send(1, Bytes{5}));
  w.come(1, Bytes{6});
  w.pass(1999ms);
  CHECK(w.below.packets.size() == 1);
  CHECK(w.above.packets.size() == 1);
  w.pass(1ms);
  CHECK(w.below.packets.size() == 2);
  CHECK(w.above.packets.size() == 2);
  CHECK(w.log.lines.back() == "packet-out 7 1 1");
}

TEST_CASE("sim tap: what waits goes with its link, its liar, or its node", "[sim][tap]") {
  TapWorld w;
  w.link(1);
  w.link(2);
  Bender bender;
  bender.out.delay = 5s;
  w.tap->set_behaviour(&bender);
  REQUIRE(w.send(1, Bytes{1}));
  REQUIRE(w.send(2, Bytes{2}));
  w.below.listener->on_link_down(w.link_to(1), l0::CloseReason::shutdown);
  w.pass(10s);
  CHECK(w.below.packets == std::vector<FakeBelow::Sent>{{w.link_to(2), Bytes{2}}});
  REQUIRE(w.send(2, Bytes{3}));
  w.tap->set_behaviour(nullptr);
  w.pass(10s);
  CHECK(w.below.packets.size() == 1);
  w.tap->set_behaviour(&bender);
  REQUIRE(w.send(2, Bytes{4}));
  w.tap.reset();
  CHECK(w.queue.pending() == 0);
  CHECK(w.below.listener == nullptr);
}

TEST_CASE("sim tap: 1,024 packets wait at most", "[sim][tap]") {
  TapWorld w;
  w.link(1);
  Bender bender;
  bender.out.delay = 1s;
  w.tap->set_behaviour(&bender);
  for (int round = 1; round <= 2; ++round) {
    for (std::size_t i = 0; i < Tap::kMostDelayed + 10; ++i) REQUIRE(w.send(1, Bytes{1}));
    CHECK(w.queue.pending() == Tap::kMostDelayed);
    w.pass(1s);
    CHECK(w.below.packets.size() == static_cast<std::size_t>(round) * Tap::kMostDelayed);
  }
}

TEST_CASE("sim tap: mischief without cause comes every period, from inside the node",
          "[sim][tap]") {
  EventQueue queue;
  Recorder recorder;
  FakeBelow below;
  FakeAbove above;
  int entered = 0;
  Tap tap(below,
          TapConfig{3, recorder, queue, 1, [](const NodeId&) { return NodeIndex{4}; }, node_id(3),
                    [&](const std::function<void()>& what) {
                      ++entered;
                      what();
                    }});
  tap.set_listener(&above);
  l0::LinkInfo info;
  info.id = l0::LinkId{5};
  tap.on_link_up(info);
  Bender bender;
  bender.every = 100ms;
  tap.set_behaviour(&bender);
  while (queue.next() <= Instant{} + 1s) queue.step();
  CHECK(bender.periods == 10);
  CHECK(entered == 10);
  CHECK(below.packets.size() == 10);
  CHECK(recorder.count(What::packet_out) == 10);
  tap.inject_in(l0::LinkId{5}, Bytes{9});
  CHECK(above.packets.empty());  // not from within
  queue.step();
  CHECK(above.packets == std::vector<Bytes>{{9}});
  CHECK(recorder.count(What::packet_in) == 0);
}

TEST_CASE("sim tap: NodeConfig::between puts it between the floors of a whole node", "[sim][tap]") {
  l0::test::FakeClock clock;
  l0::test::FakeTimers timers{clock};
  EventQueue queue;
  Recorder recorder;
  const auto between = [&](NodeIndex index) {
    return [&, index](l0::LinkLayer& below) {
      return std::make_unique<Tap>(
          below, TapConfig{index, recorder, queue, 1, [=](const NodeId&) { return 1 - index; }});
    };
  };
  struct Side {
    l0::Identity identity;
    l0::test::SeededRandom random;
    l0::test::FakeMedium medium;
    std::unique_ptr<stack::Node> node;
  };
  std::vector<std::unique_ptr<Side>> sides;
  for (NodeIndex i = 0; i < 2; ++i) {
    const auto seed = static_cast<std::uint8_t>(40 * i);
    sides.push_back(std::make_unique<Side>(Side{
        l0::Identity::from_seed(l0::test::seed_of(seed)), l0::test::SeededRandom{seed}, {}, {}}));
    stack::NodeConfig config;
    config.limits = Limits::small();
    config.announces = i == 1;
    config.between = between(i);
    Side& side = *sides.back();
    side.node = std::make_unique<stack::Node>(config, side.identity,
                                              stack::World{clock, timers, side.random});
    REQUIRE(side.node->links().attach(side.medium));
  }
  sides[0]->medium.other = &sides[1]->medium;
  sides[1]->medium.other = &sides[0]->medium;
  REQUIRE(sides[0]->node->links().establish(sides[0]->medium, Remote{}, std::nullopt));
  for (bool moved = true; moved;) {
    moved = false;
    for (auto& side : sides) {
      if (side->medium.inbox.empty()) continue;
      Bytes frame = std::move(side->medium.inbox.front());
      side->medium.inbox.pop_front();
      side->node->links().on_frame(side->medium, {}, frame);
      moved = true;
    }
  }
  CHECK(recorder.count(What::link_up) == 2);
  CHECK(recorder.count(What::packet_out) == 1);  // the one that announces
  CHECK(recorder.count(What::packet_in) == 1);
  CHECK(sides[0]->node->network().routes().size() == 1);
  CHECK(sides[1]->node->network().routes().empty());
}

}  // namespace mehr::sim::test
