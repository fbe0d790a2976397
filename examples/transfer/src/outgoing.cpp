#include "outgoing.h"

#include <algorithm>
#include <limits>

#include "mehr/core/hazard.h"

namespace mehr::transfer {

Outgoing::Outgoing(Context& context, TransferId id, const NodeId& to, std::string_view name,
                   std::unique_ptr<FileReader> file, Millis now)
    : context_(context),
      id_(id),
      to_(to),
      name_(name),
      file_(std::move(file)),
      size_(file_->size()),
      started_(now),
      progress_(now) {}

void Outgoing::to_state(State state, const char* error) {
  changed_ |= state != state_;
  state_ = state;
  error_ = error;
}

void Outgoing::fail_with(const char* sentence, Millis now) {
  to_state(State::failed, sentence);
  progress_ = now;
  data_flows_ = false;
  file_.reset();
}

void Outgoing::step(Millis now, const MessageHandler& on_ack) {
  if (farewells_ > 0 && farewell_at_ <= now) say_farewell(now);
  if (over()) return;
  if (progress_ + context_.limits.give_up_after <= now) {
    farewells_ = offered_ ? kFarewells : 0;
    farewell_at_ = now;
    return fail_with("gave up: the receiver was not reached for too long", now);
  }
  if (state_ == State::hashing) return hash(now);
  if ((reshape_ || !offered_) && offer_at_ <= now) begin_offer(now, on_ack);
  if (offered_ && !reshape_ && !over() && offer_at_ <= now) send_offer(now);
  if (data_flows_) {
    window_->on_timer(now);
    // Two timeouts may mean a receiver that forgot us: an offer asks it, chunks alone cannot.
    // Before a fresh offer, which waits for a route at its own pace, there is nobody to ask.
    if (window_->timeouts() >= 2 && !reshape_) {
      offer_at_ = std::min(offer_at_, offer_sent_ + offer_wait_);
    }
  }
  if (retry_at_ <= now) retry_at_ = Millis::never();
}

void Outgoing::hash(Millis now) {
  context_.scratch.resize(std::max(context_.scratch.size(), context_.limits.read_block));
  auto went =
      hash_slice(*file_, hasher_, hashed_, size_, context_.limits.hash_slice, context_.scratch);
  if (!went) return fail_with("the file cannot be read", now);
  progress_ = now;
  if (hashed_ < size_) return;
  hash_ = hasher_.finish();
  offer_at_ = now;
  offer_wait_ = context_.limits.offer_wait;
  to_state(State::offering);
}

void Outgoing::begin_offer(Millis now, const MessageHandler& on_ack) {
  const std::size_t room = context_.streams.max_sealed(to_);
  if (room < kDataOverhead + kMinChunk) {
    offer_at_ = now + context_.limits.route_wait;
    return to_state(State::waiting_for_route, "no route to the receiver is known yet");
  }
  if (offered_) {
    (void)context_.send_control(to_, Cancel{.version = {}, .kind = {}, .transfer = transfer_});
    release();
  }
  reshape_ = false;
  data_flows_ = false;
  too_big_since_.reset();
  chunk_ = static_cast<std::uint16_t>(std::min<std::size_t>(room - kDataOverhead, kMaxChunk));
  const std::uint64_t count = chunk_count(size_, chunk_);
  if (count >= std::numeric_limits<std::uint32_t>::max()) {
    return fail_with("the file has too many chunks for so narrow a path", now);
  }
  transfer_ = context_.draw<StreamId>();
  acks_ = context_.draw<StreamId>();
  context_.random.fill(key_.expose_mutable());
  if (auto got = context_.streams.accept_stream(acks_, on_ack); !got) {
    return fail_with("too many streams are open", now);
  }
  offered_ = true;
  sealer_.emplace(key_, crypto::Aead::Use::seal);
  opener_.reset();
  window_.emplace(static_cast<std::uint32_t>(count), context_.limits);
  block_.resize(std::max<std::size_t>(context_.limits.read_block / chunk_, 1) * chunk_);
  block_size_ = 0;
  datagram_.resize(kDataOverhead + chunk_);
  attempt_ = answered_ = 0;
  offer_wait_ = context_.limits.offer_wait;
  offer_at_ = now;
  to_state(State::offering);
}

void Outgoing::send_offer(Millis now) {
  Offer offer;
  offer.attempt = ++attempt_;
  offer.transfer = transfer_;
  offer.acks = acks_;
  offer.key = WireKey::from(key_.expose());
  offer.size = size_;
  offer.chunk = chunk_;
  offer.hash = hash_;
  offer.name.bytes = as_bytes(name_);
  const Status sent = context_.send_control(to_, offer);
  crypto::wipe(offer.key.mutable_view());
  offer_sent_ = now;
  if (!sent) return wait_for_route(now, sent.error());
  if (state_ == State::waiting_for_route) to_state(data_flows_ ? State::sending : State::offering);
  offer_again(now);
}

void Outgoing::offer_again(Millis now) {
  offer_at_ = now + offer_wait_;
  offer_wait_ = std::min(offer_wait_ * 2, context_.limits.offer_wait_max);
}

void Outgoing::wait_for_route(Millis now, const Error& why) {
  offer_at_ = data_flows_ && offer_at_ == Millis::never() ? Millis::never()
                                                          : now + context_.limits.route_wait;
  retry_at_ = now + context_.limits.route_wait;
  // The floor below is merely busy, or its word concerns this moment alone.
  if (why.code == Errc::full) return;
  to_state(State::waiting_for_route, why.text);
}

void Outgoing::on_answer(const Answer& answer, Millis now) {
  if (over() || answer.attempt > attempt_ || answer.attempt < answered_ || reshape_) return;
  answered_ = answer.attempt;
  switch (answer.verdict) {
    case Verdict::accepted:
      break;
    case Verdict::busy:
      return;  // the offer is repeated
    case Verdict::refused:
      return fail_with("the receiver does not want the file", now);
    case Verdict::too_large:
      return fail_with("the file is larger than the receiver takes", now);
    case Verdict::no_space:
      return fail_with("the receiver cannot store the file", now);
  }
  const auto ack_key = Secret<32>::copy_of(answer.key.bytes);
  if (!opener_ || !ack_key.equals(ack_key_)) {
    ack_key_ = Secret<32>::copy_of(answer.key.bytes);
    opener_.emplace(ack_key_, crypto::Aead::Use::open);
    last_ack_.reset();
    if (!data_flows_ && answer.attempt == attempt_) window_->sample_rtt(now - offer_sent_);
    window_->restart(answer.next, answer.window);
    reached(window_->base(), now);
  }
  if (!data_flows_) data_started_ = now;
  data_flows_ = true;
  retry_at_ = Millis::never();
  if (window_->finished()) return;
  offer_at_ = Millis::never();
  offer_wait_ = context_.limits.offer_wait;
  to_state(State::sending);
}

void Outgoing::reached(std::uint32_t base, Millis now) {
  progress_ = now;
  if (base < chunk_count(size_, chunk_)) return;
  // Nothing is left to send; only the receiver's last word is missing, and an offer fetches it.
  to_state(State::verifying);
  offer_wait_ = context_.limits.offer_wait;
  offer_again(now);
}

void Outgoing::on_done(Outcome outcome, Millis now) {
  farewells_ = 0;
  if (over()) return;
  switch (outcome) {
    case Outcome::received:
      progress_ = now;
      data_flows_ = false;
      file_.reset();
      return to_state(State::done);
    case Outcome::mismatch:
      return fail_with("the receiver got other bytes than were announced: did the file change?",
                       now);
    case Outcome::disk_failed:
      return fail_with("the receiver's disk failed or is full", now);
    case Outcome::cancelled:
      return fail_with("the receiver cancelled", now);
  }
}

void Outgoing::on_ack(MutableBytes sealed, Millis now) {
  if (!data_flows_ || over()) return;
  Reader r(sealed);
  AckHeader header;
  r.get(header);
  if (!r.ok() || r.left() < wire_size<Ack> + crypto::Aead::kTagSize) {
    ++context_.counters.bad_acks;
    return;
  }
  if (last_ack_ && header.packet <= *last_ack_) {
    ++context_.counters.stale_acks;
    return;
  }
  const MutableBytes body = sealed.subspan(wire_size<AckHeader>);
  const MutableBytes plain = body.first(body.size() - crypto::Aead::kTagSize);
  const auto opened = opener_->open(nonce_of(header.packet), aad_of(acks_, header), body, plain);
  const auto ack = opened ? decode<Ack>(plain) : Result<Ack>(fail(opened));
  const std::uint32_t before = window_->base();
  const std::uint64_t lost = window_->lost_total();
  if (!ack || !window_->on_ack(*ack, now)) {
    ++context_.counters.bad_acks;
    return;
  }
  context_.counters.chunks_lost += window_->lost_total() - lost;
  last_ack_ = header.packet;
  if (state_ != State::verifying) offer_at_ = Millis::never();
  if (window_->base() > before) {
    offer_wait_ = context_.limits.offer_wait;
    reached(window_->base(), now);
  }
  if (state_ == State::waiting_for_route) {
    retry_at_ = Millis::never();
    to_state(State::sending);
  }
}

Result<ByteView> Outgoing::chunk_bytes(std::uint64_t offset, std::size_t size) {
  if (offset >= block_at_ && offset + size <= block_at_ + block_size_) {
    return ByteView(block_).subspan(static_cast<std::size_t>(offset - block_at_), size);
  }
  const bool ahead = block_size_ == 0 || offset >= block_at_ + block_size_;
  if (!ahead) {  // a repetition of a chunk that the block has passed
    const MutableBytes room = MutableBytes(datagram_).subspan(wire_size<DataHeader>, size);
    if (auto got = file_->read_at(offset, room); !got) return fail(got);
    return ByteView(room);
  }
  block_at_ = offset;
  block_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(block_.size(), size_ - offset));
  if (auto got = file_->read_at(offset, MutableBytes(block_).first(block_size_)); !got) {
    block_size_ = 0;
    return fail(got);
  }
  return ByteView(block_).first(size);
}

