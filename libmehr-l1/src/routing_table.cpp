#include "mehr/l1/routing_table.h"

#include <algorithm>
#include <gsl/assert>
#include <tuple>

#include "mehr/core/hazard.h"

namespace mehr::l1 {

namespace {

// How far back in a link's list a victim is looked for; the list is in order of age.
constexpr std::size_t kVictimsLookedAt = 64;

NodeId index_key(l0::LinkId id) {
  NodeId key;
  Writer(key.mutable_view()).put(id.value);
  return key;
}

// The defect l1.feasibility: what came last wins, wherever it leads.
const Candidate* newer_of(const Candidate* best, const Candidate& other) {
  return best != nullptr && other.updated < best->updated ? best : &other;
}

}  // namespace

RoutingTable::RoutingTable(const Limits& limits, Random& random)
    : per_route_(limits.candidates),
      capacity_(limits.routes),
      links_(limits.links),
      index_(limits.routes, HashSalt::draw(random)),
      neighbours_(limits.links, HashSalt::draw(random)),
      link_ids_(limits.links, HashSalt::draw(random)),
      deadlines_(limits.routes),
      evicted_(limits.evicted_routes, HashSalt::draw(random)) {
  Expects(limits.candidates > 0 && limits.links > 0 && limits.links < kNoLink);
  // Room for all of them, made now; each is begun when it is first used, so that a table that stays
  // small leaves its pages untouched.
  routes_.reserve(capacity_);
  candidates_.reserve(capacity_ * per_route_);
  free_.reserve(capacity_);
}

// ---- Links
// ---------------------------------------------------------------------------------------

LinkSlot RoutingTable::link_up(const l0::LinkInfo& info) {
  using State = LinkEntry::State;
  std::optional<std::size_t> at;
  const auto returning = [&](const LinkEntry& e) {
    return e.state == State::down && e.info.peer == info.peer && e.info.interface == info.interface;
  };
  const auto preferred = [&](const LinkEntry& e) {
    return std::tuple(!returning(e), e.state != State::free, e.gone_at);
  };
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (links_[i].state == State::up) continue;
    if (!at || preferred(links_[i]) < preferred(links_[*at])) at = i;
  }
  if (!at) return kNoLink;
  const auto slot = static_cast<LinkSlot>(*at);
  LinkEntry& entry = links_[slot];
  if (entry.state == State::down && !returning(entry)) forget_link(slot, entry.gone_at);
  entry.state = State::up;
  entry.info = info;
  ++active_;
  neighbours_.put(info.peer, slot);
  link_ids_.put(index_key(info.id), slot);
  schedule_gone();
  return slot;
}

LinkSlot RoutingTable::link_down(l0::LinkId id, l0::CloseReason reason, Millis now) {
  const LinkSlot slot = find_link(id);
  if (slot == kNoLink) return kNoLink;
  LinkEntry& entry = links_[slot];
  entry.state = LinkEntry::State::down;
  // An idle link was silent for 180 s before it closed.
  const Millis silent = reason == l0::CloseReason::idle ? kNeighbourSilent : Millis{0};
  entry.gone_at = now + (kNeighbourGone - silent);
  --active_;
  link_ids_.erase(index_key(id));
  neighbours_.erase(entry.info.peer);
  for (std::size_t i = 0; i < links_.size(); ++i) {
    if (links_[i].state == LinkEntry::State::up && links_[i].info.peer == entry.info.peer) {
      neighbours_.put(entry.info.peer, static_cast<Slot>(i));
      break;
    }
  }
  for (Slot c = entry.newest; c != kNoSlot; c = candidates_[c].older) {
    Candidate& candidate = candidates_[c];
    candidate.link_was_lost = true;
    if (candidate.state == RouteState::stale) continue;
    candidate.state = RouteState::stale;
    candidate.expires = now + kRouteStale;
    schedule(route_of(c));
  }
  schedule_gone();
  return slot;
}

