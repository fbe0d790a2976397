// Reticulum's announce: made for this node, read and verified for others. spec: L0/8.1, L0/8.3
//
// Place: L0 codec under rns/relay.h. Shapes: identity key 64 (X25519, then Ed25519), name hash 10,
// random 5, emitted 5 (seconds, big-endian), a ratchet of 32 where flags bit 5 says so, signature
// 64, app_data. What is signed begins with the destination, which is not in DATA, and has no label:
// the format is the foreign network's.
// Bounds: DATA up to 481 bytes is read, up to 465 made: more cannot be passed on with two
// addresses. Failure: an Error. Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/signer.h"
#include "mehr/l0/rns/packet.h"

namespace mehr::l0::rns {

/// SHA/10 of an application's name. spec: L0/8.1
using NameHash = FixedBytes<10, struct RnsNameHashTag>;
/// Random and emitted of one announce: what tells it from every other of its destination.
using Blob = FixedBytes<10, struct RnsBlobTag>;

/// Longest DATA of an announce in a one-address packet, and what still fits with two addresses.
inline constexpr std::size_t kMostAnnounce = kMtu - kHeaderSize;
inline constexpr std::size_t kMostForwarded = kMtu - kHeaderSizeWithTransport;
/// Longest app_data that is passed on, without a ratchet. spec: L0/8.1
inline constexpr std::size_t kMostAppData = 317;
/// The name under which nodes of ours are found. spec: L0/8.1
inline constexpr std::string_view kNodeName = "mehr.node";

/// The two public keys of a Reticulum identity.
struct IdentityKey {
  X25519Key encryption;
  PublicKey signing;

  static constexpr auto wire = std::tuple{field("encryption", &IdentityKey::encryption),
                                          field("signing", &IdentityKey::signing)};
  constexpr bool operator==(const IdentityKey&) const = default;
};
static_assert(wire_size<IdentityKey> == 64);

/// An announce as read. Views borrow from DATA.
struct Announce {
  IdentityKey identity;
  NameHash name;
  Blob blob;
  std::optional<X25519Key> ratchet;
  Signature signature;
  ByteView app_data;

  /// Seconds of the sender's clock.
  [[nodiscard]] std::uint64_t emitted() const;
};

/// Seconds in the second half of a blob.
[[nodiscard]] std::uint64_t emitted_of(const Blob& blob);
/// A blob of @p random and @p emitted, of which 40 bits travel.
[[nodiscard]] Blob blob_of(const FixedBytes<5, struct RnsRandomTag>& random, std::uint64_t emitted);

[[nodiscard]] NameHash name_hash(std::string_view name);
/// SHA/16(identity key).
[[nodiscard]] Address identity_hash(const IdentityKey& identity);
/// SHA/16(name hash || identity hash).
[[nodiscard]] Address destination_of(const NameHash& name, const IdentityKey& identity);
/// The identity key that belongs to a node's own keys.
[[nodiscard]] IdentityKey identity_of(const Signer& signer);

/// Reads DATA; nothing is verified. Errors: truncated, too_big.
[[nodiscard]] Result<Announce> parse_announce(bool with_ratchet, ByteView data);
/// The signature first, then that @p destination belongs to the key. Errors: bad_signature,
/// wrong_peer.
[[nodiscard]] Status verify(const Announce& announce, const Address& destination);
/// DATA of an announce of this node under @p name, without a ratchet, at the front of @p out.
/// Errors: too_big when @p app_data is over 317 bytes or @p out is too small.
[[nodiscard]] Result<MutableBytes> build_announce(const Signer& signer, const NameHash& name,
                                                  const Blob& blob, ByteView app_data,
                                                  MutableBytes out);

}  // namespace mehr::l0::rns
