#include "mehr/sim/event_queue.h"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <utility>

#include "mehr/sim/chance.h"

namespace {

using namespace std::chrono_literals;
using mehr::sim::Chance;
using mehr::sim::Duration;
using mehr::sim::EventId;
using mehr::sim::EventQueue;
using mehr::sim::EventSink;
using mehr::sim::Instant;
using mehr::sim::kNever;

constexpr Instant at(Duration span) { return Instant{span}; }

/// Notes when it was called with what, and does what the test wants next.
struct Notes final : EventSink {
  std::vector<std::pair<Instant, std::uint64_t>> calls;
  std::function<void(Instant, std::uint64_t)> then;

  void on_event(Instant now, std::uint64_t tag) override {
    calls.emplace_back(now, tag);
    if (then) then(now, tag);
  }
  [[nodiscard]] std::vector<std::uint64_t> tags() const {
    std::vector<std::uint64_t> out;
    for (const auto& call : calls) out.push_back(call.second);
    return out;
  }
};
using Tags = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("sim event queue: events come by time, and ties in the order of asking",
          "[sim][engine]") {
  EventQueue queue;
  Notes notes;
  queue.at(at(5ms), notes, 1);
  queue.at(at(3ms), notes, 2);
  queue.at(at(5ms), notes, 3);
  queue.at(at(3ms), notes, 4);
  queue.after(5ms, notes, 5);
  CHECK(queue.pending() == 5);
  CHECK(queue.next() == at(3ms));
  CHECK(queue.now() == at(0ms));
  while (queue.step()) {
  }
  CHECK(notes.tags() == Tags{2, 4, 1, 3, 5});
  CHECK(notes.calls.front().first == at(3ms));
  CHECK(queue.now() == at(5ms));
  CHECK(queue.steps() == 5);
  CHECK(queue.pending() == 0);
  CHECK(queue.next() == kNever);
}

TEST_CASE("sim event queue: what a sink asks for at once comes after what already waits",
          "[sim][engine]") {
  EventQueue queue;
  Notes notes;
  notes.then = [&](Instant now, std::uint64_t tag) {
    if (tag == 1) {
      queue.at(now, notes, 3);
      queue.at(at(0ms), notes, 4);  // the past is now
      queue.after(0ns, notes, 5);
    }
  };
  queue.at(at(2ms), notes, 1);
  queue.at(at(2ms), notes, 2);
  while (queue.step()) {
  }
  CHECK(notes.tags() == Tags{1, 2, 3, 4, 5});
  for (const auto& call : notes.calls) CHECK(call.first == at(2ms));
}

TEST_CASE("sim event queue: a cancelled event is not called", "[sim][engine]") {
  EventQueue queue;
  Notes notes;
  EventId first = queue.at(at(1ms), notes, 1);
  EventId second = queue.at(at(2ms), notes, 2);
  const EventId copy = first;
  CHECK(queue.is_pending(first));
  CHECK_FALSE(queue.is_pending(EventId{}));
  queue.cancel(first);
  CHECK_FALSE(queue.is_pending(first));
  CHECK_FALSE(queue.is_pending(copy));
  CHECK(queue.pending() == 1);
  CHECK(queue.next() == at(2ms));

  // The slot serves again, and the old name does not name the new event.
  const EventId third = queue.at(at(3ms), notes, 3);
  CHECK(third.slot == copy.slot);
  EventId stale = copy;
  queue.cancel(stale);
  CHECK(queue.is_pending(third));

  while (queue.step()) {
  }
  CHECK(notes.tags() == Tags{2, 3});
  CHECK_FALSE(queue.is_pending(second));
  queue.cancel(second);  // past: harmless
  CHECK(queue.pending() == 0);
  CHECK(queue.steps() == 2);
}

TEST_CASE("sim event queue: a sink may cancel the next event and its own past", "[sim][engine]") {
  EventQueue queue;
  Notes notes;
  EventId self;
  EventId next;
  notes.then = [&](Instant, std::uint64_t tag) {
    if (tag != 1) return;
    CHECK_FALSE(queue.is_pending(self));
    queue.cancel(self);
    queue.cancel(next);
    queue.after(0ns, notes, 7);
  };
  self = queue.at(at(1ms), notes, 1);
  next = queue.at(at(1ms), notes, 2);
  queue.at(at(1ms), notes, 3);
  while (queue.step()) {
  }
  CHECK(notes.tags() == Tags{1, 3, 7});
}

TEST_CASE("sim event queue: time moves on over emptiness, and never comes for never",
          "[sim][engine]") {
  EventQueue queue;
  Notes notes;
  CHECK_FALSE(queue.step());
  EventId far = queue.after(Duration::max(), notes, 1);
  CHECK(queue.is_pending(far));
  CHECK(queue.next() == kNever);
  CHECK_FALSE(queue.step());
  queue.advance(at(7ms));
  CHECK(queue.now() == at(7ms));
  queue.after(1ms, notes, 2);
  queue.advance(at(8ms) - 1ns);
  CHECK(queue.step());
  CHECK(queue.now() == at(8ms));
  queue.cancel(far);
  CHECK(queue.pending() == 0);
}

TEST_CASE("sim event queue: any mix of asking and cancelling gives the sorted rest",
          "[sim][engine]") {
  Chance chance(11, "mix");
  EventQueue queue;
  Notes notes;
  struct Asked {
    Instant when;
    std::uint64_t tag;
    EventId id;
  };
  std::vector<Asked> model;
  for (std::uint64_t tag = 0; tag < 20'000; ++tag) {
    const Instant when = at(Duration{static_cast<std::int64_t>(chance.below(500))});
    model.push_back({when, tag, queue.at(when, notes, tag)});
    if (chance.below(3) != 0) {  // two of three are cancelled again: the heap gets rid of them
      const std::size_t i = chance.below(model.size());
      queue.cancel(model[i].id);
      model.erase(model.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  CHECK(queue.pending() == model.size());
  std::stable_sort(model.begin(), model.end(),
                   [](const Asked& a, const Asked& b) { return a.when < b.when; });
  Tags expected;
  for (const Asked& asked : model) expected.push_back(asked.tag);
  while (queue.step()) {
  }
  CHECK(notes.tags() == expected);
}
