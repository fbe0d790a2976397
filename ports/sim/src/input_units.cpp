#include "input_units.h"

#include <gsl/assert>
#include <limits>
#include <span>

namespace mehr::sim {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

// The first of equal size is the one that is written.
constexpr Unit kTimes[] = {{"d", 86'400'000'000'000},
                           {"h", 3'600'000'000'000},
                           {"min", 60'000'000'000},
                           {"m", 60'000'000'000},
                           {"s", 1'000'000'000},
                           {"ms", 1'000'000},
                           {"us", 1'000},
                           {"ns", 1}};
constexpr Unit kRates[] = {
    {"Gbps", 1'000'000'000}, {"Gbit/s", 1'000'000'000}, {"Mbps", 1'000'000}, {"Mbit/s", 1'000'000},
    {"kbps", 1'000},         {"kbit/s", 1'000},         {"bps", 1},          {"bit/s", 1}};
constexpr Unit kHertz[] = {{"MHz", 1'000'000}, {"kHz", 1'000}, {"Hz", 1}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

void skip_blanks(std::string_view& text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
}

struct Decimal {
  std::uint64_t digits = 0;  // without the point
  std::uint64_t divisor = 1;
};

// Digits, and after a point up to nine more.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal out;
  bool any = false;
  bool fraction = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && any && !fraction) {
      fraction = true;
      any = false;
      continue;
    }
    if (!is_digit(c)) break;
    if (out.digits > std::numeric_limits<std::uint64_t>::max() / 10 - 1) return std::nullopt;
    if (fraction && out.divisor == 1'000'000'000) return std::nullopt;
    out.digits = out.digits * 10 + static_cast<std::uint64_t>(c - '0');
    if (fraction) out.divisor *= 10;
    any = true;
  }
  if (!any) return std::nullopt;
  return out;
}

const Unit* take_unit(std::string_view& text, std::span<const Unit> units) {
  std::size_t length = 0;
  while (length < text.size() && !is_digit(text[length]) && text[length] != ' ') ++length;
  for (const Unit& unit : units) {
    if (unit.name != text.substr(0, length)) continue;
    text.remove_prefix(length);
    return &unit;
  }
  return nullptr;
}

// digits / divisor * size where that is whole and at most 2^63 - 1.
std::optional<std::uint64_t> times(const Decimal& number, std::uint64_t size) {
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::uint64_t whole = number.digits / number.divisor;
  const std::uint64_t rest = number.digits % number.divisor;  // < 10^9
  if (whole > kMost / size) return std::nullopt;
  // size < 10^14: the product is taken in two steps where it would not fit.
  const std::uint64_t high = size / 1'000'000'000 * rest;
  const std::uint64_t low = size % 1'000'000'000 * rest;
  const std::uint64_t sum = high % number.divisor * 1'000'000'000 + low;
  if (sum % number.divisor != 0) return std::nullopt;
  const std::uint64_t part = high / number.divisor * 1'000'000'000 + sum / number.divisor;
  const std::uint64_t out = whole * size + part;
  if (out > kMost) return std::nullopt;
  return out;
}

// One number and unit, or several with falling units.
std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                            bool several) {
  std::uint64_t sum = 0;
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  do {
    skip_blanks(text);
    const auto number = take_decimal(text);
    skip_blanks(text);
    const Unit* unit = number ? take_unit(text, units) : nullptr;
    if (unit == nullptr || unit->size >= last) return std::nullopt;
    const auto part = times(*number, unit->size);
    if (!part) return std::nullopt;
    sum += *part;  // two of them fit
    if (sum > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return std::nullopt;
    }
    last = unit->size;
    skip_blanks(text);
  } while (several && !text.empty());
  if (!text.empty()) return std::nullopt;
  return sum;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto nanoseconds = parse_quantity(text, kTimes, true);
  if (!nanoseconds) return std::nullopt;
  return Duration{static_cast<std::int64_t>(*nanoseconds)};
}

std::string duration_text(Duration span) {
  Expects(span >= Duration{0});
  auto left = static_cast<std::uint64_t>(span.count());
  if (left == 0) return "0s";
  std::string out;
  for (const Unit& unit : kTimes) {
    if (left < unit.size) continue;
    out += std::to_string(left / unit.size);
    out += unit.name;
    left %= unit.size;
  }
  return out;
}

std::optional<std::uint64_t> parse_rate(std::string_view text) {
  return parse_quantity(text, kRates, false);
}

std::optional<std::uint64_t> parse_hertz(std::string_view text) {
  return parse_quantity(text, kHertz, false);
}

}  // namespace mehr::sim
