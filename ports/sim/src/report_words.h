// Numbers, tables and foreign text as reports and traces show them. Private to ports/sim.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mehr::sim {

/// "13,800", "93.5": how many times.
[[nodiscard]] std::string times_text(double times);
/// "1,234,567".
[[nodiscard]] std::string count_text(std::uint64_t count);
/// "1.53 M", "2 k": decimal prefixes, at most three significant digits.
[[nodiscard]] std::string short_text(double value);
/// "1.50 MB", "999 B": three significant digits.
[[nodiscard]] std::string size_text(double bytes);
/// "12.3 %", "< 0.01 %"; "-" of nothing.
[[nodiscard]] std::string share_text(double part, double whole);
/// @p value with @p decimals digits behind the point, without trailing zeros.
[[nodiscard]] std::string decimal_text(double value, int decimals);

/// @p text as well-formed UTF-8 without control characters: what is neither becomes U+FFFD.
[[nodiscard]] std::string readable(std::string_view text);
/// At most @p most characters of readable(@p text); the last is "…" when some are missing.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);
/// The characters of UTF-8 text.
[[nodiscard]] std::size_t width_of(std::string_view text);

/// Columns for a terminal, two blanks apart; a title that begins with '>' aligns to the right.
class TextTable {
 public:
  explicit TextTable(std::vector<std::string> titles);
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.size() == 1; }
  /// Whole lines, each after @p indent blanks.
  [[nodiscard]] std::string text(std::size_t indent) const;

 private:
  std::vector<bool> right_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace mehr::sim
