// ChaCha20-Poly1305 (RFC 8439) over one OpenSSL context per key and direction.
//
// The key is set once; a message sets the nonce alone. The tag travels in a parameter list that is
// built with the context: EVP_CIPHER_CTX_ctrl, which builds one per call, costs 150 ns more.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <gsl/assert>
#include <limits>
#include <memory>
#include <new>

#include "../backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto {

namespace {

const EVP_CIPHER* cipher() {
  // Lives as long as the program: keys of other statics may outlast a destructor here.
  static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "ChaCha20-Poly1305", nullptr);
  Ensures(fetched != nullptr);
  return fetched;
}

int length_of(ByteView bytes) {
  Expects(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(bytes.size());
}

/// What OpenSSL makes of a key; too large for the place in an Aead, which holds a pointer to it.
struct Cipher {
  Cipher() : evp(EVP_CIPHER_CTX_new()) { Ensures(evp != nullptr); }
  ~Cipher() { EVP_CIPHER_CTX_free(evp); }
  Cipher(const Cipher&) = delete;
  Cipher& operator=(const Cipher&) = delete;

  EVP_CIPHER_CTX* evp;
  std::array<std::uint8_t, Aead::kTagSize> tag{};
  std::array<OSSL_PARAM, 2> tag_params{
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag.data(), tag.size()),
      OSSL_PARAM_construct_end()};
};

}  // namespace

struct Aead::Context {
  explicit Context(Use u) : use(u), cipher(std::make_unique<Cipher>()) {}

  Use use;
  std::unique_ptr<Cipher> cipher;  // none once it has moved on
};

Aead::Context& Aead::context() {
  static_assert(sizeof(Context) <= sizeof(place_) && alignof(Context) <= alignof(Aead));
  return *std::launder(reinterpret_cast<Context*>(place_.data()));
}

Aead::Aead(const Secret<32>& key, Use use) {
  const Context* const made = new (place_.data()) Context(use);
  const auto init = use == Use::seal ? EVP_EncryptInit_ex2 : EVP_DecryptInit_ex2;
  detail::must(init(made->cipher->evp, cipher(), key.expose().data(), nullptr, nullptr) == 1);
}

Aead::~Aead() { context().~Context(); }
Aead::Aead(Aead&& other) noexcept { new (place_.data()) Context(std::move(other.context())); }
Aead& Aead::operator=(Aead&& other) noexcept {
  context() = std::move(other.context());
  return *this;
}

void Aead::seal(const Nonce& nonce, ByteView aad, ByteView plain, MutableBytes out) {
  Context& own = context();
  Expects(own.cipher && own.use == Use::seal);
  Expects(out.size() == plain.size() + kTagSize);
  EVP_CIPHER_CTX* const evp = own.cipher->evp;
  int n = 0;
  bool good = EVP_EncryptInit_ex2(evp, nullptr, nullptr, nonce.data(), nullptr) == 1;
  if (!aad.empty()) {
    good = good && EVP_EncryptUpdate(evp, nullptr, &n, aad.data(), length_of(aad)) == 1;
  }
  if (!plain.empty()) {
    good = good && EVP_EncryptUpdate(evp, out.data(), &n, plain.data(), length_of(plain)) == 1;
  }
  good = good && EVP_EncryptFinal_ex(evp, out.data() + plain.size(), &n) == 1;
  good = good && EVP_CIPHER_CTX_get_params(evp, own.cipher->tag_params.data()) == 1;
  Ensures(good);
  copy_bytes(own.cipher->tag, out.subspan(plain.size()));
}

Status Aead::open(const Nonce& nonce, ByteView aad, ByteView sealed, MutableBytes out) {
  Context& own = context();
  Expects(own.cipher && own.use == Use::open);
  if (sealed.size() < kTagSize) return fail(Errc::bad_seal, "shorter than an authentication tag");
  Expects(out.size() == sealed.size() - kTagSize);
  const ByteView body = sealed.first(out.size());
  copy_bytes(sealed.subspan(out.size()), own.cipher->tag);
  EVP_CIPHER_CTX* const evp = own.cipher->evp;
  int n = 0;
  bool good =
      EVP_DecryptInit_ex2(evp, nullptr, nullptr, nonce.data(), own.cipher->tag_params.data()) == 1;
  if (!aad.empty()) {
    good = good && EVP_DecryptUpdate(evp, nullptr, &n, aad.data(), length_of(aad)) == 1;
  }
  if (!body.empty()) {
    good = good && EVP_DecryptUpdate(evp, out.data(), &n, body.data(), length_of(body)) == 1;
  }
  Ensures(good);
  std::uint8_t none = 0;  // the last step writes nothing, and wants somewhere to write it
  if (EVP_DecryptFinal_ex(evp, &none, &n) == 1) return {};
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  return fail(Errc::bad_seal, "the authentication tag does not match");
}

}  // namespace mehr::crypto
