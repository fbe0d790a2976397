// What messages between neighbours say of announces. Private to ports/sim.
//
// Place: below the invariants. An announce travels as a packet of its own, or as an item of a
// Delta; what its origin signed is the same in both.
#pragma once

#include <functional>
#include <optional>

#include "mehr/core/ids.h"
#include "mehr/l1/path_cost.h"

namespace mehr::sim {

/// An announce as one neighbour told it to another, borrowed from the message.
struct Said {
  NodeId destination;
  std::uint64_t emitted = 0;
  l1::CompactPathCost cost;
  bool relayed = false;  ///< a packet that says so; items do not
  ByteView data;         ///< what the origin made, but for the cost

  /// The same for all that carry the same signed statement.
  [[nodiscard]] std::uint64_t statement() const;
};

/// Nothing for a packet that is no announce.
[[nodiscard]] std::optional<Said> said_in(ByteView packet);

/// Calls @p each with every announce in a control message, none for most of them.
void each_said_in(ByteView control, const std::function<void(const Said&)>& each);

/// Whom a PathRequest asks for, when @p control is one.
[[nodiscard]] std::optional<NodeId> asked_in(ByteView control);

}  // namespace mehr::sim
