// The facade's half that sends: what Egress lets leave, and what it has to say.
#include <algorithm>

#include "mehr/core/hazard.h"
#include "mehr/l1/network.h"
#include "network_parts.h"

namespace mehr::l1 {

namespace {

constexpr std::size_t kSendsPerStep = 256;
constexpr Tier kRouting = 1;

std::uint8_t mask_of(Tier tier) { return static_cast<std::uint8_t>(1U << (tier - 1U)); }

}  // namespace

// A packet leaves at once when nothing waits before it, or it waits; `full`: it is gone.
Status Network::hand(LinkSlot link, const PacketOffer& packet, Millis now) {
  if (!table_.is_up(link)) {
    ++counters_.link_failed;
    return fail(Errc::not_found, "the link is gone");
  }
  Verdict verdict = egress_.offer(link, packet, now);
  if (verdict == Verdict::pass) {
    const auto padding = packet.pad ? l0::Padding::to_mtu : l0::Padding::by_class;
    const Status sent = links_.send_packet(table_.link(link).info.id, packet.bytes, padding);
    if (sent) {
      egress_.passed(link, packet, now);
      return sent;
    }
    if (sent.error().code != Errc::full) {
      ++counters_.link_failed;
      return sent;
    }
    egress_.blocked(link, now);
    verdict = egress_.offer(link, packet, now);
  }
  if (verdict == Verdict::queued) {
    set_wake();
    return {};
  }
  ++counters_.link_full;
  return fail(Errc::full, "the queue of that link is full");
}

// ---- The pump
// ------------------------------------------------------------------------------------

void Network::pump() {
  if (hazard("l1.pump_short")) {
    gossip_moved_ = true;  // the rest follows with the next wake
    return;
  }
  const Millis now = clock_.now();
  while (const auto end = gossip_.on_time(now)) {
    gossip_moved_ = true;
    round_ended(end->link, end->outcome, now);
  }
  if (std::exchange(gossip_moved_, false)) want_pulls(now);
  for (std::size_t i = 0; i < kSendsPerStep; ++i) {
    const auto item = egress_.next(now, scratch_);
    if (!item) break;
    spend(*item, now);
  }
  hear_egress(now);
}

// Tells Egress on which links gossip waits to be made, and how little of it would do.
void Network::want_pulls(Millis now) {
  for (std::size_t i = 0; i < table_.link_slots(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    if (table_.is_up(link)) want_pulls_on(link, now);
  }
}

void Network::want_pulls_on(LinkSlot link, Millis now) {
  const std::uint8_t rounds = gossip_.ready(link);
  for (Tier tier = 1; tier <= kTiers; ++tier) {
    const bool round = (rounds & mask_of(tier)) != 0;
    std::size_t least = round ? kLeastGossip : 0;
    if (tier == kRouting && flow_.waits(link)) {
      const std::size_t announce = flow_.next_size(link);
      if (announce != 0) least = round ? std::min(least, announce) : announce;
    }
    egress_.want_pull(link, tier, static_cast<std::uint16_t>(least), now);
  }
}

void Network::spend(const EgressItem& item, Millis now) {
  if (item.kind == EgressItem::Kind::pull) return spend_pull(item, now);
  const l0::LinkId link = table_.link(item.link).info.id;
  const auto padding = item.pad ? l0::Padding::to_mtu : l0::Padding::by_class;
  const Status sent = item.kind == EgressItem::Kind::packet
                          ? links_.send_packet(link, item.bytes, padding)
                          : links_.send_control(link, item.bytes);
  (void)settle(item, item.bytes.size(), sent, now);
}

// Rounds go before announces: a neighbour waits for the answer, and what it lacks is in it.
void Network::spend_pull(const EgressItem& item, Millis now) {
  const l0::LinkId link = table_.link(item.link).info.id;
  const auto room =
      MutableBytes(scratch_).first(std::min<std::size_t>(item.limit, scratch_.size()));
  if (const auto message = gossip_.make(item.link, mask_of(item.tier), room, now)) {
    const Status sent = links_.send_control(link, message->bytes);
    if (settle(item, message->bytes.size(), sent, now)) {
      round_ended(item.link, gossip_.sent(now), now);
    }
    return want_pulls_on(item.link, now);
  }
  const auto next = item.tier == kRouting ? flow_.make(item.link, room) : std::nullopt;
  if (!next) {
    egress_.nothing(item, now);
    return;
  }
  const Status sent = next->is_packet ? links_.send_packet(link, next->bytes)
                                      : links_.send_control(link, next->bytes);
  if (settle(item, next->bytes.size(), sent, now)) {
    flow_.sent();
    ++(next->is_packet ? counters_.announces_sent : counters_.updates_sent);
  }
  want_pulls_on(item.link, now);
}

bool Network::settle(const EgressItem& item, std::size_t size, const Status& sent, Millis now) {
  if (sent) {
    egress_.sent(item, size, now);
    return true;
  }
  if (sent.error().code == Errc::full) {
    egress_.blocked(item.link, now);
  } else if (sent.error().code == Errc::busy) {
    egress_.busy(item, now);
  } else {
    ++counters_.link_failed;
    egress_.refused(item, now);
  }
  return false;
}

void Network::hear_egress(Millis now) {
  bool room = false;
  while (const auto event = egress_.poll_event()) {
    const LinkSlot link = event->link;
    if ((event->what & EgressEvent::kRoom) != 0) room = true;
    if ((event->what & EgressEvent::kAvoided) != 0) {
      table_.set_avoided(link, egress_.is_avoided(link, Priority::p3));
    }
    if ((event->what & EgressEvent::kPressure) != 0) {
      const QueueFill fill = egress_.fill(link);
      flow_.set_load(link, {fill.queued, fill.capacity}, now);
      gossip_moved_ = true;
    }
    if ((event->what & EgressEvent::kUnreliable) != 0) {
      table_.outcome_of_link(link, false);
    }
  }
  if (room) tell_writable();
}

void Network::on_writable(std::function<void()> handler) { writable_ = std::move(handler); }

void Network::tell_writable() {
  if (!std::exchange(send_blocked_, false) || !writable_) return;
  const auto handler = writable_;  // lives on should it replace itself
  handler();
}

}  // namespace mehr::l1
