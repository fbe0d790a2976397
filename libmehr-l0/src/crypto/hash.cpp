// BLAKE2b-256, BLAKE3 and SHA-256. spec: README/2.2
#include <blake3.h>
#include <sodium.h>

#include <gsl/assert>

#include "backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto {

namespace {

constexpr std::size_t kDigest = 32;

crypto_generichash_blake2b_state* blake2b_of(std::uint8_t* state) {
  return reinterpret_cast<crypto_generichash_blake2b_state*>(state);
}
blake3_hasher* blake3_of(std::uint8_t* state) { return reinterpret_cast<blake3_hasher*>(state); }
const blake3_hasher* blake3_of(const std::uint8_t* state) {
  return reinterpret_cast<const blake3_hasher*>(state);
}

}  // namespace

Blake2b256::Blake2b256() {
  static_assert(sizeof(crypto_generichash_blake2b_state) <= sizeof(state_));
  static_assert(alignof(crypto_generichash_blake2b_state) <= alignof(Blake2b256));
  detail::start_sodium();
  detail::must(crypto_generichash_blake2b_init(blake2b_of(state_.data()), nullptr, 0, kDigest) ==
               0);
}

Blake2b256& Blake2b256::update(ByteView bytes) {
  detail::must(crypto_generichash_blake2b_update(blake2b_of(state_.data()), bytes.data(),
                                                 bytes.size()) == 0);
  return *this;
}

Hash256 Blake2b256::finish() {
  Hash256 out;
  detail::must(crypto_generichash_blake2b_final(blake2b_of(state_.data()), out.bytes.data(),
                                                out.bytes.size()) == 0);
  return out;
}

Hash256 b2_keyed(ByteView key, ByteView message) {
  Expects(key.size() <= crypto_generichash_blake2b_KEYBYTES_MAX);
  detail::start_sodium();
  Hash256 out;
  detail::must(crypto_generichash_blake2b(out.bytes.data(), out.bytes.size(), message.data(),
                                          message.size(), key.data(), key.size()) == 0);
  return out;
}

Blake3::Blake3() {
  static_assert(sizeof(blake3_hasher) <= sizeof(state_));
  static_assert(alignof(blake3_hasher) <= alignof(Blake3));
  blake3_hasher_init(blake3_of(state_.data()));
}

Blake3 Blake3::keyed(std::span<const std::uint8_t, 32> key) {
  Blake3 hasher{Uninitialised{}};
  blake3_hasher_init_keyed(blake3_of(hasher.state_.data()), key.data());
  return hasher;
}

Blake3 Blake3::derive_key(std::string_view context) {
  Blake3 hasher{Uninitialised{}};
  blake3_hasher_init_derive_key_raw(blake3_of(hasher.state_.data()), context.data(),
                                    context.size());
  return hasher;
}

Blake3& Blake3::update(ByteView bytes) {
  blake3_hasher_update(blake3_of(state_.data()), bytes.data(), bytes.size());
  return *this;
}

void Blake3::finish(MutableBytes out) const {
  blake3_hasher_finalize(blake3_of(state_.data()), out.data(), out.size());
}

ContentHash Blake3::finish() const {
  ContentHash out;
  finish(out.mutable_view());
  return out;
}

}  // namespace mehr::crypto
