// The announce as a gossip item, kind 0x01. spec: L1/9, README/9 clarification 21
//
// Place: L1's byte layout; the only kind whose canonical body is not its whole body, since hops and
// path cost differ on every link: two neighbours hold the same announce when destination and
// `emitted` are the same.
// Shapes: hops and path cost stand as the packet would carry them on that link, after the relay
// step. Hops of 127 are no item: what arrived so travels no further. (README/9 clarification 6)
// Bounds: 130..438 bytes. Ownership: a decoded item borrows. Failure: a body too short for the
// fixed part of an announce has no id.
#pragma once

#include <optional>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/replicated.h"
#include "mehr/l1/announce.h"

namespace mehr::l1 {

inline constexpr std::uint8_t kAnnounceKind = 0x01;
/// The first hops value that is no item.
inline constexpr std::uint8_t kItemHopsEnd = 127;

struct AnnounceItem {
  std::uint8_t hops = 0;
  NodeId destination;
  Tail data;  ///< DATA of the announce packet

  static constexpr auto wire = std::tuple{field("hops", &AnnounceItem::hops),
                                          field("destination", &AnnounceItem::destination),
                                          field("data", &AnnounceItem::data)};
  /// Refuses hops of 127 or more, and DATA no announce has the size of.
  [[nodiscard]] Status check() const;
  constexpr bool operator==(const AnnounceItem&) const = default;
};
inline constexpr std::size_t kAnnounceItemHead = wire_size<AnnounceItem>;
inline constexpr std::size_t kAnnounceItemMin = kAnnounceItemHead + kAnnounceFixed + kExtensionMin;
inline constexpr std::size_t kAnnounceItemMax = kAnnounceItemHead + kAnnounceDataMax;
static_assert(kAnnounceItemMin == 130 && kAnnounceItemMax == 438);

/// The id of the announce of @p destination that was emitted then.
[[nodiscard]] ItemId announce_item_id(const NodeId& destination, std::uint64_t emitted);
/// The id of any item as it arrived; nothing for an announce that is none.
[[nodiscard]] std::optional<ItemId> received_item_id(const GossipItem& item);

}  // namespace mehr::l1
