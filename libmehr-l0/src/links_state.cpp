// Links, second half: media and links as tables, timers, what goes out.
#include <algorithm>
#include <bit>
#include <gsl/assert>
#include <utility>

#include "links_tables.h"
#include "mehr/core/hazard.h"
#include "mehr/l0/links.h"
#include "mehr/l0/packet.h"

namespace mehr::l0 {

namespace {
constexpr Millis kFaultWindow = Millis::seconds(60);  // spec: README/2.5 rule 3
constexpr std::size_t kFailuresInARow = 3;            // spec: L1/5, link failure
// Of the half-open links, one source address may hold this part. docs/decisions/0007
constexpr std::size_t kSourceShare = 4;

LinkId no_link() { return {}; }

// The hybrid is offered where there is something to offer it with, and nowhere else.
Links::Config with_true_features(Links::Config config) {
  config.terms.features &= ~feature::kPostQuantum;
  if (config.terms.kem != nullptr) config.terms.features |= feature::kPostQuantum;
  return config;
}
}  // namespace

Links::Links(const Config& config, const Signer& signer, Clock& clock, Timers& timers,
             Random& random)
    : config_(with_true_features(config)),
      signer_(signer),
      clock_(clock),
      timers_(timers),
      random_(random),
      slots_(std::bit_ceil(std::max<std::size_t>(config.limits.links, 2))),
      media_(config.limits.media),
      slot_bits_(static_cast<unsigned>(std::bit_width(slots_.size() - 1))),
      init_limiter_(config.limits.init_sources, config.limits.inits_per_second),
      neighbour_limiter_(config.limits.media),
      too_big_limiter_(config.limits.links),
      held_(config.limits.links),
      scratch_(std::min(config.terms.max_frame_size, kBulkMtu).bytes + kLinkOverhead) {
  Expects(slots_.size() <= 32'768);  // a link id has 16 bits
}

Links::~Links() {
  timers_.wake_at(*this, Millis::never());
  for (const Attachment& a : media_) {
    if (a.medium != nullptr) a.medium->receiver_handle = 0;
  }
}

// ---- Media
// ---------------------------------------------------------------------------------------

Status Links::attach(Medium& medium) {
  Expects(medium.receiver_handle == 0);
  const auto place = std::find_if(media_.begin(), media_.end(),
                                  [](const Attachment& a) { return a.medium == nullptr; });
  if (place == media_.end()) return fail(Errc::full, "no more media can be attached");
  *place = Attachment{};
  place->medium = &medium;
  medium.receiver_handle = static_cast<std::uint32_t>(place - media_.begin()) + 1;
  const MediumInfo& info = medium.info();
  if (info.stream && info.mode == InterfaceMode::native) {
    place->deadline = clock_.now() + handshake_step(info.bandwidth, info.mtu) * 3;
    wake_by(place->deadline);
  }
  if (info.mode != InterfaceMode::native && listener_ != nullptr) {
    const Entry entry(*this);
    listener_->on_clear_medium_up({medium.receiver_handle}, info);
  }
  return {};
}

void Links::detach(Medium& medium) {
  Expects(depth_ == 0);
  const Entry entry(*this);
  Attachment* attachment = attachment_of(medium);
  if (attachment == nullptr) return;
  for (Slot& slot : slots_) {
    if (slot.in_use() && slot.medium == &medium) step(slot, Link::MediumLost{});
  }
  *attachment = Attachment{};
  const MediumHandle gone{std::exchange(medium.receiver_handle, 0)};
  if (medium.info().mode != InterfaceMode::native && listener_ != nullptr) {
    listener_->on_clear_medium_down(gone);
  }
}

Links::Attachment* Links::attachment_of(const Medium& medium) {
  const std::size_t handle = medium.receiver_handle;
  if (handle == 0 || handle > media_.size()) return nullptr;
  Attachment& a = media_[handle - 1];
  return a.medium == &medium ? &a : nullptr;
}

Result<LinkId> Links::establish(Medium& medium, const Remote& to,
                                const std::optional<NodeId>& expected) {
  Attachment* attachment = attachment_of(medium);
  if (attachment == nullptr || find(attachment->link) != nullptr) {
    return fail(Errc::wrong_state, "the medium is not attached or has its link already");
  }
  if (medium.info().mode == InterfaceMode::rns) {
    return fail(Errc::wrong_state, "an interface of mode rns carries no native links");
  }
  Slot* slot = free_slot();
  if (slot == nullptr) return fail(Errc::full, "too many links; close one first");
  slot->id = draw_id(static_cast<std::size_t>(slot - slots_.data()));
  slot->medium = &medium;
  slot->remote = to;
  slot->half_open = true;
  slot->link.emplace(link_config(medium, slot->id), expected, now());
  attachment->deadline = Millis::never();
  if (medium.info().stream) attachment->link = slot->id;
  const LinkId id = slot->id;
  spend(*slot, slot->link->start(now()));
  return id;
}

Status Links::send_neighbour_frame(Medium& medium, NeighbourFrame::Kind kind, ByteView body) {
  const bool beacon = kind == NeighbourFrame::Kind::beacon;
  const bool fits = beacon ? body.size() == kBeaconFrameSize - 1
                           : !body.empty() && body.size() <= 1 + kMaxBroadcastMessage;
  if (!fits) return fail(Errc::too_big, "a beacon has 20 bytes, a broadcast at most 482");
  if (medium.info().mode == InterfaceMode::rns) {
    return fail(Errc::wrong_state, "an interface of mode rns carries no native frames");
  }
  std::array<std::uint8_t, 2 + kMaxBroadcastMessage> frame{};
  Writer w(frame);
  w.put(beacon ? kBeaconType : kBroadcastType);
  w.bytes(body);
  const Status sent = medium.send(Remote{}, w.written());
  if (sent) ++counters_.frames_out;
  return sent;
}

// ---- Slots --------------------------------------------------------------------------------------

Links::Slot* Links::find(LinkId id) {
  if (id == no_link()) return nullptr;
  Slot& slot = slots_[id.value & (slots_.size() - 1)];
  return slot.id == id && slot.in_use() ? &slot : nullptr;
}

Links::Slot* Links::free_slot() {
  std::size_t used = 0;
  Slot* free = nullptr;
  for (Slot& slot : slots_) {
    if (slot.link) ++used;
    if (!slot.link && free == nullptr) free = &slot;
  }
  return used < config_.limits.links ? free : nullptr;
}

// The low bits are the slot, the rest is drawn, so that a stale frame seldom meets a new link.
LinkId Links::draw_id(std::size_t slot_index) {
  for (;;) {
    const std::size_t drawn = random_.draw<std::uint16_t>();
    const LinkId id{static_cast<std::uint16_t>((drawn << slot_bits_) | slot_index)};
    if (id != no_link()) return id;
  }
}

// Only what strangers ask for is limited here: they must not be able to keep us from dialling.
bool Links::room_for_stranger(const SourceKey& source) const {
  const std::size_t limit = config_.limits.half_open_links;
  if (half_open_ >= limit) return false;
  if (source.is_zero()) return true;  // a medium without addresses
  const auto held = std::count_if(slots_.begin(), slots_.end(), [&](const Slot& s) {
    return s.in_use() && s.half_open && s.source == source && s.link->role() == LinkRole::responder;
  });
  return static_cast<std::size_t>(held) < std::max<std::size_t>(1, limit / kSourceShare);
}

Link::Config Links::link_config(const Medium& medium, LinkId id) {
  const MediumInfo& info = medium.info();
  LocalTerms terms = config_.terms;
  terms.max_frame_size = std::min(terms.max_frame_size, info.mtu);
  return {signer_, random_, terms, id, info.stream, info.bandwidth};
}

void Links::step(Slot& slot, const Link::Event& event) {
  spend(slot, slot.link->step(event, now()));
}

void Links::spend(Slot& slot, const Link::Actions& actions) {
  for (const Link::Action& action : actions) {
    if (const auto* send = std::get_if<Link::SendFrame>(&action)) {
      send_or_hold(slot, *send);
    } else if (const auto* large = std::get_if<Link::SendLarge>(&action)) {
      if (kHybrid) send_large(slot, *large);
    } else if (std::holds_alternative<Link::Opened>(action)) {
      opened(slot);
    } else if (const auto* trip = std::get_if<Link::RoundTrip>(&action)) {
      slot.rtt = trip->rtt;
      if (slot.up && listener_ != nullptr) listener_->on_round_trip(slot.id, trip->rtt);
    } else if (std::holds_alternative<Link::Malformed>(action)) {
      ++counters_.control_malformed;
      report_malformed(slot.id);
    } else if (const auto* refused = std::get_if<Link::Refused>(&action)) {
      ++counters_.handshake_refused;
      tell_refused(*slot.medium, slot.source, refused->why);
    } else if (const auto* how = std::get_if<Link::Closed>(&action)) {
      closed(slot, *how);
    }
  }
  if (!slot.in_use()) return;
  wake_by(hazard("l0.wakes_early") ? clock_.now() : slot.link->next_deadline());
}

void Links::opened(Slot& slot) {
  leave_handshake(slot);
  slot.since = clock_.now();
  slot.last_heard = slot.since;
  resolve_duplicates(slot);
  if (!slot.in_use()) return;
  slot.up = true;
  const LinkInfo info = info_of(slot);
  if (listener_ != nullptr) listener_->on_link_up(info);
  if (observer_ != nullptr) observer_->on_link_up(info, *slot.medium);
}

// True when @p older stays. spec: L0/5.7, README/9 item 2
bool Links::older_wins(const Slot& older, const Slot& newer) const {
  const auto initiator = [this](const Slot& s) {
    return s.link->role() == LinkRole::initiator ? signer_.node_id() : s.link->peer().peer;
  };
  return initiator(older) < initiator(newer);  // equal: the newer stays
}

void Links::resolve_duplicates(Slot& newer) {
  for (Slot& other : slots_) {
    const bool same = &other != &newer && other.in_use() && other.link->is_active() &&
                      other.link->peer().peer == newer.link->peer().peer &&
                      other.medium->info().interface == newer.medium->info().interface;
    if (!same) continue;
    ++counters_.duplicate_links;
    const bool keep_older = older_wins(other, newer);
    step(keep_older ? newer : other, Link::CloseRequest{CloseReason::duplicate});
    if (!keep_older) continue;
    // A peer that lost the older one, with its radio or its memory, would be refused until silence
    // ends that. docs/decisions/0021
    step(other, Link::Doubt{});
    return;
  }
}

void Links::closed(Slot& slot, const Link::Closed& how) {
  if (slot.closing) return;
  if (slot.half_open && how.reason == CloseReason::timeout) {
    ++counters_.handshake_timeout;
    tell_refused(*slot.medium, slot.source, how.why);
  } else if (slot.half_open && how.why.code != Errc::wrong_state &&
             how.reason != CloseReason::medium_lost) {
    ++counters_.handshake_refused;
    tell_refused(*slot.medium, slot.source, how.why);
  }
  leave_handshake(slot);
  slot.closing = true;
  slot.reason = how.reason;
  downs_pending_ = true;
  // A dual stream goes on with clear packets when no link came about: the peer may know of none.
  const bool clear_goes_on = !slot.up && slot.medium->info().mode == InterfaceMode::dual;
  if (how.reason != CloseReason::medium_lost && !clear_goes_on) slot.medium->close();
  wake_by(clock_.now());
}

void Links::leave_handshake(Slot& slot) {
  if (slot.half_open && slot.link->role() == LinkRole::responder) --half_open_;
  slot.half_open = false;
}

void Links::flush_downs() {
  while (downs_pending_) {
    downs_pending_ = false;
    for (Slot& slot : slots_) {
      if (slot.closing) release(slot);
    }
  }
}

void Links::release(Slot& slot) {
  const bool was_up = slot.up;
  const LinkInfo info = info_of(slot);
  const CloseReason reason = slot.reason;
  if (Attachment* a = attachment_of(*slot.medium); a != nullptr && a->link == info.id) {
    a->link = {};
  }
  for (const HeldFrames::Place place : slot.held) held_.give_back(place);
  slot.link.reset();
  static_cast<SlotState&>(slot) = {};
  if (was_up && listener_ != nullptr) listener_->on_link_down(info.id, reason);
  if (was_up && observer_ != nullptr) observer_->on_link_down(info, reason);
}

LinkInfo Links::info_of(const Slot& slot) const {
  const MediumInfo& medium = slot.medium->info();
  const HandshakeResult& peer = slot.link->peer();
  LinkInfo info;
  info.id = slot.id;
  info.peer = peer.peer;
  info.peer_key = peer.peer_key;
  info.role = slot.link->role();
  info.interface = medium.interface;
  info.medium = {slot.medium->receiver_handle};
  info.stream = medium.stream;
  info.remote = slot.remote;
  info.mtu = peer.mtu;
  info.bandwidth = medium.bandwidth;
  info.latency = medium.latency;
  info.cost = medium.cost;
  info.half_duplex = medium.half_duplex;
  info.scans = medium.half_duplex && medium.scans;
  info.peer_features = peer.peer_tail.features;
  info.clock_offset_ms = slot.link->clock_offset_ms();
  info.clock_error = slot.link->clock_error();
  info.since = slot.since;
  return info;
}

// ---- Out ----------------------------------------------------------------------------------------

Status Links::transmit(Slot& slot, ByteView frame) {
  if (slot.unblock_on_wake || hazard("l0.medium_full")) {
    slot.blocked = slot.unblock_on_wake = true;
    wake_by(clock_.now());
    return fail(Errc::full, "no room in the medium");
  }
  const Status sent = slot.medium->send(slot.remote, frame);
  if (!sent && sent.error().code == Errc::full) {
    slot.blocked = true;
    return sent;
  }
  if (!sent && sent.error().code == Errc::busy) return sent;  // the other speaks: no failure
  slot.failures = sent ? 0 : slot.failures + 1;
  if (!sent) {
    if (slot.failures >= kFailuresInARow && slot.up) step(slot, Link::MediumLost{});
    return sent;
  }
  ++counters_.frames_out;
  ++slot.frames_out;
  slot.bytes_out += frame.size();
  return sent;
}

// Too long to be held: the machine is asked for it again when there is room.
void Links::send_large(Slot& slot, const Link::SendLarge& what) {
  slot.large_waits = slot.blocked || !slot.held.empty();
  if (slot.large_waits) return;
  const auto frame = slot.link->seal_large(what, scratch_);
  if (!frame) return;
  const Status sent = transmit(slot, *frame);
  const bool busy = !sent && sent.error().code == Errc::busy;
  if (busy) retry_soon(slot);
  slot.large_waits = busy || slot.blocked;
}

void Links::send_or_hold(Slot& slot, const Link::SendFrame& send) {
  if (!slot.up && hazard("l0.handshake_frame_lost")) {
    ++counters_.held_lost;
    return;
  }
  if (!slot.blocked && slot.held.empty()) {
    const Status sent = transmit(slot, send.frame());
    const bool busy = !sent && sent.error().code == Errc::busy;
    if (busy) retry_soon(slot);
    if (!busy && !slot.blocked) return;
  }
  // One frame too many is lost: the machine's own timers send it again.
  if (!held_.put(slot.held, send)) ++counters_.held_lost;
}

// Within the time of the longest frame that may be under way, at a moment of its own: whoever hears
// the same frame end must not begin with us.
void Links::retry_soon(Slot& slot) {
  const MediumInfo& info = slot.medium->info();
  const std::uint64_t frame = info.bandwidth.airtime(info.mtu.bytes + kLinkOverhead).count;
  // A fast medium is not asked again within the same moment, however short its frames are.
  slot.retry_at =
      clock_.now() + Millis{std::max<std::uint64_t>(1, frame / 4 + random_.below(frame + 1))};
  wake_by(slot.retry_at);
}

// What waited goes first, in order.
void Links::send_held(Slot& slot) {
  slot.retry_at = Millis::never();
  const auto waiting = slot.held;
  slot.held.clear();
  for (const HeldFrames::Place place : waiting) {
    const Link::SendFrame send = held_.take(place);
    send_or_hold(slot, send);
  }
  if (!kHybrid || !slot.large_waits || slot.blocked || !slot.held.empty()) return;
  slot.large_waits = false;
  step(slot, Link::Room{});
}

Status Links::send_sealed(LinkId link, ByteView message, std::size_t padded_size) {
  Slot* slot = find(link);
  if (slot == nullptr || !slot->link->is_active()) {
    return fail(Errc::not_found, "no active link of that id");
  }
  auto frame = slot->link->seal(message, padded_size, scratch_);
  if (!frame) {
    if (frame.error().code == Errc::wrong_state) close(link, CloseReason::rekey_failed);
    return fail(frame);
  }
  const Status sent = transmit(*slot, *frame);
  if (const Millis at = clock_.now(); slot->link->wants_rekey(at)) wake_by(at);
  return sent;
}

Status Links::send_packet(LinkId link, ByteView packet, Padding padding) {
  Expects(packet.empty() || packet[0] < 0x80);
  const Slot* slot = find(link);
  if (slot == nullptr) return fail(Errc::not_found, "no active link of that id");
  const Mtu mtu = slot->link->peer().mtu;
  const bool announce =
      packet.size() >= kHeaderSize && PacketFlags{packet[0]}.type() == PacketType::announce;
  // Announces are never padded: a slow link cannot pay for it. spec: L0/5.5, README/9 item 16
  const bool constrained = mtu >= kConstrainedMtu && class_of(mtu) == MtuClass::constrained;
  const bool pad = !announce && (constrained || padding == Padding::to_mtu);
  return send_sealed(link, packet, pad ? mtu.bytes : 0);
}

Status Links::send_control(LinkId link, ByteView message) {
  Expects(!message.empty() && message[0] >= 0x80);
  return send_sealed(link, message, 0);
}

Status Links::send_clear(MediumHandle medium, ByteView packet) {
  Expects(!packet.empty() && packet[0] < 0x80);
  Attachment* const at =
      medium.value == 0 || medium.value > media_.size() ? nullptr : &media_[medium.value - 1];
  if (at == nullptr || at->medium == nullptr || at->medium->info().mode == InterfaceMode::native) {
    return fail(Errc::not_found, "no medium for clear packets of that number");
  }
  const Status sent = at->medium->send(Remote{}, packet);
  if (sent) ++counters_.frames_out;
  if (!sent && sent.error().code == Errc::full) at->clear_blocked = true;
  return sent;
}

void Links::signal_too_big(LinkId upstream, const NodeId& destination, Mtu egress_mtu) {
  if (egress_mtu < kConstrainedMtu || egress_mtu >= kBulkMtu || find(upstream) == nullptr) return;
  if (!too_big_limiter_.allow(destination, upstream, clock_.now())) return;
  PacketTooBig signal;
  signal.destination = destination;
  signal.link_mtu = egress_mtu.bytes;
  if (send_control(upstream, encode_fixed(signal))) ++counters_.too_big_sent;
}

void Links::report_malformed(LinkId link) {
  Slot* slot = find(link);
  if (slot == nullptr) return;
  const Millis at = clock_.now();
  const std::size_t kept = slot->malformed.size();
  slot->malformed[slot->faults % kept] = at;
  ++slot->faults;
  if (observer_ != nullptr) observer_->on_malformed(info_of(*slot), slot->faults);
  const Millis first_of_five = slot->malformed[slot->faults % kept];
  if (slot->faults < kept || at - first_of_five > kFaultWindow) return;
  ++counters_.peer_at_fault;
  close(link, CloseReason::policy);
}

void Links::close(LinkId link, CloseReason reason) {
  if (Slot* slot = find(link)) step(*slot, Link::CloseRequest{reason});
}

void Links::close_all(CloseReason reason) {
  const Entry entry(*this);
  for (Slot& slot : slots_) {
    if (slot.in_use()) step(slot, Link::CloseRequest{reason});
  }
}

// ---- Time ---------------------------------------------------------------------------------------

void Links::wake_by(Millis at) {
  if (at >= wake_at_) return;
  wake_at_ = at;
  timers_.wake_at(*this, at);
}

void Links::on_wake(Millis) {
  const Entry entry(*this);
  const Millis at = clock_.now();
  wake_at_ = Millis::never();
  for (Slot& slot : slots_) {
    if (slot.in_use() && slot.link->next_deadline() <= at) step(slot, Link::Timer{});
    if (slot.in_use() && slot.link->wants_rekey(at)) step(slot, Link::Timer{});
    if (slot.in_use() && slot.retry_at <= at) send_held(slot);
    if (std::exchange(slot.unblock_on_wake, false) && slot.in_use() && slot.blocked) unblock(slot);
  }
  for (Attachment& a : media_) {
    if (a.medium == nullptr || a.deadline > at) continue;
    a.deadline = Millis::never();
    ++counters_.handshake_timeout;
    tell_refused(*a.medium, {}, {Errc::io, "the stream brought no INIT in time"});
    a.medium->close();  // spec: README/9 item 10
  }
  rearm();
}

void Links::rearm() {
  for (const Slot& slot : slots_) {
    if (slot.in_use()) wake_by(std::min(slot.link->next_deadline(), slot.retry_at));
  }
  for (const Attachment& a : media_) {
    if (a.medium != nullptr) wake_by(a.deadline);
  }
}

std::vector<LinkStatus> Links::status() const {
  std::vector<LinkStatus> out;
  for (const Slot& slot : slots_) {
    if (!slot.in_use() || !slot.up) continue;
    out.push_back({info_of(slot), slot.frames_in, slot.frames_out, slot.bytes_in, slot.bytes_out,
                   slot.link->key_epoch(), slot.last_heard, slot.rtt});
  }
  return out;
}

std::size_t Links::half_open() const { return half_open_; }

}  // namespace mehr::l0
