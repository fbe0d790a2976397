#include "mehr/linux/neighbour_finder.h"

#include <algorithm>

#include "mehr/core/codec.h"

namespace mehr::linux_port {
namespace {

// A hint of who is here and what it can do. spec: MK/10
struct PresenceBeacon {
  NodeId node;
  std::uint16_t capabilities = 0;
  std::uint8_t cost_tier = 0;
  std::uint8_t load = 0;

  static constexpr auto wire = std::tuple{
      field("node", &PresenceBeacon::node), field("capabilities", &PresenceBeacon::capabilities),
      field("cost_tier", &PresenceBeacon::cost_tier), field("load", &PresenceBeacon::load)};
};
static_assert(wire_size<PresenceBeacon> == 20);

constexpr std::uint16_t kRelay = 1U << 0;
constexpr Millis kFirst{200};  // others that start with us are listening by then

}  // namespace

NeighbourFinder::NeighbourFinder(Loop& loop, l0::Links& links, const NodeId& self, Random& random)
    : loop_(loop), links_(links), self_(self), random_(random) {}

NeighbourFinder::~NeighbourFinder() { loop_.wake_at(*this, Millis::never()); }

void NeighbourFinder::attached(Medium& medium, Targets targets) {
  if (medium.info().mode == InterfaceMode::rns) return;
  Place place;
  place.medium = &medium;
  place.targets = std::move(targets);
  place.beacon_at = loop_.now() + kFirst;
  places_.push_back(std::move(place));
  rearm();
}

void NeighbourFinder::detached(const Medium& medium) {
  std::erase_if(places_, [&medium](const Place& p) { return p.medium == &medium; });
  rearm();
}

void NeighbourFinder::on_link_up(const l0::LinkInfo& link, const Medium&) {
  up_.push_back({link.id, link.peer, link.interface});
}

void NeighbourFinder::on_link_down(const l0::LinkInfo& link) {
  std::erase_if(up_, [&link](const Up& u) { return u.link == link.id; });
}

bool NeighbourFinder::is_linked(const NodeId& node, InterfaceId interface) const {
  return std::any_of(up_.begin(), up_.end(),
                     [&](const Up& u) { return u.peer == node && u.interface == interface; });
}

NeighbourFinder::Heard& NeighbourFinder::heard(const NodeId& node, InterfaceId interface,
                                               Millis now) {
  const auto known = std::find_if(heard_.begin(), heard_.end(), [&](const Heard& h) {
    return h.node == node && h.interface == interface;
  });
  if (known != heard_.end()) return *known;
  if (heard_.size() < kMostHeard) {
    heard_.push_back({node, interface, now, Millis::never(), 0});
    return heard_.back();
  }
  Heard& oldest = *std::min_element(heard_.begin(), heard_.end(),
                                    [](const Heard& a, const Heard& b) { return a.at < b.at; });
  oldest = {node, interface, now, Millis::never(), 0};
  return oldest;
}

void NeighbourFinder::on_heard(Medium& medium, const l0::NeighbourFrame& frame) {
  if (frame.kind != l0::NeighbourFrame::Kind::beacon || medium.info().stream) return;
  const auto beacon = decode<PresenceBeacon>(frame.body);
  if (!beacon || beacon->node == self_ || is_linked(beacon->node, frame.interface)) return;
  const Millis now = loop_.now();
  Heard& them = heard(beacon->node, frame.interface, now);
  them.at = now;
  ++them.beacons;
  const bool turn = self_ < beacon->node || them.beacons >= kBeaconsBefore;
  // A handshake that is under way would only be doubled.
  const bool busy = them.asked_at != Millis::never() && now - them.asked_at < kBeacon;
  if (!turn || busy) return;
  them.beacons = 0;
  them.asked_at = now;
  (void)links_.establish(medium, frame.received.from, beacon->node);
}

void NeighbourFinder::beacon(Place& place, Millis now) {
  const MediumInfo& info = place.medium->info();
  PresenceBeacon beacon;
  beacon.node = self_;
  beacon.capabilities = kRelay;
  (void)links_.send_neighbour_frame(*place.medium, l0::NeighbourFrame::Kind::beacon,
                                    encode_fixed(beacon));
  const Millis every = info.bandwidth < kSlowBelow ? kSlowBeacon : kBeacon;
  // +- 10 %, so that neighbours do not keep speaking at once.
  const std::uint64_t spread = every.count / 5;
  place.beacon_at = now + Millis{every.count - spread / 2 + random_.below(spread + 1)};
}

void NeighbourFinder::ask(Place& place, Millis now) {
  const InterfaceId interface = place.medium->info().interface;
  for (const Target& target : place.targets ? place.targets() : std::vector<Target>()) {
    const bool known = std::any_of(place.asked.begin(), place.asked.end(),
                                   [&](const Asked& a) { return a.target.at == target.at; });
    if (!known) place.asked.push_back({target, now, kAskFirst});
  }
  for (Asked& one : place.asked) {
    if (one.next > now) continue;
    const bool linked = one.target.expected && is_linked(*one.target.expected, interface);
    if (linked) {
      one.wait = kAskFirst;
    } else if (const auto link =
                   links_.establish(*place.medium, one.target.at, one.target.expected);
               link) {
      one.wait = std::min(one.wait * 2, kAskMost);
    }
    one.next = now + one.wait;
  }
}

void NeighbourFinder::on_wake(Millis now) {
  for (Place& place : places_) {
    if (place.beacon_at <= now) beacon(place, now);
    ask(place, now);
  }
  rearm();
}

void NeighbourFinder::rearm() {
  Millis at = Millis::never();
  for (const Place& place : places_) {
    at = std::min(at, place.beacon_at);
    for (const Asked& one : place.asked) at = std::min(at, one.next);
  }
  loop_.wake_at(*this, at);
}

}  // namespace mehr::linux_port
