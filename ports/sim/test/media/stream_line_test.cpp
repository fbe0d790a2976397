#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <utility>

#include "fake_world.h"
#include "mehr/sim/chance.h"

using namespace mehr;
using namespace mehr::sim;
using namespace mehr::sim::test;
using Kind = FakeHost::Kind;

namespace {

/// A stream on which a byte takes one microsecond and the way 10 ms.
Media plain() { return Media::tcp().with_rate({8'000'000}); }

/// A connected line at one second.
struct Open {
  World world;
  explicit Open(const Media& media, std::uint64_t seed = 1, std::uint32_t id = 0)
      : world(media, 2, seed, id) {
    world.boot();
    world.run(at(1s));
    while (world[0].medium == nullptr) world.run_for(1s);  // a dial may be lost
  }
  Status send(std::size_t from, const Bytes& frame) {
    return world[from].medium->send(Remote{}, frame);
  }
};

}  // namespace

TEST_CASE("sim stream: a connection is there one round trip after the dial", "[sim][media]") {
  World world(plain());
  world.boot();
  CHECK(world[0].calls.empty());
  world.run(at(1s));
  REQUIRE(world[0].calls.size() == 1);
  REQUIRE(world[1].calls.size() == 1);
  CHECK(world[0].calls[0].when == at(20ms));
  CHECK(world[0].calls[0].dialled);
  CHECK(world[0].calls[0].peer == 1);
  CHECK(world[1].calls[0].when == at(20ms));
  CHECK_FALSE(world[1].calls[0].dialled);
  CHECK(world[1].calls[0].peer == 0);
  CHECK(world[0].medium != world[1].medium);
  CHECK(world.recorder.count(What::stream_opened) == 2);
}

TEST_CASE("sim stream: the first dial waits for the other end's first boot", "[sim][media]") {
  World world(plain());
  world.channel->node_up(0);
  world.run(at(3s));
  CHECK(world[0].calls.empty());
  world.channel->node_up(1);
  world.run(at(4s));
  CHECK(world[0].opens() == Times{at(3s + 20ms)});
  CHECK(world[1].opens() == Times{at(3s + 20ms)});

  World reversed(plain());
  reversed.channel->node_up(1);
  reversed.run(at(3s));
  reversed.channel->node_up(0);
  reversed.run(at(4s));
  CHECK(reversed[0].opens() == Times{at(3s + 20ms)});
}

TEST_CASE("sim stream: a frame takes its bits' time and the delay", "[sim][media]") {
  Open line(plain());
  REQUIRE(line.send(0, frame_of(1000, 1)));
  REQUIRE(line.send(0, frame_of(500, 2)));
  REQUIRE(line.send(1, frame_of(100, 3)));
  CHECK(line.world[1].arrivals().empty());
  line.world.run(at(2s));
  CHECK(line.world[1].arrivals() == Times{at(1s + 11ms), at(1s + 11ms + 500us)});
  CHECK(line.world[0].arrivals() == Times{at(1s + 10ms + 100us)});
  CHECK(line.world[1].frames() == std::vector<Bytes>{frame_of(1000, 1), frame_of(500, 2)});
  CHECK(line.world[1].calls.back().info.from.is_zero());
  CHECK_FALSE(line.world[1].calls.back().info.source.is_zero());
  CHECK(line.world.channel->counters().airtime == 1600us);
  CHECK(line.world.channel->counters().frames_arrived == 3);
}

TEST_CASE("sim stream: half-duplex ends share the rate in turns", "[sim][media]") {
  Media media = plain();
  media.half_duplex = true;
  Open line(media);
  for (std::uint32_t i = 0; i < 3; ++i) REQUIRE(line.send(0, frame_of(1000, i)));
  REQUIRE(line.send(1, frame_of(1000, 9)));
  line.world.run(at(2s));
  CHECK(line.world[1].arrivals() == Times{at(1011ms), at(1012ms), at(1014ms)});
  CHECK(line.world[0].arrivals() == Times{at(1013ms)});
}

TEST_CASE("sim stream: a full queue refuses, and promises room once", "[sim][media]") {
  Open line(plain().with_queue(4000));
  for (int i = 0; i < 4; ++i) REQUIRE(line.send(0, frame_of(1000)));
  CHECK(line.send(0, frame_of(1)).error().code == Errc::full);
  CHECK(line.send(0, frame_of(1)).error().code == Errc::full);
  CHECK(line.send(0, frame_of(4121)).error().code == Errc::too_big);
  line.world.run(at(2s));
  CHECK(line.world[0].times(Kind::writable) == Times{at(1002ms)});
  CHECK(line.world[1].arrivals().size() == 4);
  CHECK(line.world.channel->counters().frames_refused == 3);
}

