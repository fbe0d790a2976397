// Announces per second: the bare primitive, the announce around it, on two threads; and the whole
// of what a node does with one: check, table, decision to pass it on. spec: L1/4.2, L1/4.3
//
//   build/release/bin/bench-announce
#include "mehr/l1/announce.h"

#include <benchmark/benchmark.h>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "mehr/core/crypto.h"
#include "mehr/l0/identity.h"
#include "mehr/l1/network.h"

namespace {

using namespace mehr;

/// The smallest pool that shows what a second core gives.
class TwoThreads final : public WorkerPool {
 public:
  TwoThreads() : helper_([this] { help(); }) {}
  ~TwoThreads() override {
    {
      const std::lock_guard lock(mutex_);
      stop_ = true;
    }
    changed_.notify_all();
    helper_.join();
  }
  void run(std::size_t count, const std::function<void(std::size_t)>& job) override {
    {
      const std::lock_guard lock(mutex_);
      job_ = &job;
      count_ = count;
    }
    changed_.notify_all();
    for (std::size_t i = 0; i < count; i += 2) job(i);
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return job_ == nullptr; });
  }

 private:
  void help() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stop_ || job_ != nullptr; });
      if (stop_) return;
      const auto* job = job_;
      const std::size_t count = count_;
      lock.unlock();
      for (std::size_t i = 1; i < count; i += 2) (*job)(i);
      lock.lock();
      job_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void(std::size_t)>* job_ = nullptr;
  std::size_t count_ = 0;
  bool stop_ = false;
  std::thread helper_;
};

struct Signed {
  NodeId destination;
  l1::AnnounceBytes data;
};

std::vector<Signed> announces(std::size_t count) {
  std::vector<Signed> out(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::array<std::uint8_t, 32> seed{};
    seed.fill(static_cast<std::uint8_t>(i));
    const auto who = l0::Identity::from_seed(crypto::Seed::copy_of(seed));
    const auto built = l1::build_announce(who, 1'700'000'000'000 + i, {});
    if (!built) std::abort();
    out[i] = {who.node_id(), *built};
  }
  return out;
}

bool check(const Signed& s) {
  const auto announce = decode<l1::Announce>(s.data.view());
  return announce && l1::destination_of(*announce) == s.destination &&
         l1::verify(*announce, s.destination).has_value();
}

