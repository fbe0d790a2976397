#include "mehr/common/text.h"

#include <array>
#include <cstdio>

namespace mehr::common {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string scaled(double value, const std::array<const char*, 6>& units) {
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 48> out{};
  const int decimals = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  std::snprintf(out.data(), out.size(), "%.*f %s", decimals, value, units[unit]);
  return out.data();
}

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit_value(text[i]);
    const int low = digit_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<std::uint8_t>(high * 16 + low));
  }
  return out;
}

std::string to_text(const NodeId& id) { return to_hex(id.view()); }

std::optional<NodeId> parse_node_id(std::string_view text) {
  if (text.size() != 2 * NodeId::kSize) return std::nullopt;
  const auto bytes = from_hex(text);
  if (!bytes) return std::nullopt;
  return NodeId::from(*bytes);
}

std::string human_bytes(double bytes) { return scaled(bytes, {"B", "kB", "MB", "GB", "TB", "PB"}); }

std::string human_rate(double bits_per_second) {
  return scaled(bits_per_second, {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", "Pbit/s"});
}

std::string human_time(std::uint64_t milliseconds) {
  std::array<char, 64> out{};
  const unsigned long long s = milliseconds / 1000;
  if (milliseconds < 1000) {
    std::snprintf(out.data(), out.size(), "%llu ms", static_cast<unsigned long long>(milliseconds));
  } else if (s < 60) {
    std::snprintf(out.data(), out.size(), "%.1f s", static_cast<double>(milliseconds) / 1000);
  } else if (s < 3600) {
    std::snprintf(out.data(), out.size(), "%llu m %02llu s", s / 60, s % 60);
  } else if (s < 86400) {
    std::snprintf(out.data(), out.size(), "%llu h %02llu m", s / 3600, s / 60 % 60);
  } else {
    std::snprintf(out.data(), out.size(), "%llu d %02llu h", s / 86400, s / 3600 % 24);
  }
  return out.data();
}

std::string printable(std::string_view text) {
  std::string out;
  bool c1 = false;  // the second byte of a control U+0080 to U+009F
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto b = static_cast<std::uint8_t>(c);
    const bool begins_c1 = b == 0xC2 && i + 1 < text.size() &&
                           static_cast<std::uint8_t>(text[i + 1]) >= 0x80 &&
                           static_cast<std::uint8_t>(text[i + 1]) < 0xA0;
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (b < 0x20 || b == 0x7F || begins_c1 || c1) {
      out += "\\x";
      out += kDigits[b >> 4];
      out += kDigits[b & 15];
    } else {
      out += c;
    }
    c1 = begins_c1;
  }
  return out;
}

}  // namespace mehr::common