TEST_CASE("sim stream: a queue that stands still promises room when it moves again",
          "[sim][media]") {
  for (const BitsPerSecond rate : {BitsPerSecond{8'000'000}, BitsPerSecond{0}}) {
    Open line(plain().with_rate(rate).with_queue(2000));
    line.world.barrier.cut(ChannelId{0});
    REQUIRE(line.send(0, frame_of(1000)));
    line.world.run_for(1s);
    REQUIRE(line.send(0, frame_of(1000)));
    REQUIRE(line.send(0, frame_of(1000)));
    CHECK_FALSE(line.send(0, frame_of(1000)));
    line.world.run_for(1s);
    CHECK(line.world[0].times(Kind::writable).empty());
    line.world.barrier.heal();
    line.world.run_for(1s);
    CHECK(line.world[0].times(Kind::writable).size() == 1);
    CHECK(line.world[1].arrivals().size() == 3);
  }
}

TEST_CASE("sim stream: a lost frame comes a retransmission later, and nobody overtakes it",
          "[sim][media]") {
  Open line(plain().loss(0.2), 3);
  std::vector<Instant> due;
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    due.push_back(line.world.queue.now() + 10ms + 100us);
    REQUIRE(line.send(0, frame_of(100, i)));
    line.world.run_for(1s);
  }
  line.world.run_for(20s);
  const std::vector<Bytes> frames = line.world[1].frames();
  const Times arrivals = line.world[1].arrivals();
  REQUIRE(frames.size() == 2'000);
  std::array<int, 3> repeats{};  // none, one, more
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    REQUIRE(number_of(frames[i]) == i);
    const Duration late = arrivals[i] - due[i];
    // Round trip + 200 ms, then twice that, ...: 220, 660, 1540 ms, unless one before was later.
    if (late == 0ms) ++repeats[0];
    if (late == 220ms) ++repeats[1];
    if (late > 220ms) ++repeats[2];
  }
  CHECK(repeats[0] + repeats[1] + repeats[2] == 2'000);
  CHECK(repeats[0] > 1500);
  CHECK(repeats[0] < 1672);
  CHECK(repeats[1] > 250);
  CHECK(repeats[1] < 390);
  CHECK(repeats[2] > 40);
  CHECK(line.world.channel->counters().frames_lost == 0);
}

TEST_CASE("sim stream: jitter delays and does not reorder; streams are whole", "[sim][media]") {
  Open line(plain().with_delay(10ms, 50ms).corruption(1).duplication(1).reordering(1));
  for (std::uint32_t i = 0; i < 500; ++i) {
    REQUIRE(line.send(0, frame_of(100, i)));
    line.world.run_for(1ms);
  }
  line.world.run_for(1s);
  const std::vector<Bytes> frames = line.world[1].frames();
  REQUIRE(frames.size() == 500);
  for (std::uint32_t i = 0; i < 500; ++i) CHECK(frames[i] == frame_of(100, i));
}

TEST_CASE("sim stream: a dial that loses everything takes its 5 s", "[sim][media]") {
  World world(plain().loss(1));
  world.boot();
  world.run(at(5s));
  CHECK(world[0].calls.empty());
  world.channel->heal();
  world.run(at(30s));
  Chance chance(1, "dial", 0);
  const Instant due = at(10s - chance.between(Duration{0}, Duration{5s} / 4) + 20ms);
  CHECK(world[0].opens() == Times{due});
}

TEST_CASE("sim stream: a frame lost seven times in a row ends its connection", "[sim][media]") {
  // 220 ms doubling: the seventh repeat would come after 27.9 s, and 24 s is the bound.
  int ended = 0;
  int arrived = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    World world(plain().loss(0.8), 2, seed);
    world.boot();
    while (world[0].medium == nullptr) world.run_for(1s);
    const Instant sent = world.queue.now();
    REQUIRE(world[0].medium->send({}, frame_of(100)));
    world.run(sent + 24s + 99us);
    CHECK(world[0].closes().empty());
    world.run_for(1us);
    const bool is_here = world[1].arrivals().size() == 1;
    CHECK(world[0].closes().size() == (is_here ? 0U : 1U));
    arrived += is_here ? 1 : 0;
    ended += is_here ? 0 : 1;
  }
  CHECK(ended > 2);  // 0.8^7 of 40: 8.4
  CHECK(arrived > 20);
}

