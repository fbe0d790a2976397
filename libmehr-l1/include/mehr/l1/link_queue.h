// User packets that wait for one link: P0 to P3, shared fairly among upstreams. spec: L1/10.3
//
// Place: one per link inside egress.h, over the node's message_pool.h; it knows no rates.
// Machine: `push`, `head` (which packet would leave next; changes nothing), `pop`, `expire`.
// Order: strict, P0 first, except that every byte of P0 to P2 earns P3 a ninth of a byte (one full
// frame at most), and P3 goes when it has earned its head packet. Within a level deficit round
// robin over upstreams by weight. Ages: P0 500 ms, P1 5 s, P2 30 s, P3 none; what is older never
// leaves. Bounds: a capacity in frame bytes, set from outside, and as many blocks of the pool as
// are free. Full: the newest P3 goes, then P2, then P1, never a level above the newcomer's; but a
// tenth of the capacity is P3's, which displaces P2 and P1 up to there and is displaced by none:
// its tenth of the link is worth nothing to packets that never wait (decision 0012). Within
// a level the newest of the upstream that holds most for its weight, so that a flood displaces
// itself. When that is the newcomer's own, the newcomer is refused. P0 goes for nobody. Flows:
// `flows` upstreams are told apart, a place is free again 10 s after its last packet; more share
// places, so that they share a turn. Threads: the node's.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/l1/message_pool.h"
#include "mehr/l1/priority.h"

namespace mehr::l1 {

/// Longest wait by level. spec: L1/10.3
inline constexpr std::array<Millis, kPriorities> kAgeLimit{Millis{500}, Millis::seconds(5),
                                                           Millis::seconds(30), Millis::never()};
/// How long an upstream keeps its place. spec: L1/10.2
inline constexpr Millis kUpstreamActive = Millis::seconds(10);
/// Weight 1 in the unit of weights; none is smaller. spec: L1/10.2
inline constexpr std::uint16_t kWeightOne = 256;
/// Upstreams that one link can tell apart at most.
inline constexpr std::size_t kFlowsMax = 32;

/// Credit that other traffic earns: a ninth of a byte per byte, so a tenth of the whole.
class NinthCredit {
 public:
  /// Others sent @p bytes.
  constexpr void earn(std::uint32_t bytes, std::uint32_t full_frame) {
    const std::uint64_t cap = std::uint64_t{9} * full_frame;
    ninths_ = ninths_ + bytes > cap ? cap : ninths_ + bytes;
  }
  [[nodiscard]] constexpr bool covers(std::uint32_t frame) const {
    return ninths_ >= std::uint64_t{9} * frame;
  }
  /// The owner of the credit sent @p frame bytes, earned or not.
  constexpr void spend(std::uint32_t frame) {
    const std::uint64_t cost = std::uint64_t{9} * frame;
    ninths_ = ninths_ > cost ? ninths_ - cost : 0;
  }

 private:
  std::uint64_t ninths_ = 0;
};

/// A packet on its way into a queue.
struct PacketOffer {
  Priority priority = Priority::p2;
  LinkSlot upstream = kNoLink;
  ByteView bytes;  ///< the packet, borrowed for the call
  bool pad = false;
};

/// Packets that did not leave, by why.
struct QueueDrops {
  std::array<std::uint64_t, kPriorities> age{};   ///< older than their level allows
  std::array<std::uint64_t, kPriorities> full{};  ///< displaced, or refused as newcomers
  std::uint64_t pool = 0;                         ///< of `full`: no block was free for the link
};

class LinkQueue {
 public:
  /// Tells @p flows upstreams apart, at most kFlowsMax. @p pool must outlive it.
  LinkQueue(MessagePool& pool, std::size_t flows);

  /// A link that came up. The queue must be empty.
  void start(std::uint32_t full_frame, std::uint32_t capacity);
  void set_capacity(std::uint32_t bytes) { capacity_ = bytes; }
  /// Queues a copy; false when the newcomer was refused. Others may have been displaced for it.
  /// @p frame is what it takes on the link, @p weight that of its upstream.
  bool push(const PacketOffer& packet, std::uint32_t frame, std::uint16_t weight, Millis now);
  /// Drops what is too old.
  void expire(Millis now);
  /// When `expire` will next drop something; never while nothing of P0 to P2 waits.
  [[nodiscard]] Millis next_expiry() const;

  /// The packet that should leave next of levels up to @p lowest; kNoTicket when none waits there.
  [[nodiscard]] Ticket head(Priority lowest) const;
  /// @p ticket, an answer of `head`, left the link or was given up; its blocks are free.
  void pop(Ticket ticket, bool sent);
  /// A packet left without waiting.
  void passed(Priority priority, std::uint32_t frame);
  /// Drops everything; the number of packets.
  std::size_t clear();

  [[nodiscard]] bool empty() const { return packets_ == 0; }
  [[nodiscard]] std::size_t packets() const { return packets_; }
  [[nodiscard]] std::uint32_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  /// Blocks of the pool it holds.
  [[nodiscard]] std::uint32_t blocks() const { return blocks_; }
  [[nodiscard]] const QueueDrops& drops() const { return drops_; }

  /// Bytes that its tables take beside the object.
  [[nodiscard]] static constexpr std::size_t memory(std::size_t flows) {
    return flows * (sizeof(Flow) + kPriorities * sizeof(Turn));
  }

 private:
  struct Flow {  // one upstream, for all levels
    LinkSlot upstream = kNoLink;
    std::uint16_t weight = kWeightOne;
    std::uint32_t packets = 0;
    bool used = false;
    bool is_shared = false;  // others came in for want of places
    Millis last_queued;
  };
  struct Turn {  // one upstream within a level
    FlowList list;
    std::uint32_t bytes = 0;
    std::uint32_t deficit = 0;
  };
  struct Level {
    LevelList list;
    std::uint32_t active = 0;  // bit per flow with packets
    std::uint32_t bytes = 0;
    std::uint8_t current = 0;  // whose turn it is
  };
  [[nodiscard]] Turn& turn(std::size_t level, std::size_t flow) {
    return turns_[level * flows_.size() + flow];
  }
  [[nodiscard]] const Turn& turn(std::size_t level, std::size_t flow) const {
    return turns_[level * flows_.size() + flow];
  }
  [[nodiscard]] std::size_t flow_for(LinkSlot upstream, std::uint16_t weight, Millis now);
  [[nodiscard]] bool make_room(std::size_t level, std::size_t flow, std::uint32_t frame,
                               std::uint32_t blocks);
  /// What of the capacity, or of what the pool has for this link, is P3's whatever else waits.
  [[nodiscard]] std::uint32_t bulk_keep() const;
  /// Bytes of @p victim's level that a newcomer of @p level may displace.
  [[nodiscard]] std::uint32_t displaceable(std::size_t victim, std::size_t level,
                                           std::uint32_t frame) const;
  [[nodiscard]] std::size_t fullest(std::size_t level, std::size_t newcomer,
                                    std::uint32_t frame) const;
  [[nodiscard]] std::size_t whose_turn(std::size_t level) const;
  void remove(Ticket ticket);

  MessagePool* pool_;
  std::vector<Flow> flows_;
  std::vector<Turn> turns_;  // level by level
  std::array<Level, kPriorities> levels_{};
  NinthCredit p3_;
  std::uint32_t full_frame_ = 0;
  std::uint32_t capacity_ = 0;
  std::uint32_t bytes_ = 0;
  std::uint32_t blocks_ = 0;
  std::uint32_t packets_ = 0;
  QueueDrops drops_;
};

}  // namespace mehr::l1
