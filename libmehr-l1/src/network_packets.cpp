// The facade's half that deals with packets: taken, delivered, passed on. spec: L1/6
#include <algorithm>

#include "mehr/core/hazard.h"
#include "mehr/l1/network.h"
#include "mehr/l1/probe_messages.h"
#include "network_parts.h"

namespace mehr::l1 {

namespace {

// The defect memory.leak. Still reachable, so that it is the simulator that finds it.
void leak() {
  struct Block {
    Block* former = nullptr;
    std::array<std::uint8_t, 56> bytes{};
  };
  static thread_local Block* last = nullptr;
  last = new Block{last, {}};
}

// Policy is local to the sender's first hop: relays go by what the context says. spec: L1/6.1
PathPolicy relay_policy(Priority priority) {
  if (priority == Priority::p0) return PathPolicy::fastest();
  return priority == Priority::p3 ? PathPolicy::cheapest() : PathPolicy{};
}

}  // namespace

void Network::on_packet(l0::LinkId from, MutableBytes bytes) {
  const LinkSlot link = table_.find_link(from);
  if (link != kNoLink) take_packet(link, bytes);
}

// A dual interface carries packets in the clear: they are judged like any other, but came by no
// link, so they cannot teach a route. spec: L0/4
void Network::on_clear_packet(l0::MediumHandle, MutableBytes bytes) { take_packet(kNoLink, bytes); }

void Network::take_packet(LinkSlot from, MutableBytes bytes) {
  using l0::DestinationType;
  using l0::PacketType;
  if (planted("memory.leak")) leak();
  const auto packet = decode<l0::Packet>(bytes);
  const Millis now = clock_.now();
  if (!packet) {
    ++counters_.malformed;
    return note_fault(from, Fault::malformed, now);
  }
  const bool single = packet->flags.destination_type() == DestinationType::single;
  if (packet->flags.type() == PacketType::announce && from != kNoLink) {
    on_announce(from, *packet, now);
  } else if (packet->flags.type() == PacketType::data && single) {
    on_data(from, *packet, bytes, now);
  } else if (packet->flags.type() == PacketType::proof && from != kNoLink) {
    on_proof(from, *packet, bytes, now);
  } else {
    ++counters_.unsupported;  // plain and group packets never leave the link. spec: L0/3
  }
}

// ---- Announces
// -----------------------------------------------------------------------------------

void Network::on_announce(LinkSlot from, const l0::Packet& packet, Millis now) {
  const Received received = flow_.receive(from, packet, now);
  count(from, received, now);
  if (received.intake != Intake::stored) return;
  pump();
  set_wake();
}

void Network::count(LinkSlot from, const Received& received, Millis now) {
  struct Meaning {
    std::uint64_t NetworkCounters::*counter;
    std::optional<Fault> fault;
  };
  const auto meaning = [&]() -> Meaning {
    switch (received.intake) {
      case Intake::stored:
        return {&NetworkCounters::announces_stored, {}};
      case Intake::malformed:
        return {&NetworkCounters::announces_malformed, Fault::malformed};
      case Intake::own:
        return {&NetworkCounters::announces_own, {}};
      case Intake::older:
        return {&NetworkCounters::announces_older, {}};
      case Intake::repeated:
        return {&NetworkCounters::announces_repeated, {}};
      case Intake::replayed:
        return {&NetworkCounters::announces_replayed, Fault::useless};
      case Intake::bad_signature:
        return {&NetworkCounters::announces_bad_signature, Fault::forged};
      case Intake::wrong_version:
        return {&NetworkCounters::announces_wrong_version, {}};
      case Intake::too_many:
        return {&NetworkCounters::announces_too_many, Fault::useless};
      case Intake::no_room:
        break;
    }
    return {&NetworkCounters::announces_no_room, {}};
  }();
  ++(counters_.*meaning.counter);
  if (meaning.fault) note_fault(from, *meaning.fault, now);
  if (received.accepted.evicted) {
    ++counters_.routes_evicted;
    gossip_.let_go(*received.accepted.evicted, now);
  }
  if (received.intake != Intake::stored) return;
  gossip_moved_ = true;
  observe(received.accepted.route);
}

// ---- Data
// ----------------------------------------------------------------------------------------

void Network::on_data(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now) {
  const PacketId id = l0::packet_id(bytes);
  if (!seen_.insert(id, now) && !planted("l1.duplicate_filter")) {
    ++counters_.duplicate;
    loop_seen(from, packet.destination, id);
  } else if (packet.destination == self_) {
    deliver(from, packet, bytes, now);
  } else {
    forward(from, packet, bytes, id, now);
  }
}

// A packet that comes back by another link than it came first went in a circle; by the same link it
// is a neighbour that sends twice, which says nothing about our routes. spec: L1/6 step 1
void Network::loop_seen(LinkSlot from, const NodeId& destination, const PacketId& id) {
  const auto way = reverse_.find(id);
  if (!way || way->ingress == from || from == kNoLink) return;
  ++counters_.loops;
  if (!table_.mark_behind(way->egress, destination)) return;
  table_.outcome(way->egress, destination, false);
  const Slot route = table_.find(destination);
  observe(route);
}

void Network::deliver(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now) {
  if (packet.context == kProbeContext) return answer_probe(from, packet, bytes.size(), now);
  const MutableBytes body = bytes.subspan(l0::kHeaderSize);
  if (from != kNoLink) {
    const auto under = reservations_.find(from, self_);
    if (under && reservations_.count(*under, body.size(), now)) set_wake();
  }
  hand_up(from, packet.context, body);
}

Network::Handler* Network::handler_of(std::uint8_t context) {
  const auto found = std::find_if(handlers_.begin(), handlers_.end(),
                                  [&](const Handler& h) { return h.context == context; });
  return found == handlers_.end() ? nullptr : &*found;
}

void Network::hand_up(LinkSlot from, std::uint8_t context, MutableBytes body) {
  const Handler* const known = handler_of(context);
  const auto handler =
      known == nullptr ? nullptr : known->call;  // lives on should it replace itself
  if (handler == nullptr) {
    ++counters_.no_handler;
    return;
  }
  ++counters_.delivered;
  const std::uint32_t link = from == kNoLink ? 0 : table_.link(from).info.id.value;
  (*handler)(Message{Protocol{context, 0}, std::nullopt, body, link});
}

// Judged before it is sent on; what is refused is counted here.
bool Network::may_pass(LinkSlot from, const l0::Packet& packet, MutableBytes bytes,
                       const std::optional<NextHop>& hop, Millis now) {
  if (!hop || needs_question(hop->way)) ask_for_path(packet.destination, now);
  if (!hop) {
    ++counters_.no_route;
    return false;
  }
  if (bytes.size() > hop->limit.bytes) {
    ++counters_.too_big;
    if (from != kNoLink) {
      links_.signal_too_big(table_.link(from).info.id, packet.destination, hop->limit);
    }
    return false;
  }
  const auto state = [&] { return reservations_.find(from, packet.destination); };
  if (from != kNoLink && !state() && !policy_.admit(table_.link(from).info.peer, bytes)) {
    ++counters_.not_admitted;
    return false;
  }
  return true;
}

// spec: L1/6 steps 2 to 8
void Network::forward(LinkSlot from, const l0::Packet& packet, MutableBytes bytes,
                      const PacketId& id, Millis now) {
  if (!packet.flags.in_transport()) {
    ++counters_.not_in_transport;  // spec: L0/3
    return;
  }
  const bool counts_hops = !planted("l1.hop_limit");
  if (counts_hops && packet.hops + 1 >= l0::kMaxHops) {
    ++counters_.hop_limit;
    return;
  }
  const Priority priority = priority_of(packet.context);
  const LinkSlot not_back_to = planted("l1.split_horizon") ? kNoLink : from;
  const auto hop = table_.choose({packet.destination, not_back_to, bytes.size(),
                                  relay_policy(priority), 0, priority >= Priority::p2},
                                 self_);
  if (goes_abroad(packet.destination, hop)) return forward_abroad(from, packet, bytes);
  if (!may_pass(from, packet, bytes, hop, now)) return;
  if (packet.context == kProbeContext && !pass_probe(from, packet, *hop, now)) return;
  const auto under = from == kNoLink ? std::nullopt : reservations_.find(from, packet.destination);
  const LinkSlot egress = under ? under->egress : hop->link;
  if (counts_hops) l0::set_hops(bytes, static_cast<std::uint8_t>(packet.hops + 1));
  const bool claimed = under && reservations_.claims(*under, bytes.size(), now);
  const Priority turn = claimed ? std::min(priority, Priority::p1) : priority;
  if (!hand(egress, {turn, from, bytes, false}, now)) return;
  ++counters_.forwarded;
  if (hop->way == NextHop::Way::ring) ++counters_.ring_steps;
  if (hop->way == NextHop::Way::unsafe || hop->way == NextHop::Way::stale) ++counters_.unsafe_ways;
  if (from == kNoLink) return;
  reverse_.record(id, from, egress, now);
  if (under) {
    if (reservations_.count(*under, packet.data.bytes.size(), now)) set_wake();
  } else if (packet.context != kProbeContext) {
    policy_.forwarded(table_.link(from).info.peer, bytes);
  }
}

// ---- Proofs
// --------------------------------------------------------------------------------------

// spec: L1/6.3
void Network::on_proof(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now) {
  if (packet.context == kProbeContext) return on_probe_response(from, packet, bytes, now);
  const PacketId answered{packet.destination.bytes};
  const auto back =
      packet.hops + 1 < l0::kMaxHops ? reverse_.take(answered, from, now) : std::nullopt;
  if (!back || !table_.is_up(*back)) {
    ++counters_.proofs_unasked;
    return;
  }
  l0::set_hops(bytes, static_cast<std::uint8_t>(packet.hops + 1));
  if (hand(*back, {priority_of(packet.context), from, bytes, false}, now)) {
    ++counters_.proofs_passed;
  }
}

}  // namespace mehr::l1
