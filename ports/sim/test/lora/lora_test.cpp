#include <rapidcheck/catch.h>

#include <bit>
#include <catch2/catch.hpp>

#include "mehr/sim/chance.h"
#include "radio_world.h"

namespace {

using namespace mehr;
using namespace mehr::sim;
using namespace mehr::sim::test;

// SF8, 125 kHz, 4/5: 100 bytes of body and the split's header.
constexpr Duration kAirtimeOf100 = 307'712us;
constexpr Duration kSensing = 2 * 2'048us;
constexpr Duration kSlot = 32 * 2'048us;

Media listening_radio() {
  Media media = plain_radio();
  media.lora_radio.listen_before_talk = true;
  return media;
}

}  // namespace

TEST_CASE("sim lora: a radio is one medium for everybody", "[sim][lora]") {
  Media media = plain_radio();
  media.delay = 5ms;
  RadioWorld world(media);
  Radio& radio = world.add({0, 0});
  CHECK(radio.times_opened == 0);  // never from within node_up
  world.run();
  CHECK(radio.times_opened == 1);
  CHECK(radio.opened_as_everybody);
  const MediumInfo& info = radio.medium->info();
  CHECK_FALSE(info.stream);
  CHECK(info.half_duplex);
  CHECK(info.mtu == Mtu{484});
  CHECK(info.bandwidth == BitsPerSecond{2'873});
  CHECK(info.latency == Millis{1'420});  // 1,414.144 ms of airtime and 5 ms
  CHECK(world.channel->address_of(0) == Remote{});
  radio.medium->close();
  world.run();
  CHECK(radio.times_closed == 0);
}

TEST_CASE("sim lora: a frame arrives after its airtime, to the nanosecond", "[sim][lora]") {
  Media media = plain_radio();
  media.delay = 5ms;
  RadioWorld world(media);
  world.add({0, 0});
  Radio& near = world.add({1000, 0});
  Radio& far = world.add({-2800, 0});
  world.add({0, 2900});
  world.plan_send(10s, 0, 100);
  world.plan_send(20s, 0, 508);
  world.run();
  REQUIRE(near.arrivals.size() == 2);
  CHECK(near.arrivals[0].at == at(10s + kAirtimeOf100 + 5ms));
  CHECK(near.arrivals[0].frame == counting(100));
  CHECK(near.arrivals[0].info.rssi_dbm == -113);
  CHECK(near.arrivals[0].info.snr_db == 4);  // over -117.03 dBm of noise
  CHECK(near.arrivals[0].info.from == Remote{});
  CHECK(near.arrivals[0].info.source == SourceKey{});
  CHECK(near.arrivals[1].at == at(20s + 2 * 707'072us + 5ms));
  CHECK(near.arrivals[1].frame == counting(508));
  REQUIRE(far.arrivals.size() == 2);
  CHECK(far.arrivals[0].info.rssi_dbm == -126);
  // Who is out of range leaves no trace; a link frame is sent once, whatever its radio frames.
  CHECK(world.pairs(What::frame_arrived) == Pairs{"1<0", "1<0", "2<0", "2<0"});
  CHECK(world.recorder.count(What::frame_sent) == 2);
  CHECK(world.recorder.count(What::frame_lost) == 0);
  const ChannelCounters& counters = world.channel->counters();
  CHECK(counters.frames_sent == 2);
  CHECK(counters.bytes_sent == 608);
  CHECK(counters.frames_arrived == 4);
  CHECK(counters.airtime == kAirtimeOf100 + 2 * 707'072us);
  CHECK(world.channel->in_range(0, 2));
  CHECK_FALSE(world.channel->in_range(0, 3));
}

TEST_CASE("sim lora: a quiet channel is sensed for two symbols before speaking", "[sim][lora]") {
  RadioWorld world(listening_radio());
  world.add({0, 0});
  Radio& other = world.add({100, 0});
  world.plan_send(10s, 0, 100);
  world.run();
  REQUIRE(other.arrivals.size() == 1);
  CHECK(world.sent_at(0) == at(10s + kSensing));
  CHECK(other.arrivals[0].at == at(10s + kSensing + kAirtimeOf100));
}

TEST_CASE("sim lora: a busy channel is waited for in random slots", "[sim][lora]") {
  constexpr std::uint64_t kSeed = 77;
  RadioWorld world(listening_radio(), kSeed);
  world.add({0, 0});
  world.add({100, 0});
  Radio& both = world.add({50, 50});
  world.plan_send(10s, 0, 508);
  world.plan_send(10s + 50ms, 1, 100);
  world.plan_send(20s, 0, 508);
  world.plan_send(20s + 50ms, 1, 100);
  world.run();
  // Node 1's own stream says when it looks again: the windows double from 8 slots to 64.
  Chance drawn(kSeed, "lora radio", 3, 1);
  const auto speaks = [&](Duration since) {
    const Instant silence = at(since + kSensing + 2 * 707'072us);
    Instant looks = at(since + 50ms);
    for (std::uint64_t window = 8; looks < silence;
         window = std::min<std::uint64_t>(window * 2, 64)) {
      looks += kSlot * static_cast<std::int64_t>(1 + drawn.below(window));
    }
    drawn.below(256);  // the mark of its radio frames
    return looks + kSensing;
  };
  const Instant first = speaks(10s);
  const Instant second = speaks(20s);  // the windows begin anew
  CHECK(world.sent_times(1) == std::vector<Instant>{first, second});
  CHECK(both.arrivals.size() == 4);
  CHECK(world.channel->counters().frames_arrived == 8);
  CHECK(world.channel->counters().collisions == 0);
}

TEST_CASE("sim lora: the carrier does not pause between the halves", "[sim][lora]") {
  RadioWorld world(listening_radio());
  world.add({0, 0});
  world.add({100, 0});
  world.plan_send(10s, 0, 508);
  const Duration looks = 10s + kSensing + 707'072us + 1ms;  // half a symbol into the second half
  world.plan_send(looks, 1, 100);
  world.run();
  CHECK(world.sent_at(1) > at(10s + kSensing + 2 * 707'072us));
  CHECK((world.sent_at(1) - at(looks + kSensing)).count() % kSlot.count() == 0);
}

TEST_CASE("sim lora: after a word of one's own others have a chance", "[sim][lora]") {
  RadioWorld world(listening_radio());
  world.add({0, 0});
  world.plan_send(10s, 0, 100);
  world.plan_send(10s, 0, 100);
  world.run();
  const auto times = world.sent_times(0);
  REQUIRE(times.size() == 2);
  CHECK(times[1] >= times[0] + kAirtimeOf100 + kSlot + kSensing);
  CHECK((times[1] - times[0] - kAirtimeOf100 - kSensing).count() % kSlot.count() == 0);
}

TEST_CASE("sim lora: what cannot be received is not waited for", "[sim][lora]") {
  RadioWorld world(listening_radio());
  world.add({0, 0});
  world.add({3000, 0});  // within what disturbs
  world.plan_send(10s, 0, 100);
  SECTION("during it") {
    world.plan_send(10s + 50ms, 1, 100);
    world.run();
    CHECK(world.sent_at(1) == at(10s + 50ms + kSensing));
  }
  SECTION("after it") {
    world.plan_send(10s + kAirtimeOf100 + 10ms, 1, 100);
    world.run();
    CHECK(world.sent_at(1) == at(10s + kAirtimeOf100 + 10ms + kSensing));
  }
}

TEST_CASE("sim lora: sensing takes a symbol to notice a speaker", "[sim][lora]") {
  RadioWorld world(listening_radio());
  world.add({0, 0});
  world.add({100, 0});
  Radio& both = world.add({50, 50});
  world.plan_send(10s, 0, 100);
  SECTION("one nanosecond less: both speak") {
    world.plan_send(10s + 2'048us - 1ns, 1, 100);
    world.run();
    CHECK(world.sent_at(1) == at(10s + 2'048us - 1ns + kSensing));
    CHECK(world.pairs(What::frame_collided) == Pairs{"2<0", "2<1"});
    CHECK(world.pairs(What::frame_lost) == Pairs{"0<1", "1<0"});
    CHECK(both.arrivals.empty());
  }
  SECTION("a whole one: one after the other") {
    world.plan_send(10s + 2'048us, 1, 100);
    world.run();
    CHECK(world.sent_at(1) > at(10s + kSensing + kAirtimeOf100));
    CHECK(both.arrivals.size() == 2);
  }
}

TEST_CASE("sim lora: who answers the same frame does not speak at once", "[sim][lora]") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RadioWorld world(listening_radio(), seed);
    world.add({0, 0});
    for (NodeIndex node = 1; node <= 2; ++node) {
      Radio& radio = world.add({100, 100.0 * node});
      radio.on_arrival = [&world, &radio, node] {
        if (radio.arrivals.size() == 1) CHECK(world.send(node, counting(20)));
      };
    }
    world.plan_send(1s, 0, 100);
    world.run();
    CHECK(world.recorder.count(What::frame_sent) == 3);
    // Equal draws happen, one time in eight; all others keep apart.
    if (world.sent_at(1) != world.sent_at(2)) {
      CHECK(world.pairs(What::frame_arrived) == Pairs{"0<1", "0<2", "1<0", "1<2", "2<0", "2<1"});
    }
  }
}

TEST_CASE("sim lora: who speaks is deaf", "[sim][lora]") {
  RadioWorld world(plain_radio());
  world.add({0, 0});
  world.add({1000, 0});
  world.plan_send(10s, 0, 254);
  world.plan_send(10s + 300ms, 1, 10);  // ends while 0 goes on
  world.run();
  CHECK(world.pairs(What::frame_arrived).empty());
  CHECK(world.pairs(What::frame_lost) == Pairs{"0<1", "1<0"});
  for (const Seen& lost : world.all(What::frame_lost)) {
    CHECK(lost.text == "the receiver was speaking");
  }
  CHECK(world.channel->counters().frames_lost == 2);
}

TEST_CASE("sim lora: half of a link frame is none", "[sim][lora]") {
  RadioWorld world(plain_radio());
  world.add({0, 0});
  world.add({1000, 0});
  Radio& third = world.add({0, 1000});
  SECTION("the first half is missed") { world.plan_send(10s + 100ms, 1, 10); }
  SECTION("the second half is missed") { world.plan_send(10s + 800ms, 1, 10); }
  world.plan_send(10s, 0, 508);
  world.plan_send(20s, 0, 508);
  world.run();
  CHECK(world.pairs(What::frame_collided) == Pairs{"2<0", "2<1"});
  CHECK(world.pairs(What::frame_lost) == Pairs{"0<1", "1<0"});
  REQUIRE(third.arrivals.size() == 1);
  CHECK(third.arrivals[0].at == at(20s + 2 * 707'072us));
  CHECK(third.arrivals[0].frame == counting(508));
}

TEST_CASE("sim lora: what a radio cannot carry is refused at once", "[sim][lora]") {
  RadioWorld world(plain_radio());
  world.add({0, 0});
  world.run();
  CHECK(world.send(0, {}).error().code == Errc::bad_value);
  CHECK(world.send(0, counting(509)).error().code == Errc::too_big);
  CHECK(world.send(0, counting(508)));
  CHECK(world.recorder.count(What::frame_refused) == 2);
  CHECK(world.channel->counters().frames_refused == 2);
}

TEST_CASE("sim lora: a full queue says so, and says once when there is room", "[sim][lora]") {
  Media media = plain_radio();
  media.queue_bytes = 1000;
  RadioWorld world(media);
  Radio& sender = world.add({0, 0});
  Radio& other = world.add({100, 0});
  std::vector<Instant> told;
  sender.on_writable = [&] { told.push_back(world.queue.now()); };
  world.plan(1s, [&] {
    CHECK(world.send(0, counting(500)));
    CHECK(world.send(0, counting(500)));
    CHECK(world.send(0, counting(1)).error().code == Errc::full);
    CHECK(world.send(0, counting(1)).error().code == Errc::full);
  });
  world.run();
  // 500 bytes are left at once; 508 more do not fit before the second has begun to leave.
  CHECK(told == std::vector<Instant>{at(1s) + lora_link_airtime(media.lora_radio, 500)});
  CHECK(other.arrivals.size() == 2);
  CHECK(world.channel->counters().frames_refused == 2);
  REQUIRE(world.all(What::frame_refused).size() == 2);
  CHECK(world.all(What::frame_refused)[0].text == "the send queue is full");
}

TEST_CASE("sim lora: a cut is a wall for frames, sensing and disturbance", "[sim][lora]") {
  RadioWorld world(listening_radio());
  world.add({0, 0});
  Radio& other = world.add({1000, 0});
  world.barrier.cut_one_way(0, 1);
  world.plan_send(10s, 0, 508);
  world.plan_send(10s + 100ms, 1, 100);
  world.plan(20s, [&] { world.barrier.heal(); });
  world.plan_send(21s, 0, 100);
  world.run();
  CHECK(world.sent_at(1) == at(10s + 100ms + kSensing));
  REQUIRE(other.arrivals.size() == 1);
  CHECK(other.arrivals[0].at == at(21s + kSensing + kAirtimeOf100));
  const auto lost = world.all(What::frame_lost);
  REQUIRE(lost.size() == 2);
  CHECK(lost[0].text == "cut");
  CHECK(lost[0].node == 0);
  CHECK(lost[0].peer == 1);
  CHECK(lost[0].size == 508);
  CHECK(lost[1].text == "the receiver was speaking");
}

TEST_CASE("sim lora: a cut between leaving and arriving is one, too", "[sim][lora]") {
  RadioWorld world(plain_radio());
  world.add({0, 0});
  Radio& other = world.add({1000, 0});
  world.plan_send(10s, 0, 100);
  world.plan(10s + 100ms, [&] { world.barrier.cut_between(0, 1); });
  world.run();
  CHECK(other.arrivals.empty());
  CHECK(world.pairs(What::frame_lost) == Pairs{"1<0"});
  CHECK(world.all(What::frame_lost)[0].text == "cut");
}

TEST_CASE("sim lora: faults of the medium come on top", "[sim][lora]") {
  Media media = plain_radio();
  media.delay = 5ms;
  SECTION("loss") {
    RadioWorld world(media.loss(1));
    world.add({0, 0});
    Radio& other = world.add({100, 0});
    world.plan_send(1s, 0, 508);
    world.plan(5s, [&] { world.channel->heal(); });
    world.plan_send(6s, 0, 508);
    world.run();
    REQUIRE(world.all(What::frame_lost).size() == 1);
    CHECK(world.all(What::frame_lost)[0].text == "loss");
    CHECK(other.arrivals.size() == 1);
  }
  SECTION("corruption") {
    RadioWorld world(media.corruption(1));
    world.add({0, 0});
    Radio& other = world.add({100, 0});
    for (int i = 0; i < 20; ++i) world.plan_send(std::chrono::seconds(1 + i), 0, 30);
    world.run();
    REQUIRE(other.arrivals.size() == 20);
    int turned = 0;
    for (const Radio::Arrival& arrival : other.arrivals) {
      int bits = 0;
      for (std::size_t i = 0; i < 30; ++i) {
        bits += std::popcount(static_cast<unsigned>(arrival.frame[i] ^ counting(30)[i]));
      }
      CHECK(bits <= 4);
      turned += bits;
    }
    CHECK(turned > 20);
    CHECK(world.channel->counters().frames_corrupted == 20);
  }
  SECTION("duplication and reordering") {
    RadioWorld world(media.duplication(1).reordering(1));
    world.add({0, 0});
    Radio& other = world.add({100, 0});
    world.plan_send(1s, 0, 100);
    world.run();
    REQUIRE(other.arrivals.size() == 2);
    CHECK(other.arrivals[0].at == at(1s + kAirtimeOf100 + 5ms));
    CHECK(other.arrivals[1].at == at(1s + kAirtimeOf100 + 10ms));
    CHECK(world.channel->counters().frames_doubled == 1);
  }
}

TEST_CASE("sim lora: a share of frames is lost for each listener by itself", "[sim][lora]") {
  const auto lost_of_1 = [](bool with_third) {
    RadioWorld world(plain_radio().loss(0.3), 5);
    world.add({0, 0});
    world.add({100, 0});
    if (with_third) world.add({0, 100});
    for (int i = 0; i < 200; ++i) world.plan_send(std::chrono::seconds(i), 0, 20);
    world.run();
    std::vector<Instant> out;
    for (const Seen& lost : world.all(What::frame_lost)) {
      if (lost.peer == 1) out.push_back(lost.at);
    }
    return out;
  };
  const auto alone = lost_of_1(false);
  CHECK(alone.size() > 40);
  CHECK(alone.size() < 80);
  CHECK(lost_of_1(true) == alone);  // a newcomer does not shift another's draws
}

TEST_CASE("sim lora: a node that dies is heard and hears no more", "[sim][lora]") {
  RadioWorld world(plain_radio());
  Radio& first = world.add({0, 0});
  Radio& second = world.add({1000, 0});
  world.plan_send(10s, 0, 508);
  SECTION("in the middle of a word") {
    world.plan(10s + 1s, [&] { world.channel->node_down(0); });
    world.plan(10s + 2s, [&] { world.channel->node_up(0); });
    world.plan_send(20s, 1, 10);
    world.run();
    REQUIRE(world.all(What::frame_lost).size() == 1);
    CHECK(world.all(What::frame_lost)[0].at == at(11s));
    CHECK(world.all(What::frame_lost)[0].text == "the sender went down");
    CHECK(second.arrivals.empty());
    CHECK(first.arrivals.size() == 1);
    CHECK(first.times_opened == 2);
    CHECK(world.channel->counters().airtime == 1s + lora_link_airtime({}, 10));
  }
  SECTION("while it listens, even if it is back soon") {
    world.plan(10s + 1s, [&] { world.channel->node_down(1); });
    world.plan(10s + 1s + 1ms, [&] { world.channel->node_up(1); });
    world.plan_send(20s, 0, 10);
    world.run();
    REQUIRE(world.all(What::frame_lost).size() == 1);
    CHECK(world.all(What::frame_lost)[0].text == "the receiver went down");
    REQUIRE(second.arrivals.size() == 1);
    CHECK(second.arrivals[0].frame.size() == 10);
  }
  SECTION("with frames in its queue") {
    Medium* dead = nullptr;
    world.plan(10s + 1ms, [&] {
      CHECK(world.send(0, counting(100)));
      dead = first.medium;
      world.channel->node_down(0);
      CHECK(dead->send({}, counting(1)).error().code == Errc::io);
    });
    world.plan(11s, [&] { world.channel->node_up(0); });
    world.plan_send(12s, 0, 10);
    world.run();
    CHECK(world.recorder.count(What::frame_sent) == 2);  // 508 and 10 bytes
    CHECK(world.channel->counters().bytes_sent == 518);
    CHECK(first.times_opened == 2);
  }
}

TEST_CASE("sim lora: what is received just before a restart is lost", "[sim][lora]") {
  Media media = plain_radio();
  media.delay = 5ms;
  RadioWorld world(media);
  world.add({0, 0});
  Radio& other = world.add({1000, 0});
  world.plan_send(10s, 0, 100);
  world.plan(10s + kAirtimeOf100 + 1ms, [&] {
    world.channel->node_down(1);
    world.channel->node_up(1);
  });
  world.run();
  CHECK(other.arrivals.empty());
  REQUIRE(world.all(What::frame_lost).size() == 1);
  CHECK(world.all(What::frame_lost)[0].text == "the receiver went down");
}

TEST_CASE("sim lora: a node that moves goes out of range and comes back", "[sim][lora]") {
  RadioWorld world(plain_radio());
  world.add({0, 0});
  // 100 m/s away from 1 km on, back from the 50th second on: out of 2,807 m from 18.08 to 81.9 s.
  Radio& walker =
      world.add({1000, 0}, {{at(0s), {1000, 0}}, {at(50s), {6000, 0}}, {at(100s), {1000, 0}}});
  for (int s = 0; s <= 110; s += 2) world.plan_send(std::chrono::seconds(s), 0, 10);
  world.run();
  std::vector<Instant> missing;
  for (int s = 0; s <= 110; s += 2) {
    const Instant due = at(std::chrono::seconds(s) + lora_link_airtime({}, 10));
    const bool came = std::any_of(walker.arrivals.begin(), walker.arrivals.end(),
                                  [&](const Radio::Arrival& a) { return a.at == due; });
    if (!came) missing.push_back(at(std::chrono::seconds(s)));
  }
  REQUIRE(missing.size() == 31);
  CHECK(missing.front() == at(20s));
  CHECK(missing.back() == at(80s));
  CHECK(world.recorder.count(What::frame_lost) == 0);
}

TEST_CASE("sim lora: who hears whom is a matter of signals alone", "[sim][lora]") {
  rc::prop("grid, memory and movers agree with the distance of each pair", [] {
    const auto world = std::make_unique<RadioWorld>(plain_radio());
    const auto count = *rc::gen::inRange<std::size_t>(2, 25);
    std::vector<Position> places;
    for (std::size_t i = 0; i < count; ++i) {
      const Position place{static_cast<double>(*rc::gen::inRange(-9000, 9000)),
                           static_cast<double>(*rc::gen::inRange(-9000, 9000))};
      places.push_back(place);
      world->add(place).claims_to_move = *rc::gen::arbitrary<bool>();
    }
    Pairs expected;
    for (std::size_t from = 0; from < count; ++from) {
      // Twice: the second time may be from memory.
      world->plan_send(std::chrono::seconds(1 + from), static_cast<NodeIndex>(from), 5);
      world->plan_send(std::chrono::seconds(100 + from), static_cast<NodeIndex>(from), 5);
      for (std::size_t to = 0; to < count; ++to) {
        const double dbm = lora_received_dbm({}, distance(places[from], places[to]));
        const bool heard = from != to && dbm >= lora_sensitivity_dbm({});
        const auto a = static_cast<NodeIndex>(from);
        const auto b = static_cast<NodeIndex>(to);
        if (from != to) RC_ASSERT(world->channel->in_range(a, b) == heard);
        if (heard)
          expected.insert(expected.end(), 2, std::to_string(to) + "<" + std::to_string(from));
      }
    }
    std::sort(expected.begin(), expected.end());
    world->run();
    RC_ASSERT(world->pairs(What::frame_arrived) == expected);
  });
}

TEST_CASE("sim lora: the same seed is the same run", "[sim][lora]") {
  const auto run = [](std::uint64_t seed) {
    Media media = listening_radio().loss(0.1).corruption(0.1).duplication(0.1).reordering(0.1);
    media.delay = 5ms;
    media.jitter = 3ms;
    media.lora_radio.duty_cycle = 0.05;
    RadioWorld world(media, seed);
    for (int row = 0; row < 5; ++row) {
      for (int column = 0; column < 6; ++column) world.add({900.0 * column, 900.0 * row});
    }
    Chance chance(9, "traffic");
    for (int i = 0; i < 600; ++i) {
      const Duration when = chance.between(1s, 1h);
      const auto node = static_cast<NodeIndex>(chance.below(30));
      world.plan_send(when, node, static_cast<std::size_t>(chance.between(1U, 508U)));
    }
    world.run();
    CHECK(world.channel->counters().collisions > 0);
    CHECK(world.channel->counters().frames_arrived > 100);
    return world.recorder.fingerprint();
  };
  const ContentHash once = run(1);
  CHECK(run(1) == once);
  CHECK_FALSE(run(2) == once);
}
