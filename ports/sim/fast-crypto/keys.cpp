// THIS PROTECTS NOTHING. A stand-in for Ed25519, X25519 and ECVRF behind mehr/core/crypto.h, for
// simulations of many thousand nodes, in which the real arithmetic would be all there is.
//
// Place: ports/sim/fast-crypto, object files that a simulation links in place of the archive
// members ed25519.cpp, verify.cpp, x25519.cpp, vrf.cpp and aead.cpp of L0. Hashes, HKDF and wiping
// stay real. guard.cpp keeps it out of every program that opens a socket.
// Anybody can sign for anybody, and compute anybody's shared secret from two public keys. What
// holds: sizes and errors as with the real ones; a wrong key, an altered message, signature or
// proof does not verify; both ends agree on a secret, and others that do not try do not have it.
// Bounds: no heap. Threads: as in crypto.h. Deterministic on every build.
#include <algorithm>
#include <array>

#include "mehr/core/crypto.h"
#include "mixer.h"

namespace mehr::crypto {

namespace {

using fast::Mixer;

enum Purpose : std::uint64_t {
  kPublicKey = 1,
  kSignature,
  kExchangeSecret,
  kExchangePublic,
  kShared,
  kProof,
  kOutput
};

/// @p N bytes that depend on @p parts.
template <std::size_t N, class... Parts>
std::array<std::uint8_t, N> mixed(Purpose purpose, const Parts&... parts) {
  Mixer mixer(purpose);
  (mixer.absorb(ByteView(parts)), ...);
  std::array<std::uint8_t, N> out{};
  mixer.fill(out);
  return out;
}

X25519Key exchange_public(ByteView secret) {
  X25519Key out;
  out.bytes = mixed<32>(kExchangePublic, secret);
  return out;
}

/// The secret is no secret: it follows from the public key, so that its public half does too.
Secret<32> exchange_secret(const PublicKey& key) {
  auto bytes = mixed<32>(kExchangeSecret, key.bytes);
  bytes[0] &= 0xf8;
  bytes[31] = static_cast<std::uint8_t>((bytes[31] & 0x7f) | 0x40);
  return Secret<32>::copy_of(bytes);
}

}  // namespace

// ---- Ed25519

SigningKey::SigningKey(const Seed& seed) : seed_(Seed::copy_of(seed.expose())) {
  public_key_.bytes = mixed<32>(kPublicKey, seed_.expose());
  public_key_.bytes[31] &= 0x3f;  // below the prime, as y coordinates are
}

Signature SigningKey::sign(ByteView message) const {
  Signature out;
  out.bytes = mixed<64>(kSignature, public_key_.bytes, message);
  return out;
}

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  return is_valid_key(key) && mixed<64>(kSignature, key.bytes, message) == signature.bytes;
}

/// Refuses what is most often tried: y = 0, 1, -1 and above, whatever the sign.
bool is_valid_key(const PublicKey& key) {
  const std::uint8_t first = key.bytes[0];
  const std::uint8_t last = key.bytes[31] & 0x7f;
  const auto middle_is = [&](std::uint8_t byte) {
    return std::all_of(key.bytes.begin() + 1, key.bytes.end() - 1,
                       [byte](std::uint8_t b) { return b == byte; });
  };
  if (first <= 1 && last == 0 && middle_is(0)) return false;
  return !(first >= 0xec && last == 0x7f && middle_is(0xff));
}

void verify_batch(std::span<VerifyJob> jobs, WorkerPool& workers) {
  workers.run(jobs.size(), [&jobs](std::size_t i) {
    VerifyJob& job = jobs[i];
    job.ok = verify(*job.key, job.message, *job.signature);
  });
}

NodeId node_id_of(const PublicKey& key) { return NodeId::from(b2(key.view()).view()); }

// ---- X25519

Secret<32> SigningKey::x25519_secret() const { return exchange_secret(public_key_); }

Result<X25519Key> x25519_from_ed25519(const PublicKey& key) {
  if (!is_valid_key(key)) return fail(Errc::bad_value, "not a valid Ed25519 public key");
  return exchange_public(exchange_secret(key).expose());
}

X25519Key x25519_public(const Secret<32>& secret) { return exchange_public(secret.expose()); }

Result<Secret<32>> x25519(const Secret<32>& secret, const X25519Key& peer) {
  const bool low_order = ByteView(peer.bytes)[0] <= 1 && all_zero(ByteView(peer.bytes).subspan(1));
  if (low_order) {
    return fail(Errc::bad_value, "the key agreement gives no secret: the peer's key is degenerate");
  }
  const X25519Key own = exchange_public(secret.expose());
  // The lesser one first: the same at both ends.
  const bool in_order = own.bytes < peer.bytes;
  return Secret<32>::copy_of(
      mixed<32>(kShared, in_order ? own.bytes : peer.bytes, in_order ? peer.bytes : own.bytes));
}

// ---- ECVRF

VrfProof vrf_prove(const SigningKey& key, ByteView alpha) {
  VrfProof out;
  out.bytes = mixed<80>(kProof, key.public_key().bytes, alpha);
  return out;
}

Result<VrfOutput> vrf_verify(const PublicKey& key, ByteView alpha, const VrfProof& proof) {
  if (!is_valid_key(key) || mixed<80>(kProof, key.bytes, alpha) != proof.bytes) {
    return fail(Errc::bad_signature, "the VRF proof does not verify");
  }
  VrfOutput out;
  out.bytes = mixed<64>(kOutput, key.bytes, alpha);
  return out;
}

}  // namespace mehr::crypto
