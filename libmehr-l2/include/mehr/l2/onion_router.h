// Which relays an onion goes through, what a relay remembers, and cover. spec: L2/5
//
// Place: L2, a machine of `SealedMessenger`, which sends what comes out of it. Seams: `PathInfo`
// says who is known, `TrustView` who is near, `PeerKeys` whom to seal to.
// Relays: distinct, uniformly drawn from the known nodes, neither sender nor destination, at least
// one outside the sender's two-hop trust neighbourhood. Too few: an error, never fewer hops.
// Size: the class of the worst leg as far as the sender knows: no leg is narrower than the narrower
// of the sender's own paths to its two ends need be.
// Machine: COVER OFF -(set_cover)-> ON; every 60 s one onion to a random exit that drops it.
// Deadline: the next cover. Bounds: `Limits::onion_replays` layers remembered for an hour, all
// memory taken with the first onion to peel; two walks over the known nodes per choice, none kept.
// Failure: a replay cache that is full forgets the oldest, counted; a repeat could then be peeled
// again, which the next relay or the envelope's own replay check still stops.
// Threads: one at a time.
#pragma once

#include <optional>
#include <utility>

#include "mehr/core/bounded.h"
#include "mehr/core/path_info.h"
#include "mehr/core/trust_view.h"
#include "mehr/l2/onion.h"
#include "mehr/l2/peer_keys.h"

namespace mehr::l2 {

inline constexpr Millis kCoverEvery = Millis::seconds(60);  ///< spec: L2/7

/// What happened to onions since the start; each drop has one reason.
struct OnionCounters {
  std::uint64_t built = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t exited = 0;
  std::uint64_t covered = 0;  ///< cover that ended here
  std::uint64_t cover_sent = 0;
  std::uint64_t dropped_malformed = 0;  ///< size, version, degenerate, an exit that does not fit
                                        ///< or names a context that is no message's
  std::uint64_t dropped_unopened = 0;   ///< not for this node, or changed
  std::uint64_t dropped_replayed = 0;
  std::uint64_t dropped_unsent = 0;     ///< no way on, or a full queue
  std::uint64_t replays_forgotten = 0;  ///< layers that went before their hour
};

class OnionRouter {
 public:
  /// The way of one message.
  struct Route {
    Bounded<Recipient, kMostOnionHops> relays;
    OnionClass size = OnionClass::constrained;
    [[nodiscard]] std::size_t capacity() const { return onion_capacity(size, relays.size()); }
  };
  /// What it stands on; all of it outlives the router. Without `paths` no onion can be made.
  struct Floor {
    const PathInfo* paths = nullptr;
    const TrustView* trust = nullptr;  ///< none: everybody is a stranger
  };

  OnionRouter(const Signer& me, PeerKeys& keys, Random& random, const Floor& floor,
              std::size_t replays);

  /// Draws @p hops relays for a message to @p destination; a zero destination is cover.
  /// Errors: unsupported (nothing is known of paths here), bad_value (hops not 1..8), not_found
  /// (too few relays known, or none outside the neighbourhood).
  [[nodiscard]] Result<Route> choose(const NodeId& destination, std::size_t hops);
  /// The onion of @p exit along @p route, in @p out. Errors as `build_onion`.
  [[nodiscard]] Result<MutableBytes> wrap(const Route& route, const OnionExit& exit,
                                          MutableBytes out);
  /// Peels one packet in place; nothing when it goes no further. Counted.
  [[nodiscard]] std::optional<Peeled> peel(MutableBytes packet, Millis now);

  /// Cover traffic, off at first.
  void set_cover(bool on, Millis now);
  [[nodiscard]] bool covers() const { return cover_at_ != Millis::never(); }
  /// A cover onion, in @p out, when one is due: for the first relay of the returned route.
  [[nodiscard]] std::optional<std::pair<NodeId, MutableBytes>> cover(MutableBytes out, Millis now);
  [[nodiscard]] Millis next_deadline() const { return cover_at_; }

  /// A peeled packet could not be sent on.
  void unsent() { ++counters_.dropped_unsent; }
  [[nodiscard]] OnionCounters counters() const;

 private:
  [[nodiscard]] bool is_candidate(const NodeId& node, const NodeId& destination) const;
  [[nodiscard]] bool is_outside(const NodeId& node) const;
  template <class Want>
  [[nodiscard]] std::size_t count(const NodeId& destination, Want want) const;
  using Picks = Bounded<NodeId, kMostOnionHops>;
  template <class Want>
  [[nodiscard]] Picks pick(const NodeId& destination, std::size_t known, std::size_t hops,
                           Want want);
  [[nodiscard]] Result<Route> complete(const Picks& picks, const NodeId& destination);
  [[nodiscard]] std::optional<Mtu> mtu_to(const NodeId& node) const;

  const Signer& me_;
  PeerKeys& keys_;
  Random& random_;
  Floor floor_;
  std::size_t replays_;
  std::optional<ReplayCache> seen_;  // none before the first onion
  Millis cover_at_ = Millis::never();
  OnionCounters counters_;
};

}  // namespace mehr::l2
