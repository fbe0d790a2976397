// The u of an Ed25519 key: (1+y)/(1-y) mod 2^255-19, with OpenSSL's numbers. spec: L0/1
//
// libsodium's own conversion refuses keys with a small-order part, which the spec admits as keys
// and whose u its formula gives; so the formula is computed here, on public data.
#include <openssl/bn.h>

#include <gsl/assert>

#include "../backend.h"

namespace mehr::crypto {

namespace {

class BigNumbers {
 public:
  BigNumbers() : context_(BN_CTX_new()) {
    Ensures(context_ != nullptr);
    BN_CTX_start(context_);
  }
  ~BigNumbers() {
    BN_CTX_end(context_);
    BN_CTX_free(context_);
  }
  BigNumbers(const BigNumbers&) = delete;
  BigNumbers& operator=(const BigNumbers&) = delete;

  BIGNUM* next() { return BN_CTX_get(context_); }
  BN_CTX* context() { return context_; }

 private:
  BN_CTX* context_;
};

}  // namespace

X25519Key detail::montgomery_u(const PublicKey& key) {
  Point y = key.bytes;
  y[31] &= 0x7f;
  BigNumbers numbers;
  BIGNUM* const prime = numbers.next();
  BIGNUM* const above = numbers.next();
  BIGNUM* const below = numbers.next();
  X25519Key u;
  const bool good = below != nullptr && BN_set_bit(prime, 255) == 1 &&
                    BN_sub_word(prime, 19) == 1 && BN_lebin2bn(y.data(), 32, above) != nullptr &&
                    BN_sub(below, BN_value_one(), above) == 1 && BN_add_word(above, 1) == 1 &&
                    BN_mod_inverse(below, below, prime, numbers.context()) != nullptr &&
                    BN_mod_mul(above, above, below, prime, numbers.context()) == 1 &&
                    BN_bn2lebinpad(above, u.bytes.data(), 32) == 32;
  Ensures(good);
  return u;
}

}  // namespace mehr::crypto
