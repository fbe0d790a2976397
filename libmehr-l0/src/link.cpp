#include "mehr/l0/link.h"

#include <gsl/assert>

namespace mehr::l0 {

namespace {

constexpr Millis kPongSpacing = Millis::seconds(1);  // spec: L1/2.2

Link::SendFrame frame_of(ByteView bytes) {
  Link::SendFrame out;
  copy_bytes(bytes, out.bytes);
  out.size = bytes.size();
  return out;
}

Secret<32> fresh_secret(Random& random) {
  Secret<32> secret;
  random.fill(secret.expose_mutable());
  return secret;
}

HandshakeResult without_key(const HandshakeResult& from) {
  HandshakeResult out;  // the session key stays behind: only the session holds it
  out.peer_link = from.peer_link;
  out.peer_key = from.peer_key;
  out.peer = from.peer;
  out.peer_tail = from.peer_tail;
  out.mtu = from.mtu;
  return out;
}

}  // namespace

Millis handshake_step(BitsPerSecond bandwidth, Mtu mtu) {
  return std::max(Millis::seconds(6), bandwidth.airtime(mtu.bytes + kLinkOverhead) * 4);
}

Link::Link(const Config& config, const std::optional<NodeId>& target, Now now)
    : config_(config),
      role_(LinkRole::initiator),
      state_(State::wait_resp),
      step_(handshake_step(config.bandwidth, config.terms.max_frame_size)),
      handshake_(std::in_place_type<InitiatorHandshake>, config.signer, config.terms,
                 config.own_id.value, target, fresh_secret(config.random)),
      last_rx_(now.steady) {}

Link::Link(const Config& config, ByteView init, Now now)
    : config_(config),
      role_(LinkRole::responder),
      state_(State::wait_auth),
      step_(handshake_step(config.bandwidth, config.terms.max_frame_size)),
      handshake_(std::in_place_type<ResponderHandshake>, config.signer, config.terms,
                 config.own_id.value, init, fresh_secret(config.random)),
      last_rx_(now.steady) {}

Link::Actions Link::start(Now now) {
  Actions out;
  step_sent_ = now.steady;
  // A stream loses nothing, so it waits for the whole handshake at once. spec: README/9 item 9, 10
  const bool resends = role_ == LinkRole::initiator && !config_.stream;
  step_deadline_ = now.steady + (resends ? step_ : step_ * 3);
  if (role_ == LinkRole::initiator) {
    out.must_push(frame_of(initiator()->init()));
    return out;
  }
  if (auto answered = responder()->respond(now.node); !answered) {
    close(CloseReason::rejected, answered.error(), out);
    return out;
  }
  const auto& result = responder()->result();
  session_.emplace(LinkSession::Addressing{role_, config_.own_id.value, result.peer_link,
                                           config_.terms.max_frame_size},
                   result.session_key);
  out.must_push(frame_of(responder()->resp()));
  return out;
}

Link::Actions Link::step(const Event& event, Now now) {
  Actions out;
  if (state_ == State::closed) return out;
  if (const auto* handshake = std::get_if<HandshakeFrame>(&event)) {
    on_handshake(handshake->frame, now, out);
  } else if (const auto* control = std::get_if<ControlMessage>(&event)) {
    on_control(control->message, now, out);
  } else if (const auto* request = std::get_if<CloseRequest>(&event)) {
    send_close(request->reason, out);
    close(request->reason, Error{Errc::wrong_state, "closed by this node"}, out);
  } else if (std::holds_alternative<MediumLost>(event)) {
    close(CloseReason::medium_lost, Error{Errc::io, "the connection was lost"}, out);
  } else if (std::holds_alternative<Doubt>(event)) {
    // Asked again and again it is still the first time that counts.
    if (state_ != State::active || doubted_at_ != Millis::never()) return out;
    doubted_at_ = now.steady;
    ping(now, out);
  } else if (std::holds_alternative<Room>(event)) {
    if (kHybrid && state_ == State::active) spend(rekey_->on_room(*session_), now, out);
  } else {
    on_timer(now, out);
  }
  return out;
}

void Link::on_handshake(ByteView frame, Now now, Actions& out) {
  if (frame.empty()) return broken_handshake({Errc::truncated, "an empty frame"}, out);
  if (frame[0] == kInitType) return on_init(frame, out);
  if (frame[0] == kRespType) return on_resp(frame, now, out);
  if (frame[0] == kAuthType) return on_auth(frame, now, out);
  broken_handshake({Errc::bad_value, "not a handshake frame"}, out);
}

void Link::on_init(ByteView frame, Actions& out) {
  if (state_ == State::active) return;  // spec: README/9 item 11
  if (state_ == State::wait_auth && responder()->is_same_init(frame)) {
    out.must_push(frame_of(responder()->resp()));
    return;
  }
  broken_handshake({Errc::bad_value, "another INIT while a handshake is under way"}, out);
}

void Link::on_resp(ByteView frame, Now now, Actions& out) {
  if (initiator() != nullptr && state_ == State::active && initiator()->is_accepted_resp(frame)) {
    out.must_push(frame_of(initiator()->auth()));  // our AUTH was lost. spec: L2/3.3
    return;
  }
  if (state_ == State::active) return;
  if (state_ != State::wait_resp) {
    return broken_handshake({Errc::bad_value, "RESP to a node that sent no INIT"}, out);
  }
  const Status good = initiator()->on_resp(frame, now.node);
  if (!good && good.error().code != Errc::wrong_version && good.error().code != Errc::too_big) {
    return broken_handshake(good.error(), out);
  }
  const auto& result = initiator()->result();
  if (result.peer_link == 0) return broken_handshake(good.error(), out);  // RESP itself unreadable
  peer_ = without_key(result);
  session_.emplace(LinkSession::Addressing{role_, config_.own_id.value, peer_.peer_link,
                                           good ? peer_.mtu : config_.terms.max_frame_size},
                   result.session_key);
  if (!good) return refuse_terms(good.error(), out);
  out.must_push(frame_of(initiator()->auth()));
  resends_ = 0;
  activate(now, result.session_key, out);
  step_deadline_ = config_.stream ? Millis::never() : now.steady + step_;
}

void Link::on_auth(ByteView frame, Now now, Actions& out) {
  if (state_ == State::active) return;  // a repeat of what was accepted
  if (state_ != State::wait_auth) {
    return broken_handshake({Errc::bad_value, "AUTH to a node that sent no RESP"}, out);
  }
  const Status good = responder()->on_auth(frame);
  if (!good && good.error().code != Errc::wrong_version && good.error().code != Errc::too_big) {
    return broken_handshake(good.error(), out);
  }
  if (!good) return refuse_terms(good.error(), out);
  peer_ = without_key(responder()->result());
  session_->set_mtu(peer_.mtu);
  const auto session_key = Secret<32>::copy_of(responder()->result().session_key.expose());
  handshake_.emplace<std::monostate>();
  activate(now, session_key, out);
  ping(now, out);  // the confirming Ping. spec: L2/3.3
}

void Link::broken_handshake(const Error& why, Actions& out) {
  const bool handshaking = state_ == State::wait_resp || state_ == State::wait_auth;
  if (config_.stream && handshaking) return close(CloseReason::rejected, why, out);
  out.must_push(Refused{why});
}

// The peer is who it says, but we cannot work with it: say so under the key we share.
void Link::refuse_terms(const Error& why, Actions& out) {
  const auto reason = why.code == Errc::too_big ? CloseReason::mtu : CloseReason::version;
  send_close(reason, out);
  close(reason, why, out);
}

void Link::activate(Now now, const Secret<32>& session_key, Actions& out) {
  state_ = State::active;
  step_deadline_ = Millis::never();
  rekey_.emplace(step_, RekeyMachine::byte_limit(config_.bandwidth), now.steady);
  if (kHybrid && config_.terms.kem != nullptr &&
      (peer_.peer_tail.features & feature::kPostQuantum) != 0 && peer_.mtu >= kPqLeastMtu) {
    rekey_->use_hybrid(*config_.terms.kem, session_key, role_ == LinkRole::initiator);
  }
  last_rx_ = now.steady;
  last_ping_ = now.steady;
  // Unsigned until the end: the peer's clock is whatever it likes to send.
  const std::uint64_t rtt = (now.steady - step_sent_).count;
  const std::uint64_t half_rtt = rtt / 2;
  const std::uint64_t offset = peer_.peer_tail.node_clock + half_rtt - now.node.millis;
  clock_offset_ms_ = static_cast<std::int64_t>(offset);
  clock_error_ = Millis{rtt - half_rtt};
  out.must_push(Opened{});
}

void Link::on_control(ByteView message, Now now, Actions& out) {
  const std::uint8_t type = message.empty() ? std::uint8_t{0} : message[0];
  if (type == control::kClose) {
    if (auto told = decode<Close>(message); told) {
      const auto reason = static_cast<CloseReason>(told->reason);
      return close(is_local(reason) ? CloseReason::policy : reason,
                   Error{Errc::wrong_state, "the peer closed the link"}, out);
    }
  } else if (state_ != State::active) {
    return;
  } else if (type == control::kRekeyRequest) {
    if (auto request = decode<RekeyRequest>(message); request) {
      return spend(rekey_->on_request(*request, *session_, config_.random, now.steady), now, out);
    }
  } else if (type == control::kRekeyAck) {
    if (auto ack = decode<RekeyAck>(message); ack) {
      return rekey_->on_ack(*ack, *session_, now.steady);
    }
  } else if (kHybrid && type == control::kPqRequest) {
    if (auto request = decode<PqRequest>(message); request) {
      return spend(rekey_->on_request(*request, *session_, config_.random, now.steady), now, out);
    }
  } else if (kHybrid && type == control::kPqAck) {
    if (auto ack = decode<PqAck>(message); ack) {
      return spend(rekey_->on_ack(*ack, *session_, now.steady), now, out);
    }
  } else if (type == control::kPing) {
    return on_ping(message, now, out);
  } else if (type == control::kPong) {
    return on_pong(message, now, out);
  }
  out.must_push(Malformed{});
}

void Link::on_ping(ByteView message, Now now, Actions& out) {
  const auto asked = decode<Ping>(message);
  if (!asked) return out.must_push(Malformed{});
  if (!first_pong_ && now.steady < last_pong_ + kPongSpacing) return;
  if (!first_pong_) last_pong_ = now.steady;
  first_pong_ = false;
  Pong pong;
  pong.token = asked->token;
  send_control(encode_fixed(pong), out);
}

void Link::on_pong(ByteView message, Now now, Actions& out) {
  const auto pong = decode<Pong>(message);
  if (!pong) return out.must_push(Malformed{});
  if (!ping_token_ || pong->token != *ping_token_) return;
  ping_token_.reset();
  out.must_push(RoundTrip{(now.steady - last_ping_) - Millis{pong->hold_ms}});
}

void Link::on_timer(Now now, Actions& out) {
  if (now.steady >= step_deadline_) on_handshake_timer(now, out);
  if (state_ != State::active) return;
  if (now.steady >= silent_at()) {
    send_close(CloseReason::idle, out);
    return close(CloseReason::idle, Error{Errc::io, "nothing was heard of the peer for too long"},
                 out);
  }
  spend(rekey_->on_timer(*session_, config_.random, now.steady), now, out);
  if (state_ == State::active && now.steady >= next_ping()) ping(now, out);
}

void Link::on_handshake_timer(Now now, Actions& out) {
  const bool unconfirmed = state_ == State::active;
  const bool resend = !config_.stream && role_ == LinkRole::initiator && resends_ < kResends;
  if (resend) {
    ++resends_;
    step_deadline_ = now.steady + step_;
    out.must_push(frame_of(unconfirmed ? initiator()->auth() : initiator()->init()));
    return;
  }
  step_deadline_ = Millis::never();
  if (unconfirmed) return;  // silence will close it
  close(CloseReason::timeout, Error{Errc::io, "the handshake was not finished in time"}, out);
}

Millis Link::silent_at() const { return std::min(doubted_at_ + step_ * 2, last_rx_ + kSilent); }

Millis Link::next_ping() const {
  const bool slow = config_.bandwidth < kSlowBelow;
  if (!slow) return last_ping_ + kPingEvery;
  const Millis keepalive = std::max(last_rx_, last_ping_) + kPingEvery;
  return std::min(last_ping_ + kSlowPingEvery, keepalive);
}

void Link::ping(Now now, Actions& out) {
  Ping ping;
  ping.token = config_.random.draw<std::uint32_t>();
  ping_token_ = ping.token;
  last_ping_ = now.steady;
  send_control(encode_fixed(ping), out);
}

void Link::spend(const RekeyMachine::Outcome& outcome, Now now, Actions& out) {
  if (outcome.send) send_control(outcome.send->message, out, outcome.send->under_old_key);
  if (kHybrid && !outcome.large.empty())
    out.must_push(SendLarge{outcome.large, outcome.large_under_old});
  if (kHybrid && outcome.ping) ping(now, out);
  if (!outcome.failed) return;
  send_close(CloseReason::rekey_failed, out);
  close(CloseReason::rekey_failed, Error{Errc::io, "the peer did not answer a rekey"}, out);
}

void Link::send_control(ByteView message, Actions& out, bool under_old_key) {
  SendFrame send;
  auto frame = under_old_key ? session_->seal_with_old(message, send.bytes)
                             : session_->seal(message, 0, send.bytes);
  if (!frame) return;  // only when the counters are used up: the next timer closes the link
  send.size = frame->size();
  out.must_push(send);
}

void Link::send_close(CloseReason reason, Actions& out) {
  if (!session_) return;
  Close message;
  // Local reasons have no number on the wire.
  message.reason = static_cast<std::uint8_t>(is_local(reason) ? CloseReason::shutdown : reason);
  send_control(encode_fixed(message), out);
}

void Link::close(CloseReason reason, const Error& why, Actions& out) {
  state_ = State::closed;
  step_deadline_ = Millis::never();
  handshake_.emplace<std::monostate>();
  session_.reset();
  rekey_.reset();
  out.must_push(Closed{reason, why});
}

Result<MutableBytes> Link::open(MutableBytes frame, Millis now) {
  if (!session_) return fail(Errc::wrong_state, "no key is agreed yet");
  auto message = session_->open(frame);
  if (!message) return message;
  if (state_ == State::wait_auth && (*message)[0] != control::kClose) {
    return fail(Errc::wrong_state, "the peer has not authenticated yet");
  }
  last_rx_ = now;
  doubted_at_ = Millis::never();
  if (kHybrid && rekey_ && rekey_->is_on_trial()) rekey_->on_opened(*session_, now);
  if (initiator() != nullptr) {  // the first valid DATA confirms the link. spec: L2/3.3
    handshake_.emplace<std::monostate>();
    step_deadline_ = Millis::never();
  }
  return message;
}

Result<MutableBytes> Link::seal(ByteView message, std::size_t padded_size, MutableBytes out) {
  if (state_ != State::active) return fail(Errc::wrong_state, "the link is not active");
  return session_->seal(message, padded_size, out);
}

Result<MutableBytes> Link::seal_large(const SendLarge& what, MutableBytes out) {
  if (state_ != State::active) return fail(Errc::wrong_state, "the link is not active");
  if (what.under_old_key) return session_->seal_with_old(what.message, out);
  return session_->seal(what.message, 0, out);
}

bool Link::wants_rekey(Millis now) const {
  return state_ == State::active && rekey_->is_due(*session_, now);
}

bool Link::is_half_open() const { return state_ == State::wait_resp || state_ == State::wait_auth; }

bool Link::answers(ByteView init) const {
  const auto* side = std::get_if<ResponderHandshake>(&handshake_);
  return side != nullptr && side->is_same_init(init);
}

Millis Link::next_deadline() const {
  if (state_ == State::closed) return Millis::never();
  if (state_ != State::active) return step_deadline_;
  return std::min({step_deadline_, silent_at(), rekey_->next_deadline(), next_ping()});
}

}  // namespace mehr::l0
