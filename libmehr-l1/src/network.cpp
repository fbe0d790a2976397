#include "mehr/l1/network.h"

#include <algorithm>
#include <gsl/assert>
#include <utility>

#include "mehr/core/hazard.h"

namespace mehr::l1 {

namespace {

constexpr std::string_view kEmittedKey = "l1/emitted";
constexpr std::size_t kLoopbackMax = 16;
constexpr std::size_t kAnnouncesPerStep = 64;
// spec: L1/4.1, 1,800 s +- 5 %
constexpr Millis kRefreshLeast = Millis::seconds(1710);
constexpr std::uint64_t kRefreshSpread = 180'000;

// Most DATA bytes for packets of up to @p mtu: the class limit, or what is left below the classes.
std::size_t data_limit(Mtu mtu) {
  if (mtu >= l0::kConstrainedMtu) return l0::max_data(l0::class_of(mtu));
  return mtu.bytes > l0::kHeaderSize ? mtu.bytes - l0::kHeaderSize : 0;
}

// The defect memory.leak. Still reachable, so that it is the simulator that finds it.
void leak() {
  struct Block {
    Block* former = nullptr;
    std::array<std::uint8_t, 56> bytes{};
  };
  static thread_local Block* last = nullptr;
  last = new Block{last, {}};
}

}  // namespace

Network::Network(l0::LinkLayer& links, Clock& clock, Timers& timers, Random& random,
                 const Signer& signer, Storage* storage, const Limits& limits)
    : links_(links),
      clock_(clock),
      timers_(timers),
      random_(random),
      signer_(signer),
      storage_(storage),
      self_(signer.node_id()),
      start_salt_(HashSalt::draw(random)),
      table_(limits, random),
      flow_(table_, self_, random.draw<std::uint64_t>()),
      seen_(limits.packet_ids, random) {
  loopback_.reserve(kLoopbackMax);
  told_.reserve(limits.routes);
  if (storage_ != nullptr) {
    const auto stored = storage_->get(kEmittedKey);
    if (stored) {
      Reader(*stored).get(emitted_);
    } else if (stored.error().code != Errc::not_found) {
      ++counters_.storage_failed;
    }
  }
  links_.set_listener(this);
}

Network::~Network() {
  links_.set_listener(nullptr);
  timers_.wake_at(*this, Millis::never());
}

// ---- Messenger
// -----------------------------------------------------------------------------------

Status Network::send(const NodeId& to, Protocol protocol, ByteView body,
                     const SendOptions& options) {
  Expects(protocol.port == 0);  // what a context divides into is the business of L2
  if (to == self_) return send_to_self(protocol.context, body);
  const std::size_t size = l0::kHeaderSize + body.size();
  const auto hop = table_.choose(to, kNoLink, std::max<std::size_t>(size, options.min_mtu));
  if (!hop) return fail(Errc::no_route, "no link leads towards that node");
  if (body.size() > data_limit(std::min(hop->usable, hop->limit))) {
    return fail(Errc::too_big, "the message is longer than a packet on that path may be");
  }
  const l0::Packet packet{l0::PacketFlags::of(l0::PacketType::data, true), start_hops(to), to,
                          protocol.context, Tail{body}};
  const auto bytes = encode(packet, scratch_);
  if (!bytes) return fail(bytes);
  const Status queued = links_.send_packet(table_.link(hop->link).info.id, *bytes);
  if (!queued) {
    if (queued.error().code == Errc::full) {
      ++counters_.link_full;
      send_blocked_ = true;
    } else {
      ++counters_.link_failed;
    }
    return queued;
  }
  ++counters_.sent;
  return {};
}

Status Network::send_to_self(std::uint8_t context, ByteView body) {
  if (body.size() > l0::max_data(l0::MtuClass::bulk)) {
    return fail(Errc::too_big, "the message is longer than a packet may be");
  }
  if (loopback_.size() == kLoopbackMax) {
    send_blocked_ = true;
    return fail(Errc::full, "too many messages of this node to itself are waiting");
  }
  loopback_.push_back({context, Bytes(body.begin(), body.end())});
  set_wake();
  return {};
}

void Network::on(Protocol protocol, MessageHandler handler) {
  Expects(protocol.port == 0);
  handlers_[protocol.context] =
      handler ? std::make_shared<const MessageHandler>(std::move(handler)) : nullptr;
}

std::size_t Network::max_body(const NodeId& to) const {
  if (to == self_) return l0::max_data(l0::MtuClass::bulk);
  const auto hop = table_.choose(to, kNoLink, 0);
  return hop ? data_limit(std::min(hop->usable, hop->limit)) : 0;
}

// spec: L1/6: 0 would name the sender, so the start is drawn once per boot and destination.
std::uint8_t Network::start_hops(const NodeId& to) const {
  return static_cast<std::uint8_t>(salted_hash(start_salt_, to.bytes) & 7);
}

std::optional<PublicKey> Network::key_of(const NodeId& node) const {
  if (node == self_) return signer_.public_key();
  const LinkSlot link = table_.neighbour(node);
  if (link != kNoLink) return table_.link(link).info.peer_key;
  const Slot route = table_.find(node);
  if (route == kNoSlot) return std::nullopt;
  return table_.route(route).public_key;
}

// ---- Announcing
// ----------------------------------------------------------------------------------

std::uint64_t Network::next_emitted() {
  if (planted("l1.emitted_not_stored")) return ++emitted_;
  // spec: L1/4, strictly rising across restarts
  emitted_ = std::max(emitted_ + 1, clock_.node_time().millis);
  if (storage_ != nullptr) {
    std::array<std::uint8_t, sizeof(emitted_)> bytes{};
    Writer(bytes).put(emitted_);
    const std::array<Storage::Put, 1> batch{{{kEmittedKey, bytes}}};
    if (hazard("l1.storage_fails") || !storage_->put(batch)) ++counters_.storage_failed;
  }
  return emitted_;
}

void Network::announce_now() {
  const Millis now = clock_.now();
  const auto announce = build_announce(signer_, next_emitted(), {});
  Expects(announce.has_value());
  flow_.set_own(*announce, first_hops_);
  announced_at_ = now;
  announce_at_ = announcing_ ? now + kRefreshLeast + Millis{random_.below(kRefreshSpread + 1)}
                             : Millis::never();
  pump();
  set_wake();
}

void Network::set_announcing(bool announcing) {
  if (announcing == announcing_) return;
  announcing_ = announcing;
  const bool refreshes = announcing && !flow_.own().empty();
  announce_at_ = refreshes ? announced_at_ + kRefreshLeast : Millis::never();
  set_wake();
}

void Network::set_max_hops(std::uint8_t max_hops) {
  Expects(max_hops >= 1 && max_hops <= l0::kMaxHops);
  first_hops_ = first_hops(max_hops);
}

// ---- L0 events
// -----------------------------------------------------------------------------------

void Network::on_link_up(const l0::LinkInfo& link) {
  const LinkSlot slot = hazard("l1.link_table_full") ? kNoLink : table_.link_up(link);
  if (slot == kNoLink) {
    ++counters_.links_refused;
    links_.close(link.id, l0::CloseReason::policy);
    return;
  }
  const Millis now = clock_.now();
  // The first link after none: this node may have moved, and the neighbour may have forgotten it.
  const bool moved = announcing_ && (flow_.own().empty() || table_.active_links() == 1);
  const bool just_announced = !flow_.own().empty() && now - announced_at_ < kAnnounceHold;
  flow_.link_up(slot, announcing_ && (!moved || just_announced));
  if (moved && !just_announced) {
    announce_now();
  } else if (moved) {
    announce_at_ = std::min(announce_at_, announced_at_ + kAnnounceHold);
  }
  pump();
  observe_all();
  set_wake();
}

void Network::on_link_down(l0::LinkId link, l0::CloseReason reason) {
  if (planted("l1.link_down_kept")) return;
  const LinkSlot slot = table_.link_down(link, reason, clock_.now());
  if (slot == kNoLink) return;
  flow_.link_down(slot);
  observe_all();
  set_wake();
  tell_writable();  // whoever waited for this link's queue would wait for ever
}

void Network::on_packet(l0::LinkId from, MutableBytes bytes) {
  const LinkSlot link = table_.find_link(from);
  if (link != kNoLink) take_packet(link, bytes);
}

// A dual interface carries packets in the clear: they are judged like any other, but came by no
// link, so they cannot teach a route. spec: L0/4
void Network::on_clear_packet(InterfaceId, MutableBytes bytes) { take_packet(kNoLink, bytes); }

void Network::take_packet(LinkSlot from, MutableBytes bytes) {
  if (planted("memory.leak")) leak();
  const auto packet = decode<l0::Packet>(bytes);
  if (!packet) {
    ++counters_.malformed;
    return;
  }
  const Millis now = clock_.now();
  if (packet->flags.type() == l0::PacketType::announce && from != kNoLink) {
    on_announce(from, *packet, now);
  } else if (packet->flags.type() == l0::PacketType::data &&
             packet->flags.destination_type() == l0::DestinationType::single) {
    on_data(from, *packet, bytes, now);
  } else {
    ++counters_.unsupported;  // plain and group packets never leave the link. spec: L0/3
  }
}

void Network::on_announce(LinkSlot from, const l0::Packet& packet, Millis now) {
  const Received received = flow_.receive(from, packet, now);
  count(received);
  if (received.intake != Intake::stored) return;
  observe(received.accepted.route);
  pump();
  set_wake();
}

void Network::count(const Received& received) {
  const auto counter = [&]() -> std::uint64_t& {
    switch (received.intake) {
      case Intake::stored:
        return counters_.announces_stored;
      case Intake::malformed:
        return counters_.announces_malformed;
      case Intake::own:
        return counters_.announces_own;
      case Intake::older:
        return counters_.announces_older;
      case Intake::repeated:
        return counters_.announces_repeated;
      case Intake::replayed:
        return counters_.announces_replayed;
      case Intake::bad_signature:
        return counters_.announces_bad_signature;
      case Intake::no_room:
        break;
    }
    return counters_.announces_no_room;
  };
  ++counter();
  if (received.accepted.evicted) ++counters_.routes_evicted;
}

// spec: L1/6 steps 1, 2, 4, 6, 8
void Network::on_data(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now) {
  if (!seen_.insert(l0::packet_id(bytes), now) && !planted("l1.duplicate_filter")) {
    ++counters_.duplicate;
  } else if (packet.destination == self_) {
    deliver(packet.context, bytes.subspan(l0::kHeaderSize));
  } else {
    forward(from, packet, bytes);
  }
}

void Network::deliver(std::uint8_t context, MutableBytes body) {
  const auto handler = handlers_[context];  // lives on should it replace itself
  if (handler == nullptr) {
    ++counters_.no_handler;
    return;
  }
  ++counters_.delivered;
  (*handler)(Message{Protocol{context, 0}, std::nullopt, body});
}

void Network::forward(LinkSlot from, const l0::Packet& packet, MutableBytes bytes) {
  if (!packet.flags.in_transport()) {
    ++counters_.not_in_transport;  // spec: L0/3
    return;
  }
  const bool counts_hops = !planted("l1.hop_limit");
  if (counts_hops && packet.hops + 1 >= l0::kMaxHops) {
    ++counters_.hop_limit;
    return;
  }
  const LinkSlot not_back_to = planted("l1.split_horizon") ? kNoLink : from;
  const auto hop = table_.choose(packet.destination, not_back_to, bytes.size());
  if (!hop) {
    ++counters_.no_route;
    return;
  }
  if (bytes.size() > hop->limit.bytes) {
    ++counters_.too_big;
    if (from != kNoLink)
      links_.signal_too_big(table_.link(from).info.id, packet.destination, hop->limit);
    return;
  }
  if (counts_hops) l0::set_hops(bytes, static_cast<std::uint8_t>(packet.hops + 1));
  const Status queued = links_.send_packet(table_.link(hop->link).info.id, bytes);
  if (queued) {
    ++counters_.forwarded;
  } else if (queued.error().code == Errc::full) {
    ++counters_.link_full;
  } else {
    ++counters_.link_failed;
  }
}

void Network::on_control(l0::LinkId, ByteView) {
  ++counters_.control_ignored;  // unknown types are ignored. spec: L1/1.2
}

void Network::on_packet_too_big(l0::LinkId from, const NodeId& destination, Mtu mtu) {
  const LinkSlot link = table_.find_link(from);
  const bool lowered = link != kNoLink && table_.limit_mtu(link, destination, mtu);
  ++(lowered ? counters_.mtu_lowered : counters_.mtu_ignored);
}

void Network::on_link_writable(l0::LinkId link) {
  const LinkSlot slot = table_.find_link(link);
  if (slot != kNoLink) flow_.writable(slot);
  pump();
  set_wake();
  tell_writable();
}

void Network::tell_writable() {
  if (!std::exchange(send_blocked_, false) || !writable_) return;
  const auto handler = writable_;  // lives on should it replace itself
  handler();
}

// ---- Time
// ----------------------------------------------------------------------------------------

void Network::on_wake(Millis now) {
  wake_at_ = Millis::never();
  while (const auto change = table_.on_time(now)) observe(change->route);
  flow_.on_time(now);
  if (announce_at_ <= now) announce_now();
  if (!loopback_.empty()) {
    std::vector<Loopback> due;
    due.reserve(kLoopbackMax);
    due.swap(loopback_);
    for (Loopback& message : due) deliver(message.context, message.body);
    tell_writable();
  }
  pump();
  set_wake();
}

void Network::pump() {
  std::array<std::uint8_t, kAnnouncePacketMax> buffer;
  for (std::size_t i = 0; i < kAnnouncesPerStep; ++i) {
    if (hazard("l1.pump_short")) return;
    const auto next = flow_.poll(buffer);
    if (!next) return;
    const Status queued = links_.send_packet(table_.link(next->link).info.id, next->packet);
    if (queued) {
      flow_.sent(*next);
      ++counters_.announces_sent;
    } else if (queued.error().code == Errc::full) {
      flow_.blocked(*next);
    } else {
      ++counters_.link_failed;
    }
  }
}

void Network::set_wake() {
  Millis at = std::min({table_.next_deadline(), flow_.next_deadline(), announce_at_});
  const bool early = hazard("l1.wakes_early");
  if (early || !loopback_.empty() || flow_.has_ready()) at = clock_.now();
  if (at == wake_at_) return;
  wake_at_ = at;
  timers_.wake_at(*this, at);
}

// ---- For people
// ----------------------------------------------------------------------------------

void Network::observe_all() {
  if (!observer_) return;
  for (Slot slot = 0; slot < table_.route_slots(); ++slot) observe(slot);
}

void Network::observe(Slot slot) {
  using Kind = RouteEvent::Kind;
  if (!observer_) return;
  if (slot >= told_.size()) told_.resize(slot + std::size_t{1});  // within what is reserved
  Told& told = told_[slot];
  const Route& route = table_.route(slot);
  const Candidate* best = table_.is_live(slot) ? table_.best(slot) : nullptr;
  const bool usable = best != nullptr && table_.is_up(best->link);
  if (told.incarnation != 0 && (!usable || told.incarnation != route.incarnation)) {
    const NodeId lost = std::exchange(told, Told{}).destination;
    tell({Kind::lost, lost, NodeId{}});
  }
  if (!usable) return;
  const NodeId peer = table_.link(best->link).info.peer;
  if (told.incarnation != 0 && told.next_hop == peer) return;
  const Kind kind = told.incarnation == 0 ? Kind::appeared : Kind::changed;
  told = {route.destination, peer, route.incarnation};
  tell({kind, route.destination, peer});
}

void Network::tell(const RouteEvent& event) {
  if (!observer_) return;
  const auto observer = observer_;  // lives on should it replace itself
  observer(event);
}

std::optional<NodeId> Network::next_hop(const NodeId& to) const {
  const auto hop = table_.choose(to, kNoLink, 0);
  if (!hop) return std::nullopt;
  return table_.link(hop->link).info.peer;
}

std::vector<RouteInfo> Network::routes() const {
  std::vector<RouteInfo> out;
  const Millis now = clock_.now();
  for (Slot slot = 0; slot < table_.route_slots(); ++slot) {
    if (!table_.is_live(slot)) continue;
    const Route& route = table_.route(slot);
    const Candidate& c = *table_.best(slot);
    const LinkEntry& link = table_.link(c.link);
    RouteInfo info;
    info.destination = route.destination;
    info.link = table_.is_up(c.link) ? link.info.id : l0::LinkId{};
    info.next_hop = link.info.peer;
    info.hop_count = c.entry.hop_count;
    info.cost = c.entry.cost.decode();
    info.latency = Millis{c.entry.worst_latency_ms};
    info.bandwidth = c.entry.bottleneck_bps.decode();
    info.mtu = std::min(c.usable, c.limit);
    info.state = c.state;
    info.age = now - c.updated;
    info.emitted = c.emitted;
    out.push_back(info);
  }
  return out;
}

}  // namespace mehr::l1