LinkSlot RoutingTable::find_link(l0::LinkId id) const {
  const auto slot = link_ids_.find(index_key(id));
  return slot ? static_cast<LinkSlot>(*slot) : kNoLink;
}

LinkSlot RoutingTable::neighbour(const NodeId& node) const {
  const auto slot = neighbours_.find(node);
  return slot ? static_cast<LinkSlot>(*slot) : kNoLink;
}

void RoutingTable::forget_link(LinkSlot slot, Millis now) {
  while (links_[slot].newest != kNoSlot) drop_candidate(links_[slot].newest, now);
  links_[slot].state = LinkEntry::State::free;
}

void RoutingTable::schedule_gone() {
  next_gone_ = Millis::never();
  if (planted("l1.never_expires")) return;
  for (const LinkEntry& e : links_) {
    if (e.state == LinkEntry::State::down) next_gone_ = std::min(next_gone_, e.gone_at);
  }
}

// ---- Candidates
// ----------------------------------------------------------------------------------

std::span<const Candidate> RoutingTable::candidates(Slot route) const {
  return std::span(candidates_).subspan(route * per_route_, per_route_);
}

std::span<Candidate> RoutingTable::own_candidates(Slot route) {
  return std::span(candidates_).subspan(route * per_route_, per_route_);
}

void RoutingTable::enlist(Slot candidate) {
  Candidate& c = candidates_[candidate];
  LinkEntry& entry = links_[c.link];
  c.newer = kNoSlot;
  c.older = entry.newest;
  if (entry.newest != kNoSlot) candidates_[entry.newest].newer = candidate;
  entry.newest = candidate;
  if (entry.oldest == kNoSlot) entry.oldest = candidate;
}

void RoutingTable::delist(Slot candidate) {
  const Candidate& c = candidates_[candidate];
  LinkEntry& entry = links_[c.link];
  (c.newer == kNoSlot ? entry.newest : candidates_[c.newer].older) = c.older;
  (c.older == kNoSlot ? entry.oldest : candidates_[c.older].newer) = c.newer;
}

void RoutingTable::charge(Slot route, LinkSlot link) {
  LinkSlot& payer = routes_[route].charged_to;
  if (payer != kNoLink) --links_[payer].charged;
  if (link != kNoLink) ++links_[link].charged;
  payer = link;
}

void RoutingTable::drop_candidate(Slot candidate, Millis now) {
  const Slot route = route_of(candidate);
  const LinkSlot link = candidates_[candidate].link;
  delist(candidate);
  candidates_[candidate] = Candidate{};
  const auto rest = candidates(route);
  const auto other =
      std::find_if(rest.begin(), rest.end(), [](const Candidate& c) { return c.link != kNoLink; });
  if (other == rest.end()) return evict(route, now);
  if (routes_[route].charged_to == link) charge(route, other->link);
  schedule(route);
}

void RoutingTable::evict(Slot route, Millis now) {
  Route& r = routes_[route];
  for (std::size_t i = 0; i < per_route_; ++i) {
    const auto c = static_cast<Slot>(route * per_route_ + i);
    if (candidates_[c].link == kNoLink) continue;
    delist(c);
    candidates_[c] = Candidate{};
  }
  charge(route, kNoLink);
  evicted_.remember(r.destination, r.emitted, now);
  index_.erase(r.destination);
  deadlines_.set(route, Millis::never());
  r.incarnation = 0;
  free_.push_back(route);
}

void RoutingTable::schedule(Slot route) {
  Millis due = Millis::never();
  for (const Candidate& c : candidates(route)) {
    if (c.link != kNoLink) due = std::min(due, c.expires);
  }
  deadlines_.set(route, planted("l1.never_expires") ? Millis::never() : due);
}

// ---- Accepting
// -----------------------------------------------------------------------------------

Slot RoutingTable::find(const NodeId& destination) const {
  return index_.find(destination).value_or(kNoSlot);
}

