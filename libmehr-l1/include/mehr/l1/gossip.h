// Gossip: brings the items of this node and of each neighbour level, round by round. spec: L1/9
//
// Place: L1's machine over all links; the facade feeds it and sends what it has ready. It holds no
// item: they stay in their `ItemSource`s.
// In: `receive` takes a message apart. Items of a Delta come out one at a time by `next`; the
// facade hands each to its source's `merge` and tells the verdict to `settle`. So nothing calls
// upward. Out is pulled: `ready` says which tiers wait on a link, `make` writes one message for a
// tier that has budget, `sent` says it left. What was not sent is made anew later. Nothing is
// queued: what a neighbour lacks is a bit per item, so feeding an empty node costs no more than one
// item does. Time: `next_deadline`, `on_time`. Links are those of the routing table, by slot.
// Bounds: `GossipConfig`; all is made at construction, and in `add_source`. Rounds beyond
// `exchanges` at once are deferred; a neighbour that asks meanwhile is told that nothing is to be
// compared now. An exchange without progress for 10 s gives way to a new one.
// Failure: malformed messages and invalid items are the neighbour's fault and counted; an item of
// unknown kind is skipped, and its id counts as held so that it does not come again each round.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/bounded.h"
#include "mehr/core/random.h"
#include "mehr/core/units.h"
#include "mehr/l1/bloom_filter.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/gossip_messages.h"
#include "mehr/l1/gossip_round.h"
#include "mehr/l1/item_source.h"
#include "mehr/l1/lamport.h"
#include "mehr/l1/refused_ids.h"

namespace mehr::l1 {

/// Pulls are sent once in this time per link, and answered once in nearly so long: what was sent in
/// time may arrive closer together. spec: L1/9
inline constexpr Millis kPullSpacing = Millis::seconds(60);
inline constexpr Millis kPullTaken = Millis::seconds(55);
/// A round for which no exchange is free is tried again after this.
inline constexpr Millis kGossipRetry = Millis::seconds(1);
/// Parts of one neighbour's Summary that are told apart; a Summary of more is ignored.
inline constexpr std::uint16_t kMostParts = 1024;
/// An exchange without progress for so long gives way to another.
inline constexpr Millis kExchangeIdle = Millis::seconds(10);
/// A neighbour that sent so many invalid items in one Delta is not read further: it is closed.
inline constexpr std::uint8_t kMostInvalid = 5;

/// Capacities of the engine.
struct GossipConfig {
  std::size_t links = 1024;        ///< link slots
  std::size_t exchanges = 64;      ///< rounds that compare items at once; full: deferred
  std::size_t refused_ids = 4096;  ///< full: the oldest goes. spec: L1/9
  std::size_t body_bytes = 4096;   ///< the longest message of any link
};

/// What the engine has to know of an active link.
struct GossipLink {
  NodeId peer;
  Mtu mtu;
  BitsPerSecond rate;
};

/// What happened since the start.
struct GossipCounters {
  std::uint64_t beats_refused = 0;  ///< too soon, or while a round of this node runs
  std::uint64_t out_of_turn = 0;    ///< replies, Summaries and Pulls that did not fit the state
  std::uint64_t unasked = 0;        ///< Deltas nobody asked for
  std::uint64_t malformed = 0;
  std::uint64_t unknown_kind = 0;
  std::uint64_t refused_again = 0;  ///< items that came although their id counted as held
  std::uint64_t taken = 0;
  std::uint64_t known = 0;  ///< held already, or superseded
  std::uint64_t refused = 0;
  std::uint64_t invalid = 0;
  std::uint64_t items_sent = 0;
  std::uint64_t rounds_ok = 0;
  std::uint64_t rounds_failed = 0;
  std::uint64_t rounds_missed = 0;
  std::uint64_t busy = 0;  ///< rounds deferred or answered empty for want of an exchange
};

/// What became of a message.
struct GossipReceived {
  enum class Kind : std::uint8_t {
    taken,
    ignored,    ///< sound, but out of turn, too soon or unasked
    malformed,  ///< the neighbour's fault. spec: README/2.5 rule 3
  };
  Kind kind = Kind::taken;
  RoundOutcome outcome = RoundOutcome::none;  ///< of a round that ended by it, on this link
  DeltaReader items;                          ///< for `next`
  std::uint8_t invalid = 0;  ///< items found invalid so far: report the neighbour so many times
};

/// An item that its source is to judge.
struct OfferedItem {
  GossipItem item;  ///< borrowed from the message
  ItemRef ref;
  ItemSource* source = nullptr;
};

/// A message ready to leave, borrowed from the buffer given to `make`.
struct GossipMessage {
  ByteView bytes;  ///< type byte first
  GossipTier tier = GossipTier::routing;
};

/// A round that ended by time.
struct RoundEnd {
  LinkSlot link = kNoLink;
  RoundOutcome outcome = RoundOutcome::none;
};

class Gossip {
 public:
  Gossip(const GossipConfig& config, const NodeId& self, Random& random);

