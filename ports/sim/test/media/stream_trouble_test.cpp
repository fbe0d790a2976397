#include <catch2/catch.hpp>

#include "fake_world.h"
#include "mehr/sim/chance.h"

using namespace mehr;
using namespace mehr::sim;
using namespace mehr::sim::test;
using Kind = FakeHost::Kind;

namespace {

constexpr ChannelId kLine{0};

/// A byte takes one microsecond, the way 10 ms, so a retransmission 220 ms.
Media plain() { return Media::tcp().with_rate({8'000'000}); }

/// Connected since 20 ms, now at one second.
struct Open {
  World world;
  explicit Open(const Media& media = plain()) : world(media) {
    world.boot();
    world.run(at(1s));
  }
  Status send(std::size_t from, const Bytes& frame) {
    return world[from].medium->send(Remote{}, frame);
  }
  void cut() { world.barrier.cut(kLine); }
  void heal() { world.barrier.restore(kLine); }
};

}  // namespace

TEST_CASE("sim stream trouble: a short cut stalls the flow, which goes on after it",
          "[sim][media]") {
  Open line;
  line.cut();
  REQUIRE(line.send(0, frame_of(1000, 1)));
  REQUIRE(line.send(0, frame_of(1000, 2)));
  line.world.run(at(24s + 900ms));
  CHECK(line.world[1].arrivals().empty());
  line.heal();  // 23.9 s after the first frame
  line.world.run(at(60s));
  // Sent again 220 ms later; the second frame had not left before.
  const Instant again = at(24s + 900ms + 220ms);
  CHECK(line.world[1].arrivals() == Times{again + 11ms, again + 11ms});
  CHECK(line.world[1].frames() == std::vector<Bytes>{frame_of(1000, 1), frame_of(1000, 2)});
  CHECK(line.world[0].closes().empty());
  CHECK(line.world[1].closes().empty());
  CHECK(line.world.channel->counters().frames_lost == 0);
}

TEST_CASE("sim stream trouble: what was in flight at the cut is sent again in order",
          "[sim][media]") {
  Open line;
  for (std::uint32_t i = 0; i < 3; ++i) REQUIRE(line.send(0, frame_of(1000, i)));
  line.world.run(at(1004ms));  // all have left, none has arrived
  line.cut();
  line.world.run(at(2s));
  line.heal();
  line.world.run(at(3s));
  const Instant again = at(2s + 220ms + 10ms);
  CHECK(line.world[1].arrivals() == Times{again + 1ms, again + 2ms, again + 3ms});
}

TEST_CASE("sim stream trouble: data without an answer closes after 24 s, silence after 29 s",
          "[sim][media]") {
  Open line;
  line.cut();
  REQUIRE(line.send(0, frame_of(1000, 1)));
  line.world.run(at(60s));
  CHECK(line.world[0].closes() == Times{at(1s + 1ms + 24s)});
  // The other end was open since 20 ms and heard nothing since.
  CHECK(line.world[1].closes() == Times{at(20ms + 29s)});
  CHECK(line.world.count(What::frame_lost, "no answer") == 1);
  CHECK(line.world.count(What::stream_closed, "no answer") == 2);
}

