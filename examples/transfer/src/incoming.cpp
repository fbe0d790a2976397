#include "incoming.h"

#include <algorithm>
#include <limits>

#include "mehr/core/hazard.h"

namespace mehr::transfer {
namespace {

/// A fingerprint, so that the key itself is kept in one place only.
WireKey mark_of(const WireKey& key) { return WireKey::from(crypto::b2(key.view()).view()); }

Secret<32> secret_of(const WireKey& key) { return Secret<32>::copy_of(key.bytes); }

}  // namespace

Incoming::Incoming(Context& context, TransferId id, const NodeId& from, const Offer& offer,
                   std::unique_ptr<FileWriter> file, Millis now)
    : context_(context),
      id_(id),
      from_(from),
      name_(text_of(offer.name)),
      file_(std::move(file)),
      transfer_(offer.transfer),
      acks_(offer.acks),
      offered_key_mark_(mark_of(offer.key)),
      size_(offer.size),
      chunk_(offer.chunk),
      hash_(offer.hash),
      window_(static_cast<std::uint32_t>(chunk_count(offer.size, offer.chunk)), context.limits),
      run_(std::max<std::size_t>(context.limits.write_block / offer.chunk, 1) * offer.chunk),
      started_(now),
      heard_(now) {
  opener_.emplace(secret_of(offer.key), crypto::Aead::Use::open);
  context_.random.fill(ack_key_.expose_mutable());
  sealer_.emplace(ack_key_, crypto::Aead::Use::seal);
  if (window_.complete()) to_state(State::verifying);
}

Status Incoming::open(MessageHandler on_data) {
  auto got = context_.streams.accept_stream(transfer_, std::move(on_data));
  registered_ = got.has_value();
  return got;
}

void Incoming::release() {
  if (registered_) context_.streams.drop_stream(transfer_);
  registered_ = false;
}

void Incoming::to_state(State state, const char* error) {
  changed_ |= state != state_;
  state_ = state;
  error_ = error;
}

bool Incoming::on_offer(const Offer& offer, Millis now) {
  const bool same = offer.acks == acks_ && offer.size == size_ && offer.chunk == chunk_ &&
                    offer.hash == hash_ && mark_of(offer.key) == offered_key_mark_ &&
                    text_of(offer.name) == name_;
  if (!same) return false;
  heard_ = now;
  Answer answer;
  answer.attempt = offer.attempt;
  answer.transfer = transfer_;
  answer.verdict = Verdict::accepted;
  answer.next = window_.next();
  answer.window = window_.window();
  answer.key = WireKey::from(ack_key_.expose());
  (void)context_.send_control(from_, answer);  // unheard, the offer comes again
  crypto::wipe(answer.key.mutable_view());
  return true;
}

std::size_t Incoming::chunk_size(std::uint32_t index) const {
  const std::uint64_t at = std::uint64_t{index} * chunk_;
  return static_cast<std::size_t>(std::min<std::uint64_t>(chunk_, size_ - at));
}

void Incoming::on_data(MutableBytes sealed, Millis now) {
  if (state_ != State::receiving) return;
  TransferCounters& counters = context_.counters;
  Reader r(sealed);
  DataHeader header;
  r.get(header);
  if (!r.ok()) {
    ++counters.bad_data;
    return;
  }
  const auto kind = window_.sort(header.index);
  if (kind == ReceiveWindow::Kind::outside) {
    ++counters.data_outside;
    return;
  }
  if (r.left() != chunk_size(header.index) + crypto::Aead::kTagSize) {
    ++counters.bad_data;
    return;
  }
  const MutableBytes body = sealed.subspan(wire_size<DataHeader>);
  const MutableBytes plain = body.first(chunk_size(header.index));
  if (!opener_->open(nonce_of(header.packet), aad_of(transfer_, header), body, plain)) {
    ++counters.bad_data;
    return;
  }
  if (data_started_ == Millis{}) data_started_ = now;
  if (kind == ReceiveWindow::Kind::repeated) {
    ++counters.repeated_data;  // no progress: anybody may play back an old datagram
  } else {
    heard_ = now;
    store(header.index, plain, now);
  }
  if (over()) return;
  window_.take(header, kind, now);
  if (window_.ack_at() <= now) send_ack(now);
  if (window_.complete()) to_state(State::verifying);
}

void Incoming::store(std::uint32_t index, ByteView plain, Millis now) {
  const std::uint64_t at = std::uint64_t{index} * chunk_;
  Status written{};
  const bool in_order = run_size_ == 0 ? at == hashed_ : at == run_at_ + run_size_;
  if (run_size_ != 0 && (!in_order || run_size_ + plain.size() > run_.size())) {
    written = flush();
    if (written && hashed_ < whole_until()) written = catch_up();
  }
  if (!written) return finish(Outcome::disk_failed, "the disk failed or is full", now);
  if (run_size_ == 0) run_at_ = at;
  if (in_order || !planted("transfer.no_verify")) {
    copy_bytes(plain, MutableBytes(run_).subspan(run_size_));
  }
  run_size_ += plain.size();
}

Status Incoming::flush() {
  const ByteView run = ByteView(run_).first(run_size_);
  if (auto wrote = file_->write_at(run_at_, run); !wrote) return wrote;
  if (run_at_ == hashed_) {
    hasher_.update(run);
    hashed_ += run_size_;
  }
  run_size_ = 0;
  return {};
}

/// The end of what is written without a gap.
std::uint64_t Incoming::whole_until() const {
  const std::uint64_t until = std::min(std::uint64_t{window_.next()} * chunk_, size_);
  return run_size_ != 0 ? std::min(until, run_at_) : until;
}

Status Incoming::catch_up() {
  Bytes& room = context_.scratch;
  room.resize(std::max(room.size(), context_.limits.read_block));
  return hash_slice(*file_, hasher_, hashed_, whole_until(), context_.limits.hash_slice, room);
}

void Incoming::verify(Millis now) {
  Status went{};
  if (run_size_ != 0) went = flush();
  if (went) went = catch_up();
  if (!went) return finish(Outcome::disk_failed, "the disk failed or is full", now);
  if (hashed_ < size_) return;
  if (hasher_.finish() != hash_ && !planted("transfer.no_verify")) {
    return finish(Outcome::mismatch, "other bytes came than were announced", now);
  }
  auto path = file_->commit(hash_);
  if (!path) return finish(Outcome::disk_failed, "the file could not be put in its place", now);
  path_ = std::move(*path);
  file_.reset();
  finish(Outcome::received, "", now);
}

void Incoming::finish(Outcome outcome, const char* sentence, Millis now) {
  if (file_) file_->abort();
  file_.reset();
  to_state(outcome == Outcome::received ? State::done : State::failed, sentence);
  outcome_ = outcome;
  heard_ = now;
  Bytes().swap(run_);
  run_size_ = 0;
  Done done;
  done.transfer = transfer_;
  done.outcome = outcome;
  (void)context_.send_control(from_, done);  // unheard, the sender asks by its offer
}

void Incoming::cancel(const char* sentence, Millis now) {
  if (!over()) finish(Outcome::cancelled, sentence, now);
}

void Incoming::step(Millis now) {
  if (over()) return;
  const TransferLimits& limits = context_.limits;
  const Millis patience = data_started_ == Millis{} ? limits.unstarted_after : limits.give_up_after;
  if (heard_ + patience <= now) {
    finish(Outcome::cancelled, "the sender fell silent", now);
    outcome_.reset();  // a sender that was cut off may offer the file again
    return;
  }
  if (window_.ack_at() <= now) send_ack(now);
  if (state_ == State::verifying) verify(now);
}

void Incoming::send_ack(Millis now) {
  if (hazard("transfer.ack_late")) return window_.ack_delayed(now + context_.limits.route_wait);
  std::array<std::uint8_t, kMaxWindow / 8> map{};
  std::array<std::uint8_t,
             wire_size<AckHeader> + wire_size<Ack> + map.size() + crypto::Aead::kTagSize>
      room{};
  constexpr std::size_t kFixed = room.size() - map.size();
  const std::size_t fits = context_.streams.max_sealed(from_);
  if (fits < kFixed || ack_packet_ == std::numeric_limits<std::uint32_t>::max()) {
    return window_.ack_delayed(now + context_.limits.route_wait);
  }
  const Ack ack = window_.ack(now, MutableBytes(map).first(std::min(map.size(), fits - kFixed)));
  const AckHeader header{.packet = ack_packet_++};
  Writer w(room);
  w.put(header);
  w.put(ack);
  const std::size_t size = w.written().size() + crypto::Aead::kTagSize;
  const MutableBytes plain = w.written().subspan(wire_size<AckHeader>);
  const MutableBytes whole = MutableBytes(room).first(size);
  sealer_->seal(nonce_of(header.packet), aad_of(acks_, header), plain,
                whole.subspan(wire_size<AckHeader>));
  if (!context_.streams.send_stream(from_, context::kBulk, acks_, whole)) {
    return window_.ack_delayed(now + context_.limits.route_wait);
  }
  ++context_.counters.acks_sent;
  window_.ack_sent();
}

Millis Incoming::deadline() const {
  if (changed_ || over() || state_ == State::verifying) return Millis{0};
  const TransferLimits& limits = context_.limits;
  const Millis patience = data_started_ == Millis{} ? limits.unstarted_after : limits.give_up_after;
  return std::min(window_.ack_at(), heard_ + patience);
}

TransferStatus Incoming::status() const {
  TransferStatus s;
  s.id = id_;
  s.direction = Direction::in;
  s.peer = from_;
  s.name = name_;
  s.size = size_;
  s.bytes_done = std::min(std::uint64_t{window_.next()} * chunk_, size_);
  s.state = state_;
  s.error = error_;
  s.hash = hash_;
  s.path = path_;
  s.started = started_;
  s.data_started = data_started_;
  s.changed = heard_;
  return s;
}

}  // namespace mehr::transfer
