// Fixed blocks of memory in which the messages of all links wait. spec: L1/10.3, README/2.7
//
// Place: below link_queue.h and gossip_queue.h, one per node inside egress.h.
// Shapes: a message takes one block or a chain of them and is named by its first; a record beside
// each first block holds what queues need to know, with places for two lists that the message may
// be in at once. Lists are intrusive, so joining and leaving one costs nothing and allocates
// nothing.
// Bounds: everything is made at construction. Full: `put` says so and the caller decides what goes.
// An eighth is kept for control messages: packets never take it.
// Sharing among links: a link may hold as many blocks as are free (LinkQueue asks), so that one
// slow link gets half of an empty pool, two a third each, and there is always room for one more.
// Threads: the node's.
#pragma once

#include <cstdint>
#include <vector>

#include "mehr/core/bytes.h"
#include "mehr/core/units.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

/// A message in the pool: its first block.
using Ticket = std::uint32_t;
inline constexpr Ticket kNoTicket = 0xFFFFFFFF;

/// What is known of a waiting message.
struct MessageRecord {
  Millis since;              ///< when it was queued
  std::uint32_t frame = 0;   ///< bytes it takes on the link, padding and overhead included
  Ticket older = kNoTicket;  ///< neighbours in the list of its level
  Ticket newer = kNoTicket;
  Ticket ahead = kNoTicket;  ///< neighbours in the list of its flow
  Ticket behind = kNoTicket;
  std::uint32_t next_block = kNoTicket;
  std::uint16_t size = 0;       ///< message bytes
  LinkSlot upstream = kNoLink;  ///< where it came from; kNoLink: this node
  std::uint8_t flow = 0;        ///< of link_queue.h
  std::uint8_t level = 0;       ///< priority, or tier - 1
  bool pad = false;             ///< PAD_TO_MTU
};

class MessagePool {
 public:
  /// As many blocks of @p block_bytes as fit @p bytes, at least 16.
  MessagePool(std::size_t bytes, std::size_t block_bytes);

  /// Copies @p head and @p body one after the other; kNoTicket without enough blocks. A packet may
  /// not take the part that is kept for control messages.
  [[nodiscard]] Ticket put(ByteView head, ByteView body, bool is_packet);
  /// The message is over; its blocks are free.
  void drop(Ticket ticket);
  /// Copies the message without its first @p skip bytes to @p out, which must have room for it.
  MutableBytes copy(Ticket ticket, std::size_t skip, MutableBytes out) const;
  /// True when the message begins with @p head, which must fit one block.
  [[nodiscard]] bool starts_with(Ticket ticket, ByteView head) const;

  [[nodiscard]] MessageRecord& record(Ticket ticket) { return records_[ticket]; }
  [[nodiscard]] const MessageRecord& record(Ticket ticket) const { return records_[ticket]; }
  /// Blocks that a message of @p size bytes takes.
  [[nodiscard]] std::uint32_t blocks_for(std::size_t size) const {
    return static_cast<std::uint32_t>(size == 0 ? 1 : (size + block_bytes_ - 1) / block_bytes_);
  }
  [[nodiscard]] std::uint32_t blocks() const { return static_cast<std::uint32_t>(records_.size()); }
  [[nodiscard]] std::uint32_t free_blocks() const { return free_count_; }
  /// Blocks that packets may still take.
  [[nodiscard]] std::uint32_t free_for_packets() const {
    return free_count_ > kept_ ? free_count_ - kept_ : 0;
  }
  [[nodiscard]] std::size_t block_bytes() const { return block_bytes_; }

 private:
  [[nodiscard]] MutableBytes block(Ticket b) {
    return MutableBytes(bytes_).subspan(b * block_bytes_, block_bytes_);
  }
  [[nodiscard]] ByteView block(Ticket b) const {
    return ByteView(bytes_).subspan(b * block_bytes_, block_bytes_);
  }

  std::size_t block_bytes_;
  std::vector<std::uint8_t> bytes_;
  std::vector<MessageRecord> records_;  // one a block; those of later blocks only chain
  Ticket free_ = kNoTicket;             // a stack through next_block
  std::uint32_t free_count_ = 0;
  std::uint32_t kept_ = 0;
};

/// A list of messages through two links of their records, oldest first.
template <Ticket MessageRecord::*Before, Ticket MessageRecord::*After>
class TicketList {
 public:
  [[nodiscard]] bool empty() const { return front_ == kNoTicket; }
  [[nodiscard]] Ticket front() const { return front_; }
  [[nodiscard]] Ticket back() const { return back_; }
  void push_back(MessagePool& pool, Ticket t) {
    pool.record(t).*Before = back_;
    pool.record(t).*After = kNoTicket;
    (back_ == kNoTicket ? front_ : pool.record(back_).*After) = t;
    back_ = t;
  }
  /// @p t must be in this list.
  void remove(MessagePool& pool, Ticket t) {
    const Ticket before = pool.record(t).*Before;
    const Ticket after = pool.record(t).*After;
    (before == kNoTicket ? front_ : pool.record(before).*After) = after;
    (after == kNoTicket ? back_ : pool.record(after).*Before) = before;
  }
  /// Puts @p fresh where @p old stands.
  void replace(MessagePool& pool, Ticket old, Ticket fresh) {
    const Ticket before = pool.record(old).*Before;
    const Ticket after = pool.record(old).*After;
    pool.record(fresh).*Before = before;
    pool.record(fresh).*After = after;
    (before == kNoTicket ? front_ : pool.record(before).*After) = fresh;
    (after == kNoTicket ? back_ : pool.record(after).*Before) = fresh;
  }

 private:
  Ticket front_ = kNoTicket;
  Ticket back_ = kNoTicket;
};
/// All messages of a level, by age.
using LevelList = TicketList<&MessageRecord::older, &MessageRecord::newer>;
/// The messages of one flow within a level.
using FlowList = TicketList<&MessageRecord::ahead, &MessageRecord::behind>;

}  // namespace mehr::l1
