// How much gossip a link may carry, and what it is guaranteed. spec: L1/9.1
//
// Place: one per link inside egress.h; it knows neither messages nor queues.
// Shapes: tiers 1 to 4 have 3, 3, 2 and 2 % of the link rate, each its own bucket that holds a
// minute's worth and at least two full frames. Whatever the buckets hold, at most 10 % of the link
// rate (and one frame) leaves in any 60 s: a sliding window says so, since a bucket that holds a
// minute could give two minutes' worth within one.
// Machine: events are time, `take`, gossip received, rounds that ended. States: NORMAL and, after
// 600 s without gossip received, RECOVERY, in which shares are doubled and lent among tiers until
// five rounds in a row succeeded. `next_deadline` is the entry into recovery.
// Guarantee: `below_guarantee` while the last second brought less than g, min(max(2 %, 10 B/s),
// 10 %): then gossip goes before user data. `starving` after 180 s without any: the next frame is
// gossip, whatever its bucket says; the tier goes into debt for it.
// Bounds: about 350 bytes, no allocation. Threads: the node's.
#pragma once

#include <array>
#include <cstdint>

#include "mehr/core/units.h"
#include "mehr/l1/token_bucket.h"

namespace mehr::l1 {

/// 1 routing, 2 payment and key safety, 3 capabilities, 4 trust and names. spec: README/4.9
using Tier = std::uint8_t;
inline constexpr std::size_t kTiers = 4;

inline constexpr Millis kBudgetWindow = Millis::seconds(60);
inline constexpr Millis kStarvationSlot = Millis::seconds(180);
inline constexpr Millis kRecoveryEntry = Millis::seconds(600);
inline constexpr unsigned kRecoveryRounds = 5;

enum class GossipMode : std::uint8_t { normal, recovery };

/// Bytes sent in the last 60 s, in steps of four seconds: what was sent counts for 60 to 64 s.
class MinuteWindow {
 public:
  void add(std::uint32_t bytes, Millis now);
  /// Everything that may have been sent within the last 60 s.
  [[nodiscard]] std::uint64_t sum(Millis now);
  /// When the sum may next be smaller.
  [[nodiscard]] Millis next_step(Millis now) const;

 private:
  static constexpr std::uint64_t kStepMs = 4000;
  static constexpr std::size_t kSteps = 60'000 / kStepMs + 1;
  void turn(Millis now);

  std::array<std::uint64_t, kSteps> sent_{};  // by step number modulo kSteps
  std::uint64_t step_ = 0;                    // the newest one
  std::uint64_t sum_ = 0;
};

class GossipBudget {
 public:
  /// A link that came up: buckets full, mode normal. @p full_frame in bytes, overhead included.
  void start(BitsPerSecond rate, std::uint32_t full_frame, Millis now);
  /// Another link rate. Tokens stay, up to what the new buckets hold.
  void set_rate(BitsPerSecond rate, Millis now);

  /// Largest frame that @p tier may send now, full frame at most; 0 while it may send none.
  [[nodiscard]] std::uint32_t allowance(Tier tier, Millis now);
  /// When a frame of @p bytes of @p tier may leave, as far as is known now.
  [[nodiscard]] Millis ready_at(Tier tier, std::uint32_t bytes, Millis now);
  /// A frame of @p tier left. Never refuses: what was not there is owed.
  void take(Tier tier, std::uint32_t bytes, Millis now);

  /// Gossip is under its guaranteed rate and @p bytes would not bring it over.
  [[nodiscard]] bool below_guarantee(std::uint32_t bytes, Millis now) {
    return guarantee_.has(bytes, now);
  }
  /// Whether any gossip waits; egress says so whenever it looks.
  void set_waiting(bool waiting, Millis now);
  /// When waiting gossip must go next; never while none waits.
  [[nodiscard]] Millis starves_at() const;
  [[nodiscard]] bool starving(Millis now) const { return starves_at() <= now; }

  /// Any gossip message came from the neighbour.
  void received(Millis now) { received_at_ = now; }
  /// A round with the neighbour ended; true when the mode changed by it.
  bool round_succeeded(Millis now);
  void round_failed() { good_rounds_ = 0; }
  /// Enters recovery when it is due; true when the mode changed.
  bool on_time(Millis now);
  [[nodiscard]] Millis next_deadline() const;
  [[nodiscard]] GossipMode mode() const { return mode_; }

 private:
  void retune(Millis now);
  [[nodiscard]] std::uint64_t window_limit() const;
  [[nodiscard]] std::uint64_t lendable(Tier tier, Millis now);

  std::array<TokenBucket, kTiers> tiers_{};
  TokenBucket guarantee_;
  MinuteWindow window_;
  std::uint64_t bps_ = 1;
  std::uint32_t full_frame_ = 0;
  Millis sent_at_;
  Millis waiting_since_ = Millis::never();
  Millis received_at_;
  GossipMode mode_ = GossipMode::normal;
  unsigned good_rounds_ = 0;
};

}  // namespace mehr::l1
