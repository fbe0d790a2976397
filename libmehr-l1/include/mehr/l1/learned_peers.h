// Addresses that neighbours told and nobody here has tried yet. spec: L1/12
//
// Place: L1, part of bootstrap.h, apart from the proven peers of peer_book.h: whatever is told can
// at worst displace what was told.
// Machine: `add` keeps an address until `take` gives it out to be dialled, once. An address that
// could not be reached is refused for an hour (`failed`), so that telling it again does not make
// us knock again. Time: every call is handed the steady clock.
// Bounds: `capacity` addresses, of which one teller has at most `per_teller`: beyond it the
// teller's own oldest goes; full: the oldest of all goes. `failures` refusals are remembered; full:
// the oldest is forgotten. Failure: none. Threads: the node's. Nothing is allocated after
// construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/units.h"
#include "mehr/l1/peer_address.h"

namespace mehr::l1 {

/// An address told by somebody.
struct LearnedPeer {
  PeerAddress at;
  NodeId node;    ///< who should be there; zero: not known
  NodeId teller;  ///< the neighbour that told it
  constexpr bool operator==(const LearnedPeer&) const = default;
};

class LearnedPeers {
 public:
  /// How long an address that failed is not taken in again.
  static constexpr Millis kRefused = Millis::seconds(3600);

  struct Config {
    std::size_t capacity = 256;
    std::size_t per_teller = 16;
    std::size_t failures = 128;
  };
  explicit LearnedPeers(const Config& config);

  /// False when it is here already, or failed within the hour.
  bool add(const LearnedPeer& peer, Millis now);
  /// One of them by the number @p drawn at random, which is then no longer here; so no teller is
  /// heard before the others.
  std::optional<LearnedPeer> take(std::uint64_t drawn);
  /// Nobody answered at @p at.
  void failed(const PeerAddress& at, Millis now);
  /// Forgets what is known of @p node, or of @p at: it is reached.
  void forget(const NodeId& node, const PeerAddress& at);
  [[nodiscard]] bool empty() const { return peers_.empty(); }
  /// Oldest first.
  [[nodiscard]] const std::vector<LearnedPeer>& peers() const { return peers_; }

 private:
  struct Failure {
    PeerAddress at;
    Millis until;
  };
  Config config_;
  std::vector<LearnedPeer> peers_;  // oldest first
  std::vector<Failure> failures_;   // oldest first
};

}  // namespace mehr::l1
