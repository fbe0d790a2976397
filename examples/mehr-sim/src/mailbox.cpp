#include "mailbox.h"

#include "installed.h"
#include "mehr/sim/sim.h"

namespace mehr::sim_programs {

Mailbox& Mailbox::of(sim::Node& node) {
  if (Mailbox* there = installed<Mailbox>(node)) return *there;
  auto made = std::make_unique<Mailbox>();
  Mailbox& out = *made;
  node.install(std::move(made));
  return out;
}

void Mailbox::start(sim::Node& node) {
  auto& door = node.stack().messages();
  door.on(kLetters, [this, &node](const Message& message) { take_letter(node, message); });
  door.on(kAnswers, [this, &node](const Message& message) { take_answer(node, message); });
}

void Mailbox::stop(sim::Node& node) {
  node.stack().messages().on(kLetters, {});
  node.stack().messages().on(kAnswers, {});
}

std::uint32_t Mailbox::enrol(AnswerSink& sink) {
  sinks_.push_back(&sink);
  return static_cast<std::uint32_t>(sinks_.size() - 1);
}

void Mailbox::take_letter(sim::Node& node, const Message& message) {
  const auto letter = decode<Letter>(message.body);
  if (!letter || !message.sender) return node.note("a letter that does not decode was dropped");
  const NodeId from = crypto::node_id_of(*message.sender);
  const auto tag = encode_fixed(letter->tag);
  node.delivered(node.sim().find(from), tag);
  if (letter->wants_answer == 0) return;
  // Without a route or key back there is no answer this time.
  static_cast<void>(node.stack().messages().send(from, kAnswers, tag, {}));
}

void Mailbox::take_answer(sim::Node& node, const Message& message) {
  const auto tag = decode<Tag>(message.body);
  if (!tag || !message.sender || tag->sender != node.index() || tag->program >= sinks_.size()) {
    return node.note("an answer to nothing was dropped");
  }
  sinks_[tag->program]->answered(node.sim().find(crypto::node_id_of(*message.sender)), *tag);
}

}  // namespace mehr::sim_programs
