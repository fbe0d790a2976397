// Packets that L1 passes on, in memory and without crypto, and what its steps cost. spec: L1/6
//
//   build/release/bin/bench-forward
//
// A whole Network stands between two links of a layer that seals nothing and keeps nothing; what is
// timed is everything between `on_packet` and `send_packet`. Every packet differs, so that none is
// a duplicate; it is written into the same buffer, as it would come from the opener: in the cache.
// The tables are those of Limits::standard, and are full. The other benchmarks do each step alone,
// in tables of the same size.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <new>

#include "mehr/core/codec.h"
#include "mehr/core/crypto.h"
#include "mehr/l0/identity.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/network.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

using namespace mehr;

constexpr std::uint8_t kBulk = 0xE3;
constexpr std::uint64_t kWarmUp = 1'100'000;  // more than both generations of the duplicate filter
constexpr Millis kStart{1'000'000};
const NodeId kDestination{{0xD0, 1, 2, 3}};

class Numbers final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>((state_ = state_ * kFactor + 1) >> 56);
  }

 private:
  static constexpr std::uint64_t kFactor = 6364136223846793005;
  std::uint64_t state_ = 1;
};

class StillClock final : public Clock, public Timers {
 public:
  Millis now() override { return at; }
  NodeTime node_time() override { return {1'700'000'000'000}; }
  void wake_at(Wakeable&, Millis) override {}
  Millis at = kStart;
};

/// Counts what leaves.
class NoLinks final : public l0::LinkLayer {
 public:
  void set_listener(l0::LinkListener* to) override { listener = to; }
  Status send_packet(l0::LinkId, ByteView packet, l0::Padding) override {
    ++packets;
    benchmark::DoNotOptimize(packet.data());
    return {};
  }
  Status send_control(l0::LinkId, ByteView) override { return {}; }
  void signal_too_big(l0::LinkId, const NodeId&, Mtu) override {}
  void report_malformed(l0::LinkId) override {}
  void close(l0::LinkId, l0::CloseReason) override {}
  l0::LinkListener* listener = nullptr;
  std::uint64_t packets = 0;
};

l0::LinkInfo link(std::uint16_t id) {
  l0::LinkInfo info;
  info.id = l0::LinkId{id};
  info.peer.bytes[0] = static_cast<std::uint8_t>(id);
  info.interface = InterfaceId{1};
  info.mtu = Mtu{4096};
  info.bandwidth = BitsPerSecond{1'000'000'000'000};  // the clock stands still: never used up
  info.latency = Millis{1};
  return info;
}

Limits limits() {
  Limits l = Limits::standard();
  l.announce_checks = 1000;
  return l;
}

Bytes packet_of(const NodeId& to, std::size_t size) {
  const Bytes body(size - l0::kHeaderSize, 0x5A);
  Bytes out(size);
  const auto flags = l0::PacketFlags::of(l0::PacketType::data, true);
  if (!encode(l0::Packet{flags, 0, to, kBulk, Tail{body}}, out)) std::abort();
  return out;
}

/// The same packet with another number in it, as its sender would have sent it.
void renew(Bytes& packet, std::uint64_t number) {
  l0::set_hops(packet, 3);
  Writer(MutableBytes(packet).subspan(l0::kHeaderSize)).put(number);
}

/// A relay that has learned from link 2 how to reach somebody further on.
struct Relay {
  Relay() {
    links.listener->on_link_up(link(1));
    links.listener->on_link_up(link(2));
    std::array<std::uint8_t, 32> seed{};
    seed.fill(7);
    const auto who = l0::Identity::from_seed(crypto::Seed::copy_of(seed));
    const auto announce = l1::build_announce(who, 5, {});
    Bytes out(l1::kAnnouncePacketMax);
    const auto packet = l1::write_announce_packet(who.node_id(), announce->view(), 1, true, out);
    if (!packet) std::abort();
    links.listener->on_packet(l0::LinkId{2}, *packet);
    destination = who.node_id();
  }
  Numbers random;
  StillClock clock;
  NoLinks links;
  l0::Identity identity = l0::Identity::from_seed(crypto::Seed::copy_of(seed_bytes));
  l1::Network network{links, clock, clock, random, identity, nullptr, limits()};
  NodeId destination;

