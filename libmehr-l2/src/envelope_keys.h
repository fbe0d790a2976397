// Key schedule and associated data that the envelope forms share. spec: L2/4
#pragma once

#include <string_view>

#include "mehr/core/crypto.h"
#include "mehr/l2/envelope.h"

namespace mehr::l2 {

inline constexpr std::string_view kSaltE1 = "mehr-e2e-v1";
inline constexpr std::string_view kSaltE2 = "mehr-e2e-pk-v1";
inline constexpr std::string_view kSaltStream = "mehr-e2e-stream-v1";

/// id(recipient) then context; the same for every form.
struct EnvelopeAad {
  NodeId recipient;
  std::uint8_t context = 0;
  static constexpr auto wire = std::tuple{field("recipient", &EnvelopeAad::recipient),
                                          field("context", &EnvelopeAad::context)};
};

/// Expand(Extract(salt, shared), eph || B, 32): E1 and streams.
Secret<32> identity_key(std::string_view salt, const Secret<32>& shared, const X25519Key& ephemeral,
                        const X25519Key& recipient);

}  // namespace mehr::l2
