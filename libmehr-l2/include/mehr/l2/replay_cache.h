// Envelopes that were accepted before. spec: L2/4 Replay
//
// Place: L2, asked by `SealedMessenger` once an envelope has opened. Only opened ones are entered,
// so a stranger without the recipient's public key fills nothing.
// Shapes: the first 16 bytes of the ephemeral, and when to forget them.
// Machine: `accept(ephemeral, now)`; an entry is forgotten 24 h after it was last met.
// Bounds: `Limits::envelope_replays` entries, all memory taken at construction.
// Full: the entry least recently met goes, and is counted; its envelope could then pass again, so
// whatever must never happen twice carries its own sequence inside.
// Threads: one at a time.
#pragma once

#include "mehr/core/ids.h"
#include "mehr/core/units.h"
#include "mehr/l2/lru_table.h"

namespace mehr::l2 {

/// How long an accepted envelope is remembered. spec: L2/7
inline constexpr Millis kReplayMemory = Millis::seconds(24 * 3600);

class ReplayCache {
 public:
  using Key = LruTable<Millis>::Key;

  /// Remembers for @p memory; 24 h is what envelopes ask for.
  ReplayCache(std::size_t capacity, Random& random, Millis memory = kReplayMemory)
      : seen_(capacity, random), memory_(memory) {}

  /// True for an ephemeral not met within the memory, which is then remembered; false for a repeat.
  [[nodiscard]] bool accept(const X25519Key& ephemeral, Millis now);
  [[nodiscard]] bool accept(const Key& key, Millis now);
  /// True when `accept` would call it a repeat; nothing changes.
  [[nodiscard]] bool knows(const Key& key, Millis now) const;
  [[nodiscard]] std::size_t size() const { return seen_.size(); }
  /// Entries that went before their time was over.
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

 private:
  LruTable<Millis> seen_;  // value: when to forget; order of use is order of time
  Millis memory_;
  std::uint64_t evicted_ = 0;
};

}  // namespace mehr::l2
