#include "mehr/l0/rate_limits.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::l0 {

InitLimiter::InitLimiter(std::size_t sources, std::size_t per_second)
    : sources_(sources), per_second_(per_second) {
  Expects(sources > 0);
}

InitLimiter::Source& InitLimiter::entry(const SourceKey& source, Millis now) {
  Source* oldest = &sources_.front();
  for (Source& s : sources_) {
    if (s.used && s.key == source) return s;
    if (!s.used || (oldest->used && s.refilled < oldest->refilled)) oldest = &s;
  }
  *oldest = Source{source, now, per_second_ * 1000, true};
  return *oldest;
}

bool InitLimiter::allow(const SourceKey& source, Millis now) {
  Source& s = entry(source, now);
  const std::uint64_t full = per_second_ * 1000;
  const std::uint64_t elapsed = std::min<std::uint64_t>((now - s.refilled).count, 1000);
  s.milli_tokens = std::min(full, s.milli_tokens + elapsed * per_second_);
  s.refilled = now;
  if (s.milli_tokens < 1000) return false;
  s.milli_tokens -= 1000;
  return true;
}

bool NeighbourLimiter::allow(InterfaceId interface, Millis now) {
  const auto place = std::find_if(interfaces_.begin(), interfaces_.end(), [&](const Recent& r) {
    return !r.used || r.interface == interface;
  });
  if (place == interfaces_.end()) return false;
  place->used = true;
  place->interface = interface;
  Millis& tenth_last = place->times[place->count % kPerSecond];
  if (place->count >= kPerSecond && now < tenth_last + Millis::seconds(1)) return false;
  tenth_last = now;
  ++place->count;
  return true;
}

bool TooBigLimiter::allow(const NodeId& destination, LinkId upstream, Millis now) {
  Sent* free = nullptr;
  for (Sent& s : sent_) {
    const bool recent = s.upstream != LinkId{} && now < s.at + kSpacing;
    if (!recent) {
      free = &s;
    } else if (s.destination == destination && s.upstream == upstream) {
      return false;
    }
  }
  if (free == nullptr) return false;
  *free = Sent{destination, upstream, now};
  return true;
}

}  // namespace mehr::l0
