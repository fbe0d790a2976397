#include "mehr/l1/link_queue.h"

#include <algorithm>
#include <bit>
#include <gsl/assert>

namespace mehr::l1 {

namespace {
constexpr std::size_t kNoFlow = kFlowsMax;
constexpr std::size_t kBulk = level_of(Priority::p3);
constexpr std::uint32_t bit(std::size_t flow) { return std::uint32_t{1} << flow; }
}  // namespace

LinkQueue::LinkQueue(MessagePool& pool, std::size_t flows) : pool_(&pool) {
  Expects(flows >= 1 && flows <= kFlowsMax);
  flows_.resize(flows);
  turns_.resize(flows * kPriorities);
}

void LinkQueue::start(std::uint32_t full_frame, std::uint32_t capacity) {
  Expects(empty());
  full_frame_ = full_frame;
  capacity_ = capacity;
  p3_ = NinthCredit{};
  drops_ = QueueDrops{};
  for (Flow& flow : flows_) flow = Flow{};
}

// Its own place, a free one, the one unused longest, or one that it must share.
std::size_t LinkQueue::flow_for(LinkSlot upstream, std::uint16_t weight, Millis now) {
  std::size_t chosen = kNoFlow;
  for (std::size_t f = 0; f < flows_.size(); ++f) {
    if (flows_[f].used && flows_[f].upstream == upstream) {
      flows_[f].weight = weight;
      flows_[f].last_queued = now;
      return f;
    }
    if (flows_[f].packets > 0) continue;
    if (chosen == kNoFlow ||
        (flows_[chosen].used &&
         (!flows_[f].used || flows_[f].last_queued < flows_[chosen].last_queued))) {
      chosen = f;
    }
  }
  // While the shared place holds packets of this upstream, later ones must stay behind them.
  Flow& shared = flows_[upstream % flows_.size()];
  if (chosen == kNoFlow || (shared.is_shared && shared.packets > 0)) {
    shared.is_shared = true;
    shared.weight = std::max(shared.weight, weight);
    shared.last_queued = now;
    return upstream % flows_.size();
  }
  flows_[chosen] = {upstream, weight, 0, true, false, now};
  return chosen;
}

bool LinkQueue::push(const PacketOffer& packet, std::uint32_t frame, std::uint16_t weight,
                     Millis now) {
  Expects(frame <= full_frame_);
  const std::size_t level = level_of(packet.priority);
  const std::size_t flow = flow_for(packet.upstream, std::max(weight, kWeightOne), now);
  const std::uint32_t blocks = pool_->blocks_for(packet.bytes.size());
  if (!make_room(level, flow, frame, blocks)) {
    ++drops_.full[level];
    return false;
  }
  const Ticket t = pool_->put({}, packet.bytes, true);
  Ensures(t != kNoTicket);
  MessageRecord& record = pool_->record(t);
  record.since = now;
  record.frame = frame;
  record.upstream = packet.upstream;
  record.flow = static_cast<std::uint8_t>(flow);
  record.level = static_cast<std::uint8_t>(level);
  record.pad = packet.pad;
  Level& l = levels_[level];
  Turn& own = turn(level, flow);
  l.list.push_back(*pool_, t);
  own.list.push_back(*pool_, t);
  l.active |= bit(flow);
  l.bytes += frame;
  own.bytes += frame;
  bytes_ += frame;
  blocks_ += blocks;
  ++flows_[flow].packets;
  ++packets_;
  return true;
}

std::uint32_t LinkQueue::bulk_keep() const {
  const std::size_t in_pool = (blocks_ + pool_->free_for_packets()) / 2 * pool_->block_bytes();
  const std::size_t whole = std::min<std::size_t>(capacity_, in_pool);
  return std::max(static_cast<std::uint32_t>(whole / 10), full_frame_);
}

std::uint32_t LinkQueue::displaceable(std::size_t victim, std::size_t level,
                                      std::uint32_t frame) const {
  const std::uint32_t held = levels_[victim].bytes;
  if (victim == 0) return 0;  // P0 goes for nobody
  const bool in_keep = level == kBulk && levels_[kBulk].bytes + frame <= bulk_keep();
  if (in_keep) return victim == kBulk ? 0 : held;
  if (victim < level) return 0;
  if (victim == kBulk && level != kBulk) return held - std::min(held, bulk_keep());
  return held;
}

bool LinkQueue::make_room(std::size_t level, std::size_t flow, std::uint32_t frame,
                          std::uint32_t blocks) {
  std::uint64_t stays = bytes_;
  for (std::size_t v = 1; v < kPriorities; ++v) {
    if (v != level) stays -= displaceable(v, level, frame);
  }
  // What will be refused in the end must not cost other levels anything before.
  const bool needs_own_level = stays + frame > capacity_;
  if (needs_own_level && (level == 0 || fullest(level, flow, frame) == flow)) return false;
  for (;;) {
    const bool pool_fits = blocks_ + blocks <= pool_->free_for_packets();
    if (pool_fits && bytes_ + frame <= capacity_) return true;
    std::size_t victim = kPriorities - 1;
    while (victim > 0 && displaceable(victim, level, frame) == 0) --victim;
    const std::size_t newcomer = victim == level ? flow : kNoFlow;
    if (victim == 0 || fullest(victim, newcomer, frame) == newcomer) {
      if (!pool_fits) ++drops_.pool;
      return false;
    }
    ++drops_.full[victim];
    remove(turn(victim, fullest(victim, newcomer, frame)).list.back());
  }
}

// The flow that holds most for its weight; the newcomer's, with its packet, when none holds more.
std::size_t LinkQueue::fullest(std::size_t level, std::size_t newcomer, std::uint32_t frame) const {
  const auto load = [&](std::size_t f) {
    const std::uint64_t held = turn(level, f).bytes + (f == newcomer ? frame : 0U);
    return held * kWeightOne / flows_[f].weight;
  };
  std::size_t best = newcomer;
  for (std::uint32_t left = levels_[level].active; left != 0; left &= left - 1) {
    const auto f = static_cast<std::size_t>(std::countr_zero(left));
    if (best == kNoFlow || load(f) > load(best)) best = f;
  }
  return best;
}

void LinkQueue::expire(Millis now) {
  for (std::size_t level = 0; level + 1 < kPriorities; ++level) {
    for (;;) {
      const Ticket oldest = levels_[level].list.front();
      if (oldest == kNoTicket || now - pool_->record(oldest).since <= kAgeLimit[level]) break;
      ++drops_.age[level];
      remove(oldest);
    }
  }
}

Millis LinkQueue::next_expiry() const {
  Millis next = Millis::never();
  for (std::size_t level = 0; level + 1 < kPriorities; ++level) {
    const Ticket oldest = levels_[level].list.front();
    if (oldest == kNoTicket) continue;
    next = std::min(next, pool_->record(oldest).since + kAgeLimit[level] + Millis{1});
  }
  return next;
}

// A quantum covers any packet, so the flow after the current one may always send.
std::size_t LinkQueue::whose_turn(std::size_t level) const {
  const Level& l = levels_[level];
  if ((l.active & bit(l.current)) != 0) {
    const Turn& t = turn(level, l.current);
    if (t.deficit >= pool_->record(t.list.front()).frame) return l.current;
  }
  const std::uint32_t after = l.active & ~(bit(l.current) * 2 - 1);
  return static_cast<std::size_t>(std::countr_zero(after != 0 ? after : l.active));
}

Ticket LinkQueue::head(Priority lowest) const {
  if (lowest == Priority::p3 && !levels_[kBulk].list.empty()) {
    const Ticket bulk = turn(kBulk, whose_turn(kBulk)).list.front();
    if (p3_.covers(pool_->record(bulk).frame)) return bulk;
  }
  for (std::size_t level = 0; level <= level_of(lowest); ++level) {
    if (!levels_[level].list.empty()) return turn(level, whose_turn(level)).list.front();
  }
  return kNoTicket;
}

void LinkQueue::pop(Ticket ticket, bool sent) {
  if (sent) {
    const MessageRecord& record = pool_->record(ticket);
    Level& l = levels_[record.level];
    Turn& t = turn(record.level, record.flow);
    if (l.current != record.flow || t.deficit < record.frame) {
      l.current = record.flow;
      t.deficit += full_frame_ * flows_[record.flow].weight / kWeightOne;
    }
    t.deficit -= std::min(t.deficit, record.frame);
    passed(static_cast<Priority>(record.level), record.frame);
  }
  remove(ticket);
}

void LinkQueue::passed(Priority priority, std::uint32_t frame) {
  if (priority == Priority::p3) {
    p3_.spend(frame);
  } else {
    p3_.earn(frame, full_frame_);
  }
}

void LinkQueue::remove(Ticket ticket) {
  const MessageRecord record = pool_->record(ticket);
  Level& l = levels_[record.level];
  Turn& t = turn(record.level, record.flow);
  l.list.remove(*pool_, ticket);
  t.list.remove(*pool_, ticket);
  l.bytes -= record.frame;
  t.bytes -= record.frame;
  bytes_ -= record.frame;
  blocks_ -= pool_->blocks_for(record.size);
  if (t.list.empty()) {
    l.active &= ~bit(record.flow);
    t.deficit = 0;
  }
  --flows_[record.flow].packets;
  --packets_;
  pool_->drop(ticket);
}

std::size_t LinkQueue::clear() {
  const std::size_t dropped = packets_;
  for (Level& level : levels_) {
    while (!level.list.empty()) remove(level.list.front());
  }
  return dropped;
}

}  // namespace mehr::l1
