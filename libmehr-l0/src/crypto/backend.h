// What the files of this directory share: one start of libsodium, and its curve's constants.
//
// What stands in openssl/ and sodium/ is there twice, and MEHR_CRYPTO chooses: the AEAD, and the u
// of a key. Everything else is libsodium's on every platform.
#pragma once

#include <array>
#include <cstdint>
#include <gsl/assert>
#include <optional>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"

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
/// 8P; nothing when @p p is no point of the curve.
[[nodiscard]] std::optional<Point> times_cofactor(Point p);

/// The u of a key that `is_valid_key` accepts.
[[nodiscard]] X25519Key montgomery_u(const PublicKey& key);

}  // namespace mehr::crypto::detail
