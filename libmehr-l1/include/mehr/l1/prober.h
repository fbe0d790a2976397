// Measuring paths: who may be probed when, and what came of it. spec: L1/7
//
// Place: L1, the asking side of probes. Opt-in: it sends only what somebody asks for.
// Machine, per destination: IDLE, WAIT. Events: `start` (one probe), `search` (MTU, in the
// background), `on_response`, `poll` (time). WAIT ends with the matching answer or after W; then
// the destination rests until 60 s after the last probe. A search takes its probes one a rest, so
// it lasts minutes: that is the rate the spec allows, relays drop more. Answers: `start` gives the
// request to send; `poll` gives events one at a time, probes of searches to send among them, until
// it gives none; `next_deadline` says when to poll again. Results stay until the route is lost
// (`forget`); applications read only them. Bounds: `destinations` of them, made at construction.
// Full: the one asked for longest ago goes that is at rest and not searched; none such: refused.
// Failure: every refusal is an Error in words. Privacy: id and timestamp of each probe are random,
// so neither tells who asks or since when.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/core/slot_index.h"
#include "mehr/l1/deadline_heap.h"
#include "mehr/l1/mtu_search.h"
#include "mehr/l1/path_cost.h"
#include "mehr/l1/probe_messages.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

/// One probe per destination in this time. spec: L1/7
inline constexpr Millis kProbeSpacing = Millis::seconds(60);
/// Nothing is probed below 10 kbps. spec: L1/7
inline constexpr RateCode kProbeLeastRate{106};
/// No answer is awaited longer, whatever latency an announce claims: the life of a reverse path.
inline constexpr Millis kProbeLongestWait = Millis::seconds(480);

/// What the table says of the way a probe would take.
struct ProbePath {
  LinkSlot egress = kNoLink;
  Mtu egress_mtu;             ///< negotiated
  BitsPerSecond egress_rate;  ///< of the link
  CompactPathCost path;       ///< the routing entry, after the link step
};

/// W: how long an answer may take. The spec's max(1 s, worst_latency x max(3, 2(hop_count+1)+1)),
/// and on top what a packet of @p size takes to be sent over every hop at the path's rate, which a
/// latency measured with small frames does not hold; at most kProbeLongestWait.
[[nodiscard]] Millis probe_wait(const CompactPathCost& path, std::uint16_t size);

/// Where probes would go: the facade's view of its table, asked by `Prober::poll`.
class ProbePaths {
 public:
  virtual ~ProbePaths() = default;
  /// The way a packet of @p size to @p destination takes now; none without a route.
  [[nodiscard]] virtual std::optional<ProbePath> probe_path(const NodeId& destination,
                                                            Mtu size) const = 0;
};

/// What is known of a destination by probing.
struct ProbeReport {
  std::uint32_t answered = 0;
  std::uint32_t failed = 0;     ///< unanswered
  Millis at;                    ///< of the last answer, steady
  Millis rtt;                   ///< of the last answer
  BitsPerSecond throughput;     ///< received size over half the round trip, of the last answer
  Mtu responder_mtu;            ///< of the link that the last probe came in by
  BitsPerSecond measured;       ///< what the destination says of that link; 0 unknown
  Mtu largest_passed;           ///< 0: none was answered
  Mtu smallest_failed{0xFFFF};  ///< 0xFFFF: none failed
  bool searching = false;       ///< an MTU search is under way
  bool searched = false;        ///< one was finished: `largest_passed` is the path's MTU
};

/// What `poll` and `on_response` tell.
struct ProbeEvent {
  enum class Kind : std::uint8_t {
    send,             ///< send `request` to `destination` by `egress`, or call `withdraw`
    answered,         ///< see the report
    failed,           ///< no answer to a probe of `size`
    search_finished,  ///< see the report; nothing answered: largest_passed is 0
  };
  Kind kind = Kind::answered;
  NodeId destination;
  Mtu size;
  ProbeRequest request;
  LinkSlot egress = kNoLink;
};

class Prober {
 public:
  /// @p random must outlive the prober; @p destinations is 1 or more.
  Prober(std::size_t destinations, Random& random);

  /// One probe of @p size bytes (32..4,096) by @p path; the answer is to be sent at once.
  /// Errors: bad_value (size), too_big (over the first link), unsupported (under 10 kbps),
  /// denied (60 s are not over), wrong_state (a probe or search is under way), full.
  [[nodiscard]] Result<ProbeEvent> start(const NodeId& destination, const ProbePath& path, Mtu size,
                                         Millis now);
  /// Begins an MTU search; its probes come from `poll`. Errors as `start`, except denied: a search
  /// waits for its turn.
  Status search(const NodeId& destination, const ProbePath& path, Millis now);
  /// A probe could not be sent after all: back to IDLE, no failure; a search tries again later.
  void withdraw(const NodeId& destination, Millis now);
  /// An answer that came by @p from. Nothing: not awaited here (it may be a relay's business).
  [[nodiscard]] std::optional<ProbeEvent> on_response(const NodeId& destination,
                                                      const ProbeResponse& response, LinkSlot from,
                                                      Millis now);
  /// The next thing that is due; none: nothing until `next_deadline`.
  [[nodiscard]] std::optional<ProbeEvent> poll(const ProbePaths& paths, Millis now);
  /// When `poll` has something, or never.
  [[nodiscard]] Millis next_deadline() const { return deadlines_.next(); }
  /// The route was lost or leads elsewhere: results go, a search ends; the rest of 60 s stays.
  void forget(const NodeId& destination, Millis now);

  /// What is known; none when nothing is. Borrowed until the next call.
  [[nodiscard]] const ProbeReport* find(const NodeId& destination) const;
  [[nodiscard]] std::size_t size() const { return index_.size(); }

 private:
  struct Entry {
    NodeId destination;
    ProbeReport report;
    MtuSearch search{Mtu{kProbeMin}};
    Millis sent = Millis::never();  // the last probe; never: none yet
    Millis asked;                   // for it last, to choose who goes
    std::uint64_t timestamp = 0;    // of the probe under way
    std::uint16_t probe_id = 0;
    std::uint16_t probe_size = 0;
    LinkSlot egress = kNoLink;
    bool waiting = false;  // WAIT
    bool used = false;
  };
  [[nodiscard]] Entry* entry_of(const NodeId& destination);
  // The entry of a destination, made if need be; kNoSlot when the table is full.
  [[nodiscard]] Slot take(const NodeId& destination, Millis now);
  [[nodiscard]] Slot victim(Millis now) const;
  ProbeEvent send(Slot slot, const ProbePath& path, std::uint16_t size, Millis now);
  // After a probe ended: a search goes on when the rest is over.
  void rest(Slot slot, Millis now);
  [[nodiscard]] std::optional<ProbeEvent> search_step(Slot slot, const ProbePaths& paths,
                                                      Millis now);
  ProbeEvent finish_search(Slot slot, bool found);

  Random& random_;
  std::vector<Entry> entries_;
  SlotIndex index_;
  DeadlineHeap deadlines_;
};

}  // namespace mehr::l1
