// Destinations, and the links that lead to them. spec: L1/4.2 state, L1/5
//
// Place: the machine below announces and forwarding; it decides nothing about sending.
// Shapes: one Route per destination, with up to `Limits::candidates` Candidates, one per link. A
// link that went down keeps its place (and its stale candidates) until its neighbour counts as
// gone, so a returning neighbour finds them again. Events: link_up, link_down, accept (a verified
// announce), limit_mtu, on_time. Answers say what became of it; `next_deadline` says when to call
// `on_time`, once per answer until it has none. States of a candidate: FRESH 5,400 s, then STALE
// 1,800 s, then gone; a link that goes down makes its candidates STALE at once and gone when the
// neighbour has been silent for 600 s. Bounds: everything is made at construction from `Limits`.
// One link may introduce at most routes / max(4, active links) destinations; beyond that another
// link that leads there too takes one over, else it displaces its own: stale, then least reliable,
// then oldest. A destination that is a neighbour is
// never displaced by another's. The last `Limits::evicted_routes` evictions are remembered for 24 h
// and older announces refused.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/limits.h"
#include "mehr/core/random.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l1/announce.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/eviction_memory.h"
#include "mehr/l1/path_cost.h"
#include "mehr/l1/slot_index.h"

namespace mehr::l1 {

/// Place of a link in the table, 0..Limits::links - 1; stable while the link or its memory lives.
using LinkSlot = std::uint16_t;
inline constexpr LinkSlot kNoLink = 0xFFFF;

inline constexpr Millis kRouteFresh = Millis::seconds(5400);
inline constexpr Millis kRouteStale = Millis::seconds(1800);
inline constexpr Millis kNeighbourGone = Millis::seconds(600);
inline constexpr Millis kNeighbourSilent = Millis::seconds(180);

enum class RouteState : std::uint8_t { fresh, stale };

/// One way to a destination. spec: L1/5 table
struct Candidate {
  CompactPathCost received;  ///< as the neighbour sent it
  CompactPathCost entry;     ///< after the link step
  std::uint64_t emitted = 0;
  Millis updated;
  Millis expires;        ///< of the current state
  Slot newer = kNoSlot;  ///< neighbours in the list of its link, most recent first
  Slot older = kNoSlot;
  LinkSlot link = kNoLink;  ///< kNoLink: this place is free
  Mtu usable;               ///< of the path, as announced
  Mtu limit{0xFFFF};        ///< from PacketTooBig, until a newer announce. spec: L0/6
  RouteState state = RouteState::fresh;
  std::uint8_t reliability = 0;  ///< 0 unknown, 255 perfect
  std::uint8_t hops = 0;         ///< of the announce packet, for the hop limit
  bool link_was_lost = false;    ///< stale because its link went down
};

/// All that is known of a destination.
struct Route {
  NodeId destination;
  PublicKey public_key;
  std::uint64_t emitted = 0;             ///< E
  Metric feasible = Metric::infinite();  ///< FD: least metric sent for E
  bool any_sent = false;                 ///< FD is finite
  bool opaque = false;                   ///< of a major version unknown here. spec: L1/13.3
  LinkSlot charged_to = kNoLink;         ///< the link whose share it takes
  std::uint64_t incarnation = 0;         ///< differs whenever the slot holds another route; 0 free
  AnnounceBytes announce;                ///< DATA, for forwarding
};

/// A neighbour and the link to it.
struct LinkEntry {
  enum class State : std::uint8_t { free, up, down };
  State state = State::free;
  l0::LinkInfo info;
  Millis gone_at;         ///< while down
  Slot newest = kNoSlot;  ///< candidates over this link, most recently updated first
  Slot oldest = kNoSlot;
  std::size_t charged = 0;  ///< destinations it introduced
};

/// A verified announce on its way into the table.
struct Offer {
  NodeId destination;
  Announce announce;
  ByteView data;  ///< the encoded form of `announce`
  LinkSlot link = kNoLink;
  std::uint8_t hops = 0;
};

/// What became of an Offer.
struct Accepted {
  Slot route = kNoSlot;           ///< kNoSlot: no room, nothing changed
  bool created = false;           ///< a destination not known before
  bool newer = false;             ///< E rose; feasible distance starts anew
  std::optional<NodeId> evicted;  ///< the destination that had to go for it
};

/// Whether an announce is worth its signature check. spec: L1/4.2 step 3, L1/5 eviction
enum class Novelty : std::uint8_t { fresh, older, repeated, replayed };

struct RouteChange {
  NodeId destination;
  Slot route = kNoSlot;  ///< free when the destination is lost
  bool lost = false;
};

struct NextHop {
  LinkSlot link = kNoLink;
  Mtu limit;   ///< longest packet it takes as far as is known here: link MTU, PacketTooBig
  Mtu usable;  ///< longest packet the whole path takes, as announced
};

class RoutingTable {
 public:
  RoutingTable(const Limits& limits, Random& random);

