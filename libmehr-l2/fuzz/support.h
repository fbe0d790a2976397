// What the fuzz targets of this layer share: a known node, and what must hold whatever comes.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "mehr/l0/identity.h"

namespace mehr::l2::fuzz {

inline void require(bool held) {
  if (!held) std::abort();
}

inline Secret<32> repeated(std::uint8_t byte) {
  Secret<32> s;
  std::fill(s.expose_mutable().begin(), s.expose_mutable().end(), byte);
  return s;
}

inline const l0::Identity& me() {
  static const l0::Identity identity = l0::Identity::from_seed(repeated(0x20));
  return identity;
}

/// What decodes encodes to the same bytes.
template <class T>
void decodes_to_itself(ByteView data) {
  const auto v = decode<T>(data);
  if (!v) return;
  Bytes out(data.size());
  const auto again = encode(*v, out);
  require(again.has_value() && same_bytes(*again, data));
}

}  // namespace mehr::l2::fuzz
