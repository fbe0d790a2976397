// The paths of a Reticulum relay: one per destination, the best that was announced. spec: L0/8.3
//
// Place: L0, owned by rns/relay.h. Seam: Random, for the salts.
// Machine: an announce that was verified is offered; step 5 of L0/8.3 decides whether it becomes
// the path, and then it is kept whole, since it is passed on, answers path requests and holds the
// key that link proofs are checked by. A path ends with its port, after 7 days, or for want of
// room.
// Bounds: `capacity` paths of about 1.2 KB, made at construction. Full: of the port that has most
// paths the one that was heard of longest ago goes, so that a flood over one port costs that port
// only. 64 blobs are remembered per path; the 65th pushes out the first.
// Failure: none. Threads: the node's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"
#include "mehr/l0/rns/announce.h"
#include "mehr/l0/rns/port.h"

namespace mehr::l0::rns {

/// What is known of one destination.
struct Path {
  Address destination;
  Address next_hop;            ///< a relay's transport ID, or the destination itself
  PortId port = kNoPort;       ///< no port: the place is free
  std::uint8_t hops = 0;       ///< 1: a neighbour there
  bool ratchet = false;        ///< the announce carries one
  std::optional<NodeId> node;  ///< a node of ours, under the name mehr.node
  Millis heard;
  Millis expires;
  std::uint16_t size = 0;  ///< of the announce's DATA
  std::array<std::uint8_t, kMostAnnounce> announce{};

  // Passing it on: when next, and how often still. spec: L0/8.4 step 8
  Millis resend_at = Millis::never();
  std::uint8_t resends = 0;

  static constexpr std::size_t kBlobs = 64;
  std::array<Blob, kBlobs> blobs{};  ///< a ring of those accepted
  std::uint16_t blob_count = 0;
  std::uint16_t blob_next = 0;

  [[nodiscard]] ByteView data() const { return ByteView(announce).first(size); }
  [[nodiscard]] bool has_seen(const Blob& blob) const;
  /// The largest emitted of all remembered blobs.
  [[nodiscard]] std::uint64_t newest() const;
};

class Paths {
 public:
  static constexpr Millis kLife = Millis::seconds(7 * 24 * 3600);

  /// Room for @p capacity paths (1 or more) over ports below @p ports.
  Paths(std::size_t capacity, std::size_t ports, Random& random);

  /// The path to @p destination, or none.
  [[nodiscard]] Path* find(const Address& destination);
  /// The path to a node of ours, or none.
  [[nodiscard]] Path* find(const NodeId& node);
  [[nodiscard]] Path& at(Slot slot) { return paths_[slot]; }
  [[nodiscard]] const Path& at(Slot slot) const { return paths_[slot]; }
  [[nodiscard]] Slot slot_of(const Path& path) const {
    return static_cast<Slot>(&path - paths_.data());
  }
  /// True when an announce with @p blob, over @p hops, would become the path. Asked before the
  /// signature is checked: what is known already costs nothing.
  [[nodiscard]] bool wants(const Address& destination, std::uint8_t hops, const Blob& blob,
                           Millis now);
  /// The path that a verified announce makes or replaces; the caller fills in what it brings.
  /// @p evicted is told of a path that had to go.
  struct Stored {
    Path* path = nullptr;
    std::optional<NodeId> evicted;  ///< a node of ours that is not reached any more
    Address evicted_destination;    ///< of that node
  };
  [[nodiscard]] Stored store(const Address& destination, PortId port, const Blob& blob, Millis now);
  /// Says which node of ours the destination of @p path is.
  void name(Path& path, const NodeId& node);
  void erase(Path& path);
  [[nodiscard]] std::size_t size() const { return index_.size(); }
  [[nodiscard]] std::size_t capacity() const { return paths_.size(); }

 private:
  [[nodiscard]] Path& victim();

  std::vector<Path> paths_;
  std::vector<Slot> free_;
  std::vector<std::uint32_t> held_;  // how many paths each port has, counted when one must go
  SlotIndex index_;                  // by destination
  SlotIndex nodes_;                  // by NodeID
};

}  // namespace mehr::l0::rns
