#include "mehr/l0/rns/bridge.h"

#include <algorithm>
#include <gsl/assert>

#include "mehr/core/crypto.h"
#include "mehr/l0/link_frames.h"

namespace mehr::l0::rns {

namespace {

constexpr std::string_view kTransportKey = "l0/reticulum/transport";
constexpr std::size_t kLinkIds = 65'536;
// Smallest medium of ours, and what Reticulum's own radios take: no more can be agreed on there.
constexpr std::size_t kSmallFrame = 508;

// Who this node is to its Reticulum peers as a relay: drawn once and kept, for a peer's paths name
// it. It is nobody's key, so nothing leads from it to the NodeID. spec: L0/8.4
Address load_transport(const Bridge::World& world) {
  Address out;
  if (world.storage != nullptr) {
    const auto stored = world.storage->get(kTransportKey);
    if (stored && stored->size() == Address::kSize) return Address::from(*stored);
  }
  world.random.fill(out.mutable_view());
  if (world.storage != nullptr) {
    const std::array<Storage::Put, 1> batch{{{kTransportKey, out.view()}}};
    (void)world.storage->put(batch);  // unkept: peers learn another relay after the next start
  }
  return out;
}

PortInfo port_info(const MediumInfo& medium) {
  PortInfo out;
  out.bitrate = medium.bandwidth;
  out.packet_limit = medium.stream ? kMostPacket : medium.mtu.bytes + kLinkOverhead;
  out.link_mtu = out.packet_limit > kSmallFrame ? out.packet_limit : 0;
  return out;
}

PortInfo port_info(const LinkInfo& link) {
  PortInfo out;
  out.native = true;
  out.announces = (link.peer_features & feature::kReticulum) != 0;
  out.bitrate = link.bandwidth;
  out.packet_limit = link.mtu.bytes;
  out.link_mtu = link.mtu.bytes;
  return out;
}

}  // namespace

Bridge::Bridge(const Relay::Config& config, LinkLayer& below, const Signer& signer,
               const World& world)
    : below_(below),
      signer_(signer),
      clock_(world.clock),
      timers_(world.timers),
      random_(world.random),
      name_(name_hash(kNodeName)),
      own_(destination_of(name_, identity_of(signer))),
      relay_(config, load_transport(world), world.random),
      ports_(config.ports),
      by_link_(kLinkIds, kNoPort),
      scratch_(kHeaderSize + kMostPacket) {
  lost_.reserve(kMostLost);
  below_.set_listener(this);
}

Bridge::~Bridge() {
  below_.set_listener(nullptr);
  timers_.wake_at(*this, Millis::never());
}

// ---- Ports
// ---------------------------------------------------------------------------------------

const Bridge::Port* Bridge::port_of(LinkId link) const {
  const PortId id = by_link_[link.value];
  return id == kNoPort ? nullptr : &ports_[id];
}

const Bridge::Port* Bridge::port_of(MediumHandle medium) const {
  const PortId id = medium.value < by_medium_.size() ? by_medium_[medium.value] : kNoPort;
  return id == kNoPort ? nullptr : &ports_[id];
}

PortId Bridge::add_port(const PortInfo& info, Port port) {
  const Millis now = clock_.now();
  const auto id = relay_.port_up(info, now);
  if (!id) {
    ++counters_.no_port;
    return kNoPort;
  }
  port.id = *id;
  ports_[*id] = port;
  if (announce_at_ == Millis::never()) announce(now);
  return *id;
}

void Bridge::remove_port(PortId port) {
  const bool blocked = std::exchange(ports_[port], Port{}).blocked;
  relay_.port_down(port);
  tell_lost();
  if (blocked && above_ != nullptr) above_->on_foreign_writable();
}

void Bridge::unblock(PortId port) {
  if (port == kNoPort || !std::exchange(ports_[port].blocked, false)) return;
  if (above_ != nullptr) above_->on_foreign_writable();
}

// While a stream's link is up, the clear port beside it would only say everything twice.
void Bridge::cover(MediumHandle medium, bool covered) {
  const Port* const port = port_of(medium);
  if (port != nullptr) relay_.set_announces(port->id, !covered);
}

void Bridge::on_link_up(const LinkInfo& link) {
  Port port;
  port.medium = link.medium;
  port.link = link.id;
  port.covers = link.stream && (link.peer_features & feature::kReticulum) != 0;
  by_link_[link.id.value] = add_port(port_info(link), port);
  if (port.covers) cover(link.medium, true);
  if (above_ != nullptr) above_->on_link_up(link);
  pump(clock_.now());
}

void Bridge::on_link_down(LinkId link, CloseReason reason) {
  const PortId id = std::exchange(by_link_[link.value], kNoPort);
  if (id != kNoPort) {
    if (ports_[id].covers) cover(ports_[id].medium, false);
    remove_port(id);
  }
  if (above_ != nullptr) above_->on_link_down(link, reason);
}

void Bridge::on_clear_medium_up(MediumHandle medium, const MediumInfo& info) {
  if (by_medium_.size() <= medium.value) by_medium_.resize(medium.value + std::size_t{1}, kNoPort);
  Port port;
  port.medium = medium;
  by_medium_[medium.value] = add_port(port_info(info), port);
  const Millis now = clock_.now();
  if (!lost_.empty()) {
    ask_at_ = now + kRequestSpacing;
    ask_next_ = 0;
  }
  pump(now);
}

void Bridge::on_clear_medium_down(MediumHandle medium) {
  if (medium.value >= by_medium_.size()) return;
  const PortId id = std::exchange(by_medium_[medium.value], kNoPort);
  if (id != kNoPort) remove_port(id);
}

// ---- Packets
// -------------------------------------------------------------------------------------

void Bridge::on_packet(LinkId from, MutableBytes packet) {
  const Port* const port = port_of(from);
  if (port != nullptr && relay_.is_ours(packet)) return take(*port, packet);
  if (above_ != nullptr) above_->on_packet(from, packet);
}

void Bridge::on_clear_packet(MediumHandle from, MutableBytes packet) {
  if (const Port* const port = port_of(from)) take(*port, packet);
}

void Bridge::take(const Port& from, MutableBytes packet) {
  const Millis now = clock_.now();
  const Relay::Outcome outcome = relay_.take(from.id, packet, now);
  if (const auto* out = std::get_if<Relay::Send>(&outcome)) {
    if (const Status sent = send(*out); !sent) {
      ++(sent.error().code == Errc::full ? counters_.full : counters_.failed);
    }
  } else if (const auto* for_us = std::get_if<Relay::Deliver>(&outcome)) {
    deliver(*for_us);
  } else if (const auto* announce = std::get_if<Relay::Heard>(&outcome)) {
    heard(*announce);
  }
  if (relay_.next_deadline() < armed_) rearm();
}

Status Bridge::send(const Relay::Send& send) {
  const Port& to = ports_[send.port];
  if (to.link != LinkId{}) return below_.send_packet(to.link, send.packet, Padding::by_class);
  return below_.send_clear(to.medium, send.packet);
}

void Bridge::deliver(const Relay::Deliver& packet) {
  const Packet native{PacketFlags::of(PacketType::data, true), packet.hops, signer_.node_id(),
                      packet.context, Tail{packet.data}};
  const auto bytes = encode(native, scratch_);
  if (!bytes || above_ == nullptr) return;
  ++counters_.foreign_in;
  above_->on_foreign_packet(*bytes);
}

// spec: L0/8.3 step 6
void Bridge::heard(const Relay::Heard& heard) {
  tell_lost();
  if (heard.announce.name != name_) return;
  const PublicKey& key = heard.announce.identity.signing;
  const NodeId node = crypto::node_id_of(key);
  if (node == signer_.node_id()) return;
  relay_.paths().name(*heard.path, node);
  std::erase(lost_, heard.path->destination);
  if (above_ == nullptr) return;
  above_->on_foreign_node({node, key, heard.path->hops, heard.announce.app_data});
}

void Bridge::tell_lost() {
  while (const auto gone = relay_.lost()) {
    if (lost_.size() == kMostLost) lost_.erase(lost_.begin());
    lost_.push_back(gone->destination);
    if (above_ != nullptr) above_->on_foreign_lost(gone->node);
  }
}

Status Bridge::send_foreign(const NodeId& node, ByteView packet) {
  const Path* const path = relay_.paths().find(node);
  if (path == nullptr) return fail(Errc::not_found, "no path to that node");
  const auto native = decode<Packet>(packet);
  if (!native) return fail(native);
  const auto out = relay_.originate(*path, native->hops, native->context, native->data.bytes);
  if (!out) return fail(out);
  const Status sent = send(*out);
  if (sent) ++counters_.foreign_out;
  if (!sent && sent.error().code == Errc::full) ports_[out->port].blocked = true;
  return sent;
}

// ---- What passes untouched
// -----------------------------------------------------------------------

void Bridge::on_control(LinkId from, ByteView message) {
  if (above_ != nullptr) above_->on_control(from, message);
}

void Bridge::on_packet_too_big(LinkId from, const NodeId& destination, Mtu mtu) {
  if (above_ != nullptr) above_->on_packet_too_big(from, destination, mtu);
}

void Bridge::on_round_trip(LinkId link, Millis rtt) {
  if (above_ != nullptr) above_->on_round_trip(link, rtt);
}

void Bridge::on_neighbour_frame(const NeighbourFrame& frame) {
  if (above_ != nullptr) above_->on_neighbour_frame(frame);
}

void Bridge::on_link_writable(LinkId link) {
  unblock(by_link_[link.value]);
  if (above_ != nullptr) above_->on_link_writable(link);
}

void Bridge::on_clear_writable(MediumHandle medium) {
  if (const Port* const port = port_of(medium)) unblock(port->id);
}

// ---- This node
// -----------------------------------------------------------------------------------

void Bridge::set_foreign_extension(ByteView extension) {
  Expects(extension.size() <= extension_.size());
  copy_bytes(extension, extension_);
  extension_size_ = extension.size();
}

// spec: L0/8.2
void Bridge::announce(Millis now) {
  emitted_ = std::max(emitted_ + 1, clock_.node_time().millis / 1000);
  FixedBytes<5, struct RnsRandomTag> random;
  random_.fill(random.mutable_view());
  std::array<std::uint8_t, kMostForwarded> data{};
  const auto built = build_announce(signer_, name_, blob_of(random, emitted_),
                                    ByteView(extension_).first(extension_size_), data);
  Expects(built.has_value());
  relay_.announce(own_, *built, now);
  announce_at_ = now + kRefresh;
  ++counters_.announced;
}

void Bridge::ask_again(Millis now) {
  if (ask_next_ >= lost_.size()) {
    ask_at_ = Millis::never();
    return;
  }
  const MutableBytes request = relay_.path_request(lost_[ask_next_], random_);
  for (const Port& port : ports_) {
    if (port.id == kNoPort || port.link != LinkId{}) continue;
    (void)below_.send_clear(port.medium,
                            request);  // lost with a full medium: asked when it matters
  }
  ++counters_.requests;
  ++ask_next_;
  ask_at_ = now + kRequestSpacing;
}

// ---- Time
// ----------------------------------------------------------------------------------------

void Bridge::on_wake(Millis now) {
  armed_ = Millis::never();
  if (announce_at_ <= now) announce(now);
  if (ask_at_ <= now) ask_again(now);
  pump(now);
}

// An announce that finds its port full is lost: whoever needs it asks.
void Bridge::pump(Millis now) {
  if (relay_.next_deadline() <= now) {
    while (const auto due = relay_.next(now)) {
      if (const Status sent = send(*due); !sent) ++counters_.failed;
    }
  }
  rearm();
}

void Bridge::rearm() {
  const Millis due = std::min({relay_.next_deadline(), announce_at_, ask_at_});
  if (due == armed_) return;
  armed_ = due;
  timers_.wake_at(*this, due);
}

std::vector<PathStatus> Bridge::paths() const {
  std::vector<PathStatus> out;
  const Paths& all = relay_.paths();
  for (Slot slot = 0; slot < all.capacity(); ++slot) {
    const Path& path = all.at(slot);
    if (path.port == kNoPort) continue;
    out.push_back({path.destination, path.node, path.hops, relay_.port(path.port).native,
                   clock_.now() - path.heard});
  }
  return out;
}

}  // namespace mehr::l0::rns
