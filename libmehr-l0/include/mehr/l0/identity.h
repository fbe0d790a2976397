// A node's identity: one Ed25519 key and what follows from it. spec: L0/1
//
// Place: L0; the `Signer` whose seed is in memory. The keystore of L2 and secure elements implement
// the same seam.
// Shapes: seed 32 bytes, NodeID = first 16 bytes of B2 of the public key.
// Failure: none after construction; a 32-byte message is refused as a defect (spec: L2/1).
#pragma once

#include "mehr/core/crypto.h"
#include "mehr/core/random.h"
#include "mehr/core/signer.h"

namespace mehr::l0 {

class Identity final : public Signer {
 public:
  /// The identity of a stored seed.
  static Identity from_seed(const crypto::Seed& seed);
  /// A fresh identity. spec: L0/2 generate_identity
  static Identity generate(Random& random);

  [[nodiscard]] const PublicKey& public_key() const override { return key_.public_key(); }
  [[nodiscard]] const NodeId& node_id() const override { return node_id_; }
  [[nodiscard]] const X25519Key& x25519_key() const override { return x25519_key_; }
  [[nodiscard]] Signature sign(std::string_view label, ByteView message) const override;
  [[nodiscard]] Result<Secret<32>> agree(const X25519Key& peer) const override;
  /// For writing the identity to where it is kept.
  [[nodiscard]] const crypto::Seed& seed() const { return key_.seed(); }

 private:
  explicit Identity(const crypto::Seed& seed);

  crypto::SigningKey key_;
  NodeId node_id_;
  X25519Key x25519_key_;
  Secret<32> x25519_secret_;
};

}  // namespace mehr::l0
