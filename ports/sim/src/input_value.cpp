#include "input_value.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>

#include "input_units.h"
#include "report_words.h"

namespace mehr::sim {
namespace {

constexpr std::size_t kShownBytes = 60;
constexpr std::size_t kShownNames = 12;

// Letters to change, add, leave out or swap with their neighbour to get from @p a to @p b.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);  // two rows up
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] =
          std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

// The one of @p known that @p name may have been meant to be; empty when none is near.
std::string_view nearest(std::string_view name, std::span<const std::string_view> known) {
  std::string_view best;
  std::size_t fewest = (name.size() + 1) / 3 + 1;
  if (name.size() > kShownBytes) return best;
  for (const std::string_view candidate : known) {
    const std::size_t apart =
        std::max(candidate.size(), name.size()) - std::min(candidate.size(), name.size());
    if (apart >= fewest) continue;
    const std::size_t edits = edits_between(name, candidate);
    // Nothing is left of a name of one letter when that one is changed.
    if (edits >= fewest || edits >= std::max(name.size(), candidate.size())) continue;
    fewest = edits;
    best = candidate;
  }
  return best;
}

std::string shown(const InputValue& value) {
  struct Visitor {
    std::string operator()(const Unusable& v) const { return std::string(v.what); }
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return std::to_string(v); }
    std::string operator()(double v) const { return number_text(v); }
    std::string operator()(const std::string& v) const { return in_quotes(v); }
    std::string operator()(const InputValue::List&) const { return "a list"; }
    std::string operator()(const InputValue::Table&) const { return "a table"; }
  };
  return std::visit(Visitor{}, value.data);
}

// From seconds, to the nearest nanosecond; nothing where no Duration holds it.
std::optional<Duration> from_seconds(double seconds) {
  if (!(seconds >= 0 && seconds < 9.2e9)) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(seconds);
  const auto halves = static_cast<std::int64_t>((seconds - static_cast<double>(whole)) * 2e9);
  return Duration{whole * 1'000'000'000 + (halves + 1) / 2};
}

std::optional<double> number_in(const InputValue& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data)) {
    return static_cast<double>(*whole);
  }
  if (const auto* number = std::get_if<double>(&value.data)) return *number;
  return std::nullopt;
}

// A whole number, or a text that @p parse understands.
std::optional<std::uint64_t> quantity_in(const InputValue& value,
                                         std::optional<std::uint64_t> (*parse)(std::string_view)) {
  if (const auto* whole = std::get_if<std::int64_t>(&value.data); whole && *whole >= 0) {
    return static_cast<std::uint64_t>(*whole);
  }
  if (const auto* text = std::get_if<std::string>(&value.data)) return parse(*text);
  return std::nullopt;
}

}  // namespace

void refuse(std::size_t line, std::string text) {
  throw BadInput{InputError{{}, line, std::move(text)}};
}

std::string read_input_file(const std::string& path, std::size_t most) {
  std::error_code error;
  const auto fail = [&path](const std::string& why) {
    throw BadInput{InputError{path, 0, "cannot be read: " + why}};
  };
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) fail("there is no such file");
  if (!std::filesystem::is_regular_file(status)) fail("it is not a file");
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                             &std::fclose);
  if (!file) fail(std::strerror(errno));
  std::string out;
  std::array<char, 65536> block{};
  while (const std::size_t n = std::fread(block.data(), 1, block.size(), file.get())) {
    out.append(block.data(), n);
    if (out.size() > most) fail("it has more than " + size_text(static_cast<double>(most)));
  }
  if (std::ferror(file.get()) != 0) fail(std::strerror(errno));
  return out;
}

std::string in_quotes(std::string_view text) {
  // The cut may split a character; what is left of it is shown as unreadable.
  return "\"" + shortened(text.substr(0, 8 * kShownBytes), kShownBytes) + "\"";
}

std::string number_text(double value) {
  // Whole numbers without exponents; 2^53 and more are exact no longer anyway.
  if (value > -9e15 && value < 9e15) {
    const auto whole = static_cast<std::int64_t>(value);
    if (static_cast<double>(whole) == value) return std::to_string(whole);
  }
  std::array<char, 64> out{};
  const auto end = std::to_chars(out.data(), out.data() + out.size(), value).ptr;
  return {out.data(), end};
}

std::string suggestion(std::string_view name, std::span<const std::string_view> known,
                       std::string_view known_are) {
  if (const std::string_view near = nearest(name, known); !near.empty()) {
    return "did you mean " + in_quotes(near) + "?";
  }
  std::string out(known_are);
  for (std::size_t i = 0; i < std::min(known.size(), kShownNames); ++i) {
    out += i == 0 ? " " : ", ";
    out += shortened(known[i], kShownBytes);
  }
  if (known.size() > kShownNames) {
    out += " and " + std::to_string(known.size() - kShownNames) + " more";
  }
  return known.empty() ? out + " none" : out;
}

void wrong(const InputValue& value, std::string_view key, std::string_view right) {
  refuse(value.line, in_quotes(key) + " is " + shown(value) + "; it must be " + std::string(right));
}

const std::string& as_text(const InputValue& value, std::string_view key) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) wrong(value, key, "a text");
  return *text;
}

