#include "mehr/l0/init_limiter.h"

#include <algorithm>

namespace mehr::l0 {

InitLimiter::InitLimiter(std::size_t sources, std::size_t per_second)
    : sources_(sources), per_second_(per_second) {}

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

bool TooBigLimiter::allow(const NodeId& destination, LinkId upstream, Millis now) {
  Sent* oldest = &sent_.front();
  for (Sent& s : sent_) {
    const bool used = s.upstream.value != 0;
    if (used && s.destination == destination && s.upstream == upstream) {
      if (now < s.at + kSpacing) return false;
      s.at = now;
      return true;
    }
    if (!used || (oldest->upstream.value != 0 && s.at < oldest->at)) oldest = &s;
  }
  *oldest = Sent{destination, upstream, now};
  return true;
}

}  // namespace mehr::l0
