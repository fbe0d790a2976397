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

/// A segment on which a byte takes one microsecond and the way 5 ms.
Media plain() { return Media::ethernet().with_rate({8'000'000}).with_delay(5ms); }

struct Open {
  World world;
  explicit Open(const Media& media, std::size_t hosts, std::uint64_t seed = 1)
      : world(media, hosts, seed) {
    world.boot();
    world.run(at(1s));
  }
  Status send(NodeIndex from, NodeIndex to, const Bytes& frame) {
    return world[from].medium->send(world.channel->address_of(to), frame);
  }
  Status shout(NodeIndex from, const Bytes& frame) {
    return world[from].medium->send(Remote{}, frame);
  }
};

/// Addresses below 256 are told apart by their first byte.
int node_from(const FrameInfo& info) { return info.from.bytes[0] - 1; }

}  // namespace

TEST_CASE("sim segment: every node has one medium, and nobody dials", "[sim][media]") {
  Open segment(plain(), 3);
  for (std::size_t i = 0; i < 3; ++i) {
    REQUIRE(segment.world[i].calls.size() == 1);
    CHECK(segment.world[i].calls[0].peer == kNoNode);
    CHECK_FALSE(segment.world[i].calls[0].dialled);
  }
}

TEST_CASE("sim segment: a frame reaches the one it is for, and says from whom", "[sim][media]") {
  Open segment(plain(), 3);
  REQUIRE(segment.send(0, 2, frame_of(100, 1)));
  REQUIRE(segment.send(1, 2, frame_of(200, 2)));  // each sender has its own rate
  segment.world.run_for(1s);
  CHECK(segment.world[1].arrivals().empty());
  CHECK(segment.world[2].arrivals() == Times{at(1s + 5ms + 100us), at(1s + 5ms + 200us)});
  const FrameInfo first = segment.world[2].calls[1].info;
  const FrameInfo second = segment.world[2].calls[2].info;
  CHECK(first.from == segment.world.channel->address_of(0));
  CHECK(first.source != second.source);
  CHECK(first.from != second.from);

  // What came from there goes back there.
  REQUIRE(segment.world[2].medium->send(second.from, frame_of(10, 3)));
  segment.world.run_for(1s);
  CHECK(segment.world[1].frames() == std::vector<Bytes>{frame_of(10, 3)});
  CHECK(segment.world[0].frames().empty());
}

TEST_CASE("sim segment: addresses are the index and one, in all positions", "[sim][media]") {
  World world(plain(), 300);
  CHECK(world.channel->address_of(0).bytes[0] == 1);
  CHECK(world.channel->address_of(255).bytes[0] == 0);
  CHECK(world.channel->address_of(255).bytes[1] == 1);
  world.boot();
  world.run(at(1s));
  Remote nobody = world.channel->address_of(300);
  CHECK(world[0].medium->send(nobody, frame_of(1)).error().code == Errc::not_found);
  nobody = world.channel->address_of(7);
  nobody.bytes[19] = 1;
  CHECK(world[0].medium->send(nobody, frame_of(1)).error().code == Errc::not_found);
  CHECK(world[0].medium->send(world.channel->address_of(299), frame_of(1)));
  world.run(at(2s));
  CHECK(world[299].arrivals().size() == 1);
}

TEST_CASE("sim segment: a frame to everybody reaches all but its sender", "[sim][media]") {
  Open segment(plain(), 4);
  REQUIRE(segment.shout(1, frame_of(100, 5)));
  segment.world.run_for(1s);
  for (const std::size_t i : {0U, 2U, 3U}) {
    CHECK(segment.world[i].arrivals() == Times{at(1s + 5ms + 100us)});
    CHECK(segment.world[i].frames() == std::vector<Bytes>{frame_of(100, 5)});
  }
  CHECK(segment.world[1].arrivals().empty());
  CHECK(segment.world.channel->counters().frames_sent == 1);
  CHECK(segment.world.channel->counters().frames_arrived == 3);
  CHECK(segment.world.channel->counters().airtime == 100us);
}

