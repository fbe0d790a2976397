// From a 16-byte key to the slot of a pool, without allocation after construction.
//
// Place: core, for the tables of every layer. Open addressing with linear probing; at most half of
// the places are used, so that a look-up touches one or two. Deletion closes the gap, so there are
// no tombstones. Attack: strangers choose NodeIDs (keys are free), so places come from SipHash-1-3
// under a salt drawn at construction: what piles up on one node does not on another, and nobody can
// tell where. Order: nothing is ever iterated, so the salt never reaches the wire. Bounds:
// `capacity` keys; inserting more is a defect of the caller.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <gsl/assert>
#include <optional>
#include <vector>

#include "mehr/core/ids.h"
#include "mehr/core/random.h"

namespace mehr {

/// Place in a pool.
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = 0xFFFFFFFF;

/// The secret that decides where keys go.
struct HashSalt {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  /// A fresh salt.
  static HashSalt draw(Random& random) {
    const auto a = random.draw<std::uint64_t>();
    return {a, random.draw<std::uint64_t>()};
  }
};

/// SipHash-1-3 of 16 bytes. Each table draws a salt of its own, so that what piles up in one (found
/// out by its timing) does not in another.
[[nodiscard]] std::uint64_t salted_hash(const HashSalt& salt,
                                        const std::array<std::uint8_t, 16>& key);

/// Which slot a NodeID has.
class SlotIndex {
 public:
  /// Room for @p capacity keys.
  SlotIndex(std::size_t capacity, const HashSalt& salt);

  /// The slot stored under @p key.
  [[nodiscard]] std::optional<Slot> find(const NodeId& key) const;
  /// Stores @p slot under @p key, replacing an earlier one.
  void put(const NodeId& key, Slot slot);
  /// Forgets @p key; no effect when it is not there.
  void erase(const NodeId& key);
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Entry {
    NodeId key;
    Slot slot = kNoSlot;  // kNoSlot: a free place
  };
  [[nodiscard]] std::size_t home(const NodeId& key) const {
    return static_cast<std::size_t>(salted_hash(salt_, key.bytes)) & mask_;
  }
  // Where the key is, or the free place where it would go.
  [[nodiscard]] std::size_t place(const NodeId& key) const;

  HashSalt salt_;
  std::size_t capacity_;
  std::size_t mask_;  // places - 1, a power of two less one
  std::size_t size_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace mehr
