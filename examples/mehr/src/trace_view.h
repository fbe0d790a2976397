// `mehr inspect` of a simulator's trace: one line per happening, with its bytes decoded.
//
// Place: examples/mehr. A trace is JSON lines; the first names its format, nodes and channels
// (mehr/sim/trace.h). Read line by line, so a trace of any length can be shown.
// Bounds: a line of at most 64 MiB. Failure: "FILE:LINE: what is wrong" and exit code 2; the lines
// before stay shown.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace mehr::cli {

struct TraceOptions {
  bool json = false;               ///< one JSON object per happening, decoded in full
  std::string node;                ///< only happenings at or with this node: its name or number
  std::vector<std::string> whats;  ///< only these kinds of happening; empty: all
};

/// How every trace begins; what starts so is one.
inline constexpr std::string_view kTraceMark = R"({"format":"mehr-trace")";

/// Shows what @p head, the bytes read already, and the rest of @p in hold. The program's exit code.
int view_trace(std::string head, std::FILE* in, const std::string& name,
               const TraceOptions& options);

}  // namespace mehr::cli
