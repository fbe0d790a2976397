#include "mehr/l1/path_cost.h"

#include <algorithm>
#include <array>
#include <bit>
#include <gsl/assert>

namespace mehr::l1 {

namespace {

constexpr std::uint64_t kU64Max = std::numeric_limits<std::uint64_t>::max();

// floor(2^63 * 2^(i/16)). spec: L1/2.1 C
constexpr std::array<std::uint64_t, 16> kPowers{
    0x8000000000000000, 0x85AAC367CC487B14, 0x8B95C1E3EA8BD6E6, 0x91C3D373AB11C336,
    0x9837F0518DB8A96F, 0x9EF5326091A111AD, 0xA5FED6A9B15138EA, 0xAD583EEA42A14AC6,
    0xB504F333F9DE6484, 0xBD08A39F580C36BE, 0xC5672A115506DADD, 0xCE248C151F8480E3,
    0xD744FCCAD69D6AF4, 0xE0CCDEEC2A94E111, 0xEAC0C6E7DD24392E, 0xF5257D152486CC2C};

// floor(2^63 * 2^((2i-1)/32)) for i = 1..16. spec: L1/2.1 T
constexpr std::array<std::uint64_t, 16> kMidpoints{
    0x82CD8698AC2BA1D7, 0x88980E8092DA8527, 0x8EA4398B45CD53C0, 0x94F4EFA8FEF70961,
    0x9B8D39B9D54E5538, 0xA27043030C496818, 0xA9A15AB4EA7C0EF8, 0xB123F581D2AC258F,
    0xB8FBAF4762FB9EE9, 0xC12C4CCA66709456, 0xC9B9BD866E2F27A2, 0xD2A81D91F12AE45A,
    0xDBFBB797DAF23755, 0xE5B906E77C8348A8, 0xEFE4B99BDCDAF5CB, 0xFA83B2DB722A033A};

// The midpoints of the coarser codes are powers of the finest one.
unsigned thresholds_below(std::uint64_t mantissa, Steps steps) {
  if (steps == Steps::sixteen) {
    return static_cast<unsigned>(std::count_if(kMidpoints.begin(), kMidpoints.end(),
                                               [&](std::uint64_t t) { return t < mantissa; }));
  }
  const std::size_t first = steps == Steps::eight ? 1 : 2;
  unsigned below = 0;
  for (std::size_t i = first; i < kPowers.size(); i += 2 * first) {
    if (kPowers[i] < mantissa) ++below;
  }
  return below;
}

// Codes of MTU classes whose rounding would promise more than the class. spec: L1/2.1
struct ClassCode {
  unsigned code;
  std::uint16_t mtu;
};
constexpr std::array<ClassCode, 3> kClassCodes{{{36, 484}, {42, 1500}, {48, 4096}}};

}  // namespace

unsigned log2code(std::uint64_t x, Steps steps) {
  Expects(x != 0);
  const auto top = static_cast<unsigned>(std::bit_width(x)) - 1;
  return top * static_cast<unsigned>(steps) + thresholds_below(x << (63 - top), steps);
}

std::uint64_t pow2(unsigned code, Steps steps) {
  const auto s = static_cast<unsigned>(steps);
  const unsigned octave = code / s;
  const std::size_t i = (code % s) * (16 / s);
  if (octave >= 64) return kU64Max;
  if (octave == 63) {
    // Where the table's floor lies more than half below the real value.
    const bool up = i == 1 || i == 2 || i == 5 || i == 9 || i == 11 || i == 14;
    return kPowers[i] + (up ? 1 : 0);
  }
  // Half is added after the shift: before it, the sum would not fit 64 bits.
  const std::uint64_t half = (kPowers[i] >> (62 - octave)) & 1;
  return (kPowers[i] >> (63 - octave)) + half;
}

CostCode CostCode::encode(std::uint64_t micro_mhr_per_byte) {
  if (micro_mhr_per_byte == kU64Max) return {kMax};
  return {static_cast<std::uint16_t>(log2code(micro_mhr_per_byte + 1, Steps::sixteen))};
}

std::uint64_t CostCode::decode() const {
  return value >= kMax ? kU64Max : pow2(value, Steps::sixteen) - 1;
}

RateCode RateCode::encode(BitsPerSecond rate) {
  const unsigned code = log2code(std::max<std::uint64_t>(rate.count, 1), Steps::eight);
  return {static_cast<std::uint8_t>(std::min(code, 255U))};
}

BitsPerSecond RateCode::decode() const { return {pow2(value, Steps::eight)}; }

MtuCode MtuCode::advertise(Mtu mtu) {
  unsigned code = log2code(mtu.bytes, Steps::four);
  for (const ClassCode& c : kClassCodes) {
    if (code == c.code && mtu.bytes < c.mtu) return {static_cast<std::uint8_t>(code - 1)};
  }
  return {static_cast<std::uint8_t>(code)};
}

Mtu MtuCode::usable() const {
  if (value >= 48) return Mtu{4096};
  if (value == 42 || value == 43) return Mtu{1500};
  if (value == 36) return Mtu{484};
  unsigned low = 1;  // the least m whose code reaches this one; codes rise with m
  unsigned high = 4096;
  while (low < high) {
    const unsigned middle = (low + high) / 2;
    if (log2code(middle, Steps::four) >= value) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return Mtu{static_cast<std::uint16_t>(low)};
}

CompactPathCost link_step(const CompactPathCost& received, const LinkMeasure& link) {
  CompactPathCost entry = received;
  const auto latency =
      static_cast<std::uint16_t>(std::min<std::uint64_t>(link.latency.count, 0xFFFF));
  entry.worst_latency_ms = std::max(received.worst_latency_ms, latency);
  entry.bottleneck_bps = std::min(received.bottleneck_bps, RateCode::encode(link.bandwidth));
  entry.bottleneck_mtu = std::min(received.bottleneck_mtu, MtuCode::advertise(link.mtu));
  return entry;
}

CompactPathCost relay_step(const CompactPathCost& entry, std::uint64_t price_per_byte) {
  CompactPathCost out = entry;
  if (entry.cost.known()) {
    const std::uint64_t before = entry.cost.decode();
    const std::uint64_t sum = before + price_per_byte;
    out.cost = CostCode::encode(sum < before ? kU64Max : sum);
  }
  if (out.hop_count != 0xFF) ++out.hop_count;
  return out;
}

}  // namespace mehr::l1
