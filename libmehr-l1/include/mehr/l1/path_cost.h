// What a path costs: seven bytes that every relay updates as an announce passes. spec: L1/2
//
// Place: L1's byte layout and its arithmetic; announces, path updates and gossip carry it.
// Shapes: cost, bandwidth and MTU travel as rounded binary logarithms; a code stays a code
// (CostCode, RateCode, MtuCode) until somebody decodes it. Units: uMHR per byte, bits per second,
// bytes. Exactness: integers only. Both directions are exact roundings, so that all nodes agree on
// every bit. Everything here is a pure function; nothing fails, out of range saturates.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/units.h"

namespace mehr::l1 {

/// Steps per octave of a logarithmic code.
enum class Steps : std::uint8_t { four = 4, eight = 8, sixteen = 16 };

/// round(steps * log2(x)) for @p x of 1 or more, exactly. spec: L1/2.1 log2code
[[nodiscard]] unsigned log2code(std::uint64_t x, Steps steps);
/// round(2^(code / steps)), halves up; 2^64 and above saturate to 2^64 - 1. spec: L1/2.1 pow2
[[nodiscard]] std::uint64_t pow2(unsigned code, Steps steps);

/// Price of a path in uMHR per byte: round(16 log2(price + 1)), 0..1024. spec: L1/2
struct CostCode {
  std::uint16_t value = 0;

  static constexpr std::uint16_t kMax = 1024;
  static constexpr std::uint16_t kUnknown = 0xFFFF;  ///< route kept, ranked last, never paid
  [[nodiscard]] static CostCode encode(std::uint64_t micro_mhr_per_byte);
  /// 1,024 and above decode to 2^64 - 1.
  [[nodiscard]] std::uint64_t decode() const;
  [[nodiscard]] constexpr bool known() const { return value != kUnknown; }
  /// 1,025..65,534 are treated as 1,024.
  [[nodiscard]] constexpr CostCode normalized() const {
    return value > kMax && known() ? CostCode{kMax} : *this;
  }

  static constexpr auto wire = std::tuple{field("code", &CostCode::value)};
  constexpr auto operator<=>(const CostCode&) const = default;
};

/// Bandwidth: round(8 log2 bps), saturating at 255 = 3,938,502,376 bps. spec: L1/2
struct RateCode {
  std::uint8_t value = 255;

  [[nodiscard]] static RateCode encode(BitsPerSecond rate);
  [[nodiscard]] BitsPerSecond decode() const;

  static constexpr auto wire = std::tuple{field("code", &RateCode::value)};
  constexpr auto operator<=>(const RateCode&) const = default;
};

/// Packet size that a path carries: round(4 log2 bytes), kept below the next class. spec: L1/2.1
struct MtuCode {
  std::uint8_t value = 255;

  /// The code to send for a link of @p mtu (1 or more): never promises a class it does not have.
  [[nodiscard]] static MtuCode advertise(Mtu mtu);
  /// What may be sent: exact for the three classes, never above the advertised MTU otherwise.
  [[nodiscard]] Mtu usable() const;

  static constexpr auto wire = std::tuple{field("code", &MtuCode::value)};
  constexpr auto operator<=>(const MtuCode&) const = default;
};

/// What candidates are compared by, cost before hops. spec: L1/4.2
struct Metric {
  CostCode cost;
  std::uint8_t hop_count = 0;

  static constexpr Metric infinite() {
    return {{CostCode::kUnknown}, std::numeric_limits<std::uint8_t>::max()};
  }
  constexpr auto operator<=>(const Metric&) const = default;
};

/// spec: L1/2, 7 bytes. A fresh object holds the neutral value that an origin emits.
struct CompactPathCost {
  CostCode cost;
  std::uint16_t worst_latency_ms = 0;  ///< largest one-way latency of any hop, saturating
  RateCode bottleneck_bps;
  std::uint8_t hop_count = 0;  ///< Mehr relays passed, saturating
  MtuCode bottleneck_mtu;

  static constexpr auto wire =
      std::tuple{field("cumulative_cost", &CompactPathCost::cost),
                 field("worst_latency_ms", &CompactPathCost::worst_latency_ms),
                 field("bottleneck_bps", &CompactPathCost::bottleneck_bps),
                 field("hop_count", &CompactPathCost::hop_count),
                 field("bottleneck_mtu", &CompactPathCost::bottleneck_mtu)};
  [[nodiscard]] constexpr Metric metric() const { return {cost.normalized(), hop_count}; }
  constexpr bool operator==(const CompactPathCost&) const = default;
};
inline constexpr std::size_t kPathCostSize = wire_size<CompactPathCost>;
static_assert(kPathCostSize == 7);

/// What this node knows of a link when an announce comes in on it.
struct LinkMeasure {
  Millis latency;  ///< one way: half the smoothed round trip, nominal before the first Pong
  BitsPerSecond bandwidth;
  Mtu mtu;  ///< negotiated
};

/// The routing entry that @p received becomes on a link: latency up, rate and MTU down, price and
/// hops unchanged. spec: L1/2.2 step 1
[[nodiscard]] CompactPathCost link_step(const CompactPathCost& received, const LinkMeasure& link);
/// What goes out on the next link: this relay's price for it and one hop are added; 0 without
/// economics. spec: L1/2.2 steps 2 and 3
[[nodiscard]] CompactPathCost relay_step(const CompactPathCost& entry,
                                         std::uint64_t price_per_byte);

}  // namespace mehr::l1
