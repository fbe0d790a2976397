// What the files of this directory share: one start of libsodium, and its curve's constants.
#pragma once

#include <array>
#include <cstdint>
#include <gsl/assert>

#include "mehr/core/bytes.h"

namespace mehr::crypto::detail {

/// Has libsodium choose its code for this processor, once; the first callers may be many threads.
void start_sodium();

/// Stops the program unless a backend did what it cannot honestly fail to do.
inline void must(bool done) { Ensures(done); }

/// Encoding of a curve point, or of a scalar, as RFC 8032 has it.
using Point = std::array<std::uint8_t, 32>;
using Scalar = std::array<std::uint8_t, 32>;

/// True when the y coordinate in @p point is below 2^255-19, whatever the sign bit.
[[nodiscard]] bool has_canonical_y(const Point& point);
/// True when the canonical @p point is one of the eight of order 1, 2, 4 and 8.
[[nodiscard]] bool has_small_order(const Point& point);

}  // namespace mehr::crypto::detail
