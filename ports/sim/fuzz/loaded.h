// What holds of every text that a loader refuses.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "mehr/sim/input_error.h"

namespace mehr::sim {

inline void require(bool holds) {
  if (!holds) __builtin_trap();
}

/// A line that exists, and a sentence that is harmless on a terminal.
inline void require_clear(const InputError& error, std::string_view text) {
  const auto ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  require(error.line <= ends + 1);
  require(!error.file.empty() && !error.text.empty());
  for (const char c : error.text) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

}  // namespace mehr::sim
