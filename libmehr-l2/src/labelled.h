// Signatures of this layer over a label and a structure of fixed size. spec: README/2.2
#pragma once

#include <gsl/assert>
#include <string_view>

#include "mehr/core/crypto.h"

namespace mehr::l2 {

/// True when @p key signed @p label and then @p message, together at most 128 bytes.
[[nodiscard]] inline bool verify_labelled(const PublicKey& key, std::string_view label,
                                          ByteView message, const Signature& signature) {
  std::array<std::uint8_t, 128> joined{};
  Expects(label.size() + message.size() <= joined.size());
  const MutableBytes rest = copy_bytes(message, copy_bytes(as_bytes(label), joined));
  return crypto::verify(key, ByteView(joined).first(joined.size() - rest.size()), signature);
}

}  // namespace mehr::l2
