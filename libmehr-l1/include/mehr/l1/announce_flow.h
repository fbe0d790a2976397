// How announces spread: what is taken, what is passed on, to whom and when. spec: L1/4
//
// Place: the machine over the routing table; Network feeds it and sends what it has ready.
// Events: receive (a packet of type 1), link_up, link_down, writable, set_own, on_time. What is to
// be sent is pulled with `poll`, one packet at a time, and confirmed with `sent` or put back with
// `blocked`: a link whose queue is full keeps what it still needs and goes on when it is writable.
// What waits is a bit per (link, destination), so it costs the same whether one announce waits or
// all do, newer ones replace older ones, and the packet is made only when it leaves.
// States of a destination for its newest `emitted`: unsent; held (10 s since the last one have not
// passed); sent once or twice per link; on half-duplex links waiting 0-500 ms for others to speak.
// Bounds: three bits per (link, destination), made at construction; 2 sends per (destination,
// emitted, link). Chance: drawn from a seed given at construction.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/bounded.h"
#include "mehr/l1/announce.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

inline constexpr Millis kAnnounceHold = Millis::seconds(10);
inline constexpr Millis kRadioJitter{500};
inline constexpr std::uint8_t kSendsPerLink = 2;

/// What became of a received announce.
enum class Intake : std::uint8_t {
  stored,
  malformed,  ///< layout, type, context or destination wrong
  own,        ///< our own, come back
  older,      ///< a newer one is known
  repeated,   ///< the same one again from the same link
  replayed,   ///< not newer than what was evicted within 24 h
  bad_signature,
  no_room,  ///< nothing may be evicted for it
};

struct Received {
  Intake intake = Intake::malformed;
  Accepted accepted;  ///< when stored or no_room
};

/// One announce packet ready to leave. Borrowed from the buffer given to `poll`.
struct Transmit {
  LinkSlot link = kNoLink;
  Slot route = kNoSlot;  ///< kNoSlot: our own
  Metric metric;         ///< as sent
  ByteView packet;
};

class AnnounceFlow {
 public:
  /// Stands on @p table, which must live longer and whose routes change through here only.
  AnnounceFlow(RoutingTable& table, const NodeId& self, std::uint64_t seed);

  /// Rules of L1/4.2 in their order, then the forward decision. @p packet has been decoded.
  Received receive(LinkSlot from, const l0::Packet& packet, Millis now);
  /// A link became active: everything known is due there, our own announce when @p with_own.
  void link_up(LinkSlot link, bool with_own);
  void link_down(LinkSlot link);
  void writable(LinkSlot link);
  /// Our current announce, due on every active link.
  void set_own(const AnnounceBytes& announce, std::uint8_t first_hops);
  [[nodiscard]] const AnnounceBytes& own() const { return own_; }

  /// The next packet to send, written into @p buffer (440 bytes), or nothing.
  std::optional<Transmit> poll(MutableBytes buffer);
  /// @p t left: it counts, and lowers the feasible distance.
  void sent(const Transmit& t);
  /// The queue of the link was full: @p t waits until `writable`.
  void blocked(const Transmit& t);
  /// True when `poll` may have more.
  [[nodiscard]] bool has_ready() const { return ready_count_ != 0; }

  [[nodiscard]] Millis next_deadline() const { return deadlines_.next(); }
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
    Metric best_sent;      ///< as received, of the candidate last sent
    bool decided = false;  ///< a send was decided for this `emitted`
    bool ever_sent = false;
    Millis last_sent;
    Millis hold_until = Millis::never();  ///< spec: L1/4.3 rule 5
    Bounded<Heard, 2> heard;              ///< neighbours that said it no worse than we would
    Millis radio_due = Millis::never();   ///< rule 6
  };
  struct Queue {  // of one link slot
    std::size_t waiting = 0;
    std::size_t cursor = 0;
    bool own = false;
    bool blocked = false;
    bool ready = false;
  };

  Spread& spread(Slot route);
  void decide(Slot route, Millis now);
  void spread_now(Slot route, Millis now);
  void spread_on_radio(Slot route);
  [[nodiscard]] bool others_spoke(Slot route, LinkSlot link);
  void hear(Slot route, LinkSlot from, const Metric& metric);
  void schedule(Slot route);
  [[nodiscard]] std::optional<Transmit> make(LinkSlot link, Slot route, MutableBytes buffer);
  [[nodiscard]] std::optional<Transmit> make_own(LinkSlot link, MutableBytes buffer) const;
  [[nodiscard]] Slot next_waiting(LinkSlot link);
  void wait(LinkSlot link, Slot route);
  void unwait(LinkSlot link, Slot route);
  void make_ready(LinkSlot link);

  RoutingTable& table_;
  NodeId self_;
  std::uint64_t chance_;
  AnnounceBytes own_;
  std::uint8_t own_hops_ = 0;
  std::vector<Spread> spread_;
  std::size_t words_per_link_;
  std::vector<std::uint64_t> waiting_;  // a bit per route, by link
  std::vector<std::uint8_t> sends_;     // two bits per link, by route
  std::size_t sends_per_route_;
  std::vector<Queue> queues_;
  std::vector<LinkSlot> ready_;  // a ring
  std::size_t ready_first_ = 0;
  std::size_t ready_count_ = 0;
  DeadlineHeap deadlines_;
};

}  // namespace mehr::l1
