// One link's gossip rounds: whose turn it is, what comes next, how it ended. spec: L1/9
//
// Place: under the gossip engine, one per link. It knows messages by their kind only; items,
// filters and digests are the engine's.
// Machine: IDLE; BEAT_SENT (ours is out, the reply awaited); REPLYING (theirs came, their Summary
// awaited); SUMMARY_SENT (digests differ, Summaries and Deltas are under way). Events: link_up,
// Beat, Beat reply, Summary part, last Delta, what was sent, time. `output` says what may be sent
// next; a message that waits for budget changes nothing until `sent`, so a round that waits is
// deferred, never missed.
// Deadlines: a round every 60 s by the side with the lower NodeID, by the other after 90 s without;
// 60 s for a whole round. Items are sent for 30 s by the side that replies, for 50 s by the
// starter; what is left then goes in the next round, and this one still ends well. Attack: Beats
// are answered once in 10 s; a Summary part counts once, with the same P in a round. Bounds: fixed
// size. Failure: what does not fit the state is ignored.
#pragma once

#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l1 {

inline constexpr Millis kGossipRound = Millis::seconds(60);
inline constexpr Millis kGossipTakeover = Millis::seconds(90);
/// A neighbour cannot make this side work more often.
inline constexpr Millis kBeatSpacing = Millis::seconds(10);
inline constexpr Millis kReplierFeeds = Millis::seconds(30);
inline constexpr Millis kStarterFeeds = Millis::seconds(50);

enum class RoundState : std::uint8_t { idle, beat_sent, replying, summary_sent };

/// How a round ended.
enum class RoundOutcome : std::uint8_t {
  none,
  success,
  failed,  ///< not finished in 60 s
  missed,  ///< the Beat was not answered: counts against the neighbour's liveness. spec: L1/5
};

/// What may be sent next.
enum class RoundOutput : std::uint8_t { none, beat, beat_reply, summary, delta };

class GossipRound {
 public:
  // ---- Link and time
  // -----------------------------------------------------------------------------
  /// The link is active. @p starts: this node has the lower NodeID; its first round is due at once.
  void link_up(bool starts, Millis now);
  void link_down();
  /// Tries again later what cannot be started now.
  void defer(Millis until);
  /// The means of the round went to another one: it fails at the next `on_time`.
  void give_up();
  [[nodiscard]] Millis next_deadline() const;
  /// Deals with what has passed.
  RoundOutcome on_time(Millis now);

  // ---- Received
  // ----------------------------------------------------------------------------------
  struct Heard {
    bool accepted = false;
    RoundOutcome ended = RoundOutcome::none;  ///< of the round before
  };
  /// Their Beat. When both start at once the round of the lower NodeID goes on.
  Heard on_beat(std::uint32_t round, Millis now);
  /// Their answer; @p equal: the digests agree over what both sides carry.
  Heard on_beat_reply(std::uint32_t round, bool equal);
  /// True when a Summary part may be used; the engine knows which parts it had. @p one_part: one
  /// part is all that comes in a round. (README/9 clarification 22)
  [[nodiscard]] bool takes_summary(std::uint32_t round, std::uint16_t parts) const;
  void on_summary(std::uint16_t parts, bool one_part);
  RoundOutcome on_last_delta(std::uint32_t round);
  /// True while Deltas of @p round were asked for: from our first Summary to the next round.
  [[nodiscard]] bool asked(std::uint32_t round) const { return asked_ && round == round_; }

  // ---- Sending
  // -----------------------------------------------------------------------------------
  /// @p wanted: items are known that the other side lacks.
  [[nodiscard]] RoundOutput output(bool wanted) const;
  /// Number that a Beat sent now has.
  [[nodiscard]] std::uint32_t next_round() const { return round_ + 1; }
  [[nodiscard]] std::uint32_t round() const { return round_; }
  void sent_beat(Millis now);
  /// @p equal: nothing more will come. @p tell: by the masks the starter can see that too.
  RoundOutcome sent_beat_reply(bool equal, bool tell);
  /// Before the first Summary part of a round: @p parts there are; @p one_part of them is sent.
  void begin_summary(std::uint16_t parts, bool one_part);
  [[nodiscard]] bool summary_begun() const { return own_parts_ != 0; }
  /// The part to send next, and how many there are.
  [[nodiscard]] std::uint16_t part() const { return next_part_; }
  [[nodiscard]] std::uint16_t parts() const { return own_parts_; }
  void sent_summary();
  /// True when a Delta that leaves nothing behind may say it is the last.
  [[nodiscard]] bool may_end() const;
  /// True when no more items go out in this round.
  [[nodiscard]] bool feed_over() const { return feed_over_; }
  RoundOutcome sent_last_delta();

  [[nodiscard]] RoundState state() const { return state_; }
  /// False for the side that replies.
  [[nodiscard]] bool is_starter() const { return starter_; }

 private:
  void begin(std::uint32_t round, bool starter, Millis now);
  RoundOutcome end(RoundOutcome how);
  RoundOutcome end_if_done();
  [[nodiscard]] RoundOutcome unfinished() const;

  RoundState state_ = RoundState::idle;
  bool lower_ = false;        // this node starts the rounds
  bool starter_ = false;      // of the current round
  bool beat_due_ = false;     // a round is to be started, as soon as it may be sent
  bool reply_sent_ = false;   // replier: the Beat reply is out
  bool maybe_equal_ = false;  // replier: silence after the reply means equal digests
  bool asked_ = false;        // a Summary of ours is out
  bool heard_parts_ = false;  // a Summary part of theirs came
  bool feed_over_ = false;    // the time for items is over
  bool last_sent_ = false;    // our last Delta is out
  bool last_heard_ = false;   // theirs came
  bool lost_ = false;         // gave up
  bool heard_beat_ = false;   // a Beat of theirs was ever accepted
  std::uint32_t round_ = 0;
  std::uint16_t own_parts_ = 0;  // P of our Summary; 0 before it
  std::uint16_t next_part_ = 0;
  std::uint16_t parts_left_ = 0;   // ours, not sent yet
  std::uint16_t their_parts_ = 0;  // P of their Summary; 0 before it
  std::uint16_t parts_due_ = 0;    // theirs, not received yet
  Millis began_;
  Millis beat_heard_;
  Millis next_start_ = Millis::never();
};

}  // namespace mehr::l1
