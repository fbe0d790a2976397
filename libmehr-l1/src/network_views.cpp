// What the facade shows and tells: views for people, facts for the floors above.
#include <algorithm>
#include <utility>

#include "mehr/l1/network.h"
#include "network_parts.h"

namespace mehr::l1 {

// ---- PathInfo
// ------------------------------------------------------------------------------------

std::optional<PathFacts> Network::path(const NodeId& to, const PathPolicy& policy) const {
  if (to == self_) return std::nullopt;
  const auto hop = table_.choose({to, kNoLink, 0, policy, 0, false}, self_);
  if (goes_abroad(to, hop)) return facts_of(*foreign_.find(to));
  if (!hop) return std::nullopt;
  const l0::LinkInfo& link = table_.link(hop->link).info;
  PathFacts facts;
  facts.next_hop = link.peer;
  facts.mtu = std::min(hop->usable, hop->limit);
  facts.latency = link.latency;
  facts.bandwidth = link.bandwidth;
  facts.fresh = hop->way == NextHop::Way::neighbour;
  if (facts.fresh) facts.cost = 0;
  const Slot route = table_.find(to);
  if (route == kNoSlot || hop->way == NextHop::Way::ring) return facts;
  for (const Candidate& c : table_.candidates(route)) {
    if (c.link != hop->link) continue;
    facts.cost = c.cost;
    facts.latency = Millis{c.entry.worst_latency_ms};
    facts.bandwidth = c.entry.bottleneck_bps.decode();
    facts.hops = c.entry.hop_count;
    facts.reliability = c.reliability;
    facts.fresh = c.state == RouteState::fresh;
    facts.age = clock_.now() - c.updated;
  }
  return facts;
}

std::optional<ByteView> Network::tlv(const NodeId& node, std::uint8_t type) const {
  const Slot route = table_.find(node);
  if (route == kNoSlot) {
    const ForeignNodes::Node* const abroad = foreign_.find(node);
    return abroad == nullptr ? std::nullopt : abroad->tlv(type);
  }
  if (table_.route(route).opaque) return std::nullopt;
  const auto announce = decode<Announce>(table_.route(route).announce.view());
  return announce ? announce->extension.find(type) : std::nullopt;
}

void Network::destinations(const std::function<void(const NodeId&)>& each) const {
  for (Slot slot = 0; slot < table_.route_slots(); ++slot) {
    if (table_.is_live(slot)) each(table_.route(slot).destination);
  }
  foreign_.each([&](const ForeignNodes::Node& node) {
    if (table_.find(node.id) == kNoSlot) each(node.id);
  });
}

void Network::neighbours(const std::function<void(const NeighbourFacts&)>& each) const {
  for (std::size_t i = 0; i < table_.link_slots(); ++i) {
    const auto slot = static_cast<LinkSlot>(i);
    if (!table_.is_up(slot)) continue;
    const l0::LinkInfo& link = table_.link(slot).info;
    each({link.peer, link.bandwidth, link.latency, link.mtu, clock_offset_ms(slot)});
  }
}

// ---- For people
// ----------------------------------------------------------------------------------

std::optional<NodeId> Network::next_hop(const NodeId& to) const {
  const auto hop = table_.choose({to, kNoLink, 0, PathPolicy{}, 0, false}, self_);
  if (!hop || hop->way == NextHop::Way::ring) return std::nullopt;
  return table_.link(hop->link).info.peer;
}

RouteInfo Network::info_of(Slot slot, const Candidate& c, Millis now) const {
  const LinkEntry& link = table_.link(c.link);
  RouteInfo info;
  info.destination = table_.route(slot).destination;
  info.link = table_.is_up(c.link) ? link.info.id : l0::LinkId{};
  info.next_hop = link.info.peer;
  info.hop_count = c.entry.hop_count;
  info.cost = c.cost;
  info.latency = Millis{c.entry.worst_latency_ms};
  info.bandwidth = c.entry.bottleneck_bps.decode();
  info.mtu = std::min(c.usable, c.limit);
  info.state = c.state;
  info.reliability = c.reliability;
  for (const Candidate& way : table_.candidates(slot)) info.ways += way.link == kNoLink ? 0 : 1;
  info.age = now - c.updated;
  info.emitted = c.emitted;
  return info;
}

std::vector<RouteInfo> Network::routes() const {
  std::vector<RouteInfo> out;
  const Millis now = clock_.now();
  for (Slot slot = 0; slot < table_.route_slots(); ++slot) {
    if (table_.is_live(slot)) out.push_back(info_of(slot, *table_.best(slot), now));
  }
  foreign_.each([&](const ForeignNodes::Node& node) { out.push_back(info_of(node, now)); });
  return out;
}

// A neighbour is reached over its link whether or not it has announced itself there. spec: README/9
// clarification 24
std::vector<WayInfo> Network::ways(const NodeId& to) const {
  std::vector<WayInfo> out;
  const Millis now = clock_.now();
  const LinkSlot direct = table_.neighbour(to);
  if (direct != kNoLink) {
    const l0::LinkInfo& link = table_.link(direct).info;
    WayInfo way;
    way.way = NextHop::Way::neighbour;
    way.avoided = table_.link(direct).avoided;
    way.info = {to, link.id, to, 0, 0, link.latency, link.bandwidth, link.mtu, {}, 0, 1, {}, 0};
    out.push_back(way);
  }
  if (const ForeignNodes::Node* const abroad = foreign_.find(to)) {
    out.push_back({info_of(*abroad, now), NextHop::Way::feasible, false});
  }
  const Slot slot = table_.find(to);
  if (slot == kNoSlot) return out;
  for (const Candidate& c : table_.candidates(slot)) {
    if (c.link == kNoLink) continue;
    const WayInfo way{info_of(slot, c, now), table_.way_of(slot, c), table_.link(c.link).avoided};
    if (c.link != direct) {
      out.push_back(way);
    } else {
      out.front().info = way.info;
    }
  }
  return out;
}

std::vector<LinkView> Network::links() const {
  std::vector<LinkView> out;
  const Millis now = clock_.now();
  for (std::size_t i = 0; i < table_.link_slots(); ++i) {
    const auto slot = static_cast<LinkSlot>(i);
    if (!table_.is_up(slot)) continue;
    const Neighbour& neighbour = neighbours_[slot];
    NeighbourConduct conduct = neighbour.conduct;
    out.push_back({table_.link(slot).info, egress_.figures(slot), table_.link(slot).price,
                   conduct.points(now), neighbour.rtt.micros(), neighbour.rounds_good,
                   neighbour.rounds_failed});
  }
  return out;
}

// ---- Route events
// --------------------------------------------------------------------------------

void Network::observe_all() {
  if (!observer_) return;
  for (Slot slot = 0; slot < table_.route_slots(); ++slot) observe(slot);
}

void Network::observe(Slot slot) {
  using Kind = RouteEvent::Kind;
  if (!observer_ || slot == kNoSlot) return;
  if (slot >= told_.size()) told_.resize(slot + std::size_t{1});  // within what is reserved
  Told& told = told_[slot];
  const Route& route = table_.route(slot);
  const Candidate* best = table_.is_live(slot) ? table_.best(slot) : nullptr;
  const bool usable = best != nullptr && table_.is_up(best->link);
  if (told.incarnation != 0 && (!usable || told.incarnation != route.incarnation)) {
    const NodeId lost = std::exchange(told, Told{}).destination;
    tell({Kind::lost, lost, NodeId{}});
  }
  if (!usable) return;
  const NodeId peer = table_.link(best->link).info.peer;
  if (told.incarnation != 0 && told.next_hop == peer) return;
  const Kind kind = told.incarnation == 0 ? Kind::appeared : Kind::changed;
  told = {route.destination, peer, route.incarnation};
  tell({kind, route.destination, peer});
}

void Network::tell(const RouteEvent& event) {
  if (!observer_) return;
  const auto observer = observer_;  // lives on should it replace itself
  observer(event);
}

}  // namespace mehr::l1
