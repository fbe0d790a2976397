// Times, sizes and bytes as people read them. Private to ports/sim.
#pragma once

#include <string>

#include "mehr/core/bytes.h"
#include "mehr/sim/time.h"

namespace mehr::sim {

/// "00:01:23.456789": hours, minutes, seconds and microseconds since the world began.
[[nodiscard]] std::string clock_text(Instant at);
/// "1 h 30 min", "2.5 s", "250 ms": short, for sentences.
[[nodiscard]] std::string span_text(Duration span);
/// Lower-case hexadecimal.
[[nodiscard]] std::string hex_text(ByteView bytes);

}  // namespace mehr::sim
