// Wiping and comparing secrets, and the start of libsodium.
#include <sodium.h>

#include <gsl/assert>

#include "backend.h"
#include "mehr/core/secret.h"

namespace mehr::crypto {

namespace detail {
void start_sodium() {
  static const bool started = [] { return sodium_init() >= 0; }();
  Ensures(started);
}
}  // namespace detail

void wipe(MutableBytes bytes) { sodium_memzero(bytes.data(), bytes.size()); }

bool equal_constant_time(ByteView a, ByteView b) {
  if (a.size() != b.size()) return false;
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace mehr::crypto
