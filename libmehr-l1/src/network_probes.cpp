// The facade's half that deals with probes: asking, passing on, answering. spec: L1/7
#include <algorithm>

#include "mehr/l1/network.h"
#include "mehr/l1/probe_messages.h"

namespace mehr::l1 {

// ---- Asking
// --------------------------------------------------------------------------------------

std::optional<ProbePath> Network::probe_path(const NodeId& destination, Mtu size) const {
  const auto hop = table_.choose({destination, kNoLink, size.bytes, PathPolicy{}, 0, false}, self_);
  if (!hop || hop->way == NextHop::Way::ring) return std::nullopt;
  const l0::LinkInfo& link = table_.link(hop->link).info;
  ProbePath path;
  path.egress = hop->link;
  path.egress_mtu = link.mtu;
  path.egress_rate = link.bandwidth;
  path.path = link_step(CompactPathCost{}, {link.latency, link.bandwidth, link.mtu});
  const Slot route = table_.find(destination);
  if (route == kNoSlot) return path;  // a neighbour that has not announced itself yet
  for (const Candidate& c : table_.candidates(route)) {
    if (c.link == hop->link) path.path = c.entry;
  }
  return path;
}

Status Network::probe(const NodeId& to, Mtu size) {
  const auto path = probe_path(to, size);
  if (!path) return fail(Errc::no_route, "no route to that node is known, so it cannot be probed");
  const Millis now = clock_.now();
  const auto event = prober_.start(to, *path, size, now);
  if (!event) return fail(event);
  const Status sent = send_probe(*event, now);
  set_wake();
  return sent;
}

Status Network::search_mtu(const NodeId& to) {
  const auto path = probe_path(to, Mtu{kProbeMin});
  if (!path) return fail(Errc::no_route, "no route to that node is known, so it cannot be probed");
  const Status begun = prober_.search(to, *path, clock_.now());
  set_wake();
  return begun;
}

Status Network::send_probe(const ProbeEvent& event, Millis now) {
  const auto packet = encode_probe_packet(event.destination, start_hops(event.destination),
                                          event.request, scratch_);
  Status sent = packet ? Status{} : fail(packet);
  if (sent) {
    sent = hand(event.egress, {priority_of(kProbeContext), kNoLink, *packet, false}, now);
  }
  if (!sent) prober_.withdraw(event.destination, now);
  return sent;
}

void Network::poll_probes(Millis now) {
  while (const auto event = prober_.poll(*this, now)) {
    if (event->kind == ProbeEvent::Kind::send) {
      (void)send_probe(*event, now);  // a search tries again in its next turn
    } else {
      tell_probe(*event);
    }
  }
}

void Network::tell_probe(const ProbeEvent& event) {
  // A search looks for what does not pass: its failures say nothing of how reliable the way is.
  const ProbeReport* report = prober_.find(event.destination);
  const bool answered = event.kind == ProbeEvent::Kind::answered;
  const bool searching = report != nullptr && report->searching;
  if (answered || (event.kind == ProbeEvent::Kind::failed && !searching)) {
    table_.outcome(event.egress, event.destination, answered);
  }
  if (!probe_observer_) return;
  const auto observer = probe_observer_;  // lives on should it replace itself
  observer(event);
}

// ---- For others
// ----------------------------------------------------------------------------------

bool Network::pass_probe(LinkSlot from, const l0::Packet& packet, const NextHop& hop, Millis now) {
  const auto request = decode_probe_request(packet.data.bytes);
  const auto path = probe_path(packet.destination, Mtu{0});
  const bool fast = table_.link(hop.link).info.bandwidth >= kProbeLeastRate.decode();
  const bool noted =
      request && from != kNoLink && fast && probe_relay_.allow(from, now) &&
      probe_relay_.on_request(
          packet.destination, request->probe_id, from, hop.link,
          probe_wait(path ? path->path : CompactPathCost{}, request->payload_size), now);
  ++(noted ? counters_.probes_passed : counters_.probes_dropped);
  return noted;
}

void Network::answer_probe(LinkSlot from, const l0::Packet& packet, std::size_t size, Millis now) {
  const auto request = decode_probe_request(packet.data.bytes);
  if (!request || from == kNoLink || !probe_relay_.allow(from, now)) {
    ++counters_.probes_dropped;
    return;
  }
  const l0::LinkInfo& link = table_.link(from).info;
  const ProbeResponse response = l1::answer_probe(*request, size, link.mtu, link.bandwidth);
  std::array<std::uint8_t, kProbeResponsePacketSize> buffer;
  const auto answer = encode_probe_answer(self_, start_hops(self_), response, buffer);
  const bool sent =
      answer && hand(from, {priority_of(kProbeContext), kNoLink, *answer, false}, now);
  ++(sent ? counters_.probes_answered : counters_.probes_dropped);
}

void Network::on_probe_response(LinkSlot from, const l0::Packet& packet, MutableBytes bytes,
                                Millis now) {
  const auto response = decode<ProbeResponse>(packet.data.bytes);
  if (!response || packet.hops + 1 >= l0::kMaxHops) {
    ++counters_.malformed;
    return;
  }
  if (const auto event = prober_.on_response(packet.destination, *response, from, now)) {
    tell_probe(*event);
    return set_wake();
  }
  const auto back = probe_relay_.on_response(packet.destination, response->probe_id, from, now);
  if (!back || !table_.is_up(*back)) {
    ++counters_.proofs_unasked;
    return;
  }
  l0::set_hops(bytes, static_cast<std::uint8_t>(packet.hops + 1));
  if (hand(*back, {priority_of(kProbeContext), from, bytes, false}, now)) {
    ++counters_.proofs_passed;
  }
}

}  // namespace mehr::l1
