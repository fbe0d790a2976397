#include "../../src/exact_math.h"

#include <rapidcheck/catch.h>

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace {

using mehr::sim::exact_exp10;
using mehr::sim::exact_log10;

double apart(double a, double b) { return a < b ? b - a : a - b; }

}  // namespace

TEST_CASE("sim lora: logarithms of known numbers", "[sim][lora]") {
  CHECK(exact_log10(1) == 0);
  CHECK(apart(exact_log10(2), 0.30102999566398119521) < 1e-15);
  CHECK(apart(exact_log10(3), 0.47712125471966243730) < 1e-15);
  CHECK(apart(exact_log10(7), 0.84509804001425683071) < 1e-15);
  CHECK(apart(exact_log10(125'000), 5.09691001300805641436) < 1e-14);
  CHECK(apart(exact_log10(0.1), -1) < 1e-15);
  for (int power = 1; power <= 22; ++power) {
    double ten = 1;
    for (int i = 0; i < power; ++i) ten *= 10;
    CHECK(apart(exact_log10(ten), power) < 1e-13);
  }
  CHECK(apart(exact_log10(std::numeric_limits<double>::max()), 308.25471555991674) < 1e-11);
  CHECK(apart(exact_log10(std::numeric_limits<double>::min()), -307.65265556858878) < 1e-11);
  CHECK(apart(exact_log10(std::numeric_limits<double>::denorm_min()), -323.30621534311581) < 1e-11);
}

// These bits are the promise: every compiler and level of optimisation gives them.
TEST_CASE("sim lora: logarithms have the same bits everywhere", "[sim][lora]") {
  CHECK(std::bit_cast<std::uint64_t>(exact_log10(2)) == 0x3FD34413509F79FFULL);
  CHECK(std::bit_cast<std::uint64_t>(exact_log10(161.03)) == 0x4001A7BEBFA7AA9CULL);
  CHECK(std::bit_cast<std::uint64_t>(exact_log10(2806.7)) == 0x400B95E7C81973DFULL);
  CHECK(std::bit_cast<std::uint64_t>(exact_exp10(3.4482758620689653)) == 0x40A5EE6EB248713CULL);
}

TEST_CASE("sim lora: powers of ten of known numbers", "[sim][lora]") {
  CHECK(exact_exp10(0) == 1);
  CHECK(apart(exact_exp10(1), 10) < 1e-13);
  CHECK(apart(exact_exp10(3), 1000) < 1e-11);
  CHECK(apart(exact_exp10(0.5), 3.16227766016837933200) < 1e-14);
  CHECK(apart(exact_exp10(-2), 0.01) < 1e-16);
  CHECK(apart(exact_exp10(300) / 1e300, 1) < 1e-12);
  CHECK(apart(exact_exp10(-300) * 1e300, 1) < 1e-12);
}

TEST_CASE("sim lora: rounding is to the nearest", "[sim][lora]") {
  CHECK(mehr::sim::exact_round(2.5) == 3);
  CHECK(mehr::sim::exact_round(-2.5) == -3);
  CHECK(mehr::sim::exact_round(2.499) == 2);
  CHECK(mehr::sim::exact_round(-0.499) == 0);
  CHECK(mehr::sim::exact_round(0.49999999999999994) == 0);
}

TEST_CASE("sim lora: logarithms agree with the machine's, and powers undo them", "[sim][lora]") {
  rc::prop("any positive number", [](std::uint64_t bits) {
    const double x = std::bit_cast<double>(bits & 0x7FEFFFFFFFFFFFFFULL);
    RC_PRE(x > 0);
    const double log = exact_log10(x);
    RC_ASSERT(apart(log, std::log10(x)) <= 1e-13 * std::max(1.0, std::abs(log)));
    if (log >= -300 && log <= 300) RC_ASSERT(apart(exact_exp10(log) / x, 1) < 1e-12);
  });
}
