// A file that a person wrote, as a tree of values that know their lines. Private to ports/sim.
//
// Place: JSON (json_lines.h) and TOML (toml_lines.h) are read into it; the readers of media,
// topologies and scenarios take it apart with the calls below.
// Bounds: what the parsers allow. Failure: BadInput, thrown here and caught where a loader returns;
// its text says what is wrong and what would be right. Threads: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "mehr/core/units.h"
#include "mehr/sim/input_error.h"
#include "mehr/sim/time.h"

namespace mehr::sim {

/// Containers nest this deep at most, in every format.
inline constexpr std::size_t kInputDepth = 32;

struct InputMember;

/// What none of our formats asks for: null, a date, a time.
struct Unusable {
  std::string_view what;
};

struct InputValue {
  using List = std::vector<InputValue>;
  using Table = std::vector<InputMember>;  ///< in the order of the file, keys once each
  std::size_t line = 0;
  std::variant<Unusable, bool, std::int64_t, double, std::string, List, Table> data;
};

struct InputMember {
  std::string key;
  std::size_t line = 0;  ///< of the key
  InputValue value;
};

/// Thrown by readers. A `file` that is empty is the one being read.
struct BadInput {
  InputError error;
};
[[noreturn]] void refuse(std::size_t line, std::string text);

/// Runs @p read and gives what it returns, or the mistake it found in @p file.
template <class F>
auto loaded(const std::string& file, F&& read) -> Loaded<decltype(read())> {
  try {
    return read();
  } catch (BadInput& bad) {
    if (bad.error.file.empty()) bad.error.file = file;
    return tl::unexpected(std::move(bad.error));
  }
}

/// The whole file at @p path, refused when it is larger than @p most bytes.
[[nodiscard]] std::string read_input_file(const std::string& path, std::size_t most);

// ---- Words for messages
/// In quotes, cut short, harmless on a terminal.
[[nodiscard]] std::string in_quotes(std::string_view text);
/// The number as short as it can be written and read back.
[[nodiscard]] std::string number_text(double value);
/// "did you mean "x"?" when one of @p known is near, else "known are a, b, c".
[[nodiscard]] std::string suggestion(std::string_view name, std::span<const std::string_view> known,
                                     std::string_view known_are = "known are");

// ---- Taking values apart. @p key is the name that messages give the value.
[[noreturn]] void wrong(const InputValue& value, std::string_view key, std::string_view right);
[[nodiscard]] const std::string& as_text(const InputValue& value, std::string_view key);
/// A text of 1 to 64 bytes without control characters: a name of a node or medium.
[[nodiscard]] const std::string& as_name(const InputValue& value, std::string_view key);
[[nodiscard]] std::vector<std::string> as_texts(const InputValue& value, std::string_view key);
[[nodiscard]] bool as_bool(const InputValue& value, std::string_view key);
[[nodiscard]] std::int64_t as_integer(const InputValue& value, std::string_view key,
                                      std::int64_t least, std::int64_t most);
[[nodiscard]] std::size_t as_count(const InputValue& value, std::string_view key, std::size_t least,
                                   std::size_t most);
[[nodiscard]] double as_number(const InputValue& value, std::string_view key, double least,
                               double most);
/// "1h30m", "250ms", "10 min", or a number of seconds.
[[nodiscard]] Duration as_duration(const InputValue& value, std::string_view key, Duration least,
                                   Duration most);
/// "50 Mbps", "57600 bit/s", or a number of bits per second; never 0.
[[nodiscard]] BitsPerSecond as_rate(const InputValue& value, std::string_view key);
/// 125000 or "125 kHz".
[[nodiscard]] std::uint32_t as_hertz(const InputValue& value, std::string_view key);
/// The place of the text in @p names.
[[nodiscard]] std::size_t as_choice(const InputValue& value, std::string_view key,
                                    std::span<const std::string_view> names);
/// A text, number or flag, as the text that somebody else will read.
[[nodiscard]] std::string as_setting(const InputValue& value, std::string_view key);
[[nodiscard]] const InputValue::List& as_list(const InputValue& value, std::string_view key);
/// @p what is said of a value that is none: "a node must be a table".
[[nodiscard]] const InputValue::Table& as_table(const InputValue& value, std::string_view what);

/// The value of @p key, or null.
[[nodiscard]] const InputValue* find_member(const InputValue::Table& table, std::string_view key);
/// Refuses keys that are not in @p known; @p what names the table: "a node".
void check_keys(const InputValue::Table& table, std::string_view what,
                std::span<const std::string_view> known);
/// Refuses a key that stands twice.
void check_repeats(const InputValue::Table& table);

/// How one key of a table is read into a T.
template <class T>
struct InputField {
  std::string_view key;
  void (*read)(T& to, const InputValue& value, std::string_view key);
};

template <class Field>
std::vector<std::string_view> keys_of(std::span<const Field> fields) {
  std::vector<std::string_view> out;
  for (const Field& field : fields) out.push_back(field.key);
  return out;
}

/// Reads every member of @p value by the field of its key, in the order of the file.
template <class T, std::size_t N>
void read_fields(const InputValue& value, std::string_view what, const InputField<T> (&fields)[N],
                 T& to) {
  for (const InputMember& member : as_table(value, what)) {
    const InputField<T>* field = nullptr;
    for (const InputField<T>& candidate : fields) {
      if (candidate.key == member.key) field = &candidate;
    }
    if (field == nullptr) {
      const auto known = keys_of(std::span<const InputField<T>>(fields));
      refuse(member.line, "unknown key " + in_quotes(member.key) + " of " + std::string(what) +
                              "; " + suggestion(member.key, known));
    }
    field->read(to, member.value, member.key);
  }
}

}  // namespace mehr::sim
