#include "mehr/l2/sealed_messenger.h"

#include <gsl/assert>

#include "mehr/core/hazard.h"

namespace mehr::l2 {

namespace {

constexpr std::array kContexts{context::kRealTime, context::kInteractive, context::kStandard,
                               context::kBulk};
constexpr std::size_t kPortSize = sizeof(Protocol::port);

constexpr bool is_datagram(std::uint8_t c) {
  return std::find(kContexts.begin(), kContexts.end(), c) != kContexts.end();
}

constexpr bool is_proven(std::uint16_t port) { return (port & kProvenPort) != 0; }

std::size_t less(std::size_t room, std::size_t overhead) {
  return room > overhead ? room - overhead : 0;
}

}  // namespace

SealedMessenger::SealedMessenger(Messenger& below, const KeyTable& keys_below, const Signer& me,
                                 Random& random, Clock& clock, const Limits& limits)
    : below_(below),
      me_(me),
      random_(random),
      clock_(clock),
      keys_(keys_below, limits.peer_keys, random),
      replays_(limits.envelope_replays, random),
      streams_(limits.streams),
      sending_(kMaxDatagram),
      opening_(kMaxDatagram) {
  for (const std::uint8_t c : kContexts) {
    below_.on({c, 0}, [this, c](const Message& message) { receive(c, message.body); });
  }
}

SealedMessenger::~SealedMessenger() {
  for (const std::uint8_t c : kContexts) below_.on({c, 0}, {});
}

// ---- Sending
// -------------------------------------------------------------------------------------

Status SealedMessenger::send(const NodeId& to, Protocol protocol, ByteView body,
                             const SendOptions& options) {
  if (!is_datagram(protocol.context)) {
    return fail(Errc::bad_value, "sealed datagrams use contexts 0xE0 to 0xE3");
  }
  const std::size_t overhead = is_proven(protocol.port) ? kProvenOverhead : kSealedOverhead;
  const std::size_t room = below_.max_body(to);
  // Without a route the floor below says what it does about it, so it is asked all the same.
  const std::size_t limit = room == 0 ? kMaxDatagram : std::min(room, kMaxDatagram);
  if (limit < overhead || body.size() > limit - overhead) {
    return fail(Errc::too_big, "the message is longer than a sealed datagram on this path");
  }
  const auto recipient = keys_.recipient(to);
  if (!recipient) return fail(recipient);
  const auto envelope = seal(*recipient, protocol, body);
  if (!envelope) return fail(envelope);
  auto sent = below_.send(to, {protocol.context, 0}, *envelope, options);
  if (sent) ++counters_.sealed;
  return sent;
}

// Everything is written at its final place in one buffer: port, proof, body, then sealed there.
Result<MutableBytes> SealedMessenger::seal(const Recipient& to, Protocol protocol, ByteView body) {
  const Ephemeral ephemeral = Ephemeral::draw(random_);
  const MutableBytes plain = MutableBytes(sending_).subspan(kE1Body);
  Writer port(plain);
  port.put(protocol.port);
  std::size_t size = kPortSize + body.size();
  if (is_proven(protocol.port)) {
    const ProofBinding where{to.id, ephemeral.public_key(), protocol.context};
    const auto proof = make_signed_body(me_, where, body, plain.subspan(kPortSize));
    if (!proof) return proof;
    size += kProofSize;
  } else {
    copy_bytes(body, plain.subspan(kPortSize));
  }
  return seal_e1(to, protocol.context, plain.first(size), ephemeral, sending_);
}

std::size_t SealedMessenger::max_body(const NodeId& to) const {
  return less(std::min(below_.max_body(to), kMaxDatagram), kProvenOverhead);
}

void SealedMessenger::on_writable(std::function<void()> handler) {
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
  Expects(is_datagram(protocol.context));
  if (handler) {
    handlers_[protocol] = std::make_shared<const MessageHandler>(std::move(handler));
  } else {
    handlers_.erase(protocol);
  }
}

Status SealedMessenger::accept_stream(const StreamId& id, MessageHandler handler) {
  Expects(handler != nullptr);
  return streams_.accept(id, std::move(handler));
}

void SealedMessenger::drop_stream(const StreamId& id) { streams_.drop(id); }

// spec: L6/2 S8: a registered stream id first, any other DATA is an envelope.
void SealedMessenger::receive(std::uint8_t context, MutableBytes data) {
  if (const auto stream = streams_.find(data)) {
    ++counters_.streamed;
    return (*stream)({{context, 0}, std::nullopt, data.subspan(StreamId::kSize)});
  }
  if (data.size() > kMaxDatagram) {
    ++counters_.dropped_too_big;
    return;
  }
  const auto opened = open(context, data);
  if (!opened) return count_unopened(opened.error().code);
  if (!replays_.accept(opened->ephemeral, clock_.now()) && !planted("l2.envelope_replay")) {
    ++counters_.dropped_replayed;
    return;
  }
  deliver(context, *opened);
}

// spec: L2/4 Receiver
Result<Opened> SealedMessenger::open(std::uint8_t context, MutableBytes data) {
  std::uint32_t id = 0;
  Reader(data).get(id);
  if (prekeys_.size() != 0) {
    expire();
    if (const auto live = prekeys_.find(id)) {
      auto opened = open_e2(me_, live->prekey, live->secret, context, data, opening_);
      if (opened) return opened;
    }
  }
  return open_e1(me_, context, data, data.subspan(std::min(data.size(), kE1Body)));
}

void SealedMessenger::deliver(std::uint8_t context, const Opened& opened) {
  if (opened.plain.size() < kPortSize) {
    ++counters_.dropped_no_port;
    return;
  }
  Message message{{context, 0}, std::nullopt, opened.plain.subspan(kPortSize)};
  Reader(opened.plain).get(message.protocol.port);
  const auto found = handlers_.find(message.protocol);
  if (found == handlers_.end()) {
    ++counters_.dropped_unhandled;
    return;
  }
  const auto handler = found->second;  // lives on should it replace itself
  if (is_proven(message.protocol.port)) {
    const ProofBinding where{me_.node_id(), opened.ephemeral, context};
    const auto proven = verify_signed_body(where, message.body);
    if (!proven) {
      ++counters_.dropped_unproven;
      return;
    }
    keys_.learn(proven->sender);
    message.sender = proven->sender;
    message.body = proven->body;
  }
  ++counters_.opened;
  (*handler)(message);
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

// ---- Keys
// ----------------------------------------------------------------------------------------

std::optional<PublicKey> SealedMessenger::key_of(const NodeId& node) const {
  return keys_.key_of(node);
}

void SealedMessenger::resume_prekeys(std::uint32_t last_id) {
  Expects(prekeys_.size() == 0);
  prekeys_.resume(last_id);
}

Result<PrekeyBundle> SealedMessenger::rotate_prekey() {
  const auto prekey = prekeys_.rotate(random_, clock_.now());
  if (!prekey) return fail(prekey);
  return make_bundle(me_, *prekey);
}

void SealedMessenger::expire() { prekeys_.expire(clock_.now()); }

SealedMessenger::Counters SealedMessenger::counters() const {
  Counters now = counters_;
  now.replays_forgotten = replays_.evicted();
  return now;
}

}  // namespace mehr::l2
