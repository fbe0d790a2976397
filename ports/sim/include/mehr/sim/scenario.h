// A scenario: a world, what runs in it, what is done to it, and what must come of it.
//
// Place: ports/sim; a plain value. Read from TOML (docs/simulation.md tells the format), built in,
// or drawn from a seed ("swarm"). `run_scenario` plays it: build, safety phase of `duration` under
// faults, heal, liveness phase within `settle`. Programs are named; who runs it says how they are
// made (ProgramFactory), so that this library knows no application.
// Failure: InputError with file and line from the loader; RunResult says how a run ended.
// Bounds: `virtual_limit` and `real_limit` end a scenario that cannot; both are reported as such.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mehr/sim/faults.h"
#include "mehr/sim/input_error.h"
#include "mehr/sim/program.h"
#include "mehr/sim/sim.h"
#include "mehr/sim/topology.h"

namespace mehr::sim {

/// A fault as a scenario names it: nodes by name, resolved when the world is built.
struct FaultSpec {
  Fault fault;
  std::string node;
  std::string peer;
  std::vector<std::string> group;  ///< partition: the nodes of one side
  std::size_t line = 0;            ///< where it was written, for errors
};

/// A program to install on a node: `kind` is the factory's business ("messages", "file", ...).
struct ProgramSpec {
  std::string kind;
  std::string node;
  std::map<std::string, std::string> settings;
  std::size_t line = 0;  ///< where it was written, for errors
};

/// What must hold at the end of the liveness phase.
struct Expectations {
  bool linked = true;     ///< all links of the topology are up
  bool converged = true;  ///< everybody knows a way to every announcer, and the way leads there
  bool done = true;       ///< programs are done
};

struct Scenario {
  std::string name;
  std::string about;  ///< one sentence for `mehr-sim list`
  std::string file;   ///< where it was read from, for errors
  Topology topology;
  SimOptions options;
  std::vector<ProgramSpec> programs;
  std::vector<FaultSpec> faults;
  std::optional<FaultMix> drawn;
  Duration duration = std::chrono::minutes(5);  ///< safety phase
  Duration settle = std::chrono::minutes(10);   ///< bound of the liveness phase
  Expectations expect;
  Duration virtual_limit = std::chrono::hours(24 * 7);
  std::chrono::seconds real_limit{600};
  std::optional<std::uint64_t> seed;  ///< when none is given on the command line
};

/// @p seed draws what the file leaves to chance (generated topologies). A file with a seed of its
/// own is loaded again with that one when nobody asked for another. @p file names the text in
/// errors; a topology's file is looked for beside it.
Loaded<Scenario> parse_scenario(std::string_view toml, const std::string& file, std::uint64_t seed);
Loaded<Scenario> load_scenario(const std::string& path, std::uint64_t seed);

/// The scenarios that come with this library: name, one sentence, TOML text.
struct BuiltIn {
  std::string_view name;
  std::string_view about;
  std::string_view toml;
};
[[nodiscard]] std::span<const BuiltIn> built_in_scenarios();

/// Topology, media, faults and Limits drawn from the seed: small enough to run in a fraction of a
/// second, different every time.
[[nodiscard]] Scenario swarm_scenario(std::uint64_t seed);

/// Makes a program for @p node, or says what is wrong with @p spec.
using ProgramFactory = std::function<tl::expected<std::unique_ptr<Program>, std::string>(
    const ProgramSpec& spec, Sim& sim, Node& node)>;

struct RunResult {
  enum class End {
    good,
    violated,       ///< an invariant was broken
    not_settled,    ///< an expectation did not hold within `settle`
    virtual_limit,  ///< the scenario reached its virtual-time limit
    real_limit,     ///< ... or its real-time limit
    stopped,        ///< by who watched
  };
  End end = End::good;
  std::string text;  ///< several lines for people unless good
  std::optional<Violation> violation;
  ContentHash fingerprint;
  Duration virtual_time{0};
  std::chrono::duration<double> real_time{0};
  std::uint64_t events = 0;
  /// When each expectation was first met, from the beginning; absent when never.
  std::optional<Duration> linked_at, converged_at, done_at;
};

struct RunHooks {
  std::function<void(Sim&)> built;     ///< the world is there, time has not moved
  std::function<bool(Sim&)> progress;  ///< now and then; false stops
  /// The world may be looked at a last time; the result is complete.
  std::function<void(Sim&, const RunResult&)> finished;
};

/// An error is about @p scenario itself: an unknown node name, a program that cannot be made.
Loaded<RunResult> run_scenario(const Scenario& scenario, std::uint64_t seed,
                               const ProgramFactory& programs, const RunHooks& hooks = {});

}  // namespace mehr::sim
