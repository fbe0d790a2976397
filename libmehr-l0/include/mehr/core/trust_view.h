// Who is trusted, as far as this node knows, for those floors that decide by it. spec: TR/2
//
// Place: core seam. The trust list of L3 implements it; L2 asks it when it chooses relays of an
// onion and when it asks for, answers or weighs referrals. It is local and never sent.
// Shapes: distance 0 is this node, 1 a node it trusts, 2 one that a trusted node trusts, 255 all
// others. Walks run in a repeatable order; the visitor must not change the list.
// Bounds: what the implementer holds. Failure: nothing known is an empty answer.
// Threads: the node's. The default trusts nobody: a node without the floors above works with it.
#pragma once

#include <cstdint>
#include <functional>

#include "mehr/core/ids.h"

namespace mehr {

inline constexpr std::uint8_t kStranger = 255;  ///< distance of a node outside. spec: TR/2

class TrustView {
 public:
  virtual ~TrustView() = default;
  /// 0, 1, 2 or `kStranger`.
  [[nodiscard]] virtual std::uint8_t distance(const NodeId&) const { return kStranger; }
  /// Visits the nodes at distance 1.
  virtual void trusted(const std::function<void(const NodeId&)>&) const {}
};

}  // namespace mehr
