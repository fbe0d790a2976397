// Choosing among ways to a destination: score and pick, in both ways to calculate. spec: L1/6.1
//
//   build/release/bin/bench-route_choice
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <vector>

#include "mehr/l1/path_cost.h"
#include "mehr/l1/route_score.h"

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

}  // namespace

BENCHMARK(f64)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(q16)->Arg(1)->Arg(8)->Arg(32);
BENCHMARK(f64_min_mtu)->Arg(8)->Arg(32);
BENCHMARK_MAIN();
