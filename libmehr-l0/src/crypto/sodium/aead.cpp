// ChaCha20-Poly1305 (RFC 8439) with libsodium alone, as firmware has it.
//
// libsodium keeps nothing between two messages, so an Aead is its key and nothing is allocated,
// not even for a new one.
#include <sodium.h>

#include <gsl/assert>
#include <new>

#include "../backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto {

struct Aead::Context {
  Secret<32> key;
  Use use;
  bool has_key = true;  // false once it has moved on
};

Aead::Context& Aead::context() {
  static_assert(sizeof(Context) <= sizeof(place_) && alignof(Context) <= alignof(Aead));
  return *std::launder(reinterpret_cast<Context*>(place_.data()));
}

Aead::Aead(const Secret<32>& key, Use use) {
  detail::start_sodium();
  new (place_.data()) Context{Secret<32>::copy_of(key.expose()), use};
}

Aead::~Aead() { context().~Context(); }

Aead::Aead(Aead&& other) noexcept {
  new (place_.data()) Context(std::move(other.context()));
  other.context().has_key = false;
}

Aead& Aead::operator=(Aead&& other) noexcept {
  if (this == &other) return *this;
  context() = std::move(other.context());
  other.context().has_key = false;
  return *this;
}

void Aead::seal(const Nonce& nonce, ByteView aad, ByteView plain, MutableBytes out) {
  const Context& own = context();
  Expects(own.has_key && own.use == Use::seal);
  Expects(out.size() == plain.size() + kTagSize);
  detail::must(crypto_aead_chacha20poly1305_ietf_encrypt_detached(
                   out.data(), out.data() + plain.size(), nullptr, plain.data(), plain.size(),
                   aad.data(), aad.size(), nullptr, nonce.data(), own.key.expose().data()) == 0);
}

Status Aead::open(const Nonce& nonce, ByteView aad, ByteView sealed, MutableBytes out) {
  const Context& own = context();
  Expects(own.has_key && own.use == Use::open);
  if (sealed.size() < kTagSize) return fail(Errc::bad_seal, "shorter than an authentication tag");
  Expects(out.size() == sealed.size() - kTagSize);
  // For an empty message libsodium wants no place to write, but looks at the tag all the same.
  if (crypto_aead_chacha20poly1305_ietf_decrypt_detached(
          out.data(), nullptr, sealed.data(), out.size(), sealed.data() + out.size(), aad.data(),
          aad.size(), nonce.data(), own.key.expose().data()) == 0) {
    return {};
  }
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  return fail(Errc::bad_seal, "the authentication tag does not match");
}

}  // namespace mehr::crypto
