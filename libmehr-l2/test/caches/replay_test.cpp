// The replay cache: memory of 24 h, bounded, without growth. spec: L2/4 Replay
#include <rapidcheck.h>

#include <cstdlib>
#include <list>
#include <new>

#include "mehr/l2/replay_cache.h"
#include "support.h"

namespace {

std::size_t allocations = 0;

void* counted(std::size_t size) {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}

void* counted_or_throw(std::size_t size) {
  if (void* p = counted(size)) return p;
  throw std::bad_alloc();
}

}  // namespace

// Every unaligned form, so that a sanitizer's own forms are not mixed with these.
void* operator new(std::size_t size) { return counted_or_throw(size); }
void* operator new[](std::size_t size) { return counted_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }

namespace mehr::l2::test {
namespace {

X25519Key numbered(std::uint32_t n) {
  X25519Key key;
  Writer(key.mutable_view()).put(n);
  return key;
}

TEST_CASE("L2 property 15: a repeated ephemeral is refused for 24 h", "[l2][replay][property15]") {
  SeededRandom random;
  ReplayCache cache(16, random);
  CHECK(cache.accept(numbered(1), Millis{5}));
  CHECK_FALSE(cache.accept(numbered(1), Millis{5}));
  CHECK(cache.accept(numbered(2), Millis{5}));
  CHECK(cache.size() == 2);
  ReplayCache later(16, random);
  CHECK(later.accept(numbered(1), Millis{5}));
  CHECK_FALSE(later.accept(numbered(1), Millis{kReplayMemory.count + 4}));
  ReplayCache after(16, random);
  CHECK(after.accept(numbered(1), Millis{5}));
  CHECK(after.accept(numbered(1), Millis{kReplayMemory.count + 5}));
  CHECK(after.size() == 1);
}

TEST_CASE("L2 4 replay: the first 16 bytes of the ephemeral decide", "[l2][replay]") {
  SeededRandom random;
  ReplayCache cache(16, random);
  X25519Key key = numbered(1);
  CHECK(cache.accept(key, Millis{0}));
  key.bytes[16] = 1;
  CHECK_FALSE(cache.accept(key, Millis{0}));
  key.bytes[15] = 1;
  CHECK(cache.accept(key, Millis{0}));
}

TEST_CASE("L2 4 replay: full, the least recently met goes and is counted", "[l2][replay]") {
  SeededRandom random;
  ReplayCache cache(4, random);
  for (std::uint32_t n = 1; n <= 4; ++n) REQUIRE(cache.accept(numbered(n), Millis{n}));
  REQUIRE_FALSE(cache.accept(numbered(1), Millis{5}));  // met again: 2 is now the oldest
  REQUIRE(cache.accept(numbered(5), Millis{6}));
  CHECK(cache.size() == 4);
  CHECK(cache.evicted() == 1);
  CHECK_FALSE(cache.accept(numbered(1), Millis{7}));
  CHECK(cache.accept(numbered(2), Millis{7}));
}

TEST_CASE("L2 4 replay: no memory is taken after construction", "[l2][replay]") {
  SeededRandom random;
  ReplayCache cache(1024, random);
  const std::size_t before = allocations;
  std::size_t accepted = 0;
  for (std::uint32_t n = 0; n < 5000; ++n) {
    if (cache.accept(numbered(n), Millis{n})) ++accepted;
  }
  const std::size_t after = allocations;
  CHECK(accepted == 5000);
  CHECK(after == before);
  CHECK(cache.size() == 1024);
  CHECK(cache.evicted() == 5000 - 1024);
}

TEST_CASE("L2 4 replay: a capacity of nothing remembers nothing", "[l2][replay]") {
  SeededRandom random;
  ReplayCache cache(0, random);
  CHECK(cache.accept(numbered(1), Millis{0}));
  CHECK(cache.accept(numbered(1), Millis{0}));
  CHECK(cache.size() == 0);
}

TEST_CASE("L2 4 replay: the table behaves as a list kept in order of use", "[l2][replay]") {
  CHECK(rc::check("against a list", [] {
    SeededRandom random(*rc::gen::arbitrary<std::uint64_t>());
    const auto capacity = *rc::gen::inRange<std::size_t>(1, 9);
    LruTable<std::uint32_t> table(capacity, random);
    std::list<std::pair<std::uint8_t, std::uint32_t>> model;  // newest first
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint8_t, bool>>>(
        rc::gen::pair(rc::gen::inRange<std::uint8_t>(0, 14), rc::gen::arbitrary<bool>()));
    std::uint32_t next = 0;
    for (const auto& [name, drop] : steps) {
      if (drop && !model.empty()) {
        RC_ASSERT(*table.oldest() == model.back().second);
        table.drop_oldest();
        model.pop_back();
        continue;
      }
      const LruTable<std::uint32_t>::Key key{name};
      const auto at = std::find_if(model.begin(), model.end(),
                                   [n = name](const auto& e) { return e.first == n; });
      RC_ASSERT((table.find(key) != nullptr) == (at != model.end()));
      if (at != model.end()) {
        RC_ASSERT(*table.touch(key) == at->second);
        model.splice(model.begin(), model, at);
        continue;
      }
      RC_ASSERT(table.insert(key, next) == (model.size() == capacity));
      if (model.size() == capacity) model.pop_back();
      model.emplace_front(name, next++);
      RC_ASSERT(table.size() == model.size());
    }
  }));
}

}  // namespace
}  // namespace mehr::l2::test
