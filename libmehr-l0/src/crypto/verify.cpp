// Verification as everybody calls it, in a file of its own: the simulator links another one in its
// place, which remembers what it has verified.
#include "mehr/core/crypto.h"
#include "verify_once.h"

namespace mehr::crypto {

bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  return detail::verify_once(key, message, signature);
}

}  // namespace mehr::crypto
