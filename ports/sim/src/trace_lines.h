// The lines of a trace, as text. Private to ports/sim.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mehr/core/ids.h"
#include "mehr/sim/recorder.h"

namespace mehr::sim {

/// Bytes of a happening that a line shows, at most.
inline constexpr std::size_t kMostTraceBytes = 4096;

struct TraceNode {
  std::string_view name;
  NodeId id;
};
struct TraceChannel {
  std::string_view media;
  std::string_view kind;
};
/// The first line: format, seed, who is who.
[[nodiscard]] std::string trace_head(std::uint64_t seed, const std::vector<TraceNode>& nodes,
                                     const std::vector<TraceChannel>& channels);
/// Appends the line of @p happening.
void append_line(std::string& out, const Happening& happening);

}  // namespace mehr::sim
