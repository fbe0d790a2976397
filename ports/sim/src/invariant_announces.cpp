// Invariants of announces: spec L1/4 as seen from outside the nodes.
#include <algorithm>
#include <array>

#include "invariant_memory.h"
#include "invariant_view.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/announce.h"

namespace mehr::sim {

namespace {

/// What an announce packet says, borrowed from it.
struct Said {
  NodeId destination;
  std::uint64_t emitted = 0;
  l1::CompactPathCost cost;
  bool relayed = false;
  ByteView packet;

  /// The same for all that carry the same signed statement.
  [[nodiscard]] std::uint64_t statement() const {
    constexpr std::size_t kCost = l0::kHeaderSize + l1::kAnnounceFixed + 2;
    const std::uint64_t head = hash_of(packet.subspan(2, kCost - 2));
    return hash_of(packet.subspan(kCost + l1::kPathCostSize), head);
  }
};

std::optional<Said> said_in(ByteView packet) {
  if (packet.size() < l1::kAnnouncePacketMin) return std::nullopt;
  const l0::PacketFlags flags{packet[0]};
  if (flags.type() != l0::PacketType::announce) return std::nullopt;
  Said out;
  out.packet = packet;
  out.relayed = flags.in_transport();
  out.destination = NodeId::from(packet.subspan(2));
  const ByteView data = packet.subspan(l0::kHeaderSize);
  Reader(data.subspan(PublicKey::kSize)).get(out.emitted);
  Reader(data.subspan(l1::kAnnounceFixed + 2)).get(out.cost);
  return out;
}

/// Remembers for 2^20 pairs of a node and a destination what was last heard and said.
class AnnouncesImprove final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "announces are passed on newer or better, and not back";
  }
  [[nodiscard]] WhatSet wants() const override {
    WhatSet wanted = LinkTimes::wants();
    wanted.bits |= WhatSet::of({What::packet_in, What::packet_out, What::route_lost}).bits;
    return wanted;
  }
  void on_happening(const Happening& h) override {
    if (LinkTimes::wants().has(h.what)) return links_.take(h);
    if (h.what == What::route_lost) {  // it may be learnt again as if for the first time
      if (Word* word = words_.find(mix(pair_key(h.node, h.peer), 0))) word->any_said = false;
      return;
    }
    const auto said = said_in(h.bytes);
    if (!said) return;
    const NodeIndex about = view_.find(said->destination);
    if (about == kNoNode || about == h.node) return;
    const std::uint64_t key = mix(pair_key(h.node, about), 0);
    if (h.what == What::packet_in) {
      heard(h.peer, *said, words_.put(key));
    } else if (said->relayed && view_.is_honest(h.node)) {
      passed_on(h, about, *said, words_.put(key));
    }
  }

 private:
  struct Word {
    std::uint64_t heard = 0;  // newest `emitted` that came
    std::uint64_t said = 0;   // `emitted` that left last
    NodeIndex source = kNoNode;
    std::uint32_t boots = 0;
    std::uint8_t hops = 0;  // of `said`
    bool others = false;    // more than one neighbour told of `heard`
    bool any_said = false;
    bool free_of_cost = false;
  };

  static void heard(NodeIndex from, const Said& said, Word& word) {
    if (said.emitted < word.heard) return;
    if (said.emitted > word.heard || word.source == kNoNode) {
      word.heard = said.emitted;
      word.source = from;
      word.others = false;
    } else if (word.source != from) {
      word.others = true;
    }
  }

