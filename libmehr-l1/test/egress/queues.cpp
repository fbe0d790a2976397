// The pool and the two queues over it.
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <deque>
#include <map>

#include "mehr/l1/gossip_queue.h"
#include "mehr/l1/link_queue.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;

namespace {

constexpr std::uint32_t kFull = 508;

GossipKey key(std::uint8_t n) {
  GossipKey k;
  k.bytes[0] = n;
  return k;
}

struct Fixture {
  MessagePool pool{1 << 18, 256};
  LinkQueue queue{pool, 4};
  Fixture() { queue.start(kFull, 16 * kFull); }

  bool push(Priority p, LinkSlot upstream, std::uint32_t frame = kFull, Millis now = 1_s,
            std::uint16_t weight = kWeightOne) {
    const Bytes bytes(frame - 24, static_cast<std::uint8_t>(upstream));
    return queue.push({p, upstream, bytes, false}, frame, weight, now);
  }
  LinkSlot leave() {
    const Ticket t = queue.head(Priority::p3);
    if (t == kNoTicket) return 999;
    const LinkSlot from = pool.record(t).upstream;
    queue.pop(t, true);
    return from;
  }
};

}  // namespace

TEST_CASE("L1 10.3: the pool keeps messages of any size apart", "[l1][queue]") {
  MessagePool pool(16 * 64, 64);
  CHECK(pool.blocks() == 16);
  Bytes out(512);
  std::vector<Ticket> tickets;
  for (std::size_t n = 0; n < 4; ++n) {
    const Bytes head(10, 0xAA);
    const Bytes body(60 * n, static_cast<std::uint8_t>(n));
    tickets.push_back(pool.put(head, body, false));
    REQUIRE(tickets.back() != kNoTicket);
  }
  CHECK(pool.free_blocks() == 16 - (1 + 2 + 3 + 3));
  for (std::size_t n = 0; n < 4; ++n) {
    CHECK(same_bytes(pool.copy(tickets[n], 10, out), Bytes(60 * n, static_cast<std::uint8_t>(n))));
    CHECK(pool.copy(tickets[n], 0, out).size() == 10 + 60 * n);
    CHECK(pool.starts_with(tickets[n], Bytes(10, 0xAA)));
    CHECK_FALSE(pool.starts_with(tickets[n], Bytes(10, 0xAB)));
  }
  CHECK(pool.put({}, Bytes(64 * 8), false) == kNoTicket);
  for (const Ticket t : tickets) pool.drop(t);
  CHECK(pool.free_blocks() == 16);
  CHECK(pool.free_for_packets() == 14);
  CHECK(pool.put({}, Bytes(64 * 15), true) == kNoTicket);  // kept for control
  CHECK(pool.put({}, Bytes(64 * 15), false) != kNoTicket);
}

