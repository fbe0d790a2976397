#include "mehr/l1/network.h"

#include <algorithm>
#include <gsl/assert>
#include <utility>

#include "mehr/core/hazard.h"
#include "network_parts.h"

namespace mehr::l1 {

namespace {

constexpr std::string_view kEmittedKey = "l1/emitted";
// spec: L1/4.1, 1,800 s +- 5 %
constexpr Millis kRefreshLeast = Millis::seconds(1710);
constexpr std::uint64_t kRefreshSpread = 180'000;

EgressConfig egress_config(const Limits& limits) {
  return {limits.links, limits.queue_bytes, limits.queue_block, limits.queue_flows};
}

}  // namespace

Network::Network(l0::LinkLayer& links, Clock& clock, Timers& timers, Random& random,
                 const Signer& signer, Storage* storage, const Limits& limits, RelayPolicy* policy)
    : links_(links),
      clock_(clock),
      timers_(timers),
      random_(random),
      signer_(signer),
      storage_(storage),
      policy_(policy == nullptr ? free_ : *policy),
      self_(signer.node_id()),
      start_salt_(HashSalt::draw(random)),
      table_(limits, random),
      flow_(table_, self_, random.draw<std::uint64_t>(), limits.announce_checks),
      seen_(limits.packet_ids, random),
      reverse_(limits.reverse_paths, random),
      egress_(egress_config(limits), random.draw<std::uint64_t>()),
      gossip_({limits.links, limits.gossip_exchanges, limits.refused_items, limits.packet_bytes},
              self_, random),
      items_(table_, flow_, self_),
      requests_({limits.path_tags, limits.path_tags / 4, limits.links}, random),
      prober_(limits.probed, random),
      probe_relay_(limits.probe_notes, limits.links, random),
      reservations_({limits.reservations, limits.links}, *this, policy_, random),
      foreign_(random),
      neighbours_(limits.links),
      scratch_(limits.packet_bytes) {
  Expects(limits.packet_bytes >= l0::kConstrainedMtu.bytes &&
          limits.packet_bytes <= l0::kBulkMtu.bytes);
  gossip_.add_source(items_);
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
  introduce_abroad();
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
  if (options.onion_route) return fail(Errc::unsupported, "onion routes are made by L2");
  if (to == self_) return send_to_self(protocol.context, body);
  const Millis now = clock_.now();
  const Priority priority = priority_of(protocol.context);
  const RouteQuery query{to,
                         kNoLink,
                         l0::kHeaderSize + body.size(),
                         options.policy,
                         options.min_mtu,
                         priority >= Priority::p2};
  const auto hop = table_.choose(query, self_);
  if (goes_abroad(to, hop)) return send_own_abroad(to, protocol.context, body);
  if (!hop || needs_question(hop->way)) ask_for_path(to, now);
  if (!hop) return fail(Errc::no_route, "no link leads towards that node");
  if (body.size() > data_limit(std::min(hop->usable, hop->limit))) {
    return fail(Errc::too_big, "the message is longer than a packet on that path may be");
  }
  const l0::Packet packet{l0::PacketFlags::of(l0::PacketType::data, true), start_hops(to), to,
                          protocol.context, Tail{body}};
  const auto bytes = encode(packet, scratch_);
  if (!bytes) return fail(bytes);
  const bool own = !options.for_another;
  const auto reservation = own ? reservations_.find(kNoLink, to) : std::nullopt;
  const LinkSlot link = reservation ? reservation->egress : hop->link;
  const bool claimed = reservation && reservations_.claims(*reservation, bytes->size(), now);
  const Priority turn = claimed ? std::min(priority, Priority::p1) : priority;
  const LinkSlot upstream =
      own ? kNoLink : table_.find_link({static_cast<std::uint16_t>(options.for_link)});
  const Status queued = hand(link, {turn, upstream, *bytes, options.pad_to_mtu}, now);
  if (!queued) {
    send_blocked_ = send_blocked_ || (own && queued.error().code == Errc::full);
    return queued;
  }
  ++counters_.sent;
  if (hop->way == NextHop::Way::ring) ++counters_.ring_steps;
  if (reservation && reservations_.count(*reservation, body.size(), now)) set_wake();
  if (hop->violation && violation_observer_) {
    const auto observer = violation_observer_;  // lives on should it replace itself
    observer(*hop->violation);
  }
  return queued;
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
  auto call = handler ? std::make_shared<const MessageHandler>(std::move(handler)) : nullptr;
  if (Handler* const known = handler_of(protocol.context)) {
    known->call = std::move(call);
  } else if (call) {
    handlers_.push_back({protocol.context, std::move(call)});
  }
}

std::size_t Network::max_body(const NodeId& to) const {
  if (to == self_) return l0::max_data(l0::MtuClass::bulk);
  const auto hop = table_.choose({to, kNoLink, 0, PathPolicy{}, 0, false}, self_);
  if (goes_abroad(to, hop)) return data_limit(l0::kForeignMtu);
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
  if (route != kNoSlot) return table_.route(route).public_key;
  const ForeignNodes::Node* const abroad = foreign_.find(node);
  return abroad == nullptr ? std::nullopt : std::optional(abroad->key);
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
  const auto announce = build_announce(signer_, next_emitted(), ByteView(tlvs_).first(tlvs_size_));
  Expects(announce.has_value());
  flow_.set_own(*announce, first_hops_);
  items_.set_own(emitted_);
  announced_at_ = now;
  announce_at_ = announcing_ ? now + kRefreshLeast + Millis{random_.below(kRefreshSpread + 1)}
                             : Millis::never();
  gossip_moved_ = true;
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

Status Network::set_tlvs(ByteView tlvs) {
  MehrExtension extension;
  extension.tlvs = Tail{tlvs};
  if (Status good = extension.check(); !good) return good;
  copy_bytes(tlvs, tlvs_);
  tlvs_size_ = tlvs.size();
  introduce_abroad();
  return {};
}

// ---- Time
// ----------------------------------------------------------------------------------------

void Network::on_wake(Millis now) {
  wake_at_ = Millis::never();
  while (const auto change = table_.on_time(now)) {
    if (change->lost) {
      prober_.forget(change->destination, now);
      gossip_.let_go(change->item, now);
    } else {
      flow_.changed(change->route, now);
    }
    gossip_moved_ = true;
    observe(change->route);
  }
  if (flow_.next_deadline() <= now) {
    flow_.on_time(now);
    gossip_moved_ = true;
  }
  egress_.on_time(now);
  probe_relay_.on_time(now);
  poll_probes(now);
  reservations_.on_time(now);
  poll_reservations();
  if (announce_at_ <= now) announce_now();
  expire_foreign(now);
  if (!loopback_.empty()) {
    std::vector<Loopback> due;
    due.reserve(kLoopbackMax);
    due.swap(loopback_);
    for (Loopback& message : due) hand_up(kNoLink, message.context, message.body);
    tell_writable();
  }
  pump();
  set_wake();
}

void Network::set_wake() {
  Millis at =
      std::min({table_.next_deadline(), flow_.next_deadline(), announce_at_,
                egress_.next_deadline(), gossip_.next_deadline(), probe_relay_.next_deadline(),
                prober_.next_deadline(), reservations_.next_deadline(), foreign_.next_deadline()});
  const bool early = hazard("l1.wakes_early");
  if (early || !loopback_.empty() || gossip_moved_) at = clock_.now();
  if (at == wake_at_) return;
  wake_at_ = at;
  timers_.wake_at(*this, at);
}

}  // namespace mehr::l1
