#include "mehr/l1/routing_table.h"

#include <algorithm>
#include <gsl/assert>
#include <tuple>

#include "mehr/core/hazard.h"
#include "mehr/l1/announce_item.h"

namespace mehr::l1 {

namespace {

// A neighbour says the same announce again only when it has become better; what became worse it
// tells by PathUpdate. So the worse of two was sent first. spec: L1/4.3 rules 2 and 4
bool overtaken(const Candidate& held, const CompactPathCost& received) {
  return held.state == RouteState::fresh && held.received.metric() < received.metric();
}

NodeId index_key(l0::LinkId id) {
  NodeId key;
  Writer(key.mutable_view()).put(id.value);
  return key;
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
  entry.avoided = false;
  entry.price = 0;
  entry.load = LinkLoad{};
  ++active_;
  neighbours_.put(info.peer, widest_link_to(info.peer));
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
  const LinkSlot other = widest_link_to(entry.info.peer);
  if (other != kNoLink) neighbours_.put(entry.info.peer, other);
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

LinkSlot RoutingTable::widest_link_to(const NodeId& node) const {
  LinkSlot widest = kNoLink;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const LinkEntry& e = links_[i];
    if (e.state != LinkEntry::State::up || e.info.peer != node) continue;
    if (widest != kNoLink && e.info.bandwidth < links_[widest].info.bandwidth) continue;
    widest = static_cast<LinkSlot>(i);
  }
  return widest;
}

void RoutingTable::measured(LinkSlot slot, Millis latency, BitsPerSecond bandwidth) {
  l0::LinkInfo& info = links_[slot].info;
  if (info.latency == latency && info.bandwidth == bandwidth) return;
  info.latency = latency;
  info.bandwidth = bandwidth;
  for (Slot c = links_[slot].newest; c != kNoSlot; c = candidates_[c].older) {
    derive(c, routes_[route_of(c)].opaque);
  }
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
    if (c.link != link || c.emitted != emitted || c.link_was_lost) continue;
    if (c.received == received || overtaken(c, received)) return Novelty::repeated;
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
    r.since = now;
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
    r.opaque = offer.opaque;
    r.announce.assign(offer.data);
    r.item = announce_item_id(offer.destination, r.emitted);
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
  const bool behind = !newer && c.behind;
  const std::uint8_t reliability = c.link == offer.link ? c.reliability : 0;
  const LinkSlot former = c.link;
  if (former != kNoLink) delist(candidate);
  c = Candidate{};
  c.link = offer.link;
  c.received = offer.announce.extension.path_cost;
  c.emitted = offer.announce.emitted;
  c.updated = now;
  c.expires = now + kRouteFresh;
  c.limit = limit;
  c.behind = behind;
  derive(candidate, opaque);
  c.reliability = reliability;
  c.hops = offer.hops;
  enlist(candidate);
  if (former != kNoLink && former != offer.link && routes_[route].charged_to == former) {
    charge(route, offer.link);
  }
}

void RoutingTable::derive(Slot candidate, bool opaque) {
  Candidate& c = candidates_[candidate];
  const l0::LinkInfo& info = links_[c.link].info;
  c.entry = link_step(c.received, {info.latency, info.bandwidth, info.mtu});
  if (opaque) c.entry.cost = CostCode{CostCode::kUnknown};  // usable last. spec: L1/13.3
  c.cost = c.entry.cost.decode();
  c.usable = c.entry.bottleneck_mtu.usable();
}

Candidate* RoutingTable::candidate_over(LinkSlot link, const NodeId& destination) {
  const Slot slot = link == kNoLink ? kNoSlot : find(destination);
  if (slot == kNoSlot) return nullptr;
  const auto all = own_candidates(slot);
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const Candidate& c) { return c.link == link; });
  return at == all.end() ? nullptr : &*at;
}

Slot RoutingTable::update(LinkSlot link, const NodeId& destination, std::uint64_t emitted,
                          const CompactPathCost& received) {
  Candidate* c = candidate_over(link, destination);
  if (c == nullptr || c->emitted != emitted) return kNoSlot;
  const auto at = static_cast<Slot>(c - candidates_.data());
  const Slot route = route_of(at);
  if (routes_[route].opaque) return kNoSlot;  // its cost is not ours to read
  c->received = received;
  derive(at, false);
  return route;
}

