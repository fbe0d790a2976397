// The relay, first half: ports, and what goes through. spec: L0/8.4
#include "mehr/l0/rns/relay.h"

#include <algorithm>
#include <gsl/assert>

#include "mehr/core/crypto.h"

namespace mehr::l0::rns {

namespace {

constexpr std::uint8_t kLowFlags = 0x0F;
constexpr std::size_t kLinkRequest = 64;
constexpr std::size_t kTail = 3;
// Mode in the top 3 of 24 bits, MTU in the other 21, big-endian. spec: L0/8.4 step 4
constexpr std::uint8_t kModeBits = 0xE0;
constexpr std::size_t kMostMtu = (1U << 21) - 1;

std::size_t mtu_of(ByteView tail) {
  return (static_cast<std::size_t>(tail[0] & 0x1F) << 16) |
         (static_cast<std::size_t>(tail[1]) << 8) | tail[2];
}

void set_mtu(MutableBytes tail, std::size_t mtu) {
  tail[0] = static_cast<std::uint8_t>((tail[0] & kModeBits) | (mtu >> 16));
  tail[1] = static_cast<std::uint8_t>(mtu >> 8);
  tail[2] = static_cast<std::uint8_t>(mtu);
}

// DATA of the packet by which a destination accepts a link.
struct LinkProof {
  Signature signature;
  X25519Key key;
  Tail tail;

