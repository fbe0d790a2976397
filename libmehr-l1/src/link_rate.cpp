#include "mehr/l1/link_rate.h"

#include <algorithm>
#include <array>

#include "mehr/l1/token_bucket.h"

namespace mehr::l1 {

namespace {
// Shorter spans say more about the grain of the clock than about the medium.
constexpr Millis kLeastSpan{100};

// 2^(-1/2), 2^(-1/4), ... in 1/2^32, rounded.
constexpr std::array<std::uint32_t, 16> kRoots{
    3037000500, 3611622603, 3938502376, 4112874773, 4202935003, 4248701965, 4271771996, 4283353945,
    4289156690, 4292061010, 4293513907, 4294240540, 4294603903, 4294785595, 4294876445, 4294921870};

// value * weight / 2^32, weight at most 2^32.
constexpr std::uint64_t weighed(std::uint64_t value, std::uint64_t weight) {
  return (value >> 32) * weight + ((value & 0xFFFFFFFF) * weight >> 32);
}
}  // namespace

std::uint64_t half_life_weight(Millis span) {
  const std::uint64_t halvings = span.count / kRateHalfLife.count;
  if (halvings >= 32) return 0;
  const std::uint64_t part = span.count % kRateHalfLife.count * 65'536 / kRateHalfLife.count;
  std::uint64_t weight = std::uint64_t{1} << 32 >> halvings;
  for (std::size_t i = 0; i < kRoots.size(); ++i) {
    if ((part >> (15 - i) & 1) != 0) weight = weighed(weight, kRoots[i]);
  }
  return weight;
}

void LinkRate::reset(BitsPerSecond nominal, Millis now) {
  nominal_ = bounded_rate(nominal);
  rate_ = nominal_ << kFraction;
  held_by_ = HeldBy::nobody;
  since_ = now;
  bytes_ = 0;
}

void LinkRate::sample(std::uint64_t bps, Millis span) {
  // A frame taken at once may look like any rate for an instant: the average is what is bounded.
  const std::uint64_t goal = std::min(bps, kRateMax) << kFraction;
  const std::uint64_t weight = half_life_weight(span);
  rate_ =
      rate_ > goal ? goal + weighed(rate_ - goal, weight) : goal - weighed(goal - rate_, weight);
  const std::uint64_t ceiling = (nominal_ + nominal_ / 4) << kFraction;
  const std::uint64_t floor =
      std::max<std::uint64_t>((nominal_ << kFraction) / 20, std::uint64_t{1} << kFraction);
  rate_ = std::clamp(rate_, floor, std::max(floor, ceiling));
}

// The medium was full at the start of the span and had made room for these bytes at its end.
bool LinkRate::take_sample(Millis until) {
  const Millis span = until - since_;
  if (bytes_ == 0 || span < kLeastSpan) return false;
  sample(bytes_ * 8000 / span.count, span);
  since_ = until;
  bytes_ = 0;
  return true;
}

bool LinkRate::end_span(Millis now) {
  if (held_by_ == HeldBy::medium) return take_sample(sent_at_);
  if (held_by_ == HeldBy::nobody || now <= since_) return false;
  const std::uint64_t before = rate_;
  sample(nominal_, now - since_);
  since_ = now;
  return rate_ != before;
}

bool LinkRate::blocked(Millis now) {
  if (held_by_ == HeldBy::medium) return take_sample(now);
  const bool changed = end_span(now);
  held_by_ = HeldBy::medium;
  since_ = now;
  bytes_ = 0;
  return changed;
}

bool LinkRate::held(Millis now) {
  if (held_by_ == HeldBy::bucket) return now - since_ >= kLeastSpan && end_span(now);
  const bool changed = end_span(now);
  held_by_ = HeldBy::bucket;
  since_ = now;
  return changed;
}

bool LinkRate::idle(Millis now) {
  const bool changed = end_span(now);
  held_by_ = HeldBy::nobody;
  return changed;
}

}  // namespace mehr::l1
