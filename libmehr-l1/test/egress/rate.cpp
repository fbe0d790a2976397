// Token buckets, the measured rate and backoff.
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <set>

#include "mehr/l1/csma.h"
#include "mehr/l1/link_rate.h"
#include "mehr/l1/token_bucket.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;

TEST_CASE("L1 10.2: a bucket refills exactly, however often it is asked", "[l1][bucket]") {
  TokenBucket bucket;
  // 1 kbps, 90 %: 112.5 bytes per second, 225 bytes of burst.
  bucket.set(TokenBucket::share(1000, 900), 2_s, 100, Millis{0});
  CHECK_FALSE(bucket.has(1, Millis{0}));
  CHECK(bucket.ready_at(9, Millis{0}) == 80_ms);
  for (std::uint64_t ms = 1; ms <= 79; ++ms) CHECK_FALSE(bucket.has(9, Millis{ms}));
  CHECK(bucket.has(9, 80_ms));
  CHECK(bucket.bytes(2_s) == 225);
  CHECK(bucket.bytes(Millis::seconds(1'000'000)) == 225);
  CHECK(bucket.ready_at(226, 2_s) == Millis::never());
  CHECK(bucket.bytes_per_second() == 112);
}

TEST_CASE("L1 10.2: a bucket holds two full frames at least and pays its debts", "[l1][bucket]") {
  TokenBucket bucket;
  bucket.set(TokenBucket::share(1000, 900), 2_s, 1016, Millis{0});
  bucket.fill(Millis{0});
  CHECK(bucket.bytes(Millis{0}) == 1016);
  bucket.take(1016 + 900, Millis{0});
  CHECK(bucket.ready_at(9, Millis{0}) == 8080_ms);
  CHECK(bucket.bytes(8_s) == 0);
  CHECK(bucket.has(9, 8080_ms));
}

