#include "line_connection.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::sim {
namespace {

using namespace std::chrono_literals;

// spec: L0/7
constexpr Duration kUserTimeout = 24s;
constexpr Duration kKeepaliveIdle = 5s;
constexpr Duration kProbeSpacing = 2s;
constexpr Duration kSilence = kKeepaliveIdle + 12 * kProbeSpacing;

enum Kind : std::uint64_t { kArrival, kFlushed, kWatch, kResume };
constexpr std::uint64_t tag_of(Kind kind, std::size_t seat) { return kind * 2 + seat; }

}  // namespace

LineBase::LineBase(const Media& as, ChannelId name, const Surroundings& where)
    : ChannelBase(as, name, where),
      seats{{{nullptr, false, false, Chance(where.seed, "line", name.index, 0)},
             {nullptr, false, false, Chance(where.seed, "line", name.index, 1)}}} {}

Duration LineBase::retransmission() const { return round_trip() + 200ms; }

Duration LineBase::draw_lateness(std::size_t seat, Duration wait, Duration most) {
  Chance& chance = seats[seat].chance;
  Duration late{0};
  if (media.jitter > Duration{0}) late = chance.between(Duration{0}, media.jitter);
  while (chance.happens(media.loss_rate)) {
    late += wait;
    wait *= 2;
    if (late > most) return Duration::max();
  }
  return late;
}

Connection::End::End(Connection& connection, std::size_t at, Air& air)
    : seat(at),
      speaker(air, static_cast<std::uint32_t>(at), connection.line_.media.queue_bytes),
      connection_(connection) {}

Status Connection::End::send(const Remote&, ByteView frame) {
  return connection_.send(*this, frame);
}

void Connection::End::close() { connection_.close(*this); }

Connection::Connection(LineBase& line, ConnectionOwner& owner)
    : line_(line),
      owner_(owner),
      opened_at_(line.around.queue.now()),
      first_air_(std::in_place, line.around.queue, line.media.rate, static_cast<AirUser&>(*this)),
      ends_{{{*this, 0, *first_air_},
             {*this, 1,
              line.media.half_duplex ? *first_air_
                                     : second_air_.emplace(line.around.queue, line.media.rate,
                                                           static_cast<AirUser&>(*this))}}} {
  for (End& end : ends_) end.heard = opened_at_;
}

Connection::~Connection() {
  for (End& end : ends_) {
    for (EventId* event : {&end.arrival, &end.flushed, &end.watch, &end.resume}) {
      line_.around.queue.cancel(*event);
    }
  }
}

bool Connection::is_over() const {
  return ends_[0].state == State::gone && ends_[1].state == State::gone;
}

void Connection::open() {
  for (End& end : ends_) {
    if (end.state != State::open) continue;
    const NodeIndex peer = node(other(end));
    line_.record(What::stream_opened, node(end), peer, {});
    line_.seats[end.seat].host->opened(end, line_.id, peer, end.seat == 0);
  }
}

// ---- Sending
// ------------------------------------------------------------------------------------

Status Connection::send(End& end, ByteView frame) {
  const AccountScope scope(line_.account);
  if (end.state != State::open) return fail(Errc::io, "the connection is closing");
  const NodeIndex peer = node(other(end));
  if (const Status fits = line_.check_size(frame); !fits) {
    line_.refused(node(end), peer, frame, fits.error().text);
    return fits;
  }
  if (!end.speaker.has_room(frame.size())) {
    line_.refused(node(end), peer, frame, "the send queue is full");
    return fail(Errc::full, "the send queue is full");
  }
  line_.sent(node(end), peer, frame);
  end.speaker.push({0, false, Bytes(frame.begin(), frame.end())});
  return {};
}

void Connection::close(End& end) {
  if (end.state != State::open) return;
  const AccountScope scope(line_.account);
  end.state = State::closing;
  end.speaker.push({0, true, {}});
}

void Connection::speaks(std::uint32_t who, Outgoing out, Instant until) {
  End& end = ends_[who];
  line_.counters.airtime += until - now();
  if (out.ends) end.flushed = line_.around.queue.at(until, *this, tag_of(kFlushed, who));
  const Duration late = line_.draw_lateness(who, line_.retransmission(), kUserTimeout);
  const Instant arrives = late == Duration::max() ? kNever : later(until, line_.media.delay + late);
  end.flight.push({std::move(out.frame), out.ends, until, arrives});
  if (!end.reaches) stall(end);
  if (!end.reaches || !end.hears) end.unacknowledged = std::min(end.unacknowledged, until);
  if (is_answered(end)) end.reset_at = std::min(end.reset_at, until + line_.round_trip());
  await_arrival(end);
  review(end);
}

