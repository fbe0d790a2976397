// SHA-256 with OpenSSL, which uses the processor's own instructions: a Reticulum relay hashes every
// packet.
//
// The calls of before OpenSSL 3: those that took their place allocate for every message, and a
// relay must not. They are deprecated and not removed; the test of allocations says when to look
// again.
#include <openssl/sha.h>

#include <gsl/assert>

#include "mehr/core/crypto.h"

namespace mehr::crypto {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
Hash256 sha256(ByteView message) {
  SHA256_CTX state;
  Hash256 out;
  const bool done = SHA256_Init(&state) == 1 &&
                    SHA256_Update(&state, message.data(), message.size()) == 1 &&
                    SHA256_Final(out.bytes.data(), &state) == 1;
  Ensures(done);
  return out;
}
#pragma GCC diagnostic pop

}  // namespace mehr::crypto
