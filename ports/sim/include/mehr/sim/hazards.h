// Which hazards a run has armed, and which defects are planted.
//
// Place: ports/sim; implements mehr/core/hazard.h. The source that is current answers the core's
// questions; Sim makes its own current while a node runs.
// Machine: a quarter of all sites are armed by the seed, and those that a planted defect needs to
// show itself; an armed site is true with probability 1/20 each time it is passed, until `disarm`.
// With nothing current, nothing is armed. Each site draws from a stream of its own: a new site
// shifts no other.
// Bounds: one entry per site; a question costs a few nanoseconds. Failure: none; a site of the core
// that is not listed here stops the program, and a test compares the list with the sources.
// Threads: the current source belongs to its thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mehr/sim/chance.h"

namespace mehr::sim {

struct NamedSite {
  std::string_view name;
  std::string_view about;      ///< one sentence
  std::string_view arms = {};  ///< of a defect: the hazard that makes its situation common
};
/// Every hazard site in the core.
[[nodiscard]] std::span<const NamedSite> hazard_sites();
/// Every defect that can be planted.
[[nodiscard]] std::span<const NamedSite> plants();

class HazardSource {
 public:
  /// Every name in @p planted is one of `plants`: check what people typed before.
  HazardSource(std::uint64_t seed, bool armed, std::span<const std::string> planted);
  [[nodiscard]] bool hazard(std::string_view site);
  [[nodiscard]] bool planted(std::string_view defect) const;
  /// No hazard fires any more; planted defects stay. For a phase in which a world must settle.
  void disarm();
  [[nodiscard]] bool is_armed(std::string_view site) const;

  /// How often each site that exists was passed, and fired: by place in hazard_sites().
  struct Passed {
    std::uint64_t passed = 0;
    std::uint64_t fired = 0;
  };
  [[nodiscard]] std::span<const Passed> passed() const { return passed_; }

 private:
  struct Site {
    Chance chance;
    bool armed = false;
  };
  std::vector<Site> sites_;    // by place in hazard_sites()
  std::vector<bool> planted_;  // by place in plants()
  bool any_planted_ = false;
  std::vector<Passed> passed_;
};

/// Makes @p source answer as long as it lives.
class HazardScope {
 public:
  explicit HazardScope(HazardSource& source);
  ~HazardScope();
  HazardScope(const HazardScope&) = delete;
  HazardScope& operator=(const HazardScope&) = delete;

 private:
  HazardSource* outer_;
};

}  // namespace mehr::sim