 private:
  static constexpr std::array<std::uint8_t, 32> seed_bytes{1};
};

void forward(benchmark::State& state) {
  Relay relay;
  Bytes packet = packet_of(relay.destination, static_cast<std::size_t>(state.range(0)));
  std::uint64_t number = 0;
  const auto pass = [&] {
    renew(packet, ++number);
    relay.links.listener->on_packet(l0::LinkId{1}, packet);
  };
  for (std::uint64_t i = 0; i < kWarmUp; ++i) pass();
  const std::size_t before = allocations;
  for (auto _ : state) pass();
  const std::size_t made = allocations - before;
  if (relay.network.counters().forwarded != number || relay.links.packets < number) std::abort();
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
  state.counters["allocations"] = static_cast<double>(made);
}

// ---- Its steps, each alone
// -----------------------------------------------------------------------

void packet_id(benchmark::State& state) {
  Bytes packet = packet_of(kDestination, static_cast<std::size_t>(state.range(0)));
  std::uint64_t number = 0;
  for (auto _ : state) {
    renew(packet, ++number);
    benchmark::DoNotOptimize(l0::packet_id(packet));
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

PacketId id_of(std::uint64_t number) {
  PacketId id;
  Writer(id.mutable_view()).put(number);
  return id;
}

void duplicate_filter(benchmark::State& state) {
  Numbers random;
  DuplicateFilter filter(Limits::standard().packet_ids, random);
  std::uint64_t number = 0;
  bool fresh = true;
  for (; number < kWarmUp; ++number) fresh = filter.insert(id_of(number), kStart) && fresh;
  for (auto _ : state) fresh = filter.insert(id_of(++number), kStart) && fresh;
  if (!fresh) std::abort();
  state.SetItemsProcessed(state.iterations());
}

void look_up(benchmark::State& state) {
  Relay relay;
  const l1::RouteQuery query{relay.destination, 0, 4096, PathPolicy::cheapest(), 0, true};
  for (auto _ : state) {
    const auto hop = relay.network.table().choose(query, relay.network.node_id());
    benchmark::DoNotOptimize(hop);
    if (!hop || hop->way != l1::NextHop::Way::feasible) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}

void egress(benchmark::State& state) {
  const Limits l = Limits::standard();
  l1::Egress egress({l.links, l.queue_bytes, l.queue_block, l.queue_flows}, 1);
  l1::LinkShape shape;
  shape.channel = shape.bandwidth = BitsPerSecond{1'000'000'000'000};
  shape.mtu = Mtu{4096};
  egress.link_up(0, shape, kStart);
  egress.link_up(1, shape, kStart);
  const Bytes packet(static_cast<std::size_t>(state.range(0)));
  const l1::PacketOffer offer{l1::Priority::p3, 0, packet, false};
  std::uint64_t number = 0;
  for (auto _ : state) {
    const Millis now = kStart + Millis{++number / 1024};  // or the link's rate would end it
    if (egress.offer(1, offer, now) != l1::Verdict::pass) std::abort();
    egress.passed(1, offer, now);
  }
  state.SetItemsProcessed(state.iterations());
}

void reverse_path(benchmark::State& state) {
  Numbers random;
  l1::ReversePath back(Limits::standard().reverse_paths, random);
  std::uint64_t number = 0;
  for (; number < kWarmUp; ++number) back.record(id_of(number), 0, 1, kStart);
  for (auto _ : state) back.record(id_of(++number), 0, 1, kStart);
  if (back.size() != Limits::standard().reverse_paths) std::abort();
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

BENCHMARK(forward)->Arg(484)->Arg(4096);
BENCHMARK(packet_id)->Arg(484)->Arg(4096);
BENCHMARK(duplicate_filter);
BENCHMARK(look_up);
BENCHMARK(egress)->Arg(484)->Arg(4096);
BENCHMARK(reverse_path);
BENCHMARK_MAIN();
