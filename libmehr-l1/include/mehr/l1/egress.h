// Every byte that L1 puts on a link, and when. spec: L1/9.1, L1/10
//
// Place: between L1's facade and L0's links. The facade offers packets and messages and asks `next`
// what to send; Egress holds the queues (link_queue.h, gossip_queue.h), budgets (gossip_budget.h),
// measured rates (link_rate.h), backoff (csma.h) and signals (backpressure.h) of all links.
// Machine: events are links up and down, offers, what became of a send, time. It never calls out.
//   offer -> pass: send it now, uncopied, then `passed`, or `blocked` and offer again
//   while (next) { make or take the bytes, send; then one of sent, blocked, busy, refused, nothing
//   } wake at next_deadline -> on_time, then the loop again; poll_event when convenient
// Order on a link: urgent control (outside all budgets), then gossip or user packets: gossip first
// when it starves (180 s), is below its guaranteed rate, or has earned its tenth; else user packets
// while they have tokens; gossip alone whenever its tier's budget allows.
// Signals: sent ones go out by themselves as urgent control. A received one changes the rate
// towards that neighbour and `is_avoided`; packets it stops stay queued, so that pressure travels
// upstream. Bounds: EgressConfig; all memory is taken at construction. What goes when full stands
// at each part. Costs: `offer` and `passed` without waiting are a few comparisons; everything else
// is O(1) or bounded by flows and 50 messages. Failure: nothing here fails; what is dropped is
// counted. Threads: the node's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/ids.h"
#include "mehr/core/medium.h"
#include "mehr/l1/backpressure.h"
#include "mehr/l1/csma.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/gossip_budget.h"
#include "mehr/l1/gossip_queue.h"
#include "mehr/l1/link_queue.h"
#include "mehr/l1/link_rate.h"

namespace mehr::l1 {

/// Capacities, from `Limits`.
struct EgressConfig {
  std::size_t links = 1024;            ///< link slots
  std::size_t pool_bytes = 4'194'304;  ///< waiting messages of all links; see message_pool.h
  std::size_t block_bytes = 512;
  std::size_t flows = 16;  ///< upstreams that each link tells apart, 32 at most; more share a turn
};

/// A link as Egress needs it.
struct LinkShape {
  NodeId peer;
  BitsPerSecond channel;     ///< nominal, of the medium; 0 counts as 1 Gbps
  BitsPerSecond bandwidth;   ///< this link's part of it; 0: all. spec: L1/9.1 "bw"
  Mtu mtu{484};              ///< negotiated
  bool half_duplex = false;  ///< CSMA applies
  bool scans = false;        ///< the medium may answer `busy`: nothing is sent unasked
  bool gossips = true;       ///< the neighbour's feature bit; without it no recovery
};

/// What to do with an offered packet.
enum class Verdict : std::uint8_t {
  pass,     ///< send it now and call `passed`; or `blocked`, and offer it again
  queued,   ///< copied; `next` will bring it
  full,     ///< dropped, queue or pool full; for this node's own an event says when to try again
  no_link,  ///< the link is not up
};

/// What to send next.
struct EgressItem {
  enum class Kind : std::uint8_t {
    packet,   ///< `bytes` is a user packet
    control,  ///< `bytes` is a control message
    pull,     ///< make a message of gossip `tier`, at most `limit` bytes
  };
  Kind kind = Kind::control;
  LinkSlot link = kNoLink;
  Tier tier = 0;
  bool pad = false;         ///< packet: PAD_TO_MTU
  MutableBytes bytes;       ///< in the caller's buffer
  std::uint32_t limit = 0;  ///< pull: longest message
  /// Egress's own: which place the message holds.
  enum class Place : std::uint8_t { signal, urgent, gossip, pull, user };
  Place place = Place::signal;
  Ticket ticket = kNoTicket;
};

/// Something the facade may act on; bits of one link since it was last asked.
struct EgressEvent {
  static constexpr std::uint8_t kRoom = 1;        ///< own packets were refused, now half is free
  static constexpr std::uint8_t kUnreliable = 2;  ///< signals for over half an hour: a failure
  static constexpr std::uint8_t kPressure = 4;    ///< the queue crossed 50, 75 or 90 %
  static constexpr std::uint8_t kMode = 8;        ///< gossip recovery was entered or left
  static constexpr std::uint8_t kAvoided = 16;    ///< `is_avoided` changed
  LinkSlot link = kNoLink;
  std::uint8_t what = 0;
};

/// How full a link's queue is; what dynamic_cost takes.
struct QueueFill {
  std::uint32_t queued = 0;
  std::uint32_t capacity = 1;
};

/// One link in numbers, for people. Bytes are frame bytes, overhead and padding included.
struct LinkFigures {
  BitsPerSecond configured;
  BitsPerSecond measured;
  QueueFill fill;
  std::uint32_t queued_bytes = 0;  ///< frames that wait, whatever `fill` measures by
  std::size_t packets_queued = 0;
  std::size_t gossip_queued = 0;
  GossipMode mode = GossipMode::normal;
  std::optional<Severity> signalled;  ///< by the neighbour, now
  std::uint64_t packets_in = 0;       ///< offered while up and not asked again
  std::uint64_t packets_out = 0;      ///< taken by the medium, waited or not
  std::uint64_t user_bytes = 0;
  std::uint64_t gossip_bytes = 0;
  std::uint64_t control_bytes = 0;  ///< urgent, outside budgets
  QueueDrops drops;
  GossipDrops gossip_drops;
  std::uint64_t dropped_channel = 0;  ///< packets given up after seven backoffs
  std::uint64_t dropped_failed = 0;   ///< packets that the link refused, or that it took down
  std::uint64_t urgent_refused = 0;
  std::uint64_t backoffs = 0;
  std::uint64_t signals_sent = 0;
  std::uint64_t signals_received = 0;
  std::uint64_t recoveries = 0;
};

class Egress {
 public:
  /// Urgent messages that wait on one link at most; more are refused.
  static constexpr std::size_t kUrgentMax = 16;

