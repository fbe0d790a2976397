// Argon2id, and ChaCha20's keystream alone. Both are libsodium's on every platform.
#include <sodium.h>

#include <gsl/assert>

#include "backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto {

void chacha20_stream(const Secret<32>& key, const Nonce& nonce, MutableBytes out) {
  static constexpr std::uint32_t kFirstBlock = 1;  // block 0 makes the tag's key. RFC 8439
  detail::start_sodium();
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  detail::must(crypto_stream_chacha20_ietf_xor_ic(out.data(), out.data(), out.size(), nonce.data(),
                                                  kFirstBlock, key.expose().data()) == 0);
}

Status argon2id(ByteView passphrase, const Argon2Salt& salt, const Argon2Cost& cost,
                Secret<32>& out) {
  static_assert(std::tuple_size_v<Argon2Salt> == crypto_pwhash_argon2id_SALTBYTES);
  if (cost.memory_kib < 8 || cost.passes < 1) {
    return fail(Errc::bad_value, "Argon2id takes at least 8 KiB of memory and one pass");
  }
  detail::start_sodium();
  const auto bytes = static_cast<std::size_t>(cost.memory_kib) * 1024;
  if (crypto_pwhash_argon2id(out.expose_mutable().data(), out.expose().size(),
                             reinterpret_cast<const char*>(passphrase.data()), passphrase.size(),
                             salt.data(), cost.passes, bytes,
                             crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0) {
    return {};
  }
  out.clear();
  return fail(Errc::full, "the memory that this passphrase's protection needs cannot be had");
}

}  // namespace mehr::crypto
