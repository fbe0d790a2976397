#include "mehr/l0/lora_airtime.h"

#include <gsl/assert>

#include "mehr/l0/air_split.h"

namespace mehr::l0 {

namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kLongSymbol = 16'000'000;

}  // namespace

std::uint64_t lora_quarters_ns(const LoraModulation& radio, std::uint64_t quarters) {
  Expects(radio.bandwidth_hz > 0);
  const std::uint64_t chips = quarters << radio.spreading_factor;
  return chips * (kSecond / 4) / radio.bandwidth_hz;
}

std::uint64_t lora_airtime_ns(const LoraModulation& radio, std::size_t frame_bytes) {
  Expects(frame_bytes >= 1 && frame_bytes <= kAirFrame);
  Expects(radio.spreading_factor >= 5 && radio.spreading_factor <= 12);
  const std::int64_t factor = radio.spreading_factor;
  const std::int64_t optimised = lora_quarters_ns(radio, 4) > kLongSymbol ? 2 : 0;
  // 8 PL - 4 SF + 28 + 16 CRC - 20 IH, which is positive from one byte on at all factors.
  const std::int64_t bits = 8 * static_cast<std::int64_t>(frame_bytes) - 4 * factor + 28 + 16;
  const std::int64_t per_block = 4 * (factor - optimised);
  const std::int64_t blocks = (bits + per_block - 1) / per_block;
  const std::int64_t symbols = 8 + blocks * std::int64_t{radio.coding_rate};
  const std::int64_t preamble = 4 * std::int64_t{radio.preamble_symbols} + 17;  // 4.25 by the chip
  return lora_quarters_ns(radio, static_cast<std::uint64_t>(preamble + 4 * symbols));
}

std::uint64_t lora_body_airtime_ns(const LoraModulation& radio, std::size_t body_bytes) {
  Expects(body_bytes >= 1 && body_bytes <= kAirBodyLimit);
  if (body_bytes <= kAirPayload) return lora_airtime_ns(radio, body_bytes + 1);
  return lora_airtime_ns(radio, kAirFrame) + lora_airtime_ns(radio, body_bytes - kAirPayload + 1);
}

BitsPerSecond lora_rate(const LoraModulation& radio) {
  return BitsPerSecond{kAirBodyLimit * 8 * kSecond / lora_body_airtime_ns(radio, kAirBodyLimit)};
}

}  // namespace mehr::l0
