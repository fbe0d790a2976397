// Announce verifications per second: the primitive, the announce around it, and on two threads.
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

}  // namespace

BENCHMARK_MAIN();
