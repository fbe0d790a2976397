// Gossip budgets alone: buckets, the minute, recovery.
#include <catch2/catch.hpp>
#include <deque>

#include "mehr/l1/gossip_budget.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;

namespace {

constexpr Millis kStart = Millis::seconds(1000);
constexpr BitsPerSecond kSlow{1000};

GossipBudget budget_of(BitsPerSecond rate, std::uint32_t full) {
  GossipBudget b;
  b.start(rate, full, kStart);
  return b;
}

/// Sends frames of @p size in every tier whenever allowed; the largest sum over any 60 s.
std::uint64_t most_in_a_minute(GossipBudget& b, std::uint32_t size, Millis from, Millis span) {
  std::deque<std::pair<Millis, std::uint32_t>> sent;
  std::uint64_t sum = 0;
  std::uint64_t most = 0;
  for (Millis now = from; now < from + span; now = now + Millis{50}) {
    for (Tier tier = 1; tier <= 4; ++tier) {
      while (b.allowance(tier, now) >= size) {
        b.take(tier, size, now);
        sent.emplace_back(now, size);
        sum += size;
      }
    }
    while (!sent.empty() && sent.front().first + kBudgetWindow <= now) {
      sum -= sent.front().second;
      sent.pop_front();
    }
    most = std::max(most, sum);
  }
  return most;
}

}  // namespace

TEST_CASE("L1 property 17: no minute carries more than a tenth and one frame", "[l1][budget]") {
  for (const std::uint64_t bps : {5U, 300U, 1000U, 9600U, 50'000U, 1'000'000U}) {
    for (const std::uint32_t size : {60U, 508U}) {
      GossipBudget b = budget_of(BitsPerSecond{bps}, 508);
      const std::uint64_t most = most_in_a_minute(b, size, kStart, 500_s);
      CHECK(most <= bps * 60 / 80 + size);
      if (bps >= 1000) CHECK(most * 10 >= bps * 60 / 80 * 9);  // and it is used
    }
  }
}

TEST_CASE("L1 property 17: twenty in a hundred in recovery", "[l1][budget]") {
  GossipBudget b = budget_of(BitsPerSecond{50'000}, 508);
  CHECK(b.on_time(kStart + kRecoveryEntry));
  const std::uint64_t most = most_in_a_minute(b, 508, kStart + kRecoveryEntry, 500_s);
  CHECK(most <= 2 * 50'000 * 60 / 80 + 508);
  CHECK(most >= 2 * 50'000 * 60 / 80 * 9 / 10);
}

TEST_CASE("L1 9.1: tiers have 3, 3, 2, 2 %, a minute of it and two full frames", "[l1][budget]") {
  const auto burst = [](BitsPerSecond rate, Tier tier) {
    GossipBudget b = budget_of(rate, 508);
    std::uint64_t bytes = 0;
    while (b.allowance(tier, kStart) >= 100) {
      b.take(tier, 100, kStart);
      bytes += 100;
    }
    return bytes;
  };
  CHECK(burst(BitsPerSecond{80'000}, 1) == 18'000);
  CHECK(burst(BitsPerSecond{80'000}, 2) == 18'000);
  CHECK(burst(BitsPerSecond{80'000}, 3) == 12'000);
  CHECK(burst(BitsPerSecond{80'000}, 4) == 12'000);
  CHECK(burst(kSlow, 4) == 800);  // the minute's tenth, 750, ends it before 1,016
  GossipBudget b = budget_of(BitsPerSecond{80'000}, 508);
  for (int i = 0; i < 180; ++i) b.take(1, 100, kStart);
  CHECK(b.allowance(1, kStart) == 0);
  CHECK(b.allowance(2, kStart) == 508);  // not lent, not borrowed
  CHECK(b.ready_at(1, 300, kStart) == kStart + 1_s);
  CHECK(b.allowance(1, kStart + 1_s) == 300);
}

TEST_CASE("L1 9.1: in recovery a tier may use what others leave", "[l1][budget]") {
  GossipBudget b = budget_of(BitsPerSecond{80'000}, 508);
  const Millis now = kStart + kRecoveryEntry;
  CHECK(b.on_time(now));
  std::uint64_t bytes = 0;
  while (b.allowance(4, now) >= 500) {
    b.take(4, 500, now);
    bytes += 500;
  }
  // What the tiers had when recovery began: a full minute of the normal shares, all of them.
  CHECK(bytes == 60'000);
  CHECK(b.allowance(1, now) == 0);
}

TEST_CASE("L1 9.1: the guaranteed rate is 2 % or 10 B/s, a tenth at most", "[l1][budget]") {
  const auto per_minute = [](BitsPerSecond rate) {
    GossipBudget b = budget_of(rate, 508);
    b.take(1, 508, kStart);  // the first frame's worth
    std::uint64_t frames = 0;
    for (Millis now = kStart; now < kStart + 600_s; now = now + Millis{20}) {
      if (!b.below_guarantee(50, now)) continue;
      b.take(static_cast<Tier>(1 + frames++ % 4), 50, now);
    }
    return frames * 5;
  };
  CHECK(per_minute(BitsPerSecond{40'000}) / 10 == 599);  // 100 B/s
  CHECK(per_minute(kSlow) / 10 == 59);                   // 10 B/s
  CHECK(per_minute(BitsPerSecond{400}) / 10 >= 29);      // 5 B/s, not 10
  CHECK(per_minute(BitsPerSecond{400}) / 10 <= 30);
}

TEST_CASE("L1 property 18: recovery at 600 s, left after exactly five good rounds",
          "[l1][budget]") {
  GossipBudget b = budget_of(kSlow, 508);
  CHECK(b.next_deadline() == kStart + 600_s);
  b.received(kStart + 100_s);
  CHECK(b.next_deadline() == kStart + 700_s);
  CHECK_FALSE(b.on_time(kStart + Millis{699'999}));
  CHECK(b.mode() == GossipMode::normal);
  CHECK(b.on_time(kStart + 700_s));
  CHECK(b.mode() == GossipMode::recovery);
  CHECK(b.next_deadline() == Millis::never());
  Millis now = kStart + 800_s;
  for (int i = 0; i < 4; ++i) CHECK_FALSE(b.round_succeeded(now));
  b.round_failed();
  for (int i = 0; i < 4; ++i) CHECK_FALSE(b.round_succeeded(now));
  CHECK(b.mode() == GossipMode::recovery);
  CHECK(b.round_succeeded(now));
  CHECK(b.mode() == GossipMode::normal);
  CHECK(b.next_deadline() == now + 600_s);
  CHECK(b.on_time(now + 600_s));  // and again: the count begins anew
  for (int i = 0; i < 4; ++i) CHECK_FALSE(b.round_succeeded(now + 700_s));
  CHECK(b.round_succeeded(now + 700_s));
}

TEST_CASE("L1 property 18: gossip starves after 180 s of waiting", "[l1][budget]") {
  GossipBudget b = budget_of(kSlow, 508);
  CHECK(b.starves_at() == Millis::never());
  b.set_waiting(true, kStart + 50_s);
  b.set_waiting(true, kStart + 60_s);
  CHECK(b.starves_at() == kStart + 230_s);
  CHECK_FALSE(b.starving(kStart + Millis{229'999}));
  CHECK(b.starving(kStart + 230_s));
  b.take(1, 100, kStart + 230_s);
  CHECK(b.starves_at() == kStart + 410_s);
  b.set_waiting(false, kStart + 300_s);
  CHECK(b.starves_at() == Millis::never());
}
