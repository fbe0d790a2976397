// One packet through a relay, in memory: open, duplicate filter, route look-up, hop count, seal.
// spec: L0/5.5, L1/6
//
// The relay is a whole Node with real links on both sides; only the media are fakes that keep one
// frame. The sender's sealing is timed apart (`sealing_alone`) so that it can be taken off.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "fake_links.h"
#include "mehr/stack/node.h"

namespace {

using namespace mehr;
using namespace mehr::l0::test;

// The clock stands still while packets pass, so the link's rate must not be what ends them.
MediumInfo wide() {
  MediumInfo info;
  info.bandwidth = BitsPerSecond{1'000'000'000'000};
  return info;
}

// A medium that keeps the last frame in a buffer of its own.
class OneFrame final : public Medium {
 public:
  [[nodiscard]] const MediumInfo& info() const override { return details; }
  Status send(const Remote&, ByteView frame) override {
    if (held.size() - size >= frame.size()) {
      copy_bytes(frame, MutableBytes(held).subspan(size));
      lengths.push_back(frame.size());
      size += frame.size();
    }
    return {};
  }
  void close() override {}
  Bytes take() {
    if (lengths.empty()) return {};
    Bytes out(held.begin(), held.begin() + static_cast<std::ptrdiff_t>(lengths.front()));
    std::copy(held.begin() + static_cast<std::ptrdiff_t>(lengths.front()),
              held.begin() + static_cast<std::ptrdiff_t>(size), held.begin());
    size -= lengths.front();
    lengths.erase(lengths.begin());
    return out;
  }
  void clear() {
    size = 0;
    lengths.clear();
  }
  MediumInfo details = wide();
  Bytes held = Bytes(16'384);
  std::size_t size = 0;
  std::vector<std::size_t> lengths;
};

struct Line {
  Line() {
    lengths_reserve();
    attach(a, ab_a);
    attach(b, ab_b);
    attach(b, bc_b);
    attach(c, bc_c);
    if (!a.node.links().establish(ab_a, {}, {}) || !c.node.links().establish(bc_c, {}, {})) {
      std::abort();
    }
    settle();
    for (int s = 0; s < 20; ++s) {
      timers.run_until(clock.at + Millis::seconds(1), [this] { settle(); });
      settle();
    }
    if (a.node.network().max_body(c.node.id()) == 0) std::abort();
  }
  struct Person {
    Person(FakeClock& clock, FakeTimers& timers, std::uint8_t seed)
        : identity(l0::Identity::from_seed(seed_of(seed))),
          random(seed),
          node({}, identity, {clock, timers, random}) {}
    l0::Identity identity;
    SeededRandom random;
    stack::Node node;
  };
  void lengths_reserve() {
    for (OneFrame* m : {&ab_a, &ab_b, &bc_b, &bc_c}) m->lengths.reserve(64);
  }
  static void attach(Person& person, OneFrame& medium) {
    if (!person.node.links().attach(medium)) std::abort();
  }
  static bool pass(OneFrame& from, OneFrame& to, Person& person) {
    Bytes frame = from.take();
    if (frame.empty()) return false;
    person.node.links().on_frame(to, {}, frame);
    return true;
  }
  void settle() {
    while (pass(ab_a, ab_b, b) || pass(ab_b, ab_a, a) || pass(bc_b, bc_c, c) ||
           pass(bc_c, bc_b, b)) {
    }
  }

  FakeClock clock;
  FakeTimers timers{clock};
  OneFrame ab_a, ab_b, bc_b, bc_c;
  Person a{clock, timers, 0}, b{clock, timers, 40}, c{clock, timers, 80};
};

void fill(Bytes& body, std::uint64_t number) {
  for (std::size_t i = 0; i < 8; ++i) body[i] = static_cast<std::uint8_t>(number >> (8 * i));
}

void sealing_alone(benchmark::State& state) {
  Line line;
  Bytes body(static_cast<std::size_t>(state.range(0)) - l0::kHeaderSize, 0x5A);
  std::uint64_t number = 0;
  for (auto _ : state) {
    fill(body, ++number);
    if (!line.a.node.network().send(line.c.node.id(), {context::kBulk, 0}, body, {})) std::abort();
    line.ab_a.clear();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void relay(benchmark::State& state) {
  Line line;
  Bytes body(static_cast<std::size_t>(state.range(0)) - l0::kHeaderSize, 0x5A);
  std::uint64_t number = 0;
  const auto before = line.b.node.network().counters().forwarded;
  constexpr std::size_t kBatch = 256;
  std::vector<Bytes> frames(kBatch);
  for (auto _ : state) {
    state.PauseTiming();
    for (Bytes& frame : frames) {
      fill(body, ++number);
      if (!line.a.node.network().send(line.c.node.id(), {context::kBulk, 0}, body, {}))
        std::abort();
      frame = line.ab_a.take();
    }
    state.ResumeTiming();
    for (Bytes& frame : frames) {
      line.b.node.links().on_frame(line.ab_b, {}, frame);
      line.bc_b.clear();
    }
  }
  if (line.b.node.network().counters().forwarded - before != number) std::abort();
  const auto packets = static_cast<std::int64_t>(number);
  state.SetItemsProcessed(packets);
  state.SetBytesProcessed(packets * state.range(0));
}

}  // namespace

BENCHMARK(sealing_alone)->Arg(484)->Arg(1500)->Arg(4096);
BENCHMARK(relay)->Arg(484)->Arg(1500)->Arg(4096);
BENCHMARK_MAIN();
