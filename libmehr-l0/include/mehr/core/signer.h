// The node's own key, behind what may be done with it. spec: README/2.2, README/7
//
// Place: core seam. L0's `Identity` holds a seed in memory; the keystore of L2 and secure elements
// implement the same. Nobody signs an exactly 32-byte message (spec: L2/1): refused, as a defect.
#pragma once

#include <string_view>

#include "mehr/core/ids.h"
#include "mehr/core/result.h"
#include "mehr/core/secret.h"

namespace mehr {

class Signer {
 public:
  virtual ~Signer() = default;
  [[nodiscard]] virtual const PublicKey& public_key() const = 0;
  [[nodiscard]] virtual const NodeId& node_id() const = 0;
  /// Ed25519 over @p label then @p message. @p label is one of spec README/4.7; empty for announces
  /// to Reticulum peers only, whose format has none. All zero: whoever keeps the key did not sign.
  [[nodiscard]] virtual Signature sign(std::string_view label, ByteView message) const = 0;
  /// X25519 of the key's long-term form with @p peer. Errc::bad_value when the result is zero.
  [[nodiscard]] virtual Result<Secret<32>> agree(const X25519Key& peer) const = 0;
  /// The long-term X25519 public key that belongs to `public_key`.
  [[nodiscard]] virtual const X25519Key& x25519_key() const = 0;
};

}  // namespace mehr