Result<ByteView> Outgoing::seal_chunk(std::uint32_t index) {
  const std::uint64_t offset = std::uint64_t{index} * chunk_;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, size_ - offset));
  const auto plain = chunk_bytes(offset, size);
  if (!plain) return fail(plain);
  const DataHeader header{.index = index, .packet = window_->packet()};
  Writer w(datagram_);
  w.put(header);
  const MutableBytes whole = MutableBytes(datagram_).first(kDataOverhead + size);
  sealer_->seal(nonce_of(header.packet), aad_of(transfer_, header), *plain,
                whole.subspan(wire_size<DataHeader>));
  return ByteView(whole);
}

Outgoing::Pumped Outgoing::pump(Millis now, std::uint32_t budget) {
  if (!data_flows_ || retry_at_ != Millis::never() || reshape_) return Pumped::idle;
  for (; budget > 0; --budget) {
    const auto index = window_->next();
    if (!index) return Pumped::idle;
    // The hazard strikes early only, or a long file would never end.
    const bool used_up = window_->packet() < 8 && hazard("transfer.numbers_used_up");
    if (used_up || window_->packet() == std::numeric_limits<std::uint32_t>::max()) {
      reshape_ = true;  // packet numbers are used up: a fresh key begins them anew
      offer_at_ = now;
      return Pumped::idle;
    }
    const auto datagram = seal_chunk(*index);
    if (!datagram) {
      farewells_ = kFarewells;
      farewell_at_ = now;
      fail_with("the file can no longer be read", now);
      return Pumped::idle;
    }
    const Status sent = context_.streams.send_stream(to_, context::kBulk, transfer_, *datagram);
    // The number is spent even when the datagram was not taken: its bytes may have been seen.
    if (!sent) {
      window_->skip_packet();
      if (sent.error().code == Errc::full) return Pumped::full;
      refused_below(sent.error(), now);
      return Pumped::idle;
    }
    window_->sent(*index, now);
    too_big_since_.reset();
    ++context_.counters.chunks_sent;
    if (state_ == State::waiting_for_route) to_state(State::sending);
  }
  return Pumped::more;
}