  /// Same @p seed, same backoffs.
  Egress(const EgressConfig& config, std::uint64_t seed);
  Egress(const Egress&) = delete;
  Egress& operator=(const Egress&) = delete;

  // ---- Links
  // -------------------------------------------------------------------------------------
  void link_up(LinkSlot slot, const LinkShape& shape, Millis now);
  /// Everything that waits there is dropped and counted.
  void link_down(LinkSlot slot, Millis now);
  /// Another part of the channel, or another medium: the measured rate starts at it anew.
  void set_bandwidth(LinkSlot slot, BitsPerSecond bandwidth, Millis now);
  /// Weight of packets from @p upstream on every link: 256 is 1, and the least. spec: L1/10.2
  void set_weight(LinkSlot upstream, std::uint16_t weight);
  [[nodiscard]] bool is_up(LinkSlot slot) const { return slot < links_.size() && links_[slot].up; }

  // ---- User packets
  // ------------------------------------------------------------------------------
  /// A packet wants to leave by @p slot.
  [[nodiscard]] Verdict offer(LinkSlot slot, const PacketOffer& packet, Millis now);
  /// The medium took a packet that was to pass.
  void passed(LinkSlot slot, const PacketOffer& packet, Millis now);

  // ---- Gossip and control
  // ------------------------------------------------------------------------
  /// Queues a small gossip message; a newer one of the same key replaces it.
  GossipQueued gossip(LinkSlot slot, Tier tier, const GossipKey& key, ByteView message, Millis now);
  /// How many small gossip messages of @p size may be queued so that half of the room stays.
  [[nodiscard]] std::size_t gossip_room(LinkSlot slot, std::size_t size) const;
  /// Gossip of @p tier waits in the facade: it would send at least @p least bytes; 0: none waits.
  void want_pull(LinkSlot slot, Tier tier, std::uint16_t least, Millis now);
  /// Longest gossip message that may leave now outside of `next`; 0: none. Then `sent_gossip`.
  [[nodiscard]] std::uint32_t gossip_allowance(LinkSlot slot, Tier tier, Millis now);
  /// Gossip of @p size message bytes left without `next`.
  void sent_gossip(LinkSlot slot, Tier tier, std::size_t size, Millis now);
  /// Queues control that is outside all budgets; false when 16 wait or no block is free.
  bool urgent(LinkSlot slot, ByteView message, Millis now);

  // ---- Sending
  // -----------------------------------------------------------------------------------
  /// What some link should send now, its bytes in @p buffer (4,096 at least); links take turns.
  /// Nothing changes until the answer is given: one of the five calls below, before the next call.
  [[nodiscard]] std::optional<EgressItem> next(Millis now, MutableBytes buffer);
  /// The medium took it. A pull says how many message bytes it made.
  void sent(const EgressItem& item, std::size_t size, Millis now);
  /// The medium is full: it stays, and so does the link, until `writable`.
  void blocked(LinkSlot slot, Millis now);
  /// A scan found the channel busy: backs off, and gives a packet up after seven.
  void busy(const EgressItem& item, Millis now);
  /// It can never be sent (too big, link closing): dropped.
  void refused(const EgressItem& item, Millis now);
  /// A pull that made nothing: none of that tier waits.
  void nothing(const EgressItem& item, Millis now) { want_pull(item.link, item.tier, 0, now); }
  /// The medium has room again.
  void writable(LinkSlot slot, Millis now);

