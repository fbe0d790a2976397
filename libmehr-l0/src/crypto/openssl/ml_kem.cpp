// ML-KEM-512 (FIPS 203) out of OpenSSL, from 3.5 on; earlier releases have none. spec: L2/3.6
#include <openssl/opensslv.h>

#include "mehr/core/kem.h"

#if OPENSSL_VERSION_NUMBER >= 0x30500000L

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <memory>

namespace mehr::crypto {

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;

constexpr const char* kName = "ML-KEM-512";

// OpenSSL takes what it only reads as if it might write it.
OSSL_PARAM octets(const char* name, ByteView bytes) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::uint8_t*>(bytes.data()),
                                           bytes.size());
}

Key key_from(const char* name, ByteView bytes, int selection) {
  const Context context(EVP_PKEY_CTX_new_from_name(nullptr, kName, nullptr));
  OSSL_PARAM params[] = {octets(name, bytes), OSSL_PARAM_construct_end()};
  EVP_PKEY* made = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, selection, params) != 1) {
    return nullptr;
  }
  return Key(made);
}

Key private_key(const KemSeed& seed) {
  return key_from(OSSL_PKEY_PARAM_ML_KEM_SEED, seed.expose(), EVP_PKEY_KEYPAIR);
}

tl::unexpected<Error> no_key() { return fail(Errc::bad_value, "not a key of ML-KEM-512"); }

class MlKem512 final : public Kem {
 public:
  Result<EncapsulationKey> encapsulation_key(const KemSeed& seed) const override {
    const Key key = private_key(seed);
    EncapsulationKey out;
    std::size_t size = 0;
    if (!key ||
        EVP_PKEY_get_octet_string_param(key.get(), OSSL_PKEY_PARAM_PUB_KEY, out.bytes.data(),
                                        out.bytes.size(), &size) != 1 ||
        size != out.bytes.size()) {
      return no_key();
    }
    return out;
  }

  Result<Secret<32>> encapsulate(const EncapsulationKey& to, const Secret<32>& coins,
                                 KemCiphertext& out) const override {
    const Key key = key_from(OSSL_PKEY_PARAM_PUB_KEY, to.view(), EVP_PKEY_PUBLIC_KEY);
    if (!key) return no_key();
    const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    OSSL_PARAM params[] = {octets(OSSL_KEM_PARAM_IKME, coins.expose()), OSSL_PARAM_construct_end()};
    Secret<32> secret;
    std::size_t size = out.bytes.size();
    std::size_t secret_size = 32;
    if (!context || EVP_PKEY_encapsulate_init(context.get(), params) != 1 ||
        EVP_PKEY_encapsulate(context.get(), out.bytes.data(), &size, secret.expose_mutable().data(),
                             &secret_size) != 1) {
      return no_key();
    }
    return secret;
  }

  Result<Secret<32>> decapsulate(const KemSeed& seed,
                                 const KemCiphertext& ciphertext) const override {
    const Key key = private_key(seed);
    if (!key) return no_key();
    const Context context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
    Secret<32> secret;
    std::size_t size = 32;
    if (!context || EVP_PKEY_decapsulate_init(context.get(), nullptr) != 1 ||
        EVP_PKEY_decapsulate(context.get(), secret.expose_mutable().data(), &size,
                             ciphertext.bytes.data(), ciphertext.bytes.size()) != 1) {
      return no_key();
    }
    return secret;
  }
};

}  // namespace

// Built against 3.5, it may still run with a provider that leaves the algorithm out.
const Kem* ml_kem_512() {
  static const MlKem512 kem;
  static const bool offered = kem.encapsulation_key(KemSeed{}).has_value();
  return offered ? &kem : nullptr;
}

}  // namespace mehr::crypto

#else

namespace mehr::crypto {

const Kem* ml_kem_512() { return nullptr; }

}  // namespace mehr::crypto

#endif
