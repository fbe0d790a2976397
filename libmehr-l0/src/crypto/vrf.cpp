// ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381), with the stricter rule for Y and Gamma. spec: CH/2
#include <sodium.h>

#include <gsl/assert>

#include "vrf_steps.h"

namespace mehr::crypto {

namespace detail {
namespace {

constexpr std::uint8_t kSuite = 0x03;
constexpr Point kIdentity{1};

class Sha512 {
 public:
  Sha512() { crypto_hash_sha512_init(&state_); }
  ~Sha512() { sodium_memzero(&state_, sizeof(state_)); }
  Sha512(const Sha512&) = delete;
  Sha512& operator=(const Sha512&) = delete;

  Sha512& update(ByteView bytes) {
    crypto_hash_sha512_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  Sha512& update(std::uint8_t byte) { return update(ByteView(&byte, 1)); }
  void finish(std::span<std::uint8_t, 64> out) { crypto_hash_sha512_final(&state_, out.data()); }

 private:
  crypto_hash_sha512_state state_;
};

// libsodium refuses points outside the prime-order group, which no caller passes, and a result
// that is the identity, which from such a point means the scalar zero.
Point multiply(std::span<const std::uint8_t, 32> scalar, const Point& point) {
  Point out{};
  const bool identity =
      crypto_scalarmult_ed25519_noclamp(out.data(), scalar.data(), point.data()) != 0;
  return identity ? kIdentity : out;
}
Point multiply_base(std::span<const std::uint8_t, 32> scalar) {
  Point out{};
  const bool identity = crypto_scalarmult_ed25519_base_noclamp(out.data(), scalar.data()) != 0;
  return identity ? kIdentity : out;
}
Point subtract(const Point& a, const Point& b) {
  Point out{};
  must(crypto_core_ed25519_sub(out.data(), a.data(), b.data()) == 0);
  return out;
}

bool in_prime_group(const Point& p) { return crypto_core_ed25519_is_valid_point(p.data()) == 1; }

/// True when @p s is below the group order: reducing it changes nothing.
bool is_reduced(const Scalar& s) {
  std::array<std::uint8_t, 64> wide{};
  Scalar reduced{};
  copy_bytes(s, wide);
  crypto_core_ed25519_scalar_reduce(reduced.data(), wide.data());
  return reduced == s;
}

}  // namespace

std::optional<Point> vrf_encode_to_curve(const PublicKey& key, ByteView alpha, int* tries) {
  for (int counter = 0; counter <= 255; ++counter) {
    std::array<std::uint8_t, 64> hash{};
    Sha512()
        .update(kSuite)
        .update(0x01)
        .update(key.view())
        .update(alpha)
        .update(static_cast<std::uint8_t>(counter))
        .update(0x00)
        .finish(hash);
    Point candidate{};
    copy_bytes(ByteView(hash).first(32), candidate);
    // x = 0 with sign 1, which libsodium decodes, is a point of order 1 or 2: the identity below.
    if (!has_canonical_y(candidate)) continue;
    const auto cleared = times_cofactor(candidate);
    if (!cleared || *cleared == kIdentity) continue;
    if (tries != nullptr) *tries = counter;
    return cleared;
  }
  return std::nullopt;
}

Secret<32> vrf_reduce(ByteView wide) {
  Expects(wide.size() == crypto_core_ed25519_NONREDUCEDSCALARBYTES);
  Secret<32> out;
  crypto_core_ed25519_scalar_reduce(out.expose_mutable().data(), wide.data());
  return out;
}

Secret<32> vrf_nonce(const Seed& seed, const Point& h) {
  Secret<64> expanded;
  Sha512().update(seed.expose()).finish(expanded.expose_mutable());
  Secret<64> hash;
  Sha512().update(expanded.expose().last<32>()).update(h).finish(hash.expose_mutable());
  return vrf_reduce(hash.expose());
}

Scalar vrf_challenge(const Point& y, const Point& h, const Point& gamma, const Point& u,
                     const Point& v) {
  std::array<std::uint8_t, 64> hash{};
  Sha512()
      .update(kSuite)
      .update(0x02)
      .update(y)
      .update(h)
      .update(gamma)
      .update(u)
      .update(v)
      .update(0x00)
      .finish(hash);
  Scalar c{};
  copy_bytes(ByteView(hash).first(16), c);
  return c;
}

VrfOutput vrf_proof_to_hash(const Point& gamma) {
  const auto cleared = times_cofactor(gamma);
  Expects(cleared.has_value());
  VrfOutput beta;
  Sha512().update(kSuite).update(0x03).update(*cleared).update(0x00).finish(beta.bytes);
  return beta;
}

}  // namespace detail

VrfProof vrf_prove(const SigningKey& key, ByteView alpha) {
  using namespace detail;
  const PublicKey& y = key.public_key();
  const auto h = vrf_encode_to_curve(y, alpha);
  Ensures(h.has_value());  // fails once in 2^256 inputs

  Secret<64> wide;
  const Secret<32> clamped = key.x25519_secret();
  copy_bytes(clamped.expose(), wide.expose_mutable());
  const Secret<32> x = vrf_reduce(wide.expose());

  const Point gamma = multiply(x.expose(), *h);
  const Secret<32> k = vrf_nonce(key.seed(), *h);
  const Scalar c =
      vrf_challenge(y.bytes, *h, gamma, multiply_base(k.expose()), multiply(k.expose(), *h));
  Secret<32> cx;
  Scalar s{};
  crypto_core_ed25519_scalar_mul(cx.expose_mutable().data(), c.data(), x.expose().data());
  crypto_core_ed25519_scalar_add(s.data(), k.expose().data(), cx.expose().data());

  VrfProof proof;
  copy_bytes(s, copy_bytes(ByteView(c).first(16), copy_bytes(gamma, proof.mutable_view())));
  return proof;
}

Result<VrfOutput> vrf_verify(const PublicKey& key, ByteView alpha, const VrfProof& proof) {
  using namespace detail;
  const auto invalid = [] { return fail(Errc::bad_signature, "the VRF proof does not verify"); };
  start_sodium();
  Point gamma{};
  Scalar c{};
  Scalar s{};
  copy_bytes(proof.view().first(32), gamma);
  copy_bytes(proof.view().subspan(32, 16), c);
  copy_bytes(proof.view().subspan(48, 32), s);
  if (!is_reduced(s) || !in_prime_group(key.bytes) || !in_prime_group(gamma)) return invalid();
  const auto h = vrf_encode_to_curve(key, alpha);
  if (!h) return invalid();
  const Point u = subtract(multiply_base(s), multiply(c, key.bytes));
  const Point v = subtract(multiply(s, *h), multiply(c, gamma));
  if (vrf_challenge(key.bytes, *h, gamma, u, v) != c) return invalid();
  return vrf_proof_to_hash(gamma);
}

}  // namespace mehr::crypto
