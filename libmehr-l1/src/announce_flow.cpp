#include "mehr/l1/announce_flow.h"

#include <algorithm>
#include <gsl/assert>

#include "mehr/core/hazard.h"
#include "mehr/l1/dynamic_cost.h"

namespace mehr::l1 {

namespace {

constexpr std::size_t kWordBits = 64;
constexpr std::size_t kLinksPerByte = 4;
constexpr std::size_t kChecksInHand = 10;  // seconds' worth

// SplitMix64: spreads jitter, nothing secret.
std::uint64_t next_chance(std::uint64_t& state) {
  state += 0x9E3779B97F4A7C15;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

// spec: L1/4.1, more than 25 %, and any change from 0
bool moved_by_a_quarter(std::uint64_t from, std::uint64_t to) {
  const std::uint64_t by = from < to ? to - from : from - to;
  return by > from / 4;
}

bool moved_by_a_quarter(const CostCode& from, const CostCode& to) {
  if (from.known() != to.known()) return true;
  return moved_by_a_quarter(from.decode(), to.decode());
}

}  // namespace

AnnounceFlow::AnnounceFlow(RoutingTable& table, const NodeId& self, std::uint64_t seed,
                           std::size_t checks_per_second)
    : table_(table),
      self_(self),
      chance_(seed),
      checks_per_second_(checks_per_second),
      words_per_link_((table.route_capacity() + kWordBits - 1) / kWordBits),
      announces_(words_per_link_ * table.link_slots()),
      updates_(words_per_link_ * table.link_slots()),
      sends_per_route_((table.link_slots() + kLinksPerByte - 1) / kLinksPerByte),
      queues_(table.link_slots()),
      deadlines_(table.route_capacity()),
      price_deadlines_(table.link_slots()) {
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
  if (!trusted) {
    if (!may_check(from, now)) return {Intake::too_many, {}};
    if (!verify(*announce, packet.destination)) return {Intake::bad_signature, {}};
  }
  const Compatibility kind = judge_announce(versions_, announce->extension).compatibility;
  if (kind == Compatibility::refuse) return {Intake::wrong_version, {}};
  const Offer offer{packet.destination,           *announce, packet.data.bytes, from, packet.hops,
                    kind == Compatibility::opaque};
  const Accepted accepted = table_.accept(offer, now);
  const Slot route = accepted.route != kNoSlot ? accepted.route : known;
  if (route != kNoSlot && table_.is_live(route)) {
    consider(route, now);
    hear(route, from, announce->extension.path_cost.metric());
  }
  return {accepted.route == kNoSlot ? Intake::no_room : Intake::stored, accepted};
}

// A bucket of one check per 1/rate s: who sends more than an honest neighbour has to say pays for
// it with what it says, not with our time.
bool AnnounceFlow::may_check(LinkSlot link, Millis now) {
  Queue& q = queues_[link];
  const std::uint64_t most = std::uint64_t{checks_per_second_} * kChecksInHand;
  const std::uint64_t earned = (now - q.checked_at).count * checks_per_second_ / 1000;
  if (earned != 0) {
    q.checks = static_cast<std::size_t>(std::min(most, q.checks + earned));
    q.checked_at = now;
  }
  if (q.checks == 0) return false;
  --q.checks;
  return true;
}

Slot AnnounceFlow::updated(LinkSlot from, const PathUpdateItem& item, Millis now) {
  const Slot route = table_.update(from, item.destination, item.emitted, item.path_cost);
  if (route != kNoSlot) consider(route, now);
  return route;
}

void AnnounceFlow::changed(Slot route, Millis now) {
  if (table_.is_live(route)) consider(route, now);
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
    Queue& q = queues_[i];
    const auto link = static_cast<LinkSlot>(i);
    if (q.announces != 0) clear(announces_, q.announces, link, route);
    if (q.updates != 0) clear(updates_, q.updates, link, route);
  }
  schedule(route);
  return s;
}

// ---- Deciding
// ------------------------------------------------------------------------------------

const Candidate* AnnounceFlow::best(Slot route) const {
  const Candidate* c = table_.best_feasible(route);
  return c != nullptr && c->hops + 1 < l0::kMaxHops ? c : nullptr;
}

bool AnnounceFlow::came_from(const Candidate& way, LinkSlot link) {
  return way.link == link && !planted("l1.split_horizon");
}

// A way that became dearer than what was said of it is no longer loop-free by the letter, until the
// origin announces itself anew; packets take it all the same, so its cost is worth knowing.
const Candidate* AnnounceFlow::any_way(Slot route) const {
  const Candidate* c = best(route);
  if (c == nullptr) c = table_.best_fresh(route);
  return c != nullptr && c->hops + 1 < l0::kMaxHops ? c : nullptr;
}

// spec: L1/4.3 rules 2 to 5, L1/4.1 triggers
void AnnounceFlow::consider(Slot route, Millis now) {
  Spread& s = spread(route);
  const Candidate* safe = best(route);
  if (!s.decided) {
    if (safe == nullptr) return;
    const bool recent = s.ever_sent && now - s.last_sent < kAnnounceHold;
    if (!recent && !hazard("l1.announce_held")) return spread_now(route, *safe, now);
    s.hold_until = (recent ? s.last_sent : now) + kAnnounceHold;
    return schedule(route);
  }
  const bool better = safe != nullptr && safe->received.metric() < s.best_sent;
  if (better && !s.retracted) return spread_now(route, *safe, now);
  const Candidate* way = any_way(route);
  if (way == nullptr) {
    if (!s.retracted) update(route, nullptr, now);
    return;
  }
  const bool other_way =
      s.retracted || way->link != s.via || way->entry.bottleneck_mtu != s.said.bottleneck_mtu;
  if (!other_way && !moved_by_a_quarter(s.said.cost, way->entry.cost)) return;
  if (other_way || now >= s.updated_at + kCostSpacing) return update(route, way, now);
  s.update_due = s.updated_at + kCostSpacing;
  schedule(route);
}

void AnnounceFlow::spread_now(Slot route, const Candidate& way, Millis now) {
  Spread& s = spread(route);
  s.hold_until = Millis::never();
  if (s.decided) s.heard.clear();  // what we have to say has become better
  s.best_sent = way.received.metric();
  s.said = way.entry;
  s.via = way.link;
  s.decided = true;
  s.retracted = false;
  s.ever_sent = true;
  s.last_sent = now;
  s.updated_at = now;
  bool radio = false;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    if (!table_.is_up(link) || came_from(way, link)) continue;
    if (table_.link(link).info.half_duplex) {
      radio = true;
    } else {
      tell(link, route);
    }
  }
  if (radio) s.radio_due = now + Millis{next_chance(chance_) % (kRadioJitter.count + 1)};
  schedule(route);
}

