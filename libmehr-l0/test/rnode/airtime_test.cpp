// How long a LoRa radio speaks. spec: L0/7; Semtech AN1200.13
#include <catch2/catch.hpp>

#include "mehr/l0/lora_airtime.h"

namespace mehr::l0 {
namespace {

// Symbols: 12.25 of preamble, 8, and blocks of as many as the coding rate says; by hand:
// SF 7, 125 kHz, 10 bytes: 1.024 ms x (12.25 + 8 + 4 x 5) = 41.216 ms
// SF 9, 125 kHz, 50 bytes: 4.096 ms x (12.25 + 8 + 12 x 5) = 328.704 ms
// SF 12, 125 kHz, 20 bytes: 32.768 ms x (12.25 + 8 + 4 x 5) = 1318.912 ms, optimised
// SF 7, 500 kHz, 255 bytes: 0.256 ms x (12.25 + 8 + 74 x 5) = 99.904 ms
TEST_CASE("L0 7: airtime of known frames", "[l0][rnode]") {
  CHECK(lora_airtime_ns({125'000, 7, 5, 8}, 10) == 41'216'000);
  CHECK(lora_airtime_ns({125'000, 9, 5, 8}, 50) == 328'704'000);
  CHECK(lora_airtime_ns({125'000, 12, 5, 8}, 20) == 1'318'912'000);
  CHECK(lora_airtime_ns({500'000, 7, 5, 8}, 255) == 99'904'000);
}

TEST_CASE("L0 2: a body over 254 bytes goes as two frames, each with its header", "[l0][rnode]") {
  const LoraModulation radio{125'000, 8, 5, 8};
  CHECK(lora_body_airtime_ns(radio, 254) == lora_airtime_ns(radio, 255));
  CHECK(lora_body_airtime_ns(radio, 255) ==
        lora_airtime_ns(radio, 255) + lora_airtime_ns(radio, 2));
  CHECK(lora_body_airtime_ns(radio, 508) == 2 * lora_airtime_ns(radio, 255));
  CHECK(lora_rate(radio).count == 508ULL * 8 * 1'000'000'000 / lora_body_airtime_ns(radio, 508));
}

}  // namespace
}  // namespace mehr::l0
