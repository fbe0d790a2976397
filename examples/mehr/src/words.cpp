#include "words.h"

#include <array>
#include <cstdio>

#include "answers.h"
#include "mehr/common/text.h"
#include "mehr/l1/path_cost.h"

namespace mehr::cli {
namespace {

std::string with_decimals(double value, int decimals, const char* unit) {
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), "%.*f %s", decimals, value, unit);
  return out.data();
}

}  // namespace

std::string price(const Json& object, const char* key) {
  if (!known(object, key)) return "unknown";
  const std::uint64_t micro_mhr = number(object, key);
  return micro_mhr == 0 ? "free" : std::to_string(micro_mhr) + " uMHR";
}

std::string path_rate(const Json& object, const char* key) {
  const bool most = number(object, key) >= l1::RateCode{}.decode().count;
  return most ? ">3.9 Gbit/s" : rate(object, key);
}

std::string rate(const Json& object, const char* key) {
  return common::human_rate(static_cast<double>(number(object, key)));
}

std::string reliability(const Json& object, const std::string& unknown) {
  return known(object, "reliability") ? percent(number(object, "reliability"), 255) : unknown;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  const double value = static_cast<double>(part) * 100 / static_cast<double>(whole);
  return with_decimals(value, part == 0 || value >= 9.95 ? 0 : 1, "%");
}

std::string human_micros(std::uint64_t micros) {
  const double ms = static_cast<double>(micros) / 1000;
  return ms < 9.95 ? with_decimals(ms, 1, "ms") : common::human_time((micros + 500) / 1000);
}

std::string round_trip(std::uint64_t milliseconds) {
  return milliseconds == 0 ? "less than 1 ms" : common::human_time(milliseconds);
}

std::string counted(std::uint64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

}  // namespace mehr::cli
