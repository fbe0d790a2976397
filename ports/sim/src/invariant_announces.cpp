// Invariants of announces: spec L1/4 as seen from outside the nodes.
#include <algorithm>
#include <array>

#include "announces_said.h"
#include "invariant_memory.h"
#include "invariant_view.h"

namespace mehr::sim {

namespace {

/// Remembers for 2^20 pairs of a node and a destination what was last heard and said, and for as
/// many links and destinations how often. What a node says unasked it says twice at most over each
/// link: when it learns an announce, and once more when its way becomes better. Every question of
/// that neighbour allows one more; items of gossip are not counted. spec: L1/4.3, L1/9
class AnnouncesImprove final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "announces are passed on newer or better, twice at most, and not back";
  }
  [[nodiscard]] WhatSet wants() const override {
    WhatSet wanted = LinkTimes::wants();
    wanted.bits |=
        WhatSet::of({What::packet_in, What::packet_out, What::control_in, What::route_lost}).bits;
    return wanted;
  }
  void on_happening(const Happening& h) override {
    if (LinkTimes::wants().has(h.what)) return links_.take(h);
    if (h.what == What::route_lost) {  // it may be learnt again as if for the first time
      if (Word* word = words_.find(mix(pair_key(h.node, h.peer), 0))) {
        word->any_said = false;
        ++word->lives;
      }
      return;
    }
    if (h.what == What::control_in) return control(h);
    if (const auto said = said_in(h.bytes)) announce(h, *said);
  }

 private:
  struct Word {
    std::uint64_t heard = 0;  // newest `emitted` that came
    std::uint64_t said = 0;   // `emitted` that left last
    NodeIndex source = kNoNode;
    std::uint32_t boots = 0;
    std::uint32_t lives = 0;  // how often the route was lost
    std::uint8_t hops = 0;    // of `said`
    bool others = false;      // more than one neighbour told of `heard`
    bool any_said = false;
    bool free_of_cost = false;
  };
  struct Sends {
    std::uint64_t emitted = 0;
    std::uint64_t life = 0;  // of the node, the link and the route
    std::uint32_t sends = 0;
    std::uint32_t questions = 0;
  };
  static constexpr std::uint32_t kUnasked = 2;

  static std::uint64_t word_key(NodeIndex node, NodeIndex about) {
    return mix(pair_key(node, about), 0);
  }
  static std::uint64_t sends_key(NodeIndex node, NodeIndex peer, NodeIndex about) {
    return mix(pair_key(node, peer), about + std::uint64_t{1});
  }

  void control(const Happening& h) {
    each_said_in(h.bytes, [&](const Said& said) {
      const NodeIndex about = view_.find(said.destination);
      if (about != kNoNode && about != h.node) {
        heard(h.peer, said, words_.put(word_key(h.node, about)));
      }
    });
    const auto asked = asked_in(h.bytes);
    const NodeIndex about = asked ? view_.find(*asked) : kNoNode;
    if (about != kNoNode) ++sends_.put(sends_key(h.node, h.peer, about)).questions;
  }

  void announce(const Happening& h, const Said& said) {
    const NodeIndex about = view_.find(said.destination);
    if (about == kNoNode || about == h.node) return;
    Word& word = words_.put(word_key(h.node, about));
    if (h.what == What::packet_in) {
      heard(h.peer, said, word);
    } else if (said.relayed && view_.is_honest(h.node)) {
      count(h, about, said, word);
      if (!broken()) passed_on(h, about, said, word);
    }
  }

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

  std::string told(const Happening& h, NodeIndex about) const {
    return view_.name(h.node) + " told " + (h.peer == kNoNode ? "a stranger" : view_.name(h.peer)) +
           " of " + view_.name(about);
  }

  // Questions of a lifetime are never taken back: that only allows more.
  void count(const Happening& h, NodeIndex about, const Said& said, const Word& word) {
    if (h.peer == kNoNode || links_.count(h.node, h.peer) > 1) return;
    Sends& sends = sends_.put(sends_key(h.node, h.peer, about));
    const std::uint64_t link = links_.ever(h.node, h.peer);  // one that replaced another is new
    const std::uint64_t life = mix(mix(links_.boots(h.node), link), word.lives);
    if (sends.emitted != said.emitted || sends.life != life) {
      sends.emitted = said.emitted;
      sends.life = life;
      sends.sends = 0;
    }
    if (++sends.sends <= kUnasked + sends.questions) return;
    fail(h.node, told(h, about) + " " + std::to_string(sends.sends) + " times, asked " +
                     std::to_string(sends.questions) + " times: emitted " +
                     std::to_string(said.emitted));
  }

  void passed_on(const Happening& h, NodeIndex about, const Said& said, Word& word) {
    // Two links to one neighbour exist while the older one closes.
    if (said.emitted == word.heard && h.peer == word.source && !word.others &&
        links_.count(h.node, h.peer) < 2) {
      return fail(h.node, told(h, about) + ", which alone had told it");
    }
    const std::uint32_t boots = links_.boots(h.node);
    const bool compares = word.any_said && word.boots == boots;
    if (compares && said.emitted < word.said) {
      return fail(h.node, told(h, about) + " an announce older than the one before: emitted " +
                              std::to_string(said.emitted) + " after " + std::to_string(word.said));
    }
    const bool same = compares && said.emitted == word.said;
    const bool free_of_cost = said.cost.cost.value == 0;
    // Codes of a price that no encoder makes may round either way; free is exact.
    if (same && word.free_of_cost && (!free_of_cost || said.cost.hop_count > word.hops)) {
      return fail(h.node, told(h, about) + " at " + std::to_string(said.cost.hop_count) +
                              " hops, after the same announce at " + std::to_string(word.hops));
    }
    word.any_said = true;
    word.boots = boots;
    word.said = said.emitted;
    word.free_of_cost = free_of_cost;
    word.hops = said.cost.hop_count;
  }

  Recent<Word> words_{std::size_t{1} << 20};
  Recent<Sends> sends_{std::size_t{1} << 20};
  LinkTimes links_;
};

/// Remembers the last 64 announces of each node.
class AnnouncesAreGenuine final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "announces that are passed on were made by their origin";
  }
  [[nodiscard]] WhatSet wants() const override {
    return WhatSet::of({What::packet_out, What::control_out});
  }
  void on_happening(const Happening& h) override {
    if (h.what == What::control_out) {
      return each_said_in(h.bytes, [&](const Said& said) { left(h.node, said); });
    }
    if (const auto said = said_in(h.bytes)) left(h.node, *said);
  }

 private:
  void left(NodeIndex node, const Said& said) {
    const NodeIndex about = view_.find(said.destination);
    if (about == kNoNode) return;  // a made-up identity, of which nobody knows anything
    if (made_.size() <= about) made_.resize(about + std::size_t{1});
    Made& made = made_[about];
    const std::uint64_t statement = said.statement();
    const bool known = std::find(made.last.begin(), made.last.end(), statement) != made.last.end();
    if (known) return;
    if (about == node) {
      if (made.last.size() < kMost) {
        made.last.push_back(statement);
      } else {
        made.last[made.count % kMost] = statement;
      }
      ++made.count;
    } else if (view_.is_honest(node) && made.count <= kMost) {
      fail(node, view_.name(node) + " passed on an announce of " + view_.name(about) + " that " +
                     view_.name(about) + " never made: emitted " + std::to_string(said.emitted));
    }
  }

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
