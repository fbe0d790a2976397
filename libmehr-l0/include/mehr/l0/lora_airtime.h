// How long a LoRa radio speaks. spec: L0/2, L0/7
//
// Place: L0 arithmetic, for the ports that keep a duty cycle and for the simulator.
// Shapes: Semtech AN1200.13: explicit header, CRC on, low data rate optimisation when a symbol
// lasts longer than 16 ms. Nanoseconds, rounded down; exact for 125, 250 and 500 kHz. Bounds: none;
// integers only. Failure: settings that no radio has are a broken contract. Threads: pure
// functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l0 {

struct LoraModulation {
  std::uint32_t bandwidth_hz = 125'000;
  std::uint8_t spreading_factor = 7;  ///< 5 to 12
  std::uint8_t coding_rate = 5;       ///< 5 to 8: 4/5 to 4/8
  std::uint16_t preamble_symbols = 8;
};

/// Quarters of a symbol, in nanoseconds.
[[nodiscard]] std::uint64_t lora_quarters_ns(const LoraModulation& radio, std::uint64_t quarters);
/// One radio frame of @p frame_bytes (1 to 255), air split header included.
[[nodiscard]] std::uint64_t lora_airtime_ns(const LoraModulation& radio, std::size_t frame_bytes);
/// A body of @p body_bytes (1 to 508) as air_split.h sends it: one or two radio frames.
[[nodiscard]] std::uint64_t lora_body_airtime_ns(const LoraModulation& radio,
                                                 std::size_t body_bytes);
/// Bits of full bodies per second of speaking, rounded down.
[[nodiscard]] BitsPerSecond lora_rate(const LoraModulation& radio);

}  // namespace mehr::l0
