#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "fake_world.h"
#include "mehr/core/duplicate_filter.h"
#include "mehr/core/slot_index.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/eviction_memory.h"

using namespace mehr;
using namespace mehr::l1;
using test::node_id;

namespace {
PacketId packet_id(std::uint64_t n) { return PacketId::from(node_id(n).view()); }
}  // namespace

TEST_CASE("L1 5: the slot index agrees with a map", "[l1][table]") {
  rc::prop("random puts and erases", [](const std::vector<std::pair<bool, std::uint8_t>>& ops) {
    SlotIndex index(256, HashSalt{1, 2});
    std::map<std::uint8_t, Slot> model;
    Slot next = 0;
    for (const auto& [put, key] : ops) {
      if (put) {
        index.put(node_id(key), next);
        model[key] = next++;
      } else {
        index.erase(node_id(key));
        model.erase(key);
      }
    }
    RC_ASSERT(index.size() == model.size());
    for (unsigned key = 0; key < 256; ++key) {
      const auto found = index.find(node_id(key));
      const auto expected = model.find(static_cast<std::uint8_t>(key));
      RC_ASSERT(found.has_value() == (expected != model.end()));
      if (found) RC_ASSERT(*found == expected->second);
    }
  });
}

TEST_CASE("L1 5: SipHash-1-3 places depend on the salt", "[l1][table]") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t i = 0; i < 1000; ++i) seen.insert(salted_hash({i, 7}, node_id(1).bytes));
  CHECK(seen.size() == 1000);
}

TEST_CASE("L1 5: the deadline heap gives the earliest", "[l1][table]") {
  rc::prop("agrees with a map", [](const std::vector<std::pair<std::uint8_t, std::uint16_t>>& ops) {
    DeadlineHeap heap(16);
    std::map<Slot, Millis> model;
    for (const auto& [key, due] : ops) {
      const Slot slot = key % 16;
      if (due % 5 == 0) {
        heap.set(slot, Millis::never());
        model.erase(slot);
      } else {
        heap.set(slot, Millis{due});
        model[slot] = Millis{due};
      }
      Millis least = Millis::never();
      for (const auto& m : model) least = std::min(least, m.second);
      RC_ASSERT(heap.next() == least);
      if (!model.empty()) RC_ASSERT(model.at(heap.first()) == least);
      RC_ASSERT(heap.due(slot) == (model.count(slot) != 0 ? model[slot] : Millis::never()));
    }
  });
}

TEST_CASE("L0 3: packet ids are kept at least 120 s", "[l0][duplicates]") {
  test::SeededRandom random(1);
  DuplicateFilter filter(100, random);
  rc::prop("any id seen within 120 s is refused", [&] {
    test::SeededRandom chance(3);
    DuplicateFilter seen(1000, chance);
    std::map<std::uint64_t, Millis> first;
    Millis now{0};
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint8_t, std::uint16_t>>>(
        rc::gen::arbitrary<std::pair<std::uint8_t, std::uint16_t>>());
    for (const auto& [id, wait] : steps) {
      now = now + Millis{wait};
      const bool fresh = seen.insert(packet_id(id), now);
      const auto it = first.find(id);
      if (it == first.end() || now - it->second > Millis::seconds(240)) {
        RC_ASSERT(fresh);
      } else if (now - it->second < Millis::seconds(120)) {
        RC_ASSERT_FALSE(fresh);
      }
      if (fresh) first[id] = now;
    }
  });
}

TEST_CASE("L0 3: two generations of bounded size", "[l0][duplicates]") {
  test::SeededRandom random(1);
  DuplicateFilter filter(100, random);
  for (std::uint64_t i = 0; i < 1000; ++i) CHECK(filter.insert(packet_id(i), Millis{0}));
  CHECK(filter.size() <= 200);
  for (std::uint64_t i = 900; i < 1000; ++i) CHECK_FALSE(filter.insert(packet_id(i), Millis{0}));
  CHECK(filter.insert(packet_id(0), Millis{0}));               // the oldest went first
  CHECK(filter.insert(packet_id(999), Millis::seconds(240)));  // time alone forgets too
  CHECK_FALSE(filter.insert(packet_id(999), Millis::seconds(359)));
}

TEST_CASE("L1 5: evictions are remembered for 24 h, the newest 4", "[l1][table]") {
  EvictionMemory memory(4, HashSalt{1, 2});
  const Millis day = Millis::seconds(24 * 3600);
  memory.remember(node_id(1), 100, Millis{0});
  CHECK(memory.refuses(node_id(1), 99, Millis{5}));
  CHECK(memory.refuses(node_id(1), 100, day - Millis{1}));
  CHECK_FALSE(memory.refuses(node_id(1), 101, Millis{5}));
  CHECK_FALSE(memory.refuses(node_id(1), 100, day));
  CHECK_FALSE(memory.refuses(node_id(2), 1, Millis{5}));
  memory.remember(node_id(1), 200, Millis{10});
  CHECK(memory.refuses(node_id(1), 150, Millis{10}));
  for (std::uint64_t n = 10; n < 14; ++n) memory.remember(node_id(n), 1, Millis{20});
  CHECK_FALSE(memory.refuses(node_id(1), 150, Millis{20}));
  for (std::uint64_t n = 10; n < 14; ++n) CHECK(memory.refuses(node_id(n), 1, Millis{20}));
  CHECK(memory.size() == 4);
}