  /// Makes @p source known; it must outlive the engine. At start: this allocates.
  void add_source(ItemSource& source);
  /// @p item was held and its owner let it expire: its id counts as held for 24 h.
  void let_go(const ItemRef& item, Millis now);

  // ---- Links
  // -------------------------------------------------------------------------------------
  void link_up(LinkSlot slot, const GossipLink& link, Millis now);
  void link_down(LinkSlot slot);
  /// True when a body of @p size is no gossip item on @p slot: a node that takes such an item up
  /// hands it over there once as a message in segments, if its kind has a sub-type. spec: L1/9
  [[nodiscard]] bool left_out(LinkSlot slot, std::size_t size) const;

  // ---- In
  // ----------------------------------------------------------------------------------------
  /// True for the control types of gossip.
  [[nodiscard]] static bool is_gossip(std::uint8_t type) {
    return type >= control::kGossipBeat && type <= control::kGossipPull;
  }
  /// Takes a message (type byte first) from an active link. Items are then pulled by `next`.
  GossipReceived receive(LinkSlot from, ByteView message, Millis now);
  /// The next item for a source; unknown and refused ones are passed over.
  std::optional<OfferedItem> next(LinkSlot from, GossipReceived& message, Millis now);
  /// What the source said to @p item; to be told for each item that `next` gave. True: it is new
  /// here, and some other link leaves it out (see `left_out`).
  bool settle(LinkSlot from, GossipReceived& message, const OfferedItem& item, MergeVerdict verdict,
              Millis now);

  // ---- Out
  // ---------------------------------------------------------------------------------------
  /// Tiers in which something may wait on @p slot, bit 0 for tier 1. All but items is tier 1.
  [[nodiscard]] std::uint8_t ready(LinkSlot slot) const;
  /// The first active link from @p from on with something ready; kNoLink when none.
  [[nodiscard]] LinkSlot next_ready(LinkSlot from) const;
  /// Writes the next message for @p slot whose tier is in @p tiers (all that have budget), at most
  /// as long as the link takes and @p out is. Nothing: `ready` was too hopeful, or @p out is too
  /// short; `ready` is exact after that.
  std::optional<GossipMessage> make(LinkSlot slot, std::uint8_t tiers, MutableBytes out,
                                    Millis now);
  /// What `make` gave last has left; how a round ended by it.
  RoundOutcome sent(Millis now);
  /// Asks the neighbour for items of @p tiers, @p max_bytes at most. Errors: wrong_state (no such
  /// link, or the last was within 60 s).
  Status pull(LinkSlot slot, std::uint8_t tiers, std::uint32_t max_bytes, Millis now);

  // ---- Time
  // --------------------------------------------------------------------------------------
  [[nodiscard]] Millis next_deadline() const { return deadlines_.next(); }
  /// Deals with one link whose time has come; nothing when there is none.
  std::optional<RoundEnd> on_time(Millis now);

  [[nodiscard]] const GossipCounters& counters() const { return counters_; }
  [[nodiscard]] const Lamport& lamport() const { return lamport_; }
  /// For looking into.
  [[nodiscard]] RoundState state(LinkSlot slot) const { return links_[slot].round.state(); }
  /// Digest of what @p slot's neighbour may compare. spec: L1/9 GossipBeat
  [[nodiscard]] std::uint64_t digest(LinkSlot slot, std::uint8_t mask, Millis now) const;

 private:
  static constexpr std::uint16_t kNoExchange = 0xFFFF;
  static constexpr std::size_t kPicks = 32;  // items chosen in one walk

  /// What the other side lacks, while a round is under way.
  struct Exchange {
    LinkSlot link = kNoLink;                             // kNoLink: free
    Millis progress;                                     // when anything last moved
    std::array<std::uint32_t, 4> waiting{};              // bits set, by tier
    std::array<std::uint64_t, kMostParts / 64> parts{};  // of their Summary, received
    std::vector<std::uint64_t> wanted;                   // a bit per place of all sources
  };
  /// An item in the order of a tier.
  struct Pick {
    std::uint64_t rank = 0;
    std::uint32_t place = 0;  // among all
    constexpr auto operator<=>(const Pick&) const = default;
  };
  using Picks = Bounded<Pick, kPicks>;
  /// A Pull of ours: to be sent, then allowed to be answered.
  struct Asked {
    std::uint8_t mask = 0;  // not 0: to be sent
    std::uint32_t max_bytes = 0;
    std::uint32_t due = 0;  // bytes that may still come
    std::uint32_t round = 0;
    Millis next;  // when the next one may be asked for
  };
  /// A Pull of theirs, being answered. It goes on where the last one ended.
  struct Answer {
    std::uint8_t mask = 0;
    std::uint32_t left = 0;  // bytes; 0: nothing to do
    std::uint32_t round = 0;
    GossipTier tier = GossipTier::routing;
    std::optional<Pick> after;
    Millis next;  // when the next one is taken
  };
  struct Link {
    bool up = false;
    NodeId peer;
    std::uint16_t mtu = 0;
    std::uint16_t limit = 0;  // of item bodies
    FilterSize filter;
    std::uint8_t mask = 0;        // tiers of the round
    std::uint8_t their_mask = 0;  // of the Beat that is being replied to
    std::uint64_t their_digest = 0;
    std::uint32_t salt = 0;
    std::uint16_t exchange = kNoExchange;
    GossipRound round;
    Asked asked;
    Answer answer;
  };
  struct Owned {
    ItemSource* source = nullptr;
    std::uint32_t first = 0;  // of its places among all
  };
  /// What `sent` has to do.
  struct Made {
    enum class What : std::uint8_t { nothing, beat, beat_reply, summary, delta, pull, answer };
    What what = What::nothing;
    LinkSlot link = kNoLink;
    std::uint8_t mask = 0;  // of a Beat
    bool equal = false;     // Beat reply: the digests agree
    bool certain = false;   // Beat reply: the starter will find the same
    bool last = false;      // Delta
    GossipTier tier = GossipTier::routing;
    std::uint32_t bytes = 0;
    Pick end;                            // the last item in it
    Bounded<std::uint32_t, 255> places;  // of the items in it
  };

