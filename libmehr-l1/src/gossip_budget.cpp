#include "mehr/l1/gossip_budget.h"

#include <algorithm>

#include "mehr/core/hazard.h"

namespace mehr::l1 {

namespace {
// Shares in thousandths of the link rate. spec: L1/9.1, README/4.9
constexpr std::array<std::uint64_t, kTiers> kShares{30, 30, 20, 20};
constexpr std::uint64_t kGuaranteedShare = 20;
constexpr std::uint64_t kCeilingShare = 100;
constexpr std::int64_t kGuaranteedLeast = 10 * TokenBucket::kUnitsPerByte / 1000;  // 10 B/s
}  // namespace

void MinuteWindow::turn(Millis now) {
  const std::uint64_t step = now.count / kStepMs;
  if (step <= step_) return;
  if (step - step_ >= kSteps) {
    sent_ = {};
    sum_ = 0;
  } else {
    for (std::uint64_t s = step_ + 1; s <= step; ++s) {
      sum_ -= sent_[s % kSteps];
      sent_[s % kSteps] = 0;
    }
  }
  step_ = step;
}

void MinuteWindow::add(std::uint32_t bytes, Millis now) {
  turn(now);
  sent_[step_ % kSteps] += bytes;
  sum_ += bytes;
}

std::uint64_t MinuteWindow::sum(Millis now) {
  turn(now);
  return sum_;
}

Millis MinuteWindow::next_step(Millis now) const {
  return Millis{(now.count / kStepMs + 1) * kStepMs};
}

void GossipBudget::start(BitsPerSecond rate, std::uint32_t full_frame, Millis now) {
  *this = GossipBudget{};
  bps_ = bounded_rate(rate);
  full_frame_ = full_frame;
  sent_at_ = now;
  received_at_ = now;
  retune(now);
  for (TokenBucket& tier : tiers_) tier.fill(now);
  guarantee_.fill(now);
}

void GossipBudget::set_rate(BitsPerSecond rate, Millis now) {
  bps_ = bounded_rate(rate);
  retune(now);
}

void GossipBudget::retune(Millis now) {
  const std::uint64_t times = mode_ == GossipMode::recovery ? 2 : 1;
  for (std::size_t t = 0; t < kTiers; ++t) {
    tiers_[t].set(TokenBucket::share(bps_, times * kShares[t]), kBudgetWindow, 2 * full_frame_,
                  now);
  }
  const std::int64_t g =
      std::min(std::max(TokenBucket::share(bps_, kGuaranteedShare), kGuaranteedLeast),
               TokenBucket::share(bps_, kCeilingShare));
  guarantee_.set(g, Millis::seconds(1), full_frame_, now);
}

std::uint64_t GossipBudget::window_limit() const {
  const std::uint64_t share = mode_ == GossipMode::recovery ? 2 * kCeilingShare : kCeilingShare;
  return std::max<std::uint64_t>(1, bps_ * share * (kBudgetWindow.count / 1000) / 8000);
}

// In recovery a tier may use what others leave. spec: L1/9.1 rule 1
std::uint64_t GossipBudget::lendable(Tier tier, Millis now) {
  std::uint64_t sum = 0;
  for (std::size_t t = 0; t < kTiers; ++t) {
    if (t != tier - 1U) sum += tiers_[t].bytes(now);
  }
  return sum;
}

std::uint32_t GossipBudget::allowance(Tier tier, Millis now) {
  if (planted("l1.gossip_budget")) return full_frame_;
  if (window_.sum(now) >= window_limit()) return 0;
  std::uint64_t bytes = tiers_[tier - 1U].bytes(now);
  if (mode_ == GossipMode::recovery) bytes += lendable(tier, now);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, full_frame_));
}

Millis GossipBudget::ready_at(Tier tier, std::uint32_t bytes, Millis now) {
  if (allowance(tier, now) >= bytes) return now;
  Millis at = tiers_[tier - 1U].ready_at(bytes, now);
  if (mode_ == GossipMode::recovery) at = std::min(at, now + Millis::seconds(1));
  return window_.sum(now) >= window_limit() ? std::max(at, window_.next_step(now)) : at;
}

void GossipBudget::take(Tier tier, std::uint32_t bytes, Millis now) {
  sent_at_ = now;
  window_.add(bytes, now);
  const auto whole = [now](TokenBucket& bucket, std::uint32_t most) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(bucket.bytes(now), most));
  };
  guarantee_.take(whole(guarantee_, bytes), now);
  TokenBucket& own = tiers_[tier - 1U];
  std::uint32_t left = bytes;
  if (mode_ == GossipMode::recovery) {
    const std::uint32_t from_own = whole(own, left);
    own.take(from_own, now);
    left -= from_own;
    for (std::size_t t = kTiers; t-- > 0 && left > 0;) {
      const std::uint32_t lent = whole(tiers_[t], left);
      tiers_[t].take(lent, now);
      left -= lent;
    }
  }
  own.take(left, now);
}

void GossipBudget::set_waiting(bool waiting, Millis now) {
  if (!waiting) {
    waiting_since_ = Millis::never();
  } else if (waiting_since_ == Millis::never()) {
    waiting_since_ = now;
  }
}

Millis GossipBudget::starves_at() const {
  if (waiting_since_ == Millis::never()) return Millis::never();
  return std::max(waiting_since_, sent_at_) + kStarvationSlot;
}

bool GossipBudget::round_succeeded(Millis now) {
  received(now);
  if (mode_ == GossipMode::normal || ++good_rounds_ < kRecoveryRounds) return false;
  mode_ = GossipMode::normal;
  retune(now);
  return true;
}

bool GossipBudget::on_time(Millis now) {
  if (next_deadline() > now) return false;
  mode_ = GossipMode::recovery;
  good_rounds_ = 0;
  retune(now);
  return true;
}

Millis GossipBudget::next_deadline() const {
  return mode_ == GossipMode::recovery ? Millis::never() : received_at_ + kRecoveryEntry;
}

}  // namespace mehr::l1
