// What neighbours asked of us by CongestionSignal, and what we last asked of them. spec: L1/10.4
//
// Place: one pair per link inside egress.h.
// Received: the last signal holds for max(1 s, its drain time), at most 65.5 s, and then is over
// without a word. It replaces the one before; factors never multiply. It touches nothing but
// traffic towards that neighbour, so one that lies hurts its own links alone. One whose signals are
// active for more than half of an hour is reported once in that hour, as a failure of its
// reliability.
// Sent: at most one signal per second to a neighbour; a worse one goes at once, so that three in a
// second are the most. The one not sent yet is replaced by a newer one.
// Bounds: fixed size. Threads: the node's.
#pragma once

#include <optional>

#include "mehr/core/units.h"
#include "mehr/l1/congestion_signal.h"

namespace mehr::l1 {

inline constexpr Millis kSignalLeast = Millis::seconds(1);
inline constexpr Millis kSignalSpacing = Millis::seconds(1);

class ReceivedSignal {
 public:
  /// A link that came up has no signal.
  void start(Millis now);
  void receive(const CongestionSignal& signal, Millis now);
  /// What is asked of us now.
  [[nodiscard]] std::optional<Severity> active() const { return active_; }
  /// Ends what is over; true when that changed something.
  bool on_time(Millis now);
  /// When the active signal ends.
  [[nodiscard]] Millis next_deadline() const { return active_ ? until_ : Millis::never(); }
  /// True once per hour in which signals were active for more than half of it.
  [[nodiscard]] bool take_unreliable();

 private:
  static constexpr Millis kHour = Millis::seconds(3600);
  void account(Millis now);

  std::optional<Severity> active_;
  bool reported_ = false;
  bool unreliable_ = false;
  Millis until_;
  Millis accounted_;   // active time up to here is in `spent_`
  Millis hour_start_;  // hours follow each other from the link's start
  Millis spent_;       // of the current hour
};

class SentSignal {
 public:
  void start() { *this = SentSignal{}; }
  /// The neighbour feeds a queue that is in this state.
  void want(Severity severity, SignalScope scope, Millis drain, Millis now);
  /// What should go to the neighbour now.
  [[nodiscard]] const std::optional<CongestionSignal>& pending() const { return pending_; }
  void sent(Millis now);

 private:
  std::optional<CongestionSignal> pending_;
  std::optional<Severity> last_;
  Millis at_;  // of the last one
};

}  // namespace mehr::l1
