// The facade's half that looks after links: up, down, measured, shared, weighed.
#include <algorithm>
#include <limits>

#include "mehr/core/hazard.h"
#include "mehr/l1/network.h"

namespace mehr::l1 {

namespace {

// What a byte of this neighbour costs it: what the policy asks, and what the medium itself does.
std::uint64_t base_price(const RelayPolicy& policy, const l0::LinkInfo& link) {
  const std::uint64_t asked = policy.price(link.peer);
  return asked + std::min(link.cost, std::numeric_limits<std::uint64_t>::max() - asked);
}

}  // namespace

LinkShape Network::shape_of(const l0::LinkInfo& link) const {
  LinkShape shape;
  shape.peer = link.peer;
  shape.channel = link.bandwidth;
  shape.bandwidth = link.bandwidth;
  shape.mtu = link.mtu;
  shape.half_duplex = link.half_duplex;
  shape.scans = link.scans;
  shape.gossips = (link.peer_features & l0::feature::kGossip) != 0;
  return shape;
}

// All who sit on a shared channel speak in turns: this node's part is one of (neighbours + 1), and
// what it may say in gossip is measured by that. spec: L1/9.1
void Network::share_channel(InterfaceId interface, Millis now) {
  std::uint64_t neighbours = 0;
  const auto on_channel = [&](LinkSlot link) {
    const l0::LinkInfo& info = table_.link(link).info;
    return table_.is_up(link) && info.half_duplex && info.interface == interface;
  };
  for (std::size_t i = 0; i < table_.link_slots(); ++i) {
    if (on_channel(static_cast<LinkSlot>(i))) ++neighbours;
  }
  for (std::size_t i = 0; i < table_.link_slots(); ++i) {
    const auto link = static_cast<LinkSlot>(i);
    if (!on_channel(link)) continue;
    const std::uint64_t channel = neighbours_[i].channel.count;
    egress_.set_bandwidth(link, {std::max<std::uint64_t>(1, channel / (neighbours + 1))}, now);
  }
}

void Network::weigh(LinkSlot link, Millis now) {
  constexpr std::uint64_t kFull = 16 * kWeightOne;  // a neighbour that does no wrong
  const std::uint64_t funded = policy_.weight(table_.link(link).info.peer);
  const std::uint64_t earned = kFull * funded / RelayPolicy::kWeightOne;
  const std::uint64_t kept = earned * neighbours_[link].conduct.sixteenths(now) / 16;
  egress_.set_weight(link, static_cast<std::uint16_t>(std::min<std::uint64_t>(kept, 0xFFFF)));
}

void Network::note_fault(LinkSlot from, Fault fault, Millis now) {
  if (from == kNoLink) return;
  neighbours_[from].conduct.note(fault, now);
  weigh(from, now);
}

void Network::on_link_up(const l0::LinkInfo& up) {
  l0::LinkInfo link = up;
  link.mtu = Mtu{std::min(up.mtu.bytes, static_cast<std::uint16_t>(scratch_.size()))};
  const LinkSlot slot = hazard("l1.link_table_full") ? kNoLink : table_.link_up(link);
  if (slot == kNoLink) {
    ++counters_.links_refused;
    links_.close(link.id, l0::CloseReason::policy);
    return;
  }
  const Millis now = clock_.now();
  Neighbour& neighbour = neighbours_[slot];
  const NeighbourClock clock = neighbour.peer == link.peer ? neighbour.clock : NeighbourClock{};
  neighbour = Neighbour{};
  neighbour.peer = link.peer;
  neighbour.clock = clock;
  neighbour.clock.measured(link.clock_offset_ms, link.clock_error, now);
  neighbour.conduct.start(now);
  neighbour.channel = link.bandwidth;
  neighbour.nominal = link.latency;
  egress_.link_up(slot, shape_of(link), now);
  requests_.link_up(slot);
  if (shape_of(link).gossips) {
    gossip_.link_up(slot, {link.peer, link.mtu, link.bandwidth}, now);
  }
  weigh(slot, now);
  table_.set_price(slot, base_price(policy_, link));
  if (link.half_duplex) share_channel(link.interface, now);
  // The first link after none: this node may have moved, and the neighbour may have forgotten it.
  const bool moved = announcing_ && (flow_.own().empty() || table_.active_links() == 1);
  const bool just_announced = !flow_.own().empty() && now - announced_at_ < kAnnounceHold;
  flow_.link_up(slot, announcing_ && (!moved || just_announced), shape_of(link).gossips);
  if (moved && !just_announced) {
    announce_now();
  } else if (moved) {
    announce_at_ = std::min(announce_at_, announced_at_ + kAnnounceHold);
  }
  gossip_moved_ = true;
  pump();
  observe_all();
  set_wake();
}

void Network::on_link_down(l0::LinkId link, l0::CloseReason reason) {
  if (planted("l1.link_down_kept")) return;
  const Millis now = clock_.now();
  const LinkSlot slot = table_.link_down(link, reason, now);
  if (slot == kNoLink) return;
  const l0::LinkInfo info = table_.link(slot).info;
  egress_.link_down(slot, now);
  gossip_.link_down(slot);
  flow_.link_down(slot, now);
  reverse_.link_down(slot);
  probe_relay_.link_down(slot);
  reservations_.link_down(slot, now);
  if (info.half_duplex) share_channel(info.interface, now);
  poll_reservations();
  gossip_moved_ = true;
  pump();
  observe_all();
  set_wake();
  tell_writable();  // whoever waited for this link's queue would wait for ever
}

void Network::on_packet_too_big(l0::LinkId from, const NodeId& destination, Mtu mtu) {
  const LinkSlot link = table_.find_link(from);
  const bool lowered = link != kNoLink && table_.limit_mtu(link, destination, mtu);
  ++(lowered ? counters_.mtu_lowered : counters_.mtu_ignored);
}

void Network::on_link_writable(l0::LinkId link) {
  if (planted("l1.writable_ignored")) return;
  const LinkSlot slot = table_.find_link(link);
  if (slot != kNoLink) egress_.writable(slot, clock_.now());
  pump();
  set_wake();
}

// spec: L1/2.2: latency(L) = ceil(srtt / 2)
void Network::on_round_trip(l0::LinkId link, Millis rtt) {
  const LinkSlot slot = table_.find_link(link);
  if (slot == kNoLink) return;
  const Millis now = clock_.now();
  Neighbour& neighbour = neighbours_[slot];
  neighbour.rtt.add(rtt);
  table_.measured(slot, neighbour.rtt.one_way(neighbour.nominal), egress_.figures(slot).measured);
  weigh(slot, now);
  flow_.set_price(slot, base_price(policy_, table_.link(slot).info), now);
  gossip_moved_ = true;  // the next wake tells what follows from it
  set_wake();
}

}  // namespace mehr::l1
