// Small gossip messages that wait for their budget on one link. spec: L1/9.1 rule 3
//
// Place: one per link inside egress.h, over the node's message_pool.h: path updates and requests,
// beats, peer exchange. Large gossip is made when it may leave, and never waits here.
// Shapes: a list per tier, oldest first; a message may have a key, and a newer one of the same key
// and tier takes the place of the queued one.
// Bounds: 50 messages per link. Over it the oldest of tier 4 goes, then of tier 3; tiers 1 and 2
// are never dropped for another. When only those wait, a newcomer of tier 1 or 2 is refused and
// counted: bounded memory wins. Without a free block of the pool the same goes.
// Threads: the node's.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "mehr/core/ids.h"
#include "mehr/l1/gossip_budget.h"
#include "mehr/l1/message_pool.h"

namespace mehr::l1 {

inline constexpr std::size_t kGossipQueue = 50;

/// What a message is about: a newer one replaces the queued one. All zero: about nothing.
using GossipKey = FixedBytes<16, struct GossipKeyTag>;

enum class GossipQueued : std::uint8_t { queued, replaced, refused };

struct GossipDrops {
  std::uint64_t displaced = 0;  ///< of tiers 3 and 4, for newer ones
  std::uint64_t refused = 0;    ///< newcomers
  std::uint64_t replaced = 0;   ///< by a newer one of the same key
};

class GossipQueue {
 public:
  explicit GossipQueue(MessagePool& pool) : pool_(&pool) {}

  /// Queues a copy of @p message. @p frame is what it takes on the link.
  GossipQueued push(Tier tier, const GossipKey& key, ByteView message, std::uint32_t frame,
                    Millis now);
  /// The next of a tier, or kNoTicket.
  [[nodiscard]] Ticket head(Tier tier) const { return tiers_[tier - 1U].front(); }
  /// The message without its key, into @p out.
  MutableBytes copy(Ticket ticket, MutableBytes out) const {
    return pool_->copy(ticket, GossipKey::kSize, out);
  }
  /// It left the link.
  void pop(Ticket ticket);
  void clear();

  /// How many messages of @p size, without a key, can be pushed so that half of the places and of
  /// the memory that is free now stay for others.
  [[nodiscard]] std::size_t room(std::size_t size) const {
    constexpr std::size_t kHalf = kGossipQueue / 2;
    const std::size_t places = count_ < kHalf ? kHalf - count_ : 0;
    const std::size_t blocks = pool_->blocks_for(GossipKey::kSize + size);
    return std::min<std::size_t>(places, pool_->free_blocks() / 2 / blocks);
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] const GossipDrops& drops() const { return drops_; }

 private:
  [[nodiscard]] Ticket find(Tier tier, const GossipKey& key) const;
  [[nodiscard]] bool displace(Tier newcomer);
  [[nodiscard]] Ticket store(const GossipKey& key, ByteView message, Tier newcomer);

  MessagePool* pool_;
  std::array<FlowList, kTiers> tiers_{};
  std::size_t count_ = 0;
  GossipDrops drops_;
};

}  // namespace mehr::l1
