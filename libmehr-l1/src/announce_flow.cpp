#include "mehr/l1/announce_flow.h"

#include <algorithm>
#include <bit>
#include <gsl/assert>

#include "mehr/core/hazard.h"

namespace mehr::l1 {

namespace {

constexpr std::size_t kWordBits = 64;
constexpr std::size_t kLinksPerByte = 4;

// SplitMix64: spreads jitter, nothing secret.
std::uint64_t next_chance(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

// What a neighbour said is not said to that neighbour.
bool came_from(const Candidate& best, LinkSlot link) {
  return best.link == link && !planted("l1.split_horizon");
}

// An announce of an unknown major version is passed on as it came. spec: L1/13.3
CompactPathCost outgoing_cost(const Route& route, const Candidate& candidate) {
  return route.opaque ? candidate.received : relay_step(candidate.entry, 0);
}

}  // namespace

AnnounceFlow::AnnounceFlow(RoutingTable& table, const NodeId& self, std::uint64_t seed)
    : table_(table),
      self_(self),
      chance_(seed),
      words_per_link_((table.route_capacity() + kWordBits - 1) / kWordBits),
      waiting_(words_per_link_ * table.link_slots()),
      sends_per_route_((table.link_slots() + kLinksPerByte - 1) / kLinksPerByte),
      queues_(table.link_slots()),
      ready_(table.link_slots()),
      deadlines_(table.route_capacity()) {
  spread_.reserve(table.route_capacity());
  sends_.resize(sends_per_route_ * table.route_capacity());
}

// ---- Receiving
// -----------------------------------------------------------------------------------

Received AnnounceFlow::receive(LinkSlot from, const l0::Packet& packet, Millis now) {
  // spec: L1/4.2 rules 1 to 8
  const bool single = packet.flags.destination_type() == l0::DestinationType::single;
  if (!single || packet.context != 0 || packet.data.bytes.size() > kAnnounceDataMax) return {};
  const auto announce = decode<Announce>(packet.data.bytes);
  if (!announce) return {};
  const Slot known = table_.find(packet.destination);
  const bool seen =
      known != kNoSlot && same_announce(table_.route(known).announce.view(), packet.data.bytes);
  if (!seen && destination_of(*announce) != packet.destination) return {};
  if (packet.destination == self_) return {Intake::own, {}};
  switch (table_.novelty(packet.destination, announce->emitted, announce->extension.path_cost, from,
                         now)) {
    case Novelty::older:
      return {Intake::older, {}};
    case Novelty::repeated:
      return {Intake::repeated, {}};
    case Novelty::replayed:
      return {Intake::replayed, {}};
    case Novelty::fresh:
      break;
  }
  // The verdict is remembered with the exact bytes it was given on. spec: README/9 clarification 1
  const bool trusted = seen || planted("l1.announce_signature");
  if (!trusted && !verify(*announce, packet.destination)) return {Intake::bad_signature, {}};
  const Offer offer{packet.destination, *announce, packet.data.bytes, from, packet.hops};
  const Accepted accepted = table_.accept(offer, now);
  const Slot route = accepted.route != kNoSlot ? accepted.route : known;
  if (route != kNoSlot && table_.is_live(route)) {
    decide(route, now);
    hear(route, from, announce->extension.path_cost.metric());
  }
  return {accepted.route == kNoSlot ? Intake::no_room : Intake::stored, accepted};
}

AnnounceFlow::Spread& AnnounceFlow::spread(Slot route) {
  if (route >= spread_.size()) spread_.resize(route + std::size_t{1});  // within what is reserved
  Spread& s = spread_[route];
  const Route& r = table_.route(route);
  const bool same = s.incarnation == r.incarnation;
  if (same && s.emitted == r.emitted) return s;
  Spread next;
  next.incarnation = r.incarnation;
  next.emitted = r.emitted;
  next.last_sent = same ? s.last_sent : Millis{0};
  next.ever_sent = same && s.ever_sent;
  s = next;
  std::fill_n(sends_.begin() + static_cast<std::ptrdiff_t>(route * sends_per_route_),
              sends_per_route_, std::uint8_t{0});
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (queues_[i].waiting != 0) unwait(static_cast<LinkSlot>(i), route);
  }
  schedule(route);
  return s;
}

// ---- Forwarding
// ----------------------------------------------------------------------------------

void AnnounceFlow::decide(Slot route, Millis now) {
  Spread& s = spread(route);
  const Candidate* best = table_.best_feasible(route);
  if (best == nullptr || best->hops + 1 >= l0::kMaxHops) return;
  if (s.decided && !(best->received.metric() < s.best_sent)) return;
  const bool recent = s.ever_sent && now - s.last_sent < kAnnounceHold;
  if (!s.decided && (recent || hazard("l1.announce_held"))) {
    s.hold_until = (recent ? s.last_sent : now) + kAnnounceHold;
    return schedule(route);
  }
  spread_now(route, now);
}

void AnnounceFlow::spread_now(Slot route, Millis now) {
  Spread& s = spread(route);
  s.hold_until = Millis::never();
  const Candidate* best = table_.best_feasible(route);
  if (best != nullptr && best->hops + 1 < l0::kMaxHops) {
    if (s.decided) s.heard.clear();  // what we have to say has become better
    s.best_sent = best->received.metric();
    s.decided = true;
    s.ever_sent = true;
    s.last_sent = now;
    bool radio = false;
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      const auto link = static_cast<LinkSlot>(i);
      if (!table_.is_up(link) || came_from(*best, link)) continue;
      if (table_.link(link).info.half_duplex) {
        radio = true;
      } else {
        wait(link, route);
      }
    }
    if (radio) s.radio_due = now + Millis{next_chance(chance_) % (kRadioJitter.count + 1)};
  }
  schedule(route);
}

