#include "mehr/l1/deadline_heap.h"

#include <utility>

namespace mehr::l1 {

DeadlineHeap::DeadlineHeap(std::size_t slots) : at_(slots, kNoSlot), due_(slots, Millis::never()) {
  heap_.reserve(slots);
}

void DeadlineHeap::set(Slot slot, Millis due) {
  if (due == Millis::never()) return remove(slot);
  due_[slot] = due;
  if (at_[slot] == kNoSlot) {
    at_[slot] = static_cast<Slot>(heap_.size());
    heap_.push_back(slot);
  }
  up(at_[slot]);
  down(at_[slot]);
}

bool DeadlineHeap::before(Slot a, Slot b) const {
  return std::pair(due_[a], a) < std::pair(due_[b], b);
}

void DeadlineHeap::swap(std::size_t i, std::size_t j) {
  std::swap(heap_[i], heap_[j]);
  at_[heap_[i]] = static_cast<Slot>(i);
  at_[heap_[j]] = static_cast<Slot>(j);
}

void DeadlineHeap::up(std::size_t i) {
  while (i > 0 && before(heap_[i], heap_[(i - 1) / 2])) {
    swap(i, (i - 1) / 2);
    i = (i - 1) / 2;
  }
}

void DeadlineHeap::down(std::size_t i) {
  for (;;) {
    std::size_t least = i;
    for (const std::size_t child : {2 * i + 1, 2 * i + 2}) {
      if (child < heap_.size() && before(heap_[child], heap_[least])) least = child;
    }
    if (least == i) return;
    swap(i, least);
    i = least;
  }
}

void DeadlineHeap::remove(Slot slot) {
  const std::size_t i = at_[slot];
  if (i == kNoSlot) return;
  swap(i, heap_.size() - 1);
  heap_.pop_back();
  at_[slot] = kNoSlot;
  if (i < heap_.size()) {
    const Slot moved = heap_[i];
    up(i);
    down(at_[moved]);
  }
}

}  // namespace mehr::l1
