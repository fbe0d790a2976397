// What every command of mehr-sim shares: exit codes, seeds, files, words for people.
//
// Place: examples/mehr-sim, the program. Threads: one; `swarm` and `scale` use child processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mehr/sim/scenario.h"

namespace mehr::sim_cli {

namespace exit_code {
inline constexpr int kGood = 0;
inline constexpr int kFailed = 1;    ///< an invariant was broken, or what was expected did not come
inline constexpr int kBadInput = 2;  ///< arguments, scenario or topology
inline constexpr int kLimit = 3;     ///< the virtual-time or the real-time limit was reached
inline constexpr int kInterrupted = 130;
}  // namespace exit_code

/// Prints "mehr-sim: " and @p sentence to standard error; answers @p code.
int complain(int code, const std::string& sentence);

/// "7" or "0x5eed".
[[nodiscard]] std::optional<std::uint64_t> parse_seed(std::string_view text);
/// "0x5eed", as `--seed` takes it.
[[nodiscard]] std::string seed_text(std::uint64_t seed);
/// From the machine's entropy.
[[nodiscard]] std::uint64_t draw_seed();

/// Writes all of @p content; a sentence when it cannot.
[[nodiscard]] std::optional<std::string> write_file(const std::string& path,
                                                    std::string_view content);
/// Makes @p dir and its parents where they are missing; a sentence when it cannot.
[[nodiscard]] std::optional<std::string> make_directory(const std::string& dir);

/// The built-in scenario of that name, or null.
[[nodiscard]] const sim::BuiltIn* find_built_in(std::string_view name);
/// A scenario by the name of a built-in one, or from a file. Without @p seed the scenario's own
/// seed is used, or one is drawn; @p seed says which at the end.
[[nodiscard]] sim::Loaded<sim::Scenario> find_scenario(const std::string& name,
                                                       std::optional<std::uint64_t>& seed);

/// A sentence when one of @p plants is not a known defect.
[[nodiscard]] std::optional<std::string> check_plants(const std::vector<std::string>& plants);

/// The word for how a run ended: "good", "violated", ...
[[nodiscard]] std::string_view name_of(sim::RunResult::End end);
[[nodiscard]] int exit_code_of(sim::RunResult::End end);

}  // namespace mehr::sim_cli
