// Rates that a stranger may not exceed: INIT frames per source, clear neighbour frames per
// interface, PacketTooBig per route. spec: L0/4, L0/5.7, L0/6
//
// Place: L0, owned by Links. Machines: a question with `now`, answered yes or no; no deadlines.
// Bounds: tables sized at construction, from `Limits`. What goes when one is full stands at each.
// Threads: the node's.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "mehr/core/medium.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_layer.h"

namespace mehr::l0 {

/// A token bucket per source address: `per_second` INITs a second on average, as many at once.
/// A medium without addresses (a radio) counts as one source.
/// Full: the source asked longest ago is forgotten and would start with a full bucket again; who
/// owns so many addresses is stopped by the limit of half-open links.
class InitLimiter {
 public:
  /// Remembers @p sources addresses (at least 1).
  InitLimiter(std::size_t sources, std::size_t per_second);
  /// Takes one token of @p source, when there is one.
  [[nodiscard]] bool allow(const SourceKey& source, Millis now);

 private:
  // A thousandth of a token is the unit, so that no time between two INITs is lost to rounding.
  struct Source {
    SourceKey key;
    Millis refilled;
    std::uint64_t milli_tokens = 0;
    bool used = false;
  };
  [[nodiscard]] Source& entry(const SourceKey& source, Millis now);

  std::vector<Source> sources_;
  std::uint64_t per_second_;
};

/// BEACON and BROADCAST: at most 10 in any second per interface, however many media it has.
/// Full: an interface beyond the table is refused every frame.
class NeighbourLimiter {
 public:
  static constexpr std::size_t kPerSecond = 10;
  static constexpr std::size_t kMostInterfaces = 16;
  /// Knows as many interfaces as there are media, 16 at most.
  explicit NeighbourLimiter(std::size_t media)
      : interfaces_(std::clamp<std::size_t>(media, 1, kMostInterfaces)) {}
  /// Notes the frame and answers yes, unless ten came within the last second.
  [[nodiscard]] bool allow(InterfaceId interface, Millis now);

 private:
  // The times of the last ten frames, as a ring.
  struct Recent {
    InterfaceId interface;
    bool used = false;
    std::array<Millis, kPerSecond> times{};
    std::size_t count = 0;
  };
  std::vector<Recent> interfaces_;
};

/// At most one PacketTooBig per (destination, upstream link) in 5 s.
/// Full of younger ones: refused; the upstream neighbour asks again with its next packet.
class TooBigLimiter {
 public:
  static constexpr Millis kSpacing = Millis::seconds(5);
  static constexpr std::size_t kMostSignals = 64;
  /// Remembers two signals a link, 64 at most.
  explicit TooBigLimiter(std::size_t links)
      : sent_(std::clamp<std::size_t>(links * 2, 8, kMostSignals)) {}
  /// Notes the signal and answers yes, unless one went the same way less than 5 s ago.
  [[nodiscard]] bool allow(const NodeId& destination, LinkId upstream, Millis now);

 private:
  // When a signal for this destination last went to this neighbour.
  struct Sent {
    NodeId destination;
    LinkId upstream;
    Millis at;
  };
  std::vector<Sent> sent_;
};

}  // namespace mehr::l0
