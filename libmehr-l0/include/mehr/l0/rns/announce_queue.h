// What waits to be announced on one port of a Reticulum relay. spec: L0/8.2, L0/8.4 steps 8 and 9
//
// Place: L0, one per port, owned by rns/relay.h.
// Machine: announces are queued, each not before its time; one leaves when the port may speak
// again. After each the port rests: 600 ms, so that no peer takes them for a burst (it counts the
// second after a silence as two within the time between them), and as long as keeps announces
// within 2 % of its bitrate. Deadline: when the next one may leave.
// Order: those over the fewest hops first, equal ones as they came.
// Bounds: 64. Full: the one over most hops goes; its refresh brings it again.
// Failure: none. Threads: the node's.
#pragma once

#include <optional>
#include <vector>

#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"

namespace mehr::l0::rns {

/// One announce that waits.
struct QueuedAnnounce {
  static constexpr Slot kOwn = kNoSlot;
  Slot path = kOwn;         ///< whose announce, or this node's own
  std::uint64_t heard = 0;  ///< of the path then: another announce since does not go twice
  std::uint8_t hops = 0;
  bool is_response = false;  ///< to a path request
  Millis not_before;
};

class AnnounceQueue {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr Millis kSpacing{600};
  static constexpr std::uint64_t kShare = 50;  ///< one in 50 of the bitrate: 2 %

  AnnounceQueue() { items_.reserve(kMost); }

  /// False: no room, something over more hops is not there either.
  bool push(const QueuedAnnounce& item);
  /// The one that may leave now, taken off.
  [[nodiscard]] std::optional<QueuedAnnounce> pop(Millis now);
  /// An announce of @p bytes left at @p now.
  void sent(std::size_t bytes, BitsPerSecond bitrate, Millis now);
  [[nodiscard]] Millis next_deadline() const;
  void clear();
  [[nodiscard]] std::size_t size() const { return items_.size(); }

 private:
  std::vector<QueuedAnnounce> items_;
  Millis rests_until_;
};

}  // namespace mehr::l0::rns
