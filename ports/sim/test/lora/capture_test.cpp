#include <catch2/catch.hpp>

#include "../../src/exact_math.h"
#include "radio_world.h"

namespace {

using namespace mehr;
using namespace mehr::sim;
using namespace mehr::sim::test;

constexpr Duration kPreamble = 25'088us;  // SF8, 125 kHz: 12.25 symbols

/// Node 0 listens; node 1 speaks from 100 m, node 2 from where it is @p weaker_db weaker.
struct Duel {
  RadioWorld world{plain_radio()};
  Radio& listener = world.add({0, 0});

  explicit Duel(double weaker_db) {
    world.add({-100, 0});
    world.add({100 * exact_exp10(weaker_db / 29), 0});
  }
  void strong_at(Duration when) { world.plan_send(when, 1, 100); }
  void weak_at(Duration when) { world.plan_send(when, 2, 100); }
  /// Who reached the listener; the speakers hear each other, too.
  Pairs arrived() {
    world.run();
    return at_listener(What::frame_arrived);
  }
  [[nodiscard]] Pairs collided() const { return at_listener(What::frame_collided); }

 private:
  [[nodiscard]] Pairs at_listener(What what) const {
    Pairs out = world.pairs(what);
    std::erase_if(out, [](const std::string& pair) { return pair.rfind("0<", 0) != 0; });
    return out;
  }
};

}  // namespace

TEST_CASE("sim lora: the first of two survives when it is 6 dB stronger", "[sim][lora]") {
  Duel duel(6.001);
  duel.strong_at(10s);
  duel.weak_at(10s + 100ms);
  CHECK(duel.arrived() == Pairs{"0<1"});
  CHECK(duel.collided() == Pairs{"0<2"});
  CHECK(duel.world.channel->counters().collisions == 1);
  CHECK(duel.world.channel->counters().frames_arrived == 1);
}

TEST_CASE("sim lora: with 5 dB between them both are lost", "[sim][lora]") {
  Duel duel(5);
  SECTION("the strong one first") {
    duel.strong_at(10s);
    duel.weak_at(10s + 100ms);
  }
  SECTION("the weak one first") {
    duel.weak_at(10s);
    duel.strong_at(10s + 10ms);
  }
  SECTION("both at once") {
    duel.weak_at(10s);
    duel.strong_at(10s);
  }
  CHECK(duel.arrived().empty());
  CHECK(duel.collided() == Pairs{"0<1", "0<2"});
}

TEST_CASE("sim lora: the stronger second survives only before the first preamble's end",
          "[sim][lora]") {
  Duel duel(6.001);
  SECTION("a nanosecond before it") {
    duel.weak_at(10s);
    duel.strong_at(10s + kPreamble - 1ns);
    CHECK(duel.arrived() == Pairs{"0<1"});
    CHECK(duel.collided() == Pairs{"0<2"});
  }
  SECTION("at it") {
    duel.weak_at(10s);
    duel.strong_at(10s + kPreamble);
    CHECK(duel.arrived().empty());
    CHECK(duel.collided() == Pairs{"0<1", "0<2"});
  }
  SECTION("both at once") {
    duel.weak_at(10s);
    duel.strong_at(10s);
    CHECK(duel.arrived() == Pairs{"0<1"});
  }
}

TEST_CASE("sim lora: one after the other disturbs nobody", "[sim][lora]") {
  Duel duel(0);
  duel.strong_at(10s);
  duel.weak_at(10s + 307'712us);
  CHECK(duel.arrived() == Pairs{"0<1", "0<2"});
  CHECK(duel.world.pairs(What::frame_arrived) == Pairs{"0<1", "0<2", "1<2", "2<1"});
}

TEST_CASE("sim lora: a receiver follows no frame that began while it spoke", "[sim][lora]") {
  Duel duel(6.001);
  duel.world.plan_send(10s, 0, 1);  // speaks while the weak frame begins
  duel.weak_at(10s + 1ms);
  duel.strong_at(10s + 200ms);  // long after the weak preamble
  CHECK(duel.arrived() == Pairs{"0<1"});
  CHECK(duel.collided().empty());  // the weak one was missed before it was disturbed
}

TEST_CASE("sim lora: signals too weak to receive still disturb the weakest", "[sim][lora]") {
  RadioWorld world(plain_radio());
  world.add({0, 0});
  world.add({-2700, 0});  // -125.5 dBm
  world.add({3000, 0});   // -126.8 dBm: not heard
  world.plan_send(10s, 1, 100);
  world.plan_send(10s + 100ms, 2, 100);
  world.plan_send(20s, 1, 100);
  world.run();
  CHECK(world.pairs(What::frame_arrived) == Pairs{"0<1"});
  CHECK(world.pairs(What::frame_collided) == Pairs{"0<1"});  // nobody missed the other
}

TEST_CASE("sim lora: a signal too weak to receive holds no receiver", "[sim][lora]") {
  RadioWorld world(plain_radio());
  world.add({0, 0});
  world.add({3000, 0});
  world.add({-1500, 0});  // 8.7 dB stronger
  world.plan_send(10s, 1, 100);
  world.plan_send(10s + 100ms, 2, 100);  // long after the first preamble
  world.run();
  CHECK(world.pairs(What::frame_arrived) == Pairs{"0<2"});
}

TEST_CASE("sim lora: the first thing that went wrong is what is told", "[sim][lora]") {
  Duel duel(5);
  duel.weak_at(10s + 800ms);              // disturbs the second half
  duel.world.plan_send(10s + 1ms, 0, 1);  // deaf for the first
  duel.world.plan_send(10s, 1, 508);
  CHECK(duel.arrived().empty());
  CHECK(duel.collided() == Pairs{"0<2"});
  REQUIRE_FALSE(duel.world.all(What::frame_lost).empty());
  const Seen lost = duel.world.all(What::frame_lost).back();
  CHECK(lost.node == 1);
  CHECK(lost.peer == 0);
  CHECK(lost.size == 508);
  CHECK(lost.text == "the receiver was speaking");
}

TEST_CASE("sim lora: three at once need 6 dB over each", "[sim][lora]") {
  Duel duel(6.001);
  SECTION("the two others are weak") {
    duel.world.add({0, 100 * exact_exp10(7.0 / 29)});
    duel.world.plan_send(10s + 100ms, 3, 10);
    duel.strong_at(10s);
    duel.weak_at(10s + 50ms);
    CHECK(duel.arrived() == Pairs{"0<1"});
    CHECK(duel.collided() == Pairs{"0<2", "0<3"});
  }
  SECTION("one is not") {
    duel.world.add({0, 110});
    duel.world.plan_send(10s + 100ms, 3, 10);
    duel.strong_at(10s);
    duel.weak_at(10s + 50ms);
    CHECK(duel.arrived().empty());
    CHECK(duel.collided() == Pairs{"0<1", "0<2", "0<3"});
  }
}

TEST_CASE("sim lora: hidden nodes collide in the middle in spite of listening", "[sim][lora]") {
  Media media = plain_radio();
  media.lora_radio.listen_before_talk = true;
  RadioWorld world(media);
  world.add({0, 0});
  world.add({-2500, 0});
  world.add({2500, 0});
  CHECK_FALSE(world.channel->in_range(1, 2));
  world.plan_send(10s, 1, 100);
  world.plan_send(10s + 100ms, 2, 100);
  world.run();
  CHECK(world.pairs(What::frame_arrived).empty());
  CHECK(world.pairs(What::frame_collided) == Pairs{"0<1", "0<2"});
  CHECK(world.sent_at(2) == at(10s + 100ms + 2 * 2'048us));
}