TEST_CASE("sim segment: range decides who hears, and moving changes it", "[sim][media]") {
  Media media = plain().with_range(100);
  World world(media, 5);
  const std::array<double, 5> places{0, 60, 100, 100.5, 500};
  for (std::size_t i = 0; i < 5; ++i) world[i].place = {places[i], 0};
  world[3].moves = true;
  world.boot();
  world.run(at(1s));
  CHECK(world.channel->in_range(0, 2));
  CHECK_FALSE(world.channel->in_range(0, 3));
  CHECK(world.channel->in_range(1, 3));

  const auto heard = [&](NodeIndex from) {
    std::vector<std::size_t> before;
    for (std::size_t i = 0; i < 5; ++i) before.push_back(world[i].arrivals().size());
    REQUIRE(world[from].medium->send(Remote{}, frame_of(10)));
    world.run_for(100ms);
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < 5; ++i) {
      if (world[i].arrivals().size() > before[i]) out.push_back(i);
    }
    return out;
  };
  using List = std::vector<std::size_t>;
  CHECK(heard(0) == List{1, 2});
  CHECK(heard(1) == List{0, 2, 3});
  CHECK(heard(4).empty());
  CHECK(world.channel->counters().frames_lost == 0);  // nobody missed what was not for him
  world[3].place = {450, 0};
  CHECK(heard(1) == List{0, 2});
  CHECK(heard(4) == List{3});
  CHECK(heard(3) == List{4});

  REQUIRE(world[0].medium->send(world.channel->address_of(4), frame_of(10)));
  world.run_for(1s);
  CHECK(world.count(What::frame_lost, "out of range") == 1);
}

TEST_CASE("sim segment: on half-duplex air one node speaks at a time", "[sim][media]") {
  Media media = plain();
  media.half_duplex = true;
  Open segment(media, 3);
  REQUIRE(segment.send(0, 2, frame_of(100, 1)));
  REQUIRE(segment.send(0, 2, frame_of(100, 2)));
  REQUIRE(segment.send(1, 2, frame_of(100, 3)));
  segment.world.run_for(1s);
  const Instant first = at(1s + 5ms);
  CHECK(segment.world[2].arrivals() == Times{first + 100us, first + 200us, first + 300us});
  CHECK(number_of(segment.world[2].frames()[1]) == 2);  // it waited first
}

TEST_CASE("sim segment: everybody who was refused hears once of room", "[sim][media]") {
  Media media = plain().with_queue(300);
  media.half_duplex = true;
  Open segment(media, 3);
  for (NodeIndex from : {0U, 1U}) {
    for (int i = 0; i < 3; ++i) REQUIRE(segment.send(from, 2, frame_of(100)));
    for (int i = 0; i < 2; ++i) CHECK_FALSE(segment.send(from, 2, frame_of(100)));
  }
  segment.world.run_for(1s);
  CHECK(segment.world[0].times(Kind::writable).size() == 1);
  CHECK(segment.world[1].times(Kind::writable).size() == 1);
  CHECK(segment.world[2].arrivals().size() == 6);
}

TEST_CASE("sim segment: room is told even when another speaks at that very moment",
          "[sim][media]") {
  Media media = plain().with_queue(150);
  media.half_duplex = true;
  Open segment(media, 3);
  segment.world.plan(at(1s + 100us), [&] { REQUIRE(segment.send(1, 2, frame_of(100))); });
  REQUIRE(segment.send(0, 2, frame_of(100)));
  REQUIRE_FALSE(segment.send(0, 2, frame_of(100)));
  segment.world.run_for(1s);
  CHECK(segment.world[0].times(Kind::writable) == Times{at(1s + 100us)});
  CHECK(segment.world[2].arrivals() == Times{at(1s + 5ms + 100us), at(1s + 5ms + 200us)});
}

TEST_CASE("sim segment: each receiver has a fate of its own", "[sim][media]") {
  Open segment(plain().loss(0.5), 3);
  for (std::uint32_t i = 0; i < 1'000; ++i) {
    REQUIRE(segment.shout(0, frame_of(100, i)));
    segment.world.run_for(1ms);
  }
  segment.world.run_for(1s);
  std::array<std::vector<bool>, 2> got{std::vector<bool>(1'000), std::vector<bool>(1'000)};
  for (const std::size_t i : {1U, 2U}) {
    for (const Bytes& frame : segment.world[i].frames()) got[i - 1][number_of(frame)] = true;
  }
  std::array<int, 4> both{};  // none, first, second, both
  for (std::size_t i = 0; i < 1'000; ++i) {
    ++both[(got[0][i] ? 1U : 0U) + (got[1][i] ? 2U : 0U)];
  }
  for (const int n : both) {
    CHECK(n > 195);  // 250 expected, four deviations are 55
    CHECK(n < 305);
  }
}

TEST_CASE("sim segment: a node more does not shift the draws of the others", "[sim][media]") {
  const auto run = [](std::size_t hosts) {
    Open segment(plain().loss(0.3).with_delay(5ms, 3ms), hosts, 5);
    for (std::uint32_t i = 0; i < 200; ++i) {
      REQUIRE(segment.shout(0, frame_of(100, i)));
      REQUIRE(segment.shout(1, frame_of(100, i)));
      segment.world.run_for(1ms);
    }
    segment.world.run_for(1s);
    std::vector<std::pair<Instant, Bytes>> out;
    for (const auto& call : segment.world[1].calls) {
      if (call.kind == Kind::arrived && node_from(call.info) == 0) {
        out.emplace_back(call.when, call.frame);
      }
    }
    return out;
  };
  const auto two = run(2);
  CHECK(two.size() > 100);
  CHECK(two == run(6));
}

