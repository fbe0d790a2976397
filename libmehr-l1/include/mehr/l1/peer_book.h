// The peers this node has reached itself, newest first, as they survive a restart. spec: L1/12
//
// Place: L1, part of bootstrap.h. A peer enters only when a link that we dialled was authenticated:
// so its NodeID, its address and that it accepts connections there are proven. Addresses that
// others only told are in learned_peers.h and never displace anything here.
// Machine: `prove` puts a peer first; `touch` renews the time of one that is linked; both leave the
// order newest first. One address per NodeID, the one proven last.
// Bounds: `capacity` peers; full: the one seen least recently goes. One block of addresses (/24 of
// IPv4, /48 of IPv6) holds at most `per_block`: beyond it the block's own oldest goes, so an owner
// of many identities displaces few.
// Stored form: version u8 = 1, count u16, then per peer host 16, port u16, NodeID 16, seen u64
// (node clock, ms). Failure: a value that does not read as a whole is refused and the book stays
// empty. Threads: the node's. Nothing is allocated after construction.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "mehr/core/codec.h"
#include "mehr/core/units.h"
#include "mehr/l1/peer_address.h"

namespace mehr::l1 {

/// Storage key of the book.
inline constexpr std::string_view kPeersKey = "l1/peers";

/// A peer that answered where we dialled it.
struct KnownPeer {
  PeerAddress at;
  NodeId node;
  NodeTime seen;  ///< when it was last known to be authenticated
  constexpr bool operator==(const KnownPeer&) const = default;
};

class PeerBook {
 public:
  struct Config {
    std::size_t capacity = 1024;  ///< spec: L1/12; at most 65,535
    std::size_t per_block = 32;
  };
  explicit PeerBook(const Config& config);

  /// @p node was authenticated at @p at, which we dialled. @p at has a port.
  void prove(const NodeId& node, const PeerAddress& at, NodeTime now);
  /// @p node, when it is here, is still authenticated.
  void touch(const NodeId& node, NodeTime now);
  /// Newest first.
  [[nodiscard]] std::span<const KnownPeer> peers() const { return peers_; }
  [[nodiscard]] const KnownPeer* find(const NodeId& node) const;

  /// The book as it is stored, borrowed until the next call. It fits `stored_bytes(capacity)`.
  [[nodiscard]] ByteView serialise();
  /// Replaces the book by a stored one; the newest when it holds more than fit here. Errors:
  /// truncated, trailing, bad_value; the book is empty then.
  Status load(ByteView stored);
  /// Bytes that @p peers take when stored.
  static std::size_t stored_bytes(std::size_t peers);

 private:
  void put_first(const KnownPeer& peer);
  void make_room(const Host& host);

  Config config_;
  std::vector<KnownPeer> peers_;      // newest first, never over capacity
  std::vector<std::uint8_t> stored_;  // what `serialise` answers
};

}  // namespace mehr::l1
