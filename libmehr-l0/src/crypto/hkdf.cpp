// HKDF-SHA-256 (RFC 5869) over libsodium's HMAC, whose state lives on the stack.
#include <sodium.h>

#include <gsl/assert>

#include "backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto {

namespace {

constexpr std::size_t kBlock = crypto_auth_hmacsha256_BYTES;
constexpr std::size_t kLongestOutput = 255 * kBlock;

class Hmac {
 public:
  explicit Hmac(ByteView key) {
    static constexpr std::uint8_t kNoKey = 0;  // libsodium wants an address even for no key
    crypto_auth_hmacsha256_init(&state_, key.empty() ? &kNoKey : key.data(), key.size());
  }
  ~Hmac() { sodium_memzero(&state_, sizeof(state_)); }
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;

  Hmac& update(ByteView bytes) {
    crypto_auth_hmacsha256_update(&state_, bytes.data(), bytes.size());
    return *this;
  }
  void finish(std::span<std::uint8_t, kBlock> out) {
    crypto_auth_hmacsha256_final(&state_, out.data());
  }

 private:
  crypto_auth_hmacsha256_state state_;
};

}  // namespace

void hkdf_extract(ByteView salt, ByteView ikm, Secret<32>& prk) {
  detail::start_sodium();
  Hmac(salt).update(ikm).finish(prk.expose_mutable());
}

void hkdf_expand(const Secret<32>& prk, ByteView info, MutableBytes out) {
  Expects(out.size() <= kLongestOutput);
  detail::start_sodium();
  Secret<kBlock> block;
  std::size_t block_size = 0;  // T(0) is empty
  std::uint8_t counter = 0;
  while (!out.empty()) {
    counter = static_cast<std::uint8_t>(counter + 1);
    Hmac(prk.expose())
        .update(ByteView(block.expose()).first(block_size))
        .update(info)
        .update({&counter, 1})
        .finish(block.expose_mutable());
    block_size = kBlock;
    out = copy_bytes(ByteView(block.expose()).first(std::min(kBlock, out.size())), out);
  }
}

}  // namespace mehr::crypto