TEST_CASE("sim segment: a partition parts it, and healing joins it", "[sim][media]") {
  Open segment(plain(), 4);
  segment.world.barrier.partition({0, 1, 0, 1});
  REQUIRE(segment.shout(0, frame_of(10)));
  segment.world.run_for(100ms);
  CHECK(segment.world[1].arrivals().empty());
  CHECK(segment.world[2].arrivals().size() == 1);
  CHECK(segment.world[3].arrivals().empty());
  CHECK(segment.world.count(What::frame_lost, "cut") == 2);
  segment.world.barrier.heal();
  REQUIRE(segment.shout(0, frame_of(10)));
  segment.world.run_for(100ms);
  CHECK(segment.world[3].arrivals().size() == 1);
}

TEST_CASE("sim segment: a crash loses what the node sent and what was for it", "[sim][media]") {
  Open segment(plain(), 3);
  REQUIRE(segment.shout(0, frame_of(100, 1)));
  REQUIRE(segment.send(1, 0, frame_of(100, 2)));
  REQUIRE(segment.send(1, 2, frame_of(100, 3)));
  segment.world.run_for(50us);
  segment.world.channel->node_down(0);
  segment.world.run_for(1s);
  CHECK(segment.world[0].arrivals().empty());
  CHECK(segment.world[1].arrivals().empty());
  CHECK(segment.world[2].frames() == std::vector<Bytes>{frame_of(100, 3)});
  CHECK(segment.world.count(What::frame_lost, "the sender went down") == 2);
  CHECK(segment.world.count(What::frame_lost, "the receiver went down") == 1);
}

TEST_CASE("sim segment: the same seed gives the same fingerprint, another one another",
          "[sim][media]") {
  const auto run = [](std::uint64_t seed) {
    Open segment(Media::wifi().loss(0.1).corruption(0.1).duplication(0.1).reordering(0.1), 6, seed);
    for (std::uint32_t i = 0; i < 500; ++i) {
      const NodeIndex from = i % 6;
      if (i % 3 == 0) {
        REQUIRE(segment.shout(from, frame_of(200, i)));
      } else {
        REQUIRE(segment.send(from, (from + 1) % 6, frame_of(900, i)));
      }
      segment.world.run_for(1ms);
    }
    segment.world.run_for(1s);
    return segment.world.recorder.fingerprint();
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("sim segment: whatever happens, every frame arrives or is recorded as lost",
          "[sim][media]") {
  Media media = plain().with_rate({400'000}).with_queue(3'000).with_range(100);
  media = media.loss(0.1).duplication(0.1).corruption(0.1).reordering(0.1).with_delay(5ms, 5ms);
  const bool holds = rc::check([&] {
    Chance chance(*rc::gen::arbitrary<std::uint64_t>(), "storm");
    media.half_duplex = chance.happens(0.5);
    World world(media, 4, chance.next());
    std::array<bool, 4> waits{};
    bool unasked = false;
    for (std::size_t i = 0; i < 4; ++i) {
      world[i].moves = true;
      world[i].then = [&, i](const FakeHost::Call& call) {
        if (call.kind == Kind::writable) unasked |= !std::exchange(waits[i], false);
      };
    }
    world.boot();
    world.run(at(1s));
    std::uint64_t sent = 0;
    for (int step = 0; step < 300; ++step) {
      const std::size_t who = chance.below(4);
      const auto node = static_cast<NodeIndex>(who);
      switch (chance.below(10)) {
        case 0:
          world.barrier.cut_one_way(node, (node + 1) % 4);
          break;
        case 1:
          world.barrier.heal();
          break;
        case 2:
          world.channel->node_down(node);
          world[who].medium = nullptr;
          waits[who] = false;
          break;
        case 3:
          world[who].place = {static_cast<double>(chance.below(200)), 0};
          break;
        default:
          world.channel->node_up(node);
          world.run_for(1us);
          for (std::uint64_t n = 1 + chance.below(5); n > 0; --n) {
            const Remote to = world.channel->address_of((node + 1) % 4);
            const Status done = world[who].medium->send(to, frame_of(1 + chance.below(900)));
            sent += done ? 1U : 0U;
            waits[who] = waits[who] || !done;
          }
      }
      world.run_for(chance.between(Duration{0}, Duration{20ms}));
    }
    world.run_for(10s);
    const ChannelCounters& counters = world.channel->counters();
    RC_ASSERT(counters.frames_sent == sent);
    RC_ASSERT(counters.frames_sent + counters.frames_doubled ==
              counters.frames_arrived + counters.frames_lost);
    RC_ASSERT_FALSE(unasked);
    for (const bool still : waits) RC_ASSERT_FALSE(still);
  });
  CHECK(holds);
}