// The rest of the network learns that the way changed; without one, that there is none: the
// neighbours then rank it last.
void AnnounceFlow::update(Slot route, const Candidate* way, Millis now) {
  Spread& s = spread(route);
  s.retracted = way == nullptr;
  if (way != nullptr) {
    s.said = way->entry;
    s.via = way->link;
  }
  s.updated_at = now;
  s.update_due = Millis::never();
  schedule(route);
  if (table_.route(route).opaque) return;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    if (!table_.is_up(link) || (way != nullptr && came_from(*way, link))) continue;
    set(updates_, queues_[i].updates, link, route);
  }
}

// spec: L1/4.3 rule 6
void AnnounceFlow::spread_on_radio(Slot route) {
  Spread& s = spread(route);
  s.radio_due = Millis::never();
  schedule(route);
  const Candidate* way = best(route);
  if (way == nullptr) return;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    if (!table_.is_up(link) || came_from(*way, link)) continue;
    if (!table_.link(link).info.half_duplex || others_spoke(route, link)) continue;
    tell(link, route);
  }
}

// Counted apart from the candidates, of which a small node keeps too few.
void AnnounceFlow::hear(Slot route, LinkSlot from, const Metric& metric) {
  const l0::LinkInfo& info = table_.link(from).info;
  const Candidate* way = best(route);
  if (!info.half_duplex || way == nullptr || way->link == from) return;
  if (metric > cost_for(from, route, *way).metric()) return;
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

// ---- Time
// ----------------------------------------------------------------------------------------

void AnnounceFlow::schedule(Slot route) {
  const Spread& s = spread_[route];
  deadlines_.set(route, std::min({s.hold_until, s.radio_due, s.update_due}));
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
      s.hold_until = Millis::never();
      schedule(route);
      if (const Candidate* way = best(route)) spread_now(route, *way, now);
    } else if (s.radio_due <= now) {
      spread_on_radio(route);
    } else {
      s.update_due = Millis::never();
      schedule(route);
      consider(route, now);
    }
  }
  while (price_deadlines_.next() <= now) {
    tell_prices(static_cast<LinkSlot>(price_deadlines_.first()), now);
  }
}

