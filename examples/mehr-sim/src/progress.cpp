#include "progress.h"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>

#include "mehr/common/text.h"

namespace mehr::sim_cli {
namespace {

using RealClock = std::chrono::steady_clock;
constexpr auto kEvery = std::chrono::milliseconds(100);

volatile std::sig_atomic_t interrupted = 0;

void on_signal(int signal) {
  interrupted = 1;
  std::signal(signal, SIG_DFL);  // who presses twice means it
}

}  // namespace

bool wants_progress(bool refused) { return !refused && ::isatty(STDERR_FILENO) == 1; }

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool was_interrupted() { return interrupted != 0; }

Progress::Progress(const sim::Scenario& scenario, bool shown)
    : scenario_(scenario), shown_(shown), begun_(RealClock::now()), last_(begun_) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\x1b[K", stderr);
}

std::string Progress::line(sim::Sim& sim, RealClock::time_point now) {
  const sim::Duration at = sim.now().time_since_epoch();
  const bool faulty = at < scenario_.duration;
  const sim::Duration done = faulty ? at : at - scenario_.duration;
  const sim::Duration all = faulty ? scenario_.duration : scenario_.settle;
  const auto percent =
      all.count() > 0
          ? std::min<std::int64_t>(done.count() / std::max<std::int64_t>(all.count() / 100, 1), 100)
          : 100;
  const double seconds = std::chrono::duration<double>(now - last_).count();
  const std::uint64_t events = sim.queue().steps();
  const double rate = static_cast<double>(events - events_) / seconds;
  events_ = events;
  constexpr int kWidth = 24;
  const auto filled = static_cast<std::size_t>(percent * kWidth / 100);
  std::array<char, 160> out{};
  std::snprintf(out.data(), out.size(), "%s [%s%s] %3d %%  %s of %s  %.0f events/s",
                faulty ? "running " : "settling", std::string(filled, '#').c_str(),
                std::string(kWidth - filled, ' ').c_str(), static_cast<int>(percent),
                common::human_time(sim::to_millis(done).count).c_str(),
                common::human_time(sim::to_millis(all).count).c_str(), rate);
  return out.data();
}

bool Progress::update(sim::Sim& sim) {
  if (was_interrupted()) return false;
  if (!shown_) return true;
  const auto now = RealClock::now();
  if (now - last_ < kEvery) return true;
  std::fprintf(stderr, "\r\x1b[K%s", line(sim, now).c_str());
  std::fflush(stderr);
  drawn_ = true;
  last_ = now;
  return true;
}

}  // namespace mehr::sim_cli
