// What must always hold, and who watches it.
//
// Place: ports/sim. An Invariant listens to happenings (cheap, after every event) and may look at
// the whole world once a round (dear). The first one broken ends the run: Sim throws Violation.
// Bounds: each says what it remembers. Threads: one.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mehr/sim/recorder.h"

namespace mehr::sim {

class Sim;

/// A broken invariant: enough to see it, and to see it again.
struct Violation {
  std::string invariant;
  std::string text;
  std::uint64_t seed = 0;
  Instant at;
  NodeIndex node = kNoNode;
  std::string node_name;
  std::vector<std::string> last;  ///< what happened before, oldest first

  /// Several lines for people.
  [[nodiscard]] std::string message() const;
};

class Invariant : public Observer {
 public:
  /// As `--help`, reports and messages name it: "no packet is delivered twice".
  [[nodiscard]] virtual std::string_view name() const = 0;
  /// Which happenings it wants.
  [[nodiscard]] virtual WhatSet wants() const { return {}; }
  void on_happening(const Happening&) override {}
  /// Looks at everything, once a round.
  virtual void check_round(Sim&) {}

  struct Broken {
    NodeIndex node = kNoNode;
    std::string text;
  };
  [[nodiscard]] const std::optional<Broken>& broken() const { return broken_; }

 protected:
  /// The first call counts.
  void fail(NodeIndex node, std::string text) {
    if (!broken_) broken_ = Broken{node, std::move(text)};
  }

 private:
  std::optional<Broken> broken_;
};

/// Every invariant of this library; what a run has unless it says otherwise.
[[nodiscard]] std::vector<std::unique_ptr<Invariant>> standard_invariants(Sim& sim);

}  // namespace mehr::sim
