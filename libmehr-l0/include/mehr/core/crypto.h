// The primitives, and nothing else: no protocol, no policy, no randomness of its own.
//
// Place: core, over OpenSSL 3, libsodium and BLAKE3; a firmware or a simulator puts another
// implementation behind the same calls. spec: README/2.2, L0/1, L2/1, CH/2
// Primitives: Ed25519, X25519, HKDF, BLAKE2b-256 and Argon2id (libsodium), SHA-256 and
// ChaCha20-Poly1305 (OpenSSL; libsodium in firmware), BLAKE3 (official C), ECVRF over libsodium's
// curve points. Bounds: with libsodium alone nothing here allocates, but for Argon2id. With OpenSSL
// an `Aead` owns one cipher context per direction of use, made in its constructor and reused for
// every message, and `x25519_from_ed25519` takes and gives back a few numbers. Failure:
// verification answers yes or no; everything that can meet hostile input gives a Result. A backend
// that fails for want of memory or an unavailable algorithm stops the program (Ensures). Threads:
// free functions are pure and may run anywhere; an object belongs to one thread at a time. Key
// separation: B2 for addresses and link keys, BLAKE3 for content; never swapped.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/result.h"
#include "mehr/core/secret.h"
#include "mehr/core/workers.h"

namespace mehr::crypto {

// ---- Hashes
// --------------------------------------------------------------------------------------

/// Incremental unkeyed BLAKE2b with a 32-byte digest. What it was fed is wiped with it.
/// spec: README/2.2 `B2`
class Blake2b256 {
 public:
  Blake2b256();
  ~Blake2b256() { wipe(state_); }
  Blake2b256(const Blake2b256&) = default;
  Blake2b256& operator=(const Blake2b256&) = default;
  Blake2b256& update(ByteView bytes);
  /// The digest; the object must not be used afterwards.
  [[nodiscard]] Hash256 finish();

 private:
  alignas(64) std::array<std::uint8_t, 384> state_;  // libsodium's opaque state
};

/// B2 of all @p parts joined.
template <class... Parts>
Hash256 b2(const Parts&... parts) {
  Blake2b256 h;
  (h.update(ByteView(parts)), ...);
  return h.finish();
}
/// Keyed BLAKE2b-256; @p key up to 64 bytes.
Hash256 b2_keyed(ByteView key, ByteView message);

/// Incremental BLAKE3-256. Its key and what it was fed are wiped with it. spec: README/2.2 `H`
class Blake3 {
 public:
  Blake3();
  ~Blake3() { wipe(state_); }
  Blake3(const Blake3&) = default;
  Blake3& operator=(const Blake3&) = default;
  static Blake3 keyed(std::span<const std::uint8_t, 32> key);
  /// Key-derivation mode under an ASCII context. spec: README/2.2 `DK`
  static Blake3 derive_key(std::string_view context);
  Blake3& update(ByteView bytes);
  /// Fills @p out of any length with (extended) output; more input may follow.
  void finish(MutableBytes out) const;
  [[nodiscard]] ContentHash finish() const;

 private:
  struct Uninitialised {};
  explicit Blake3(Uninitialised) {}
  alignas(16) std::array<std::uint8_t, 1920> state_;  // blake3_hasher
};

/// SHA-256, for Reticulum's addresses and known answers.
Hash256 sha256(ByteView message);

/// HKDF-SHA-256 (RFC 5869). `expand` fills @p out, at most 8,160 bytes.
void hkdf_extract(ByteView salt, ByteView ikm, Secret<32>& prk);
void hkdf_expand(const Secret<32>& prk, ByteView info, MutableBytes out);

// ---- Ed25519, X25519
// -----------------------------------------------------------------------------

using Seed = Secret<32>;

/// Seed and public key together, in the form the signing primitive wants.
class SigningKey {
 public:
  explicit SigningKey(const Seed& seed);
  [[nodiscard]] const PublicKey& public_key() const { return public_key_; }
  [[nodiscard]] Signature sign(ByteView message) const;
  /// Clamped SHA-512(seed)[0..32]. spec: L0/1
  [[nodiscard]] Secret<32> x25519_secret() const;
  [[nodiscard]] const Seed& seed() const { return seed_; }

