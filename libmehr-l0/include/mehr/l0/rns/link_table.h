// The links of others that a Reticulum relay carries. spec: L0/8.4 steps 4 to 6
//
// Place: L0, owned by rns/relay.h. Seam: Random, for the salt.
// Machine of a link: requested (its request was passed on, a proof is awaited) -> valid (the proof
// passed) -> gone. Deadlines: the proof's while requested; 900 s after the last packet when valid.
// Both are judged when the link is looked at, or when a place is needed: nothing has to be armed.
// Bounds: `capacity`, made at construction. Full: overdue ones go, then requested ones, then valid
// ones, of each the one that is due first: a flood of requests does not end links that work.
// Failure: none. Threads: the node's.
#pragma once

#include <vector>

#include "mehr/core/random.h"
#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"
#include "mehr/l0/rns/packet.h"
#include "mehr/l0/rns/port.h"

namespace mehr::l0::rns {

struct RelayedLink {
  Address id;
  Address destination;       ///< whose key signs the proof
  PortId ingress = kNoPort;  ///< where the request came from; no port: the place is free
  PortId egress = kNoPort;
  std::uint8_t hops_taken = 0;  ///< of packets from the initiator
  std::uint8_t hops_left = 0;   ///< of packets from the responder
  bool valid = false;
  Millis due;  ///< of the proof, or of silence
};

class LinkTable {
 public:
  static constexpr Millis kIdle = Millis::seconds(900);

  LinkTable(std::size_t capacity, Random& random);

  /// The link of that id, unless its time is over.
  [[nodiscard]] RelayedLink* find(const Address& id, Millis now);
  /// Stores @p link; one of the same id, a repeated request, is replaced.
  void put(const RelayedLink& link, Millis now);
  /// Forgets the links of a port that is gone.
  void port_down(PortId port);
  [[nodiscard]] std::size_t size() const { return index_.size(); }

 private:
  void erase(Slot slot);
  [[nodiscard]] Slot victim(Millis now) const;

  std::vector<RelayedLink> links_;
  std::vector<Slot> free_;
  SlotIndex index_;
};

}  // namespace mehr::l0::rns