void Connection::room(std::uint32_t who) {
  End& end = ends_[who];
  if (end.state == State::open) line_.seats[who].host->writable(end);
}

// ---- Arriving
// -----------------------------------------------------------------------------------

void Connection::await_arrival(End& end) {
  EventQueue& queue = line_.around.queue;
  if (end.flight.empty() || end.is_stalled || queue.is_pending(end.arrival)) return;
  if (end.flight.front().arrives == kNever) return;
  end.arrival = queue.at(end.flight.front().arrives, *this, tag_of(kArrival, end.seat));
}

void Connection::arrive(End& from) {
  InFlight got = from.flight.pop();
  End& to = other(from);
  to.heard = now();
  from.delivered_left = got.left;
  if (from.hears) {
    from.progress_at = later(now(), line_.media.delay);
    from.unacknowledged = kNever;
  } else {
    from.unacknowledged = std::min(from.unacknowledged, got.left);
  }
  await_arrival(from);
  review(from);
  if (got.ends) {
    from.state = State::gone;
    forget(from, "the connection has ended");
    return leave(to, "closed by the other end", false);
  }
  if (to.state != State::open) {
    return line_.lost(node(from), node(to), got.frame, "the receiver is closing");
  }
  line_.arrived(node(to), node(from), got.frame);
  FrameInfo info;
  info.source = source_of(node(from));
  line_.seats[to.seat].host->arrived(to, line_.id, info, std::move(got.frame));
}

// ---- Trouble
// ------------------------------------------------------------------------------------

bool Connection::passes(const End& from) {
  return line_.around.barrier.passes(line_.id, node(from), node(other(from)));
}

// Whether what this end says to a connection that is gone is answered with a reset.
bool Connection::is_answered(End& end) {
  End& peer = other(end);
  return peer.state == State::gone && line_.seats[peer.seat].is_up && passes(end) && passes(peer);
}

void Connection::stall(End& end) {
  if (end.flight.empty()) return;
  end.is_stalled = true;
  line_.around.queue.cancel(end.arrival);
  end.speaker.hold();
}

// What is in flight is sent again, one after the other.
void Connection::restart(End& end) {
  if (!end.is_stalled) return;
  end.is_stalled = false;
  Instant left = now();
  for (std::size_t i = 0; i < end.flight.size(); ++i) {
    InFlight& again = end.flight[i];
    left = later(left, time_to_send(again.frame.size(), line_.media.rate));
    const Duration late = line_.draw_lateness(end.seat, line_.retransmission(), kUserTimeout);
    again.arrives = late == Duration::max() ? kNever : later(left, line_.media.delay + late);
  }
  await_arrival(end);
  end.speaker.release();
}

// Works out what this end knows at the moment it stops reaching or hearing the other.
void Connection::note_trouble(End& end) {
  if (end.reaches && end.hears) {
    if (!end.flight.empty()) {
      end.unacknowledged = std::min(end.unacknowledged, end.flight.front().left);
    }
    if (end.progress_at > now()) {
      end.unacknowledged = std::min(end.unacknowledged, end.delivered_left);
    }
  }
  if (!end.hears) return;
  if (end.progress_at <= now()) end.heard = std::max(end.heard, end.progress_at);
  // Since then the other end answered a probe after each idle spell.
  const Duration spell = kKeepaliveIdle + line_.round_trip();
  end.heard += (now() - end.heard) / spell * spell;
}

void Connection::look_again(End& end) {
  if (end.state == State::gone) return;
  End& peer = other(end);
  const bool reaches = peer.state != State::gone && passes(end);
  const bool hears = peer.state != State::gone && passes(peer);
  if ((end.reaches && !reaches) || (end.hears && !hears)) note_trouble(end);
  if (hears && !end.hears) end.heard = now();
  const bool is_new = reaches != end.reaches || hears != end.hears;
  end.reaches = reaches;
  end.hears = hears;
  if (!reaches) stall(end);
  if (is_new) resume_later(end);
  if (!is_answered(end)) {
    end.reset_at = kNever;
  } else if (end.reset_at == kNever) {
    end.reset_at = later(next_word(end), line_.round_trip());
  }
  review(end);
}

