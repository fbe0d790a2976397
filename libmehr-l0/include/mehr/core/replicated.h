// What gossip carries: a set of items that two neighbours bring level. spec: L1/9, README/4.3
//
// Place: core seam. L1 runs the rounds and knows nothing of what is inside an item; each owner of
// items (advisories in L2, ledger records in L3, names in L5, ...) implements this.
// Shapes: an owner keeps its items in numbered places, as tables do anyway. An item stays in its
// place while it is held, so L1 needs one bit for "the neighbour lacks it" and nothing of its own
// for an item. An owner computes an item's id once, when it takes it up, and keeps it: ids are
// asked for every round, bodies only when one is sent.
// Bounds: `capacity` is fixed; L1 sizes by it when the owner is made known. An item body is at most
// 65,535 bytes; one that does not fit a link is left out of gossip there.
// Failure: `merge` meets hostile bodies and answers with a verdict, never more.
// Threads: the node's; none of these calls may call back into the floor below.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "mehr/core/bytes.h"
#include "mehr/core/crypto.h"
#include "mehr/core/ids.h"
#include "mehr/core/result.h"

namespace mehr {

/// Budget class of gossip. spec: L1/9.1
enum class GossipTier : std::uint8_t { routing = 1, payment = 2, capabilities = 3, trust = 4 };

/// The tier is the kind's range. Kind 0 is none and counts as the first. spec: L1/9
constexpr GossipTier tier_of(std::uint8_t kind) {
  if (kind < 0x40) return GossipTier::routing;
  if (kind < 0x80) return GossipTier::payment;
  return kind < 0xC0 ? GossipTier::capabilities : GossipTier::trust;
}

/// What two nodes know an item by.
using ItemId = FixedBytes<16, struct ItemIdTag>;

/// H/16(kind || canonical body); the canonical body is the whole body for all kinds but announces.
[[nodiscard]] inline ItemId item_id(std::uint8_t kind, ByteView canonical_body) {
  const std::array<std::uint8_t, 1> first{kind};
  ItemId id;
  crypto::Blake3().update(first).update(canonical_body).finish(id.mutable_view());
  return id;
}

struct GossipItem {
  std::uint8_t kind = 0;  ///< spec: README/4.3
  ByteView body;          ///< borrowed for the call
};

/// A held item without its body.
struct ItemRef {
  ItemId id;
  std::uint8_t kind = 0;
  std::uint16_t size = 0;  ///< of the body
};

/// What became of an item from a neighbour.
enum class MergeVerdict : std::uint8_t {
  taken,       ///< held from here on
  known,       ///< held already
  superseded,  ///< a newer item stands in its place
  refused,     ///< sound, but not wanted here; counts as held for 24 h so that it is not resent
  invalid,     ///< the neighbour had to refuse it: its fault
};

class Replicated {
 public:
  virtual ~Replicated() = default;
  /// True for the kinds of this owner; no two owners share one.
  [[nodiscard]] virtual bool owns(std::uint8_t kind) const = 0;
  /// The tiers of those kinds, bit 0 for tier 1.
  [[nodiscard]] virtual std::uint8_t tiers() const = 0;
  /// The most places there will ever be.
  [[nodiscard]] virtual std::size_t capacity() const = 0;
  /// Places in use up to now: what a walk has to visit.
  [[nodiscard]] virtual std::size_t places() const = 0;
  /// The item in @p place; false when there is none. Cheap: asked for every place in every round.
  [[nodiscard]] virtual bool item(std::size_t place, ItemRef& out) const = 0;
  /// Lower goes first among the items of a tier.
  [[nodiscard]] virtual std::uint64_t rank(std::size_t place) const = 0;
  /// The body of the item in @p place, borrowed until the next call.
  [[nodiscard]] virtual ByteView body(std::size_t place) const = 0;
  /// Takes, or does not take, an item from a neighbour.
  virtual MergeVerdict merge(const GossipItem& item) = 0;
};

}  // namespace mehr
