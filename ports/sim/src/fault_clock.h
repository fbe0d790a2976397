// When which fault happens. Private to ports/sim.
#pragma once

#include <algorithm>
#include <vector>

#include "mehr/sim/sim.h"

namespace mehr::sim {

/// Applies each fault at its time, and undoes it after its span.
class Sim::FaultClock final : public EventSink {
 public:
  explicit FaultClock(Sim& sim) : sim_(sim) {}
  ~FaultClock() override { forget(); }
  FaultClock(const FaultClock&) = delete;
  FaultClock& operator=(const FaultClock&) = delete;

  void add(const Fault& fault) {
    const std::uint64_t place = faults_.size();
    const Instant at = std::max(Instant{} + fault.at, sim_.now());
    faults_.push_back(fault);
    events_.push_back(sim_.queue_.at(at, *this, place * 2));
  }
  void forget() {
    for (EventId& event : events_) sim_.queue_.cancel(event);
    events_.clear();
    faults_.clear();
  }
  void on_event(Instant, std::uint64_t tag) override {
    const Fault fault = faults_[tag / 2];
    if (tag % 2 != 0) return sim_.undo(fault);
    sim_.apply(fault);
    if (fault.span > Duration{0}) {
      events_.push_back(sim_.queue_.after(fault.span, *this, tag + 1));
    }
  }

 private:
  Sim& sim_;
  std::vector<Fault> faults_;
  std::vector<EventId> events_;
};

}  // namespace mehr::sim
