// Rates that a stranger may not exceed: INIT frames per source, PacketTooBig per route.
// spec: L0/5.7, L0/6
//
// Place: L0, owned by Links. Machine: a question with `now`, answered yes or no; no deadlines.
// Bounds: tables of fixed size, taken at construction; full: the entry used longest ago goes, which
// can only let one frame more through, never grow.
#pragma once

#include <array>
#include <vector>

#include "mehr/core/medium.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_layer.h"

namespace mehr::l0 {

/// A token bucket per source address: `per_second` INITs a second, as many at once.
class InitLimiter {
 public:
  InitLimiter(std::size_t sources, std::size_t per_second);
  /// Takes one token of @p source, when there is one.
  [[nodiscard]] bool allow(const SourceKey& source, Millis now);

 private:
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

/// At most one PacketTooBig per (destination, upstream link) in 5 s.
class TooBigLimiter {
 public:
  static constexpr Millis kSpacing = Millis::seconds(5);
  [[nodiscard]] bool allow(const NodeId& destination, LinkId upstream, Millis now);

 private:
  struct Sent {
    NodeId destination;
    LinkId upstream;
    Millis at;
  };
  static constexpr std::size_t kEntries = 64;
  std::array<Sent, kEntries> sent_{};
};

}  // namespace mehr::l0
