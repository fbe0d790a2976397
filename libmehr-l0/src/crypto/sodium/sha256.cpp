// SHA-256 with libsodium alone.
#include <sodium.h>

#include "../backend.h"
#include "mehr/core/crypto.h"

namespace mehr::crypto {

Hash256 sha256(ByteView message) {
  detail::start_sodium();
  Hash256 out;
  crypto_hash_sha256(out.bytes.data(), message.data(), message.size());
  return out;
}

}  // namespace mehr::crypto
