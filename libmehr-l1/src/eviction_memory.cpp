#include "mehr/l1/eviction_memory.h"

namespace mehr::l1 {

EvictionMemory::EvictionMemory(std::size_t capacity, const HashSalt& salt)
    : ring_(capacity), index_(capacity, salt) {
  Expects(capacity > 0);
}

void EvictionMemory::remember(const NodeId& destination, std::uint64_t emitted, Millis now) {
  if (const auto before = index_.find(destination)) {
    ring_[*before].used = false;
    index_.erase(destination);
  }
  Entry& entry = ring_[next_];
  if (entry.used) index_.erase(entry.destination);
  entry = {destination, emitted, now, true};
  index_.put(destination, static_cast<Slot>(next_));
  next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
}

bool EvictionMemory::refuses(const NodeId& destination, std::uint64_t emitted, Millis now) const {
  const auto at = index_.find(destination);
  if (!at) return false;
  const Entry& entry = ring_[*at];
  return emitted <= entry.emitted && now - entry.at < kKept;
}

}  // namespace mehr::l1
