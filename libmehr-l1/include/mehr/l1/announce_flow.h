// How announces spread: what is taken, what is passed on, to whom and when. spec: L1/4
//
// Place: the machine over the routing table; Network feeds it and sends what it has ready.
// Events: receive (a packet of type 1), updated (a PathUpdate item), changed (a route whose
// candidates changed), link_up, link_down, set_price, set_load, set_own, on_time. What is to be
// sent on a link is asked for with `make`, one message at a time, and struck off with `sent`: a
// link without room or budget keeps what it still needs. What waits is a bit per (link,
// destination), so it costs the same whether one announce waits or all do, newer ones replace older
// ones, and the message is made only when it leaves. States of a destination for its newest
// `emitted`: unsent; held (10 s since the last one have not passed); sent once or twice per link,
// then PathUpdates; retracted (no way left); on half-duplex links waiting 0-500 ms for others to
// speak. Bounds: four bits per (link, destination), made at construction; 2 sends per (destination,
// emitted, link); `Limits::announce_checks` signature checks per link and second, with ten seconds'
// worth in hand; further announces are dropped, and come again by gossip.
// Chance: drawn from a seed given at construction.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/bounded.h"
#include "mehr/l1/announce.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/path_messages.h"
#include "mehr/l1/routing_table.h"
#include "mehr/l1/version.h"

namespace mehr::l1 {

inline constexpr Millis kAnnounceHold = Millis::seconds(10);
inline constexpr Millis kRadioJitter{500};
inline constexpr Millis kCostSpacing = Millis::seconds(60);  ///< of updates for cost alone
inline constexpr std::uint8_t kSendsPerLink = 2;
inline constexpr std::size_t kUpdatesPerMessage = 40;

/// What became of a received announce.
enum class Intake : std::uint8_t {
  stored,
  malformed,  ///< layout, type, context or destination wrong
  own,        ///< our own, come back
  older,      ///< a newer one is known
  repeated,   ///< the same one again from the same link
  replayed,   ///< not newer than what was evicted within 24 h
  bad_signature,
  wrong_version,  ///< of a major that is not to be passed on. spec: L1/13.3
  too_many,       ///< over the link's signature checks
  no_room,        ///< nothing may be evicted for it
};

struct Received {
  Intake intake = Intake::malformed;
  Accepted accepted;  ///< when stored or no_room
};

/// A message ready to leave. Borrowed from the buffer given to `make`, until the next `make`.
struct Ready {
  bool is_packet = true;  ///< an announce; else a PathUpdate, which is a control message
  ByteView bytes;
};

class AnnounceFlow {
 public:
  /// Stands on @p table, which must live longer and whose routes change through here only.
  AnnounceFlow(RoutingTable& table, const NodeId& self, std::uint64_t seed,
               std::size_t checks_per_second);

  /// Which versions are understood, and whether others are passed on.
  void set_versions(const SpokenVersions& versions) { versions_ = versions; }
  /// Rules of L1/4.2 in their order, then the forward decision. @p packet has been decoded.
  Received receive(LinkSlot from, const l0::Packet& packet, Millis now);
  /// One item of a PathUpdate from @p from: the route it changed, or kNoSlot.
  Slot updated(LinkSlot from, const PathUpdateItem& item, Millis now);
  /// Candidates of @p route changed otherwise: one expired, or a packet came back.
  void changed(Slot route, Millis now);

  /// A link became active: our own announce is due there when @p with_own. The rest comes by
  /// gossip, or is due as well when the neighbour @p gossips not.
  void link_up(LinkSlot link, bool with_own, bool gossips);
  /// After the table's link_down: routes over @p link go another way, or are retracted.
  void link_down(LinkSlot link, Millis now);
  /// What the neighbour on @p link pays, and how full the queue of @p link is. What follows for the
  /// cost of routes is told when it moved by more than a quarter, once in 60 s. spec: L1/4.1,
  /// L1/10.5
  void set_price(LinkSlot link, std::uint64_t micro_mhr_per_byte, Millis now);
  void set_load(LinkSlot link, const LinkLoad& load, Millis now);
  /// Our current announce, due on every active link.
  void set_own(const AnnounceBytes& announce, std::uint8_t first_hops);
  [[nodiscard]] const AnnounceBytes& own() const { return own_; }
  [[nodiscard]] std::uint8_t own_hops() const { return own_hops_; }
  /// A neighbour asked for @p route: its announce is due on @p link once more.
  void answer(LinkSlot link, Slot route);
  /// The same for our own.
  void answer_own(LinkSlot link) { queues_[link].own = true; }

  /// True when something waits for @p link; `make` may still find it outdated.
  [[nodiscard]] bool waits(LinkSlot link) const {
    const Queue& q = queues_[link];
    return q.own || q.announces != 0 || q.updates != 0;
  }
  /// The next message for @p link, at most @p buffer long, or nothing: `next_size` bytes do.
  std::optional<Ready> make(LinkSlot link, MutableBytes buffer);
  /// Bytes that the next message for @p link has at least; 0 when nothing waits.
  [[nodiscard]] std::size_t next_size(LinkSlot link);
  /// What the last `make` gave has left: it counts, and lowers the feasible distance.
  void sent();
  /// The path cost that @p route has for the neighbour on @p link, or nothing when it is not for
  /// it: no loop-free way, the way leads there, or no hop is left.
  struct Onward {
    CompactPathCost cost;
    std::uint8_t hops = 0;
  };
  [[nodiscard]] std::optional<Onward> onward(LinkSlot link, Slot route) const;
  /// Gossip handed @p route on over @p link with @p metric. spec: README/9 clarification 20
  void gossiped(Slot route, LinkSlot link, const Metric& metric);
  /// Gossip has brought both ends of @p link level for the first time. What the neighbour knew
  /// before from others it does not know as a way by here: that is due now. decision 0011
  void levelled(LinkSlot link);

