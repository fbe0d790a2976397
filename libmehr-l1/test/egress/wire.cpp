// Byte layouts and pure functions: signal, priority, cost.
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "mehr/l1/congestion_signal.h"
#include "mehr/l1/dynamic_cost.h"
#include "mehr/l1/priority.h"

using namespace mehr;
using namespace mehr::l1;

namespace {
using Four = std::array<std::uint8_t, 4>;

Errc refusal(ByteView bytes) {
  const auto decoded = decode<CongestionSignal>(bytes);
  REQUIRE_FALSE(decoded.has_value());
  return decoded.error().code;
}
}  // namespace

TEST_CASE("L1 property 22: a signal encodes as 40 DC 05 behind its type", "[l1][signal]") {
  const auto signal = CongestionSignal::of(Severity::severe, SignalScope::this_link, Millis{1500});
  CHECK(encode_fixed(signal) == Four{0x89, 0x40, 0xDC, 0x05});
  CHECK(encode_fixed(CongestionSignal::of(Severity::saturated, SignalScope::all_outbound,
                                          Millis{70'000})) == Four{0x89, 0x90, 0xFF, 0xFF});
}

TEST_CASE("L1 property 22: 40 DC 05 is severe, this link, 1500 ms", "[l1][signal]") {
  const auto signal = decode<CongestionSignal>(Four{0x89, 0x40, 0xDC, 0x05});
  REQUIRE(signal.has_value());
  CHECK(signal->severity() == Severity::severe);
  CHECK(signal->scope() == SignalScope::this_link);
  CHECK(signal->drain_ms == 1500);
  const auto other = decode<CongestionSignal>(Four{0x89, 0x10, 0x01, 0x00});
  REQUIRE(other.has_value());
  CHECK(other->severity() == Severity::moderate);
  CHECK(other->scope() == SignalScope::all_outbound);
}

TEST_CASE("L1 property 22: severity 3, scopes 2 and 3, low bits and lengths are refused",
          "[l1][signal]") {
  CHECK(refusal(Four{0x89, 0xC0, 0xDC, 0x05}) == Errc::bad_value);
  CHECK(refusal(Four{0x89, 0x60, 0xDC, 0x05}) == Errc::bad_value);
  CHECK(refusal(Four{0x89, 0x70, 0xDC, 0x05}) == Errc::bad_value);
  for (unsigned low = 1; low < 16; low *= 2) {
    CHECK(refusal(Four{0x89, static_cast<std::uint8_t>(0x40 | low), 0, 0}) == Errc::bad_value);
  }
  CHECK(refusal(Four{0x88, 0x40, 0xDC, 0x05}) == Errc::bad_value);
  CHECK(refusal(ByteView(Four{0x89, 0x40, 0xDC, 0x05}).first(3)) == Errc::truncated);
  CHECK(refusal(std::array<std::uint8_t, 5>{0x89, 0x40, 0xDC, 0x05, 0x00}) == Errc::trailing);
}

TEST_CASE("README 4.1: the priority of every context byte", "[l1][priority]") {
  for (unsigned c = 0; c < 256; ++c) {
    Priority want = Priority::p2;
    if ((c >= 0x01 && c <= 0x07) || c == 0xE3 || c == 0xF8) want = Priority::p3;
    if (c == 0xE0) want = Priority::p0;
    if (c == 0xE1 || (c >= 0xF3 && c <= 0xF6) || c >= 0xFA) want = Priority::p1;
    CHECK(priority_of(static_cast<std::uint8_t>(c)) == want);
  }
}

TEST_CASE("L1 property 23: cost at 0.50, 0.75 and 1.0 of the queue", "[l1][cost]") {
  CHECK(dynamic_cost(10'000, 0, 1000) == 10'000);
  CHECK(dynamic_cost(10'000, 500, 1000) == 10'000);
  CHECK(dynamic_cost(10'000, 501, 1000) == 12'510);
  CHECK(dynamic_cost(10'000, 750, 1000) == 15'625);
  CHECK(dynamic_cost(10'000, 1000, 1000) == 20'000);
  CHECK(dynamic_cost(10'000, 5000, 1000) == 20'000);
  CHECK(dynamic_cost(10'000, 5, 0) == 10'000);
  CHECK(dynamic_cost(0, 1000, 1000) == 0);
  CHECK(dynamic_cost(UINT64_MAX, 900, 1000) == UINT64_MAX);
  CHECK(dynamic_cost(UINT64_MAX / 2, 1000, 1000) == UINT64_MAX - 1);
}

__extension__ using Wide = unsigned __int128;

TEST_CASE("L1 property 23: cost equals 128-bit arithmetic", "[l1][cost]") {
  rc::prop("for any base and fill", [](std::uint64_t base, std::uint32_t a, std::uint32_t b) {
    const std::uint32_t capacity = std::max(a, b) >> 1;
    const std::uint32_t queued = std::min(a, b) >> 1;
    RC_PRE(capacity > 0);
    const Wide q2 = Wide{queued} * queued;
    const Wide extra = base * q2 / (Wide{capacity} * capacity);
    Wide want = base;
    if (2 * Wide{queued} > capacity) want += extra;
    if (want > UINT64_MAX) want = UINT64_MAX;
    RC_ASSERT(dynamic_cost(base, queued, capacity) == static_cast<std::uint64_t>(want));
  });
}
