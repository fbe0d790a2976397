#include "mehr/l2/envelope.h"

#include "envelope_keys.h"

namespace mehr::l2 {

namespace {

constexpr crypto::Nonce kZeroNonce{};  // each key seals one message, so one nonce does

struct InfoE1 {
  X25519Key ephemeral;
  X25519Key recipient;
  static constexpr auto wire =
      std::tuple{field("ephemeral", &InfoE1::ephemeral), field("recipient", &InfoE1::recipient)};
};

struct InfoE2 {
  X25519Key ephemeral;
  X25519Key recipient;
  X25519Key prekey;
  std::uint32_t prekey_id = 0;
  static constexpr auto wire =
      std::tuple{field("ephemeral", &InfoE2::ephemeral), field("recipient", &InfoE2::recipient),
                 field("prekey", &InfoE2::prekey), field("prekey_id", &InfoE2::prekey_id)};
};

// spec: L2/4 E2
Secret<32> prekey_key(const Secret<32>& with_identity, const Secret<32>& with_prekey,
                      const InfoE2& info) {
  Secret<64> shared;
  copy_bytes(with_prekey.expose(), copy_bytes(with_identity.expose(), shared.expose_mutable()));
  Secret<32> prk;
  crypto::hkdf_extract(as_bytes(kSaltE2), shared.expose(), prk);
  Secret<32> key;
  crypto::hkdf_expand(prk, encode_fixed(info), key.expose_mutable());
  return key;
}

void seal_body(const Secret<32>& key, const EnvelopeAad& aad, ByteView plain, MutableBytes out) {
  crypto::Aead aead(key, crypto::Aead::Use::seal);
  aead.seal(kZeroNonce, encode_fixed(aad), plain, out);
}

Result<Opened> open_body(const Secret<32>& key, const EnvelopeAad& aad, ByteView sealed,
                         const X25519Key& ephemeral, MutableBytes out) {
  const std::size_t size = sealed.size() - kTagSize;
  if (out.size() < size) return fail(Errc::too_big, "the envelope does not fit the buffer");
  crypto::Aead aead(key, crypto::Aead::Use::open);
  const MutableBytes plain = out.first(size);
  if (auto good = aead.open(kZeroNonce, encode_fixed(aad), sealed, plain); !good) return fail(good);
  return Opened{plain, ephemeral};
}

}  // namespace

Secret<32> identity_key(std::string_view salt, const Secret<32>& shared, const X25519Key& ephemeral,
                        const X25519Key& recipient) {
  Secret<32> prk;
  crypto::hkdf_extract(as_bytes(salt), shared.expose(), prk);
  Secret<32> key;
  crypto::hkdf_expand(prk, encode_fixed(InfoE1{ephemeral, recipient}), key.expose_mutable());
  return key;
}

Result<Recipient> Recipient::of(const PublicKey& identity) {
  auto key = crypto::x25519_from_ed25519(identity);
  if (!key) return fail(key);
  return Recipient{crypto::node_id_of(identity), *key};
}

Ephemeral::Ephemeral(Secret<32> secret)
    : secret_(std::move(secret)), public_(crypto::x25519_public(secret_)) {}

Ephemeral Ephemeral::of(Secret<32> secret) { return Ephemeral(std::move(secret)); }

Ephemeral Ephemeral::draw(Random& random) {
  Secret<32> secret;
  random.fill(secret.expose_mutable());
  return Ephemeral(std::move(secret));
}

Result<MutableBytes> seal_e1(const Recipient& to, std::uint8_t context, ByteView plain,
                             const Ephemeral& ephemeral, MutableBytes out) {
  if (out.size() < kE1Overhead || out.size() - kE1Overhead < plain.size()) {
    return fail(Errc::too_big, "the envelope does not fit the buffer");
  }
  auto shared = crypto::x25519(ephemeral.secret(), to.key);
  if (!shared) return fail(shared);
  const auto key = identity_key(kSaltE1, *shared, ephemeral.public_key(), to.key);
  copy_bytes(ephemeral.public_key().view(), out);
  seal_body(key, {to.id, context}, plain, out.subspan(kE1Body, plain.size() + kTagSize));
  return out.first(plain.size() + kE1Overhead);
}

Result<MutableBytes> seal_e1(const Recipient& to, std::uint8_t context, ByteView plain,
                             Random& random, MutableBytes out) {
  return seal_e1(to, context, plain, Ephemeral::draw(random), out);
}

Result<MutableBytes> seal_e2(const Recipient& to, const PrekeyRef& prekey, std::uint8_t context,
                             ByteView plain, const Ephemeral& ephemeral, MutableBytes out) {
  if (out.size() < kE2Overhead || out.size() - kE2Overhead < plain.size()) {
    return fail(Errc::too_big, "the envelope does not fit the buffer");
  }
  auto with_identity = crypto::x25519(ephemeral.secret(), to.key);
  if (!with_identity) return fail(with_identity);
  auto with_prekey = crypto::x25519(ephemeral.secret(), prekey.key);
  if (!with_prekey) return fail(with_prekey);
  const auto key = prekey_key(*with_identity, *with_prekey,
                              {ephemeral.public_key(), to.key, prekey.key, prekey.id});
  Writer head(out);
  head.put(prekey.id);
  head.put(ephemeral.public_key());
  seal_body(key, {to.id, context}, plain, out.subspan(kE2Body, plain.size() + kTagSize));
  return out.first(plain.size() + kE2Overhead);
}

Result<MutableBytes> seal_e2(const Recipient& to, const PrekeyRef& prekey, std::uint8_t context,
                             ByteView plain, Random& random, MutableBytes out) {
  return seal_e2(to, prekey, context, plain, Ephemeral::draw(random), out);
}

Result<Opened> open_e1(const Signer& me, std::uint8_t context, ByteView envelope,
                       MutableBytes out) {
  auto parts = decode<EnvelopeE1>(envelope);
  if (!parts) return fail(parts);
  auto shared = me.agree(parts->ephemeral);
  if (!shared) return fail(shared);
  const auto key = identity_key(kSaltE1, *shared, parts->ephemeral, me.x25519_key());
  return open_body(key, {me.node_id(), context}, parts->sealed.bytes, parts->ephemeral, out);
}

Result<Opened> open_e2(const Signer& me, const PrekeyRef& prekey, const Secret<32>& prekey_secret,
                       std::uint8_t context, ByteView envelope, MutableBytes out) {
  auto parts = decode<EnvelopeE2>(envelope);
  if (!parts) return fail(parts);
  if (parts->prekey_id != prekey.id) {
    return fail(Errc::not_found, "the envelope names another prekey");
  }
  auto with_identity = me.agree(parts->ephemeral);
  if (!with_identity) return fail(with_identity);
  auto with_prekey = crypto::x25519(prekey_secret, parts->ephemeral);
  if (!with_prekey) return fail(with_prekey);
  const auto key = prekey_key(*with_identity, *with_prekey,
                              {parts->ephemeral, me.x25519_key(), prekey.key, prekey.id});
  return open_body(key, {me.node_id(), context}, parts->sealed.bytes, parts->ephemeral, out);
}

}  // namespace mehr::l2
