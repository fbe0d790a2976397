// The programs that scenarios install by name.
//
// Place: examples/mehr-sim, the library mehr-sim-programs: what `mehr-sim` hands to run_scenario,
// and what a test links that wants the same programs. Kinds and settings (docs/simulation.md):
//   "messages"  to, every, count, size, start, reliable, repeat: datagrams over L2's door
//   "file"      to, size, name, start, slow: one file over mehr-transfer, as mehrd carries it
// Ownership: the node owns the program. What several programs of a node share (its mailbox, its
// file service) is installed on both ends when first needed, before the program itself. Failure: a
// sentence that says which setting is wrong and what would be right.
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "mehr/sim/scenario.h"

namespace mehr::sim_programs {

/// A sim::ProgramFactory.
[[nodiscard]] tl::expected<std::unique_ptr<sim::Program>, std::string> make_program(
    const sim::ProgramSpec& spec, sim::Sim& sim, sim::Node& node);

}  // namespace mehr::sim_programs
