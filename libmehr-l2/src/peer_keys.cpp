#include "mehr/l2/peer_keys.h"

namespace mehr::l2 {

std::optional<PublicKey> PeerKeys::key_of(const NodeId& node) const {
  if (const Known* known = known_.find(node.bytes)) return known->identity;
  return below_.key_of(node);
}

Result<Recipient> PeerKeys::recipient(const NodeId& node) {
  if (const Known* known = known_.touch(node.bytes)) return Recipient{node, known->exchange};
  const auto key = below_.key_of(node);
  if (!key) return fail(Errc::no_key, "the public key of that NodeID is not known yet");
  auto made = Recipient::of(*key);
  if (!made) return made;
  if (made->id != node) return fail(Errc::no_key, "the key on file belongs to another NodeID");
  known_.insert(node.bytes, {*key, made->key});
  return made;
}

void PeerKeys::learn(const PublicKey& key) {
  const NodeId id = crypto::node_id_of(key);
  if (known_.touch(id.bytes) != nullptr) return;
  if (const auto made = Recipient::of(key)) known_.insert(id.bytes, {key, made->key});
}

}  // namespace mehr::l2
