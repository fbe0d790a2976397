#include "mehr/sim/faults.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <gsl/assert>

#include "mehr/sim/sim.h"
#include "words.h"

namespace mehr::sim {

namespace {

constexpr std::array<const char*, 12> kNames{
    "cut",       "one-way",   "partition",   "crash",        "pause",      "clock-jump",
    "slow-disk", "full-disk", "read-errors", "write-errors", "lying-sync", "byzantine"};
static_assert(kNames.size() == static_cast<std::size_t>(FaultKind::byzantine) + 1);

constexpr std::array<FaultKind, 5> kDiskFaults{FaultKind::slow_disk, FaultKind::full_disk,
                                               FaultKind::read_errors, FaultKind::write_errors,
                                               FaultKind::lying_sync};

std::string named(const Sim& sim, NodeIndex node) {
  return node < sim.size() ? sim.node(node).name() : "nobody";
}

/// Draws one fault after the other; each draw of a fault has its place in the one stream.
class Drawing {
 public:
  Drawing(const FaultMix& mix, const Sim& sim)
      : mix_(mix), sim_(sim), chance_(sim.seed(), "faults") {}

  std::vector<Fault> draw() {
    const bool pairs = sim_.size() > 1;
    for (unsigned i = 0; pairs && i < mix_.cuts; ++i) between_two(FaultKind::cut);
    for (unsigned i = 0; pairs && i < mix_.one_ways; ++i) between_two(FaultKind::one_way);
    for (unsigned i = 0; pairs && i < mix_.partitions; ++i) partition();
    if (sim_.size() == 0) return {};
    for (unsigned i = 0; i < mix_.crashes; ++i) of_one(FaultKind::crash);
    for (unsigned i = 0; i < mix_.pauses; ++i) of_one(FaultKind::pause);
    for (unsigned i = 0; i < mix_.clock_jumps; ++i) clock_jump();
    for (unsigned i = 0; i < mix_.disk_faults; ++i) disk();
    byzantine();
    std::stable_sort(drawn_.begin(), drawn_.end(),
                     [](const Fault& a, const Fault& b) { return a.at < b.at; });
    return std::move(drawn_);
  }

