// The machine of one link's rounds, without items.
#include <catch2/catch.hpp>

#include "mehr/l1/gossip_round.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;

namespace {

/// A starter that has sent its first Beat at @p now.
GossipRound begun(Millis now) {
  GossipRound round;
  round.link_up(true, now);
  round.sent_beat(now);
  return round;
}

}  // namespace

TEST_CASE("L1 9: the lower NodeID starts at once, then every 60 s", "[l1][gossip]") {
  GossipRound round;
  round.link_up(true, 1_s);
  CHECK(round.output(false) == RoundOutput::beat);
  CHECK(round.next_deadline() == Millis::never());  // only sending it is left to do
  round.sent_beat(3_s);
  CHECK(round.state() == RoundState::beat_sent);
  CHECK(round.output(true) == RoundOutput::none);
  CHECK(round.on_beat_reply(round.round(), true).ended == RoundOutcome::success);
  CHECK(round.state() == RoundState::idle);
  CHECK(round.next_deadline() == 63_s);
  CHECK(round.on_time(Millis{62'999}) == RoundOutcome::none);
  CHECK(round.output(false) == RoundOutput::none);
  round.on_time(63_s);
  CHECK(round.output(false) == RoundOutput::beat);
}

TEST_CASE("L1 9: the other takes over after 90 s of silence", "[l1][gossip]") {
  GossipRound round;
  round.link_up(false, 1_s);
  CHECK(round.output(false) == RoundOutput::none);
  CHECK(round.next_deadline() == 91_s);
  REQUIRE(round.on_beat(4, 80_s).accepted);
  CHECK(round.sent_beat_reply(true, true) == RoundOutcome::success);
  CHECK(round.next_deadline() == 170_s);
  round.on_time(170_s);
  REQUIRE(round.output(false) == RoundOutput::beat);
  CHECK(round.next_round() == 5);
  round.sent_beat(170_s);
  round.on_beat_reply(5, true);
  CHECK(round.next_deadline() == 230_s);  // it goes on until the other speaks
}

TEST_CASE("L1 9: no Beat reply before the next round is a missed round", "[l1][gossip]") {
  GossipRound round = begun(1_s);
  CHECK(round.next_deadline() == 61_s);
  CHECK(round.on_time(61_s) == RoundOutcome::missed);
  CHECK(round.output(false) == RoundOutput::beat);
  CHECK_FALSE(round.on_beat_reply(round.round(), true).accepted);  // too late
}

TEST_CASE("L1 9: a round that waits for budget is deferred, not missed", "[l1][gossip]") {
  GossipRound round;
  round.link_up(true, 1_s);
  CHECK(round.on_time(500_s) == RoundOutcome::none);
  CHECK(round.output(false) == RoundOutput::beat);
  round.sent_beat(500_s);
  CHECK(round.next_deadline() == 560_s);
  round.on_beat_reply(round.round(), true);
  round.defer(565_s);  // no means for it
  CHECK(round.output(false) == RoundOutput::none);
  round.on_time(565_s);
  CHECK(round.output(false) == RoundOutput::beat);
}

TEST_CASE("L1 9: a starter's round, message by message", "[l1][gossip]") {
  GossipRound round = begun(1_s);
  CHECK_FALSE(round.on_beat_reply(round.round() + 1, false).accepted);
  REQUIRE(round.on_beat_reply(round.round(), false).accepted);
  CHECK(round.state() == RoundState::summary_sent);
  CHECK(round.output(false) == RoundOutput::summary);
  round.begin_summary(2, false);
  CHECK(round.part() == 0);
  CHECK_FALSE(round.asked(round.round()));
  round.sent_summary();
  CHECK(round.asked(round.round()));
  CHECK(round.part() == 1);
  round.sent_summary();
  CHECK(round.output(false) == RoundOutput::none);
  CHECK(round.on_last_delta(round.round()) == RoundOutcome::none);
  CHECK_FALSE(round.may_end());
  REQUIRE(round.takes_summary(round.round(), 2));
  round.on_summary(2, false);
  CHECK(round.output(true) == RoundOutput::delta);
  CHECK_FALSE(round.takes_summary(round.round(), 3));  // P must stay
  round.on_summary(2, false);
  CHECK_FALSE(round.takes_summary(round.round(), 2));
  CHECK(round.output(false) == RoundOutput::delta);  // the last one, even when empty
  CHECK(round.may_end());
  CHECK(round.sent_last_delta() == RoundOutcome::success);
  CHECK(round.asked(round.round()));  // what is late is still welcome
}

TEST_CASE("L1 9: a replier sends Deltas, then its Summary", "[l1][gossip]") {
  GossipRound round;
  round.link_up(false, 1_s);
  REQUIRE(round.on_beat(9, 2_s).accepted);
  CHECK(round.state() == RoundState::replying);
  CHECK_FALSE(round.takes_summary(9, 1));  // before the reply
  CHECK(round.output(false) == RoundOutput::beat_reply);
  round.sent_beat_reply(false, true);
  CHECK(round.output(false) == RoundOutput::none);
  REQUIRE(round.takes_summary(9, 1));
  CHECK_FALSE(round.takes_summary(8, 1));
  round.on_summary(1, false);
  CHECK(round.output(true) == RoundOutput::delta);
  CHECK(round.output(false) == RoundOutput::delta);
  CHECK(round.sent_last_delta() == RoundOutcome::none);
  CHECK(round.output(false) == RoundOutput::summary);
  round.begin_summary(1, false);
  round.sent_summary();
  CHECK(round.state() == RoundState::summary_sent);
  CHECK(round.on_last_delta(9) == RoundOutcome::success);
}

TEST_CASE("L1 9: one part per round goes p = round mod P", "[l1][gossip]") {
  GossipRound round = begun(1_s);
  const std::uint32_t number = round.round();
  round.on_beat_reply(number, false);
  round.begin_summary(5, true);
  CHECK(round.part() == number % 5);
  round.sent_summary();
  round.on_summary(3, true);  // theirs: one of three, and that is all
  CHECK(round.may_end());
  CHECK_FALSE(round.takes_summary(number, 3));
  round.on_last_delta(number);
  CHECK(round.sent_last_delta() == RoundOutcome::success);
}

TEST_CASE("L1 9: 60 s end any round", "[l1][gossip]") {
  GossipRound starter = begun(1_s);
  starter.on_beat_reply(starter.round(), false);
  CHECK(starter.on_time(Millis{60'999}) == RoundOutcome::none);
  CHECK(starter.on_time(61_s) == RoundOutcome::failed);
  CHECK(starter.state() == RoundState::idle);

  GossipRound replier;
  replier.link_up(false, 1_s);
  replier.on_beat(1, 5_s);
  replier.sent_beat_reply(false, true);
  CHECK(replier.on_time(65_s) == RoundOutcome::failed);
  // Masks differ: the starter may have found the digests equal, and then says no more.
  replier.on_beat(2, 70_s);
  replier.sent_beat_reply(false, false);
  CHECK(replier.on_time(130_s) == RoundOutcome::success);
}

TEST_CASE("L1 9: items are sent for a time, then the round is brought to its end", "[l1][gossip]") {
  GossipRound replier;
  replier.link_up(false, 1_s);
  replier.on_beat(1, 2_s);
  replier.sent_beat_reply(false, true);
  replier.on_summary(2, false);  // the second part is lost
  CHECK(replier.next_deadline() == 32_s);
  CHECK_FALSE(replier.may_end());
  replier.on_time(32_s);
  CHECK(replier.feed_over());
  CHECK(replier.may_end());
  CHECK(replier.next_deadline() == 62_s);

  GossipRound starter = begun(2_s);
  starter.on_beat_reply(starter.round(), false);
  CHECK(starter.next_deadline() == 52_s);
}

TEST_CASE("L1 9: when both start, the lower NodeID's round goes on", "[l1][gossip]") {
  GossipRound lower = begun(100_s);
  CHECK_FALSE(lower.on_beat(7, 100_s).accepted);
  GossipRound higher;
  higher.link_up(false, 1_s);
  higher.on_time(100_s);
  higher.sent_beat(100_s);
  const auto heard = higher.on_beat(7, 100_s);
  CHECK(heard.accepted);
  CHECK(heard.ended == RoundOutcome::none);
  CHECK(higher.output(false) == RoundOutput::beat_reply);
}

TEST_CASE("L1 9: Beats are answered once in 10 s", "[l1][gossip]") {
  GossipRound round;
  round.link_up(false, 1_s);
  REQUIRE(round.on_beat(1, 2_s).accepted);
  CHECK_FALSE(round.on_beat(2, Millis{11'999}).accepted);
  const auto next = round.on_beat(3, 12_s);
  CHECK(next.accepted);
  CHECK(next.ended == RoundOutcome::failed);  // the round before was not finished
}

TEST_CASE("L1 9: a round that lost its means fails, and says no more", "[l1][gossip]") {
  GossipRound round = begun(1_s);
  round.on_beat_reply(round.round(), false);
  round.give_up();
  CHECK(round.output(true) == RoundOutput::none);
  CHECK_FALSE(round.takes_summary(round.round(), 1));
  CHECK(round.next_deadline() <= 2_s);
  CHECK(round.on_time(2_s) == RoundOutcome::failed);
  CHECK(round.next_deadline() == 61_s);
}

TEST_CASE("L1 9: a link that went down starts nothing", "[l1][gossip]") {
  GossipRound round = begun(1_s);
  round.link_down();
  CHECK(round.state() == RoundState::idle);
  CHECK(round.next_deadline() == Millis::never());
  CHECK(round.output(true) == RoundOutput::none);
}
