// The clocks of a node. spec: README/2.3
//
// Place: core seam; a port implements it, only a layer's facade asks it, machines are handed `now`.
// Threads: called from the thread that steps the node. Never blocks, never fails.
#pragma once

#include <optional>

#include "mehr/core/units.h"

namespace mehr {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Steady milliseconds since start; never steps, never goes back.
  virtual Millis now() = 0;
  /// The node clock: starts at max(persisted, Unix milliseconds if known, 0), then follows `now`.
  virtual NodeTime node_time() = 0;
};

}  // namespace mehr
