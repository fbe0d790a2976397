// The facade's half that deals with control messages of neighbours. spec: L1/1.2
#include <algorithm>

#include "mehr/core/hazard.h"
#include "mehr/l1/network.h"
#include "network_parts.h"

namespace mehr::l1 {

namespace {

// A reservation's message, decoded and given to the machine.
template <class Message, class Take>
Status taken(ByteView bytes, Take take) {
  const auto message = decode<Message>(bytes);
  if (!message) return fail(message);
  take(*message);
  return {};
}

}  // namespace

void Network::on_control(l0::LinkId from, ByteView message) {
  const LinkSlot link = table_.find_link(from);
  if (link == kNoLink) return;
  const Millis now = clock_.now();
  if (!take_control(from, link, message, now)) {
    ++counters_.control_malformed;
    note_fault(link, Fault::malformed, now);
    links_.report_malformed(from);
  }
  pump();
  set_wake();
}

Status Network::take_control(l0::LinkId id, LinkSlot from, ByteView message, Millis now) {
  const std::uint8_t type = message[0];
  if (Gossip::is_gossip(type)) return take_gossip(from, message, now);
  switch (type) {
    case kCongestionSignalType:
      return taken<CongestionSignal>(message, [&](const CongestionSignal& signal) {
        if (!planted("l1.signal_ignored")) egress_.received_signal(from, signal, now);
      });
    case control::kPathUpdate:
      return take_updates(from, message, now);
    case control::kPathRequest:
      return taken<PathRequest>(
          message, [&](const PathRequest& request) { take_path_request(from, request, now); });
    case control::kReservationRequest:
    case control::kReservationCommitment:
    case control::kReservationRelease:
    case control::kDeliveryReceipt:
      return take_reservation(from, message, now);
    default:
      break;
  }
  for (const auto& [mine, handler] : control_handlers_) {
    if (mine == type && handler != nullptr) return handler->on_control(id, message);
  }
  ++counters_.control_ignored;  // unknown types are ignored. spec: L1/1.2
  return {};
}

void Network::on_control_type(std::uint8_t type, ControlHandler* handler) {
  Expects(type >= 0x80);
  const auto found = std::find_if(control_handlers_.begin(), control_handlers_.end(),
                                  [&](const auto& h) { return h.first == type; });
  if (found == control_handlers_.end()) {
    control_handlers_.emplace_back(type, handler);
  } else {
    found->second = handler;
  }
}

Status Network::send_control(l0::LinkId link, std::uint8_t tier, ByteView message) {
  const LinkSlot slot = table_.find_link(link);
  if (slot == kNoLink) return fail(Errc::not_found, "no active link of that id");
  if (message.size() > table_.link(slot).info.mtu.bytes) {
    return fail(Errc::too_big, "the message is longer than the link takes");
  }
  const GossipQueued queued = egress_.gossip(slot, tier, {}, message, clock_.now());
  pump();
  set_wake();
  if (queued == GossipQueued::refused) return fail(Errc::full, "too much gossip is waiting");
  return {};
}

std::size_t Network::room_for(l0::LinkId link, std::size_t bytes) const {
  const LinkSlot slot = table_.find_link(link);
  return slot == kNoLink ? 0 : egress_.gossip_room(slot, bytes);
}

std::optional<LinkEnd> Network::end_of(l0::LinkId link) const {
  const LinkSlot slot = table_.find_link(link);
  if (slot == kNoLink) return std::nullopt;
  const l0::LinkInfo& info = table_.link(slot).info;
  return LinkEnd{info.peer, info.mtu};
}

std::optional<l0::LinkId> Network::link_to(const NodeId& neighbour) const {
  const LinkSlot slot = table_.neighbour(neighbour);
  if (slot == kNoLink) return std::nullopt;
  return table_.link(slot).info.id;
}

// ---- Gossip
// --------------------------------------------------------------------------------------

void Network::replicate(Replicated& what) {
  sources_.push_back(std::make_unique<ReplicatedSource>(what));
  gossip_.add_source(*sources_.back());
}

Status Network::take_gossip(LinkSlot from, ByteView message, Millis now) {
  egress_.gossip_received(from, now);
  GossipReceived got = gossip_.receive(from, message, now);
  if (got.kind == GossipReceived::Kind::malformed) {
    return fail(Errc::bad_value, "a malformed message of gossip");
  }
  while (const auto offered = gossip_.next(from, got, now)) {
    MergeVerdict verdict = MergeVerdict::invalid;
    if (offered->source == &items_) {
      const Received received = items_.take(offered->item, from, now);
      count(from, received, now);
      verdict = verdict_of(received.intake);
    } else {
      verdict = offered->source->merge(offered->item, from, now);
    }
    const bool taken = verdict == MergeVerdict::taken;
    ++(taken ? counters_.gossip_items_taken : counters_.gossip_items_refused);
    const bool oversize = gossip_.settle(from, got, *offered, verdict, now);
    if (!oversize || !left_out_observer_) continue;
    const auto observer = left_out_observer_;  // lives on should it replace itself
    observer(offered->item);
  }
  for (unsigned i = 0; i < got.invalid; ++i) {
    note_fault(from, Fault::forged, now);
    links_.report_malformed(table_.link(from).info.id);
  }
  gossip_moved_ = true;
  round_ended(from, got.outcome, now);
  return {};
}

void Network::round_ended(LinkSlot link, RoundOutcome outcome, Millis now) {
  if (outcome == RoundOutcome::none) return;
  const bool success = outcome == RoundOutcome::success;
  ++(success ? counters_.rounds_succeeded : counters_.rounds_failed);
  ++(success ? neighbours_[link].rounds_good : neighbours_[link].rounds_failed);
  egress_.round_ended(link, success, now);
  if (success) flow_.levelled(link);
}

// ---- Ways
// ----------------------------------------------------------------------------------------

Status Network::take_updates(LinkSlot from, ByteView message, Millis now) {
  const auto update = decode<PathUpdate>(message);
  if (!update) return fail(update);
  if (planted("l1.update_ignored")) return {};
  for (std::size_t i = 0; i < update->count; ++i) {
    const PathUpdateItem item = update->item(i);
    const Slot route = flow_.updated(from, item, now);
    ++(route == kNoSlot ? counters_.updates_ignored : counters_.updates_taken);
    if (route != kNoSlot) {
      observe(route);
    } else {
      ask_again(from, item, now);
    }
  }
  gossip_moved_ = true;
  return {};
}

bool Network::ask_for_path(const NodeId& destination, Millis now) {
  const auto request = requests_.ask(destination, now);
  if (!request) return false;
  ++counters_.path_requests_sent;
  pass_path_request(kNoLink, *request, now);
  return true;
}

// A node with few candidates forgets the announces of neighbours that were dearer then; a
// PathUpdate counts only with its announce. spec: L1/4.3
void Network::ask_again(LinkSlot from, const PathUpdateItem& told, Millis now) {
  if (!table_.misses(from, told.destination, told.emitted, told.path_cost)) return;
  const auto request = requests_.ask_one(from, told.destination, now);
  if (!request) return;
  ++counters_.path_requests_sent;
  (void)egress_.gossip(from, 1, {}, encode_fixed(*request), now);
}

bool Network::seek(const NodeId& to) { return ask_for_path(to, clock_.now()); }

void Network::pass_path_request(LinkSlot from, const PathRequest& request, Millis now) {
  const auto bytes = encode_fixed(request);
  for (std::size_t i = 0; i < table_.link_slots(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    if (link == from || !table_.is_up(link)) continue;
    (void)egress_.gossip(link, 1, {}, bytes, now);  // who has no room for a question is not asked
  }
  gossip_moved_ = true;  // the next wake sends what may leave
  set_wake();
}

void Network::take_path_request(LinkSlot from, const PathRequest& request, Millis now) {
  if (requests_.take(from, request, now) != PathRequests::Verdict::unseen) {
    ++counters_.path_requests_dropped;
    return;
  }
  if (request.destination == self_) return answer_for_self(from, now);
  const Slot route = table_.find(request.destination);
  if (route != kNoSlot && flow_.onward(from, route)) {
    ++counters_.path_requests_answered;
    flow_.answer(from, route);
    gossip_moved_ = true;
    return;
  }
  if (request.ttl == 1) return;
  PathRequest onward = request;
  --onward.ttl;
  ++counters_.path_requests_passed;
  pass_path_request(from, onward, now);
}

// A new announce opens the way for everybody, but whoever asks must not make this node flood the
// network: within a minute of the last one the same is said again.
void Network::answer_for_self(LinkSlot from, Millis now) {
  if (!announcing_) return;
  ++counters_.path_requests_answered;
  if (flow_.own().empty() || now - announced_at_ >= kCostSpacing) return announce_now();
  flow_.answer_own(from);
  gossip_moved_ = true;
}

// ---- Reservations
// --------------------------------------------------------------------------------

Status Network::take_reservation(LinkSlot from, ByteView message, Millis now) {
  const Status good = [&]() -> Status {
    switch (message[0]) {
      case control::kReservationRequest:
        return taken<ReservationRequest>(
            message, [&](const auto& m) { reservations_.on_request(from, m, now); });
      case control::kReservationCommitment:
        return taken<ReservationCommitment>(
            message, [&](const auto& m) { reservations_.on_commitment(from, m, now); });
      case control::kReservationRelease:
        return taken<ReservationRelease>(
            message, [&](const auto& m) { reservations_.on_release(from, m, now); });
      default:
        return taken<DeliveryReceipt>(
            message, [&](const auto& m) { reservations_.on_receipt(from, m, now); });
    }
  }();
  poll_reservations();
  return good;
}

void Network::poll_reservations() {
  const Millis now = clock_.now();
  while (const auto action = reservations_.poll()) {
    if (action->link != kNoLink) {
      (void)egress_.urgent(action->link, action->message(), now);  // it is asked again in 10 s
    } else if (reservation_observer_) {
      const auto observer = reservation_observer_;  // lives on should it replace itself
      observer(action->news);
    }
  }
}

Result<ReservationKey> Network::reserve(const ReservationOrder& order) {
  const auto key = reservations_.request(order, clock_.now());
  poll_reservations();
  pump();
  set_wake();
  return key;
}

Status Network::release(const ReservationKey& key, ReleaseReason reason) {
  const Status released = reservations_.release(key, reason, clock_.now());
  poll_reservations();
  pump();
  set_wake();
  return released;
}

std::optional<ReservationRoute> Network::route(const NodeId& destination, LinkSlot ingress,
                                               bool largest_mtu) const {
  const PathPolicy policy = largest_mtu ? PathPolicy::largest_mtu() : PathPolicy{};
  const auto hop = table_.choose({destination, ingress, 0, policy, 0, false}, self_);
  if (!hop || hop->way > NextHop::Way::feasible) return std::nullopt;
  const l0::LinkInfo& link = table_.link(hop->link).info;
  ReservationRoute out;
  out.egress = hop->link;
  out.speaks_l1 = (link.peer_features & l0::feature::kL1Relay) != 0;
  out.path = link_step(CompactPathCost{}, {link.latency, link.bandwidth, link.mtu});
  const Slot slot = table_.find(destination);
  if (slot == kNoSlot) return out;
  for (const Candidate& c : table_.candidates(slot)) {
    if (c.link == hop->link) out.path = c.entry;
  }
  return out;
}

std::uint64_t Network::fee(LinkSlot upstream) const { return table_.link(upstream).price; }

BitsPerSecond Network::rate(LinkSlot link) const { return egress_.figures(link).measured; }

}  // namespace mehr::l1
