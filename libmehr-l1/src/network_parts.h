// What the files of the facade share.
#pragma once

#include "mehr/l0/packet.h"
#include "mehr/l1/route.h"

namespace mehr::l1 {

inline constexpr std::size_t kLoopbackMax = 16;
/// The shortest message of a gossip round: a Beat.
inline constexpr std::size_t kLeastGossip = 22;

/// Most DATA bytes for packets of up to @p mtu: the class limit, or what is left below the classes.
inline std::size_t data_limit(Mtu mtu) {
  if (mtu >= l0::kConstrainedMtu) return l0::max_data(l0::class_of(mtu));
  return mtu.bytes > l0::kHeaderSize ? mtu.bytes - l0::kHeaderSize : 0;
}

/// A way that is not good enough to stop looking for another. A step on the ring is: it arrives in
/// a network that is made for it, and else whoever stands at its end asks. spec: L1/6
inline bool needs_question(NextHop::Way way) {
  return way == NextHop::Way::unsafe || way == NextHop::Way::stale;
}

}  // namespace mehr::l1