 private:
  Seed seed_;
  PublicKey public_key_;
};

/// Strict verification: refuses S >= L, small-order or non-canonical A or R; without cofactor.
/// spec: L2/1
[[nodiscard]] bool verify(const PublicKey& key, ByteView message, const Signature& signature);
/// True for a canonical point of the curve that is not of small order. spec: L2/3.1 AuthBody
[[nodiscard]] bool is_valid_key(const PublicKey& key);

/// One verification of a batch; @p ok is the answer. Views are borrowed for the call.
struct VerifyJob {
  const PublicKey* key = nullptr;
  ByteView message;
  const Signature* signature = nullptr;
  bool ok = false;
};
/// Answers every job on the pool's threads; the answers equal those of `verify`.
void verify_batch(std::span<VerifyJob> jobs, WorkerPool& workers);

/// u = (1+y)/(1-y); Errc::bad_value for whatever `is_valid_key` refuses, y = 1 among it. A key with
/// a small-order part has a u that agrees on the secrets of that formula; with OpenSSL it is the
/// formula's own, with libsodium alone that of its prime-order part. spec: L0/1, decision 0017
[[nodiscard]] Result<X25519Key> x25519_from_ed25519(const PublicKey& key);
[[nodiscard]] X25519Key x25519_public(const Secret<32>& secret);
/// RFC 7748; Errc::bad_value when the shared secret is all zero.
[[nodiscard]] Result<Secret<32>> x25519(const Secret<32>& secret, const X25519Key& peer);

/// NodeID of a key: first 16 bytes of its B2. spec: L0/1
[[nodiscard]] NodeId node_id_of(const PublicKey& key);

// ---- ChaCha20-Poly1305
// ---------------------------------------------------------------------------

using Nonce = std::array<std::uint8_t, 12>;

/// One key, used for one purpose (sealing or opening) many times, without allocation.
class Aead {
 public:
  enum class Use : std::uint8_t { seal, open };
  static constexpr std::size_t kTagSize = 16;

  Aead(const Secret<32>& key, Use use);
  ~Aead();
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;

  /// Encrypts @p plain into @p out, which is plain.size() + 16 long: ciphertext then tag.
  /// In place (out.data() == plain.data()) or apart; no partial overlap.
  void seal(const Nonce& nonce, ByteView aad, ByteView plain, MutableBytes out);
  /// Decrypts @p sealed (ciphertext then tag) into @p out, sealed.size() - 16 long, in place or
  /// apart. Errc::bad_seal when the tag does not match: @p out is then zeroed.
  [[nodiscard]] Status open(const Nonce& nonce, ByteView aad, ByteView sealed, MutableBytes out);

 private:
  // The backend's context lives in place where it fits, as a key does: then no key costs heap.
  // A larger one is pointed to from here.
  struct Context;
  [[nodiscard]] Context& context();
  alignas(std::uint64_t) std::array<std::uint8_t, 40> place_;
};

/// The keystream of ChaCha20 from block 1 on, which `Aead::seal` adds to a plaintext under the same
/// key and nonce: written to @p out. Who lays out an onion needs it apart from any message.
/// spec: L2/5 `KS`
void chacha20_stream(const Secret<32>& key, const Nonce& nonce, MutableBytes out);

// ---- Argon2id (RFC 9106)
// -------------------------------------------------------------------------

/// What one guess at a passphrase costs: memory in KiB and passes over it, on one lane.
/// spec: L2/6
struct Argon2Cost {
  std::uint32_t memory_kib = 262'144;
  std::uint32_t passes = 3;
  constexpr bool operator==(const Argon2Cost&) const = default;
};

using Argon2Salt = std::array<std::uint8_t, 16>;

/// A key out of a passphrase. It takes the memory it says for as long as it runs, and wipes it.
/// Errors: bad_value (under 8 KiB or no pass), full (that much memory cannot be had).
/// Not on a packet's path: by design it takes from a tenth of a second to seconds.
[[nodiscard]] Status argon2id(ByteView passphrase, const Argon2Salt& salt, const Argon2Cost& cost,
                              Secret<32>& out);

// ---- ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381)
// ----------------------------------------------------

using VrfProof = FixedBytes<80, struct VrfProofTag>;
using VrfOutput = FixedBytes<64, struct VrfOutputTag>;

[[nodiscard]] VrfProof vrf_prove(const SigningKey& key, ByteView alpha);
/// The output when @p proof is valid for @p key and @p alpha, else Errc::bad_signature.
[[nodiscard]] Result<VrfOutput> vrf_verify(const PublicKey& key, ByteView alpha,
                                           const VrfProof& proof);

}  // namespace mehr::crypto
