// What mehr-sim and mehr-sim-memory share: the current account, and whether anybody counts.
#pragma once

#include "mehr/sim/memory.h"

namespace mehr::sim::detail {

/// Of this thread; null: nobody's.
extern constinit thread_local AccountSlot* current_slot;
/// Set by mehr-sim-memory before main, when it counts.
extern constinit bool counting;

/// One block of @p slot less; the last one of a dead account sets the slot free.
void leave_slot(AccountSlot& slot);

}  // namespace mehr::sim::detail