 private:
  /// Begins in the first three quarters of the time, and ends within what is left of it.
  Fault& begin(FaultKind kind) {
    Fault& fault = drawn_.emplace_back();
    fault.kind = kind;
    fault.at = chance_.between(Duration{0}, mix_.over / 4 * 3);
    fault.span = chance_.between(mix_.over / 100, mix_.over / 5);
    return fault;
  }
  Fault& of_one(FaultKind kind) {
    Fault& fault = begin(kind);
    fault.node = static_cast<NodeIndex>(chance_.below(sim_.size()));
    return fault;
  }
  /// Preferably two that a link joins: nothing passes between others anyway.
  void between_two(FaultKind kind) {
    Fault& fault = of_one(kind);
    const auto& links = sim_.topology().links;
    if (!links.empty()) {
      const LinkSpec& link = links[chance_.below(links.size())];
      const bool turned = chance_.happens(0.5);
      fault.node = turned ? link.b : link.a;
      fault.peer = turned ? link.a : link.b;
    } else {
      const auto away = static_cast<NodeIndex>(chance_.between(1, sim_.size() - 1));
      fault.peer = static_cast<NodeIndex>((fault.node + away) % sim_.size());
    }
  }
  void partition() {
    Fault& fault = begin(FaultKind::partition);
    fault.side.resize(sim_.size());
    for (std::uint8_t& side : fault.side) side = chance_.happens(0.5) ? 1 : 0;
  }
  void clock_jump() {
    constexpr std::uint64_t kHour = 3'600'000;
    Fault& fault = of_one(FaultKind::clock_jump);
    fault.span = Duration{0};  // a clock that was set stays set
    const auto far = static_cast<std::int64_t>(chance_.between(1'000, kHour));
    fault.amount = chance_.happens(0.5) ? far : -far;
  }
  void disk() {
    Fault& fault = of_one(kDiskFaults[chance_.below(kDiskFaults.size())]);
    const bool slow = fault.kind == FaultKind::slow_disk;
    fault.amount =
        static_cast<std::int64_t>(slow ? chance_.between(1, 200) : chance_.between(10, 500));
    if (fault.kind == FaultKind::full_disk) fault.amount = 0;
  }
  void byzantine() {
    const std::vector<std::string> names = behaviour_names();
    std::vector<NodeIndex> honest(sim_.size());
    for (NodeIndex i = 0; i < honest.size(); ++i) honest[i] = i;
    const std::size_t most = std::min<std::size_t>(mix_.byzantine, sim_.size() / 3);
    for (std::size_t i = 0; i < most; ++i) {
      Fault& fault = begin(FaultKind::byzantine);
      fault.span = Duration{0};  // it does not repent by itself
      const auto place = static_cast<std::ptrdiff_t>(chance_.below(honest.size()));
      fault.node = honest[static_cast<std::size_t>(place)];
      honest.erase(honest.begin() + place);
      fault.text = names[chance_.below(names.size())];
    }
  }

  const FaultMix& mix_;
  const Sim& sim_;
  Chance chance_;
  std::vector<Fault> drawn_;
};

std::string what_of(const Fault& fault, const Sim& sim) {
  std::string name = name_of(fault.kind);
  const std::string node = named(sim, fault.node);
  const std::string amount = std::to_string(fault.amount);
  switch (fault.kind) {
    case FaultKind::cut:
      return name + " between " + node + " and " + named(sim, fault.peer);
    case FaultKind::one_way:
      return name + " cut from " + node + " to " + named(sim, fault.peer);
    case FaultKind::partition: {
      const auto ones = std::count_if(fault.side.begin(), fault.side.end(),
                                      [](std::uint8_t side) { return side != 0; });
      return name + " of " + std::to_string(ones) + " nodes from the others";
    }
    case FaultKind::clock_jump:
      return name + " of " + node + " by " + (fault.amount < 0 ? "" : "+") + amount + " ms";
    case FaultKind::slow_disk:
      return name + " of " + node + ", " + amount + " ms a call";
    case FaultKind::read_errors:
    case FaultKind::write_errors:
    case FaultKind::lying_sync:
      return name + " on " + node + ", " + amount + " in 1,000";
    case FaultKind::byzantine:
      return name + " " + node + ": " + fault.text;
    case FaultKind::crash:
    case FaultKind::pause:
      return name + " " + node;
    case FaultKind::full_disk:
      return name + " of " + node;
  }
  return name;
}

}  // namespace

const char* name_of(FaultKind kind) { return kNames[static_cast<std::size_t>(kind)]; }

std::string Fault::describe(const Sim& sim) const {
  std::string what = what_of(*this, sim);
  return span > Duration{0} ? what + " for " + span_text(span) : what;
}

Fault split_in_two(const Sim& sim, Duration at, Duration span) {
  std::vector<NodeIndex> west_to_east(sim.size());
  for (NodeIndex i = 0; i < west_to_east.size(); ++i) west_to_east[i] = i;
  std::stable_sort(west_to_east.begin(), west_to_east.end(), [&](NodeIndex a, NodeIndex b) {
    return sim.node(a).spec().at.x < sim.node(b).spec().at.x;
  });
  Fault fault;
  fault.kind = FaultKind::partition;
  fault.at = at;
  fault.span = span;
  fault.side.resize(sim.size());
  for (std::size_t i = sim.size() / 2; i < sim.size(); ++i) fault.side[west_to_east[i]] = 1;
  return fault;
}

std::vector<Fault> draw_faults(const FaultMix& mix, const Sim& sim) {
  return Drawing(mix, sim).draw();
}

}  // namespace mehr::sim
