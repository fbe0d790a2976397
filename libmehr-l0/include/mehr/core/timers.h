// "Call me at T."
//
// Place: core seam between a layer's facade and the port's one timer. A client has at most one
// pending wake; asking again replaces it. Waking early is harmless, waking late is a port's fault.
// Threads: the thread that steps the node, for asking and for waking. Never called back from
// within `wake_at` itself.
#pragma once

#include "mehr/core/units.h"

namespace mehr {

class Wakeable {
 public:
  virtual ~Wakeable() = default;
  virtual void on_wake(Millis now) = 0;
};

class Timers {
 public:
  virtual ~Timers() = default;
  /// Wakes @p who at @p at; `Millis::never()` cancels. @p who must cancel before it dies.
  virtual void wake_at(Wakeable& who, Millis at) = 0;
};

}  // namespace mehr
