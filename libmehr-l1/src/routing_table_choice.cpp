// Which way a packet takes. spec: L1/6 steps 4 to 7
#include <algorithm>
#include <gsl/assert>

#include "mehr/core/hazard.h"
#include "mehr/l1/ring.h"
#include "mehr/l1/route_score.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

namespace {

// The defect l1.feasibility: what came last wins, wherever it leads.
const Candidate* newer_of(const Candidate* best, const Candidate& other) {
  return best != nullptr && other.updated < best->updated ? best : &other;
}

Mtu usable_of(const Candidate& c) { return std::min(c.usable, c.limit); }

}  // namespace

/// Candidates of one way, within the room that a choice has.
struct RoutingTable::Gathered {
  Bounded<const Candidate*, kMaxScored> all;
  NextHop::Way way = NextHop::Way::feasible;

  // Leaves out those that @p unwanted names, unless that is all of them.
  template <class Unwanted>
  void leave_out(Unwanted unwanted) {
    Bounded<const Candidate*, kMaxScored> rest;
    for (const Candidate* c : all) {
      if (!unwanted(*c)) rest.must_push(c);
    }
    if (!rest.empty() && rest.size() < all.size()) all = rest;
  }
};

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

const Candidate* RoutingTable::best_fresh(Slot route) const {
  const Candidate* best = nullptr;
  for (const Candidate& c : candidates(route)) {
    const bool usable = c.link != kNoLink && is_up(c.link) && c.state == RouteState::fresh &&
                        c.emitted == routes_[route].emitted && !c.behind && c.received.cost.known();
    if (!usable) continue;
    if (best == nullptr || c.received.metric() < best->received.metric()) best = &c;
  }
  return best;
}

NextHop::Way RoutingTable::way_of(Slot route, const Candidate& c) const {
  if (planted("l1.feasibility")) return NextHop::Way::feasible;
  const Route& r = routes_[route];
  if (c.state == RouteState::stale) return NextHop::Way::stale;
  const bool safe =
      c.emitted == r.emitted && !c.behind && (!r.any_sent || c.received.metric() < r.feasible);
  return safe ? NextHop::Way::feasible : NextHop::Way::unsafe;
}

void RoutingTable::gather(Slot route, const RouteQuery& query, Gathered& out) const {
  out.way = NextHop::Way::ring;
  for (const Candidate& c : candidates(route)) {
    if (c.link == kNoLink || c.link == query.ingress || !is_up(c.link)) continue;
    const NextHop::Way way = way_of(route, c);
    if (way > out.way) continue;
    if (way < out.way) out.all.clear();
    out.way = way;
    (void)out.all.push(&c);  // more than 32 links to choose from: the first ones do
  }
  // Within the best class alone: where everything is full, packets that circle would be the rest.
  if (query.may_wait) out.leave_out([&](const Candidate& c) { return links_[c.link].avoided; });
  out.leave_out([&](const Candidate& c) { return usable_of(c).bytes < query.size; });
}

std::optional<NextHop> RoutingTable::choose_route(Slot route, const RouteQuery& query) const {
  Gathered from;
  gather(route, query, from);
  if (from.all.empty()) return std::nullopt;
  std::size_t chosen = 0;
  NextHop out;
  if (planted("l1.feasibility")) {
    const Candidate* newest = nullptr;
    for (const Candidate* c : from.all) newest = newer_of(newest, *c);
    while (from.all[chosen] != newest) ++chosen;
  } else if (from.all.size() > 1 || query.min_mtu != 0) {
    Bounded<RouteTraits, kMaxScored> traits;
    for (const Candidate* c : from.all) {
      traits.must_push({links_[c->link].info.peer, c->cost, c->entry.worst_latency_ms,
                        usable_of(*c), c->reliability, c->entry.hop_count});
    }
    const auto choice = choose_path({query.destination}, {traits.begin(), traits.end()},
                                    query.policy, query.min_mtu);
    Ensures(choice.has_value());
    chosen = choice->index;
    if (choice->unmet) out.violation = choice->violation(query.destination, query.min_mtu);
  }
  const Candidate& c = *from.all[chosen];
  out.link = c.link;
  out.way = from.way;
  out.limit = std::min(links_[c.link].info.mtu, c.limit);
  out.usable = usable_of(c);
  return out;
}

// Strictly nearer than this node, so that every step shortens the distance. spec: L1/6 step 7
LinkSlot RoutingTable::nearer_on_ring(const RouteQuery& query, const NodeId& self) const {
  U128 least = ring_distance(self, query.destination);
  LinkSlot nearest = kNoLink;
  for (std::size_t i = 0; i < links_.size(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    if (!is_up(link) || link == query.ingress) continue;
    const U128 distance = ring_distance(links_[i].info.peer, query.destination);
    if (!(distance < least)) continue;
    least = distance;
    nearest = link;
  }
  return nearest;
}

std::optional<NextHop> RoutingTable::choose(const RouteQuery& query, const NodeId& self) const {
  const auto over = [&](LinkSlot link, NextHop::Way way) {
    const Mtu mtu = links_[link].info.mtu;
    NextHop hop{link, way, mtu, mtu, std::nullopt};
    if (mtu.bytes < query.min_mtu) {
      hop.violation = PathConstraintViolation{query.destination, Mtu{query.min_mtu}, mtu};
    }
    return hop;
  };
  const LinkSlot direct = neighbour(query.destination);
  if (direct != kNoLink && direct != query.ingress) return over(direct, NextHop::Way::neighbour);
  const Slot slot = find(query.destination);
  if (slot != kNoSlot) {
    if (const auto hop = choose_route(slot, query)) return hop;
  }
  const LinkSlot nearer = nearer_on_ring(query, self);
  if (nearer == kNoLink) return std::nullopt;
  return over(nearer, NextHop::Way::ring);
}

const Candidate* RoutingTable::best(Slot route) const {
  const RouteQuery query{routes_[route].destination, kNoLink, 0, PathPolicy{}, 0, false};
  const auto hop = choose_route(route, query);
  const auto all = candidates(route);
  const auto wanted = [&](const Candidate& c) {
    return c.link != kNoLink && (!hop || c.link == hop->link);  // none: all over dead links
  };
  const auto found = std::find_if(all.begin(), all.end(), wanted);
  Ensures(found != all.end());
  return &*found;
}

}  // namespace mehr::l1