Novelty RoutingTable::novelty(const NodeId& destination, std::uint64_t emitted,
                              const CompactPathCost& received, LinkSlot link, Millis now) const {
  const Slot slot = find(destination);
  if (slot == kNoSlot) {
    return evicted_.refuses(destination, emitted, now) ? Novelty::replayed : Novelty::fresh;
  }
  const bool in_order = !planted("l1.announce_order");
  if (in_order && emitted < routes_[slot].emitted) return Novelty::older;
  for (const Candidate& c : candidates(slot)) {
    // A link that was lost and came back is another link: its announces count again.
    if (c.link == link && c.emitted == emitted && c.received == received && !c.link_was_lost) {
      return Novelty::repeated;
    }
  }
  return Novelty::fresh;
}

Accepted RoutingTable::accept(const Offer& offer, Millis now) {
  Accepted out;
  Slot slot = find(offer.destination);
  if (slot == kNoSlot) {
    slot = make_room(offer.link, offer.destination, out, now);
    if (slot == kNoSlot) return out;
    Route& r = routes_[slot];
    r.destination = offer.destination;
    r.incarnation = ++last_incarnation_;
    r.charged_to = kNoLink;
    index_.put(offer.destination, slot);
    charge(slot, offer.link);
    out.created = true;
  }
  Route& r = routes_[slot];
  const bool other = planted("l1.announce_order") && offer.announce.emitted != r.emitted;
  if (out.created || offer.announce.emitted > r.emitted || other) {
    r.public_key = offer.announce.public_key;
    r.emitted = offer.announce.emitted;
    r.feasible = Metric::infinite();
    r.any_sent = false;
    r.opaque = offer.announce.extension.major() != kProtocolVersion >> 4;
    r.announce.assign(offer.data);
    out.newer = true;
  }
  const Slot place = place_for(slot, offer);
  if (place == kNoSlot) return out;
  out.route = slot;
  store(place, offer, r.opaque, now);
  schedule(slot);
  return out;
}

Slot RoutingTable::place_for(Slot route, const Offer& offer) const {
  const auto all = candidates(route);
  const auto slot_of = [&](std::size_t i) { return static_cast<Slot>(route * per_route_ + i); };
  const auto same_link = [&](const Candidate& c) { return c.link == offer.link; };
  if (const auto own = std::find_if(all.begin(), all.end(), same_link); own != all.end()) {
    return slot_of(static_cast<std::size_t>(own - all.begin()));
  }
  std::size_t worst = 0;
  const auto badness = [&](const Candidate& c) {
    return std::tuple(c.link == kNoLink, c.state == RouteState::stale,
                      c.emitted != routes_[route].emitted, c.received.metric());
  };
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (badness(all[i]) > badness(all[worst])) worst = i;
  }
  const auto& out = all[worst];
  const bool useful = out.link == kNoLink || out.state == RouteState::stale ||
                      out.emitted != offer.announce.emitted ||
                      offer.announce.extension.path_cost.metric() < out.received.metric();
  return useful ? slot_of(worst) : kNoSlot;
}

void RoutingTable::store(Slot candidate, const Offer& offer, bool opaque, Millis now) {
  Candidate& c = candidates_[candidate];
  const Slot route = route_of(candidate);
  const bool newer = c.link != offer.link || c.emitted != offer.announce.emitted;
  const Mtu limit = newer ? Mtu{0xFFFF} : c.limit;
  const std::uint8_t reliability = c.link == offer.link ? c.reliability : 0;
  const LinkSlot former = c.link;
  if (former != kNoLink) delist(candidate);
  c = Candidate{};
  c.link = offer.link;
  c.received = offer.announce.extension.path_cost;
  const l0::LinkInfo& info = links_[offer.link].info;
  c.entry = link_step(c.received, {info.latency, info.bandwidth, info.mtu});
  if (opaque) c.entry.cost = CostCode{CostCode::kUnknown};  // usable last. spec: L1/13.3
  c.emitted = offer.announce.emitted;
  c.updated = now;
  c.expires = now + kRouteFresh;
  c.usable = c.entry.bottleneck_mtu.usable();
  c.limit = limit;
  c.reliability = reliability;
  c.hops = offer.hops;
  enlist(candidate);
  if (former != kNoLink && former != offer.link && routes_[route].charged_to == former) {
    charge(route, offer.link);
  }
}

