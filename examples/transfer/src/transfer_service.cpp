#include "mehr/transfer/transfer_service.h"

#include <algorithm>
#include <deque>
#include <gsl/assert>

#include "incoming.h"
#include "mehr/core/hazard.h"
#include "mehr/transfer/file_name.h"
#include "outgoing.h"

namespace mehr::transfer {

const char* name_of(State state) {
  switch (state) {
    case State::hashing:
      return "hashing";
    case State::offering:
      return "offering";
    case State::sending:
      return "sending";
    case State::waiting_for_route:
      return "waiting for a route";
    case State::receiving:
      return "receiving";
    case State::verifying:
      return "verifying";
    case State::done:
      return "done";
    case State::failed:
      return "failed";
  }
  return "";
}

class TransferService::Core {
 public:
  Core(TransferService& owner, Messenger& messenger, StreamMessenger& streams, Clock& clock,
       Timers& timers, Random& random, FileStore& files, const TransferLimits& limits)
      : context{messenger, streams, clock, random, files, limits}, owner_(owner), timers_(timers) {}

  void on_control(const Message& message);
  Result<TransferId> send(const NodeId& to, std::string_view token, std::string_view name);
  Status cancel(TransferId id);
  void wake(Millis now);
  void pump(Millis now);
  /// Asks to be woken at @p at, unless an earlier wake is pending.
  void arm(Millis at);
  void arm_all();
  void close();

  Context context;
  TransferEvents events;
  std::vector<std::unique_ptr<Outgoing>> outgoing;
  std::vector<std::unique_ptr<Incoming>> incoming;
  std::deque<TransferStatus> history;

 private:
  struct Finished {
    NodeId from;
    StreamId transfer;
    Outcome outcome;
  };

  void on_offer(const NodeId& from, const Offer& offer, Millis now);
  void accept(const NodeId& from, const Offer& offer, Millis now);
  void refuse(const NodeId& from, const Offer& offer, Verdict verdict);
  [[nodiscard]] bool busy(const NodeId& from) const;
  void on_cancel(const NodeId& from, const Cancel& cancel, Millis now);
  [[nodiscard]] const Finished* finished(const NodeId& from, const StreamId& transfer) const;
  void say_done(const NodeId& to, const StreamId& transfer, Outcome outcome);
  Outgoing* outgoing_of(const NodeId& peer, const StreamId& transfer);
  Incoming* incoming_of(const NodeId& peer, const StreamId& transfer);
  MessageHandler ack_handler(Outgoing& to);
  void collect(std::vector<TransferStatus>& changes);
  void remember(const TransferStatus& status);
  void reap();