// spec: L1/4.3 rule 6
void AnnounceFlow::spread_on_radio(Slot route) {
  Spread& s = spread(route);
  s.radio_due = Millis::never();
  schedule(route);
  const Candidate* best = table_.best_feasible(route);
  if (best == nullptr) return;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    if (!table_.is_up(link) || came_from(*best, link)) continue;
    if (!table_.link(link).info.half_duplex || others_spoke(route, link)) continue;
    wait(link, route);
  }
}

// Counted apart from the candidates, of which a small node keeps too few.
void AnnounceFlow::hear(Slot route, LinkSlot from, const Metric& metric) {
  const l0::LinkInfo& info = table_.link(from).info;
  const Candidate* best = table_.best_feasible(route);
  if (!info.half_duplex || best == nullptr || best->link == from) return;
  if (metric > outgoing_cost(table_.route(route), *best).metric()) return;
  auto& heard = spread(route).heard;
  for (Heard& h : heard) {
    if (h.channel != info.interface) continue;
    if (h.first != from) h.two = true;
    return;
  }
  (void)heard.push({info.interface, from, false});  // a third radio just sends
}

bool AnnounceFlow::others_spoke(Slot route, LinkSlot link) {
  const InterfaceId channel = table_.link(link).info.interface;
  const auto& heard = spread(route).heard;
  return std::any_of(heard.begin(), heard.end(),
                     [&](const Heard& h) { return h.two && h.channel == channel; });
}

void AnnounceFlow::schedule(Slot route) {
  const Spread& s = spread_[route];
  deadlines_.set(route, std::min(s.hold_until, s.radio_due));
}

void AnnounceFlow::on_time(Millis now) {
  while (deadlines_.next() <= now) {
    const Slot route = deadlines_.first();
    if (!table_.is_live(route)) {
      deadlines_.set(route, Millis::never());
      continue;
    }
    Spread& s = spread(route);
    if (s.hold_until <= now) {
      spread_now(route, now);
    } else if (s.radio_due <= now) {
      spread_on_radio(route);
    } else {
      schedule(route);
    }
  }
}

// ---- Links
// ---------------------------------------------------------------------------------------

void AnnounceFlow::link_up(LinkSlot link, bool with_own) {
  Queue& q = queues_[link];
  link_down(link);
  q.own = with_own && !own_.empty();
  const unsigned shift = (link % kLinksPerByte) * 2;
  for (Slot route = 0; route < table_.route_slots(); ++route) {
    std::uint8_t& counts = sends_[route * sends_per_route_ + link / kLinksPerByte];
    counts = static_cast<std::uint8_t>(counts & ~(3U << shift));
    if (!table_.is_live(route) || !spread(route).decided) continue;  // it will be flooded
    wait(link, route);
  }
  make_ready(link);
}

void AnnounceFlow::link_down(LinkSlot link) {
  std::fill_n(waiting_.begin() + static_cast<std::ptrdiff_t>(link * words_per_link_),
              words_per_link_, std::uint64_t{0});
  const bool ready = queues_[link].ready;  // its place in the ring is passed over when reached
  queues_[link] = Queue{};
  queues_[link].ready = ready;
}

void AnnounceFlow::writable(LinkSlot link) {
  if (planted("l1.writable_ignored")) return;
  queues_[link].blocked = false;
  make_ready(link);
}

void AnnounceFlow::set_own(const AnnounceBytes& announce, std::uint8_t first_hops) {
  own_ = announce;
  own_hops_ = first_hops;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (!table_.is_up(static_cast<LinkSlot>(i))) continue;
    queues_[i].own = true;
    make_ready(static_cast<LinkSlot>(i));
  }
}

