#include "mehr/l2/peer_keys.h"

namespace mehr::l2 {

std::optional<PublicKey> PeerKeys::key_of(const NodeId& node) const {
  if (const Known* known = known_.find(node.bytes)) return known->identity;
  return below_.key_of(node);
}

Result<Recipient> PeerKeys::recipient(const NodeId& node) {
  if (const Known* known = known_.touch(node.bytes)) return Recipient{node, known->exchange};
  auto made = recipient_once(node);
  if (made) known_.insert(node.bytes, {*below_.key_of(node), made->key});
  return made;
}

Result<Recipient> PeerKeys::recipient_once(const NodeId& node) const {
  if (const Known* known = known_.find(node.bytes)) return Recipient{node, known->exchange};
  const auto key = below_.key_of(node);
  if (!key) return fail(Errc::no_key, "the public key of that NodeID is not known yet");
  auto made = Recipient::of(*key);
  if (made && made->id != node) {
    return fail(Errc::no_key, "the key on file belongs to another NodeID");
  }
  return made;
}

void PeerKeys::learn(const PublicKey& key) {
  const NodeId id = crypto::node_id_of(key);
  if (known_.touch(id.bytes) != nullptr) return;
  if (const auto made = Recipient::of(key)) known_.insert(id.bytes, {key, made->key});
}

Status PeerKeys::learn_prekey(const PrekeyBundle& bundle, Millis now) {
  if (auto good = verify(bundle); !good) return good;
  // A degenerate prekey would make every message to its owner unsendable. Any scalar tells.
  if (!crypto::x25519(Secret<32>{}, bundle.prekey)) {
    return fail(Errc::bad_value, "the prekey is of low order: nothing can be sealed to it");
  }
  if (!Recipient::of(bundle.identity)) {
    return fail(Errc::bad_value, "the identity has no X25519 form");
  }
  const NodeId owner = crypto::node_id_of(bundle.identity);
  Prekey* const known = prekeys_.touch(owner.bytes);
  if (bundle.prekey_id == 0 || (known != nullptr && bundle.prekey_id <= known->ref.id)) {
    return fail(Errc::replayed, "a prekey with this or a higher id is known already");
  }
  const Prekey fresh{bundle.ref(), now + kPrekeyUse};
  if (known != nullptr) {
    *known = fresh;
  } else {
    prekeys_.insert(owner.bytes, fresh);
  }
  learn(bundle.identity);
  return {};
}

std::optional<PrekeyRef> PeerKeys::prekey(const NodeId& node, Millis now) {
  const Prekey* const known = prekeys_.touch(node.bytes);
  if (known == nullptr || known->until <= now) return std::nullopt;
  return known->ref;
}

}  // namespace mehr::l2
