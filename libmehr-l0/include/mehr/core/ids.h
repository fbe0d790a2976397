// Fixed-size byte strings with a meaning: identities, keys, hashes, signatures.
//
// Place: core vocabulary. Same bytes in memory as on the wire; ordered bytewise, which equals the
// order as big-endian numbers (spec: README/2.1). A FixedBytes is public data: keys that must stay
// secret are `Secret<N>` (secret.h).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "mehr/core/bytes.h"

namespace mehr {

/// N raw bytes of one meaning; @p Tag only keeps meanings apart.
template <std::size_t N, class Tag>
struct FixedBytes {
  std::array<std::uint8_t, N> bytes{};

  static constexpr std::size_t kSize = N;
  [[nodiscard]] constexpr ByteView view() const { return bytes; }
  [[nodiscard]] constexpr MutableBytes mutable_view() { return bytes; }
  [[nodiscard]] constexpr bool is_zero() const { return all_zero(bytes); }
  constexpr auto operator<=>(const FixedBytes&) const = default;
  // As the default; but of std::array GCC 12 makes a call, of this a few instructions.
  constexpr bool operator==(const FixedBytes& other) const {
    if (std::is_constant_evaluated()) return bytes == other.bytes;
    return __builtin_memcmp(bytes.data(), other.bytes.data(), N) == 0;
  }

  /// The first N bytes of @p from, which must hold at least N.
  static constexpr FixedBytes from(ByteView from) {
    FixedBytes out;
    std::copy_n(from.begin(), N, out.bytes.begin());
    return out;
  }
};

/// First 16 bytes of BLAKE2b-256 of an Ed25519 public key; also a destination. spec: L0/1
using NodeId = FixedBytes<16, struct NodeIdTag>;
/// Ed25519 public key. spec: L0/1
using PublicKey = FixedBytes<32, struct PublicKeyTag>;
/// Ed25519 signature.
using Signature = FixedBytes<64, struct SignatureTag>;
/// X25519 public key, long-term or ephemeral.
using X25519Key = FixedBytes<32, struct X25519KeyTag>;
/// BLAKE2b-256 or BLAKE3-256 output that is not a secret.
using Hash256 = FixedBytes<32, struct Hash256Tag>;
/// BLAKE3-256 of content.
using ContentHash = FixedBytes<32, struct ContentHashTag>;
/// Duplicate key of a native packet. spec: L0/3
using PacketId = FixedBytes<16, struct PacketIdTag>;
/// Poly1305 tag.
using AeadTag = FixedBytes<16, struct AeadTagTag>;
/// Id of a caller-sealed stream, first bytes of its datagrams. spec: L6/2
using StreamId = FixedBytes<8, struct StreamIdTag>;

}  // namespace mehr
