// Bytes, sizes and times as people read and write them.
//
// Place: examples/common, shared by mehrd and mehr. Pure functions; any thread.
// Failure: reading answers nothing when the text is not what was asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/units.h"

namespace mehr::common {

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(ByteView bytes);
/// Bytes of an even number of hexadecimal digits, either case; nothing else is let pass.
[[nodiscard]] std::optional<Bytes> from_hex(std::string_view text);

/// The 32 digits of a NodeID.
[[nodiscard]] std::string to_text(const NodeId& id);
[[nodiscard]] std::optional<NodeId> parse_node_id(std::string_view text);

/// "1.5 MB": decimal units, three significant digits.
[[nodiscard]] std::string human_bytes(double bytes);
/// "940 Mbit/s".
[[nodiscard]] std::string human_rate(double bits_per_second);
/// "2 m 05 s", "350 ms".
[[nodiscard]] std::string human_time(std::uint64_t milliseconds);

/// @p text with every control character, quote and backslash escaped: safe on a terminal and as one
/// line of a log. Other bytes above 0x7F pass, so UTF-8 stays readable.
[[nodiscard]] std::string printable(std::string_view text);

}  // namespace mehr::common