TEST_CASE("L1 10.2: a bucket at the largest rate does not overflow", "[l1][bucket]") {
  TokenBucket bucket;
  bucket.set(TokenBucket::share(kRateMax, 60), 60_s, 8240, Millis{0});
  bucket.fill(Millis{0});
  CHECK(bucket.bytes(Millis{0}) == 450'000'000'000);
  bucket.take(4'000'000'000, Millis{0});
  CHECK(bucket.bytes(Millis::never()) == 450'000'000'000);
}

TEST_CASE("L1 property 20: the average halves its error in 60 s", "[l1][rate]") {
  LinkRate rate;
  rate.reset(BitsPerSecond{1'000'000}, Millis{0});
  CHECK(rate.measured().count == 1'000'000);
  rate.sample(200'000, 60_s);
  CHECK(rate.measured().count == 600'000);
  rate.sample(200'000, 60_s);
  CHECK(rate.measured().count == 400'000);
  rate.sample(1'000'000, 120_s);
  CHECK(rate.measured().count == 850'000);
  SECTION("in one step or in 600") {
    LinkRate other;
    other.reset(BitsPerSecond{1'000'000}, Millis{0});
    for (int i = 0; i < 600; ++i) other.sample(200'000, 100_ms);
    CHECK(other.measured().count >= 598'000);
    CHECK(other.measured().count <= 602'000);
  }
}

TEST_CASE("L1 property 20: medium change resets to nominal; floor and ceiling", "[l1][rate]") {
  LinkRate rate;
  rate.reset(BitsPerSecond{1'000'000}, Millis{0});
  rate.sample(0, Millis::seconds(36'000));
  CHECK(rate.measured().count == 50'000);
  rate.sample(9'000'000, Millis::seconds(36'000));
  CHECK(rate.measured().count == 1'000'000);
  rate.sample(0, Millis::seconds(36'000));
  rate.reset(BitsPerSecond{64'000}, 5_s);
  CHECK(rate.measured().count == 64'000);
  CHECK(rate.nominal().count == 64'000);
}

TEST_CASE("L1 10.2: half-life weights fall from one and halve exactly", "[l1][rate]") {
  CHECK(half_life_weight(Millis{0}) == std::uint64_t{1} << 32);
  CHECK(half_life_weight(60_s) == std::uint64_t{1} << 31);
  CHECK(half_life_weight(120_s) == std::uint64_t{1} << 30);
  CHECK(half_life_weight(30_s) == 3'037'000'500);
  CHECK(half_life_weight(Millis::never()) == 0);
  std::uint64_t last = half_life_weight(Millis{0});
  for (std::uint64_t ms = 0; ms < 200'000; ms += 7) {
    const std::uint64_t weight = half_life_weight(Millis{ms});
    CHECK((weight <= last));
    last = weight;
  }
}

TEST_CASE("L1 10.2: only time in which the medium holds us back is a sample", "[l1][rate]") {
  LinkRate rate;
  rate.reset(BitsPerSecond{100'000}, Millis{0});
  SECTION("sent without being full: no sample") {
    rate.sent(10, 1_s);
    CHECK_FALSE(rate.idle(60_s));
    CHECK(rate.measured().count == 100'000);
  }
  SECTION("full, drained and full again: what it took is a sample") {
    CHECK_FALSE(rate.blocked(10_s));
    rate.sent(375'000, 40_s);  // in 60 s: 50 kbps
    CHECK(rate.blocked(70_s));
    CHECK(rate.measured().count == 75'000);
  }
  SECTION("full again without having taken anything: the span goes on") {
    CHECK_FALSE(rate.blocked(10_s));
    CHECK_FALSE(rate.blocked(40_s));
    rate.sent(375'000, 69_s);
    CHECK(rate.blocked(70_s));
    CHECK(rate.measured().count == 75'000);
  }
  SECTION("full, then nothing to send: a sample up to the last frame") {
    CHECK_FALSE(rate.blocked(10_s));
    rate.sent(375'000, 70_s);
    CHECK(rate.idle(500_s));
    CHECK(rate.measured().count == 75'000);
    CHECK_FALSE(rate.blocked(900_s));
    CHECK_FALSE(rate.idle(990_s));
    CHECK(rate.measured().count == 75'000);
  }
  SECTION("our own bucket holds: back towards nominal") {
    rate.sample(20'000, 60_s);
    CHECK(rate.measured().count == 60'000);
    CHECK_FALSE(rate.held(100_s));
    CHECK(rate.held(160_s));
    CHECK(rate.measured().count == 80'000);
  }
}

TEST_CASE("L1 property 19: wait k is within 1 and 2^k slots, at most seven", "[l1][csma]") {
  rc::prop("for any seed", [](std::uint64_t seed) {
    Csma csma;
    const Millis slot{4064};
    csma.start(slot, seed);
    Millis now{1000};
    for (std::uint64_t k = 1; k <= 7; ++k) {
      RC_ASSERT(csma.busy(now));
      RC_ASSERT(csma.backoffs() == k);
      const std::uint64_t wait = (csma.until() - now).count;
      RC_ASSERT(wait % slot.count == 0);
      RC_ASSERT(wait / slot.count >= 1);
      RC_ASSERT(wait / slot.count <= std::uint64_t{1} << k);
      now = csma.until();
    }
    RC_ASSERT_FALSE(csma.busy(now));
    RC_ASSERT(csma.backoffs() == 0U);
    RC_ASSERT(csma.until() <= now);
  });
}

TEST_CASE("L1 property 19: waits use their whole range and differ by seed", "[l1][csma]") {
  std::set<std::uint64_t> firsts;
  std::set<std::uint64_t> thirds;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Csma csma;
    csma.start(1_ms, seed);
    CHECK(csma.busy(Millis{0}));
    firsts.insert(csma.until().count);
    CHECK(csma.busy(Millis{0}));
    CHECK(csma.busy(Millis{0}));
    thirds.insert(csma.until().count);
    csma.clear();
    CHECK(csma.until() == Millis{0});
  }
  CHECK(firsts == std::set<std::uint64_t>{1, 2});
  CHECK(thirds == std::set<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8});
}
