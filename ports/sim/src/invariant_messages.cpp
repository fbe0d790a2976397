// The invariant of programs' messages.
#include "invariant_memory.h"
#include "invariant_view.h"

namespace mehr::sim {

namespace {

/// Remembers the last 2^18 messages. What a node's L2 remembers ends with its life, and at
/// Limits::envelope_replays deliveries; after that a second delivery is no defect.
class MessagesArriveOnce final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "messages arrive only if sent, where they were sent to, and once";
  }
  [[nodiscard]] WhatSet wants() const override {
    return WhatSet::of({What::message_sent, What::message_delivered, What::booted});
  }
  void on_happening(const Happening& h) override {
    if (h.what == What::booted) {
      ++life(h.node).boots;
      life(h.node).delivered = 0;
    } else if (h.what == What::message_sent) {
      Message& m = messages_.put(hash_of(h.bytes));
      m.from = h.node;
      m.to = h.peer;
      ++m.sent;
    } else {
      delivered(h);
    }
  }

 private:
  struct Message {
    NodeIndex from = kNoNode;
    NodeIndex to = kNoNode;
    std::uint32_t sent = 0;
    std::uint32_t delivered = 0;  // in the life `boots` of its receiver
    std::uint32_t boots = 0;
    std::uint64_t others_then = 0;
  };
  struct Life {
    std::uint32_t boots = 0;
    std::uint64_t delivered = 0;
  };
  Life& life(NodeIndex node) {
    if (lives_.size() <= node) lives_.resize(node + std::size_t{1});
    return lives_[node];
  }

  void delivered(const Happening& h) {
    // A liar may send again what its own stack believes was refused.
    if (h.peer != kNoNode && !view_.was_always_honest(h.peer)) return;
    Life& now = life(h.node);
    Message* m = messages_.find(hash_of(h.bytes));
    const std::string who = view_.name(h.node);
    if (m == nullptr) {
      if (messages_.has_forgotten()) return;
      return fail(h.node, who + " was given a message that nobody sent");
    }
    if (m->to != kNoNode && m->to != h.node) {
      return fail(h.node, who + " was given a message that " + view_.name(m->from) + " sent to " +
                              view_.name(m->to));
    }
    if (h.peer != kNoNode && h.peer != m->from) {
      return fail(h.node, who + " was given a message as if from " + view_.name(h.peer) + " that " +
                              view_.name(m->from) + " had sent");
    }
    if (m->boots != now.boots) {
      m->boots = now.boots;
      m->delivered = 0;
    }
    const bool remembered = now.delivered - m->others_then < view_.limits(h.node).envelope_replays;
    if (m->to != kNoNode && m->delivered >= m->sent && remembered) {
      return fail(h.node,
                  who + " was given a message of " + view_.name(m->from) + " once too often");
    }
    ++m->delivered;
    m->others_then = ++now.delivered;
  }

  Recent<Message> messages_{std::size_t{1} << 18};
  std::vector<Life> lives_;  // by node
};

}  // namespace

Watcher messages_arrive_once(Seen view) {
  return std::make_unique<MessagesArriveOnce>(std::move(view));
}

}  // namespace mehr::sim
