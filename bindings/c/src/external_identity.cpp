// Identities whose key is kept elsewhere, of mehr/l0.h: a hardware element, a key service.
#include <gsl/assert>

#include "handles.h"
#include "mehr/core/crypto.h"

namespace mehr::capi {
namespace {

class ExternalSigner final : public Signer {
 public:
  ExternalSigner(const PublicKey& key, const X25519Key& exchange, const mehr_signer& callbacks)
      : key_(key), id_(crypto::node_id_of(key)), exchange_(exchange), callbacks_(callbacks) {}

  [[nodiscard]] const PublicKey& public_key() const override { return key_; }
  [[nodiscard]] const NodeId& node_id() const override { return id_; }
  [[nodiscard]] const X25519Key& x25519_key() const override { return exchange_; }

  // A signature that could not be made is one that nobody accepts.
  [[nodiscard]] Signature sign(std::string_view label, ByteView message) const override {
    Bytes whole(label.size() + message.size());
    copy_bytes(message, copy_bytes(as_bytes(label), whole));
    Expects(whole.size() != 32);  // spec: L2/1
    mehr_signature out{};
    const mehr_status done = run([&] {
      return callbacks_.sign(callbacks_.user, {whole.data(), whole.size()}, &out);
    });
    return done == MEHR_OK ? Signature::from(out.bytes) : Signature{};
  }
  [[nodiscard]] Result<Secret<32>> agree(const X25519Key& peer) const override {
    Secret<32> shared;
    const mehr_status done = run([&] {
      return callbacks_.agree(callbacks_.user, peer.bytes.data(), shared.expose_mutable().data());
    });
    if (done != MEHR_OK) return fail(Errc::io, "the keeper of the key made no exchange");
    if (shared.equals(Secret<32>{})) return fail(Errc::bad_value, "the exchange gives zero");
    return shared;
  }

 private:
  // What a callback throws ends here: the layers above know of no such thing.
  template <class Callback>
  [[nodiscard]] static mehr_status run(Callback&& callback) {
    return guard([&]() -> mehr_status { return callback(); });
  }

  PublicKey key_;
  NodeId id_;
  X25519Key exchange_;
  mehr_signer callbacks_;
};

mehr_identity* new_external(const PublicKey& key, const X25519Key& exchange,
                            const mehr_signer& callbacks) {
  return new mehr_identity{std::make_shared<const ExternalSigner>(key, exchange, callbacks),
                           nullptr};
}

mehr_status read_signer(const mehr_signer* in, mehr_signer& out) {
  if (auto good = read_struct(in, MEHR_COVERS(mehr_signer, user), out); good < 0) return good;
  const bool good = out.sign != nullptr && out.agree != nullptr && out.reserved == 0;
  return good ? MEHR_OK : MEHR_E_INVALID;
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

mehr_status mehr_identity_external(const mehr_public_key* key, const mehr_signer* signer,
                                   mehr_identity** out) noexcept {
  return guard([&]() -> mehr_status {
    if (key == nullptr || out == nullptr) return MEHR_E_INVALID;
    mehr_signer callbacks;
    if (auto good = read_signer(signer, callbacks); good < 0) return good;
    const PublicKey own = PublicKey::from(key->bytes);
    const auto exchange = crypto::x25519_from_ed25519(own);
    if (!crypto::is_valid_key(own) || !exchange) return MEHR_E_BAD_VALUE;
    *out = new_external(own, *exchange, callbacks);
    return MEHR_OK;
  });
}