const std::string& as_name(const InputValue& value, std::string_view key) {
  const std::string& text = as_text(value, key);
  const bool is_plain = std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  });
  if (text.empty() || text.size() > 64 || !is_plain) {
    wrong(value, key, "a name of 1 to 64 bytes without control characters");
  }
  return text;
}

std::vector<std::string> as_texts(const InputValue& value, std::string_view key) {
  std::vector<std::string> out;
  for (const InputValue& entry : as_list(value, key)) out.push_back(as_text(entry, key));
  return out;
}

bool as_bool(const InputValue& value, std::string_view key) {
  const auto* flag = std::get_if<bool>(&value.data);
  if (flag == nullptr) wrong(value, key, "true or false");
  return *flag;
}

std::int64_t as_integer(const InputValue& value, std::string_view key, std::int64_t least,
                        std::int64_t most) {
  const auto* number = std::get_if<std::int64_t>(&value.data);
  if (number != nullptr && *number >= least && *number <= most) return *number;
  wrong(value, key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
}

std::size_t as_count(const InputValue& value, std::string_view key, std::size_t least,
                     std::size_t most) {
  return static_cast<std::size_t>(
      as_integer(value, key, static_cast<std::int64_t>(least), static_cast<std::int64_t>(most)));
}

double as_number(const InputValue& value, std::string_view key, double least, double most) {
  const auto number = number_in(value);
  if (!number || !(*number >= least && *number <= most)) {
    wrong(value, key, "a number from " + number_text(least) + " to " + number_text(most));
  }
  return *number;
}

Duration as_duration(const InputValue& value, std::string_view key, Duration least, Duration most) {
  std::optional<Duration> span;
  if (const auto number = number_in(value)) span = from_seconds(*number);
  if (const auto* text = std::get_if<std::string>(&value.data)) span = parse_duration(*text);
  if (!span || *span < least || *span > most) {
    wrong(value, key,
          "a time from " + duration_text(least) + " to " + duration_text(most) +
              ", such as \"1h30m\", \"250ms\" or a number of seconds");
  }
  return *span;
}

BitsPerSecond as_rate(const InputValue& value, std::string_view key) {
  constexpr std::uint64_t kMost = 1'000'000'000'000;
  const auto rate = quantity_in(value, &parse_rate);
  if (!rate || *rate == 0 || *rate > kMost) {
    wrong(value, key,
          "a rate from 1 bps to 1000 Gbps, such as \"50 Mbps\" or a number of bits per second");
  }
  return {*rate};
}

std::uint32_t as_hertz(const InputValue& value, std::string_view key) {
  const auto hertz = quantity_in(value, &parse_hertz);
  if (!hertz || (*hertz != 125'000 && *hertz != 250'000 && *hertz != 500'000)) {
    wrong(value, key, "\"125 kHz\", \"250 kHz\" or \"500 kHz\"");
  }
  return static_cast<std::uint32_t>(*hertz);
}

std::size_t as_choice(const InputValue& value, std::string_view key,
                      std::span<const std::string_view> names) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) wrong(value, key, suggestion({}, names, "one of"));
  const auto found = std::find(names.begin(), names.end(), *text);
  if (found == names.end()) {
    refuse(value.line,
           in_quotes(key) + " is " + in_quotes(*text) + "; " + suggestion(*text, names));
  }
  return static_cast<std::size_t>(found - names.begin());
}

std::string as_setting(const InputValue& value, std::string_view key) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  const bool is_plain = std::holds_alternative<bool>(value.data) ||
                        std::holds_alternative<std::int64_t>(value.data) ||
                        std::holds_alternative<double>(value.data);
  if (!is_plain) wrong(value, key, "a text, a number, true or false");
  return shown(value);
}

const InputValue::List& as_list(const InputValue& value, std::string_view key) {
  const auto* list = std::get_if<InputValue::List>(&value.data);
  if (list == nullptr) wrong(value, key, "a list");
  return *list;
}

const InputValue::Table& as_table(const InputValue& value, std::string_view what) {
  const auto* table = std::get_if<InputValue::Table>(&value.data);
  if (table == nullptr) {
    refuse(value.line,
           std::string(what) + " must be a table of keys and values, not " + shown(value));
  }
  return *table;
}

const InputValue* find_member(const InputValue::Table& table, std::string_view key) {
  for (const InputMember& member : table) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

void check_keys(const InputValue::Table& table, std::string_view what,
                std::span<const std::string_view> known) {
  for (const InputMember& member : table) {
    if (std::find(known.begin(), known.end(), member.key) != known.end()) continue;
    refuse(member.line, "unknown key " + in_quotes(member.key) + " of " + std::string(what) + "; " +
                            suggestion(member.key, known));
  }
}

void check_repeats(const InputValue::Table& table) {
  std::vector<const InputMember*> sorted;
  for (const InputMember& member : table) sorted.push_back(&member);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->key < b->key; });
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i]->key != sorted[i - 1]->key) continue;
    refuse(sorted[i]->line, "the key " + in_quotes(sorted[i]->key) +
                                " stands here a second time; " + "line " +
                                std::to_string(sorted[i - 1]->line) + " has it too");
  }
}

}  // namespace mehr::sim
