#include "mehr/l0/rekey.h"

#include <algorithm>

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

void RekeyMachine::use_hybrid(const Kem& kem, const Secret<32>& session_key, bool initiator) {
  pq_ = std::make_unique<PqRekey>(kem, session_key);
  pq_first_ = initiator;
}

bool RekeyMachine::is_due(const LinkSession& session, Millis now) const {
  if (state_ != State::steady) return false;
  early_ = early_ || hazard("l0.rekey_early");
  return (kHybrid && pq_first_) || early_ || now >= key_since_ + kMaxKeyAge ||
         session.sealed_bytes() >= byte_limit_ ||
         session.next_counter() > LinkSession::kRekeyCounter;
}

// False when no request can be made: the platform's KEM fails.
bool RekeyMachine::begin_asking(LinkSession& session, Random& random) {
  const auto epoch = static_cast<std::uint8_t>(session.epoch() + 1);
  pq_first_ = false;
  if (kHybrid && pq_ != nullptr) {
    if (pq_->ask(epoch, random)) {
      pq_asked_ = true;
      request_.epoch = epoch;
      return true;
    }
    pq_.reset();
    return false;
  }
  random.fill(ephemeral_.expose_mutable());
  request_.epoch = epoch;
  request_.ephemeral = crypto::x25519_public(ephemeral_);
  pq_asked_ = false;
  return true;
}

RekeyMachine::Outcome RekeyMachine::ask() const {
  Outcome out;
  if (kHybrid && pq_asked_) {
    out.large = pq_->request();
  } else {
    out.send = Send{encode_fixed(request_), false};
  }
  return out;
}

// spec: L2/3.6: three tries without an answer keep the key, and rekeys are classical again. A link
// whose key may not be used any longer asks so at once.
RekeyMachine::Outcome RekeyMachine::unanswered(const LinkSession& session, Millis now) {
  Outcome out;
  if (kHybrid && trial_ == Trial::gone_back && !session.is_current_heard()) {
    // The peer may hold to the hybrid key, which its next frame would show: silence ends the link.
    resends_ = 0;
    deadline_ = now + step_;
    return ask();
  }
  if (!kHybrid || !pq_asked_) {
    out.failed = true;
    return out;
  }
  give_up_hybrid();
  state_ = State::steady;
  deadline_ = Millis::never();
  return out;
}

void RekeyMachine::give_up_hybrid() {
  pq_.reset();
  pq_first_ = false;
  pq_asked_ = false;
  pq_answered_ = false;
}

void RekeyMachine::end_drain(LinkSession& session) {
  if (kHybrid && trial_ == Trial::unproven) return go_back(session);
  session.drop_old();
  ack_.reset();
  pq_answered_ = false;
  if (kHybrid && pq_ != nullptr) pq_->forget();
  state_ = State::steady;
  deadline_ = Millis::never();
}

void RekeyMachine::begin_trial(Millis first_ping) {
  trial_ = Trial::unproven;
  ping_at_ = first_ping;
  // On a very slow link the peer must not hear nothing that it can open until it gives the link up.
  deadline_ = std::min(deadline_, key_since_ + kMostTrial);
}

// The peer may never have had the new key, or another one. docs/decisions/0024
void RekeyMachine::go_back(LinkSession& session) {
  session.exchange_keys();
  give_up_hybrid();
  trial_ = Trial::gone_back;
  ping_at_ = Millis::never();
  key_since_ = old_since_;
  state_ = State::steady;
  deadline_ = Millis::never();
}

void RekeyMachine::on_opened(LinkSession& session, Millis now) {
  if (trial_ == Trial::unproven && session.is_current_heard()) {
    trial_ = Trial::none;
    ping_at_ = Millis::never();
  } else if (trial_ == Trial::gone_back && session.is_old_heard()) {
    // The peer holds to it: so do we, whatever we have asked for meanwhile.
    session.exchange_keys();
    trial_ = Trial::none;
    ack_.reset();
    state_ = State::drain;
    key_since_ = now;
    deadline_ = now + drain_;
  }
}

RekeyMachine::Outcome RekeyMachine::on_room(const LinkSession& session) const {
  if (!kHybrid || pq_ == nullptr) return {};
  if (state_ == State::asked && pq_asked_) return ask();
  if (state_ == State::drain && pq_answered_ && session.has_old()) return answered();
  return {};
}

