// The ways back of packets that a Reticulum relay passed on, for the proofs that answer them.
// spec: L0/8.4 steps 3 and 7
//
// Place: L0, owned by rns/relay.h. Seam: Random, for the salt.
// Machine: a packet's hash and both its ports are noted; the proof that names the hash and comes
// from the port that the packet left by is worth one way back. After 480 s there is none.
// Bounds: `capacity`, made at construction, used as a ring: full, the oldest goes.
// Failure: none. Threads: the node's.
#pragma once

#include <optional>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"
#include "mehr/l0/rns/packet.h"
#include "mehr/l0/rns/port.h"

namespace mehr::l0::rns {

class ReverseTable {
 public:
  static constexpr Millis kLife = Millis::seconds(480);

  ReverseTable(std::size_t capacity, Random& random);

  void record(const Address& packet, PortId ingress, PortId egress, Millis now);
  /// True while a proof of @p packet would find its way.
  [[nodiscard]] bool knows(const Address& packet) const;
  /// Where the packet came from, when the proof arrives on the port it left by; forgotten then.
  [[nodiscard]] std::optional<PortId> take(const Address& packet, PortId from, Millis now);

 private:
  struct Entry {
    Address packet;
    PortId ingress = kNoPort;  // no port: the place is free
    PortId egress = kNoPort;
    Millis at;
  };
  std::vector<Entry> entries_;
  std::size_t next_ = 0;
  SlotIndex index_;
};

}  // namespace mehr::l0::rns