  void passed_on(const Happening& h, NodeIndex about, const Said& said, Word& word) {
    const auto what = [&] {
      return view_.name(h.node) + " told " +
             (h.peer == kNoNode ? "a stranger" : view_.name(h.peer)) + " of " + view_.name(about);
    };
    // Two links to one neighbour exist while the older one closes.
    if (said.emitted == word.heard && h.peer == word.source && !word.others &&
        links_.count(h.node, h.peer) < 2) {
      return fail(h.node, what() + ", which alone had told it");
    }
    const std::uint32_t boots = links_.boots(h.node);
    const bool compares = word.any_said && word.boots == boots;
    if (compares && said.emitted < word.said) {
      return fail(h.node, what() + " an announce older than the one before: emitted " +
                              std::to_string(said.emitted) + " after " + std::to_string(word.said));
    }
    const bool same = compares && said.emitted == word.said;
    const bool free_of_cost = said.cost.cost.value == 0;
    // Codes of a price that no encoder makes may round either way; free is exact.
    if (same && word.free_of_cost && (!free_of_cost || said.cost.hop_count > word.hops)) {
      return fail(h.node, what() + " at " + std::to_string(said.cost.hop_count) +
                              " hops, after the same announce at " + std::to_string(word.hops));
    }
    word.any_said = true;
    word.boots = boots;
    word.said = said.emitted;
    word.free_of_cost = free_of_cost;
    word.hops = said.cost.hop_count;
  }

  Recent<Word> words_{std::size_t{1} << 20};
  LinkTimes links_;
};

/// Remembers the last 64 announces of each node.
class AnnouncesAreGenuine final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "announces that are passed on were made by their origin";
  }
  [[nodiscard]] WhatSet wants() const override { return WhatSet::of({What::packet_out}); }
  void on_happening(const Happening& h) override {
    const auto said = said_in(h.bytes);
    if (!said) return;
    const NodeIndex about = view_.find(said->destination);
    if (about == kNoNode) return;  // a made-up identity, of which nobody knows anything
    if (made_.size() <= about) made_.resize(about + std::size_t{1});
    Made& made = made_[about];
    const std::uint64_t statement = said->statement();
    const bool known = std::find(made.last.begin(), made.last.end(), statement) != made.last.end();
    if (known) return;
    if (about == h.node) {
      if (made.last.size() < kMost) {
        made.last.push_back(statement);
      } else {
        made.last[made.count % kMost] = statement;
      }
      ++made.count;
    } else if (view_.is_honest(h.node) && made.count <= kMost) {
      fail(h.node, view_.name(h.node) + " passed on an announce of " + view_.name(about) +
                       " that " + view_.name(about) + " never made: emitted " +
                       std::to_string(said->emitted));
    }
  }

 private:
  static constexpr std::size_t kMost = 64;
  struct Made {
    std::vector<std::uint64_t> last;  // a ring
    std::size_t count = 0;            // ever made
  };
  std::vector<Made> made_;  // by node
};

/// Remembers the newest announce of each node.
class EmittedRises final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "a node's announces are numbered in rising order, across restarts";
  }
  [[nodiscard]] WhatSet wants() const override {
    return WhatSet::of({What::packet_out, What::booted});
  }
  void on_happening(const Happening& h) override {
    if (newest_.size() <= h.node) newest_.resize(h.node + std::size_t{1});
    Newest& newest = newest_[h.node];
    if (h.what == What::booted) {
      newest.reborn = true;
      return;
    }
    const auto said = said_in(h.bytes);
    if (!said || said->destination != view_.id(h.node)) return;
    // What a disk lost cannot rise; what a liar sends again need not.
    newest.doubted =
        newest.doubted || !view_.disk_is_sound(h.node) || !view_.was_always_honest(h.node);
    if (newest.doubted) return;
    const std::uint64_t statement = said->statement();
    const bool another = newest.statement != statement || newest.reborn;
    if (newest.statement != 0 && another && said->emitted <= newest.emitted) {
      return fail(h.node, view_.name(h.node) + " announced itself with emitted " +
                              std::to_string(said->emitted) + " after " +
                              std::to_string(newest.emitted));
    }
    newest.emitted = said->emitted;
    newest.statement = statement;
    newest.reborn = false;
  }

 private:
  struct Newest {
    std::uint64_t emitted = 0;
    std::uint64_t statement = 0;
    bool doubted = false;
    bool reborn = false;  // booted since: the next announce is a new one
  };
  std::vector<Newest> newest_;  // by node
};

}  // namespace

Watcher announces_improve(Seen view) { return std::make_unique<AnnouncesImprove>(std::move(view)); }
Watcher announces_are_genuine(Seen view) {
  return std::make_unique<AnnouncesAreGenuine>(std::move(view));
}
Watcher emitted_rises(Seen view) { return std::make_unique<EmittedRises>(std::move(view)); }

}  // namespace mehr::sim
