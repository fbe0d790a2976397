// One node as a program: puts the parts together, runs them, takes them apart.
//
// Place: examples/mehrd, the composition root above ports/stack and ports/linux. No protocol here.
// Machine: prepare (directory, state, identity, inbox) -> listen -> run until SIGINT or SIGTERM ->
// close links, let what is queued leave, end. Threads: the caller's, and one that writes the log.
// Failure: one line on standard error and an exit code, see docs/daemon.md.
#pragma once

#include <optional>

#include "config.h"
#include "log.h"

namespace mehr::daemon {

/// What the program ends with. Documented in docs/daemon.md.
namespace exit_code {
inline constexpr int kGood = 0;
inline constexpr int kOther = 1;
inline constexpr int kConfig = 2;
inline constexpr int kDataDir = 3;
inline constexpr int kListen = 4;
}  // namespace exit_code

/// Runs a node until it is told to stop; the exit code. @p passphrase_descriptor: where the
/// passphrase of its key is read from, if not elsewhere.
[[nodiscard]] int run_daemon(const Config& config, std::optional<int> passphrase_descriptor,
                             Log& log);

}  // namespace mehr::daemon
