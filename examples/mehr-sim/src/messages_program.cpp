#include "messages_program.h"

#include <algorithm>

#include "mehr/sim/sim.h"

namespace mehr::sim_programs {
namespace {

constexpr Millis kFirstTry = Millis::seconds(1);
constexpr std::size_t kFixed = wire_size<Tag> + 1;  // of a letter, before its padding
constexpr Millis kLastTry = Millis::seconds(30);

}  // namespace

MessagesProgram::MessagesProgram(sim::Node& node, MessagesPlan plan)
    : node_(node),
      plan_(std::move(plan)),
      chance_(node.sim().seed(), "messages", node.index(), node.programs().size()),
      program_(Mailbox::of(node).enrol(*this)) {
  body_.reserve(kFixed + plan_.padding);
}

void MessagesProgram::start(sim::Node&) {
  const Millis now = node_.now();
  next_round_ = now + (was_started_ ? plan_.every : plan_.first);
  was_started_ = true;
  for (Waiting& w : waiting_) {
    w.next_try = now;
    w.wait = kFirstTry;
  }
  arm();
}

void MessagesProgram::stop(sim::Node&) { node_.wake_at(*this, Millis::never()); }

bool MessagesProgram::is_done() const { return rounds_done_ >= plan_.rounds && waiting_.empty(); }

std::string MessagesProgram::state() const {
  return std::to_string(rounds_done_) + " of " + std::to_string(plan_.rounds) + " rounds, " +
         std::to_string(waiting_.size()) + " messages wait";
}

void MessagesProgram::on_wake(Millis now) {
  if (rounds_done_ < plan_.rounds && next_round_ <= now && waiting_.size() < kMostWaiting) {
    begin_round(now);
  }
  std::erase_if(waiting_, [&](Waiting& w) { return w.next_try <= now && try_sending(w, now); });
  arm();
}

void MessagesProgram::begin_round(Millis now) {
  const sim::AccountScope account(node_.program_memory());
  ++rounds_done_;
  next_round_ = now + plan_.every;
  if (plan_.to == MessagesPlan::To::random) {
    return add(plan_.others[chance_.below(plan_.others.size())], now);
  }
  for (const sim::NodeIndex to : plan_.others) add(to, now);
}

void MessagesProgram::add(sim::NodeIndex to, Millis now) {
  Waiting w;
  w.to = to;
  w.tag.sender = node_.index();
  w.tag.program = program_;
  w.tag.sequence = next_sequence_++;
  w.tag.mix = chance_.next();
  w.next_try = now;
  w.wait = kFirstTry;
  waiting_.push_back(w);
}

bool MessagesProgram::try_sending(Waiting& w, Millis now) {
  auto& door = node_.stack().messages();
  const NodeId& to = node_.sim().node(w.to).id();
  const std::size_t room = door.max_body(to);
  body_.assign(kFixed + std::min(plan_.padding, room > kFixed ? room - kFixed : 0), 0xA5);
  Writer front(body_);
  front.put(w.tag);
  front.put(plan_.reliable);
  const Status went = door.send(to, kLetters, body_, {});
  // Without route or key no envelope was made. One that a full link refused was, and a liar below
  // may have kept it: the next try is another one.
  const bool was_made =
      went || (went.error().code != Errc::no_route && went.error().code != Errc::no_key);
  if (was_made) {
    node_.sent(w.to, encode_fixed(w.tag));
    ++w.tag.attempt;
  }
  if (!went) {
    w.next_try = now + w.wait;
    w.wait = std::min(w.wait * 2, kLastTry);
    return false;
  }
  if (!plan_.reliable) return true;
  // The next ones come ever later, and never in step with others: on the air they would meet again.
  const Millis wait =
      plan_.repeat * (std::uint64_t{1} << std::min<std::uint32_t>(w.tag.attempt - 1, 3));
  w.next_try = now + wait + Millis{chance_.below(wait.count / 4 + 1)};
  w.wait = kFirstTry;
  return false;
}

void MessagesProgram::answered(sim::NodeIndex by, const Tag& tag) {
  std::erase_if(waiting_, [&](const Waiting& w) {
    return w.to == by && w.tag.sequence == tag.sequence && w.tag.mix == tag.mix;
  });
  arm();
}

void MessagesProgram::arm() {
  Millis at = Millis::never();
  if (rounds_done_ < plan_.rounds && waiting_.size() < kMostWaiting) at = next_round_;
  for (const Waiting& w : waiting_) at = std::min(at, w.next_try);
  node_.wake_at(*this, at);
}

}  // namespace mehr::sim_programs