TEST_CASE("sim stream: closing lets the queue leave, and the other end hears a delay later",
          "[sim][media]") {
  Open line(plain());
  Medium* const medium = line.world[0].medium;
  for (std::uint32_t i = 0; i < 3; ++i) REQUIRE(line.send(0, frame_of(1000, i)));
  REQUIRE(line.send(1, frame_of(100)));
  medium->close();
  medium->close();
  CHECK(line.world[0].closes().empty());  // not from within
  CHECK(medium->send({}, frame_of(1)).error().code == Errc::io);
  line.world.run(at(1100ms));
  CHECK(line.world[0].closes() == Times{at(1003ms)});
  CHECK(line.world[1].arrivals().size() == 3);
  CHECK(line.world[1].closes() == Times{at(1013ms)});
  CHECK(line.world[0].arrivals().empty());  // after the close there are no more frames
  CHECK(line.world.count(What::frame_lost, "the receiver is closing") == 1);
  CHECK(line.world.count(What::stream_closed, "closed") == 1);
  CHECK(line.world.count(What::stream_closed, "closed by the other end") == 1);
}

TEST_CASE("sim stream: an idle end closes at once, and both may close together", "[sim][media]") {
  Open line(plain());
  line.world[1].medium->close();
  line.world.run_for(15ms);
  CHECK(line.world[1].closes() == Times{at(1s)});
  CHECK(line.world[0].closes() == Times{at(1010ms)});

  Open both(plain());
  both.world[0].medium->close();
  both.world[1].medium->close();
  both.world.run_for(1s);
  CHECK(both.world[0].closes() == Times{at(1s)});
  CHECK(both.world[1].closes() == Times{at(1s)});
  CHECK(both.world.recorder.count(What::stream_closed) == 2);
  both.world.run_for(60s);
  CHECK(both.world[0].opens().size() == 2);
  CHECK(both.world[1].opens().size() == 2);
  CHECK(both.world[0].closes().size() == 1);
}

