// What is wrong in a file that a person wrote, and where.
//
// Place: ports/sim vocabulary; the loaders of scenarios and topologies give it, `mehr-sim` prints
// "FILE:LINE: text" and exits with 2. The text says what is wrong and what would be right.
#pragma once

#include <cstddef>
#include <string>
#include <tl/expected.hpp>

namespace mehr::sim {

struct InputError {
  std::string file;
  std::size_t line = 0;  ///< 1 is the first; 0: the file as a whole
  std::string text;

  /// "FILE:LINE: text"
  [[nodiscard]] std::string message() const;
};

template <class T>
using Loaded = tl::expected<T, InputError>;

}  // namespace mehr::sim
