// Who makes room when the table is full. spec: README/9 clarification 5
#include <algorithm>
#include <tuple>

#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

namespace {
// How far back in a link's list a victim is looked for; the list is in order of age.
constexpr std::size_t kVictimsLookedAt = 64;
}  // namespace

std::size_t RoutingTable::share() const {
  // spec: README/9 clarification 5
  return std::max<std::size_t>(1, capacity_ / std::max<std::size_t>(4, active_));
}

bool RoutingTable::share_is_full(LinkSlot link) const { return links_[link].charged >= share(); }

bool RoutingTable::is_protected(Slot route) const {
  return neighbour(routes_[route].destination) != kNoLink;
}

Slot RoutingTable::make_room(LinkSlot link, const NodeId& destination, Accepted& out, Millis now) {
  Slot victim = kNoSlot;
  const bool over_share = share_is_full(link) && neighbour(destination) == kNoLink;
  if (over_share && !pass_charge_on(link)) {
    victim = own_victim(link, now);
    if (victim == kNoSlot) return kNoSlot;
  } else if (is_full()) {
    victim = any_victim();
  }
  if (victim != kNoSlot) {
    out.evicted = item_of(victim);
    evict(victim, now);
  }
  return is_full() ? kNoSlot : take_free();
}

Slot RoutingTable::take_free() {
  if (!free_.empty()) {
    const Slot slot = free_.back();
    free_.pop_back();
    return slot;
  }
  routes_.emplace_back();
  candidates_.resize(candidates_.size() + per_route_);
  return static_cast<Slot>(routes_.size() - 1);
}

// Without it, a neighbour that is merely the first to pass on a destination could, by a flood of
// its own, evict what another neighbour leads to as well.
bool RoutingTable::pass_charge_on(LinkSlot link) {
  std::size_t looked_at = 0;
  for (Slot c = links_[link].oldest; c != kNoSlot; c = candidates_[c].newer) {
    const Slot route = route_of(c);
    if (routes_[route].charged_to != link) continue;
    if (++looked_at > kVictimsLookedAt) break;
    for (const Candidate& other : candidates(route)) {
      if (other.link == link || !is_up(other.link)) continue;
      if (share_is_full(other.link)) continue;
      charge(route, other.link);
      return true;
    }
  }
  return false;
}

Slot RoutingTable::own_victim(LinkSlot link, Millis now) const {
  Slot victim = kNoSlot;
  std::size_t looked_at = 0;
  const auto badness = [&](Slot c) {
    return std::tuple(candidates_[c].state == RouteState::fresh, candidates_[c].reliability);
  };
  for (Slot c = links_[link].oldest; c != kNoSlot; c = candidates_[c].newer) {
    if (routes_[route_of(c)].charged_to != link) continue;
    if (++looked_at > kVictimsLookedAt && victim != kNoSlot) break;
    if (is_protected(route_of(c))) continue;
    const bool fresh = candidates_[c].state == RouteState::fresh;
    if (fresh && now - routes_[route_of(c)].since < kRouteResidence) continue;
    if (victim == kNoSlot || badness(c) < badness(victim)) victim = c;
  }
  return victim == kNoSlot ? kNoSlot : route_of(victim);
}

// What a link holds within its share is its own: the table is full, so some link that is up holds
// more than that, or one that is down holds the rest.
// Seldom: only for a link within its share while the table is full, so at most share() times in a
// row for each link.
Slot RoutingTable::any_victim() const {
  Slot victim = kNoSlot;
  std::tuple<bool, std::uint8_t, Millis> least;
  for (Slot slot = 0; slot < routes_.size(); ++slot) {
    if (!is_live(slot) || is_protected(slot)) continue;
    const Candidate& c = *best(slot);
    const bool fresh = c.state == RouteState::fresh;
    const LinkSlot payer = routes_[slot].charged_to;
    if (fresh && is_up(payer) && links_[payer].charged <= share()) continue;
    // Least recently used among stale ones, lowest reliability among fresh ones. spec: L1/5
    const std::tuple rank(fresh, fresh ? c.reliability : std::uint8_t{0}, c.updated);
    if (victim == kNoSlot || rank < least) {
      victim = slot;
      least = rank;
    }
  }
  return victim;
}

}  // namespace mehr::l1
