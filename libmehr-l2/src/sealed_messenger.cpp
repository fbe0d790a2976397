// The facade's half for datagrams and streams, and what all its doors share.
#include "mehr/l2/sealed_messenger.h"

#include <gsl/assert>

#include "mehr/core/hazard.h"
#include "messenger_parts.h"

namespace mehr::l2 {

SealedMessenger::SealedMessenger(Messenger& below, const KeyTable& keys_below, const Signer& me,
                                 Random& random, Clock& clock, const Limits& limits,
                                 const Beside& beside)
    : below_(below),
      beside_(beside),
      me_(me),
      random_(random),
      clock_(clock),
      keys_(keys_below, limits.peer_keys, random),
      replays_(limits.envelope_replays, random),
      streams_(limits.streams),
      segments_(limits.segment_sets, limits.segment_bytes),
      key_exchange_(limits.links, limits.segment_bytes),
      onions_(me, keys_, random, {beside.paths, beside.trust}, limits.onion_replays),
      sending_(kMaxDatagram),
      opening_(kMaxDatagram),
      onion_(kMaxDatagram) {
  for (const std::uint8_t c : kDatagramContexts) {
    below_.on({c, 0}, [this, c](const Message& message) { receive(c, message); });
  }
  below_.on({context::kOnion, 0}, [this](const Message& message) { receive_onion(message); });
  for (std::uint8_t c = context::kTrust; c <= context::kPub; ++c) {
    below_.on({c, 0}, [this, c](const Message& message) { receive_form(c, message); });
    if (beside_.links != nullptr) beside_.links->on_control_type(link_type_of(c), this);
  }
  if (beside_.links != nullptr) beside_.links->on_control_type(kKeyExchangeType, this);
}

SealedMessenger::~SealedMessenger() {
  for (const std::uint8_t c : kDatagramContexts) below_.on({c, 0}, {});
  below_.on({context::kOnion, 0}, {});
  for (std::uint8_t c = context::kTrust; c <= context::kPub; ++c) {
    below_.on({c, 0}, {});
    if (beside_.links != nullptr) beside_.links->on_control_type(link_type_of(c), nullptr);
  }
  if (beside_.links != nullptr) beside_.links->on_control_type(kKeyExchangeType, nullptr);
  if (beside_.timers != nullptr) beside_.timers->wake_at(*this, Millis::never());
}

// ---- Sending
// -------------------------------------------------------------------------------------

Status SealedMessenger::send(const NodeId& to, Protocol protocol, ByteView body,
                             const SendOptions& options) {
  if (is_datagram(protocol.context)) return send_datagram(to, protocol, body, options);
  if (!context::carries_messages(protocol.context)) {
    return fail(Errc::bad_value, "messages use contexts 0xE0 to 0xE3 and 0xF3 to 0xF9");
  }
  if (protocol.port == 0 || protocol.port > kMostSubType) {
    return fail(Errc::bad_value, "a message's sub-type is 1 to 255");
  }
  if (options.one_hop && options.onion_route) {
    return fail(Errc::bad_value, "a message goes one hop or through an onion, not both");
  }
  if (options.one_hop) return send_one_hop(to, protocol, body);
  return send_message(to, protocol, body, options);
}

Result<SealedMessenger::Sealing> SealedMessenger::sealing_for(const NodeId& to) {
  const auto recipient = keys_.recipient(to);
  if (!recipient) return fail(recipient);
  return Sealing{*recipient, keys_.prekey(to, clock_.now())};
}

Result<SealedMessenger::Route> SealedMessenger::route_for(const NodeId& to,
                                                          const SendOptions& options) {
  if (!options.onion_route) return Route{};
  auto route = onions_.choose(to, onion_hops_);
  if (!route) return fail(route);
  return Route{*route};
}

std::size_t SealedMessenger::room_to(const NodeId& to, const Route& route) const {
  if (route) return route->capacity();
  const std::size_t room = below_.max_body(to);
  // Without a route the floor below says what it does about it, so it is asked all the same.
  return room == 0 ? kMaxDatagram : std::min(room, kMaxDatagram);
}

Status SealedMessenger::dispatch(const NodeId& to, std::uint8_t context, ByteView data,
                                 const Route& route, const SendOptions& options) {
  if (!route) return below_.send(to, {context, 0}, data, options);
  const auto onion = onions_.wrap(*route, {to, context, data}, onion_);
  if (!onion) return fail(onion);
  SendOptions on_the_way = options;
  on_the_way.onion_route = false;
  return below_.send(route->relays[0].id, {context::kOnion, 0}, *onion, on_the_way);
}

Status SealedMessenger::send_datagram(const NodeId& to, Protocol protocol, ByteView body,
                                      const SendOptions& options) {
  const auto route = route_for(to, options);
  if (!route) return fail(route);
  const std::size_t limit = room_to(to, *route);
  const std::size_t extra = kPortSize + (is_proven(protocol.port) ? kProofSize : 0);
  if (limit < kE1Overhead + extra || body.size() > limit - kE1Overhead - extra) {
    return fail(Errc::too_big, "the message is longer than a sealed datagram on this path");
  }
  auto how = sealing_for(to);
  if (!how) return fail(how);
  // spec: L2/4 Decision: E2 where the path allows four more bytes.
  if (how->overhead() + extra + body.size() > limit) how->prekey.reset();
  const Ephemeral ephemeral = Ephemeral::draw(random_);
  const auto port = encode_fixed(PortHead{protocol.port});
  const auto plain = write_plain(to, protocol.context, port, body, is_proven(protocol.port),
                                 ephemeral, MutableBytes(sending_).subspan(how->body_at()));
  if (!plain) return fail(plain);
  const auto envelope = seal(*how, protocol.context, *plain, ephemeral, sending_);
  if (!envelope) return fail(envelope);
  auto sent = dispatch(to, protocol.context, *envelope, *route, options);
  if (!sent) return sent;
  ++counters_.sealed;
  if (how->prekey) ++counters_.sealed_forward;
  return sent;
}

// Everything is written at its final place in one buffer: front, proof, body, then sealed there.
Result<std::size_t> SealedMessenger::write_plain(const NodeId& to, std::uint8_t context,
                                                 ByteView front, ByteView body, bool proven,
                                                 const Ephemeral& ephemeral, MutableBytes out) {
  if (!proven) {
    copy_bytes(body, copy_bytes(front, out));
    return front.size() + body.size();
  }
  const ProofBinding where{to, ephemeral.public_key(), context};
  const MutableBytes rest = copy_bytes(front, out);
  const auto proof = make_signed_body(me_, where, body, rest);
  if (!proof) return fail(proof);
  return front.size() + proof->size();
}

Result<MutableBytes> SealedMessenger::seal(const Sealing& how, std::uint8_t context,
                                           std::size_t plain_size, const Ephemeral& ephemeral,
                                           MutableBytes out) {
  const ByteView plain = out.subspan(how.body_at(), plain_size);
  if (how.prekey) return seal_e2(how.to, *how.prekey, context, plain, ephemeral, out);
  return seal_e1(how.to, context, plain, ephemeral, out);
}

std::size_t SealedMessenger::max_body(const NodeId& to) const {
  return less(std::min(below_.max_body(to), kMaxDatagram), kProvenOverhead);
}

void SealedMessenger::on_writable(std::function<void()> handler) {
  writable_ = handler;  // for long messages of one hop, which wait here
  below_.on_writable(std::move(handler));
}

Status SealedMessenger::send_stream(const NodeId& to, std::uint8_t context, const StreamId& id,
                                    ByteView sealed) {
  if (!is_datagram(context)) {
    return fail(Errc::bad_value, "streams use contexts 0xE0 to 0xE3");
  }
  if (sealed.size() > kMaxDatagram - StreamId::kSize) {
    return fail(Errc::too_big, "the body is longer than a datagram after its stream id");
  }
  const MutableBytes data = MutableBytes(sending_).first(StreamId::kSize + sealed.size());
  copy_bytes(sealed, copy_bytes(id.view(), data));
  return below_.send(to, {context, 0}, data, {});
}

std::size_t SealedMessenger::max_sealed(const NodeId& to) const {
  return less(std::min(below_.max_body(to), kMaxDatagram), StreamId::kSize);
}

// ---- Receiving
// -----------------------------------------------------------------------------------

void SealedMessenger::on(Protocol protocol, MessageHandler handler) {
  Expects(is_datagram(protocol.context) || (context::carries_messages(protocol.context) &&
                                            protocol.port >= 1 && protocol.port <= kMostSubType));
  if (handler) {
    handlers_[protocol] = std::make_shared<const MessageHandler>(std::move(handler));
  } else {
    handlers_.erase(protocol);
  }
}

bool SealedMessenger::hand_up(const Message& message) {
  const auto found = handlers_.find(message.protocol);
  if (found == handlers_.end()) {
    ++counters_.dropped_unhandled;
    return false;
  }
  const auto handler = found->second;  // lives on should it replace itself
  (*handler)(message);
  return true;
}

Status SealedMessenger::accept_stream(const StreamId& id, MessageHandler handler) {
  Expects(handler != nullptr);
  return streams_.accept(id, std::move(handler));
}

void SealedMessenger::drop_stream(const StreamId& id) { streams_.drop(id); }

// spec: L6/2 S8: a registered stream id first, any other DATA is an envelope.
void SealedMessenger::receive(std::uint8_t context, const Message& message) {
  const MutableBytes data = message.body;
  if (const auto stream = streams_.find(data)) {
    ++counters_.streamed;
    return (*stream)({{context, 0}, std::nullopt, data.subspan(StreamId::kSize), message.link});
  }
  if (data.size() > kMaxDatagram) {
    ++counters_.dropped_too_big;
    return;
  }
  if (const auto opened = open_new(context, data)) deliver(context, *opened, message.link);
}

std::optional<Opened> SealedMessenger::open_new(std::uint8_t context, MutableBytes data) {
  const auto opened = open(context, data);
  if (!opened) {
    count_unopened(opened.error().code);
    return std::nullopt;
  }
  if (!replays_.accept(opened->ephemeral, clock_.now()) && !planted("l2.envelope_replay")) {
    ++counters_.dropped_replayed;
    return std::nullopt;
  }
  return *opened;
}

// spec: L2/4 Receiver
Result<Opened> SealedMessenger::open(std::uint8_t context, MutableBytes data) {
  std::uint32_t id = 0;
  Reader(data).get(id);
  if (prekeys_.size() != 0) {
    prekeys_.expire(clock_.now());
    if (const auto live = prekeys_.find(id)) {
      if (opening_.size() < data.size()) opening_.resize(data.size());
      auto opened = open_e2(me_, live->prekey, live->secret, context, data, opening_);
      if (opened) return opened;
    }
  }
  return open_e1(me_, context, data, data.subspan(std::min(data.size(), kE1Body)));
}

void SealedMessenger::deliver(std::uint8_t context, const Opened& opened, std::uint32_t link) {
  if (opened.plain.size() < kPortSize) {
    ++counters_.dropped_no_port;
    return;
  }
  Message message{{context, 0}, std::nullopt, opened.plain.subspan(kPortSize), link};
  Reader(opened.plain).get(message.protocol.port);
  if (handlers_.count(message.protocol) == 0) {
    ++counters_.dropped_unhandled;
    return;
  }
  if (is_proven(message.protocol.port) && !prove(opened, message)) return;
  ++counters_.opened;
  hand_up(message);
}

bool SealedMessenger::prove(const Opened& opened, Message& message) {
  const ProofBinding where{me_.node_id(), opened.ephemeral, message.protocol.context};
  const auto proven = verify_signed_body(where, message.body);
  if (!proven) {
    ++counters_.dropped_unproven;
    return false;
  }
  keys_.learn(proven->sender);
  message.sender = proven->sender;
  message.body = proven->body;
  return true;
}

void SealedMessenger::count_unopened(Errc why) {
  switch (why) {
    case Errc::truncated:
      ++counters_.dropped_short;
      return;
    case Errc::bad_value:
      ++counters_.dropped_zero_dh;
      return;
    default:
      ++counters_.dropped_unopened;
  }
}

// ---- Onions
// --------------------------------------------------------------------------------------

// What was peeled is sent from this node's own door, but for whoever is behind the link it came by:
// by that neighbour's share, and by no reservation of ours.
void SealedMessenger::receive_onion(const Message& message) {
  const auto peeled = onions_.peel(message.body, clock_.now());
  if (!peeled) return;
  const bool forward = peeled->kind == Peeled::Kind::forward;
  SendOptions options;
  options.for_another = true;
  options.for_link = message.link;
  const Protocol on{forward ? context::kOnion : peeled->context, 0};
  if (!below_.send(peeled->to, on, peeled->data, options)) onions_.unsent();
}

void SealedMessenger::set_onion_hops(std::size_t hops) {
  Expects(hops >= 1 && hops <= kMostOnionHops);
  onion_hops_ = hops;
}

void SealedMessenger::set_cover(bool on) {
  onions_.set_cover(on, clock_.now());
  set_wake();
}

// ---- Keys and time
// -------------------------------------------------------------------------------

std::optional<PublicKey> SealedMessenger::key_of(const NodeId& node) const {
  return keys_.key_of(node);
}

void SealedMessenger::resume_prekeys(std::uint32_t last_id) {
  Expects(prekeys_.size() == 0);
  prekeys_.resume(last_id);
}

Result<PrekeyBundle> SealedMessenger::rotate_prekey() {
  const auto id = prekeys_.next_id();
  if (!id) return fail(id);
  Secret<32> secret;
  random_.fill(secret.expose_mutable());
  // Signed before it is installed: one that nobody would accept must not push a live one out.
  const PrekeyBundle bundle = make_bundle(me_, {*id, crypto::x25519_public(secret)});
  if (bundle.signature == Signature{}) return fail(Errc::io, "the prekey could not be signed");
  const auto prekey = prekeys_.install(*id, std::move(secret), clock_.now());
  if (!prekey) return fail(prekey);
  set_wake();
  return bundle;
}

Status SealedMessenger::learn_prekey(const PrekeyBundle& bundle) {
  return keys_.learn_prekey(bundle, clock_.now());
}

void SealedMessenger::on_wake(Millis) {
  wake_at_ = Millis::never();
  on_time();
}

void SealedMessenger::on_time() {
  const Millis now = clock_.now();
  const bool room = beside_.links != nullptr && hops_.on_time(*beside_.links, now);
  prekeys_.expire(now);
  segments_.expire(now);
  key_exchange_.expire(now);
  ask_for_keys();
  if (const auto cover = onions_.cover(onion_, now)) {
    if (!below_.send(cover->first, {context::kOnion, 0}, cover->second, {})) onions_.unsent();
  }
  set_wake();
  if (!room || !writable_) return;
  const auto handler = writable_;  // lives on should it replace itself
  handler();
}

Millis SealedMessenger::next_deadline() const {
  return std::min({prekeys_.next_deadline(), segments_.next_deadline(),
                   key_exchange_.next_deadline(), hops_.next_deadline(), onions_.next_deadline()});
}

void SealedMessenger::set_wake() {
  if (beside_.timers == nullptr) return;
  const Millis at = next_deadline();
  if (at == wake_at_) return;
  wake_at_ = at;
  beside_.timers->wake_at(*this, at);
}

SealedMessenger::Counters SealedMessenger::counters() const {
  Counters now = counters_;
  now.replays_forgotten = replays_.evicted();
  now.dropped_keyless = key_exchange_.dropped();
  now.segments_out += hops_.segments();
  now.hops_given_up = hops_.given_up();
  return now;
}

}  // namespace mehr::l2
