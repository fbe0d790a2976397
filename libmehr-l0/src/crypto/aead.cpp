// ChaCha20-Poly1305 (RFC 8439) over one OpenSSL context per key and direction.
//
// The key is set once; a message sets the nonce alone. The tag travels in a parameter list that is
// built with the context: EVP_CIPHER_CTX_ctrl, which builds one per call, costs 150 ns more.
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <gsl/assert>
#include <limits>

#include "backend.h"
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

}  // namespace

struct Aead::Context {
  explicit Context(Use u) : use(u), evp(EVP_CIPHER_CTX_new()) { Ensures(evp != nullptr); }
  ~Context() { EVP_CIPHER_CTX_free(evp); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  Use use;
  EVP_CIPHER_CTX* evp;
  std::array<std::uint8_t, kTagSize> tag{};
  std::array<OSSL_PARAM, 2> tag_params{
      OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag.data(), tag.size()),
      OSSL_PARAM_construct_end()};
};

Aead::Aead(const Secret<32>& key, Use use) : context_(std::make_unique<Context>(use)) {
  const auto init = use == Use::seal ? EVP_EncryptInit_ex2 : EVP_DecryptInit_ex2;
  detail::must(init(context_->evp, cipher(), key.expose().data(), nullptr, nullptr) == 1);
}

Aead::~Aead() = default;
Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;

void Aead::seal(const Nonce& nonce, ByteView aad, ByteView plain, MutableBytes out) {
  Expects(context_ && context_->use == Use::seal);
  Expects(out.size() == plain.size() + kTagSize);
  EVP_CIPHER_CTX* const evp = context_->evp;
  int n = 0;
  bool good = EVP_EncryptInit_ex2(evp, nullptr, nullptr, nonce.data(), nullptr) == 1;
  if (!aad.empty()) {
    good = good && EVP_EncryptUpdate(evp, nullptr, &n, aad.data(), length_of(aad)) == 1;
  }
  if (!plain.empty()) {
    good = good && EVP_EncryptUpdate(evp, out.data(), &n, plain.data(), length_of(plain)) == 1;
  }
  good = good && EVP_EncryptFinal_ex(evp, out.data() + plain.size(), &n) == 1;
  good = good && EVP_CIPHER_CTX_get_params(evp, context_->tag_params.data()) == 1;
  Ensures(good);
  copy_bytes(context_->tag, out.subspan(plain.size()));
}

Status Aead::open(const Nonce& nonce, ByteView aad, ByteView sealed, MutableBytes out) {
  Expects(context_ && context_->use == Use::open);
  if (sealed.size() < kTagSize) return fail(Errc::bad_seal, "shorter than an authentication tag");
  Expects(out.size() == sealed.size() - kTagSize);
  const ByteView body = sealed.first(out.size());
  copy_bytes(sealed.subspan(out.size()), context_->tag);
  EVP_CIPHER_CTX* const evp = context_->evp;
  int n = 0;
  bool good =
      EVP_DecryptInit_ex2(evp, nullptr, nullptr, nonce.data(), context_->tag_params.data()) == 1;
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