// ---- Sending
// -------------------------------------------------------------------------------------

void AnnounceFlow::wait(LinkSlot link, Slot route) {
  if (sends(route, link) >= kSendsPerLink) return;
  std::uint64_t& word = waiting_[link * words_per_link_ + route / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (route % kWordBits);
  if ((word & bit) == 0) ++queues_[link].waiting;
  word |= bit;
  make_ready(link);
}

void AnnounceFlow::unwait(LinkSlot link, Slot route) {
  std::uint64_t& word = waiting_[link * words_per_link_ + route / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (route % kWordBits);
  if ((word & bit) != 0) --queues_[link].waiting;
  word &= ~bit;
}

void AnnounceFlow::make_ready(LinkSlot link) {
  Queue& q = queues_[link];
  if (q.ready || q.blocked || (q.waiting == 0 && !q.own)) return;
  q.ready = true;
  ready_[(ready_first_ + ready_count_) % ready_.size()] = link;
  ++ready_count_;
}

Slot AnnounceFlow::next_waiting(LinkSlot link) {
  Queue& q = queues_[link];
  const auto row = std::span(waiting_).subspan(link * words_per_link_, words_per_link_);
  while (row[q.cursor] == 0) q.cursor = q.cursor + 1 == words_per_link_ ? 0 : q.cursor + 1;
  const auto bit = static_cast<std::size_t>(std::countr_zero(row[q.cursor]));
  return static_cast<Slot>(q.cursor * kWordBits + bit);
}

std::optional<Transmit> AnnounceFlow::poll(MutableBytes buffer) {
  while (ready_count_ != 0) {
    const LinkSlot link = ready_[ready_first_];
    Queue& q = queues_[link];
    if (q.blocked || !table_.is_up(link) || (q.waiting == 0 && !q.own)) {
      ready_first_ = (ready_first_ + 1) % ready_.size();
      --ready_count_;
      q.ready = false;
      continue;
    }
    std::optional<Transmit> out;
    if (q.own) {
      q.own = false;
      out = make_own(link, buffer);
    } else {
      const Slot route = next_waiting(link);
      unwait(link, route);
      out = make(link, route, buffer);
    }
    if (!out) continue;
    // Round robin: the link takes its place at the end of the ring again.
    ready_first_ = (ready_first_ + 1) % ready_.size();
    --ready_count_;
    q.ready = false;
    make_ready(link);
    return out;
  }
  return std::nullopt;
}

std::optional<Transmit> AnnounceFlow::make_own(LinkSlot link, MutableBytes buffer) const {
  const auto packet = write_announce_packet(self_, own_.view(), own_hops_, false, buffer);
  Expects(packet.has_value());
  return Transmit{link, kNoSlot, Metric{}, *packet};
}

std::optional<Transmit> AnnounceFlow::make(LinkSlot link, Slot route, MutableBytes buffer) {
  if (!table_.is_live(route) || sends(route, link) >= kSendsPerLink) return std::nullopt;
  const Route& r = table_.route(route);
  const Candidate* best = table_.best_feasible(route);
  if (best == nullptr || came_from(*best, link) || best->hops + 1 >= l0::kMaxHops) {
    return std::nullopt;
  }
  const CompactPathCost cost = outgoing_cost(r, *best);
  const auto packet = write_announce_packet(
      r.destination, r.announce.view(), static_cast<std::uint8_t>(best->hops + 1), true, buffer);
  Expects(packet.has_value());
  set_path_cost(packet->subspan(l0::kHeaderSize), cost);
  return Transmit{link, route, cost.metric(), *packet};
}

void AnnounceFlow::sent(const Transmit& t) {
  if (t.route == kNoSlot) return;
  // An opaque announce leaves with the metric it came with, so it cannot order anything.
  if (!table_.route(t.route).opaque) table_.announced(t.route, t.metric);
  const unsigned shift = (t.link % kLinksPerByte) * 2;
  std::uint8_t& counts = sends_[t.route * sends_per_route_ + t.link / kLinksPerByte];
  counts = static_cast<std::uint8_t>(counts + (1U << shift));
}

void AnnounceFlow::blocked(const Transmit& t) {
  Queue& q = queues_[t.link];
  if (t.route == kNoSlot) {
    q.own = true;
  } else {
    wait(t.link, t.route);
  }
  q.blocked = true;
}

std::uint8_t AnnounceFlow::sends(Slot route, LinkSlot link) const {
  const unsigned shift = (link % kLinksPerByte) * 2;
  const unsigned packed = sends_[route * sends_per_route_ + link / kLinksPerByte];
  return static_cast<std::uint8_t>((packed >> shift) & 3U);
}

}  // namespace mehr::l1