  // ---- Links
  // -------------------------------------------------------------------------------------
  /// The slot of a link that became active; a returning neighbour on the same interface gets its
  /// former one. Takes the place of the longest dead when all are in use; kNoLink when all are up.
  LinkSlot link_up(const l0::LinkInfo& info);
  /// Its candidates are stale from here on. kNoLink when unknown.
  LinkSlot link_down(l0::LinkId id, l0::CloseReason reason, Millis now);
  [[nodiscard]] LinkSlot find_link(l0::LinkId id) const;
  [[nodiscard]] const LinkEntry& link(LinkSlot slot) const { return links_[slot]; }
  [[nodiscard]] bool is_up(LinkSlot slot) const {
    return slot < links_.size() && links_[slot].state == LinkEntry::State::up;
  }
  [[nodiscard]] std::size_t link_slots() const { return links_.size(); }
  [[nodiscard]] std::size_t active_links() const { return active_; }
  /// An active link to @p node itself.
  [[nodiscard]] LinkSlot neighbour(const NodeId& node) const;

  // ---- Routes
  // ------------------------------------------------------------------------------------
  [[nodiscard]] Novelty novelty(const NodeId& destination, std::uint64_t emitted,
                                const CompactPathCost& received, LinkSlot link, Millis now) const;
  Accepted accept(const Offer& offer, Millis now);
  /// Lowers FD to a metric that was sent for the route's current E. spec: L1/4.3 rule 3
  void announced(Slot route, const Metric& sent);
  /// PacketTooBig from @p link; false when it does not apply. spec: L0/6
  bool limit_mtu(LinkSlot link, const NodeId& destination, Mtu mtu);

  [[nodiscard]] Slot find(const NodeId& destination) const;
  [[nodiscard]] const Route& route(Slot slot) const { return routes_[slot]; }
  [[nodiscard]] bool is_live(Slot slot) const { return routes_[slot].incarnation != 0; }
  /// Slots that were used up to now: what a walk over all routes has to visit.
  [[nodiscard]] std::size_t route_slots() const { return routes_.size(); }
  /// Limits::routes.
  [[nodiscard]] std::size_t route_capacity() const { return capacity_; }
  [[nodiscard]] std::size_t size() const { return index_.size(); }
  /// The candidates of a route; places whose link is kNoLink are free.
  [[nodiscard]] std::span<const Candidate> candidates(Slot route) const;
  /// Least metric over fresh, feasible candidates. spec: L1/4.3 rule 1
  [[nodiscard]] const Candidate* best_feasible(Slot route) const;
  /// The candidate data would take now, of whatever state. Borrowed until the next change.
  [[nodiscard]] const Candidate* best(Slot route) const;
  /// The link for a packet of @p size bytes that came in on @p ingress (kNoLink: our own).
  /// spec: L1/6 steps 4 to 6 by least metric, README/9 clarifications 23 and 24
  [[nodiscard]] std::optional<NextHop> choose(const NodeId& destination, LinkSlot ingress,
                                              std::size_t size) const;

  // ---- Time
  // --------------------------------------------------------------------------------------
  [[nodiscard]] Millis next_deadline() const;
  /// Deals with one deadline that has passed; nothing when none has.
  std::optional<RouteChange> on_time(Millis now);

 private:
  [[nodiscard]] std::span<Candidate> own_candidates(Slot route);
  [[nodiscard]] Slot route_of(Slot candidate) const {
    return static_cast<Slot>(candidate / per_route_);
  }
  [[nodiscard]] const Candidate* choose_candidate(Slot route, LinkSlot ingress,
                                                  std::size_t size) const;
  [[nodiscard]] std::size_t share() const;
  [[nodiscard]] bool is_full() const { return free_.empty() && routes_.size() == capacity_; }
  Slot take_free();  // not when it is full
  [[nodiscard]] bool is_protected(Slot route) const;
  /// A slot for a new destination over @p link, evicting if need be.
  Slot make_room(LinkSlot link, const NodeId& destination, Accepted& out, Millis now);
  /// Another link that leads to one of the destinations charged to @p link, and has room in its
  /// share, takes the charge. False when there is none.
  bool pass_charge_on(LinkSlot link);
  [[nodiscard]] Slot own_victim(LinkSlot link) const;
  [[nodiscard]] Slot any_victim() const;
  void evict(Slot route, Millis now);
  [[nodiscard]] Slot place_for(Slot route, const Offer& offer) const;
  void store(Slot candidate, const Offer& offer, bool opaque, Millis now);
  void enlist(Slot candidate);
  void delist(Slot candidate);
  void drop_candidate(Slot candidate, Millis now);
  void charge(Slot route, LinkSlot link);
  void schedule(Slot route);
  void schedule_gone();
  void forget_link(LinkSlot slot, Millis now);

  std::size_t per_route_;
  std::size_t capacity_;
  std::vector<LinkEntry> links_;
  std::size_t active_ = 0;
  Millis next_gone_ = Millis::never();
  std::vector<Route> routes_;  // those begun; the first `capacity_` never move
  std::vector<Candidate> candidates_;
  std::vector<Slot> free_;  // begun, and free again
  std::uint64_t last_incarnation_ = 0;
  SlotIndex index_;       // destination -> route
  SlotIndex neighbours_;  // peer -> an active link
  SlotIndex link_ids_;    // link id -> link
  DeadlineHeap deadlines_;
  EvictionMemory evicted_;
};

}  // namespace mehr::l1