void Outgoing::refused_below(const Error& error, Millis now) {
  wait_for_route(now, error);
  if (error.code != Errc::too_big) return;
  if (!too_big_since_) too_big_since_ = now;
  if (*too_big_since_ + context_.limits.reshape_after > now) return;
  reshape_ = true;
  offer_at_ = now;
}

void Outgoing::cancel(Millis now) {
  if (over()) return;
  farewells_ = offered_ ? kFarewells : 0;
  farewell_at_ = now;
  fail_with("cancelled here", now);
}

void Outgoing::say_farewell(Millis now) {
  --farewells_;
  farewell_at_ = now + context_.limits.offer_wait;
  (void)context_.send_control(to_, Cancel{.version = {}, .kind = {}, .transfer = transfer_});
}

void Outgoing::release() {
  if (offered_) context_.streams.drop_stream(acks_);
  offered_ = false;
}

Millis Outgoing::deadline() const {
  if (changed_ || removable() || state_ == State::hashing) return Millis{0};
  if (over()) return farewell_at_;
  Millis at = std::min({offer_at_, retry_at_, progress_ + context_.limits.give_up_after});
  if (data_flows_) {
    at = std::min(at, window_->deadline());
    if (window_->timeouts() >= 2 && !reshape_) at = std::min(at, offer_sent_ + offer_wait_);
  }
  return at;
}

TransferStatus Outgoing::status() const {
  TransferStatus s;
  s.id = id_;
  s.direction = Direction::out;
  s.peer = to_;
  s.name = name_;
  s.size = size_;
  if (window_) s.bytes_done = std::min(std::uint64_t{window_->base()} * chunk_, size_);
  if (state_ == State::done) s.bytes_done = size_;
  s.state = state_;
  s.error = error_;
  s.hash = hash_;
  s.started = started_;
  s.data_started = data_started_;
  s.changed = progress_;
  return s;
}

}  // namespace mehr::transfer
