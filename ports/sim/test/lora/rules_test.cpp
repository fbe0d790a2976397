#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <deque>

#include "../../src/airtime.h"
#include "../../src/lora_queue.h"
#include "radio_world.h"

namespace {

using namespace mehr;
using namespace mehr::sim;
using namespace mehr::sim::test;

struct Span {
  Instant begin;
  Instant end;
};

/// The most airtime in any window of an hour: one that ends with a transmission is the fullest.
Duration most_in_an_hour(const std::vector<Span>& spoken) {
  Duration most{0};
  for (const Span& last : spoken) {
    const Instant from = last.end - 1h;
    Duration sum{0};
    for (const Span& s : spoken) {
      if (s.end > from && s.begin < last.end) {
        sum += std::min(s.end, last.end) - std::max(s.begin, from);
      }
    }
    most = std::max(most, sum);
  }
  return most;
}

std::vector<Span> spoken_by(const RadioWorld& world, NodeIndex node, const LoraRadio& radio) {
  std::vector<Span> out;
  for (const Seen& sent : world.all(What::frame_sent)) {
    if (sent.node == node) out.push_back({sent.at, sent.at + lora_link_airtime(radio, sent.size)});
  }
  return out;
}

Media eu868() {
  Media media = plain_radio();
  media.lora_radio.region = Region::eu868;
  media.queue_bytes = 1'000'000;
  return media;
}

}  // namespace

