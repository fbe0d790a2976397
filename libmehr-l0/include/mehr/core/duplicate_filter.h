// Which packets were seen lately. spec: L0/3 "Packet ID"
//
// Place: core, for the floors that relay; asked once per packet that is not an announce.
// Machine: two generations. A new id goes into the young one; when that is 120 s old or full it
// becomes the old one and the former old one is forgotten. So an id is remembered for 120 s to 240
// s, less only while more than `Limits::packet_ids` ids arrive in 120 s. Bounds: both tables are
// made at construction and never grow. Turning a generation costs one number: entries carry the
// stamp of the generation they belong to, other stamps count as empty. Attack: places are chosen by
// a hash keyed with a random salt, so nobody can pick packets whose ids pile up in one spot.
#pragma once

#include <cstdint>
#include <vector>

#include "mehr/core/ids.h"
#include "mehr/core/random.h"
#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"

namespace mehr {

class DuplicateFilter {
 public:
  static constexpr Millis kGeneration = Millis::seconds(120);

  /// Room for @p capacity ids (1 or more) in each generation.
  DuplicateFilter(std::size_t capacity, Random& random);
  /// True when @p id is new; it is remembered from here on.
  [[nodiscard]] bool insert(const PacketId& id, Millis now);
  /// Ids remembered in both generations.
  [[nodiscard]] std::size_t size() const { return young_.used + old_.used; }

 private:
  struct Entry {
    PacketId id;
    std::uint32_t stamp = 0;
  };
  struct Generation {
    std::vector<Entry> entries;
    std::uint32_t stamp = 0;
    std::size_t used = 0;  // entries with this stamp
  };
  /// Where the search for @p id begins, in either generation.
  [[nodiscard]] std::size_t home(const PacketId& id) const;
  /// Where @p id is, or where it would go, looked for from @p at on.
  [[nodiscard]] static std::size_t place(const Generation& in, const PacketId& id, std::size_t at);
  // The young generation becomes the old one.
  void turn(Millis now);

  std::size_t capacity_;
  HashSalt salt_;
  Generation young_;
  Generation old_;
  std::uint32_t last_stamp_ = 1;
  Millis turned_at_;
};

}  // namespace mehr
