#include "mehr/l1/neighbour_clock.h"

#include <algorithm>
#include <limits>

namespace mehr::l1 {

namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

/// @p offset + @p by; an offset cannot leave 64 bits, whatever a neighbour says.
std::int64_t later(std::int64_t offset, Millis by) {
  const std::uint64_t room = static_cast<std::uint64_t>(kMost) - static_cast<std::uint64_t>(offset);
  if (by.count > room) return kMost;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(offset) + by.count);
}
std::int64_t earlier(std::int64_t offset, Millis by) {
  const std::uint64_t room =
      static_cast<std::uint64_t>(offset) - static_cast<std::uint64_t>(kLeast);
  if (by.count > room) return kLeast;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(offset) - by.count);
}

NodeTime plus(NodeTime t, std::uint64_t by) {
  return NodeTime{(Millis{t.millis} + Millis{by}).count};
}
NodeTime minus(NodeTime t, std::uint64_t by) {
  return NodeTime{(Millis{t.millis} - Millis{by}).count};
}
/// |offset|, which of the least number is one more than the greatest.
std::uint64_t magnitude(std::int64_t offset) {
  const auto bits = static_cast<std::uint64_t>(offset);
  return offset < 0 ? 0 - bits : bits;
}

}  // namespace

Millis NeighbourClock::error(Millis now) const {
  if (!known_) return Millis::never();
  return error_ + Millis{(now - measured_at_).count / kDriftDivisor};
}

void NeighbourClock::measured(std::int64_t offset_ms, Millis error, Millis now) {
  std::int64_t low = earlier(offset_ms, error);
  std::int64_t high = later(offset_ms, error);
  if (known_) {
    const Millis before = this->error(now);
    const std::int64_t old_low = earlier(offset_, before);
    const std::int64_t old_high = later(offset_, before);
    if (old_low <= high && low <= old_high) {
      low = std::max(low, old_low);
      high = std::min(high, old_high);
    }
  }
  const std::uint64_t width = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  offset_ = later(low, Millis{width / 2});
  error_ = Millis{width - width / 2};
  measured_at_ = now;
  known_ = true;
}

NodeTime NeighbourClock::to_ours(NodeTime theirs) const {
  const std::uint64_t by = magnitude(offset_);
  return offset_ < 0 ? plus(theirs, by) : minus(theirs, by);
}

NodeTime NeighbourClock::to_theirs(NodeTime ours) const {
  const std::uint64_t by = magnitude(offset_);
  return offset_ < 0 ? minus(ours, by) : plus(ours, by);
}

}  // namespace mehr::l1