  [[nodiscard]] Millis next_deadline() const {
    return std::min(deadlines_.next(), price_deadlines_.next());
  }
  /// Ends the holds and waits that are over.
  void on_time(Millis now);
  /// How often @p route was sent on @p link under its current `emitted`.
  [[nodiscard]] std::uint8_t sends(Slot route, LinkSlot link) const;

 private:
  struct Heard {  // on one shared channel
    InterfaceId channel;
    LinkSlot first = kNoLink;
    bool two = false;
  };
  struct Spread {  // of one route slot
    std::uint64_t incarnation = 0;
    std::uint64_t emitted = 0;
    Metric best_sent;      ///< as received, of the candidate last spread
    CompactPathCost said;  ///< entry of the candidate last spoken of
    LinkSlot via = kNoLink;
    bool decided = false;  ///< a send was decided for this `emitted`
    bool retracted = false;
    bool ever_sent = false;
    Millis last_sent;
    Millis updated_at;
    Millis update_due = Millis::never();
    Millis hold_until = Millis::never();  ///< spec: L1/4.3 rule 5
    Bounded<Heard, 2> heard;              ///< neighbours that said it no worse than we would
    Millis radio_due = Millis::never();   ///< rule 6
  };
  struct Queue {  // of one link slot
    std::size_t announces = 0;
    std::size_t updates = 0;
    std::size_t cursor = 0;
    bool own = false;
    bool untold = false;  ///< `levelled` has something to do
    std::uint64_t said_price = 0;
    LinkLoad said_load;
    Millis priced_at;  ///< when either was told last
    bool priced = false;
    Millis checked_at;
    std::size_t checks = 0;  ///< in hand
  };
  /// What the last `make` gave.
  struct Made {
    enum class What : std::uint8_t { nothing, own, announce, updates };
    What what = What::nothing;
    LinkSlot link = kNoLink;
    struct Item {
      Slot route = kNoSlot;
      Metric metric;
    };
    Bounded<Item, kUpdatesPerMessage> items;
  };
  /// A bit per route, by link.
  using Bits = std::vector<std::uint64_t>;

  Spread& spread(Slot route);
  void consider(Slot route, Millis now);
  /// What a neighbour said is not said to that neighbour.
  [[nodiscard]] static bool came_from(const Candidate& way, LinkSlot link);
  void spread_now(Slot route, const Candidate& way, Millis now);
  void spread_on_radio(Slot route);
  void update(Slot route, const Candidate* way, Millis now);
  void tell(LinkSlot link, Slot route);
  /// What may be announced: the best loop-free way.
  [[nodiscard]] const Candidate* best(Slot route) const;
  /// What may be spoken of in updates: that, or the best way that packets would take all the same.
  [[nodiscard]] const Candidate* any_way(Slot route) const;
  [[nodiscard]] CompactPathCost cost_for(LinkSlot link, Slot route, const Candidate& way) const;
  [[nodiscard]] bool others_spoke(Slot route, LinkSlot link);
  [[nodiscard]] bool may_check(LinkSlot link, Millis now);
  void hear(Slot route, LinkSlot from, const Metric& metric);
  void schedule(Slot route);
  [[nodiscard]] bool price_moved(LinkSlot link) const;
  enum class LoadMove : std::uint8_t { none, up, down };  // by more than a quarter
  [[nodiscard]] LoadMove load_move(LinkSlot link) const;
  void reprice(LinkSlot link, Millis now);
  void tell_prices(LinkSlot link, Millis now);
  [[nodiscard]] std::optional<Ready> make_updates(LinkSlot link, MutableBytes buffer);
  [[nodiscard]] std::optional<Ready> make_announce(LinkSlot link, MutableBytes buffer);
  void set(Bits& bits, std::size_t& count, LinkSlot link, Slot route);
  void clear(Bits& bits, std::size_t& count, LinkSlot link, Slot route);
  [[nodiscard]] Slot next(const Bits& bits, LinkSlot link, std::size_t& cursor) const;
  void forget_waits(LinkSlot link);

  RoutingTable& table_;
  NodeId self_;
  std::uint64_t chance_;
  std::size_t checks_per_second_;
  SpokenVersions versions_;
  AnnounceBytes own_;
  std::uint8_t own_hops_ = 0;
  std::vector<Spread> spread_;
  std::size_t words_per_link_;
  Bits announces_;
  Bits updates_;
  void lower_feasible(Slot route, const Metric& metric);
  [[nodiscard]] unsigned told(Slot route, LinkSlot link) const;
  void set_told(Slot route, LinkSlot link, unsigned times);
  std::vector<std::uint8_t> sends_;  // two bits per link, by route: 0 to 2 sends, 3 gossip alone
  std::size_t sends_per_route_;
  std::vector<Queue> queues_;
  Made made_;
  DeadlineHeap deadlines_;        // by route
  DeadlineHeap price_deadlines_;  // by link
};

}  // namespace mehr::l1
