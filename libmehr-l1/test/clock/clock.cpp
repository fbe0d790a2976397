#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <limits>

#include "mehr/l1/neighbour_clock.h"
#include "mehr/l1/smoothed_rtt.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;

namespace {
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

std::uint64_t distance(std::int64_t a, std::int64_t b) {
  return static_cast<std::uint64_t>(a < b ? b - a : a - b);
}
}  // namespace

TEST_CASE("L1 2.2: srtt is 7/8 old + 1/8 sample, half of it rounded up", "[l1][rtt]") {
  SmoothedRtt rtt;
  CHECK_FALSE(rtt.known());
  CHECK(rtt.one_way(30_ms) == 30_ms);  // nominal before the first Pong
  rtt.add(100_ms);
  CHECK(rtt.known());
  CHECK(rtt.micros() == 100'000);
  CHECK(rtt.one_way(30_ms) == 50_ms);
  rtt.add(200_ms);
  CHECK(rtt.micros() == 112'500);
  CHECK(rtt.one_way(30_ms) == 57_ms);  // 56.25
  rtt.add(0_ms);
  CHECK(rtt.micros() == 98'437);  // 98,437.5
  SmoothedRtt zero;
  zero.add(0_ms);
  CHECK(zero.known());
  CHECK(zero.one_way(30_ms) == 0_ms);
  SmoothedRtt odd;
  odd.add(1_ms);
  CHECK(odd.one_way(30_ms) == 1_ms);
}

TEST_CASE("L1 2.2: a steady round trip is settled on, from wherever", "[l1][rtt]") {
  rc::prop("within a millisecond, never above", [] {
    const Millis first{*rc::gen::inRange<std::uint64_t>(0, 100'000)};
    const Millis steady{*rc::gen::inRange<std::uint64_t>(0, 100'000)};
    SmoothedRtt rtt;
    rtt.add(first);
    for (int i = 0; i < 300; ++i) rtt.add(steady);
    RC_ASSERT(rtt.micros() <= steady.count * 1000);
    RC_ASSERT(rtt.micros() + 7 >= steady.count * 1000);
    RC_ASSERT(rtt.one_way(0_ms) == Millis{(steady.count + 1) / 2});
  });
  SmoothedRtt rtt;
  rtt.add(Millis::never());
  for (int i = 0; i < 100; ++i) rtt.add(Millis::never());
  CHECK(rtt.one_way(0_ms) == Millis::seconds(1800));
}

TEST_CASE("L1 11: times of a neighbour become ours and back", "[l1][clock]") {
  NeighbourClock clock;
  CHECK_FALSE(clock.known());
  CHECK(clock.error(0_ms) == Millis::never());
  CHECK(clock.to_ours(NodeTime{77}) == NodeTime{77});
  clock.measured(5000, 40_ms, 1_s);
  CHECK(clock.known());
  CHECK(clock.offset_ms() == 5000);
  CHECK(clock.error(1_s) == 40_ms);
  CHECK(clock.to_ours(NodeTime{12'000}) == NodeTime{7000});
  CHECK(clock.to_theirs(NodeTime{7000}) == NodeTime{12'000});
  CHECK(clock.to_ours(NodeTime{4999}) == NodeTime{0});  // before our clock began
  CHECK(clock.to_theirs(NodeTime{~0ULL}) == NodeTime{~0ULL});
  NeighbourClock behind;
  behind.measured(-300, 0_ms, 1_s);
  CHECK(behind.to_ours(NodeTime{1000}) == NodeTime{1300});
  CHECK(behind.to_theirs(NodeTime{1300}) == NodeTime{1000});
  CHECK(behind.to_theirs(NodeTime{299}) == NodeTime{0});
  CHECK(behind.to_ours(NodeTime{~0ULL}) == NodeTime{~0ULL});
}

TEST_CASE("L1 11: whatever a neighbour claims, conversion saturates", "[l1][clock]") {
  for (const std::int64_t offset : {kMost, kLeast, kLeast + 1, std::int64_t{0}}) {
    for (const Millis error : {0_ms, 7_ms, Millis::never()}) {
      NeighbourClock clock;
      clock.measured(offset, error, 0_ms);
      clock.measured(-1, error, 1_ms);
      clock.measured(offset, error, 2_ms);
      (void)clock.to_ours(NodeTime{~0ULL});
      if (error == 7_ms) {
        CHECK(distance(clock.offset_ms() / 2, offset / 2) <= 7);
        CHECK(clock.error(2_ms) <= 7_ms);
      }
    }
  }
  NeighbourClock least;
  least.measured(kLeast, 0_ms, 0_ms);
  CHECK(least.offset_ms() == kLeast);
  CHECK(least.to_ours(NodeTime{1}) == NodeTime{(1ULL << 63) + 1});
  CHECK(least.to_theirs(NodeTime{1ULL << 63}) == NodeTime{0});
  rc::prop("there and back, where nothing saturates", [] {
    NeighbourClock clock;
    clock.measured(*rc::gen::inRange<std::int64_t>(-1'000'000, 1'000'000), 5_ms, 0_ms);
    const NodeTime t{*rc::gen::inRange<std::uint64_t>(1'000'000, 1ULL << 62)};
    RC_ASSERT(clock.to_ours(clock.to_theirs(t)) == t);
    RC_ASSERT(clock.to_theirs(clock.to_ours(t)) == t);
  });
}

TEST_CASE("L1 property 27: offset error <= RTT/2 on skewed links", "[l1][clock]") {
  rc::prop("over many handshakes with a drifting clock", [] {
    // The neighbour's clock shows ours + truth, and gains up to 100 ppm.
    const auto truth = *rc::gen::inRange<std::int64_t>(-1'000'000'000, 1'000'000'000);
    const auto gain = *rc::gen::inRange<std::int64_t>(-100, 101);
    const auto offset_at = [&](std::uint64_t now) {
      return truth + static_cast<std::int64_t>(now) * gain / 1'000'000;
    };
    NeighbourClock clock;
    std::uint64_t now = 1000;
    const auto handshakes = *rc::gen::inRange(1, 12);
    for (int i = 0; i < handshakes; ++i) {
      now += *rc::gen::inRange<std::uint64_t>(0, 40'000'000);
      const auto forth = *rc::gen::inRange<std::uint64_t>(0, 4000);
      const auto back = *rc::gen::inRange<std::uint64_t>(0, 4000);
      // RESP carries the neighbour's clock at its sending; RTT/2 is taken for the way back.
      const std::uint64_t at_resp = now + forth;
      const std::uint64_t here = at_resp + back;
      const std::int64_t claimed = static_cast<std::int64_t>(at_resp) + offset_at(at_resp);
      const std::uint64_t rtt = forth + back;
      const std::int64_t offset =
          claimed + static_cast<std::int64_t>(rtt / 2) - static_cast<std::int64_t>(here);
      clock.measured(offset, Millis{rtt - rtt / 2}, Millis{here});
      now = here;
      // One for the rounding of drift to milliseconds.
      RC_ASSERT(clock.error(Millis{now}) <= Millis{rtt - rtt / 2});
      RC_ASSERT(distance(clock.offset_ms(), offset_at(now)) <= clock.error(Millis{now}).count + 1);
    }
    const std::uint64_t later = now + *rc::gen::inRange<std::uint64_t>(0, 1'000'000'000);
    RC_ASSERT(distance(clock.offset_ms(), offset_at(later)) <=
              clock.error(Millis{later}).count + 1);
  });
}

TEST_CASE("L1 11: two handshakes narrow each other, a clock set anew starts over", "[l1][clock]") {
  NeighbourClock clock;
  clock.measured(1000, 100_ms, 0_ms);  // 900..1100
  clock.measured(1150, 100_ms, 0_ms);  // 1050..1250
  CHECK(clock.offset_ms() == 1075);
  CHECK(clock.error(0_ms) == 25_ms);
  NeighbourClock odd;
  odd.measured(1000, 100_ms, 0_ms);
  odd.measured(1149, 100_ms, 0_ms);  // 1049..1100 remain, 51 wide
  CHECK(odd.offset_ms() == 1074);
  CHECK(odd.error(0_ms) == 26_ms);
  clock.measured(1075, 500_ms, 0_ms);  // nothing new
  CHECK(clock.offset_ms() == 1075);
  CHECK(clock.error(0_ms) == 25_ms);
  // An hour widens the range by 878 ms.
  CHECK(clock.error(Millis::seconds(3600)) == 903_ms);
  clock.measured(1500, 10_ms, Millis::seconds(3600));
  CHECK(clock.offset_ms() == 1500);
  CHECK(clock.error(Millis::seconds(3600)) == 10_ms);
  clock.measured(-9000, 300_ms, Millis::seconds(3601));  // it lost its memory
  CHECK(clock.offset_ms() == -9000);
  CHECK(clock.error(Millis::seconds(3601)) == 300_ms);
}
