// Ed25519: signing, strict verification, validity of keys. spec: L2/1, L0/1
#include <sodium.h>

#include <gsl/assert>

#include "backend.h"
#include "mehr/core/crypto.h"
#include "verify_once.h"

namespace mehr::crypto {

namespace detail {

bool has_canonical_y(const Point& point) {
  const bool may_exceed = (point[31] & 0x7f) == 0x7f && point[0] >= 0xed;
  return !may_exceed || std::any_of(point.begin() + 1, point.begin() + 31,
                                    [](std::uint8_t b) { return b != 0xff; });
}

bool has_small_order(const Point& point) {
  // y of order 4, 1, 2, and both of order 8; a sign bit gives the other points.
  static constexpr std::array<Point, 5> kSmall = {
      Point{}, Point{1}, Point{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
      Point{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
            0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
            0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
      Point{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
            0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
            0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}};
  Point y = point;
  y[31] &= 0x7f;
  return std::find(kSmall.begin(), kSmall.end(), y) != kSmall.end();
}

std::optional<Point> times_cofactor(Point p) {
  for (int doubling = 0; doubling < 3; ++doubling) {
    Point twice{};
    if (crypto_core_ed25519_add(twice.data(), p.data(), p.data()) != 0) return std::nullopt;
    p = twice;
  }
  return p;
}

}  // namespace detail

SigningKey::SigningKey(const Seed& seed) : seed_(Seed::copy_of(seed.expose())) {
  detail::start_sodium();
  Secret<crypto_sign_SECRETKEYBYTES> pair;
  detail::must(crypto_sign_seed_keypair(public_key_.bytes.data(), pair.expose_mutable().data(),
                                        seed_.expose().data()) == 0);
}

Signature SigningKey::sign(ByteView message) const {
  Secret<crypto_sign_SECRETKEYBYTES> pair;
  copy_bytes(public_key_.view(), copy_bytes(seed_.expose(), pair.expose_mutable()));
  Signature out;
  detail::must(crypto_sign_detached(out.bytes.data(), nullptr, message.data(), message.size(),
                                    pair.expose().data()) == 0);
  return out;
}

bool detail::verify_once(const PublicKey& key, ByteView message, const Signature& signature) {
  // libsodium refuses S >= L, a small-order R or A and a non-canonical A, and compares the bytes
  // of R, so that a non-canonical R never matches. The edge cases of test/crypto hold it to that.
  detail::start_sodium();
  return crypto_sign_verify_detached(signature.bytes.data(), message.data(), message.size(),
                                     key.bytes.data()) == 0;
}

bool is_valid_key(const PublicKey& key) {
  detail::start_sodium();
  if (!detail::has_canonical_y(key.bytes) || detail::has_small_order(key.bytes)) return false;
  // A key with a small-order part is allowed, so libsodium's own test for the prime subgroup does
  // not serve; its addition decodes the point and nothing more.
  detail::Point twice{};
  return crypto_core_ed25519_add(twice.data(), key.bytes.data(), key.bytes.data()) == 0;
}

void verify_batch(std::span<VerifyJob> jobs, WorkerPool& workers) {
  static constexpr std::size_t kChunk = 8;  // some 300 us of work against a few us of hand-over
  const std::size_t chunks = (jobs.size() + kChunk - 1) / kChunk;
  workers.run(chunks, [&jobs](std::size_t chunk) {
    const std::size_t first = chunk * kChunk;
    for (VerifyJob& job : jobs.subspan(first, std::min(kChunk, jobs.size() - first))) {
      job.ok = verify(*job.key, job.message, *job.signature);
    }
  });
}

NodeId node_id_of(const PublicKey& key) { return NodeId::from(b2(key.view()).view()); }

}  // namespace mehr::crypto