TEST_CASE_METHOD(Fixture, "L1 property 21: a P0 older than 500 ms never leaves", "[l1][queue]") {
  CHECK(push(Priority::p0, 1));
  CHECK(push(Priority::p1, 2));
  CHECK(push(Priority::p2, 3));
  CHECK(push(Priority::p3, 1));
  CHECK(queue.next_expiry() == 1501_ms);
  queue.expire(1500_ms);
  CHECK(queue.packets() == 4);
  queue.expire(1501_ms);
  CHECK(queue.packets() == 3);
  CHECK(queue.drops().age == std::array<std::uint64_t, 4>{1, 0, 0, 0});
  CHECK(queue.next_expiry() == 6001_ms);
  queue.expire(6001_ms);
  CHECK(queue.next_expiry() == 31'001_ms);
  queue.expire(31'001_ms);
  CHECK(queue.next_expiry() == Millis::never());
  queue.expire(Millis::seconds(1'000'000));
  CHECK(queue.packets() == 1);
  CHECK(queue.drops().age == std::array<std::uint64_t, 4>{1, 1, 1, 0});
}

TEST_CASE_METHOD(Fixture, "L1 10.3: strict order, first in first out", "[l1][queue]") {
  CHECK(push(Priority::p2, 1));
  CHECK(push(Priority::p1, 2));
  CHECK(push(Priority::p1, 3));
  CHECK(push(Priority::p0, 4));
  CHECK(leave() == 4);
  CHECK(leave() == 2);
  CHECK(leave() == 3);
  CHECK(leave() == 1);
  CHECK(leave() == 999);
}

TEST_CASE_METHOD(Fixture, "L1 property 21: under a P0 flood P3 gets a tenth", "[l1][queue]") {
  std::uint64_t bulk = 0;
  std::uint64_t all = 0;
  int urgent = 0;
  for (std::uint32_t i = 0; i < 20'000; ++i) {
    for (; urgent < 4; ++urgent) CHECK(push(Priority::p0, 1, 100 + i * 37 % 400));
    while (queue.bytes() < 10 * kFull) CHECK(push(Priority::p3, 2, 300));
    const Ticket t = queue.head(Priority::p3);
    const bool is_bulk = pool.record(t).level == 3;
    all += pool.record(t).frame;
    if (is_bulk) bulk += pool.record(t).frame;
    if (!is_bulk) --urgent;
    queue.pop(t, true);
  }
  CHECK(bulk * 1000 / all >= 90);
  CHECK(bulk * 1000 / all <= 110);
}

TEST_CASE_METHOD(Fixture, "L1 10.3: under a flood that fills the queue P3 gets a tenth as well",
                 "[l1][queue]") {
  const Priority flood = GENERATE(Priority::p1, Priority::p2);
  std::uint64_t bulk = 0;
  std::uint64_t all = 0;
  for (int i = 0; i < 20'000; ++i) {
    for (int n = 0; n < 2; ++n) push(flood, 1, 400);
    push(Priority::p3, 2, 300);
    const Ticket t = queue.head(Priority::p3);
    all += pool.record(t).frame;
    if (pool.record(t).level == 3) bulk += pool.record(t).frame;
    queue.pop(t, true);
  }
  CHECK(bulk * 1000 / all >= 90);
  CHECK(bulk * 1000 / all <= 110);
}

TEST_CASE_METHOD(Fixture, "L1 property 20: two equal upstreams split whatever their packet sizes",
                 "[l1][queue]") {
  std::array<std::uint64_t, 3> bytes{};
  for (int i = 0; i < 20'000; ++i) {
    push(Priority::p2, 1, 508);
    push(Priority::p2, 2, 60);
    push(Priority::p2, 2, 60);
    const Ticket t = queue.head(Priority::p3);
    bytes[pool.record(t).upstream] += pool.record(t).frame;
    queue.pop(t, true);
  }
  const std::uint64_t sum = bytes[1] + bytes[2];
  CHECK(bytes[1] * 100 >= sum * 45);
  CHECK(bytes[1] * 100 <= sum * 55);
}

TEST_CASE_METHOD(Fixture, "L1 10.2: weights divide a level", "[l1][queue]") {
  std::array<std::uint64_t, 4> bytes{};
  for (int i = 0; i < 10'000; ++i) {
    push(Priority::p2, 1, 400, 1_s, kWeightOne);
    push(Priority::p2, 2, 400, 1_s, 3 * kWeightOne);
    const Ticket t = queue.head(Priority::p3);
    bytes[pool.record(t).upstream] += pool.record(t).frame;
    queue.pop(t, true);
  }
  CHECK(bytes[2] * 100 >= bytes[1] * 280);
  CHECK(bytes[2] * 100 <= bytes[1] * 320);
}

TEST_CASE_METHOD(Fixture, "L1 10.3: a full queue drops P3, then P2, then P1, for what is above",
                 "[l1][queue]") {
  for (int i = 0; i < 4; ++i) {
    CHECK(push(Priority::p3, 1));
    CHECK(push(Priority::p2, 1));
    CHECK(push(Priority::p1, 1));
    CHECK(push(Priority::p0, 1));
  }
  CHECK(queue.bytes() == queue.capacity());
  CHECK_FALSE(push(Priority::p3, 1));
  using Four = std::array<std::uint64_t, 4>;
  CHECK(queue.drops().full == Four{0, 0, 0, 1});
  for (int i = 0; i < 4; ++i) CHECK(push(Priority::p0, 1));
  CHECK(queue.drops().full == Four{0, 0, 1, 4});  // the last P3 is within bulk's tenth
  CHECK_FALSE(push(Priority::p2, 1));  // its own level is the lowest, and all of it is its own
  CHECK(queue.drops().full == Four{0, 0, 2, 4});
  for (int i = 0; i < 3; ++i) CHECK(push(Priority::p1, 1));
  CHECK(queue.drops().full == Four{0, 0, 5, 4});
  for (int i = 0; i < 7; ++i) CHECK(push(Priority::p0, 1));
  CHECK(queue.drops().full == Four{0, 7, 5, 4});
  CHECK_FALSE(push(Priority::p0, 1));
  CHECK(queue.drops().full == Four{1, 7, 5, 4});
  CHECK(queue.bytes() == queue.capacity());
}

TEST_CASE_METHOD(Fixture, "L1 10.3: a flood displaces itself, not a quiet upstream",
                 "[l1][queue]") {
  for (int i = 0; i < 40; ++i) push(Priority::p2, 1);
  CHECK(queue.packets() == 16);
  for (int i = 0; i < 8; ++i) CHECK(push(Priority::p2, 2));
  CHECK_FALSE(push(Priority::p2, 2));
  CHECK_FALSE(push(Priority::p2, 1));
  std::array<int, 3> left{};
  while (!queue.empty()) ++left[leave()];
  CHECK(left == std::array<int, 3>{0, 8, 8});
}

TEST_CASE_METHOD(Fixture, "L1 10.3: a flood of a lower level makes no room and drops nothing",
                 "[l1][queue]") {
  for (int i = 0; i < 15; ++i) CHECK(push(Priority::p0, 1));
  CHECK(push(Priority::p3, 2, 100));
  CHECK(push(Priority::p2, 3, 400));
  CHECK_FALSE(push(Priority::p2, 3, 500));  // dropping the P3 alone would not make it fit
  CHECK(queue.drops().full[3] == 0);
}

TEST_CASE_METHOD(Fixture, "L1 10.2: more upstreams than places share turns, none is lost",
                 "[l1][queue]") {
  std::map<LinkSlot, int> left;
  for (LinkSlot u = 0; u < 12; ++u) CHECK(push(Priority::p2, u, 200));
  CHECK(push(Priority::p2, kNoLink, 200));
  while (!queue.empty()) ++left[leave()];
  CHECK(left.size() == 13);
}

TEST_CASE("L1 10.3: one slow link takes half of the pool, two a third each", "[l1][queue]") {
  MessagePool pool(114 * 256, 256);  // 100 blocks for packets
  LinkQueue a(pool, 2);
  LinkQueue b(pool, 2);
  a.start(kFull, 1 << 20);
  b.start(kFull, 1 << 20);
  const Bytes bytes(200);
  const auto fill = [&](LinkQueue& q) {
    while (q.push({Priority::p3, 1, bytes, false}, 224, kWeightOne, 1_s)) {
    }
  };
  fill(a);
  CHECK(a.blocks() == 50);
  CHECK(a.drops().pool == 1);
  fill(b);
  CHECK(b.blocks() == 25);
  CHECK_FALSE(a.push({Priority::p3, 1, bytes, false}, 224, kWeightOne, 1_s));
  CHECK(a.push({Priority::p0, 1, bytes, false}, 224, kWeightOne, 1_s));  // for more than one P3
  CHECK(a.blocks() <= 26 + 25);
  CHECK(a.clear() + b.clear() > 0);
  CHECK(pool.free_blocks() == 114);
}

// What the queue promises, by the simplest model: per upstream and level, first in first out.
TEST_CASE("L1 10.3: the queue loses and reorders nothing", "[l1][queue]") {
  rc::prop("for any operations", [](const std::vector<std::uint32_t>& operations) {
    MessagePool pool(1 << 14, 256);
    LinkQueue queue(pool, 4);
    queue.start(kFull, 16 * kFull);
    std::map<std::pair<int, LinkSlot>, std::deque<std::uint8_t>> model;
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    Millis now{1000};
    std::uint8_t mark = 0;
    for (const std::uint32_t op : operations) {
      now = now + Millis{op >> 24};
      if (op % 3 != 0) {
        const auto p = static_cast<Priority>(op / 4 % 4);
        const auto upstream = static_cast<LinkSlot>(op / 16 % 6);
        const Bytes bytes(40 + op / 128 % 440, ++mark);
        const auto frame = static_cast<std::uint32_t>(bytes.size() + 24);
        ++in;
        if (queue.push({p, upstream, bytes, false}, frame, kWeightOne, now)) {
          model[{static_cast<int>(p), upstream}].push_back(mark);
        }
      } else if (queue.expire(now); !queue.empty()) {
        const Ticket t = queue.head(Priority::p3);
        const MessageRecord& r = pool.record(t);
        RC_ASSERT(r.level == 3 || now - r.since <= kAgeLimit[r.level]);
        auto& marks = model[{r.level, r.upstream}];
        Bytes bytes(512);
        const std::uint8_t got = pool.copy(t, 0, bytes)[0];
        while (!marks.empty() && marks.front() != got) marks.pop_front();  // those were dropped
        RC_ASSERT(!marks.empty());
        marks.pop_front();
        queue.pop(t, true);
        ++out;
      }
      std::uint64_t dropped = 0;
      for (std::size_t l = 0; l < kPriorities; ++l) {
        dropped += queue.drops().age[l] + queue.drops().full[l];
      }
      RC_ASSERT(in == out + dropped + queue.packets());
      RC_ASSERT(queue.bytes() <= queue.capacity());
      RC_ASSERT(queue.blocks() + pool.free_blocks() == pool.blocks());
    }
  });
}

TEST_CASE("L1 property 17: the 51st message drops tier 4 first, tiers 1 and 2 never",
          "[l1][gossip]") {
  MessagePool pool(1 << 16, 256);
  GossipQueue queue(pool);
  const auto push = [&](Tier tier, std::uint8_t mark) {
    return queue.push(tier, {}, Bytes(30, mark), 54, 1_s);
  };
  for (std::uint8_t i = 0; i < 20; ++i) CHECK(push(1, i) == GossipQueued::queued);
  for (std::uint8_t i = 0; i < 20; ++i) CHECK(push(2, i) == GossipQueued::queued);
  for (std::uint8_t i = 0; i < 5; ++i) CHECK(push(3, i) == GossipQueued::queued);
  for (std::uint8_t i = 0; i < 5; ++i) CHECK(push(4, i) == GossipQueued::queued);
  CHECK(queue.size() == 50);
  Bytes out(64);
  CHECK(push(1, 50) == GossipQueued::queued);  // the oldest of tier 4 goes
  CHECK(queue.size() == 50);
  CHECK(queue.copy(queue.head(4), out)[0] == 1);
  CHECK(push(4, 51) == GossipQueued::queued);  // again
  CHECK(queue.copy(queue.head(4), out)[0] == 2);
  for (std::uint8_t i = 0; i < 4; ++i) CHECK(push(2, 60) == GossipQueued::queued);
  CHECK(queue.head(4) == kNoTicket);
  CHECK(push(4, 52) == GossipQueued::refused);  // it is the only one of tier 4
  CHECK(queue.copy(queue.head(3), out)[0] == 0);
  CHECK(push(3, 53) == GossipQueued::queued);
  CHECK(queue.copy(queue.head(3), out)[0] == 1);
  for (std::uint8_t i = 0; i < 5; ++i) CHECK(push(1, 70) == GossipQueued::queued);
  CHECK(queue.head(3) == kNoTicket);
  CHECK(push(1, 71) == GossipQueued::refused);  // nothing may go for it
  CHECK(push(2, 72) == GossipQueued::refused);
  CHECK(queue.size() == 50);
  CHECK(queue.drops().displaced == 12);
  CHECK(queue.drops().refused == 3);
  queue.clear();
  CHECK(pool.free_blocks() == pool.blocks());
}

TEST_CASE("L1 9.1: room leaves half of the places and of the memory to others", "[l1][gossip]") {
  MessagePool pool(1 << 16, 256);
  GossipQueue queue(pool);
  CHECK(queue.room(100) == 25);
  for (std::uint8_t i = 0; i < 20; ++i) (void)queue.push(3, {}, Bytes(100, i), 124, 1_s);
  CHECK(queue.room(100) == 5);
  for (std::uint8_t i = 0; i < 20; ++i) (void)queue.push(3, {}, Bytes(100, i), 124, 1_s);
  CHECK(queue.room(100) == 0);
  CHECK(queue.drops().displaced == 0);
  MessagePool few(4096, 256);  // 16 blocks
  GossipQueue tight(few);
  CHECK(tight.room(240) == 8);
  CHECK(tight.room(241) == 4);  // the key before it counts too
  CHECK(tight.room(4096) == 0);
}

TEST_CASE("L1 9.1: a newer message of the same key takes the queued one's place", "[l1][gossip]") {
  MessagePool pool(1 << 16, 256);
  GossipQueue queue(pool);
  Bytes out(64);
  CHECK(queue.push(1, key(1), Bytes(30, 1), 54, 1_s) == GossipQueued::queued);
  CHECK(queue.push(1, key(2), Bytes(30, 2), 54, 1_s) == GossipQueued::queued);
  CHECK(queue.push(1, key(1), Bytes(40, 3), 64, 2_s) == GossipQueued::replaced);
  CHECK(queue.push(2, key(1), Bytes(30, 4), 54, 2_s) == GossipQueued::queued);  // another tier
  CHECK(queue.push(1, {}, Bytes(30, 5), 54, 2_s) == GossipQueued::queued);
  CHECK(queue.push(1, {}, Bytes(30, 6), 54, 2_s) == GossipQueued::queued);  // no key, no match
  CHECK(queue.size() == 5);
  CHECK(same_bytes(queue.copy(queue.head(1), out), Bytes(40, 3)));
  CHECK(pool.record(queue.head(1)).frame == 64);
  queue.pop(queue.head(1));
  CHECK(queue.copy(queue.head(1), out)[0] == 2);
}
