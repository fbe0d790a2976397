// The way back for proofs: which link a forwarded packet came by and left by. spec: L1/6.3
//
// Place: L1, on the path of every forwarded DATA packet that may be answered by a type-3 packet,
// which carries the id of the packet it answers in place of a destination.
// Machine: `record` notes ingress and egress of a packet id; `take` finds the way of a proof and
// forgets it. A note counts for 480 s, then for nothing.
// Costs: both are O(1) and allocate nothing: a ring in order of time, and an open-addressing index
// of ring places under a salted hash, at most half full. 24 bytes a note, 16 to 32 the index.
// Bounds: `capacity` notes, made at construction; the oldest go first. Capacity 0: nothing is
// recorded, for nodes that relay no proofs; whether a packet is worth a note is the caller's
// choice. Time: notes end as later ones come, so there is no deadline to wait for.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/ids.h"
#include "mehr/core/random.h"
#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

class ReversePath {
 public:
  static constexpr std::uint32_t kKeptSeconds = 480;

  /// Room for @p capacity packets, below 2^31; 0 switches it off.
  ReversePath(std::size_t capacity, Random& random);
  [[nodiscard]] bool enabled() const { return !ring_.empty(); }

  /// Packet @p id came by @p ingress and left by @p egress. An id that is there already keeps its
  /// note: a copy sent later from elsewhere must not draw the proof to itself.
  void record(const PacketId& id, LinkSlot ingress, LinkSlot egress, Millis now);
  /// Where a packet came from and went.
  struct Way {
    LinkSlot ingress = kNoLink;
    LinkSlot egress = kNoLink;
  };
  /// The way of packet @p id, left as it is; none as for `take`.
  [[nodiscard]] std::optional<Way> find(const PacketId& id) const;
  /// A proof for packet @p id came by @p from: the link it goes to. None (drop it): no such packet
  /// within 480 s, or it had left by another link, which leaves the note as it was.
  [[nodiscard]] std::optional<LinkSlot> take(const PacketId& id, LinkSlot from, Millis now);
  /// @p link is gone, and its slot may come to mean another neighbour. O(capacity).
  void link_down(LinkSlot link);
  /// Notes held, those whose time is over until they are met among them.
  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  struct Note {
    PacketId id;
    std::uint32_t second = 0;    // of the steady clock when it was recorded
    LinkSlot ingress = kNoLink;  // kNoLink: taken or ended, waiting for the ring to pass
    LinkSlot egress = kNoLink;
  };
  struct Place {
    std::uint32_t note = kNoSlot;  // kNoSlot: a free place
    std::uint32_t hash = 0;
  };
  [[nodiscard]] std::uint32_t hash_of(const PacketId& id) const {
    return static_cast<std::uint32_t>(salted_hash(salt_, id.bytes));
  }
  // Where the id is, or the free place where it would go.
  [[nodiscard]] std::size_t place(const PacketId& id, std::uint32_t hash) const;
  void erase(std::size_t place);
  // The oldest note leaves the ring.
  void drop_oldest();

  HashSalt salt_;
  std::vector<Note> ring_;
  std::vector<Place> places_;
  std::size_t mask_ = 0;
  std::size_t first_ = 0;  // the oldest
  std::size_t in_ring_ = 0;
  std::size_t used_ = 0;  // of them not yet taken
};

}  // namespace mehr::l1