RekeyMachine::Outcome RekeyMachine::on_timer(LinkSession& session, Random& random, Millis now) {
  if (state_ == State::drain && now >= deadline_) end_drain(session);
  if (kHybrid && trial_ == Trial::unproven && now >= ping_at_) {
    ping_at_ = now + step_;
    Outcome out;
    out.ping = true;
    return out;
  }
  if (is_due(session, now)) {
    if (!begin_asking(session, random)) return {};
    state_ = State::asked;
    resends_ = 0;
  } else if (state_ != State::asked || now < deadline_) {
    return {};
  } else if (resends_ == kResends) {
    return unanswered(session, now);
  } else {
    ++resends_;
  }
  deadline_ = now + step_;
  return ask();
}

void RekeyMachine::begin_drain(LinkSession& session, const Secret<32>& key, Millis now) {
  session.install(key);
  if (kHybrid && pq_ != nullptr) pq_->installed(key);
  trial_ = Trial::none;
  ping_at_ = Millis::never();
  old_since_ = key_since_;
  ephemeral_.clear();
  pq_first_ = false;
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
  pq_answered_ = false;
  begin_drain(session, *key, now);
  if (planted("l0.rekey_forgets")) deadline_ = now;
  return answered();
}

bool RekeyMachine::may_ask(std::uint8_t epoch, const LinkSession& session, Millis now) const {
  if (epoch != static_cast<std::uint8_t>(session.epoch() + 1)) return false;
  if (state_ == State::asked && session.addressing().role == LinkRole::initiator) return false;
  return state_ != State::drain || now >= key_since_ + kLeastKeyAge;
}

// A peer that asks so on a hybrid link has given the hybrid up: it would answer nothing else, and
// of a key that it does not have it will not learn.
void RekeyMachine::on_classical_peer(std::uint8_t epoch, LinkSession& session) {
  if (trial_ == Trial::unproven && epoch == session.epoch()) return go_back(session);
  if (state_ == State::asked && pq_asked_) {
    state_ = State::steady;
    deadline_ = Millis::never();
  }
  give_up_hybrid();
}

RekeyMachine::Outcome RekeyMachine::on_request(const RekeyRequest& request, LinkSession& session,
                                               Random& random, Millis now) {
  if (state_ == State::drain && ack_ && request == request_) return answered();  // our ACK was lost
  if (kHybrid && pq_ != nullptr) on_classical_peer(request.epoch, session);
  if (!may_ask(request.epoch, session, now)) return {};
  return answer(request, session, random, now);
}

RekeyMachine::Outcome RekeyMachine::on_request(const PqRequest& request, LinkSession& session,
                                               Random& random, Millis now) {
  if (pq_ == nullptr) return {};
  if (state_ == State::drain && pq_answered_ && pq_->is_answered(request)) return answered();
  if (!may_ask(request.epoch, session, now)) return {};
  const auto key = pq_->answer(request, random);
  if (!key) return {};
  ack_.reset();
  pq_answered_ = true;
  begin_drain(session, *key, now);
  begin_trial(now + step_);  // the peer Pings first
  return answered();
}

// What answered the peer, under the key it still has. spec: README/9 item 13
RekeyMachine::Outcome RekeyMachine::answered() const {
  Outcome out;
  if (kHybrid && pq_answered_) {
    out.large = pq_->ack();
    out.large_under_old = true;
  } else {
    out.send = Send{*ack_, true};
  }
  return out;
}

void RekeyMachine::on_ack(const RekeyAck& ack, LinkSession& session, Millis now) {
  if (state_ != State::asked || pq_asked_ || ack.epoch != request_.epoch) return;
  const auto key = derive_session_key(ephemeral_, ack.ephemeral, request_.ephemeral, ack.ephemeral);
  if (!key) return;
  ack_.reset();
  pq_answered_ = false;
  begin_drain(session, *key, now);
}

RekeyMachine::Outcome RekeyMachine::on_ack(const PqAck& ack, LinkSession& session, Millis now) {
  if (state_ != State::asked || !pq_asked_ || ack.epoch != request_.epoch) return {};
  const auto key = pq_->take(ack);
  if (!key) return {};
  ack_.reset();
  pq_answered_ = false;
  pq_asked_ = false;
  begin_drain(session, *key, now);
  begin_trial(now + step_);
  Outcome out;
  out.ping = true;
  return out;
}

Millis RekeyMachine::next_deadline() const {
  if (state_ != State::steady) return std::min(deadline_, ping_at_);
  return pq_first_ ? key_since_ : key_since_ + kMaxKeyAge;
}

}  // namespace mehr::l0
