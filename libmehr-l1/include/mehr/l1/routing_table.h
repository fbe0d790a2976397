// Destinations, and the links that lead to them. spec: L1/4.2 state, L1/5
//
// Place: the machine below announces and forwarding; it decides nothing about sending.
// Shapes: one Route per destination, with up to `Limits::candidates` Candidates, one per link. A
// link that went down keeps its place (and its stale candidates) until its neighbour counts as
// gone, so a returning neighbour finds them again.
// Events: link_up, link_down, measured, accept (a verified announce), update (a PathUpdate item),
// limit_mtu, outcome, mark_behind, on_time. Answers say what became of it; `next_deadline` says
// when to call `on_time`, once per answer until it has none. States of a candidate: FRESH 5,400 s,
// then STALE 1,800 s, then gone; a link that goes down makes its candidates STALE at once and gone
// when the neighbour has been silent for 600 s.
// Bounds: everything is made at construction from `Limits`. One link may introduce at most routes /
// max(4, active links) destinations; beyond that another link that leads there too takes one over,
// else it displaces its own that are older than kRouteResidence: stale, then least reliable, then
// oldest. Whoever is within its share displaces what others hold over theirs, never what they hold
// within it. A destination that is a neighbour is never displaced by another's. The last
// `Limits::evicted_routes` evictions are remembered for 24 h and older announces refused.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/limits.h"
#include "mehr/core/random.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/eviction_memory.h"
#include "mehr/l1/route.h"

namespace mehr::l1 {

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
  /// The active link to @p node itself; of several the widest.
  [[nodiscard]] LinkSlot neighbour(const NodeId& node) const;
  /// What was measured of a link changed: it counts for every route over it from here on.
  void measured(LinkSlot slot, Millis latency, BitsPerSecond bandwidth);
  /// What the neighbour on @p slot pays for a byte that it hands over.
  void set_price(LinkSlot slot, std::uint64_t micro_mhr_per_byte) {
    links_[slot].price = micro_mhr_per_byte;
  }
  /// How full the queue of @p slot is.
  void set_load(LinkSlot slot, const LinkLoad& load) { links_[slot].load = load; }
  /// A Severe or worse congestion signal holds for the link, or has ended.
  void set_avoided(LinkSlot slot, bool avoided) { links_[slot].avoided = avoided; }

  // ---- Routes
  // ------------------------------------------------------------------------------------
  [[nodiscard]] Novelty novelty(const NodeId& destination, std::uint64_t emitted,
                                const CompactPathCost& received, LinkSlot link, Millis now) const;
  Accepted accept(const Offer& offer, Millis now);
  /// Lowers FD to a metric that was sent for the route's current E. spec: L1/4.3 rule 3
  void announced(Slot route, const Metric& sent);
  /// One item of a PathUpdate: the route whose candidate over @p link has a new path cost; kNoSlot
  /// when there is no such candidate with that `emitted`. spec: L1/4.3
  Slot update(LinkSlot link, const NodeId& destination, std::uint64_t emitted,
              const CompactPathCost& received);
  /// Whether a way over @p link of that cost would be the best of a known destination and free of
  /// loops, and is none of those held: there was no room for it when its announce came.
  [[nodiscard]] bool misses(LinkSlot link, const NodeId& destination, std::uint64_t emitted,
                            const CompactPathCost& received) const;
  /// PacketTooBig from @p link; false when it does not apply. spec: L0/6
  bool limit_mtu(LinkSlot link, const NodeId& destination, Mtu mtu);
  /// What was sent to @p destination over @p link arrived, or did not. spec: L1/5 reliability
  void outcome(LinkSlot link, const NodeId& destination, bool success);
  /// The same for everything over @p link.
  void outcome_of_link(LinkSlot link, bool success);
  /// A packet sent to @p destination over @p link came back: no longer first choice until the next
  /// announce. False when there is no such candidate, or it was marked before.
  bool mark_behind(LinkSlot link, const NodeId& destination);

