// Rounds, items and floods take no memory after construction.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "support.h"

// A sanitizer brings its own allocator, which must not be replaced in parts; there the same code
// runs uncounted.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEHR_COUNTS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEHR_COUNTS 0
#endif
#endif
#ifndef MEHR_COUNTS
#define MEHR_COUNTS 1
#endif

namespace {
std::size_t allocations = 0;
}

#if MEHR_COUNTS
void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;

namespace {

/// Numbered items that stay as they are: what arrives is refused, so every round has work to do.
class StillSource final : public ItemSource {
 public:
  explicit StillSource(std::uint64_t first) {
    for (std::uint64_t n = 0; n < ids_.size(); ++n) {
      ids_[n] = item_id(0x60, test::body_of(first + n, 100));
      numbers_[n] = first + n;
    }
  }
  bool owns(std::uint8_t kind) const override { return kind == 0x60; }
  std::uint8_t tiers() const override { return 0x02; }
  std::size_t capacity() const override { return ids_.size(); }
  std::size_t places() const override { return ids_.size(); }
  bool item(std::size_t place, ItemRef& out) const override {
    out = {ids_[place], 0x60, 100};
    return true;
  }
  bool offered(std::size_t, LinkSlot) const override { return true; }
  std::uint64_t rank(std::size_t place) const override { return numbers_[place]; }
  std::size_t write(std::size_t place, LinkSlot, MutableBytes out) const override {
    std::fill(out.begin(), out.end(), std::uint8_t{0});
    Writer w(out);
    w.put(std::uint8_t{1});
    w.put(numbers_[place]);
    return 100;
  }
  void sent(std::size_t, LinkSlot) override {}
  MergeVerdict merge(const GossipItem&, LinkSlot, Millis) override {
    ++merged;
    return MergeVerdict::refused;
  }

  std::size_t merged = 0;

 private:
  std::array<ItemId, 300> ids_{};
  std::array<std::uint64_t, 300> numbers_{};
};

}  // namespace

TEST_CASE("L1 9: gossip allocates nothing after construction", "[l1][gossip]") {
  test::SeededRandom random(1);
  std::array<StillSource, 2> sources{StillSource{0}, StillSource{1000}};
  std::array<Gossip, 2> nodes{Gossip{{2, 2, 64}, test::node_id(1), random},
                              Gossip{{2, 2, 64}, test::node_id(2), random}};
  for (std::size_t i = 0; i < 2; ++i) nodes[i].add_source(sources[i]);
  std::array<std::uint8_t, 4096> buffer{};
  Millis now{1000};
  const std::size_t before = allocations;
  for (std::size_t i = 0; i < 2; ++i) {
    nodes[i].link_up(0, {test::node_id(2 - i), Mtu{484}, BitsPerSecond{100'000}}, now);
  }
  for (int round = 0; round < 5; ++round) {
    (void)nodes[0].pull(0, 0x02, 2000, now);
    for (std::size_t i = 0, quiet = 0; quiet < 2; i = 1 - i) {
      const auto message = nodes[i].make(0, kAllTiers, buffer, now);
      quiet = message ? 0 : quiet + 1;
      if (!message) continue;
      nodes[i].sent(now);
      Gossip& to = nodes[1 - i];
      GossipReceived got = to.receive(0, message->bytes, now);
      while (const auto item = to.next(0, got, now)) {
        to.settle(0, got, *item, item->source->merge(item->item, 0, now), now);
      }
    }
    now = now + 60_s;
    for (Gossip& node : nodes) {
      while (node.on_time(now)) {
      }
    }
  }
  CHECK(allocations == before);
  CHECK(sources[0].merged > 1000);  // only 16 refusals per link are remembered
  CHECK(nodes[0].counters().rounds_ok == 5);
}
