// Numbers with a meaning: saturation, order, airtime.
#include "mehr/core/units.h"

#include <catch2/catch.hpp>
#include <cstdint>
#include <limits>
#include <type_traits>

using namespace mehr;
using namespace mehr::literals;

TEST_CASE("README/2.3: a time never wraps", "[core][units]") {
  CHECK(1_s == 1000_ms);
  CHECK(2_s + 5_ms == Millis{2005});
  CHECK(Millis::never() + 1_ms == Millis::never());
  CHECK(Millis{std::numeric_limits<std::uint64_t>::max() - 1} + 1_ms == Millis::never());
  CHECK(5_ms - 3_ms == 2_ms);
  CHECK(3_ms - 5_ms == 0_ms);
  CHECK(3_ms * 4 == 12_ms);
  CHECK(Millis::never() * 2 == Millis::never());
  CHECK(Millis::never() * 0 == 0_ms);
  CHECK(Millis{std::uint64_t{1} << 63} * 2 == Millis::never());
}

TEST_CASE("README/2.3: times are ordered, and never is last", "[core][units]") {
  CHECK(1_ms < 2_ms);
  CHECK(Millis{std::numeric_limits<std::uint64_t>::max() - 1} < Millis::never());
  CHECK(NodeTime{7} > NodeTime{6});
}

TEST_CASE("HW: airtime is rounded up", "[core][units]") {
  CHECK(BitsPerSecond{1000}.airtime(125) == 1000_ms);
  CHECK(BitsPerSecond{1'000'000}.airtime(1) == 1_ms);
  CHECK(BitsPerSecond{5}.airtime(508) == 812'800_ms);
  CHECK(BitsPerSecond{7}.airtime(1) == 1143_ms);
  CHECK(BitsPerSecond{9600}.airtime(0) == 0_ms);
  CHECK(BitsPerSecond{0}.airtime(500) == 0_ms);
}

TEST_CASE("core: a plain number is no unit, and one unit no other", "[core][units]") {
  STATIC_REQUIRE_FALSE(std::is_convertible_v<std::uint64_t, Millis>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Millis, NodeTime>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<BitsPerSecond, std::uint64_t>);
}