void RoutingTable::announced(Slot route, const Metric& sent) {
  Route& r = routes_[route];
  r.feasible = r.any_sent ? std::min(r.feasible, sent) : sent;
  r.any_sent = true;
}

bool RoutingTable::limit_mtu(LinkSlot link, const NodeId& destination, Mtu mtu) {
  const Slot slot = find(destination);
  if (slot == kNoSlot) return false;
  for (Candidate& c : own_candidates(slot)) {
    if (c.link != link) continue;
    const Mtu current = std::min(c.usable, c.limit);
    if (mtu < l0::kConstrainedMtu || mtu > current) return false;
    c.limit = mtu;
    return true;
  }
  return false;
}

// ---- Memory short
// --------------------------------------------------------------------------------

std::size_t RoutingTable::share() const {
  // spec: README/9 clarification 5
  return std::max<std::size_t>(1, capacity_ / std::max<std::size_t>(4, active_));
}

bool RoutingTable::is_protected(Slot route) const {
  return neighbour(routes_[route].destination) != kNoLink;
}

Slot RoutingTable::make_room(LinkSlot link, const NodeId& destination, Accepted& out, Millis now) {
  Slot victim = kNoSlot;
  const bool over_share = links_[link].charged >= share() && neighbour(destination) == kNoLink;
  if (over_share && !pass_charge_on(link)) {
    victim = own_victim(link);
    if (victim == kNoSlot) return kNoSlot;
  } else if (is_full()) {
    victim = any_victim();
  }
  if (victim != kNoSlot) {
    out.evicted = routes_[victim].destination;
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
      if (links_[other.link].charged >= share()) continue;
      charge(route, other.link);
      return true;
    }
  }
  return false;
}

Slot RoutingTable::own_victim(LinkSlot link) const {
  Slot victim = kNoSlot;
  std::size_t looked_at = 0;
  const auto badness = [&](Slot c) {
    return std::tuple(candidates_[c].state == RouteState::fresh, candidates_[c].reliability);
  };
  for (Slot c = links_[link].oldest; c != kNoSlot; c = candidates_[c].newer) {
    if (routes_[route_of(c)].charged_to != link) continue;
    if (++looked_at > kVictimsLookedAt && victim != kNoSlot) break;
    if (is_protected(route_of(c))) continue;
    if (victim == kNoSlot || badness(c) < badness(victim)) victim = c;
  }
  return victim == kNoSlot ? kNoSlot : route_of(victim);
}

// Seldom: only for a link within its share while the table is full, so at most share() times in a
// row for each link.
Slot RoutingTable::any_victim() const {
  Slot victim = kNoSlot;
  std::tuple<bool, std::uint8_t, Millis> least;
  for (Slot slot = 0; slot < routes_.size(); ++slot) {
    if (!is_live(slot) || is_protected(slot)) continue;
    const Candidate& c = *best(slot);
    const bool fresh = c.state == RouteState::fresh;
    // Least recently used among stale ones, lowest reliability among fresh ones. spec: L1/5
    const std::tuple rank(fresh, fresh ? c.reliability : std::uint8_t{0}, c.updated);
    if (victim == kNoSlot || rank < least) {
      victim = slot;
      least = rank;
    }
  }
  return victim;
}

// ---- Choosing
// ------------------------------------------------------------------------------------

