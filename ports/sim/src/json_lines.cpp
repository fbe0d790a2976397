#include "json_lines.h"

#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "report_words.h"

namespace mehr::sim {
namespace {

/// The line of the character that was read last. The lexer reads one character beyond a number:
/// when that one ends a line, the line it ends still counts.
struct LineCount {
  std::size_t line = 1;
  bool ended = false;

  void pass(char c) {
    if (ended) ++line;
    ended = c == '\n';
  }
};

class CountingIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountingIterator(const char* at, LineCount* count) : at_(at), count_(count) {}
  reference operator*() const { return *at_; }
  CountingIterator& operator++() {
    count_->pass(*at_++);
    return *this;
  }
  bool operator==(const CountingIterator& other) const { return at_ == other.at_; }
  bool operator!=(const CountingIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  LineCount* count_;
};

/// Builds the tree as nlohmann's parser goes along.
class TreeBuilder {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  explicit TreeBuilder(const LineCount& count) : count_(count) {}

  bool null() { return add(Unusable{"null"}); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(number_integer_t value) { return add(value); }
  bool number_unsigned(number_unsigned_t value) {
    constexpr auto kMost = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    if (value > kMost) return add(static_cast<double>(value));
    return add(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) { return add(value); }
  bool string(string_t& value) { return add(std::move(value)); }
  bool binary(binary_t&) { return false; }  // JSON has none
  bool start_object(std::size_t) { return open(InputValue::Table{}); }
  bool start_array(std::size_t) { return open(InputValue::List{}); }
  bool key(string_t& value) {
    const std::size_t line = count_.line;
    std::get<InputValue::Table>(open_.back()->data).push_back({std::move(value), line, {}});
    return true;
  }
  bool end_object() {
    check_repeats(std::get<InputValue::Table>(open_.back()->data));
    open_.pop_back();
    return true;
  }
  bool end_array() {
    open_.pop_back();
    return true;
  }
  template <class E>
  bool parse_error(std::size_t, const std::string&, const E& error) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error while ..."
    std::string_view what = error.what();
    what.remove_prefix(what.find("] ") + 2);
    if (what.starts_with("parse error at")) what.remove_prefix(what.find(": ") + 2);
    refuse(count_.line, "this is not JSON: " + shortened(what.substr(0, 2000), 200));
  }

  InputValue take() { return std::move(root_); }

 private:
  template <class T>
  bool add(T&& value) {
    place()->data = std::forward<T>(value);
    return true;
  }
  template <class T>
  bool open(T container) {
    if (open_.size() == kInputDepth) {
      refuse(count_.line, "lists and tables nest more than " + std::to_string(kInputDepth) +
                              " deep; no format here does");
    }
    InputValue* value = place();
    value->data = std::move(container);
    open_.push_back(value);
    return true;
  }
  // Where the next value goes. Pointers in open_ stay: a container grows only while it is last.
  InputValue* place() {
    if (++values_ > kJsonValues) {
      refuse(count_.line, "there are more than " + std::to_string(kJsonValues) + " values");
    }
    InputValue* value = &root_;
    if (!open_.empty()) {
      if (auto* table = std::get_if<InputValue::Table>(&open_.back()->data)) {
        value = &table->back().value;
      } else {
        value = &std::get<InputValue::List>(open_.back()->data).emplace_back();
      }
    }
    value->line = count_.line;
    return value;
  }

  const LineCount& count_;
  InputValue root_;
  std::vector<InputValue*> open_;
  std::size_t values_ = 0;
};

}  // namespace

InputValue parse_json(std::string_view text) {
  LineCount count;
  TreeBuilder builder(count);
  const char* begin = text.data();
  static_cast<void>(nlohmann::json::sax_parse(
      CountingIterator(begin, &count), CountingIterator(begin + text.size(), &count), &builder));
  return builder.take();
}

}  // namespace mehr::sim