bool RoutingTable::misses(LinkSlot link, const NodeId& destination, std::uint64_t emitted,
                          const CompactPathCost& received) const {
  const Slot slot = find(destination);
  if (slot == kNoSlot || !received.cost.known()) return false;
  const Route& r = routes_[slot];
  if (r.emitted != emitted || r.opaque) return false;
  // Only a way that is sure to be none in circles: where a destination is cut off, its neighbours
  // tell each other of such ways, dearer each time, and every question would bring one more.
  if (r.any_sent && !(received.metric() < r.feasible)) return false;
  const auto all = candidates(slot);
  return std::all_of(all.begin(), all.end(), [&](const Candidate& c) {
    if (c.link == kNoLink) return true;
    const bool counts = is_up(c.link) && c.state == RouteState::fresh && c.emitted == emitted;
    return c.link != link && (!counts || received.metric() < c.received.metric());
  });
}

namespace {
// spec: L1/5: the first outcome sets 128
std::uint8_t after_outcome(unsigned r, bool success) {
  if (r == 0) return 128;
  if (success) return static_cast<std::uint8_t>(r + (255 - r + 15) / 16);
  return static_cast<std::uint8_t>(std::max(1U, r - (r + 3) / 4));
}
}  // namespace

void RoutingTable::outcome(LinkSlot link, const NodeId& destination, bool success) {
  Candidate* c = candidate_over(link, destination);
  if (c != nullptr) c->reliability = after_outcome(c->reliability, success);
}

void RoutingTable::outcome_of_link(LinkSlot link, bool success) {
  for (Slot c = links_[link].newest; c != kNoSlot; c = candidates_[c].older) {
    candidates_[c].reliability = after_outcome(candidates_[c].reliability, success);
  }
}

bool RoutingTable::mark_behind(LinkSlot link, const NodeId& destination) {
  Candidate* c = candidate_over(link, destination);
  if (c == nullptr || c->behind) return false;
  c->behind = true;
  return true;
}

void RoutingTable::announced(Slot route, const Metric& sent) {
  Route& r = routes_[route];
  r.feasible = r.any_sent ? std::min(r.feasible, sent) : sent;
  r.any_sent = true;
}

bool RoutingTable::limit_mtu(LinkSlot link, const NodeId& destination, Mtu mtu) {
  Candidate* c = candidate_over(link, destination);
  if (c == nullptr) return false;
  const Mtu current = std::min(c->usable, c->limit);
  if (mtu < l0::kConstrainedMtu || mtu > current) return false;
  c->limit = mtu;
  return true;
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
    return drop_and_tell(gone->newest, now);
  }
  if (deadlines_.next() > now) return std::nullopt;
  const Slot route = deadlines_.first();
  for (std::size_t i = 0; i < per_route_; ++i) {
    const auto at = static_cast<Slot>(route * per_route_ + i);
    Candidate& c = candidates_[at];
    if (c.link == kNoLink || c.expires > now) continue;
    if (c.state == RouteState::fresh) {
      c.state = RouteState::stale;
      c.expires = c.expires + kRouteStale;
      continue;
    }
    const RouteChange change = drop_and_tell(at, now);
    if (change.lost) return change;
  }
  schedule(route);
  return RouteChange{routes_[route].destination, route, false, {}};
}

RouteChange RoutingTable::drop_and_tell(Slot candidate, Millis now) {
  const Slot route = route_of(candidate);
  const RouteChange lost{routes_[route].destination, route, true, item_of(route)};
  drop_candidate(candidate, now);
  return is_live(route) ? RouteChange{lost.destination, route, false, {}} : lost;
}

ItemRef RoutingTable::item_of(Slot route) const {
  const Route& r = routes_[route];
  return {r.item, kAnnounceKind,
          static_cast<std::uint16_t>(kAnnounceItemHead + r.announce.view().size())};
}

}  // namespace mehr::l1
