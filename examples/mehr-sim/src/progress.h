// One line on a terminal that says how far a run is. Also hears of Ctrl-C.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "mehr/sim/scenario.h"

namespace mehr::sim_cli {

/// Whether standard error is a terminal and progress was not refused.
[[nodiscard]] bool wants_progress(bool refused);

/// From now on SIGINT and SIGTERM only set a flag; the second one ends the program at once.
void catch_interrupts();
[[nodiscard]] bool was_interrupted();

class Progress {
 public:
  Progress(const sim::Scenario& scenario, bool shown);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws at most ten times a second; false once somebody pressed Ctrl-C.
  bool update(sim::Sim& sim);

 private:
  [[nodiscard]] std::string line(sim::Sim& sim, std::chrono::steady_clock::time_point now);

  const sim::Scenario& scenario_;
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point last_;
  std::uint64_t events_ = 0;
};

}  // namespace mehr::sim_cli
