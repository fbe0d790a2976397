// Nothing is allocated after construction, whatever waits or is dropped.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "mehr/l1/egress.h"

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
std::size_t allocated = 0;
}  // namespace

#if MEHR_COUNTS
void* operator new(std::size_t size) {
  ++allocations;
  allocated += size;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
#endif

using namespace mehr;
using namespace mehr::l1;

namespace {
// Every kind of event on every link, a queue that overflows among them.
void exercise(Egress& egress, std::size_t links) {
  std::array<std::uint8_t, 4096> buffer{};
  Millis now{1000};
  for (std::size_t step = 0; step < 20'000; ++step) {
    now = now + Millis{step % 3};
    const auto slot = static_cast<LinkSlot>(step % links);
    const PacketOffer packet{static_cast<Priority>(step / links % 4),
                             static_cast<LinkSlot>(10 + step % 7),
                             ByteView(buffer).first(100 + step % 300), false};
    if (egress.offer(slot, packet, now) == Verdict::pass) egress.passed(slot, packet, now);
    GossipKey key;
    key.bytes[0] = static_cast<std::uint8_t>(step);
    egress.gossip(slot, static_cast<Tier>(1 + step % 4), key, ByteView(buffer).first(40), now);
    egress.urgent(slot, ByteView(buffer).first(19), now);
    egress.on_time(now);
    if (const auto item = egress.next(now, buffer)) {
      if (step % 5 == 0) {
        egress.blocked(item->link, now);
      } else {
        egress.sent(*item, item->bytes.size(), now);
      }
    }
    if (step % 9 == 0) egress.writable(slot, now);
    if (step % 1000 == 0) egress.set_bandwidth(slot, BitsPerSecond{100'000 + step}, now);
    while (egress.poll_event()) {
    }
  }
}
}  // namespace

TEST_CASE("L1 10: nothing is allocated after construction, and memory() says how much is before",
          "[l1][egress]") {
  EgressConfig config;
  config.links = 4;
  config.pool_bytes = 1 << 16;
  const std::size_t bytes_before = allocated;
  Egress egress(config, 1);
  [[maybe_unused]] const std::size_t taken = allocated - bytes_before + sizeof(Egress);
#if MEHR_COUNTS
  CHECK(taken <= Egress::memory(config));
  CHECK(taken * 100 >= Egress::memory(config) * 95);
#endif
  LinkShape shape;
  shape.channel = BitsPerSecond{100'000};
  for (LinkSlot slot = 0; slot < 4; ++slot) egress.link_up(slot, shape, Millis{1000});
  const std::size_t before = allocations;
  exercise(egress, 4);
  CHECK(allocations == before);
  CHECK(egress.figures(1).drops.full[3] > 0);  // it did overflow
  CHECK(egress.figures(1).drops.pool > 0);
}
