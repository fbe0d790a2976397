// Where the messages of a node arrive: one per node, shared by all its "messages" programs.
//
// Place: examples/mehr-sim; a sim::Program that is installed on both ends of a conversation when
// the first of its programs is made. It reports every message that L2 hands in, once per hand-in:
// whether one may come twice is for invariants to judge. Where the sender wants to know, it answers
// with the tag alone, each time, since answers are lost too. Shapes: body = Letter: tag, whether an
// answer is wanted, padding; answer = Tag. Bounds: none of its own. Failure: what does not decode
// is noted and dropped; an answer that cannot be sent is left out, the sender repeats.
#pragma once

#include <vector>

#include "mehr/core/codec.h"
#include "mehr/core/messenger.h"
#include "mehr/sim/node.h"
#include "mehr/sim/program.h"

namespace mehr::sim_programs {

/// Names one sending of one message: a repetition has another `attempt`.
struct Tag {
  std::uint32_t sender = 0;    ///< NodeIndex
  std::uint32_t program = 0;   ///< which of the sender's programs
  std::uint32_t sequence = 0;  ///< which of the program's messages
  std::uint32_t attempt = 0;
  std::uint64_t mix = 0;  ///< of the run's seed: a tag of another run is none of this one

  static constexpr auto wire = std::tuple{
      field("sender", &Tag::sender), field("program", &Tag::program),
      field("sequence", &Tag::sequence), field("attempt", &Tag::attempt), field("mix", &Tag::mix)};
  bool operator==(const Tag&) const = default;
};
static_assert(wire_size<Tag> == 24);

struct Letter {
  Tag tag;
  std::uint8_t wants_answer = 0;
  Tail padding;

  static constexpr auto wire =
      std::tuple{field("tag", &Letter::tag), field("wants_answer", &Letter::wants_answer),
                 field("padding", &Letter::padding)};
};

inline constexpr Protocol kLetters{context::kStandard, kProvenPort | 0x0201};
inline constexpr Protocol kAnswers{context::kStandard, kProvenPort | 0x0202};

/// Who hears that a message of its own arrived.
class AnswerSink {
 public:
  virtual ~AnswerSink() = default;
  virtual void answered(sim::NodeIndex by, const Tag& tag) = 0;
};

class Mailbox final : public sim::Program {
 public:
  /// The node's mailbox, installed when there is none.
  static Mailbox& of(sim::Node& node);

  void start(sim::Node& node) override;
  void stop(sim::Node& node) override;

  /// The number of a new program on this node; @p sink gets its answers for ever.
  std::uint32_t enrol(AnswerSink& sink);

 private:
  void take_letter(sim::Node& node, const Message& message);
  void take_answer(sim::Node& node, const Message& message);

  std::vector<AnswerSink*> sinks_;
};

}  // namespace mehr::sim_programs
