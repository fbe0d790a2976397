// Which ids a side holds, in ten bits an item: the filter of a GossipSummary. spec: L1/9
//
// Place: pure functions over the bytes of the message itself; nobody keeps a filter.
// Shapes: bit q is byte q / 8, mask 1 << (q mod 8). A salt moves all positions, so an item that one
// round's filter hides by chance stands out in the next. Ids too many for one filter are dealt to
// parts by their first four bytes, so both sides agree on the part of an item.
// Rate: k = 3 and 1.2 bytes an item let about 1.9 % through.
// Bounds: 4,032 bytes a filter. Attack: a filter of all ones asks for nothing; it harms who sent
// it. Positions come from BLAKE3 under a fresh salt, so nobody can prepare ids that hide another.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mehr/core/bytes.h"
#include "mehr/core/replicated.h"
#include "mehr/core/units.h"

namespace mehr::l1 {

/// Hash count of the filters that are sent; received ones may have 1..16.
inline constexpr std::uint8_t kBloomHashes = 3;
inline constexpr std::size_t kBloomMin = 8;
inline constexpr std::size_t kBloomMax = 4032;

/// How large filters are on a link, and how many parts go out per round.
struct FilterSize {
  std::uint16_t cap = 0;  ///< bytes of a filter at most
  bool one_part = false;  ///< one part per round, p = round mod P; else all
  constexpr bool operator==(const FilterSize&) const = default;
  /// floor(cap / 1.2)
  [[nodiscard]] constexpr std::size_t items_per_part() const { return cap * std::size_t{5} / 6; }
  /// m: bytes of a filter of @p items.
  [[nodiscard]] std::size_t bytes_for(std::size_t items) const;
  /// P: parts for @p items, 1..65,535.
  [[nodiscard]] std::uint16_t parts_for(std::size_t items) const;
};

/// Below this a link is constrained: small filters, urgent tiers. spec: README/2.1
inline constexpr BitsPerSecond kSlowLink{10'000};
/// True below 10 kbps; an unknown rate (0) is not.
constexpr bool is_slow(BitsPerSecond rate) { return rate.count != 0 && rate < kSlowLink; }
/// spec: L1/9 table
[[nodiscard]] FilterSize filter_size(Mtu mtu, BitsPerSecond rate);

/// Bit number @p i of @p id in a filter of @p bytes (1 or more).
[[nodiscard]] std::uint32_t bloom_position(const ItemId& id, std::uint32_t salt, std::uint8_t i,
                                           std::size_t bytes);
/// Sets the kBloomHashes bits of @p id.
void bloom_insert(MutableBytes bits, const ItemId& id, std::uint32_t salt);
/// False when one of the @p hashes bits of @p id is not set: surely not in it.
[[nodiscard]] bool bloom_holds(ByteView bits, const ItemId& id, std::uint32_t salt,
                               std::uint8_t hashes);
/// Which of @p parts (1 or more) an item belongs to.
[[nodiscard]] std::uint16_t part_of(const ItemId& id, std::uint16_t parts);

}  // namespace mehr::l1