TEST_CASE("sim stream: what waits when the other end closes is lost and recorded", "[sim][media]") {
  Open line(plain().with_rate({80'000}));  // 100 us a byte
  for (std::uint32_t i = 0; i < 5; ++i) REQUIRE(line.send(0, frame_of(1000, i)));
  line.world[1].medium->close();
  line.world.run_for(2s);
  CHECK(line.world[0].closes() == Times{at(1010ms)});
  CHECK(line.world.count(What::frame_lost, "closed by the other end") == 5);
}

TEST_CASE("sim stream: a host may close and send from within any call", "[sim][media]") {
  World world(plain());
  world[0].then = [&](const FakeHost::Call& call) {
    if (call.kind == Kind::opened) CHECK(call.medium->send({}, frame_of(100, 1)));
    if (call.kind == Kind::arrived) call.medium->close();
    if (call.kind == Kind::closed) CHECK_FALSE(call.medium->send({}, frame_of(1)));
  };
  world[1].then = [&](const FakeHost::Call& call) {
    if (call.kind == Kind::arrived) CHECK(call.medium->send({}, frame_of(100, 2)));
    if (call.kind == Kind::closed) call.medium->close();
  };
  world.boot();
  world.run(at(1s));
  CHECK(world[1].arrivals() == Times{at(30ms + 100us)});
  CHECK(world[0].arrivals() == Times{at(40ms + 200us)});
  CHECK(world[0].closes() == Times{at(40ms + 200us)});
  CHECK(world[1].closes() == Times{at(50ms + 200us)});
}

TEST_CASE("sim stream: same seed, same fingerprint; a second line shifts nothing", "[sim][media]") {
  const auto run = [](std::uint64_t seed, bool with_second) {
    World world(plain().loss(0.3).with_delay(10ms, 5ms), 2, seed, 4);
    World other(plain().loss(0.3).with_delay(10ms, 5ms), 0, seed, 5);
    std::unique_ptr<Channel> second = make_channel(
        plain().loss(0.3), ChannelId{5}, {world.queue, other.recorder, world.barrier, seed});
    FakeHost a(world.queue, 7);
    FakeHost b(world.queue, 8);
    second->add(a);
    second->add(b);
    if (with_second) {
      second->node_up(7);
      second->node_up(8);
    }
    world.boot();
    world.run(at(10s));
    for (std::uint32_t i = 0; i < 300; ++i) {
      REQUIRE(world[0].medium->send({}, frame_of(100, i)));
      REQUIRE(world[1].medium->send({}, frame_of(100, i)));
      if (with_second) REQUIRE(a.medium->send({}, frame_of(100, i)));
      world.run_for(10ms);
    }
    world.run_for(60s);
    CHECK(world[1].arrivals().size() == 300);
    CHECK((b.arrivals().size() == 300) == with_second);
    return world.recorder.fingerprint();
  };
  CHECK(run(1, false) == run(1, false));
  CHECK(run(1, false) == run(1, true));
  CHECK(run(1, false) != run(2, false));
}

namespace {

/// Two hosts on a line, to whom all sorts of things happen.
class Storm {
 public:
  Storm(std::uint64_t seed, const Media& media) : chance_(seed, "storm"), world(media, 2, seed) {
    for (const std::size_t who : {0U, 1U}) {
      world[who].then = [this, who](const FakeHost::Call& call) {
        if (call.kind == Kind::writable && !std::exchange(waits_[who], false)) unasked_ = true;
        if (call.kind == Kind::opened || call.kind == Kind::closed) {
          if (call.medium == waits_for_[who]) waits_[who] = false;
        }
      };
    }
    world.boot();
  }

  void step() {
    const std::size_t who = chance_.below(2);
    const auto node = static_cast<NodeIndex>(who);
    switch (chance_.below(12)) {
      case 0:
        world.barrier.cut_one_way(node, 1 - node);
        break;
      case 1:
        world.barrier.heal();
        break;
      case 2:
        world.channel->node_down(node);
        world[who].medium = nullptr;
        waits_[who] = false;
        pass(40s);
        world.channel->node_up(node);
        break;
      case 3:
        if (world[who].medium != nullptr) world[who].medium->close();
        break;
      case 4:
        pass(30s);
        break;
      default:
        send(who);
    }
    pass(50ms);
  }

  /// What of its promises the channel has not kept, or nothing.
  [[nodiscard]] std::string complaint() {
    world.barrier.heal();
    world.channel->heal();
    world.run_for(400s);
    if (unasked_) return "writable came without a refusal, or twice";
    if (waits_[0] || waits_[1]) return "writable did not come";
    for (const std::size_t who : {0U, 1U}) {
      std::uint32_t least = 0;
      for (const Bytes& frame : world[who].frames()) {
        if (number_of(frame) < least) return "order was not kept";
        least = number_of(frame) + 1;
      }
    }
    const ChannelCounters& counters = world.channel->counters();
    if (counters.frames_sent != next_[0] + next_[1]) return "miscounted";
    if (counters.frames_sent != counters.frames_arrived + counters.frames_lost) return "unrecorded";
    // A healed line is connected again, at both ends and to each other.
    if (world[0].medium == nullptr || world[1].medium == nullptr) return "not connected";
    if (!world[0].medium->send({}, frame_of(10, 0xFFFFFF))) return "not open";
    world.run_for(1s);
    const std::vector<Bytes> frames = world[1].frames();
    if (frames.empty() || frames.back() != frame_of(10, 0xFFFFFF)) return "not joined";
    return {};
  }

 private:
  void pass(Duration most) { world.run_for(chance_.between(Duration{0}, most)); }
  void send(std::size_t who) {
    Medium* const medium = world[who].medium;
    if (medium == nullptr) return;
    const Status sent = medium->send({}, frame_of(4 + chance_.below(3000), next_[who]));
    if (sent) {
      ++next_[who];
    } else if (sent.error().code == Errc::full) {
      waits_[who] = true;
      waits_for_[who] = medium;
    }
  }

  Chance chance_;
  std::array<std::uint32_t, 2> next_{};
  std::array<bool, 2> waits_{};  // for room
  std::array<Medium*, 2> waits_for_{};
  bool unasked_ = false;

 public:
  World world;
};

}  // namespace

TEST_CASE("sim stream: whatever happens, order, room and records are as promised", "[sim][media]") {
  const auto survives = [](const Media& media) {
    return rc::check([&] {
      Storm storm(*rc::gen::arbitrary<std::uint64_t>(), media);
      for (int i = 0; i < 200; ++i) storm.step();
      const std::string complaint = storm.complaint();
      if (!complaint.empty()) RC_FAIL(complaint);
    });
  };
  Media media = plain().with_delay(10ms, 5ms).with_queue(5'000);
  CHECK(survives(media.loss(0.1)));
  CHECK(survives(media.with_rate({80'000})));
  CHECK(survives(media.with_rate({0})));
  media.half_duplex = true;
  CHECK(survives(media.with_rate({80'000}).loss(0.3)));
}
