// The facade's half that reaches nodes of ours across networks of another kind. spec: L0/8.5
#include <algorithm>

#include "mehr/l1/network.h"
#include "network_parts.h"

namespace mehr::l1 {

// What this node says of itself there: its extension with the neutral path cost. spec: L0/8.2
void Network::introduce_abroad() {
  MehrExtension extension;
  extension.tlvs = Tail{ByteView(tlvs_).first(tlvs_size_)};
  std::array<std::uint8_t, kExtensionMax> bytes{};
  if (const auto written = encode(extension, bytes)) links_.set_foreign_extension(*written);
}

void Network::on_foreign_node(const l0::ForeignNode& node) {
  const auto heard = foreign_.hear(node, clock_.now());
  if (!heard) return;
  if (heard->evicted) tell({RouteEvent::Kind::lost, *heard->evicted, NodeId{}});
  if (heard->is_new) tell({RouteEvent::Kind::appeared, node.node, NodeId{}});
  set_wake();
}

void Network::on_foreign_lost(const NodeId& node) {
  if (foreign_.forget(node)) tell({RouteEvent::Kind::lost, node, NodeId{}});
}

void Network::on_foreign_packet(MutableBytes packet) { take_packet(kNoLink, packet); }

void Network::on_foreign_writable() { tell_writable(); }

void Network::expire_foreign(Millis now) {
  while (const auto gone = foreign_.on_time(now)) {
    tell({RouteEvent::Kind::lost, *gone, NodeId{}});
  }
}

// True when the way that the table has is worse than the one across: nobody knows whether it leads
// there any more.
bool Network::goes_abroad(const NodeId& to, const std::optional<NextHop>& hop) const {
  const bool good = hop && !needs_question(hop->way) && hop->way != NextHop::Way::ring;
  return !good && foreign_.find(to) != nullptr;
}

bool Network::goes_abroad(const NodeId& to) const {
  return goes_abroad(to, table_.choose({to, kNoLink, 0, PathPolicy{}, 0, false}, self_));
}

// As `send`, across.
Status Network::send_own_abroad(const NodeId& to, std::uint8_t context, ByteView body) {
  if (body.size() > data_limit(l0::kForeignMtu)) {
    return fail(Errc::too_big, "the way there takes 465 bytes at most");
  }
  const l0::Packet packet{l0::PacketFlags::of(l0::PacketType::data, true), start_hops(to), to,
                          context, Tail{body}};
  const auto bytes = encode(packet, scratch_);
  if (!bytes) return fail(bytes);
  const Status sent = links_.send_foreign(to, *bytes);
  if (!sent) {
    send_blocked_ = send_blocked_ || sent.error().code == Errc::full;
    return sent;
  }
  ++counters_.sent;
  ++counters_.foreign_sent;
  return sent;
}

// A packet of somebody else. Its hop count goes with it; a relay abroad counts on.
void Network::forward_abroad(LinkSlot from, const l0::Packet& packet, MutableBytes bytes) {
  if (bytes.size() > l0::kForeignMtu.bytes) {
    ++counters_.too_big;
    if (from != kNoLink) {
      links_.signal_too_big(table_.link(from).info.id, packet.destination, l0::kForeignMtu);
    }
    return;
  }
  if (from != kNoLink && !policy_.admit(table_.link(from).info.peer, bytes)) {
    ++counters_.not_admitted;
    return;
  }
  l0::set_hops(bytes, static_cast<std::uint8_t>(packet.hops + 1));
  if (const Status sent = links_.send_foreign(packet.destination, bytes); !sent) {
    ++(sent.error().code == Errc::full ? counters_.link_full : counters_.link_failed);
    return;
  }
  ++counters_.forwarded;
  ++counters_.foreign_sent;
  if (from != kNoLink) policy_.forwarded(table_.link(from).info.peer, bytes);
}

// ---- Views
// ---------------------------------------------------------------------------------------

RouteInfo Network::info_of(const ForeignNodes::Node& node, Millis now) const {
  RouteInfo info;
  info.destination = node.id;
  info.hop_count = node.hops == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(node.hops - 1);
  info.mtu = l0::kForeignMtu;
  info.ways = 1;
  info.age = now - node.heard;
  info.foreign = true;
  return info;
}

PathFacts Network::facts_of(const ForeignNodes::Node& node) const {
  PathFacts facts;
  facts.cost = 0;
  facts.mtu = l0::kForeignMtu;
  facts.hops = node.hops == 0 ? std::uint8_t{0} : static_cast<std::uint8_t>(node.hops - 1);
  facts.fresh = true;
  facts.age = clock_.now() - node.heard;
  return facts;
}

}  // namespace mehr::l1
