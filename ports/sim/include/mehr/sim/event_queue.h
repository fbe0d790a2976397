// The one queue of everything that will happen. Time moves only here.
//
// Place: ports/sim, below everything. Events wait for (their time, the order in which they were
// asked for): that is the whole rule of ties, and it holds on every machine.
// Machine: `at` and `after` add, `cancel` forgets, `step` moves time to the earliest event and
// calls its sink. A sink may add and cancel from within its call. Bounds: memory grows with what is
// pending, and slots are reused; 24 bytes in the heap and 24 in the table per pending event.
// Cancelled events leave the heap at the latest when they are half of it. Failure: none; asking for
// the past means "now", and what is due at `kNever` is never called. Ownership: sinks are borrowed
// and must cancel what they wait for before they die. Threads: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "mehr/sim/memory.h"
#include "mehr/sim/time.h"

namespace mehr::sim {

class EventSink {
 public:
  virtual ~EventSink() = default;
  /// @p tag is what was given when the event was asked for.
  virtual void on_event(Instant now, std::uint64_t tag) = 0;
};

/// Names a pending event; the default names none, and cancelling a past one is harmless.
struct EventId {
  std::uint32_t slot = 0;
  std::uint32_t turn = 0;  ///< odd while pending, so 0 is never one
};

class EventQueue {
 public:
  [[nodiscard]] Instant now() const { return now_; }
  EventId at(Instant when, EventSink& sink, std::uint64_t tag = 0);
  EventId after(Duration span, EventSink& sink, std::uint64_t tag = 0) {
    return at(later(now_, span), sink, tag);
  }
  void cancel(EventId& event);  ///< @p event names none afterwards
  [[nodiscard]] bool is_pending(EventId event) const;

  /// When the next event is due, `kNever` when none is.
  [[nodiscard]] Instant next();
  /// Calls the earliest event; false when there is none that is ever due.
  bool step();
  /// Moves time on to @p when, at which or before which nothing is pending.
  void advance(Instant when);
  [[nodiscard]] std::uint64_t steps() const { return steps_; }  ///< events called since the start
  [[nodiscard]] std::size_t pending() const { return pending_; }

 private:
  struct Slot {
    EventSink* sink = nullptr;
    std::uint64_t tag = 0;
    std::uint32_t turn = 0;
    std::uint32_t next_free = 0;
  };
  struct Entry {
    Instant at;
    std::uint64_t order = 0;
    EventId id;
  };
  struct Later;
  [[nodiscard]] std::uint32_t take_slot();
  void drop_cancelled();
  void release(std::uint32_t slot);
  void compact();

  MemoryAccount own_;  // nodes ask for events, and must not be charged when the tables grow
  Instant now_{};
  std::vector<Slot> slots_;
  std::vector<Entry> heap_;
  std::uint32_t free_ = 0;  // first free slot plus one, 0 = none
  std::uint64_t order_ = 0;
  std::uint64_t steps_ = 0;
  std::size_t pending_ = 0;
};

}  // namespace mehr::sim
