#include "mehr/l1/gossip_round.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::l1 {

void GossipRound::link_up(bool starts, Millis now) {
  const std::uint32_t round = round_;  // parts go on where they were
  *this = GossipRound{};
  round_ = round;
  lower_ = starts;
  next_start_ = starts ? now : now + kGossipTakeover;
  beat_due_ = starts;
}

void GossipRound::link_down() {
  state_ = RoundState::idle;
  beat_due_ = false;
  asked_ = false;
  next_start_ = Millis::never();
}

void GossipRound::defer(Millis until) {
  beat_due_ = false;
  next_start_ = until;
}

void GossipRound::give_up() { lost_ = true; }

Millis GossipRound::next_deadline() const {
  if (state_ == RoundState::idle) return beat_due_ ? Millis::never() : next_start_;
  if (lost_) return Millis{0};
  const Millis fails = began_ + kGossipRound;
  if (feed_over_ || state_ == RoundState::beat_sent) return fails;
  return std::min(fails, began_ + (starter_ ? kStarterFeeds : kReplierFeeds));
}

RoundOutcome GossipRound::unfinished() const {
  if (state_ == RoundState::idle) return RoundOutcome::none;
  if (state_ == RoundState::beat_sent) return RoundOutcome::missed;
  if (!starter_ && reply_sent_ && maybe_equal_ && !heard_parts_ && !lost_) {
    return RoundOutcome::success;
  }
  return RoundOutcome::failed;
}

RoundOutcome GossipRound::on_time(Millis now) {
  RoundOutcome ended = RoundOutcome::none;
  if (state_ != RoundState::idle) {
    if (lost_ || now >= began_ + kGossipRound) {
      ended = end(unfinished());
    } else if (now >= began_ + (starter_ ? kStarterFeeds : kReplierFeeds)) {
      feed_over_ = true;
    }
  }
  if (state_ == RoundState::idle && now >= next_start_) beat_due_ = true;
  return ended;
}

void GossipRound::begin(std::uint32_t round, bool starter, Millis now) {
  round_ = round;
  starter_ = starter;
  began_ = now;
  beat_due_ = false;
  reply_sent_ = maybe_equal_ = asked_ = heard_parts_ = false;
  feed_over_ = last_sent_ = last_heard_ = lost_ = false;
  own_parts_ = next_part_ = parts_left_ = their_parts_ = parts_due_ = 0;
}

RoundOutcome GossipRound::end(RoundOutcome how) {
  state_ = RoundState::idle;
  return how;
}

RoundOutcome GossipRound::end_if_done() {
  if (!last_sent_ || !last_heard_ || !summary_begun() || parts_left_ != 0) {
    return RoundOutcome::none;
  }
  return end(RoundOutcome::success);
}

// ---- Received

GossipRound::Heard GossipRound::on_beat(std::uint32_t round, Millis now) {
  if (heard_beat_ && now - beat_heard_ < kBeatSpacing) return {};
  const bool ours_runs = state_ != RoundState::idle && starter_;
  if (ours_runs && lower_) return {};
  // Ours gives way without a word; theirs that never came to an end has failed.
  const RoundOutcome ended = ours_runs ? RoundOutcome::none : unfinished();
  heard_beat_ = true;
  beat_heard_ = now;
  begin(round, false, now);
  state_ = RoundState::replying;
  next_start_ = now + (lower_ ? kGossipRound : kGossipTakeover);
  return {true, ended};
}

GossipRound::Heard GossipRound::on_beat_reply(std::uint32_t round, bool equal) {
  if (state_ != RoundState::beat_sent || lost_ || round != round_) return {};
  if (equal) return {true, end(RoundOutcome::success)};
  state_ = RoundState::summary_sent;
  return {true, RoundOutcome::none};
}

bool GossipRound::takes_summary(std::uint32_t round, std::uint16_t parts) const {
  const bool open =
      state_ == RoundState::summary_sent || (state_ == RoundState::replying && reply_sent_);
  if (!open || lost_ || last_sent_ || feed_over_ || round != round_) return false;
  return !heard_parts_ || (parts == their_parts_ && parts_due_ != 0);
}

void GossipRound::on_summary(std::uint16_t parts, bool one_part) {
  if (!heard_parts_) {
    heard_parts_ = true;
    their_parts_ = parts;
    parts_due_ = one_part ? std::uint16_t{1} : parts;
  }
  Expects(parts_due_ != 0);
  --parts_due_;
}

RoundOutcome GossipRound::on_last_delta(std::uint32_t round) {
  if (state_ == RoundState::idle || lost_ || round != round_) return RoundOutcome::none;
  if (state_ == RoundState::beat_sent) return RoundOutcome::none;
  last_heard_ = true;
  return end_if_done();
}

// ---- Sending

bool GossipRound::may_end() const {
  if (last_sent_) return false;
  return feed_over_ || (heard_parts_ && parts_due_ == 0);
}

RoundOutput GossipRound::output(bool wanted) const {
  if (state_ == RoundState::idle) return beat_due_ ? RoundOutput::beat : RoundOutput::none;
  if (lost_ || state_ == RoundState::beat_sent) return RoundOutput::none;
  if (!starter_ && !reply_sent_) return RoundOutput::beat_reply;
  // Whoever replied and heard no filter knows of no difference, and asks nothing.
  if (!starter_ && !heard_parts_) return RoundOutput::none;
  const bool summary = !summary_begun() || parts_left_ != 0;
  const bool delta = !last_sent_ && (wanted || may_end());
  if (starter_) {
    if (summary) return RoundOutput::summary;
    return delta ? RoundOutput::delta : RoundOutput::none;
  }
  if (delta) return RoundOutput::delta;
  return last_sent_ && summary ? RoundOutput::summary : RoundOutput::none;
}

void GossipRound::sent_beat(Millis now) {
  begin(next_round(), true, now);
  state_ = RoundState::beat_sent;
  next_start_ = now + kGossipRound;
}

RoundOutcome GossipRound::sent_beat_reply(bool equal, bool tell) {
  reply_sent_ = true;
  maybe_equal_ = !tell;
  if (equal && tell) return end(RoundOutcome::success);
  return RoundOutcome::none;
}

void GossipRound::begin_summary(std::uint16_t parts, bool one_part) {
  Expects(parts > 0);
  own_parts_ = parts;
  next_part_ = one_part ? static_cast<std::uint16_t>(round_ % parts) : std::uint16_t{0};
  parts_left_ = one_part ? std::uint16_t{1} : parts;
}

void GossipRound::sent_summary() {
  Expects(parts_left_ != 0);
  asked_ = true;
  --parts_left_;
  ++next_part_;
  if (state_ == RoundState::replying) state_ = RoundState::summary_sent;
}

RoundOutcome GossipRound::sent_last_delta() {
  last_sent_ = true;
  return end_if_done();
}

}  // namespace mehr::l1
