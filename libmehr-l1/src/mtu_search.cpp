#include "mehr/l1/mtu_search.h"

#include <algorithm>
#include <array>
#include <gsl/assert>

#include "mehr/l0/packet.h"

namespace mehr::l1 {

namespace {
// 256 is left out: every link carries 484.
constexpr std::array<std::uint16_t, 4> kLadder{512, 1024, 2048, 4096};
constexpr std::array kClasses{l0::kConstrainedMtu, l0::kStandardMtu};
}  // namespace

MtuSearch::MtuSearch(Mtu ceiling)
    : ceiling_(std::min(ceiling, l0::kBulkMtu).bytes),
      high_(static_cast<std::uint16_t>(ceiling_ + 1)) {
  choose();
}

std::optional<Mtu> MtuSearch::next() const {
  if (next_ == 0) return std::nullopt;
  return Mtu{next_};
}

void MtuSearch::passed() {
  Expects(next_ != 0);
  ++probes_;
  low_ = next_;
  // A class that holds is taken for the path's MTU.
  if (phase_ == Phase::klass) phase_ = Phase::done;
  choose();
}

void MtuSearch::failed() {
  Expects(next_ != 0);
  ++probes_;
  if (++tries_ < kTries) return;
  high_ = next_;
  if (phase_ == Phase::climb || phase_ == Phase::ceiling) {
    phase_ = Phase::klass;
  } else if (phase_ == Phase::klass) {
    phase_ = Phase::halve;
  }
  choose();
}

void MtuSearch::choose() {
  tries_ = 0;
  next_ = 0;
  if (phase_ == Phase::climb) next_ = next_on_ladder();
  if (phase_ == Phase::ceiling) next_ = low_ < ceiling_ ? ceiling_ : 0;
  if (phase_ == Phase::klass) next_ = class_in_gap();
  // Below what every link carries there is nothing to find out.
  if (phase_ == Phase::halve && low_ != 0 && high_ - low_ > kPrecision) {
    next_ = static_cast<std::uint16_t>(low_ + (high_ - low_) / 2);
  }
}

// At the end of the ladder the first link's own limit is tried.
std::uint16_t MtuSearch::next_on_ladder() {
  for (const std::uint16_t step : kLadder) {
    if (step > low_ && step <= ceiling_) return step;
  }
  phase_ = Phase::ceiling;
  return 0;
}

std::uint16_t MtuSearch::class_in_gap() {
  for (const Mtu c : kClasses) {
    if (c.bytes > low_ && c.bytes < high_) return c.bytes;
  }
  phase_ = Phase::halve;
  return 0;
}

}  // namespace mehr::l1