  [[nodiscard]] Slot find(const NodeId& destination) const;
  [[nodiscard]] const Route& route(Slot slot) const { return routes_[slot]; }
  [[nodiscard]] bool is_live(Slot slot) const { return routes_[slot].incarnation != 0; }
  /// Slots that were used up to now: what a walk over all routes has to visit.
  [[nodiscard]] std::size_t route_slots() const { return routes_.size(); }
  /// Limits::routes.
  [[nodiscard]] std::size_t route_capacity() const { return capacity_; }
  /// The announce of a live route as an item of gossip.
  [[nodiscard]] ItemRef item_of(Slot route) const;
  [[nodiscard]] std::size_t size() const { return index_.size(); }
  /// The candidates of a route; places whose link is kNoLink are free.
  [[nodiscard]] std::span<const Candidate> candidates(Slot route) const;
  /// What @p candidate of @p route counts as while its link is up. spec: L1/6 step 4
  [[nodiscard]] NextHop::Way way_of(Slot route, const Candidate& candidate) const;
  /// Least metric over fresh, feasible candidates. spec: L1/4.3 rule 1
  [[nodiscard]] const Candidate* best_feasible(Slot route) const;
  /// Least metric over fresh candidates of a known cost that no packet came back from, loop-free or
  /// not.
  [[nodiscard]] const Candidate* best_fresh(Slot route) const;
  /// The candidate data would take now, of whatever state. Borrowed until the next change.
  [[nodiscard]] const Candidate* best(Slot route) const;
  /// The link for a packet; nothing when no neighbour is nearer on the ring than @p self either.
  /// spec: L1/6 steps 4 to 7, README/9 clarifications 23 and 24
  [[nodiscard]] std::optional<NextHop> choose(const RouteQuery& query, const NodeId& self) const;
  /// Calls @p each with every route that has a candidate over @p link, most recent first. @p each
  /// must not change the table.
  template <class Each>
  void for_each_over(LinkSlot link, Each each) const {
    for (Slot c = links_[link].newest; c != kNoSlot; c = candidates_[c].older) each(route_of(c));
  }

  // ---- Time
  // --------------------------------------------------------------------------------------
  [[nodiscard]] Millis next_deadline() const;
  /// Deals with one deadline that has passed; nothing when none has.
  std::optional<RouteChange> on_time(Millis now);

 private:
  struct Gathered;
  [[nodiscard]] std::span<Candidate> own_candidates(Slot route);
  [[nodiscard]] Slot route_of(Slot candidate) const {
    return static_cast<Slot>(candidate / per_route_);
  }
  [[nodiscard]] Candidate* candidate_over(LinkSlot link, const NodeId& destination);
  /// The candidates of a route that a packet may take, all of the best way there is.
  void gather(Slot route, const RouteQuery& query, Gathered& out) const;
  [[nodiscard]] std::optional<NextHop> choose_route(Slot route, const RouteQuery& query) const;
  [[nodiscard]] LinkSlot nearer_on_ring(const RouteQuery& query, const NodeId& self) const;
  [[nodiscard]] LinkSlot widest_link_to(const NodeId& node) const;
  [[nodiscard]] std::size_t share() const;
  [[nodiscard]] bool is_full() const { return free_.empty() && routes_.size() == capacity_; }
  Slot take_free();  // not when it is full
  [[nodiscard]] bool is_protected(Slot route) const;
  /// A slot for a new destination over @p link, evicting if need be.
  Slot make_room(LinkSlot link, const NodeId& destination, Accepted& out, Millis now);
  /// Another link that leads to one of the destinations charged to @p link, and has room in its
  /// share, takes the charge. False when there is none.
  bool pass_charge_on(LinkSlot link);
  [[nodiscard]] bool share_is_full(LinkSlot link) const;
  [[nodiscard]] Slot own_victim(LinkSlot link, Millis now) const;
  [[nodiscard]] Slot any_victim() const;
  void evict(Slot route, Millis now);
  [[nodiscard]] Slot place_for(Slot route, const Offer& offer) const;
  void store(Slot candidate, const Offer& offer, bool opaque, Millis now);
  void enlist(Slot candidate);
  void delist(Slot candidate);
  void drop_candidate(Slot candidate, Millis now);
  RouteChange drop_and_tell(Slot candidate, Millis now);
  void charge(Slot route, LinkSlot link);
  /// Derives what is decided by from what the neighbour sent and what is known of its link.
  void derive(Slot candidate, bool opaque);
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
