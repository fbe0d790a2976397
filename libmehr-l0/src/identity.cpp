#include "mehr/l0/identity.h"

#include <gsl/assert>

namespace mehr::l0 {

namespace {
// The longest message signed with a label in L0 and L1: an announce with a full extension.
constexpr std::size_t kInlineMessage = 512;
}  // namespace

Identity::Identity(const crypto::Seed& seed)
    : key_(seed),
      node_id_(crypto::node_id_of(key_.public_key())),
      x25519_secret_(key_.x25519_secret()) {
  x25519_key_ = crypto::x25519_public(x25519_secret_);
}

Identity Identity::from_seed(const crypto::Seed& seed) { return Identity(seed); }

Identity Identity::generate(Random& random) {
  crypto::Seed seed;
  random.fill(seed.expose_mutable());
  return Identity(seed);
}

Signature Identity::sign(std::string_view label, ByteView message) const {
  const std::size_t size = label.size() + message.size();
  Expects(size != 32);  // spec: L2/1, nobody signs an exactly 32-byte message
  std::array<std::uint8_t, kInlineMessage> small{};
  Bytes large;
  if (size > small.size()) large.resize(size);
  const MutableBytes buffer = large.empty() ? MutableBytes(small).first(size) : MutableBytes(large);
  copy_bytes(message, copy_bytes(as_bytes(label), buffer));
  return key_.sign(buffer);
}

Result<Secret<32>> Identity::agree(const X25519Key& peer) const {
  return crypto::x25519(x25519_secret_, peer);
}

}  // namespace mehr::l0