  // ---- What comes from neighbours
  // ----------------------------------------------------------------
  /// this_link limits the link it came by, all_outbound every link to that neighbour.
  void received_signal(LinkSlot from, const CongestionSignal& signal, Millis now);
  void gossip_received(LinkSlot from, Millis now);
  void round_ended(LinkSlot with, bool success, Millis now);

  // ---- Time and questions
  // ------------------------------------------------------------------------
  void on_time(Millis now);
  /// When `on_time` has something to do; the past or now while `next` has something.
  [[nodiscard]] Millis next_deadline() const;
  [[nodiscard]] std::optional<EgressEvent> poll_event();
  /// A severe signal: another link is better for @p priority, when there is one. spec: L1/6 step 4
  [[nodiscard]] bool is_avoided(LinkSlot slot, Priority priority) const {
    return priority >= Priority::p2 && links_[slot].avoided;
  }
  [[nodiscard]] QueueFill fill(LinkSlot slot) const;
  [[nodiscard]] LinkFigures figures(LinkSlot slot) const;
  /// Bytes taken at construction.
  [[nodiscard]] static std::size_t memory(const EgressConfig& config);

 private:
  struct Link {
    Link(MessagePool& pool, std::size_t flows) : queue(pool, flows), gossip(pool) {}
    // What the passing of a packet looks at comes first.
    bool up = false;
    bool blocked = false;
    bool scans = false;
    bool pads = false;   // user packets fill the MTU
    bool waits = false;  // anything is queued: nothing passes
    bool avoided = false;
    bool refused_own = false;
    std::uint8_t level = 0;  // of its queue: 0 none, else severity + 1
    std::uint8_t events = 0;
    std::uint32_t full_frame = 0;
    TokenBucket user;
    TokenBucket half;  // P1 while the neighbour is saturated
    NinthCredit gossip_credit;
    LinkRate rate;
    LinkQueue queue;
    GossipQueue gossip;
    GossipBudget budget;
    FlowList urgent;
    std::size_t urgent_count = 0;
    std::array<std::uint16_t, kTiers> pull_least{};  // message bytes, 0: none waits
    ReceivedSignal received;
    SentSignal signal;
    Csma csma;
    LinkShape shape;
    LinkFigures figures;
  };
  struct Choice {
    // Who keeps user packets waiting, for the measured rate.
    enum class HeldBy : std::uint8_t { nobody, bucket, medium };
    std::optional<EgressItem> item;
    Millis at = Millis::never();  // without an item: when to look again
    HeldBy held_by = HeldBy::nobody;
  };

  [[nodiscard]] Choice choose(LinkSlot slot, Millis now);
  [[nodiscard]] Choice choose_user(LinkSlot slot, Millis now);
  [[nodiscard]] Choice choose_gossip(LinkSlot slot, Millis now);
  [[nodiscard]] static std::uint32_t packet_frame(const Link& l, const PacketOffer& packet);
  void copy_out(EgressItem& item, MutableBytes buffer) const;
  /// Looks at a link after an event: what is over, whether it has something to send, its deadline.
  void refresh(LinkSlot slot, Millis now);
  void note_level(LinkSlot slot);
  void note_signal(LinkSlot slot, Millis now);
  void retune(LinkSlot slot, Millis now);
  void receive(LinkSlot slot, const CongestionSignal& signal, Millis now);
  void tell_upstream(LinkSlot upstream, LinkSlot egress, Severity severity, Millis now);
  void count_gossip(LinkSlot slot, Tier tier, std::uint32_t frame, Millis now);
  void add_event(LinkSlot slot, std::uint8_t what);
  void drop_urgent(Link& l, Ticket ticket);

  /// Link slots in order of arrival, each at most once.
  class SlotRing {
   public:
    explicit SlotRing(std::size_t slots) : ring_(slots), inside_(slots, false) {}
    void push(LinkSlot slot);
    [[nodiscard]] LinkSlot pop();
    [[nodiscard]] bool empty() const { return count_ == 0; }

   private:
    std::vector<LinkSlot> ring_;
    std::vector<bool> inside_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
  };

  MessagePool pool_;
  std::vector<Link> links_;
  std::vector<std::uint16_t> weights_;  // by upstream slot; the last is this node's own
  DeadlineHeap due_;
  SlotRing ready_;   // may have something to send
  SlotRing events_;  // have something to report
  std::size_t up_count_ = 0;
  std::array<std::size_t, kSeverities> at_least_{};  // links with such a queue
  std::uint64_t seed_;
};

}  // namespace mehr::l1
