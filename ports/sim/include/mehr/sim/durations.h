// Spans of time as people write them in scenarios, settings and arguments.
//
// Place: ports/sim vocabulary. "1h30m", "250ms", "1.5 s", "10min": falling units out of d, h, min
// (or m), s, ms, us, ns; exact to the nanosecond. Failure: nothing for anything else, and for what
// no Duration holds. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mehr/sim/time.h"

namespace mehr::sim {

[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
/// parse_duration reads it back: "1h30min", "250ms", "0s".
[[nodiscard]] std::string duration_text(Duration span);

}  // namespace mehr::sim
