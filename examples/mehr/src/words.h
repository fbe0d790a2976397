// Numbers of the network as people read them.
//
// Place: examples/mehr, beside text.h of common. Pure functions. What is not known is "unknown"
// where somebody looks for it, "-" in the cells of a table.
#pragma once

#include <cstdint>
#include <string>

#include "client.h"

namespace mehr::cli {

/// "free", "unknown" or "42 uMHR": a price per byte under @p key.
[[nodiscard]] std::string price(const Json& object, const char* key);
/// A path's bandwidth under @p key. A path cost cannot say more than 3.94 Gbit/s: ">3.9 Gbit/s".
[[nodiscard]] std::string path_rate(const Json& object, const char* key);
/// "940 Mbit/s".
[[nodiscard]] std::string rate(const Json& object, const char* key);
/// A reliability of 1..255 in percent.
[[nodiscard]] std::string reliability(const Json& object, const std::string& unknown);
/// @p part of @p whole: "12 %", "0.3 %", "-" of nothing.
[[nodiscard]] std::string percent(std::uint64_t part, std::uint64_t whole);
/// "0.8 ms", "12 ms".
[[nodiscard]] std::string human_micros(std::uint64_t micros);
/// "4 ms"; clocks here tell no less than a millisecond.
[[nodiscard]] std::string round_trip(std::uint64_t milliseconds);
/// "1 relay", "3 relays".
[[nodiscard]] std::string counted(std::uint64_t n, const std::string& what);

}  // namespace mehr::cli
