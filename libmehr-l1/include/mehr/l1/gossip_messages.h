// The four messages of gossip, and the items inside a Delta. spec: L1/9
//
// Place: L1's byte layouts; nothing here decides anything. Each is a control message: it fills a
// link's DATA frame and goes one hop. The type byte is part of the structure.
// Shapes: little-endian; sizes stand in the spec without the type byte.
// Items: a Delta says how many it has and is decoded only when exactly so many are there, so a
// reader of its items never fails. `DeltaWriter` fills a message to the size a link takes.
// Bounds: 255 items a Delta; bodies to 65,535 bytes; nothing allocates, decoded views borrow.
// Failure: a decoder answers truncated, trailing or bad_value; unknown flags are bad values.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/replicated.h"
#include "mehr/core/units.h"

namespace mehr::l1 {

namespace control {
inline constexpr std::uint8_t kGossipBeat = 0x90;     ///< "this is the digest of what I hold"
inline constexpr std::uint8_t kGossipSummary = 0x91;  ///< a filter of what I hold, or part of it
inline constexpr std::uint8_t kGossipDelta = 0x92;    ///< items that you lack
inline constexpr std::uint8_t kGossipPull = 0x93;     ///< "send me items of these tiers"
}  // namespace control

/// Bits 0 to 3 of a tier mask stand for tiers 1 to 4.
inline constexpr std::uint8_t kAllTiers = 0x0F;
/// Routing and payment: all that goes unasked over links below 10 kbps.
inline constexpr std::uint8_t kUrgentTiers = 0x03;
/// Bit 7 of the mask byte of Beat and Summary: from the side that did not start the round.
inline constexpr std::uint8_t kReplyBit = 0x80;
/// The bit of a tier.
constexpr std::uint8_t bit_of(GossipTier tier) {
  return static_cast<std::uint8_t>(1U << (static_cast<unsigned>(tier) - 1));
}

/// Starts a round, or answers the start.
struct GossipBeat {
  Constant<control::kGossipBeat> type;
  std::uint32_t round = 0;  ///< the starter counts them
  std::uint64_t lamport = 0;
  std::uint8_t mask = 0;     ///< tiers, and kReplyBit
  std::uint64_t digest = 0;  ///< XOR of the first 8 bytes of the ids of all items in the mask

  static constexpr auto wire =
      std::tuple{field("type", &GossipBeat::type), field("round", &GossipBeat::round),
                 field("lamport", &GossipBeat::lamport), field("mask", &GossipBeat::mask),
                 field("digest", &GossipBeat::digest)};
  [[nodiscard]] Status check() const;
  constexpr bool operator==(const GossipBeat&) const = default;
};
static_assert(wire_size<GossipBeat> == 1 + 21);

/// One part of a filter of the ids a side holds. Borrowed: `bits` points into the decoded bytes.
struct GossipSummary {
  Constant<control::kGossipSummary> type;
  std::uint32_t round = 0;
  std::uint64_t lamport = 0;
  std::uint8_t mask = 0;    ///< tiers, and kReplyBit
  std::uint8_t hashes = 0;  ///< k, 1..16
  std::uint16_t part = 0;   ///< p, below `parts`
  std::uint16_t parts = 0;  ///< P
  std::uint32_t salt = 0;
  std::uint16_t size = 0;  ///< m, bytes of `bits`
  Tail bits;

  static constexpr std::uint8_t kMostHashes = 16;
  static constexpr auto wire =
      std::tuple{field("type", &GossipSummary::type),       field("round", &GossipSummary::round),
                 field("lamport", &GossipSummary::lamport), field("mask", &GossipSummary::mask),
                 field("hashes", &GossipSummary::hashes),   field("part", &GossipSummary::part),
                 field("parts", &GossipSummary::parts),     field("salt", &GossipSummary::salt),
                 field("size", &GossipSummary::size),       field("bits", &GossipSummary::bits)};
  [[nodiscard]] Status check() const;
  constexpr bool operator==(const GossipSummary&) const = default;
};
static_assert(wire_size<GossipSummary> == 1 + 24);

/// Items for the other side. Borrowed: `items` points into the decoded bytes.
struct GossipDelta {
  Constant<control::kGossipDelta> type;
  std::uint32_t round = 0;
  std::uint64_t lamport = 0;
  std::uint8_t flags = 0;  ///< kLast or 0
  std::uint8_t count = 0;
  Tail items;

  static constexpr std::uint8_t kLast = 0x01;  ///< the sender has no more in this round
  static constexpr auto wire =
      std::tuple{field("type", &GossipDelta::type),       field("round", &GossipDelta::round),
                 field("lamport", &GossipDelta::lamport), field("flags", &GossipDelta::flags),
                 field("count", &GossipDelta::count),     field("items", &GossipDelta::items)};
  /// Refuses a count that the items do not bear out.
  [[nodiscard]] Status check() const;
  [[nodiscard]] constexpr bool last() const { return (flags & kLast) != 0; }
  constexpr bool operator==(const GossipDelta&) const = default;
};
inline constexpr std::size_t kDeltaHead = wire_size<GossipDelta>;
static_assert(kDeltaHead == 1 + 14);

/// Asks for items of tiers that do not come unasked.
struct GossipPull {
  Constant<control::kGossipPull> type;
  std::uint32_t round = 0;      ///< the Deltas that answer carry it
  std::uint8_t mask = 0;        ///< tiers
  std::uint32_t max_bytes = 0;  ///< of the Deltas that answer, together

  static constexpr auto wire =
      std::tuple{field("type", &GossipPull::type), field("round", &GossipPull::round),
                 field("mask", &GossipPull::mask), field("max_bytes", &GossipPull::max_bytes)};
  [[nodiscard]] Status check() const;
  constexpr bool operator==(const GossipPull&) const = default;
};
static_assert(wire_size<GossipPull> == 1 + 9);

/// Kind and length before a body.
inline constexpr std::size_t kItemHead = 3;
/// The longest item body that one Delta carries on a link: 466, 1,482, 4,078 for the classes.
/// spec: L1/9 "Item limit of a link"
constexpr std::size_t item_limit(Mtu mtu) {
  constexpr std::size_t around = kDeltaHead + kItemHead;
  return mtu.bytes > around ? mtu.bytes - around : 0;
}

/// Walks the items of a decoded Delta.
class DeltaReader {
 public:
  /// @p items is borrowed for the life of the reader.
  explicit DeltaReader(ByteView items = {}) : rest_(items) {}
  /// The next item, borrowed; nothing at the end, or when one runs past it.
  [[nodiscard]] std::optional<GossipItem> next();
  /// True when all bytes were items.
  [[nodiscard]] bool complete() const { return rest_.empty(); }

 private:
  ByteView rest_;
};

/// Puts a Delta together, item by item.
class DeltaWriter {
 public:
  /// Writes into @p out, which must outlive the writer; what it writes is never longer.
  explicit DeltaWriter(MutableBytes out);
  /// False, and no change, when @p item does not fit or 255 are in.
  [[nodiscard]] bool add(const GossipItem& item);
  [[nodiscard]] std::uint8_t count() const { return count_; }
  /// The whole message, its head filled in; too_big when not even that fits.
  [[nodiscard]] Result<ByteView> finish(std::uint32_t round, std::uint64_t lamport, bool last);

 private:
  MutableBytes out_;
  Writer items_;
  std::uint8_t count_ = 0;
};

}  // namespace mehr::l1
