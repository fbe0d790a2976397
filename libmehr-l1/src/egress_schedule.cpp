// What a link sends next, and when to look again.
#include <algorithm>
#include <gsl/assert>
#include <utility>

#include "mehr/l0/link_frames.h"
#include "mehr/l1/egress.h"

namespace mehr::l1 {

namespace {
constexpr std::uint32_t kOverhead = l0::kLinkOverhead;

EgressItem item_of(EgressItem::Kind kind, EgressItem::Place place, LinkSlot link, Ticket ticket) {
  EgressItem item;
  item.kind = kind;
  item.place = place;
  item.link = link;
  item.ticket = ticket;
  return item;
}
}  // namespace

// spec: L1/9.1 rules 4 and 5
Egress::Choice Egress::choose(LinkSlot slot, Millis now) {
  using Kind = EgressItem::Kind;
  using Place = EgressItem::Place;
  Link& l = links_[slot];
  if (l.csma.until() > now) return {std::nullopt, l.csma.until(), Choice::HeldBy::medium};
  if (l.signal.pending()) return {item_of(Kind::control, Place::signal, slot, kNoTicket)};
  if (!l.urgent.empty()) return {item_of(Kind::control, Place::urgent, slot, l.urgent.front())};
  const Choice gossip = choose_gossip(slot, now);
  const Choice user = choose_user(slot, now);
  if (gossip.item && user.item) {
    const EgressItem& g = *gossip.item;
    const std::uint32_t frame = g.place == Place::gossip ? pool_.record(g.ticket).frame
                                                         : l.pull_least[g.tier - 1U] + kOverhead;
    const bool gossip_first = l.budget.starving(now) || l.budget.below_guarantee(frame, now) ||
                              l.gossip_credit.covers(frame);
    return gossip_first ? gossip : user;
  }
  if (gossip.item) return gossip;
  if (user.item) return user;
  return {std::nullopt, std::min(gossip.at, user.at), user.held_by};
}

// spec: L1/10.2, L1/10.4: what a saturated neighbour does not take waits here.
Egress::Choice Egress::choose_user(LinkSlot slot, Millis now) {
  Link& l = links_[slot];
  const bool saturated = l.received.active() == Severity::saturated;
  const Ticket t = l.queue.head(saturated ? Priority::p1 : Priority::p3);
  if (t == kNoTicket) return {};
  const MessageRecord& record = pool_.record(t);
  Millis at = l.user.ready_at(record.frame, now);
  if (saturated && record.level == level_of(Priority::p1)) {
    at = std::max(at, l.half.ready_at(record.frame, now));
  }
  if (at > now) {
    using HeldBy = Choice::HeldBy;
    return {std::nullopt, at, l.received.active() ? HeldBy::nobody : HeldBy::bucket};
  }
  EgressItem item = item_of(EgressItem::Kind::packet, EgressItem::Place::user, slot, t);
  item.pad = record.pad;
  return {item};
}

// In tier order; what waits for its budget lets later tiers by. spec: L1/9.1 rule 3
Egress::Choice Egress::choose_gossip(LinkSlot slot, Millis now) {
  Link& l = links_[slot];
  const bool starving = l.budget.starving(now);
  Choice choice;
  choice.at = l.budget.starves_at();
  for (Tier tier = 1; tier <= kTiers; ++tier) {
    const Ticket t = l.gossip.head(tier);
    const std::uint16_t least = l.pull_least[tier - 1U];
    if (t == kNoTicket && least == 0) continue;
    const std::uint32_t frame = t != kNoTicket ? pool_.record(t).frame : least + kOverhead;
    const std::uint32_t allowed = starving ? l.full_frame : l.budget.allowance(tier, now);
    if (allowed < frame) {
      choice.at = std::min(choice.at, l.budget.ready_at(tier, frame, now));
      continue;
    }
    const bool queued = t != kNoTicket;
    choice.item = item_of(queued ? EgressItem::Kind::control : EgressItem::Kind::pull,
                          queued ? EgressItem::Place::gossip : EgressItem::Place::pull, slot, t);
    choice.item->tier = tier;
    choice.item->limit = allowed - kOverhead;
    return choice;
  }
  return choice;
}

std::optional<EgressItem> Egress::next(Millis now, MutableBytes buffer) {
  while (!ready_.empty()) {
    const LinkSlot slot = ready_.pop();
    Link& l = links_[slot];
    if (!l.up || l.blocked) continue;
    l.queue.expire(now);
    Choice choice = choose(slot, now);
    if (!choice.item) {
      refresh(slot, now);
      continue;
    }
    copy_out(*choice.item, buffer);
    ready_.push(slot);
    return choice.item;
  }
  return std::nullopt;
}

void Egress::copy_out(EgressItem& item, MutableBytes buffer) const {
  switch (item.place) {
    case EgressItem::Place::signal: {
      const auto bytes = encode(*links_[item.link].signal.pending(), buffer);
      Expects(bytes.has_value());
      item.bytes = *bytes;
      break;
    }
    case EgressItem::Place::gossip:
      item.bytes = links_[item.link].gossip.copy(item.ticket, buffer);
      break;
    case EgressItem::Place::urgent:
    case EgressItem::Place::user:
      item.bytes = pool_.copy(item.ticket, 0, buffer);
      break;
    case EgressItem::Place::pull:
      break;
  }
}

// ---- After every event
// -----------------------------------------------------------------------------

void Egress::refresh(LinkSlot slot, Millis now) {
  Link& l = links_[slot];
  if (!l.up) return due_.set(slot, Millis::never());
  l.queue.expire(now);
  note_level(slot);
  if (l.received.on_time(now)) note_signal(slot, now);
  if (l.budget.on_time(now)) {
    ++l.figures.recoveries;
    add_event(slot, EgressEvent::kMode);
    retune(slot, now);
  }
  const auto waits = [](std::uint16_t least) { return least != 0; };
  const bool pulls = std::any_of(l.pull_least.begin(), l.pull_least.end(), waits);
  l.budget.set_waiting(pulls || !l.gossip.empty(), now);
  l.waits = !l.queue.empty() || !l.urgent.empty() || l.signal.pending().has_value();
  if (l.refused_own && l.level == 0) {
    l.refused_own = false;
    add_event(slot, EgressEvent::kRoom);
  }
  Millis at =
      std::min({l.queue.next_expiry(), l.received.next_deadline(), l.budget.next_deadline()});
  if (!l.blocked) {
    const Choice choice = choose(slot, now);
    if (choice.item) {
      ready_.push(slot);
    } else {
      at = std::min(at, choice.at);
      using HeldBy = Choice::HeldBy;
      const bool moved = choice.held_by == HeldBy::bucket   ? l.rate.held(now)
                         : choice.held_by == HeldBy::nobody ? l.rate.idle(now)
                                                            : false;
      if (moved) retune(slot, now);
    }
  }
  due_.set(slot, at == Millis::never() ? at : std::max(at, now + Millis{1}));
}

void Egress::note_level(LinkSlot slot) {
  Link& l = links_[slot];
  const QueueFill f = fill(slot);
  const auto over = [&](std::uint64_t percent) {
    return std::uint64_t{f.queued} * 100 > f.capacity * percent;
  };
  const std::uint8_t level = over(90) ? 3 : over(75) ? 2 : over(50) ? 1 : 0;
  if (level == l.level) return;
  for (std::uint8_t s = 0; s < kSeverities; ++s) {
    if (l.level > s) --at_least_[s];
    if (level > s) ++at_least_[s];
  }
  l.level = level;
  add_event(slot, EgressEvent::kPressure);
}

void Egress::on_time(Millis now) {
  while (due_.next() <= now) {
    const LinkSlot slot = static_cast<LinkSlot>(due_.first());
    refresh(slot, now);  // sets a later deadline
  }
}

Millis Egress::next_deadline() const { return ready_.empty() ? due_.next() : Millis{0}; }

void Egress::add_event(LinkSlot slot, std::uint8_t what) {
  links_[slot].events = static_cast<std::uint8_t>(links_[slot].events | what);
  events_.push(slot);
}

std::optional<EgressEvent> Egress::poll_event() {
  if (events_.empty()) return std::nullopt;
  const LinkSlot slot = events_.pop();
  return EgressEvent{slot, std::exchange(links_[slot].events, std::uint8_t{0})};
}

}  // namespace mehr::l1