  static constexpr auto wire =
      std::tuple{field("signature", &LinkProof::signature), field("key", &LinkProof::key),
                 field("tail", &LinkProof::tail)};
};

PacketId id_of(const PacketHash& hash) { return PacketId::from(hash.view()); }

}  // namespace

Relay::Relay(const Config& config, const Address& transport, Random& random)
    : config_(config),
      transport_(transport),
      random_(random),
      ports_(config.ports),
      paths_(config.paths, config.ports, random),
      links_(config.links, random),
      reverse_(config.reverse, random),
      seen_(config.packet_hashes, random),
      tags_(config.tags, random),
      scratch_(kMostPacket + Address::kSize) {
  Expects(config.ports < kNoPort);
  resending_.reserve(config.paths);
  lost_.reserve(config.paths);
}

// ---- Ports
// ---------------------------------------------------------------------------------------

std::optional<PortId> Relay::port_up(const PortInfo& info, Millis now) {
  const auto place =
      std::find_if(ports_.begin(), ports_.end(), [](const Port& p) { return !p.up; });
  if (place == ports_.end()) return std::nullopt;
  *place = Port{};
  place->info = info;
  place->up = true;
  place->second = now;
  place->checks = config_.announce_checks;
  const auto port = static_cast<PortId>(place - ports_.begin());
  if (own_) queue(port, {QueuedAnnounce::kOwn, 0, 0, false, now});
  return port;
}

void Relay::port_down(PortId port) {
  Expects(is_up(port));
  ports_[port].up = false;
  ports_[port].queue.clear();
  links_.port_down(port);
  for (Slot slot = 0; slot < paths_.capacity(); ++slot) {
    Path& path = paths_.at(slot);
    if (path.port != port) continue;
    if (path.node) lost_.push_back({*path.node, path.destination});
    std::erase(resending_, slot);
    paths_.erase(path);
  }
}

void Relay::set_announces(PortId port, bool announces) {
  Expects(is_up(port));
  ports_[port].info.announces = announces;
  if (!announces) ports_[port].queue.clear();
}

std::optional<LostNode> Relay::lost() {
  if (lost_.empty()) return std::nullopt;
  const LostNode out = lost_.back();
  lost_.pop_back();
  return out;
}

// ---- Packets
// -------------------------------------------------------------------------------------

Relay::Outcome Relay::take(PortId from, MutableBytes packet, Millis now) {
  Expects(is_up(from));
  ++counters_.packets_in;
  auto view = parse(packet);
  if (!view) return drop(&RelayCounters::malformed);
  if (view->hops >= kMaxHops) return drop(&RelayCounters::hop_limit);
  ++view->hops;
  const PacketType type = view->flags.type();
  const DestinationType kind = view->flags.destination_type();
  const bool announce = type == PacketType::announce;
  // Within a native link the neighbour is the next hop, and is not named. spec: L0/8.5
  if (view->transport && ports_[from].info.native) return drop(&RelayCounters::malformed);
  if (view->transport && !announce && *view->transport != transport_) {
    return drop(&RelayCounters::not_for_us);
  }
  if (kind == DestinationType::plain || kind == DestinationType::group) {
    if (announce || view->hops > 1) return drop(&RelayCounters::not_for_us);
    if (type != PacketType::data || view->destination != kPathRequests) {
      return drop(&RelayCounters::not_for_us);
    }
    return take_path_request(from, *view, now);
  }
  if (announce) {
    if (kind != DestinationType::single) return drop(&RelayCounters::malformed);
    return take_announce(from, *view, now);
  }
  if (kind == DestinationType::link) {
    if (type == PacketType::proof && view->context == context::kLinkProof) {
      return take_link_proof(from, packet, *view, now);
    }
    return take_link_packet(from, packet, *view, now);
  }
  if (type == PacketType::proof) return take_proof(from, packet, *view, now);
  return take_single(from, packet, *view, now);
}

// spec: L0/8.5, last decision
bool Relay::is_ours(ByteView packet) {
  if (packet.size() < kLeastPacket) return false;
  const PacketFlags flags{packet[0]};
  if (flags.two_addresses()) return false;
  const auto view = parse(packet);
  if (!view) return false;
  switch (flags.destination_type()) {
    case DestinationType::link:
      return true;
    case DestinationType::plain:
      return view->destination == kPathRequests;
    case DestinationType::group:
      return false;
    case DestinationType::single:
      break;
  }
  switch (flags.type()) {
    case PacketType::link_request:
      return true;
    case PacketType::announce: {
      // A native announce names the key that its destination is the hash of.
      if (view->data.size() < PublicKey::kSize) return false;
      return crypto::node_id_of(PublicKey::from(view->data)) != NodeId{view->destination.bytes};
    }
    case PacketType::proof:
      return reverse_.knows(view->destination);
    case PacketType::data:
      break;
  }
  return view->destination == own_ || paths_.find(view->destination) != nullptr;
}

bool Relay::is_duplicate(MutableBytes packet, const PacketView& view, Millis now) {
  if (may_repeat(view.context)) return false;
  return !seen_.insert(id_of(packet_hash(packet)), now);
}

// spec: L0/8.4 steps 2 and 3
Relay::Outcome Relay::take_single(PortId from, MutableBytes packet, const PacketView& view,
                                  Millis now) {
  const bool request = view.flags.type() == PacketType::link_request;
  if (view.destination == own_) {
    if (request) return drop(&RelayCounters::not_for_us);
    if (is_duplicate(packet, view, now)) return drop(&RelayCounters::duplicate);
    ++counters_.delivered;
    return Deliver{view.hops, view.context, view.data};
  }
  const bool for_us =
      view.transport.has_value() || (ports_[from].info.native && view.flags.in_transport());
  if (!for_us) return drop(&RelayCounters::not_for_us);
  Path* const path = paths_.find(view.destination);
  if (path == nullptr || !is_up(path->port)) return drop(&RelayCounters::no_path);
  const PacketHash hash = packet_hash(packet);
  if (!may_repeat(view.context) && !seen_.insert(id_of(hash), now)) {
    return drop(&RelayCounters::duplicate);
  }
  if (request) return take_link_request(from, packet, view, *path, now);
  reverse_.record(address_of(hash), from, path->port, now);
  return forward(*path, packet, view);
}

// To the next hop of @p path: another transport ID, or none for its last hop or a native link.
Relay::Outcome Relay::forward(const Path& path, MutableBytes packet, const PacketView& view) {
  const PortInfo& to = ports_[path.port].info;
  const auto low = static_cast<std::uint8_t>(packet[0] & kLowFlags);
  const bool named = !to.native && path.hops > 1;
  if (named && view.transport) {
    set_transport(packet, path.next_hop);
    return pass(path.port, packet, view.hops, &RelayCounters::forwarded);
  }
  if (named) {
    PacketView out = view;
    out.transport = path.next_hop;
    out.data = ByteView(packet).last(packet.size() - kHeaderSize);  // as it is after `fit_mtu`
    const auto written = write(out, scratch_);
    if (!written) return drop(&RelayCounters::too_long);
    return pass(path.port, *written, view.hops, &RelayCounters::forwarded);
  }
  if (view.transport) packet = strip_transport(packet);
  packet[0] = to.native ? static_cast<std::uint8_t>(low | PacketFlags::kInTransport) : low;
  return pass(path.port, packet, view.hops, &RelayCounters::forwarded);
}

Relay::Outcome Relay::pass(PortId to, MutableBytes packet, std::uint8_t hops,
                           std::uint64_t RelayCounters::*as) {
  if (!is_up(to)) return drop(&RelayCounters::no_path);
  if (packet.size() > ports_[to].info.packet_limit) return drop(&RelayCounters::too_long);
  packet[1] = hops;
  ++(counters_.*as);
  return Send{to, packet};
}

// ---- Links of others
// -----------------------------------------------------------------------------

// spec: L0/8.4 step 4
Relay::Outcome Relay::take_link_request(PortId from, MutableBytes packet, const PacketView& view,
                                        Path& path, Millis now) {
  const std::size_t size = view.data.size();
  if (size != kLinkRequest && size != kLinkRequest + kTail) {
    return drop(&RelayCounters::malformed);
  }
  RelayedLink link;
  link.id = link_id_of(packet);
  // Whoever saw the request pass could ask again with another tail, and have the link's packets.
  if (links_.find(link.id, now) != nullptr) return drop(&RelayCounters::duplicate);
  link.destination = view.destination;
  link.ingress = from;
  link.egress = path.port;
  link.hops_taken = view.hops;
  link.hops_left = path.hops;
  const std::uint64_t rate = ports_[path.port].info.bitrate.count;
  const std::uint64_t slow = rate == 0 ? 0 : 4'000'000 / rate;
  link.due = now + Millis{6'000 * std::max<std::uint64_t>(1, path.hops) + slow};
  if (size > kLinkRequest) fit_mtu(from, path.port, packet);
  links_.put(link, now);
  ++counters_.links;
  return forward(path, packet, view);
}

// The tail of a link request: no more than both ports take, or no tail.
void Relay::fit_mtu(PortId from, PortId to, MutableBytes& packet) const {
  const std::size_t out = ports_[to].info.link_mtu;
  const std::size_t in = ports_[from].info.link_mtu;
  const std::size_t least = in == 0 ? out : std::min(in, out);
  if (out == 0 || in == 0) {
    packet = packet.first(packet.size() - kTail);
    return;
  }
  const MutableBytes tail = packet.last(kTail);
  if (mtu_of(tail) > least) set_mtu(tail, std::min(least, kMostMtu));
}

// spec: L0/8.4 step 5
Relay::Outcome Relay::take_link_packet(PortId from, MutableBytes packet, const PacketView& view,
                                       Millis now) {
  RelayedLink* const link = links_.find(view.destination, now);
  if (link == nullptr || view.transport) return drop(&RelayCounters::unknown_link);
  const bool forth = from == link->ingress && view.hops == link->hops_taken;
  const bool back = from == link->egress && view.hops == link->hops_left;
  if (!forth && !back) return drop(&RelayCounters::unknown_link);
  if (is_duplicate(packet, view, now)) return drop(&RelayCounters::duplicate);
  if (link->valid) link->due = now + LinkTable::kIdle;
  const PortId to = forth ? link->egress : link->ingress;
  mark_transport(packet, to);
  return pass(to, packet, view.hops, &RelayCounters::link_packets);
}

// One-address packets carry bit 4 within native links, and there only. spec: L0/8.5
void Relay::mark_transport(MutableBytes packet, PortId to) const {
  if (!is_up(to)) return;
  packet[0] = static_cast<std::uint8_t>((packet[0] & kLowFlags) |
                                        (ports_[to].info.native ? PacketFlags::kInTransport : 0));
}

// spec: L0/8.4 step 6
Relay::Outcome Relay::take_link_proof(PortId from, MutableBytes packet, const PacketView& view,
                                      Millis now) {
  RelayedLink* const link = links_.find(view.destination, now);
  if (link == nullptr || from != link->egress || view.hops != link->hops_left) {
    return drop(&RelayCounters::unknown_link);
  }
  if (!is_good_proof(*link, view)) return drop(&RelayCounters::bad_proof);
  link->valid = true;
  link->due = now + LinkTable::kIdle;
  mark_transport(packet, link->ingress);
  return pass(link->ingress, packet, view.hops, &RelayCounters::proofs);
}

bool Relay::is_good_proof(const RelayedLink& link, const PacketView& view) {
  const auto proof = decode<LinkProof>(view.data);
  const Path* const path = paths_.find(link.destination);
  if (!proof || path == nullptr) return false;
  if (!proof->tail.bytes.empty() && proof->tail.bytes.size() != kTail) return false;
  const auto announce = parse_announce(path->ratchet, path->data());
  if (!announce) return false;
  std::array<std::uint8_t, Address::kSize + 32 + 32 + kTail> signed_bytes{};
  Writer w(signed_bytes);
  w.put(link.id);
  w.put(proof->key);
  w.put(announce->identity.signing);
  w.bytes(proof->tail.bytes);
  return crypto::verify(announce->identity.signing, w.written(), proof->signature);
}

// spec: L0/8.4 step 7
Relay::Outcome Relay::take_proof(PortId from, MutableBytes packet, const PacketView& view,
                                 Millis now) {
  if (view.transport) return drop(&RelayCounters::not_for_us);
  const auto to = reverse_.take(view.destination, from, now);
  if (!to) return drop(&RelayCounters::not_for_us);
  mark_transport(packet, *to);
  return pass(*to, packet, view.hops, &RelayCounters::proofs);
}

// ---- This node
// -----------------------------------------------------------------------------------

Result<Relay::Send> Relay::originate(const Path& path, std::uint8_t hops, std::uint8_t context,
                                     ByteView data) {
  if (!is_up(path.port)) return fail(Errc::not_found, "the port of that path is gone");
  const PortInfo& to = ports_[path.port].info;
  PacketView packet;
  const bool named = !to.native && path.hops > 1;
  packet.flags = PacketFlags::of(PacketType::data, named || to.native);
  packet.hops = hops;
  packet.destination = path.destination;
  packet.context = context;
  packet.data = data;
  if (named) packet.transport = path.next_hop;
  const auto written = write(packet, scratch_);
  if (!written) return fail(written);
  if (written->size() > std::min(to.packet_limit, kMtu)) {
    return fail(Errc::too_big, "a packet across a Reticulum network has at most 465 bytes of DATA");
  }
  return Send{path.port, *written};
}

}  // namespace mehr::l0::rns
