// The earliest of many deadlines, one per slot of a pool.
//
// Place: L1's tables: when a route grows stale, when a held announce may leave.
// Machine: a binary heap that knows where each slot stands in it.
// Costs: setting or clearing one deadline is O(log n), reading the earliest O(1).
// Bounds: three words per slot, made at construction; nothing allocates afterwards.
// Order: equal deadlines come lowest slot first, so that a run repeats.
#pragma once

#include <cstdint>
#include <vector>

#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"

namespace mehr::l1 {

class DeadlineHeap {
 public:
  /// Deadlines of slots 0..@p slots - 1, none set.
  explicit DeadlineHeap(std::size_t slots);

  /// Sets the deadline of @p slot; never clears it.
  void set(Slot slot, Millis due);
  /// The earliest deadline, or never.
  [[nodiscard]] Millis next() const { return heap_.empty() ? Millis::never() : due_[heap_[0]]; }
  /// The slot whose deadline `next` is; only while there is one.
  [[nodiscard]] Slot first() const { return heap_[0]; }
  /// The deadline of @p slot, or never.
  [[nodiscard]] Millis due(Slot slot) const {
    return at_[slot] == kNoSlot ? Millis::never() : due_[slot];
  }

 private:
  [[nodiscard]] bool before(Slot a, Slot b) const;
  void swap(std::size_t i, std::size_t j);
  void up(std::size_t i);
  void down(std::size_t i);
  void remove(Slot slot);

  std::vector<Slot> heap_;
  std::vector<Slot> at_;  // where a slot stands in the heap
  std::vector<Millis> due_;
};

}  // namespace mehr::l1
