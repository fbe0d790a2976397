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
  known_.insert(node.bytes, {*key, made->key, {}, {}});
  return made;
}

void PeerKeys::learn(const PublicKey& key) {
  const NodeId id = crypto::node_id_of(key);
  if (known_.touch(id.bytes) != nullptr) return;
  if (const auto made = Recipient::of(key)) known_.insert(id.bytes, {key, made->key, {}, {}});
}

Status PeerKeys::learn_prekey(const PrekeyBundle& bundle, Millis now) {
  if (auto good = verify(bundle); !good) return good;
  // A degenerate prekey would make every message to its owner unsendable. Any scalar tells.
  if (!crypto::x25519(Secret<32>{}, bundle.prekey)) {
    return fail(Errc::bad_value, "the prekey is of low order: nothing can be sealed to it");
  }
  learn(bundle.identity);
  Known* const known = known_.touch(crypto::node_id_of(bundle.identity).bytes);
  if (known == nullptr) return fail(Errc::bad_value, "the identity has no X25519 form");
  if (bundle.prekey_id == 0 || bundle.prekey_id <= known->prekey.id) {
    return fail(Errc::replayed, "a prekey with this or a higher id is known already");
  }
  known->prekey = bundle.ref();
  known->prekey_until = now + kPrekeyUse;
  return {};
}

std::optional<PrekeyRef> PeerKeys::prekey(const NodeId& node, Millis now) const {
  const Known* const known = known_.find(node.bytes);
  if (known == nullptr || known->prekey.id == 0 || known->prekey_until <= now) return std::nullopt;
  return known->prekey;
}

}  // namespace mehr::l2
