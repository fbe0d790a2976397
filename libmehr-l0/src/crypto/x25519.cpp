// X25519 (RFC 7748), and its keys out of Ed25519's. spec: L0/1
#include <sodium.h>

#include <gsl/assert>

#include "backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto {

Secret<32> SigningKey::x25519_secret() const {
  detail::start_sodium();
  Secret<64> expanded;
  crypto_hash_sha512(expanded.expose_mutable().data(), seed_.expose().data(), Seed::kSize);
  Secret<32> out = Secret<32>::copy_of(expanded.expose().first<32>());
  const auto bytes = out.expose_mutable();
  bytes[0] &= 0xf8;
  bytes[31] = static_cast<std::uint8_t>((bytes[31] & 0x7f) | 0x40);
  return out;
}

Result<X25519Key> x25519_from_ed25519(const PublicKey& key) {
  if (!is_valid_key(key)) return fail(Errc::bad_value, "not a valid Ed25519 public key");
  return detail::montgomery_u(key);
}

X25519Key x25519_public(const Secret<32>& secret) {
  detail::start_sodium();
  X25519Key out;
  detail::must(crypto_scalarmult_base(out.bytes.data(), secret.expose().data()) == 0);
  return out;
}

Result<Secret<32>> x25519(const Secret<32>& secret, const X25519Key& peer) {
  detail::start_sodium();
  Secret<32> shared;
  if (crypto_scalarmult(shared.expose_mutable().data(), secret.expose().data(),
                        peer.bytes.data()) != 0) {
    return fail(Errc::bad_value, "the key agreement gives no secret: the peer's key is degenerate");
  }
  return shared;
}

}  // namespace mehr::crypto
