// The steps of ECVRF-EDWARDS25519-SHA512-TAI apart, so that each can be held against the
// intermediate values of RFC 9381 B.3. spec: CH/2
#pragma once

#include <optional>

#include "backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto::detail {

/// H, a point of the prime-order group; nothing when none of the 256 tries gives one.
/// @p tries, when given, receives the counter that gave it.
[[nodiscard]] std::optional<Point> vrf_encode_to_curve(const PublicKey& key, ByteView alpha,
                                                       int* tries = nullptr);
/// A 64-byte little-endian number mod q.
[[nodiscard]] Secret<32> vrf_reduce(ByteView wide);
/// k: the upper half of SHA-512(seed) and H hashed, mod q.
[[nodiscard]] Secret<32> vrf_nonce(const Seed& seed, const Point& h);
/// The 16-byte challenge, with 16 zero bytes behind it so that it is a scalar.
[[nodiscard]] Scalar vrf_challenge(const Point& y, const Point& h, const Point& gamma,
                                   const Point& u, const Point& v);
/// beta. @p gamma must be a point of the curve.
[[nodiscard]] VrfOutput vrf_proof_to_hash(const Point& gamma);

}  // namespace mehr::crypto::detail
