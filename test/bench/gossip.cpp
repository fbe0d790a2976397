// What a gossip round costs with 10,000 items: the digest, a round that finds both level, one that
// finds a difference, feeding an empty node.
//
//   build/release/bin/bench-gossip
#include "mehr/l1/gossip.h"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdlib>
#include <vector>

namespace {

using namespace mehr;

constexpr std::size_t kItems = 10'000;
constexpr std::uint8_t kKind = 0x60;

class Counting final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(state_ = state_ * 5 + 1);
  }

 private:
  std::uint64_t state_ = 1;
};

/// Numbered items of 256 bytes, like settlements.
class Source final : public l1::ItemSource {
 public:
  void put(std::uint64_t n) {
    const Bytes body = body_of(n);
    held_.push_back({item_id(kKind, body), n});
  }
  void forget_after(std::size_t count) { held_.resize(count); }
  [[nodiscard]] std::size_t size() const { return held_.size(); }
  [[nodiscard]] static Bytes body_of(std::uint64_t n) {
    Bytes body(256);
    Writer(body).put(n);
    return body;
  }

  [[nodiscard]] bool owns(std::uint8_t kind) const override { return kind == kKind; }
  [[nodiscard]] std::uint8_t tiers() const override { return 0x02; }
  [[nodiscard]] std::size_t capacity() const override { return 2 * kItems; }
  [[nodiscard]] std::size_t places() const override { return held_.size(); }
  bool item(std::size_t place, ItemRef& out) const override {
    out = {held_[place].id, kKind, 256};
    return true;
  }
  [[nodiscard]] bool offered(std::size_t, l1::LinkSlot) const override { return true; }
  [[nodiscard]] std::uint64_t rank(std::size_t place) const override { return held_[place].n; }
  [[nodiscard]] std::size_t write(std::size_t place, l1::LinkSlot,
                                  MutableBytes out) const override {
    Writer(out).put(held_[place].n);
    return 256;
  }
  void sent(std::size_t, l1::LinkSlot) override {}
  MergeVerdict merge(const GossipItem& item, l1::LinkSlot, Millis) override {
    std::uint64_t n = 0;
    Reader(item.body).get(n);
    put(n);
    return MergeVerdict::taken;
  }

 private:
  struct Held {
    ItemId id;
    std::uint64_t n = 0;
  };
  std::vector<Held> held_;
};

struct Node {
  explicit Node(std::uint8_t name) : gossip({2, 2, 64}, id_of(name), random) {
    gossip.add_source(source);
  }
  static NodeId id_of(std::uint8_t name) {
    NodeId id;
    id.bytes[0] = name;
    return id;
  }
  Counting random;
  Source source;
  l1::Gossip gossip;
};

/// A whole round between the two, from the link's first moment on.
std::size_t run_round(Node& a, Node& b, Millis now) {
  std::array<Node*, 2> nodes{&a, &b};
  for (std::size_t i = 0; i < 2; ++i) {
    const NodeId peer = Node::id_of(static_cast<std::uint8_t>(2 - i));
    nodes[i]->gossip.link_down(0);
    nodes[i]->gossip.link_up(0, {peer, Mtu{4096}, BitsPerSecond{1'000'000'000}}, now);
  }
  std::array<std::uint8_t, 4096> buffer{};
  std::size_t bytes = 0;
  for (std::size_t quiet = 0, i = 0; quiet < 2; i = 1 - i) {
    const auto message = nodes[i]->gossip.make(0, 0x0F, buffer, now);
    if (!message) {
      ++quiet;
      continue;
    }
    quiet = 0;
    bytes += message->bytes.size();
    l1::Gossip& to = nodes[1 - i]->gossip;
    nodes[i]->gossip.sent(now);
    l1::GossipReceived got = to.receive(0, message->bytes, now);
    while (const auto item = to.next(0, got, now)) {
      to.settle(0, got, *item, item->source->merge(item->item, 0, now), now);
    }
  }
  return bytes;
}

void gossip_digest(benchmark::State& state) {
  Node a(1);
  for (std::uint64_t n = 0; n < kItems; ++n) a.source.put(n);
  a.gossip.link_up(0, {Node::id_of(2), Mtu{4096}, BitsPerSecond{0}}, Millis{0});
  for (auto _ : state) benchmark::DoNotOptimize(a.gossip.digest(0, 0x0F, Millis{0}));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}
BENCHMARK(gossip_digest);

/// Both hold the same 10,000 items: a beat and its answer; the time is that of both sides.
void gossip_round_equal(benchmark::State& state) {
  Node a(1);
  Node b(2);
  for (std::uint64_t n = 0; n < kItems; ++n) {
    a.source.put(n);
    b.source.put(n);
  }
  Millis now{1000};
  std::size_t bytes = 0;
  for (auto _ : state) {
    now = now + l1::kGossipRound;
    bytes = run_round(a, b, now);
  }
  if (a.source.size() != kItems || b.source.size() != kItems) std::abort();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(gossip_round_equal)->Unit(benchmark::kMillisecond);

/// Both hold 10,000 items, of which 1 % differ; the time is that of both sides.
void gossip_round_differing(benchmark::State& state) {
  constexpr std::size_t kDiffer = kItems / 100;
  Node a(1);
  Node b(2);
  for (std::uint64_t n = 0; n < kItems; ++n) {
    if (n < kItems - kDiffer) b.source.put(n);
    a.source.put(n);
  }
  Millis now{1000};
  std::size_t bytes = 0;
  for (auto _ : state) {
    now = now + l1::kGossipRound;
    bytes = run_round(a, b, now);
    if (b.source.size() <= kItems - kDiffer) std::abort();
    b.source.forget_after(kItems - kDiffer);
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(gossip_round_differing)->Unit(benchmark::kMillisecond);

/// One side is empty and takes all 10,000.
void gossip_feed_empty(benchmark::State& state) {
  Node a(1);
  Node b(2);
  for (std::uint64_t n = 0; n < kItems; ++n) a.source.put(n);
  Millis now{1000};
  for (auto _ : state) {
    now = now + l1::kGossipRound;
    run_round(a, b, now);
    if (b.source.size() != kItems) std::abort();
    b.source.forget_after(0);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}
BENCHMARK(gossip_feed_empty)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