  // In.
  void on_beat(LinkSlot from, const GossipBeat& beat, GossipReceived& out, Millis now);
  void on_beat_reply(LinkSlot from, const GossipBeat& beat, GossipReceived& out, Millis now);
  void on_summary(LinkSlot from, const GossipSummary& summary, GossipReceived& out, Millis now);
  void on_delta(LinkSlot from, const GossipDelta& delta, std::size_t size, GossipReceived& out,
                Millis now);
  void on_pull(LinkSlot from, const GossipPull& pull, GossipReceived& out, Millis now);

  // Out.
  std::optional<GossipMessage> make_beat(LinkSlot slot, bool reply, MutableBytes out, Millis now);
  std::optional<GossipMessage> make_summary(LinkSlot slot, MutableBytes out, Millis now);
  std::optional<GossipMessage> make_delta(LinkSlot slot, std::uint8_t tiers, MutableBytes out);
  std::optional<GossipMessage> make_answer(LinkSlot slot, std::uint8_t tiers, MutableBytes out);
  std::optional<GossipMessage> make_pull(LinkSlot slot, MutableBytes out);
  /// Adds wanted items of a tier in their order; false when the message has no room for the next.
  bool fill_wanted(LinkSlot slot, GossipTier tier, DeltaWriter& delta);
  bool add(LinkSlot slot, const Pick& pick, DeltaWriter& delta);
  void start_made(Made::What what, LinkSlot slot);
  void sent_items(LinkSlot slot);

  // Items.
  template <class Visit>
  void each_place(const Link& link, std::uint8_t mask, const Visit& visit) const;
  template <class Visit>
  void each_held(LinkSlot slot, std::uint8_t mask, Millis now, const Visit& visit) const;
  [[nodiscard]] std::size_t count_held(LinkSlot slot, std::uint16_t part, std::uint16_t parts,
                                       Millis now) const;
  void insert_held(LinkSlot slot, MutableBytes bits, Millis now) const;
  void want(LinkSlot slot, const GossipSummary& summary);
  void pick_wanted(LinkSlot slot, GossipTier tier, const std::optional<Pick>& after,
                   Picks& out) const;
  void pick_pulled(LinkSlot slot, GossipTier tier, const std::optional<Pick>& after,
                   Picks& out) const;
  void find_answer(LinkSlot slot);
  void forget_held(LinkSlot slot);
  [[nodiscard]] const Owned& owned_at(std::uint32_t place) const;
  [[nodiscard]] ItemSource* owner_of(std::uint8_t kind) const;
  [[nodiscard]] std::uint8_t own_mask(const Link& link) const;

  // Exchanges and bookkeeping.
  [[nodiscard]] bool acquire(LinkSlot slot, Millis now);
  void release(Link& link);
  [[nodiscard]] bool wanted(const Link& link) const;
  void unwant(const Link& link, std::uint32_t place, GossipTier tier);
  void touch(const Link& link, Millis now);
  RoundOutcome note(LinkSlot slot, RoundOutcome outcome);
  void refresh(LinkSlot slot);
  std::uint32_t fresh_salt();

  NodeId self_;
  HashSalt secret_;  // salts of filters come from it
  std::uint64_t salts_ = 0;
  Lamport lamport_;
  std::vector<Owned> sources_;
  std::uint32_t places_ = 0;  // of all sources
  std::uint8_t carried_ = 0;  // tiers of all sources
  std::vector<Link> links_;
  std::vector<Exchange> exchanges_;
  std::vector<std::uint64_t> ready_;  // a bit per link
  DeadlineHeap deadlines_;
  RefusedIds refused_;
  Made made_;
  GossipCounters counters_;
  std::vector<std::uint8_t> body_;  // one item, or the bits of one filter, under way
};

}  // namespace mehr::l1