void bare_verify(benchmark::State& state) {
  std::array<std::uint8_t, 32> seed{};
  const crypto::SigningKey key(crypto::Seed::copy_of(seed));
  const std::array<std::uint8_t, 81> message{};  // as long as what an announce signs
  const Signature signature = key.sign(message);
  for (auto _ : state) {
    if (!crypto::verify(key.public_key(), message, signature)) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bare_verify);

void announce_verify(benchmark::State& state) {
  const auto all = announces(64);
  std::size_t i = 0;
  for (auto _ : state) {
    if (!check(all[i++ % all.size()])) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(announce_verify);

void announce_verify_pool(benchmark::State& state) {
  const auto all = announces(64);
  TwoThreads pool;
  std::vector<std::uint8_t> good(all.size());
  const std::function<void(std::size_t)> job = [&](std::size_t i) { good[i] = check(all[i]); };
  for (auto _ : state) {
    pool.run(all.size(), job);
    for (const std::uint8_t ok : good) {
      if (ok == 0) std::abort();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(all.size()));
}
BENCHMARK(announce_verify_pool)->UseRealTime();

// ---- A whole node
// --------------------------------------------------------------------------------

constexpr std::size_t kOrigins = 2'000;

class Numbers final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>((state_ = state_ * kFactor + 1) >> 56);
  }

 private:
  static constexpr std::uint64_t kFactor = 6364136223846793005;
  std::uint64_t state_ = 1;
};

/// Time passes by hand, and whoever wanted to be woken meanwhile is.
class HandClock final : public Clock, public Timers {
 public:
  Millis now() override { return at_; }
  NodeTime node_time() override { return {1'700'000'000'000 + at_.count}; }
  void wake_at(Wakeable& who, Millis at) override {
    who_ = &who;
    wake_ = at;
  }
  void pass(Millis span) {
    const Millis end = at_ + span;
    while (wake_ <= end) {
      at_ = std::max(at_, wake_);
      wake_ = Millis::never();
      who_->on_wake(at_);
    }
    at_ = end;
  }

 private:
  Millis at_{1'000'000};
  Millis wake_ = Millis::never();
  Wakeable* who_ = nullptr;
};

/// Everything leaves at once, to nowhere.
class NoLinks final : public l0::LinkLayer {
 public:
  void set_listener(l0::LinkListener* to) override { listener = to; }
  Status send_packet(l0::LinkId, ByteView, l0::Padding) override { return {}; }
  Status send_control(l0::LinkId, ByteView) override { return {}; }
  void signal_too_big(l0::LinkId, const NodeId&, Mtu) override {}
  void report_malformed(l0::LinkId) override {}
  void close(l0::LinkId, l0::CloseReason) override {}
  l0::LinkListener* listener = nullptr;
};

std::vector<l0::Identity> origins() {
  std::vector<l0::Identity> out;
  for (std::size_t i = 0; i < kOrigins; ++i) {
    std::array<std::uint8_t, 32> seed{};
    Writer(seed).put(std::uint64_t{i + 1});
    out.push_back(l0::Identity::from_seed(crypto::Seed::copy_of(seed)));
  }
  return out;
}

/// What all of them say at @p emitted, as packets.
std::vector<Bytes> packets_of(const std::vector<l0::Identity>& all, std::uint64_t emitted) {
  std::vector<Bytes> out;
  for (const auto& who : all) {
    const auto data = l1::build_announce(who, emitted, {});
    Bytes packet(l1::kAnnouncePacketMax);
    const auto made = l1::write_announce_packet(who.node_id(), data->view(), 1, true, packet);
    if (!made) std::abort();
    packet.resize(made->size());
    out.push_back(std::move(packet));
  }
  return out;
}

// Every announce is newer than the last of its origin, and that was more than 10 s ago, so each is
// checked, taken up and decided to be passed on. How many leave is up to the gossip budget.
void announce_whole(benchmark::State& state) {
  const auto links_up = static_cast<std::uint16_t>(state.range(0));
  Limits limits;
  limits.announce_checks = 1'000'000;  // what is measured is not what a neighbour is granted
  limits.routes = 100'000;             // so that 2,000 are within the share of one link of 32
  Numbers random;
  HandClock clock;
  NoLinks links;
  const auto all = origins();
  const auto self = l0::Identity::generate(random);
  l1::Network network(links, clock, clock, random, self, nullptr, limits);
  for (std::uint16_t i = 1; i <= links_up; ++i) {
    l0::LinkInfo info;
    info.id = l0::LinkId{i};
    info.peer.bytes[0] = static_cast<std::uint8_t>(i);
    info.interface = InterfaceId{1};
    info.mtu = Mtu{4096};
    info.bandwidth = BitsPerSecond{1'000'000'000};
    links.listener->on_link_up(info);
  }
  std::uint64_t emitted = 1'700'000'000'000;
  std::uint64_t taken = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto packets = packets_of(all, ++emitted);
    clock.pass(Millis::seconds(11));
    const std::uint64_t sent = network.counters().announces_sent;
    state.ResumeTiming();
    for (Bytes& packet : packets) links.listener->on_packet(l0::LinkId{1}, packet);
    taken += packets.size();
    if (network.counters().announces_sent == sent) std::abort();
  }
  if (network.counters().announces_stored != taken) std::abort();
  state.SetItemsProcessed(static_cast<std::int64_t>(taken));
  state.counters["sent_each"] =
      static_cast<double>(network.counters().announces_sent) / static_cast<double>(taken);
}
BENCHMARK(announce_whole)->Arg(2)->Arg(8)->Arg(32)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