TEST_CASE("sim lora: EU868 lets out 36 s in any hour, and all of them", "[sim][lora]") {
  RadioWorld world(eu868());
  world.add({0, 0});
  world.plan(5min, [&] {
    for (int i = 0; i < 60; ++i) CHECK(world.send(0, counting(508)));
  });
  world.run();
  const auto spoken = spoken_by(world, 0, {});
  REQUIRE(spoken.size() == 60);
  CHECK(most_in_an_hour(spoken) == 36s);
  // 25 frames of 1.414144 s are 35.3536 s; the 26th ends when 0.767744 s of the first have left the
  // window of an hour.
  CHECK(spoken[24].end == at(5min + 25 * 1'414'144us));
  CHECK(spoken[25].begin == at(5min) + 1h + 767'744us - 1'414'144us);
}

TEST_CASE("sim lora: EU868 keeps to 1 % whatever is set, others to what is set", "[sim][lora]") {
  Media media = eu868();
  media.lora_radio.duty_cycle = 0.5;
  Duration expected = 36s;
  SECTION("EU868") {}
  SECTION("unlimited") {
    media.lora_radio.region = Region::unlimited;
    media.lora_radio.duty_cycle = 0.02;
    expected = 72s;
  }
  RadioWorld world(media);
  world.add({0, 0});
  world.plan(1s, [&] {
    for (int i = 0; i < 110; ++i) CHECK(world.send(0, counting(508)));
  });
  world.run();
  CHECK(most_in_an_hour(spoken_by(world, 0, media.lora_radio)) == expected);
}

TEST_CASE("sim lora: no hour of any traffic holds more than its share", "[sim][lora]") {
  rc::prop("frames of any size at any time, with crashes", [] {
    Media media = eu868();
    media.lora_radio.spreading_factor = *rc::gen::inRange(7U, 13U);
    media.lora_radio.listen_before_talk = *rc::gen::arbitrary<bool>();
    const auto world = std::make_unique<RadioWorld>(media, *rc::gen::arbitrary<std::uint64_t>());
    world->add({0, 0});
    world->add({500, 0});
    const int frames = *rc::gen::inRange(1, 120);
    for (int i = 0; i < frames; ++i) {
      const auto when = std::chrono::milliseconds(*rc::gen::inRange(0, 9'000'000));
      const auto node = *rc::gen::inRange<NodeIndex>(0, 2);
      world->plan_send(when + 1s, node, *rc::gen::inRange<std::size_t>(1, 509));
    }
    world->run();
    for (const NodeIndex node : {0U, 1U}) {
      RC_ASSERT(most_in_an_hour(spoken_by(*world, node, media.lora_radio)) <= 36s);
    }
    // They wait; none is given up.
    RC_ASSERT(world->recorder.count(What::frame_sent) == static_cast<std::uint64_t>(frames));
    RC_ASSERT(world->recorder.count(What::frame_refused) == 0U);
  });
}

TEST_CASE("sim lora: the account of an hour is full to the nanosecond", "[sim][lora]") {
  rc::prop("each begins as early as it may, and not earlier", [] {
    const Duration budget{*rc::gen::inRange<std::int64_t>(1'000, 1'000'000'000'000)};
    AirtimeLedger ledger(budget);
    std::vector<Span> spoken;
    Instant now{};
    const int count = *rc::gen::inRange(1, 40);
    for (int i = 0; i < count; ++i) {
      now += Duration{*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000)};
      const Duration span{*rc::gen::inRange<std::int64_t>(1, budget.count() + 1)};
      const Instant begin = ledger.earliest(now, span);
      RC_ASSERT(begin >= now);
      spoken.push_back({begin, begin + span});
      RC_ASSERT(most_in_an_hour(spoken) <= budget);
      if (begin > now) {
        spoken.back() = {begin - 1ns, begin - 1ns + span};
        RC_ASSERT(most_in_an_hour(spoken) > budget);
        spoken.back() = {begin, begin + span};
      }
      ledger.add(begin, span);
      now = begin + span;
      if (*rc::gen::inRange(0, 4) == 0) {
        now = begin + span / 3;
        ledger.cut_short(now);
        spoken.back().end = now;
      }
    }
  });
}

TEST_CASE("sim lora: what has just left the hour may be spoken again", "[sim][lora]") {
  AirtimeLedger ledger(36s);
  for (const Duration begin : {100s, 200s, 300s}) ledger.add(at(begin), 12s);
  CHECK(ledger.earliest(at(400s), 12s) == at(112s + 1h - 12s));
  CHECK(ledger.earliest(at(400s), 1s) == at(101s + 1h - 1s));
  CHECK(ledger.earliest(at(400s), 13s) == at(201s + 1h - 13s));
  CHECK(ledger.earliest(at(3h), 36s) == at(3h));
}

TEST_CASE("sim lora: a restart does not give the hour back", "[sim][lora]") {
  RadioWorld world(eu868());
  world.add({0, 0});
  world.plan(1min, [&] {
    for (int i = 0; i < 25; ++i) CHECK(world.send(0, counting(508)));
  });
  world.plan(2min, [&] {
    world.channel->node_down(0);
    world.channel->node_up(0);
  });
  world.plan_send(3min, 0, 508);
  world.run();
  const auto spoken = spoken_by(world, 0, {});
  REQUIRE(spoken.size() == 26);
  CHECK(spoken[25].begin == at(1min) + 1h + 767'744us - 1'414'144us);
}

TEST_CASE("sim lora: a word cut off by a crash costs what was spoken of it", "[sim][lora]") {
  RadioWorld world(eu868());
  world.add({0, 0});
  world.plan_send(1min, 0, 508);
  world.plan(1min + 200ms, [&] {
    world.channel->node_down(0);
    world.channel->node_up(0);
  });
  world.plan(1min + 300ms, [&] {
    for (int i = 0; i < 25; ++i) CHECK(world.send(0, counting(508)));
  });
  world.run();
  // 0.2 s and 25 times 1.414144 s are less than 36 s.
  CHECK(spoken_by(world, 0, {}).back().begin == at(1min + 300ms + 24 * 1'414'144us));
}

TEST_CASE("sim lora: a frame longer than a whole hour's share is refused", "[sim][lora]") {
  Media media = eu868();
  media.lora_radio.duty_cycle = 0.0003;  // 1.08 s
  RadioWorld world(media);
  world.add({0, 0});
  world.run();
  const Status sent = world.send(0, counting(508));
  REQUIRE_FALSE(sent);
  CHECK(sent.error().code == Errc::too_big);
  CHECK(world.all(What::frame_refused)[0].text == "over the duty cycle's airtime of a whole hour");
  CHECK(world.send(0, counting(254)));
}

TEST_CASE("sim lora: US915 refuses radio frames over 400 ms", "[sim][lora]") {
  Media media = plain_radio();
  media.lora_radio.region = Region::us915;
  std::size_t largest = 0;
  SECTION("SF8, 125 kHz") { largest = 137; }
  SECTION("SF7, 125 kHz: full frames fit") {
    media.lora_radio.spreading_factor = 7;
    largest = 508;
  }
  SECTION("SF10, 500 kHz") {
    media.lora_radio.spreading_factor = 10;
    media.lora_radio.bandwidth_hz = 500'000;
    largest = 173;
  }
  RadioWorld world(media);
  world.add({0, 0});
  Radio& other = world.add({100, 0});
  world.run();
  std::size_t fits = 0;
  for (std::size_t size = 1; size <= 508; ++size) {
    const bool taken = world.send(0, counting(size)).has_value();
    world.run();
    if (taken) fits = size;
    CHECK(taken == (size <= largest));
  }
  CHECK(fits == largest);
  CHECK(other.arrivals.size() == largest);
  if (largest < 508) {
    const Status sent = world.send(0, counting(508));
    CHECK(sent.error().code == Errc::too_big);
    const auto refused = world.all(What::frame_refused);
    REQUIRE(refused.size() == 508 - largest + 1);
    CHECK(refused[0].text.find("over the dwell time") == 0);
    CHECK(refused[0].node == 0);
  }
}

TEST_CASE("sim lora: the send queue keeps frames and their order", "[sim][lora]") {
  rc::prop("as a deque of frames", [](const std::vector<std::uint16_t>& steps) {
    LoraQueue queue;
    std::deque<Bytes> model;
    for (const std::uint16_t step : steps) {
      if (step % 3 == 0 && !model.empty()) {
        queue.pop();
        model.pop_front();
      } else {
        model.push_back(counting(1 + step % 600, static_cast<std::uint8_t>(step)));
        queue.push(model.back());
      }
      std::size_t bytes = 0;
      for (const Bytes& frame : model) bytes += frame.size();
      RC_ASSERT(queue.bytes() == bytes);
      RC_ASSERT(queue.empty() == model.empty());
      if (!model.empty()) RC_ASSERT(same_bytes(queue.front(), model.front()));
    }
  });
}