  TransferService& owner_;
  Timers& timers_;
  std::deque<Finished> finished_;
  std::uint64_t next_id_ = 1;
  std::size_t turn_ = 0;
  Millis armed_ = Millis::never();
};

// ---- Control messages
// ----------------------------------------------------------------------------

void TransferService::Core::on_control(const Message& message) {
  const Millis now = context.clock.now();
  const ByteView body = message.body;
  if (!message.sender || body.size() < 2) {
    ++context.counters.bad_control;
    return;
  }
  const NodeId from = crypto::node_id_of(*message.sender);
  const auto use = [&](const auto& decoded, auto&& then) {
    if (decoded) return then(*decoded);
    ++context.counters.bad_control;
  };
  switch (body[1]) {
    case kOffer:
      use(decode<Offer>(body), [&](const Offer& offer) { on_offer(from, offer, now); });
      break;
    case kAnswer:
      use(decode<Answer>(body), [&](const Answer& answer) {
        Outgoing* to = outgoing_of(from, answer.transfer);
        if (to != nullptr) to->on_answer(answer, now);
      });
      break;
    case kDone:
      use(decode<Done>(body), [&](const Done& done) {
        Outgoing* to = outgoing_of(from, done.transfer);
        if (to != nullptr) to->on_done(done.outcome, now);
      });
      break;
    case kCancel:
      use(decode<Cancel>(body), [&](const Cancel& cancel) { on_cancel(from, cancel, now); });
      break;
    default:
      ++context.counters.bad_control;
  }
  crypto::wipe(message.body);  // offers and answers hold keys
  pump(now);
  arm(now);
}

Outgoing* TransferService::Core::outgoing_of(const NodeId& peer, const StreamId& transfer) {
  for (const auto& o : outgoing) {
    if (o->is(peer, transfer)) return o.get();
  }
  ++context.counters.unknown_control;
  return nullptr;
}

Incoming* TransferService::Core::incoming_of(const NodeId& peer, const StreamId& transfer) {
  for (const auto& i : incoming) {
    if (i->is(peer, transfer)) return i.get();
  }
  return nullptr;
}

const TransferService::Core::Finished* TransferService::Core::finished(
    const NodeId& from, const StreamId& transfer) const {
  const auto it = std::find_if(finished_.begin(), finished_.end(), [&](const Finished& f) {
    return f.transfer == transfer && f.from == from;
  });
  return it == finished_.end() ? nullptr : &*it;
}

void TransferService::Core::say_done(const NodeId& to, const StreamId& transfer, Outcome outcome) {
  Done done;
  done.transfer = transfer;
  done.outcome = outcome;
  (void)context.send_control(to, done);
}

void TransferService::Core::on_offer(const NodeId& from, const Offer& offer, Millis now) {
  if (const Finished* f = finished(from, offer.transfer)) {
    ++context.counters.repeated_offers;
    return say_done(from, offer.transfer, f->outcome);
  }
  if (Incoming* known = incoming_of(from, offer.transfer)) {
    ++context.counters.repeated_offers;
    if (known->over()) {  // over, but not reaped yet
      if (const auto outcome = known->outcome()) say_done(from, offer.transfer, *outcome);
      return;
    }
    if (!known->on_offer(offer, now)) refuse(from, offer, Verdict::refused);
    return;
  }
  if (offer.size > context.limits.file_size) return refuse(from, offer, Verdict::too_large);
  if (busy(from) || hazard("transfer.busy")) return refuse(from, offer, Verdict::busy);
  if (events.accept && !events.accept(from, text_of(offer.name), offer.size)) {
    return refuse(from, offer, Verdict::refused);
  }
  accept(from, offer, now);
}

bool TransferService::Core::busy(const NodeId& from) const {
  const auto same = std::count_if(incoming.begin(), incoming.end(),
                                  [&](const auto& i) { return i->from() == from; });
  return incoming.size() >= context.limits.incoming ||
         static_cast<std::size_t>(same) >= context.limits.incoming_per_peer;
}

void TransferService::Core::accept(const NodeId& from, const Offer& offer, Millis now) {
  auto file = context.files.create(from, text_of(offer.name), offer.size);
  if (!file) return refuse(from, offer, Verdict::no_space);
  auto made =
      std::make_unique<Incoming>(context, TransferId{next_id_}, from, offer, std::move(*file), now);
  Incoming* in = made.get();
  const Status open = in->open([this, in](const Message& m) {
    in->on_data(m.body, context.clock.now());
    arm(in->deadline());
  });
  if (!open) return refuse(from, offer, Verdict::busy);  // the writer aborts as it goes
  ++next_id_;
  incoming.push_back(std::move(made));
  in->on_offer(offer, now);
}

void TransferService::Core::refuse(const NodeId& from, const Offer& offer, Verdict verdict) {
  ++context.counters.refused_offers;
  Answer answer;
  answer.attempt = offer.attempt;
  answer.transfer = offer.transfer;
  answer.verdict = verdict;
  (void)context.send_control(from, answer);
}

void TransferService::Core::on_cancel(const NodeId& from, const Cancel& cancel, Millis now) {
  if (Incoming* in = incoming_of(from, cancel.transfer); in != nullptr && !in->over()) {
    return in->cancel("the sender cancelled", now);
  }
  const Finished* f = finished(from, cancel.transfer);
  if (f == nullptr) ++context.counters.unknown_control;
  say_done(from, cancel.transfer, f != nullptr ? f->outcome : Outcome::cancelled);
}

// ---- Calls from above
// ----------------------------------------------------------------------------

Result<TransferId> TransferService::Core::send(const NodeId& to, std::string_view token,
                                               std::string_view name) {
  if (auto good = check_file_name(name); !good) return fail(good);
  if (outgoing.size() >= context.limits.outgoing) {
    return fail(Errc::full, "as many files are being sent as the limit allows; try again later");
  }
  auto file = context.files.open(token);
  if (!file) return fail(file);
  if ((*file)->size() > context.limits.file_size) {
    return fail(Errc::too_big, "the file is larger than the limit for one transfer");
  }
  const Millis now = context.clock.now();
  outgoing.push_back(
      std::make_unique<Outgoing>(context, TransferId{next_id_}, to, name, std::move(*file), now));
  arm(now);
  return TransferId{next_id_++};
}

Status TransferService::Core::cancel(TransferId id) {
  const Millis now = context.clock.now();
  for (const auto& o : outgoing) {
    if (o->id() != id || o->over()) continue;
    o->cancel(now);
    arm(now);
    return {};
  }
  for (const auto& i : incoming) {
    if (i->id() != id || i->over()) continue;
    i->cancel("cancelled here", now);
    arm(now);
    return {};
  }
  return fail(Errc::not_found, "no transfer of that id is under way");
}

// ---- Time
// ----------------------------------------------------------------------------------------

void TransferService::Core::arm(Millis at) {
  if (at >= armed_) return;
  armed_ = at;
  timers_.wake_at(owner_, at);
}

void TransferService::Core::arm_all() {
  Millis at = Millis::never();
  for (const auto& o : outgoing) at = std::min(at, o->deadline());
  for (const auto& i : incoming) at = std::min(at, i->deadline());
  arm(at);
}

MessageHandler TransferService::Core::ack_handler(Outgoing& to) {
  return [this, o = &to](const Message& m) {
    const Millis now = context.clock.now();
    o->on_ack(m.body, now);
    pump(now);
    arm_all();
  };
}

void TransferService::Core::pump(Millis now) {
  constexpr std::uint32_t kBurst = 32;  // chunks before the next file has its turn
  std::size_t idle = 0;
  while (idle < outgoing.size()) {
    turn_ = (turn_ + 1) % outgoing.size();
    const auto did = outgoing[turn_]->pump(now, kBurst);
    if (did == Outgoing::Pumped::full) break;
    idle = did == Outgoing::Pumped::idle ? idle + 1 : 0;
  }
}

void TransferService::Core::wake(Millis now) {
  armed_ = Millis::never();
  for (const auto& o : outgoing) o->step(now, ack_handler(*o));
  for (const auto& i : incoming) i->step(now);
  pump(now);
  std::vector<TransferStatus> changes;
  collect(changes);
  reap();
  arm_all();
  if (!events.changed) return;
  const auto tell = events.changed;  // the handler may replace the handlers
  for (const auto& status : changes) tell(status);
}

void TransferService::Core::collect(std::vector<TransferStatus>& changes) {
  const auto look = [&](auto& transfer) {
    if (!transfer.take_changed()) return;
    changes.push_back(transfer.status());
    if (transfer.over()) remember(changes.back());
  };
  for (const auto& o : outgoing) look(*o);
  for (const auto& i : incoming) look(*i);
}

void TransferService::Core::remember(const TransferStatus& status) {
  history.push_back(status);
  if (history.size() > context.limits.history) history.pop_front();
}

void TransferService::Core::reap() {
  std::erase_if(outgoing, [](const auto& o) {
    if (!o->removable()) return false;
    o->release();
    return true;
  });
  std::erase_if(incoming, [&](const auto& i) {
    if (!i->over()) return false;
    i->release();
    if (const auto outcome = i->outcome()) {
      finished_.push_back(Finished{i->from(), i->transfer(), *outcome});
      if (finished_.size() > context.limits.recent) finished_.pop_front();
    }
    return true;
  });
}

void TransferService::Core::close() {
  timers_.wake_at(owner_, Millis::never());
  context.messenger.on(kControl, {});
  context.messenger.on_writable({});
  for (const auto& o : outgoing) o->release();
  for (const auto& i : incoming) i->release();
}

// ---- The facade
// ----------------------------------------------------------------------------------

TransferService::TransferService(Messenger& messenger, StreamMessenger& streams, Clock& clock,
                                 Timers& timers, Random& random, FileStore& files,
                                 const TransferLimits& limits) {
  Expects(limits.window >= 16 && limits.window <= kMaxWindow && limits.ack_every > 0);
  Expects(limits.initial_window >= SendWindow::kMinCongestion &&
          limits.initial_window <= limits.window);
  Expects(limits.read_block > 0 && limits.write_block > 0 && limits.hash_slice > 0);
  core_ = std::make_unique<Core>(*this, messenger, streams, clock, timers, random, files, limits);
  messenger.on(kControl, [core = core_.get()](const Message& m) { core->on_control(m); });
  messenger.on_writable([core = core_.get()] {
    core->pump(core->context.clock.now());
    core->arm_all();
  });
}

TransferService::~TransferService() { core_->close(); }

void TransferService::on_events(TransferEvents events) { core_->events = std::move(events); }

Result<TransferId> TransferService::send(const NodeId& to, std::string_view token,
                                         std::string_view name) {
  return core_->send(to, token, name);
}

Status TransferService::cancel(TransferId id) { return core_->cancel(id); }

std::vector<TransferStatus> TransferService::list() const {
  std::vector<TransferStatus> all;
  for (const auto& o : core_->outgoing) {
    if (!o->over()) all.push_back(o->status());
  }
  for (const auto& i : core_->incoming) {
    if (!i->over()) all.push_back(i->status());
  }
  all.insert(all.end(), core_->history.begin(), core_->history.end());
  return all;
}

const TransferCounters& TransferService::counters() const { return core_->context.counters; }

void TransferService::on_wake(Millis now) { core_->wake(now); }

}  // namespace mehr::transfer