void Connection::resume_later(End& end) {
  EventQueue& queue = line_.around.queue;
  queue.cancel(end.resume);
  if (!end.reaches) return;
  if (end.is_stalled || (end.hears && end.unacknowledged != kNever)) {
    end.resume = queue.after(line_.retransmission(), *this, tag_of(kResume, end.seat));
  }
}

void Connection::barrier_changed() {
  for (End& end : ends_) look_again(end);
}

void Connection::node_up(std::size_t seat) { look_again(other(ends_[seat])); }

void Connection::node_down(std::size_t seat) {
  End& end = ends_[seat];
  if (end.state == State::gone) return;
  end.state = State::gone;
  forget(end, "the sender went down");
  look_again(other(end));
}

// ---- Deadlines
// ----------------------------------------------------------------------------------

Instant Connection::gives_up_at(End& end) const {
  if (end.reaches && end.hears) {
    const bool is_stuck = !end.flight.empty() && end.flight.front().arrives == kNever;
    return is_stuck ? later(end.flight.front().left, kUserTimeout) : kNever;
  }
  if (end.unacknowledged != kNever) return later(end.unacknowledged, kUserTimeout);
  return end.hears ? kNever : later(end.heard, kSilence);
}

Instant Connection::next_word(const End& end) const {
  if (end.unacknowledged != kNever) return later(now(), line_.retransmission());
  const Instant first = later(end.heard, kKeepaliveIdle);
  if (first >= now()) return first;
  return first + (now() - first + kProbeSpacing - Duration{1}) / kProbeSpacing * kProbeSpacing;
}

void Connection::review(End& end) {
  EventQueue& queue = line_.around.queue;
  queue.cancel(end.watch);
  if (end.state == State::gone) return;
  const Instant due = std::min(gives_up_at(end), end.reset_at);
  if (due != kNever) end.watch = queue.at(due, *this, tag_of(kWatch, end.seat));
}

void Connection::on_event(Instant, std::uint64_t tag) {
  End& end = ends_[tag % 2];
  switch (tag / 2) {
    case kArrival:
      return arrive(end);
    case kFlushed:
      return flush(end);
    case kWatch:
      if (end.reset_at <= now()) return leave(end, "reset by the other end", false);
      return leave(end, "no answer", true);
    default:
      restart(end);
      if (end.reaches && end.hears) end.unacknowledged = kNever;
      return review(end);
  }
}

// ---- Ending
// -------------------------------------------------------------------------------------

// All that was queued has left, the end of the stream behind it.
void Connection::flush(End& end) {
  end.state = State::lingering;
  tell_closed(end, "closed");
}

void Connection::leave(End& end, std::string_view why, bool resets_other) {
  const State was = end.state;
  if (was == State::gone) return;
  end.state = State::gone;
  forget(end, why);
  End& peer = other(end);
  look_again(peer);
  if (resets_other && peer.state != State::gone && passes(end)) {
    peer.reset_at = std::min(peer.reset_at, later(now(), line_.media.delay));
    review(peer);
  }
  if (was == State::lingering) return owner_.over();
  tell_closed(end, why);
}

void Connection::tell_closed(End& end, std::string_view why) {
  line_.record(What::stream_closed, node(end), node(other(end)), {}, why);
  owner_.left(*this, end.seat);
  line_.seats[end.seat].host->closed(end);
}

void Connection::forget(End& end, std::string_view why) {
  for (EventId* event : {&end.arrival, &end.flushed, &end.watch, &end.resume}) {
    line_.around.queue.cancel(*event);
  }
  const NodeIndex peer = node(other(end));
  for (; !end.flight.empty();) {
    const InFlight gone = end.flight.pop();
    if (!gone.ends) line_.lost(node(end), peer, gone.frame, why);
  }
  for (Ring<Outgoing> queued = end.speaker.drop(); !queued.empty();) {
    const Outgoing gone = queued.pop();
    if (!gone.ends) line_.lost(node(end), peer, gone.frame, why);
  }
}

}  // namespace mehr::sim
