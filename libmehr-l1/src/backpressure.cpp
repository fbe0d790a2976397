#include "mehr/l1/backpressure.h"

#include <algorithm>
#include <utility>

namespace mehr::l1 {

void ReceivedSignal::start(Millis now) {
  *this = ReceivedSignal{};
  accounted_ = now;
  hour_start_ = now;
}

void ReceivedSignal::account(Millis now) {
  if (active_) {
    const Millis end = std::min(now, until_);
    spent_ = spent_ + (end - accounted_);
    if (spent_ * 2 > kHour && !reported_) reported_ = unreliable_ = true;
  }
  accounted_ = now;
  if (now - hour_start_ >= kHour) {
    hour_start_ = now;
    spent_ = Millis{0};
    reported_ = false;
  }
}

void ReceivedSignal::receive(const CongestionSignal& signal, Millis now) {
  account(now);
  active_ = signal.severity();
  until_ = now + std::max(kSignalLeast, Millis{signal.drain_ms});
}

bool ReceivedSignal::on_time(Millis now) {
  account(now);
  if (!active_ || until_ > now) return false;
  active_.reset();
  return true;
}

bool ReceivedSignal::take_unreliable() { return std::exchange(unreliable_, false); }

void SentSignal::want(Severity severity, SignalScope scope, Millis drain, Millis now) {
  const bool spaced = !last_ || now - at_ >= kSignalSpacing;
  if (pending_) {
    // The worst of what waits is what the neighbour must hear.
    if (severity >= pending_->severity()) pending_ = CongestionSignal::of(severity, scope, drain);
  } else if (spaced || severity > *last_) {
    pending_ = CongestionSignal::of(severity, scope, drain);
  }
}

void SentSignal::sent(Millis now) {
  last_ = pending_->severity();
  at_ = now;
  pending_.reset();
}

}  // namespace mehr::l1
