// `mehr inspect`: input from an argument, a file or standard input; JSON out.
#pragma once

#include <string>

namespace mehr::cli {

struct InspectOptions {
  std::string input;
  std::string as;
};

int inspect(const InspectOptions& options);
/// The kinds and what they are, for people.
[[nodiscard]] std::string kinds_text();

}  // namespace mehr::cli
