#include "mehr/l1/gossip_queue.h"

namespace mehr::l1 {

Ticket GossipQueue::find(Tier tier, const GossipKey& key) const {
  if (all_zero(key.bytes)) return kNoTicket;
  for (Ticket t = head(tier); t != kNoTicket; t = pool_->record(t).behind) {
    if (pool_->starts_with(t, key.bytes)) return t;
  }
  return kNoTicket;
}

// The oldest of tier 4 goes, then of tier 3, but never one of a lower tier than the newcomer's.
bool GossipQueue::displace(Tier newcomer) {
  for (Tier tier = kTiers; tier > 2 && tier >= newcomer; --tier) {
    const Ticket oldest = head(tier);
    if (oldest == kNoTicket) continue;
    pop(oldest);
    ++drops_.displaced;
    return true;
  }
  return false;
}

Ticket GossipQueue::store(const GossipKey& key, ByteView message, Tier newcomer) {
  for (;;) {
    const Ticket t = pool_->put(key.bytes, message, false);
    if (t != kNoTicket || !displace(newcomer)) return t;
  }
}

GossipQueued GossipQueue::push(Tier tier, const GossipKey& key, ByteView message,
                               std::uint32_t frame, Millis now) {
  Ticket old = find(tier, key);
  if (old == kNoTicket && count_ == kGossipQueue && !displace(tier)) {
    ++drops_.refused;
    return GossipQueued::refused;
  }
  const Ticket t = store(key, message, tier);
  if (t == kNoTicket) {
    ++drops_.refused;
    return GossipQueued::refused;
  }
  MessageRecord& record = pool_->record(t);
  record.since = now;
  record.frame = frame;
  record.level = static_cast<std::uint8_t>(tier - 1);
  old = find(tier, key);  // it may have been displaced to make room
  if (old == kNoTicket) {
    tiers_[tier - 1U].push_back(*pool_, t);
    ++count_;
    return GossipQueued::queued;
  }
  tiers_[tier - 1U].replace(*pool_, old, t);
  pool_->drop(old);
  ++drops_.replaced;
  return GossipQueued::replaced;
}

void GossipQueue::pop(Ticket ticket) {
  tiers_[pool_->record(ticket).level].remove(*pool_, ticket);
  pool_->drop(ticket);
  --count_;
}

void GossipQueue::clear() {
  for (Tier tier = 1; tier <= kTiers; ++tier) {
    while (head(tier) != kNoTicket) pop(head(tier));
  }
}

}  // namespace mehr::l1