const Candidate* RoutingTable::best_feasible(Slot route) const {
  const Route& r = routes_[route];
  const Candidate* best = nullptr;
  for (const Candidate& c : candidates(route)) {
    if (c.link == kNoLink || c.state != RouteState::fresh || c.emitted != r.emitted) continue;
    if (planted("l1.feasibility")) {
      best = newer_of(best, c);
      continue;
    }
    if (r.any_sent && !(c.received.metric() < r.feasible)) continue;
    if (best == nullptr || c.received.metric() < best->received.metric()) best = &c;
  }
  return best;
}

const Candidate* RoutingTable::choose_candidate(Slot route, LinkSlot ingress,
                                                std::size_t size) const {
  const Route& r = routes_[route];
  const Candidate* chosen = nullptr;
  const auto rank = [&](const Candidate& c) {
    const bool feasible =
        c.emitted == r.emitted && (!r.any_sent || c.received.metric() < r.feasible);
    const int tier = c.state == RouteState::stale ? 2 : (feasible ? 0 : 1);
    const bool too_small = std::min(c.usable, c.limit).bytes < size;
    return std::tuple(tier, too_small, c.entry.metric(), links_[c.link].info.peer);
  };
  for (const Candidate& c : candidates(route)) {
    if (c.link == kNoLink || c.link == ingress || !is_up(c.link)) continue;
    if (planted("l1.feasibility")) {
      chosen = newer_of(chosen, c);
    } else if (chosen == nullptr || rank(c) < rank(*chosen)) {
      chosen = &c;
    }
  }
  return chosen;
}

const Candidate* RoutingTable::best(Slot route) const {
  if (const Candidate* c = choose_candidate(route, kNoLink, 0)) return c;
  const auto all = candidates(route);  // all over dead links
  const auto any =
      std::find_if(all.begin(), all.end(), [](const Candidate& c) { return c.link != kNoLink; });
  Ensures(any != all.end());
  return &*any;
}

std::optional<NextHop> RoutingTable::choose(const NodeId& destination, LinkSlot ingress,
                                            std::size_t size) const {
  const LinkSlot direct = neighbour(destination);
  if (direct != kNoLink && direct != ingress) {
    const Mtu mtu = links_[direct].info.mtu;
    return NextHop{direct, mtu, mtu};
  }
  const Slot slot = find(destination);
  if (slot == kNoSlot) return std::nullopt;
  const Candidate* c = choose_candidate(slot, ingress, size);
  if (c == nullptr) return std::nullopt;
  return NextHop{c->link, std::min(links_[c->link].info.mtu, c->limit),
                 std::min(c->usable, c->limit)};
}

// ---- Time
// ----------------------------------------------------------------------------------------

Millis RoutingTable::next_deadline() const { return std::min(deadlines_.next(), next_gone_); }

std::optional<RouteChange> RoutingTable::on_time(Millis now) {
  while (next_gone_ <= now) {
    const auto gone = std::find_if(links_.begin(), links_.end(), [&](const LinkEntry& e) {
      return e.state == LinkEntry::State::down && e.gone_at <= now;
    });
    if (gone->newest == kNoSlot) {
      gone->state = LinkEntry::State::free;
      schedule_gone();
      continue;
    }
    const Slot route = route_of(gone->newest);
    const NodeId destination = routes_[route].destination;
    drop_candidate(gone->newest, now);
    return RouteChange{destination, route, !is_live(route)};
  }
  if (deadlines_.next() > now) return std::nullopt;
  const Slot route = deadlines_.first();
  const NodeId destination = routes_[route].destination;
  for (std::size_t i = 0; i < per_route_; ++i) {
    const auto at = static_cast<Slot>(route * per_route_ + i);
    Candidate& c = candidates_[at];
    if (c.link == kNoLink || c.expires > now) continue;
    if (c.state == RouteState::fresh) {
      c.state = RouteState::stale;
      c.expires = c.expires + kRouteStale;
      continue;
    }
    drop_candidate(at, now);
    if (!is_live(route)) return RouteChange{destination, route, true};
  }
  schedule(route);
  return RouteChange{destination, route, false};
}

}  // namespace mehr::l1
