// Control messages about paths: a changed cost, and a question for a way. spec: L1/4.3
//
// Place: L1's byte layouts 0x8A and 0x8B, inside a link's DATA, one hop.
// Shapes: PathUpdate is a count of 1..255 and as many items of 31 bytes; PathRequest has 25 bytes.
// The type byte comes first and is not in those sizes.
// Place of use: announce_flow.h makes updates, the facade takes them apart item by item; questions
// are remembered by path_requests.h.
// Threads: pure functions and plain values. Units: prices inside path costs are uMHR per byte.
// Ownership: a PathUpdate borrows its items from the decoded bytes; nothing allocates.
// Failure: a count of zero or one that does not match the length, and a ttl outside 1..16 are
// refused. An item is the neighbour's own claim: unsigned, and judged by the routing table.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"
#include "mehr/l1/path_cost.h"

namespace mehr::l1 {

namespace control {
inline constexpr std::uint8_t kPathUpdate = 0x8A;
inline constexpr std::uint8_t kPathRequest = 0x8B;
}  // namespace control

/// A path cost that replaces the one of an announce passed on before.
struct PathUpdateItem {
  NodeId destination;
  std::uint64_t emitted = 0;  ///< of that announce
  CompactPathCost path_cost;  ///< after the relay step; cost 0xFFFF: no way left

  static constexpr auto wire = std::tuple{field("destination", &PathUpdateItem::destination),
                                          field("emitted", &PathUpdateItem::emitted),
                                          field("path_cost", &PathUpdateItem::path_cost)};
  constexpr bool operator==(const PathUpdateItem&) const = default;
};
inline constexpr std::size_t kPathUpdateItem = wire_size<PathUpdateItem>;
static_assert(kPathUpdateItem == 31);

/// Changed costs of announces that were passed on before. spec: L1/4.3 PathUpdate 0x8A
/// Cut to a length that the link takes; what does not fit goes in the next one.
struct PathUpdate {
  Constant<control::kPathUpdate> type;
  std::uint8_t count = 0;
  Tail items;  ///< `count` PathUpdateItems

  static constexpr auto wire =
      std::tuple{field("type", &PathUpdate::type), field("count", &PathUpdate::count),
                 field("items", &PathUpdate::items)};
  [[nodiscard]] constexpr Status check() const {
    if (count == 0 || items.bytes.size() != count * kPathUpdateItem) {
      return fail(Errc::bad_value, "the count of a PathUpdate does not match its length");
    }
    return {};
  }
  /// The item at @p i, below `count`.
  [[nodiscard]] PathUpdateItem item(std::size_t i) const {
    PathUpdateItem out;
    Reader(items.bytes.subspan(i * kPathUpdateItem)).get(out);
    return out;
  }
  constexpr bool operator==(const PathUpdate&) const = default;
};
inline constexpr std::size_t kPathUpdateHead = wire_size<PathUpdate>;

/// "Who knows a way to this destination?" spec: L1/4.3 PathRequest 0x8B
/// Whoever does sends the announce again; whoever does not passes the question on.
struct PathRequest {
  static constexpr std::uint8_t kMaxTtl = 16;
  Constant<control::kPathRequest> type;
  NodeId destination;
  std::uint64_t tag = 0;  ///< random; the same question has the same tag everywhere
  std::uint8_t ttl = 0;   ///< links it may still cross, this one among them

  static constexpr auto wire =
      std::tuple{field("type", &PathRequest::type), field("destination", &PathRequest::destination),
                 field("tag", &PathRequest::tag), field("ttl", &PathRequest::ttl)};
  [[nodiscard]] constexpr Status check() const {
    if (ttl < 1 || ttl > kMaxTtl) {
      return fail(Errc::bad_value, "the ttl of a PathRequest lies between 1 and 16");
    }
    return {};
  }
  constexpr bool operator==(const PathRequest&) const = default;
};
static_assert(wire_size<PathRequest> == 26);  // 25-byte body after the type

}  // namespace mehr::l1
