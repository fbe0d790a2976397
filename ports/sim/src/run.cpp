// Playing a scenario: build, safety phase, heal, liveness phase.
#include <algorithm>
#include <gsl/assert>

#include "mehr/sim/scenario.h"
#include "words.h"

namespace mehr::sim {

namespace {

using RealClock = std::chrono::steady_clock;

InputError about(const Scenario& scenario, std::size_t line, std::string text) {
  return {scenario.file.empty() ? scenario.name : scenario.file, line, std::move(text)};
}

/// One playing of a scenario.
class Run {
 public:
  Run(const Scenario& scenario, std::uint64_t seed, const RunHooks& hooks)
      : scenario_(scenario), hooks_(hooks), sim_(seed, scenario.options) {
    sim_.build(scenario.topology);
  }

  tl::expected<void, InputError> install(const ProgramFactory& programs) {
    for (const ProgramSpec& spec : scenario_.programs) {
      const NodeIndex node = sim_.find(spec.node);
      if (node == kNoNode) {
        return tl::unexpected(
            about(scenario_, spec.line, "there is no node \"" + spec.node + "\""));
      }
      auto program = programs(spec, sim_, sim_.node(node));
      if (!program) return tl::unexpected(about(scenario_, spec.line, program.error()));
      if (*program) sim_.node(node).install(std::move(*program));
    }
    return {};
  }

  tl::expected<void, InputError> schedule_faults() {
    for (const FaultSpec& spec : scenario_.faults) {
      Fault fault = spec.fault;
      for (const auto& [name, place] :
           {std::pair{&spec.node, &fault.node}, {&spec.peer, &fault.peer}}) {
        if (name->empty()) continue;
        *place = sim_.find(*name);
        if (*place == kNoNode) {
          return tl::unexpected(about(scenario_, spec.line, "there is no node \"" + *name + "\""));
        }
      }
      if (!spec.group.empty()) fault.side.assign(sim_.size(), 0);
      for (const std::string& name : spec.group) {
        const NodeIndex node = sim_.find(name);
        if (node == kNoNode) {
          return tl::unexpected(about(scenario_, spec.line, "there is no node \"" + name + "\""));
        }
        fault.side[node] = 1;
      }
      sim_.schedule(fault);
    }
    if (scenario_.drawn) sim_.schedule(draw_faults(*scenario_.drawn, sim_));
    return {};
  }

  RunResult play() {
    if (hooks_.built) hooks_.built(sim_);
    sim_.on_progress([this] { return go_on(); });
    try {
      safety();
      if (result_.end == RunResult::End::good) liveness();
    } catch (const Violation& violation) {
      result_.end = RunResult::End::violated;
      result_.text = violation.message();
      result_.violation = violation;
    }
    result_.fingerprint = sim_.fingerprint();
    result_.virtual_time = sim_.now().time_since_epoch();
    result_.real_time = RealClock::now() - begun_;
    result_.events = sim_.queue().steps();
    if (hooks_.finished) hooks_.finished(sim_, result_);
    return std::move(result_);
  }

 private:
  bool go_on() {
    if (RealClock::now() - begun_ > scenario_.real_limit) {
      end(RunResult::End::real_limit, "the real-time limit of " + span_text(scenario_.real_limit) +
                                          " was reached at virtual time " + clock_text(sim_.now()));
      return false;
    }
    if (hooks_.progress && !hooks_.progress(sim_)) {
      end(RunResult::End::stopped, "stopped at virtual time " + clock_text(sim_.now()));
      return false;
    }
    return true;
  }

  // Everything due until @p until, looking at the goals on the way; false when the run has ended.
  bool run_until(Instant until, bool stop_when_met) {
    const Instant limit = Instant{} + scenario_.virtual_limit;
    const Duration slice = std::clamp<Duration>(
        (until - sim_.now()) / 1000, std::chrono::milliseconds(100), std::chrono::seconds(10));
    while (sim_.now() < until) {
      note_goals();
      if (stop_when_met && holds()) return true;
      if (sim_.now() >= limit) {
        end(RunResult::End::virtual_limit,
            "the virtual-time limit of " + span_text(scenario_.virtual_limit) + " was reached");
        return false;
      }
      sim_.run_for(std::min({until, limit, later(sim_.now(), slice)}) - sim_.now());
      if (sim_.was_stopped()) return false;
    }
    note_goals();
    return true;
  }

  void safety() { static_cast<void>(run_until(later(sim_.now(), scenario_.duration), false)); }

  void liveness() {
    if (scenario_.duration > Duration{0}) sim_.heal();
    if (!run_until(later(sim_.now(), scenario_.settle), true)) return;
    const std::string missing = what_is_missing();
    if (missing.empty()) return;
    end(RunResult::End::not_settled,
        "within " + span_text(scenario_.settle) + " after the faults ended, " + missing);
  }

  // Notes when each expectation first held, since the beginning or since the world was healed.
  void note_goals() {
    const Duration since = sim_.now().time_since_epoch();
    const Expectations& wanted = scenario_.expect;
    if (wanted.linked && !result_.linked_at && sim_.is_linked()) result_.linked_at = since;
    if (wanted.converged && !result_.converged_at && has_ways()) result_.converged_at = since;
    if (wanted.done && !result_.done_at && sim_.is_done()) result_.done_at = since;
  }

  [[nodiscard]] bool has_ways() const { return sim_.is_converged() && !sim_.check_routes(); }

  // Whether all that is expected holds at this moment; the dearest question comes last.
  [[nodiscard]] bool holds() const {
    const Expectations& wanted = scenario_.expect;
    return (!wanted.done || sim_.is_done()) && (!wanted.linked || sim_.is_linked()) &&
           (!wanted.converged || has_ways());
  }

  std::string what_is_missing() {
    if (holds()) return {};
    if (scenario_.expect.linked && !sim_.is_linked()) return "not every link came up";
    if (scenario_.expect.converged && !has_ways()) {
      return "not every node found its way: " +
             sim_.check_routes().value_or("not every route is known");
    }
    std::string out = "not every program was done";
    for (NodeIndex i = 0; i < sim_.size(); ++i) {
      for (const auto& program : sim_.node(i).programs()) {
        if (!program->is_done()) out += "; " + sim_.node(i).name() + ": " + program->state();
      }
    }
    return out;
  }

  void end(RunResult::End how, std::string text) {
    result_.end = how;
    result_.text = std::move(text) + " (seed " + std::to_string(sim_.seed()) + ")";
  }

  const Scenario& scenario_;
  const RunHooks& hooks_;
  Sim sim_;
  RunResult result_;
  RealClock::time_point begun_ = RealClock::now();
};

}  // namespace

Loaded<RunResult> run_scenario(const Scenario& scenario, std::uint64_t seed,
                               const ProgramFactory& programs, const RunHooks& hooks) {
  Run run(scenario, seed, hooks);
  if (auto installed = run.install(programs); !installed) {
    return tl::unexpected(installed.error());
  }
  if (auto scheduled = run.schedule_faults(); !scheduled) {
    return tl::unexpected(scheduled.error());
  }
  return run.play();
}

}  // namespace mehr::sim
