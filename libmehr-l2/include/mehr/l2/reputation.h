// How far other nodes can be relied on, by what they did to this one. spec: TR/6
//
// Place: L2; listens to `Outcome`s, answers whoever chooses a provider. It is local: nothing of it
// is gossiped, and only `Referrals` tells of it, to trusted peers that ask. Shapes: per node 50
// bytes: NodeID, three scores of 0 to 10,000, how many dealings and failures, when first and last.
// All arithmetic is in integers, the same on every machine. Machine: none; `on_outcome` moves one
// score. A success adds a hundredth of what is missing, rounded down, a failure takes a tenth,
// rounded up: 9,901 is the ceiling, and 0 is reached. Deadline: what changed is stored within a
// minute. Bounds: `Limits::reputations` nodes, all memory taken at construction. Full: the node
// least recently judged goes, trusted nodes last. Failure: stored bytes that do not decode are
// forgotten. Threads: one at a time.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "mehr/core/clock.h"
#include "mehr/core/codec.h"
#include "mehr/core/outcome.h"
#include "mehr/core/storage.h"
#include "mehr/core/trust_view.h"

namespace mehr::l2 {

inline constexpr std::uint16_t kMostReputation = 10'000;  ///< REP_MAX
inline constexpr std::uint8_t kFirstHandAfter = 5;        ///< successes
inline constexpr Millis kReputationSave = Millis::seconds(60);

/// A number for each service, in their order.
template <class T>
using PerService = std::array<T, kServices>;

/// What is kept of one node; the layout it is stored in.
struct PeerReputation {
  NodeId node;
  std::uint16_t relay = 0;             ///< score, 0 to 10,000
  std::uint16_t storage = 0;           ///< likewise
  std::uint16_t compute = 0;           ///< likewise
  std::uint32_t total = 0;             ///< dealings of all services; saturates
  std::uint32_t failed = 0;            ///< of these; saturates
  std::uint64_t first_seen_epoch = 0;  ///< of the ledger; 0 before the first
  std::uint64_t last_updated = 0;      ///< node clock, ms
  std::uint8_t relay_successes = 0;    ///< saturates at 255
  std::uint8_t storage_successes = 0;  ///< likewise
  std::uint8_t compute_successes = 0;  ///< likewise
  std::uint8_t pad = 0;                ///< 0
  static constexpr auto wire =
      std::tuple{field("node_id", &PeerReputation::node),
                 field("relay_score", &PeerReputation::relay),
                 field("storage_score", &PeerReputation::storage),
                 field("compute_score", &PeerReputation::compute),
                 field("total_interactions", &PeerReputation::total),
                 field("failed_interactions", &PeerReputation::failed),
                 field("first_seen_epoch", &PeerReputation::first_seen_epoch),
                 field("last_updated", &PeerReputation::last_updated),
                 field("relay_successes", &PeerReputation::relay_successes),
                 field("storage_successes", &PeerReputation::storage_successes),
                 field("compute_successes", &PeerReputation::compute_successes),
                 field("pad", &PeerReputation::pad)};
  constexpr bool operator==(const PeerReputation&) const = default;
  /// Errc::bad_value for a score above 10,000 or more failures than dealings.
  [[nodiscard]] Status check() const;
  /// The three scores, in the order of `Service`.
  [[nodiscard]] PerService<std::uint16_t> scores() const { return {relay, storage, compute}; }
  /// The score of one service.
  [[nodiscard]] std::uint16_t score(Service service) const {
    return scores()[static_cast<std::size_t>(service)];
  }
  /// How often it did that service well.
  [[nodiscard]] std::uint8_t successes(Service service) const;
  /// True when what others say no longer counts for @p service. spec: TR/6 rule 5
  [[nodiscard]] bool is_first_hand(Service service) const {
    return failed > 0 || successes(service) >= kFirstHandAfter;
  }
};
static_assert(wire_size<PeerReputation> == 50);

/// The next score after a success or a failure.
[[nodiscard]] constexpr std::uint16_t score_after(std::uint16_t score, bool success) {
  const unsigned s = score;
  return static_cast<std::uint16_t>(success ? s + (kMostReputation - s) / 100 : s - (s + 9) / 10);
}

/// a * b / c in integers, rounded down; c is not 0.
[[nodiscard]] constexpr std::uint64_t mul_div(std::uint64_t a, std::uint64_t b, std::uint64_t c) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(Wide{a} * b / c);
}

class Reputation final : public OutcomeListener {
 public:
  /// @p storage and @p trust may be null, as in `AdvisoryStore`. All outlive this.
  Reputation(std::size_t capacity, Clock& clock, const EpochSource& epochs, Storage* storage,
             const TrustView* trust);

  /// Moves the score of one service, and makes the node the most recently judged one.
  void on_outcome(const Outcome& outcome) override;
  /// What is known of @p node at first hand; null when nothing is. Borrowed until the next outcome.
  [[nodiscard]] const PeerReputation* find(const NodeId& node) const;
  /// Visits every node that is judged, the least recently judged first.
  void each(const std::function<void(const PeerReputation&)>& visit) const;
  /// Nodes that are judged.
  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  /// Nodes that were forgotten for want of room.
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }

  /// Called when something waits to be stored: `next_deadline` has changed.
  void on_dirty(std::function<void()> observer) { dirty_observer_ = std::move(observer); }
  /// Stores what changed, when it is due.
  void on_time(Millis now);
  /// Stores what changed at once: before the program ends.
  void save();
  /// When there is something to store; never while nothing changed.
  [[nodiscard]] Millis next_deadline() const;

 private:
  void make_dirty();
  PeerReputation& entry(const NodeId& node);
  void load();

  std::size_t capacity_;
  Clock& clock_;
  const EpochSource& epochs_;
  Storage* storage_;
  const TrustView* trust_;
  std::vector<PeerReputation> peers_;  // least recently judged first
  bool dirty_ = false;
  std::function<void()> dirty_observer_;
  Millis saved_{0};
  std::uint64_t evicted_ = 0;
};

}  // namespace mehr::l2
