// "messages": a node that writes to others, now and then.
//
// Place: examples/mehr-sim; stands on the Mailbox of its node.
// Machine: every `every` a round: one message to the node, to each, or to one drawn. A message
// waits until the stack takes it (no route, no key, full: tried again after 1 s, doubling to 30 s);
// a reliable one is repeated after `repeat` and up to a quarter, doubling to eight times that,
// until the receiver has answered. Deadline: the earliest of round and tries, on the node's own
// clock; all begin anew at a boot. Bounds: 256 messages wait; while they do, no new round begins.
// Padding is cut to what the path takes. Chance: a stream of its own.
#pragma once

#include <vector>

#include "mailbox.h"
#include "mehr/core/timers.h"
#include "mehr/sim/chance.h"

namespace mehr::sim_programs {

struct MessagesPlan {
  enum class To : std::uint8_t { one, everyone, random };
  To to = To::one;
  std::vector<sim::NodeIndex> others;  ///< the one, or all that may be written to
  Millis every = Millis::seconds(10);
  Millis first{0};  ///< after the node's first boot
  std::uint64_t rounds = 10;
  std::size_t padding = 64;
  bool reliable = false;
  Millis repeat = Millis::seconds(10);
};

class MessagesProgram final : public sim::Program, private Wakeable, private AnswerSink {
 public:
  MessagesProgram(sim::Node& node, MessagesPlan plan);

  void start(sim::Node& node) override;
  void stop(sim::Node& node) override;
  [[nodiscard]] bool is_done() const override;
  [[nodiscard]] std::string state() const override;

 private:
  static constexpr std::size_t kMostWaiting = 256;
  struct Waiting {
    sim::NodeIndex to = sim::kNoNode;
    Tag tag;
    Millis next_try;
    Millis wait;
  };

  void on_wake(Millis now) override;
  void answered(sim::NodeIndex by, const Tag& tag) override;
  void begin_round(Millis now);
  void add(sim::NodeIndex to, Millis now);
  /// True when @p waiting needs no further try.
  bool try_sending(Waiting& waiting, Millis now);
  void arm();

  sim::Node& node_;
  MessagesPlan plan_;
  sim::Chance chance_;
  std::uint32_t program_;
  std::uint32_t next_sequence_ = 0;
  std::uint64_t rounds_done_ = 0;
  Millis next_round_;
  bool was_started_ = false;
  std::vector<Waiting> waiting_;
  Bytes body_;
};

}  // namespace mehr::sim_programs
