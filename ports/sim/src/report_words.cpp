#include "report_words.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace mehr::sim {
namespace {

constexpr std::string_view kUnknown = "\xEF\xBF\xBD";  // U+FFFD

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Length of the well-formed character that @p text begins with; 0 when there is none.
std::size_t character_at(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return 0;
  }
  const unsigned second = byte(1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool outside = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return overlong || outside ? 0 : length;
}

struct Scaled {
  double value = 0;
  const char* prefix = "";
  int decimals = 0;  // for three significant digits
};

Scaled scaled_of(double value) {
  static constexpr std::array<const char*, 6> kPrefixes = {"", " k", " M", " G", " T", " P"};
  std::size_t prefix = 0;
  while (value >= 999.5 && prefix + 1 < kPrefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  return {value, kPrefixes[prefix], value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2};
}

}  // namespace

std::string count_text(std::uint64_t count) {
  std::string out = std::to_string(count);
  for (std::size_t i = out.size(); i > 3; i -= 3) out.insert(i - 3, ",");
  return out;
}

std::string times_text(double times) {
  if (times < 100 || times > 1e15) return decimal_text(times, 1);
  return count_text(static_cast<std::uint64_t>(times));
}

std::string decimal_text(double value, int decimals) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", decimals, value);
  std::string out = buffer.data();
  if (out.find('.') != std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.ends_with('.')) out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

std::string short_text(double value) {
  const Scaled scaled = scaled_of(value);
  return decimal_text(scaled.value, scaled.decimals) + scaled.prefix;
}

std::string size_text(double bytes) {
  const Scaled scaled = scaled_of(bytes);
  if (*scaled.prefix == '\0') return decimal_text(bytes, 0) + " B";
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.*f%sB", scaled.decimals, scaled.value, scaled.prefix);
  return out.data();
}

std::string share_text(double part, double whole) {
  if (whole <= 0) return "-";
  const double percent = part * 100 / whole;
  if (percent > 0 && percent < 0.01) return "< 0.01 %";
  return decimal_text(percent, percent >= 99.95 || percent == 0 ? 0 : percent < 1 ? 2 : 1) + " %";
}

std::string readable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = character_at(text);
    const auto first = static_cast<unsigned char>(text.front());
    const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    const bool is_end = length == 1 && first == '\n';
    const bool noncharacter = length == 3 && text.substr(0, 2) == "\xEF\xBF" &&
                              static_cast<unsigned char>(text[2]) >= 0xBE;
    if (length == 0 || c1 || noncharacter ||
        (length == 1 && (first < 0x20 || first == 0x7F) && !is_end)) {
      out += kUnknown;
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  return text.size() -
         static_cast<std::size_t>(std::count_if(text.begin(), text.end(), &continues));
}

std::string shortened(std::string_view text, std::size_t most) {
  std::string out = readable(text);
  std::replace(out.begin(), out.end(), '\n', ' ');
  if (width_of(out) <= most) return out;
  while (width_of(out) >= most) {
    while (continues(out.back())) out.pop_back();
    out.pop_back();
  }
  return out + "…";
}

TextTable::TextTable(std::vector<std::string> titles) {
  for (std::string& title : titles) {
    right_.push_back(title.starts_with('>'));
    if (right_.back()) title.erase(0, 1);
  }
  rows_.push_back(std::move(titles));
}

void TextTable::add(std::vector<std::string> cells) {
  cells.resize(right_.size());
  rows_.push_back(std::move(cells));
}

std::string TextTable::text(std::size_t indent) const {
  std::vector<std::size_t> widths(right_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string room(widths[i] - width_of(row[i]), ' ');
      line += (right_[i] ? room + row[i] : row[i] + room) + "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace mehr::sim
