#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include "children.h"
#include "cli.h"
#include "commands.h"
#include "mehr/common/text.h"
#include "mehr/sim_programs/make_program.h"
#include "progress.h"

namespace mehr::sim_cli {
namespace {

using RealClock = std::chrono::steady_clock;
constexpr std::string_view kGood = "good";

/// What a child says of its seed: one word or two, and on the next lines why.
std::string play(std::uint64_t seed, bool twice, const std::vector<std::string>& plants) {
  sim::Scenario scenario = sim::swarm_scenario(seed);
  scenario.options.plants = plants;
  const auto once = [&] { return sim::run_scenario(scenario, seed, sim_programs::make_program); };
  const auto first = once();
  if (!first) return "bad scenario\n" + first.error().message();
  if (first->end != sim::RunResult::End::good) {
    return std::string(name_of(first->end)) + "\n" + first->text;
  }
  if (!twice) return std::string(kGood);
  // In the same process: what the heap looks like is another then, as it would be elsewhere.
  const auto second = once();
  if (second && second->fingerprint == first->fingerprint) return std::string(kGood);
  return "not repeatable\nthe same seed gave two fingerprints, " +
         common::to_hex(first->fingerprint.view()) + " and " +
         (second ? common::to_hex(second->fingerprint.view()) : "none");
}

class Swarm {
 public:
  explicit Swarm(const SwarmOptions& options)
      : options_(options),
        jobs_(options.jobs != 0 ? options.jobs : std::max(std::thread::hardware_concurrency(), 1U)),
        shown_(wants_progress(options.no_progress)),
        begun_(RealClock::now()),
        next_(options.first) {}

  int run() {
    catch_interrupts();
    while (true) {
      while (is_more() && children_.running() < jobs_) {
        if (!begin(next_))
          return complain(exit_code::kFailed, "the system starts no more processes");
        ++next_;
        ++begun_count_;
      }
      const auto ended = children_.wait();
      if (!ended) break;
      take(*ended);
    }
    return conclude();
  }

 private:
  [[nodiscard]] bool is_more() const {
    if (was_interrupted()) return false;
    if (options_.minutes > 0) return elapsed() < options_.minutes * 60;
    return begun_count_ <= options_.last - options_.first;
  }
  [[nodiscard]] double elapsed() const {
    return std::chrono::duration<double>(RealClock::now() - begun_).count();
  }
  [[nodiscard]] bool is_twice(std::uint64_t seed) const {
    return options_.twice_every != 0 && (seed - options_.first) % options_.twice_every == 0;
  }
  bool begin(std::uint64_t seed) {
    return children_.start(seed,
                           [this, seed] { return play(seed, is_twice(seed), options_.plants); });
  }

  void take(const Children::Ended& ended) {
    ++done_;
    if (is_twice(ended.name)) ++twice_;
    std::string text = ended.text;
    if (ended.status != 0) text = (text.empty() ? "died" : text) + "\nthe process " + ended.how();
    if (text != kGood) {
      failed_.push_back(ended.name);
      if (shown_) std::fputs("\r\x1b[K", stderr);
      std::printf("seed %s: %s\n  %s\n", seed_text(ended.name).c_str(), text.c_str(),
                  again(ended.name).c_str());
      std::fflush(stdout);
    }
    if (shown_) {
      std::fprintf(stderr, "\r\x1b[K%llu seeds, %zu failed, %.0f s",
                   static_cast<unsigned long long>(done_), failed_.size(), elapsed());
    }
  }

  [[nodiscard]] std::string again(std::uint64_t seed) const {
    std::string out = "again: mehr-sim run swarm --seed " + seed_text(seed);
    for (const std::string& plant : options_.plants) out += " --plant " + plant;
    return out;
  }

  int conclude() {
    if (shown_) std::fputs("\r\x1b[K", stderr);
    if (!failed_.empty()) {
      std::sort(failed_.begin(), failed_.end());
      std::string list;
      for (const std::uint64_t seed : failed_) list += " " + seed_text(seed);
      std::printf("failed:%s\n", list.c_str());
    }
    std::printf("%llu seeds, %llu of them run twice, %zu failed, %.1f s\n",
                static_cast<unsigned long long>(done_), static_cast<unsigned long long>(twice_),
                failed_.size(), elapsed());
    if (!failed_.empty()) return exit_code::kFailed;
    return was_interrupted() ? exit_code::kInterrupted : exit_code::kGood;
  }

  const SwarmOptions& options_;
  unsigned jobs_;
  bool shown_;
  RealClock::time_point begun_;
  std::uint64_t next_;
  std::uint64_t begun_count_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t twice_ = 0;
  std::vector<std::uint64_t> failed_;
  Children children_;
};

}  // namespace

int swarm_command(const SwarmOptions& options) {
  if (const auto wrong = check_plants(options.plants))
    return complain(exit_code::kBadInput, *wrong);
  if (options.minutes > 0) {
    std::printf("seeds from %s on\n", seed_text(options.first).c_str());
  } else {
    std::printf("seeds %s to %s\n", seed_text(options.first).c_str(),
                seed_text(options.last).c_str());
  }
  return Swarm(options).run();
}

}  // namespace mehr::sim_cli
