#include "mehr/l2/replay_cache.h"

namespace mehr::l2 {

bool ReplayCache::accept(const X25519Key& ephemeral, Millis now) {
  Key key{};
  copy_bytes(ephemeral.view().first(key.size()), key);
  return accept(key, now);
}

bool ReplayCache::accept(const Key& key, Millis now) {
  while (seen_.oldest() != nullptr && *seen_.oldest() <= now) seen_.drop_oldest();
  if (Millis* forget_at = seen_.touch(key)) {
    *forget_at = now + memory_;
    return false;
  }
  if (seen_.insert(key, now + memory_)) ++evicted_;
  return true;
}

bool ReplayCache::knows(const Key& key, Millis now) const {
  const Millis* const forget_at = seen_.find(key);
  return forget_at != nullptr && *forget_at > now;
}

}  // namespace mehr::l2
