// Destinations that were evicted, and how new their last announce was. spec: L1/5 after eviction
//
// Place: part of the routing table. Without it a replayed announce could bring a dead route back.
// Machine: put on eviction, ask on the next announce. An entry counts for 24 h.
// Bounds: `Limits::evicted_routes` entries in a ring; the oldest goes. A destination evicted again
// takes a new place, its former one stays empty until the ring comes round.
#pragma once

#include <cstdint>
#include <vector>

#include "mehr/core/ids.h"
#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"

namespace mehr::l1 {

class EvictionMemory {
 public:
  static constexpr Millis kKept = Millis::seconds(24 * 3600);

  /// Room for @p capacity (1 or more) destinations.
  EvictionMemory(std::size_t capacity, const HashSalt& salt);
  /// @p destination was evicted when its newest announce was @p emitted.
  void remember(const NodeId& destination, std::uint64_t emitted, Millis now);
  /// True when @p emitted is not newer than what was evicted within 24 h.
  [[nodiscard]] bool refuses(const NodeId& destination, std::uint64_t emitted, Millis now) const;
  /// Destinations remembered, those older than 24 h included until their place is taken.
  [[nodiscard]] std::size_t size() const { return index_.size(); }

 private:
  struct Entry {
    NodeId destination;
    std::uint64_t emitted = 0;
    Millis at;
    bool used = false;  // false: never filled, or moved on
  };
  std::vector<Entry> ring_;
  std::size_t next_ = 0;
  SlotIndex index_;
};

}  // namespace mehr::l1
