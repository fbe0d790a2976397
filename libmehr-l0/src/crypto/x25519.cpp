// X25519 (RFC 7748), and its keys out of Ed25519's. spec: L0/1
#include <openssl/bn.h>
#include <sodium.h>

#include <gsl/assert>

#include "backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto {

namespace {

class BigNumbers {
 public:
  BigNumbers() : context_(BN_CTX_new()) {
    Ensures(context_ != nullptr);
    BN_CTX_start(context_);
  }
  ~BigNumbers() {
    BN_CTX_end(context_);
    BN_CTX_free(context_);
  }
  BigNumbers(const BigNumbers&) = delete;
  BigNumbers& operator=(const BigNumbers&) = delete;

  BIGNUM* next() { return BN_CTX_get(context_); }
  BN_CTX* context() { return context_; }

 private:
  BN_CTX* context_;
};

/// (1+y)/(1-y) mod 2^255-19 for y neither 1 nor above the prime.
X25519Key montgomery_u(const detail::Point& y) {
  BigNumbers numbers;
  BIGNUM* const prime = numbers.next();
  BIGNUM* const above = numbers.next();
  BIGNUM* const below = numbers.next();
  X25519Key u;
  const bool good = below != nullptr && BN_set_bit(prime, 255) == 1 &&
                    BN_sub_word(prime, 19) == 1 && BN_lebin2bn(y.data(), 32, above) != nullptr &&
                    BN_sub(below, BN_value_one(), above) == 1 && BN_add_word(above, 1) == 1 &&
                    BN_mod_inverse(below, below, prime, numbers.context()) != nullptr &&
                    BN_mod_mul(above, above, below, prime, numbers.context()) == 1 &&
                    BN_bn2lebinpad(above, u.bytes.data(), 32) == 32;
  Ensures(good);
  return u;
}

}  // namespace

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
  // libsodium's conversion refuses keys with a small-order part, which the spec admits as keys and
  // whose u its formula gives; so the formula is computed here, on public data.
  if (!is_valid_key(key)) return fail(Errc::bad_value, "not a valid Ed25519 public key");
  detail::Point y = key.bytes;
  y[31] &= 0x7f;
  return montgomery_u(y);
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
