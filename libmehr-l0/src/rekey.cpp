#include "mehr/l0/rekey.h"

#include "mehr/core/hazard.h"

namespace mehr::l0 {

RekeyMachine::RekeyMachine(Millis step, std::uint64_t byte_limit, Millis now)
    : step_(step),
      // On a very slow link the peer's repeated REQ must still find the old key.
      // docs/decisions/0008
      drain_(std::max(kDrain, step * (kResends + 1))),
      byte_limit_(byte_limit),
      key_since_(now) {}

std::uint64_t RekeyMachine::byte_limit(BitsPerSecond bandwidth) {
  constexpr std::uint64_t kLeast = 1'048'576;
  // Divided first: a rate near 2^64 must not wrap.
  return std::max(kLeast, bandwidth.count / 8 * 60 + bandwidth.count % 8 * 60 / 8);
}

bool RekeyMachine::is_due(const LinkSession& session, Millis now) const {
  if (state_ != State::steady) return false;
  early_ = early_ || hazard("l0.rekey_early");
  return early_ || now >= key_since_ + kMaxKeyAge || session.sealed_bytes() >= byte_limit_ ||
         session.next_counter() > LinkSession::kRekeyCounter;
}

RekeyMachine::Outcome RekeyMachine::on_timer(LinkSession& session, Random& random, Millis now) {
  if (state_ == State::drain && now >= deadline_) {
    session.drop_old();
    ack_.reset();
    state_ = State::steady;
    deadline_ = Millis::never();
  }
  if (is_due(session, now)) {
    random.fill(ephemeral_.expose_mutable());
    request_.epoch = static_cast<std::uint8_t>(session.epoch() + 1);
    request_.ephemeral = crypto::x25519_public(ephemeral_);
    state_ = State::asked;
    resends_ = 0;
  } else if (state_ != State::asked || now < deadline_) {
    return {};
  } else if (resends_ == kResends) {
    return {.send = std::nullopt, .failed = true};
  } else {
    ++resends_;
  }
  deadline_ = now + step_;
  return {.send = Send{encode_fixed(request_), false}, .failed = false};
}

void RekeyMachine::begin_drain(LinkSession& session, const Secret<32>& key, Millis now) {
  session.install(key);
  ephemeral_.clear();
  state_ = State::drain;
  early_ = false;
  key_since_ = now;
  deadline_ = now + drain_;
}

RekeyMachine::Outcome RekeyMachine::answer(const RekeyRequest& request, LinkSession& session,
                                           Random& random, Millis now) {
  Secret<32> own;
  random.fill(own.expose_mutable());
  RekeyAck ack;
  ack.epoch = request.epoch;
  ack.ephemeral = crypto::x25519_public(own);
  const auto key = derive_session_key(own, request.ephemeral, request.ephemeral, ack.ephemeral);
  if (!key) return {};  // a degenerate ephemeral: the peer's REQ stays unanswered
  request_ = request;
  ack_ = encode_fixed(ack);
  begin_drain(session, *key, now);
  if (planted("l0.rekey_forgets")) deadline_ = now;
  return {.send = Send{*ack_, true}, .failed = false};
}

RekeyMachine::Outcome RekeyMachine::on_request(const RekeyRequest& request, LinkSession& session,
                                               Random& random, Millis now) {
  if (state_ == State::drain && ack_ && request == request_) {
    return {.send = Send{*ack_, true}, .failed = false};  // our ACK was lost
  }
  if (request.epoch != static_cast<std::uint8_t>(session.epoch() + 1)) return {};
  if (state_ == State::asked && session.addressing().role == LinkRole::initiator) return {};
  if (state_ == State::drain && now < key_since_ + kLeastKeyAge) return {};
  return answer(request, session, random, now);
}

void RekeyMachine::on_ack(const RekeyAck& ack, LinkSession& session, Millis now) {
  if (state_ != State::asked || ack.epoch != request_.epoch) return;
  const auto key = derive_session_key(ephemeral_, ack.ephemeral, request_.ephemeral, ack.ephemeral);
  if (!key) return;
  ack_.reset();
  begin_drain(session, *key, now);
}

Millis RekeyMachine::next_deadline() const {
  return state_ == State::steady ? key_since_ + kMaxKeyAge : deadline_;
}

}  // namespace mehr::l0
