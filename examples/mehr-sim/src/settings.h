// The settings of a program, read with care: the first mistake is kept and said.
//
// Place: examples/mehr-sim. Every key that is asked for is known; `mistake` also names a key that
// nobody asked for, so that a misspelt one is not silently nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mehr/sim/scenario.h"

namespace mehr::sim_programs {

/// "512", "4KB", "2MB", "1GB": bytes, decimal units. Nothing for anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);
/// Digits alone, no sign; nothing on anything else, or over 2^64 - 1.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text);

class Settings {
 public:
  explicit Settings(const sim::ProgramSpec& spec) : spec_(spec) {}

  std::string text(const std::string& key, std::string_view otherwise);
  std::uint64_t number(const std::string& key, std::uint64_t otherwise, std::uint64_t most);
  std::uint64_t bytes(const std::string& key, std::uint64_t otherwise, std::uint64_t most);
  sim::Duration span(const std::string& key, sim::Duration otherwise);
  bool flag(const std::string& key, bool otherwise);

  /// Keeps the first.
  void complain(std::string sentence);
  /// The first mistake, after all keys were asked for.
  [[nodiscard]] std::optional<std::string> mistake();

 private:
  const std::string* find(const std::string& key);
  void refuse(const std::string& key, const std::string& found, std::string_view wanted);

  const sim::ProgramSpec& spec_;
  std::vector<std::string> known_;
  std::optional<std::string> mistake_;
};

}  // namespace mehr::sim_programs
