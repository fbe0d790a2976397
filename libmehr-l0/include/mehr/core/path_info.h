// What is known of paths and neighbours, for those who decide by it. spec: README/7, L1/5
//
// Place: core seam. L1 measures and implements it; L2 to L5 read it, each facade passes it up
// unchanged. Placement, pricing, transfer windows, presence and version votes look here; sending
// does not need it, since L1 chooses the way by the `PathPolicy` of `SendOptions`.
// Shapes: facts are copies taken at the time of the call and may be outdated a moment later. TLV
// bytes are borrowed until the next entry point of the implementing facade runs: copy what must
// stay. Walks run in no particular but repeatable order; the visitor must not change the network.
// Bounds: at most `Limits::routes` destinations and `Limits::links` neighbours; no call allocates.
// Failure: nothing known is an empty answer, never an error.
// Threads: the node's.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/path_policy.h"
#include "mehr/core/units.h"

namespace mehr {

/// The way a message to a destination would take now. spec: L1/5
struct PathFacts {
  static constexpr std::uint64_t kUnknownCost = std::numeric_limits<std::uint64_t>::max();

  NodeId next_hop;                    ///< the neighbour it would be given to
  std::uint64_t cost = kUnknownCost;  ///< uMHR per byte over the whole path
  Millis latency;                     ///< largest one-way latency of any hop
  BitsPerSecond bandwidth;            ///< of the narrowest hop
  Mtu mtu;                            ///< longest packet the path takes
  std::uint8_t hops = 0;              ///< relays in between; 0 is a neighbour
  std::uint8_t reliability = 0;       ///< 0 unknown, 1 worst, 255 perfect
  bool fresh = false;                 ///< heard of within the lifetime of an announce
  Millis age;                         ///< since it was last heard of
  constexpr bool operator==(const PathFacts&) const = default;
};

/// A neighbour at the other end of an active link.
struct NeighbourFacts {
  NodeId node;
  BitsPerSecond bandwidth;           ///< what can be sent to it: measured, else nominal
  Millis latency;                    ///< one way: half the smoothed round trip, else nominal
  Mtu mtu;                           ///< negotiated
  std::int64_t clock_offset_ms = 0;  ///< its node clock minus ours. spec: L1/11
  constexpr bool operator==(const NeighbourFacts&) const = default;
};

class PathInfo {
 public:
  virtual ~PathInfo() = default;
  /// The path that a message to @p to would take under @p policy; nothing when none is known.
  [[nodiscard]] virtual std::optional<PathFacts> path(const NodeId& to,
                                                      const PathPolicy& policy) const = 0;
  /// Data of the first extension field of @p type (spec: README/4.5) in the newest announce of
  /// @p node, signed by it: Presence, VersionSignal, CryptoSupport. Nothing when the node, or the
  /// field in its announce, is not known, or its major version is not ours to read.
  [[nodiscard]] virtual std::optional<ByteView> tlv(const NodeId& node,
                                                    std::uint8_t type) const = 0;
  /// Visits every destination an announce is held of.
  virtual void destinations(const std::function<void(const NodeId&)>& each) const = 0;
  /// Visits every neighbour, once for each active link.
  virtual void neighbours(const std::function<void(const NeighbourFacts&)>& each) const = 0;
};

}  // namespace mehr
