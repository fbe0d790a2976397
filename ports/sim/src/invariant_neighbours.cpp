// Invariants of what a node makes of its neighbours' words. spec: L1/4.3, L1/10.4
#include <algorithm>
#include <unordered_map>

#include "announces_said.h"
#include "invariant_memory.h"
#include "invariant_view.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/congestion_signal.h"
#include "mehr/l1/path_messages.h"
#include "mehr/l1/priority.h"

namespace mehr::sim {

namespace {

/// A PathUpdate counts as soon as it came: the way over that neighbour is what it said. Remembers
/// the updates since the last look, 2^16 at most.
class NewsIsHeeded final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "a way is what the neighbour on it said last";
  }
  [[nodiscard]] WhatSet wants() const override {
    WhatSet wanted = LinkTimes::wants();
    wanted.bits |= WhatSet::of({What::packet_in, What::control_in}).bits;
    return wanted;
  }
  void on_happening(const Happening& h) override {
    if (LinkTimes::wants().has(h.what)) return links_.take(h);
    if (h.peer == kNoNode) return;
    if (h.what == What::packet_in) {
      if (const auto said = said_in(h.bytes)) drop(h, said->destination);
      return;
    }
    each_said_in(h.bytes, [&](const Said& said) { drop(h, said.destination); });
    const auto update = decode<l1::PathUpdate>(h.bytes);
    if (!update) return;
    for (std::size_t i = 0; i < update->count; ++i) {
      const l1::PathUpdateItem item = update->item(i);
      drop(h, item.destination);
      if (words_.size() == kMost) continue;
      by_key_[key_of(h, item.destination)] = words_.size();
      words_.push_back({h.node, h.peer, item, h.at, true});
    }
  }
  void look() override {
    for (const Word& word : words_) {
      if (word.last && !broken()) check(word);
    }
    words_.clear();
    by_key_.clear();
  }

 private:
  static constexpr std::size_t kMost = std::size_t{1} << 16;
  struct Word {
    NodeIndex node = kNoNode;
    NodeIndex peer = kNoNode;
    l1::PathUpdateItem item;
    Instant at;
    bool last = true;  // nothing was said of that destination since
  };

  static std::uint64_t key_of(const Happening& h, const NodeId& destination) {
    return mix(pair_key(h.node, h.peer), hash_of(destination.view()));
  }
  void drop(const Happening& h, const NodeId& destination) {
    const auto at = by_key_.find(key_of(h, destination));
    if (at != by_key_.end()) words_[at->second].last = false;
  }

  void check(const Word& word) {
    const l1::RoutingTable* table = view_.table(word.node);
    const Instant since = links_.up_since(word.node, word.peer);
    if (table == nullptr || !view_.is_honest(word.node) || since == kNever || since > word.at ||
        links_.count(word.node, word.peer) != 1) {
      return;
    }
    const Slot slot = table->find(word.item.destination);
    if (slot == kNoSlot || table->route(slot).opaque) return;
    for (const l1::Candidate& c : table->candidates(slot)) {
      if (c.link == l1::kNoLink || c.emitted != word.item.emitted || !table->is_up(c.link))
        continue;
      if (table->link(c.link).info.peer != view_.id(word.peer)) continue;
      if (c.received == word.item.path_cost) continue;
      fail(word.node, view_.name(word.node) + " does not heed what " + view_.name(word.peer) +
                          " said of the way to " + view_.name(view_.find(word.item.destination)));
    }
  }

  LinkTimes links_;
  std::vector<Word> words_;
  std::unordered_map<std::uint64_t, std::size_t> by_key_;  // places of words; looked up only
};

/// While a neighbour is saturated, packets of P2 and P3 wait. Remembers the last signal of each
/// neighbour.
class SignalsAreHeeded final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "a saturated neighbour gets no packets that can wait";
  }
  [[nodiscard]] WhatSet wants() const override {
    WhatSet wanted = LinkTimes::wants();
    wanted.bits |= WhatSet::of({What::packet_out, What::control_in}).bits;
    return wanted;
  }
  void on_happening(const Happening& h) override {
    if (LinkTimes::wants().has(h.what)) {
      links_.take(h);
      if (h.peer != kNoNode) signals_.erase(pair_key(h.node, h.peer));
    } else if (h.what == What::control_in) {
      const auto signal = decode<l1::CongestionSignal>(h.bytes);
      if (signal) signals_[pair_key(h.node, h.peer)] = {h.at, *signal};
    } else {
      sent(h);
    }
  }

 private:
  struct Heard {
    Instant at;
    l1::CongestionSignal signal;
  };

  void sent(const Happening& h) {
    if (h.bytes.size() < l0::kHeaderSize || !view_.is_honest(h.node)) return;
    const bool data = l0::PacketFlags{h.bytes[0]}.type() == l0::PacketType::data;
    const std::uint8_t context = h.bytes[l0::kHeaderSize - 1];
    if (!data || l1::priority_of(context) < l1::Priority::p2) return;
    const auto heard = signals_.find(pair_key(h.node, h.peer));
    if (heard == signals_.end() || heard->second.signal.severity() != l1::Severity::saturated ||
        links_.count(h.node, h.peer) != 1) {
      return;
    }
    // Clocks may be fast, by a thousandth at most.
    const Duration said = std::chrono::milliseconds(heard->second.signal.drain_ms);
    const Duration lasts = std::max<Duration>(said, std::chrono::seconds(1));
    if (h.at - heard->second.at >= lasts - lasts / 1000 - std::chrono::milliseconds(2)) return;
    fail(h.node, view_.name(h.node) + " sent " + view_.name(h.peer) +
                     " a packet that could wait, though it had said that its queues are full");
  }

  LinkTimes links_;
  std::unordered_map<std::uint64_t, Heard> signals_;  // by node and neighbour; looked up only
};

}  // namespace

Watcher news_is_heeded(Seen view) { return std::make_unique<NewsIsHeeded>(std::move(view)); }
Watcher signals_are_heeded(Seen view) {
  return std::make_unique<SignalsAreHeeded>(std::move(view));
}

}  // namespace mehr::sim
