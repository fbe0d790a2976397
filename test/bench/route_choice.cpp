// Choosing among ways to a destination: score and pick, in both ways to calculate; and the whole of
// it in a routing table of 100,000 destinations, beside a bare look-up. spec: L1/6, L1/6.1
//
//   build/release/bin/bench-route_choice
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "mehr/l1/path_cost.h"
#include "mehr/l1/route_score.h"
#include "mehr/l1/routing_table.h"

namespace {

using namespace mehr;
using namespace mehr::l1;

std::uint64_t state = 42;
std::uint64_t draw(std::uint64_t below) {
  state = state * 6364136223846793005 + 1442695040888963407;
  return (state >> 33) % below;
}

NodeId any_id() {
  NodeId id;
  for (auto& b : id.bytes) b = static_cast<std::uint8_t>(draw(256));
  return id;
}

std::vector<RouteTraits> any_set(std::size_t size) {
  std::vector<RouteTraits> set(size);
  for (auto& t : set) {
    t.neighbour = any_id();
    t.cost = CostCode{static_cast<std::uint16_t>(draw(1025))}.decode();
    t.worst_latency_ms = static_cast<std::uint16_t>(draw(2000));
    t.usable = Mtu{static_cast<std::uint16_t>(484 + draw(3612))};
    t.reliability = static_cast<std::uint8_t>(draw(256));
    t.hop_count = static_cast<std::uint8_t>(draw(10));
  }
  return set;
}

template <class Arithmetic>
void choose(benchmark::State& timing, std::uint16_t min_mtu) {
  // Many sets, so that no branch is learned by heart.
  std::vector<std::vector<RouteTraits>> sets;
  for (int i = 0; i < 64; ++i) sets.push_back(any_set(static_cast<std::size_t>(timing.range(0))));
  const NodeId destination = any_id();
  const PathPolicy policy;
  std::size_t i = 0;
  for (auto _ : timing) {
    const auto choice = choose_path<Arithmetic>(destination, sets[i++ & 63], policy, min_mtu);
    benchmark::DoNotOptimize(choice);
  }
  timing.SetItemsProcessed(timing.iterations());
}

void f64(benchmark::State& timing) { choose<Float64>(timing, 0); }
void q16(benchmark::State& timing) { choose<Fixed16>(timing, 0); }
void f64_min_mtu(benchmark::State& timing) { choose<Float64>(timing, 700); }

// ---- Among 100,000 destinations
// ------------------------------------------------------------------

constexpr std::size_t kDestinations = 100'000;
constexpr std::uint16_t kLinks = 32;
constexpr Millis kNow{1'000'000};

std::uint8_t any_byte() { return static_cast<std::uint8_t>(draw(256)); }

class Drawn final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = any_byte();
  }
};

std::vector<NodeId> some_ids(std::size_t count) {
  std::vector<NodeId> ids(count);
  for (NodeId& id : ids) id = any_id();
  return ids;
}

// Asked for in an order that no cache foresees.
class Questions {
 public:
  explicit Questions(const std::vector<NodeId>& ids) : ids_(ids), asked_(1U << 20) {
    for (auto& a : asked_) a = static_cast<std::uint32_t>(draw(ids.size()));
  }
  const NodeId& next() { return ids_[asked_[i_++ & (asked_.size() - 1)]]; }

 private:
  const std::vector<NodeId>& ids_;
  std::vector<std::uint32_t> asked_;
  std::size_t i_ = 0;
};

// Keys are random here, so their first bytes are the cheapest hash there is.
struct FirstBytes {
  std::size_t operator()(const NodeId& id) const {
    std::size_t out = 0;
    std::memcpy(&out, id.bytes.data(), sizeof(out));
    return out;
  }
};

void unordered_map_find(benchmark::State& timing) {
  const auto ids = some_ids(kDestinations);
  std::unordered_map<NodeId, Slot, FirstBytes> map;
  for (Slot i = 0; i < ids.size(); ++i) map[ids[i]] = i;
  Questions questions(ids);
  for (auto _ : timing) {
    const auto found = map.find(questions.next());
    if (found == map.end()) std::abort();
    benchmark::DoNotOptimize(found->second);
  }
  timing.SetItemsProcessed(timing.iterations());
}

void slot_index_find(benchmark::State& timing) {
  const auto ids = some_ids(kDestinations);
  SlotIndex index(kDestinations, HashSalt{1, 2});
  for (Slot i = 0; i < ids.size(); ++i) index.put(ids[i], i);
  Questions questions(ids);
  for (auto _ : timing) {
    const auto found = index.find(questions.next());
    if (!found) std::abort();
    benchmark::DoNotOptimize(*found);
  }
  timing.SetItemsProcessed(timing.iterations());
}

// Each destination is learned over the same number of links, which links is its own affair.
void fill(RoutingTable& table, const std::vector<NodeId>& ids, std::size_t candidates) {
  for (std::uint16_t i = 0; i < kLinks; ++i) {
    l0::LinkInfo info;
    info.id = l0::LinkId{static_cast<std::uint16_t>(i + 1)};
    info.peer = any_id();
    info.interface = InterfaceId{1};
    info.mtu = Mtu{4096};
    info.bandwidth = BitsPerSecond{1'000'000'000};
    info.latency = Millis{1 + draw(50)};
    if (table.link_up(info) == kNoLink) std::abort();
  }
  const Bytes data(kAnnounceFixed + kExtensionMin);  // only passed on, never read again here
  for (std::size_t i = 0; i < ids.size(); ++i) {
    for (std::size_t c = 0; c < candidates; ++c) {
      Offer offer;
      offer.destination = ids[i];
      offer.announce.emitted = 1;
      auto& cost = offer.announce.extension.path_cost;
      cost.cost = CostCode{static_cast<std::uint16_t>(draw(1024))};
      cost.worst_latency_ms = static_cast<std::uint16_t>(draw(2000));
      cost.hop_count = static_cast<std::uint8_t>(draw(10));
      offer.data = data;
      offer.link = static_cast<LinkSlot>((i + c) % kLinks);
      if (table.accept(offer, kNow).route == kNoSlot) std::abort();
    }
  }
  if (table.size() != kDestinations) std::abort();
}

void table_choose(benchmark::State& timing) {
  const auto candidates = static_cast<std::size_t>(timing.range(0));
  Limits limits;
  limits.routes = kDestinations;
  limits.candidates = candidates;
  limits.links = kLinks;
  Drawn random;
  RoutingTable table(limits, random);
  const auto ids = some_ids(kDestinations);
  fill(table, ids, candidates);
  const NodeId self = any_id();
  Questions questions(ids);
  for (auto _ : timing) {
    // As for a packet of this node's own: no link is left out, so all candidates are scored.
    const auto hop = table.choose({questions.next(), kNoLink, 484, PathPolicy{}, 0, true}, self);
    if (!hop || hop->way != NextHop::Way::feasible) std::abort();
    benchmark::DoNotOptimize(hop->link);
  }
  timing.SetItemsProcessed(timing.iterations());
}

}  // namespace

BENCHMARK(f64)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(q16)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(f64_min_mtu)->Arg(8)->Arg(32);
BENCHMARK(unordered_map_find);
BENCHMARK(slot_index_find);
BENCHMARK(table_choose)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK_MAIN();
