// `mehr inspect`: input from an argument, a file or standard input; JSON out, or lines for people
// where the input is a simulator's trace.
#pragma once

#include <string>

#include "trace_view.h"

namespace mehr::cli {

struct InspectOptions {
  std::string input;
  std::string as;
  TraceOptions trace;  ///< for traces alone
};

int inspect(const InspectOptions& options);
/// The kinds and what they are, for people.
[[nodiscard]] std::string kinds_text();

}  // namespace mehr::cli