TEST_CASE("sim stream trouble: keepalive counts from the last probe that was answered",
          "[sim][media]") {
  Open line;
  REQUIRE(line.send(0, frame_of(1000)));  // arrives at 1.011, acknowledged at 1.021
  line.world.run(at(13s));
  line.cut();
  line.world.run(at(100s));
  // Probes were answered 5.02 s and 10.04 s after the last word.
  CHECK(line.world[0].closes() == Times{at(1021ms + 10'040ms + 29s)});
  CHECK(line.world[1].closes() == Times{at(1011ms + 10'040ms + 29s)});
}

TEST_CASE("sim stream trouble: an acknowledgement that the cut ate leaves its sender waiting",
          "[sim][media]") {
  Open line;
  REQUIRE(line.send(0, frame_of(1000)));
  line.world.run(at(1015ms));  // arrived, and its acknowledgement is on the way
  CHECK(line.world[1].arrivals().size() == 1);
  line.cut();
  line.world.run(at(60s));
  CHECK(line.world[0].closes() == Times{at(1001ms + 24s)});

  Open healed;
  REQUIRE(healed.send(0, frame_of(1000)));
  healed.world.run(at(1015ms));
  healed.cut();
  healed.world.run(at(20s));
  healed.heal();
  healed.world.run(at(21s));
  healed.cut();  // sent again and acknowledged in between: only silence counts now
  healed.world.run(at(100s));
  CHECK(healed.world[0].closes() == Times{at(20s + 29s)});
}

TEST_CASE("sim stream trouble: what got through after a cut does not count in the next",
          "[sim][media]") {
  Open line;
  line.cut();
  REQUIRE(line.send(0, frame_of(1000)));
  line.world.run(at(10s));
  line.heal();
  line.world.run(at(12s));
  CHECK(line.world[1].arrivals() == Times{at(10s + 220ms + 11ms)});
  line.cut();
  line.world.run(at(60s));
  CHECK(line.world[0].closes() == Times{at(10s + 220ms + 11ms + 10ms + 29s)});
  CHECK(line.world[1].closes() == Times{at(10s + 220ms + 11ms + 29s)});
}

TEST_CASE("sim stream trouble: one acknowledgement stands for all before it", "[sim][media]") {
  Open line;
  line.world.barrier.cut_one_way(1, 0);
  REQUIRE(line.send(0, frame_of(1000)));
  line.world.run(at(2s));
  CHECK(line.world[1].arrivals() == Times{at(1011ms)});
  line.world.barrier.heal();
  REQUIRE(line.send(0, frame_of(1000)));
  line.world.run(at(2100ms));  // before anything is sent again
  line.cut();
  line.world.run(at(60s));
  CHECK(line.world[0].closes() == Times{at(2021ms + 29s)});
}

TEST_CASE("sim stream trouble: a cut that flickers is one cut", "[sim][media]") {
  Open line;
  line.cut();
  REQUIRE(line.send(0, frame_of(1000)));
  for (int i = 0; i < 22; ++i) {
    line.world.run_for(900ms);
    line.heal();
    line.world.run_for(100ms);  // too short for a retransmission
    line.cut();
  }
  CHECK(line.world[1].arrivals().empty());
  line.world.run(at(60s));
  CHECK(line.world[0].closes() == Times{at(1001ms + 24s)});
}

TEST_CASE("sim stream trouble: a one-way cut stops one way, and its victim tells the other",
          "[sim][media]") {
  Open line;
  line.world.barrier.cut_one_way(0, 1);
  REQUIRE(line.send(1, frame_of(1000, 1)));  // arrives, unacknowledged
  line.world.run(at(60s));
  CHECK(line.world[0].arrivals() == Times{at(1011ms)});
  CHECK(line.world[1].closes() == Times{at(1001ms + 24s)});
  CHECK(line.world[0].closes() == Times{at(1001ms + 24s + 10ms)});  // its reset got through
  CHECK(line.world.count(What::stream_closed, "reset by the other end") == 1);

  Open idle;
  idle.world.barrier.cut_one_way(0, 1);
  idle.world.run(at(60s));
  CHECK(idle.world[1].closes() == Times{at(20ms + 29s)});
  CHECK(idle.world[0].closes() == Times{at(20ms + 29s + 10ms)});
}

TEST_CASE("sim stream trouble: redials wait 5 s, doubling to 300 s", "[sim][media]") {
  Open line;
  line.world.barrier.cut_between(0, 1);
  line.world.run(at(29s + 20ms));
  REQUIRE(line.world[0].closes().size() == 1);  // at this very moment
  // The connection lasted: from 5 s on. Each wait loses up to a quarter by the line's own chance,
  // and each failure is known a round trip later.
  Chance chance(1, "dial", 0);
  Instant due = at(29s + 20ms);
  Instant last_failure;
  for (const Duration nominal : {5s, 10s, 20s, 40s, 80s, 160s, 300s, 300s, 300s}) {
    last_failure = due;
    due += nominal - chance.between(Duration{0}, nominal / 4) + 20ms;
  }
  line.world.run(last_failure);  // eight dials have failed, the ninth is to come
  line.world.barrier.heal();
  line.world.run(due - 1ns);
  CHECK(line.world[0].opens().size() == 1);
  line.world.run(due);
  CHECK(line.world[0].opens() == Times{at(20ms), due});
  CHECK(line.world[1].opens() == Times{at(20ms), due});
}

TEST_CASE("sim stream trouble: the wait starts over only after a connection that lasted",
          "[sim][media]") {
  World world(plain());
  Duration life = 1s;
  world[1].then = [&](const FakeHost::Call& call) {
    if (call.kind != Kind::opened) return;
    world.plan(call.when + life, [&world] { world[1].medium->close(); });
  };
  world.boot();
  Chance chance(1, "dial", 0);
  Instant due = at(20ms);
  for (const Duration nominal : {5s, 10s, 20s}) {
    world.run(due + 500ms);
    REQUIRE(world[0].opens().back() == due);
    due += life + 10ms + nominal - chance.between(Duration{0}, nominal / 4) + 20ms;
  }
  life = 15s - 10ms;  // and a delay until the dialling end hears of it
  world.run(due + 500ms);
  REQUIRE(world[0].opens().back() == due);
  due += life + 10ms + 5s - chance.between(Duration{0}, Duration{5s} / 4) + 20ms;
  world.run(due);
  CHECK(world[0].opens().back() == due);
}

TEST_CASE("sim stream trouble: a crash is silent; the other end notices by and by",
          "[sim][media]") {
  Open line;
  REQUIRE(line.send(1, frame_of(1000, 1)));
  REQUIRE(line.send(0, frame_of(1000, 2)));
  line.world.run(at(1005ms));
  Medium* const dead = line.world[0].medium;
  line.world.channel->node_down(0);
  CHECK_FALSE(dead->send({}, frame_of(1)));  // harmless in the call that killed it
  dead->close();
  line.world.run(at(60s));
  CHECK(line.world[0].closes().empty());
  CHECK(line.world[1].arrivals().empty());
  CHECK(line.world[1].closes() == Times{at(1001ms + 24s)});
  CHECK(line.world.count(What::frame_lost, "the sender went down") == 1);
  CHECK(line.world.count(What::frame_lost, "no answer") == 1);

  Open idle;
  idle.world.channel->node_down(1);
  idle.world.run(at(60s));
  CHECK(idle.world[0].closes() == Times{at(20ms + 29s)});
  CHECK(idle.world[0].opens().size() == 1);  // and its dials fail
}

TEST_CASE("sim stream trouble: a rebooted node answers an old connection with a reset",
          "[sim][media]") {
  Open spoken;
  spoken.world.channel->node_down(1);
  spoken.world.run(at(2s));
  spoken.world.channel->node_up(1);
  spoken.world.run(at(3s));
  REQUIRE(spoken.send(0, frame_of(1000)));
  spoken.world.run(at(4s));
  CHECK(spoken.world[0].closes() == Times{at(3s + 1ms + 20ms)});
  CHECK(spoken.world.count(What::stream_closed, "reset by the other end") == 1);

  Open idle;
  idle.world.channel->node_down(1);
  idle.world.run(at(2s));
  idle.world.channel->node_up(1);
  idle.world.run(at(6s));
  CHECK(idle.world[0].closes() == Times{at(20ms + 5s + 20ms)});  // by its first probe

  Open waiting;
  REQUIRE(waiting.send(0, frame_of(1000)));
  waiting.world.channel->node_down(1);
  waiting.world.run(at(10s));
  waiting.world.channel->node_up(1);
  waiting.world.run(at(11s));
  CHECK(waiting.world[0].closes() == Times{at(10s + 220ms + 20ms)});  // by what it sends again
}

TEST_CASE("sim stream trouble: a rebooted dialler has a new connection beside the old one",
          "[sim][media]") {
  Open line;
  Medium* const old = line.world[1].medium;
  line.world.channel->node_down(0);
  line.world.run(at(2s));
  line.world.channel->node_up(0);
  line.world.run(at(3s));
  CHECK(line.world[0].opens() == Times{at(20ms), at(2020ms)});
  CHECK(line.world[1].opens() == Times{at(20ms), at(2020ms)});
  CHECK(line.world[1].closes().empty());
  Medium* const fresh = line.world[1].medium;
  CHECK(fresh != old);
  line.world.run(at(10s));
  REQUIRE(line.world[1].closes() == Times{at(20ms + 5s + 20ms)});
  CHECK(line.world[1].calls.back().medium == old);
  REQUIRE(fresh->send({}, frame_of(100)));
  line.world.run(at(11s));
  CHECK(line.world[0].arrivals() == Times{at(10s + 10ms + 100us)});
}

TEST_CASE("sim stream trouble: a dial whose node dies is forgotten", "[sim][media]") {
  World world(plain());
  world.boot();
  world.run(at(10ms));
  world.channel->node_down(0);
  world.run(at(1s));
  CHECK(world[0].calls.empty());
  CHECK(world[1].calls.empty());
  world.channel->node_up(0);
  world.run(at(2s));
  CHECK(world[0].opens() == Times{at(1020ms)});
}

TEST_CASE("sim stream trouble: an end of stream that a cut holds up ends the other end later",
          "[sim][media]") {
  Open line;
  line.cut();
  line.world[0].medium->close();
  line.world.run(at(10s));
  CHECK(line.world[0].closes() == Times{at(1s)});
  CHECK(line.world[1].closes().empty());
  line.heal();
  line.world.run(at(11s));
  CHECK(line.world[1].closes() == Times{at(10s + 220ms + 10ms)});
}

TEST_CASE("sim stream trouble: an old connection that ends late does not redial again",
          "[sim][media]") {
  Open line;
  line.world[0].medium->close();
  line.world.run(at(1005ms));
  line.world.channel->node_down(1);
  Chance chance(1, "dial", 0);
  const Instant dial = at(6s) - chance.between(Duration{0}, Duration{5s} / 4);
  line.world.run(dial + 10ms);
  line.world.channel->node_up(1);  // in time for this dial; it resets the old connection later
  line.world.run(at(120s));
  CHECK(line.world[0].opens() == Times{at(20ms), dial + 20ms});
  CHECK(line.world[1].opens() == Times{at(20ms), dial + 20ms});
  CHECK(line.world[0].closes() == Times{at(1s)});
}

TEST_CASE("sim stream trouble: other links' faults leave a line alone", "[sim][media]") {
  Open line;
  line.cut();
  REQUIRE(line.send(0, frame_of(1000)));
  line.world.run(at(5s));
  line.heal();
  line.world.run(at(5s + 100ms));
  line.world.barrier.cut(ChannelId{9});  // between healing and the retransmission
  line.world.run(at(6s));
  CHECK(line.world[1].arrivals() == Times{at(5s + 220ms + 11ms)});
}