// ---- Prices
// --------------------------------------------------------------------------------------

void AnnounceFlow::set_price(LinkSlot link, std::uint64_t micro_mhr_per_byte, Millis now) {
  table_.set_price(link, micro_mhr_per_byte);
  reprice(link, now);
}

void AnnounceFlow::set_load(LinkSlot link, const LinkLoad& load, Millis now) {
  table_.set_load(link, load);
  reprice(link, now);
}

bool AnnounceFlow::price_moved(LinkSlot link) const {
  return moved_by_a_quarter(queues_[link].said_price, table_.link(link).price);
}

// Load matters as far as somebody pays; a large price shows the smallest move.
AnnounceFlow::LoadMove AnnounceFlow::load_move(LinkSlot link) const {
  constexpr std::uint64_t kFine = 1U << 20;
  const auto cost = [](const LinkLoad& l) { return dynamic_cost(kFine, l.queued, l.capacity); };
  const std::uint64_t said = cost(queues_[link].said_load);
  const std::uint64_t real = cost(table_.link(link).load);
  if (!moved_by_a_quarter(said, real)) return LoadMove::none;
  return real > said ? LoadMove::up : LoadMove::down;
}

// A queue that is pressed back is empty for seconds at a time. Told at once, that would call back
// what has just gone another way: relief is told when it has lasted. decision 0012
void AnnounceFlow::reprice(LinkSlot link, Millis now) {
  const Queue& q = queues_[link];
  const LoadMove load = load_move(link);
  if (!price_moved(link) && load == LoadMove::none) {
    price_deadlines_.set(link, Millis::never());
  } else if (!price_moved(link) && load == LoadMove::down) {
    if (price_deadlines_.due(link) == Millis::never())
      price_deadlines_.set(link, now + kCostSpacing);
  } else if (!q.priced || now >= q.priced_at + kCostSpacing) {
    tell_prices(link, now);
  } else {
    price_deadlines_.set(link, q.priced_at + kCostSpacing);
  }
}

// What the neighbour on a link pays changes all routes as told to it; how full the link is changes
// the routes over it as told to everybody else.
void AnnounceFlow::tell_prices(LinkSlot link, Millis now) {
  price_deadlines_.set(link, Millis::never());
  if (!table_.is_up(link)) return;
  const bool price = price_moved(link);
  const bool load = load_move(link) != LoadMove::none;
  Queue& q = queues_[link];
  q.said_price = table_.link(link).price;
  q.said_load = table_.link(link).load;
  q.priced_at = now;
  q.priced = true;
  const auto told = [&](Slot route, LinkSlot to) {
    return table_.is_up(to) && table_.link(to).price != 0 && spread_[route].via != to;
  };
  for (Slot route = 0; route < table_.route_slots(); ++route) {
    if (!table_.is_live(route) || table_.route(route).opaque) continue;
    const Spread& s = spread(route);
    if (!s.decided || s.retracted) continue;
    if (price && s.via != link) set(updates_, q.updates, link, route);
    if (!load || s.via != link) continue;
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      const auto to = static_cast<LinkSlot>(i);
      if (told(route, to)) set(updates_, queues_[i].updates, to, route);
    }
  }
}

// ---- Bits
// ----------------------------------------------------------------------------------------

void AnnounceFlow::set(Bits& bits, std::size_t& count, LinkSlot link, Slot route) {
  std::uint64_t& word = bits[link * words_per_link_ + route / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (route % kWordBits);
  if ((word & bit) == 0) ++count;
  word |= bit;
}

void AnnounceFlow::clear(Bits& bits, std::size_t& count, LinkSlot link, Slot route) {
  std::uint64_t& word = bits[link * words_per_link_ + route / kWordBits];
  const std::uint64_t bit = std::uint64_t{1} << (route % kWordBits);
  if ((word & bit) != 0) --count;
  word &= ~bit;
}

void AnnounceFlow::forget_waits(LinkSlot link) {
  for (Bits* bits : {&announces_, &updates_}) {
    std::fill_n(bits->begin() + static_cast<std::ptrdiff_t>(link * words_per_link_),
                words_per_link_, std::uint64_t{0});
  }
  queues_[link].announces = 0;
  queues_[link].updates = 0;
  queues_[link].own = false;
}

}  // namespace mehr::l1
