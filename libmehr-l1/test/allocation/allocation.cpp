#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "nodes.h"

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
using test::Net;

namespace {
/// Packets of each kind that a relay meets, as they come in.
std::vector<Bytes> mixed_traffic(Net& net, std::size_t count) {
  std::vector<Bytes> packets;
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes data(20 + i % 400, static_cast<std::uint8_t>(i));
    const NodeId to = i % 7 == 0 ? test::node_id(i) : net[2].id();
    packets.push_back(test::data_packet(to, 0x10, static_cast<std::uint8_t>(i % 128), 0xE2, data));
  }
  return packets;
}
}  // namespace

TEST_CASE("L1 6: relaying allocates nothing", "[l1][network]") {
  Net net(3);
  net.line();
  auto packets = mixed_traffic(net, 1000);
  // Sent into nothing: only the relay is measured.
  net[1].links.recording = false;
  net[1].links.ends.at(net[1].link_to(2)).peer = nullptr;
  const l0::LinkId in = net[1].link_to(0);
  auto& listener = net[1].links.listener();
  const std::size_t before = allocations;
  for (Bytes& packet : packets) listener.on_packet(in, packet);
  CHECK(allocations == before);
  CHECK(net[1].network.counters().forwarded > 800);

  const auto counted = std::make_unique<Bytes>(100);
  CHECK((allocations > before) == (MEHR_COUNTS == 1));  // the counter counts
}

TEST_CASE("L1 4: receiving and passing on an announce allocates nothing", "[l1][announce]") {
  Net net(3);
  net.line();
  std::vector<Bytes> packets;
  for (std::uint8_t n = 100; n < 120; ++n) {
    const auto who = test::identity(n);
    const auto built = l1::build_announce(who, 5, {});
    Bytes out(l1::kAnnouncePacketMax);
    out.resize(l1::write_announce_packet(who.node_id(), built->view(), 1, true, out)->size());
    packets.push_back(std::move(out));
  }
  net[1].links.recording = false;
  net[1].links.ends.at(net[1].link_to(2)).peer = nullptr;
  auto& listener = net[1].links.listener();
  const std::size_t before = allocations;
  for (Bytes& packet : packets) listener.on_packet(net[1].link_to(0), packet);
  CHECK(allocations == before);
  CHECK(net[1].network.counters().announces_sent >= 20);
}
