#include "mehr/l2/replay_cache.h"

namespace mehr::l2 {

bool ReplayCache::accept(const X25519Key& ephemeral, Millis now) {
  while (seen_.oldest() != nullptr && *seen_.oldest() <= now) seen_.drop_oldest();
  LruTable<Millis>::Key key{};
  copy_bytes(ephemeral.view().first(key.size()), key);
  if (Millis* forget_at = seen_.touch(key)) {
    *forget_at = now + kReplayMemory;
    return false;
  }
  if (seen_.insert(key, now + kReplayMemory)) ++evicted_;
  return true;
}

}  // namespace mehr::l2
