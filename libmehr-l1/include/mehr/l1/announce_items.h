// The announces a node holds, as items of gossip. spec: L1/9 kind 0x01, README/9 items 6, 20, 21
//
// Place: L1, between the gossip engine and the routing table. Place 0 is this node's own announce,
// place n + 1 the route in slot n, so an item stays where it is for as long as it is held.
// Shapes: an item travels as the packet would on that link: hops and path cost after the relay
// step. What leaves lowers the feasible distance; it does not count in the two sends. Rank: the own
// announce, then those of few relays, then the newest. Bounds: Limits::routes + 1 places; nothing
// allocates. Failure: an item that is no announce, or a forged one, is invalid: its sender had to
// check it. Threads: the node's.
#pragma once

#include "mehr/l1/announce_flow.h"
#include "mehr/l1/announce_item.h"
#include "mehr/l1/item_source.h"

namespace mehr::l1 {

class AnnounceItems final : public ItemSource {
 public:
  AnnounceItems(const RoutingTable& table, AnnounceFlow& flow, const NodeId& self)
      : table_(table), flow_(flow), self_(self) {}

  /// The own announce was made anew.
  void set_own(std::uint64_t emitted) { own_ = announce_item_id(self_, emitted); }
  /// An item from a neighbour, taken as the announce that it is; what became of it.
  Received take(const GossipItem& item, LinkSlot from, Millis now);

  [[nodiscard]] bool owns(std::uint8_t kind) const override { return kind == kAnnounceKind; }
  [[nodiscard]] std::uint8_t tiers() const override { return 1; }
  [[nodiscard]] std::size_t capacity() const override { return table_.route_capacity() + 1; }
  [[nodiscard]] std::size_t places() const override { return table_.route_slots() + 1; }
  [[nodiscard]] bool item(std::size_t place, ItemRef& out) const override;
  [[nodiscard]] bool offered(std::size_t place, LinkSlot link) const override;
  [[nodiscard]] std::uint64_t rank(std::size_t place) const override;
  [[nodiscard]] std::size_t write(std::size_t place, LinkSlot link,
                                  MutableBytes out) const override;
  void sent(std::size_t place, LinkSlot link) override;
  MergeVerdict merge(const GossipItem& item, LinkSlot from, Millis now) override;

 private:
  const RoutingTable& table_;
  AnnounceFlow& flow_;
  NodeId self_;
  ItemId own_;
};

/// What gossip makes of a received announce.
[[nodiscard]] MergeVerdict verdict_of(Intake intake);

}  // namespace mehr::l1
