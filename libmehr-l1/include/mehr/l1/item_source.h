// Where the items of gossip come from, seen from a link. spec: L1/9
//
// Place: between the gossip engine and who holds items: the routing table (announces), and by
// `ReplicatedSource` everything behind core's `Replicated`. It is richer than that seam because an
// announce differs from link to link: its hops and path cost are those after the relay step, it is
// not offered to the link it came from, and sending it lowers the feasible distance.
// Shapes: items in numbered places; what is said of `Replicated` holds here.
// Order: the engine sends tier by tier and within a tier by rank; an announce source ranks its own
// first, then by hop count, then newest first.
// Calls: all come from the engine, but for `merge`, which the facade calls with each item that the
// engine hands it. None may call the engine back.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mehr/core/replicated.h"
#include "mehr/core/units.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

class ItemSource {
 public:
  virtual ~ItemSource() = default;
  /// Its kinds; no two sources share one.
  [[nodiscard]] virtual bool owns(std::uint8_t kind) const = 0;
  /// Bit 0 for tier 1. All kinds of a source may be of one tier or of several.
  [[nodiscard]] virtual std::uint8_t tiers() const = 0;
  /// The most places there will ever be.
  [[nodiscard]] virtual std::size_t capacity() const = 0;
  /// Places in use up to now.
  [[nodiscard]] virtual std::size_t places() const = 0;
  /// The item in @p place; false when there is none. It is in digest and filter of every link it
  /// fits, whether it is offered there or not.
  [[nodiscard]] virtual bool item(std::size_t place, ItemRef& out) const = 0;
  /// False when a link that lacks the item does not get it: it came from there.
  [[nodiscard]] virtual bool offered(std::size_t place, LinkSlot link) const = 0;
  /// Lower goes first within a tier.
  [[nodiscard]] virtual std::uint64_t rank(std::size_t place) const = 0;
  /// Writes the body for @p link to the front of @p out, which holds the size that `item` gave.
  /// The bytes written; 0 when the item cannot go out there.
  [[nodiscard]] virtual std::size_t write(std::size_t place, LinkSlot link,
                                          MutableBytes out) const = 0;
  /// What `write` gave last for @p place and @p link has left.
  virtual void sent(std::size_t place, LinkSlot link) = 0;
  /// An item that arrived from @p from.
  virtual MergeVerdict merge(const GossipItem& item, LinkSlot from, Millis now) = 0;
};

/// An owner behind the core seam, whose items are the same on every link.
class ReplicatedSource final : public ItemSource {
 public:
  /// @p owner must outlive this.
  explicit ReplicatedSource(Replicated& owner) : owner_(owner) {}

  [[nodiscard]] bool owns(std::uint8_t kind) const override { return owner_.owns(kind); }
  [[nodiscard]] std::uint8_t tiers() const override { return owner_.tiers(); }
  [[nodiscard]] std::size_t capacity() const override { return owner_.capacity(); }
  [[nodiscard]] std::size_t places() const override { return owner_.places(); }
  [[nodiscard]] bool item(std::size_t place, ItemRef& out) const override {
    return owner_.item(place, out);
  }
  [[nodiscard]] bool offered(std::size_t, LinkSlot) const override { return true; }
  [[nodiscard]] std::uint64_t rank(std::size_t place) const override { return owner_.rank(place); }
  [[nodiscard]] std::size_t write(std::size_t place, LinkSlot, MutableBytes out) const override;
  void sent(std::size_t, LinkSlot) override {}
  MergeVerdict merge(const GossipItem& item, LinkSlot, Millis) override {
    return owner_.merge(item);
  }

 private:
  Replicated& owner_;
};

}  // namespace mehr::l1
