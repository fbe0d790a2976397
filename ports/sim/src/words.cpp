#include "words.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace mehr::sim {

std::string clock_text(Instant at) {
  const auto micros = static_cast<long long>(at.time_since_epoch().count() / 1000);
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), "%02lld:%02lld:%02lld.%06lld", micros / 3'600'000'000,
                micros / 60'000'000 % 60, micros / 1'000'000 % 60, micros % 1'000'000);
  return out.data();
}

std::string span_text(Duration span) {
  const auto ms = static_cast<long long>(span.count() / 1'000'000);
  if (ms < 1000) {
    return ms == 0 && span.count() != 0 ? std::to_string(span.count() / 1000) + " us"
                                        : std::to_string(ms) + " ms";
  }
  if (ms < 60'000) {
    std::string out = std::to_string(ms / 1000);
    if (const long long tenth = ms / 100 % 10; tenth != 0) out += "." + std::to_string(tenth);
    return out + " s";
  }
  const long long minutes = ms / 60'000;
  const long long seconds = ms / 1000 % 60;
  std::string out = minutes >= 60 ? std::to_string(minutes / 60) + " h" : "";
  if (minutes % 60 != 0) out += (out.empty() ? "" : " ") + std::to_string(minutes % 60) + " min";
  if (seconds != 0 && minutes < 60) out += " " + std::to_string(seconds) + " s";
  return out;
}

std::string hex_text(ByteView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

}  // namespace mehr::sim
