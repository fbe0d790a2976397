// What is done to a world, when, and for how long.
//
// Place: ports/sim. A plain list of Faults, written by hand, read from a scenario file, or drawn
// from a seed; Sim applies each at its time and, where it has a span, undoes it after that.
// Every application and end is recorded (What::fault, What::healed): reports show them as a line of
// time. Failure: a fault about a node that is down already, or a link that does not exist, does
// nothing and is recorded as such.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mehr/sim/disk.h"
#include "mehr/sim/recorder.h"

namespace mehr::sim {

class Sim;

enum class FaultKind : std::uint8_t {
  cut,         ///< nothing passes between `node` and `peer`
  one_way,     ///< nothing passes from `node` to `peer`
  partition,   ///< nodes with `side[i]` 0 and 1 are parted
  crash,       ///< `node` loses power, and boots after `span`
  pause,       ///< `node` stands still for `span`
  clock_jump,  ///< `node`'s wall clock moves by `amount` milliseconds
  slow_disk,   ///< each disk call of `node` takes `amount` milliseconds
  full_disk,
  read_errors,  ///< `amount` per mille of reads fail
  write_errors,
  lying_sync,  ///< `amount` per mille of syncs do nothing
  byzantine,   ///< `node` behaves as `text` says, one of behaviour_names()
};
/// "cut", "one-way", ...: as scenario files spell it.
[[nodiscard]] const char* name_of(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::cut;
  Duration at{0};    ///< since the run began
  Duration span{0};  ///< 0: until the world is healed
  NodeIndex node = kNoNode;
  NodeIndex peer = kNoNode;
  std::int64_t amount = 0;
  std::string text;
  std::vector<std::uint8_t> side;  ///< partition, by node

  /// "crash n3 for 20 s", for people.
  [[nodiscard]] std::string describe(const Sim& sim) const;
};

/// How many faults of which kind to draw. Times fall in the first three quarters of `over`.
struct FaultMix {
  Duration over = std::chrono::minutes(5);
  unsigned cuts = 0;
  unsigned one_ways = 0;
  unsigned partitions = 0;
  unsigned crashes = 0;
  unsigned pauses = 0;
  unsigned clock_jumps = 0;
  unsigned disk_faults = 0;
  unsigned byzantine = 0;  ///< nodes; never more than a third
};
[[nodiscard]] std::vector<Fault> draw_faults(const FaultMix& mix, const Sim& sim);

/// Parts the world in two halves, west and east, from @p at on for @p span.
[[nodiscard]] Fault split_in_two(const Sim& sim, Duration at, Duration span);

/// Misbehaviours by name (byzantine.h): "drops", "delays", "replays", "corrupts",
/// "lies-about-cost", "floods-announces", "floods-forged", "forges", "fills-filters",
/// "cries-congestion", "squats".
[[nodiscard]] std::vector<std::string> behaviour_names();

}  // namespace mehr::sim
