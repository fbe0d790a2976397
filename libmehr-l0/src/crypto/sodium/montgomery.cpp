// The u of an Ed25519 key with libsodium alone. spec: L0/1, docs/decisions/0017
//
// libsodium's conversion refuses a key with a small-order part. Every X25519 secret is a multiple
// of 8, which takes that part away: the key's prime-order part agrees on the same secrets, and has
// a u.
#include <sodium.h>

#include <gsl/assert>

#include "../backend.h"

namespace mehr::crypto::detail {

namespace {

/// The part of prime order: 1/8 mod the group order, times 8 times @p point.
Point prime_part(const Point& point) {
  const auto eightfold = times_cofactor(point);
  Expects(eightfold.has_value());
  const Scalar eight{8};
  Scalar eighth{};
  must(crypto_core_ed25519_scalar_invert(eighth.data(), eight.data()) == 0);
  Point out{};
  must(crypto_scalarmult_ed25519_noclamp(out.data(), eighth.data(), eightfold->data()) == 0);
  return out;
}

}  // namespace

X25519Key montgomery_u(const PublicKey& key) {
  start_sodium();
  X25519Key u;
  if (crypto_sign_ed25519_pk_to_curve25519(u.bytes.data(), key.bytes.data()) == 0) return u;
  const Point part = prime_part(key.bytes);
  must(crypto_sign_ed25519_pk_to_curve25519(u.bytes.data(), part.data()) == 0);
  return u;
}

}  // namespace mehr::crypto::detail
