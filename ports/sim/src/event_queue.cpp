#include "mehr/sim/event_queue.h"

#include <algorithm>
#include <gsl/gsl>

namespace mehr::sim {

// The heap's top is its greatest element, so "greater" is "earlier". No two entries are equal.
struct EventQueue::Later {
  bool operator()(const Entry& a, const Entry& b) const {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }
};

std::uint32_t EventQueue::take_slot() {
  if (free_ != 0) {
    const std::uint32_t slot = free_ - 1;
    free_ = slots_[slot].next_free;
    return slot;
  }
  slots_.emplace_back();
  return gsl::narrow_cast<std::uint32_t>(slots_.size() - 1);
}

EventId EventQueue::at(Instant when, EventSink& sink, std::uint64_t tag) {
  const AccountScope scope(own_);
  const std::uint32_t slot = take_slot();
  Slot& taken = slots_[slot];
  taken.sink = &sink;
  taken.tag = tag;
  ++taken.turn;
  const EventId id{slot, taken.turn};
  heap_.push_back({std::max(when, now_), order_++, id});
  std::push_heap(heap_.begin(), heap_.end(), Later{});
  ++pending_;
  return id;
}

bool EventQueue::is_pending(EventId event) const {
  return (event.turn & 1) != 0 && event.slot < slots_.size() &&
         slots_[event.slot].turn == event.turn;
}

void EventQueue::cancel(EventId& event) {
  if (is_pending(event)) {
    release(event.slot);
    compact();
  }
  event = {};
}

void EventQueue::release(std::uint32_t slot) {
  Slot& freed = slots_[slot];
  freed.sink = nullptr;
  ++freed.turn;
  freed.next_free = free_;
  free_ = slot + 1;
  --pending_;
}

// Whoever moves a far deadline again and again must not fill the heap with what was cancelled.
void EventQueue::compact() {
  if (heap_.size() < 2 * pending_ + 64) return;
  const auto dead = [this](const Entry& e) { return !is_pending(e.id); };
  heap_.erase(std::remove_if(heap_.begin(), heap_.end(), dead), heap_.end());
  std::make_heap(heap_.begin(), heap_.end(), Later{});
}

void EventQueue::drop_cancelled() {
  while (!heap_.empty() && !is_pending(heap_.front().id)) {
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    heap_.pop_back();
  }
}

Instant EventQueue::next() {
  drop_cancelled();
  return heap_.empty() ? kNever : heap_.front().at;
}

bool EventQueue::step() {
  if (next() == kNever) return false;
  const Entry due = heap_.front();
  std::pop_heap(heap_.begin(), heap_.end(), Later{});
  heap_.pop_back();
  const Slot called = slots_[due.id.slot];
  release(due.id.slot);
  now_ = due.at;
  ++steps_;
  called.sink->on_event(now_, called.tag);
  return true;
}

void EventQueue::advance(Instant when) {
  Expects(next() == kNever || next() > when);
  now_ = std::max(now_, when);
}

}  // namespace mehr::sim
