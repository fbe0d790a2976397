#include "exact_math.h"

#include <bit>
#include <cstdint>
#include <gsl/gsl>
#include <limits>

namespace mehr::sim {
namespace {

constexpr double kLn2 = 0.693147180559945309417232121458;
constexpr double kLn10 = 2.302585092994045684017991454684;
constexpr double kLog10Of2 = 0.301029995663981195213738894724;
constexpr double kSqrt2 = 1.414213562373095048801688724210;
constexpr unsigned kMantissaBits = 52;
constexpr std::uint64_t kMantissa = (std::uint64_t{1} << kMantissaBits) - 1;
constexpr int kBias = 1023;

double power_of_two(int exponent) {
  Expects(exponent > -kBias && exponent <= kBias);
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + kBias) << kMantissaBits);
}

}  // namespace

double exact_log10(double x) {
  Expects(x > 0 && x <= std::numeric_limits<double>::max());
  int exponent = 0;
  if (x < std::numeric_limits<double>::min()) {  // subnormal: brought into the normal range
    x *= power_of_two(64);
    exponent = -64;
  }
  const auto bits = std::bit_cast<std::uint64_t>(x);
  exponent += static_cast<int>(bits >> kMantissaBits) - kBias;
  double mantissa = std::bit_cast<double>((bits & kMantissa) | static_cast<std::uint64_t>(kBias)
                                                                   << kMantissaBits);
  if (mantissa > kSqrt2) {
    mantissa /= 2;
    ++exponent;
  }
  // ln m = 2 (s + s^3/3 + s^5/5 + ...) with s = (m - 1) / (m + 1), |s| < 0.172: twelve terms are
  // more than a double holds.
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double sum = 0;
  for (int term = 23; term >= 1; term -= 2) sum = sum * square + 1.0 / term;
  return exponent * kLog10Of2 + 2 * s * sum / kLn10;
}

double exact_exp10(double x) {
  Expects(x >= -300 && x <= 300);
  const double twos = x / kLog10Of2;
  const auto whole = static_cast<int>(exact_round(twos));
  // The rest, at most half a power of two, by Taylor's series of e^y.
  const double y = (twos - whole) * kLn2;
  double sum = 1;
  for (int term = 18; term >= 1; --term) sum = 1 + sum * y / term;
  return sum * power_of_two(whole);
}

std::int64_t exact_round(double x) {
  const auto whole = static_cast<std::int64_t>(x);
  const double rest = x - static_cast<double>(whole);
  if (rest >= 0.5) return whole + 1;
  return rest <= -0.5 ? whole - 1 : whole;
}

}  // namespace mehr::sim
