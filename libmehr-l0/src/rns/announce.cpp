#include "mehr/l0/rns/announce.h"

#include <array>

#include "mehr/core/crypto.h"

namespace mehr::l0::rns {

namespace {

constexpr std::size_t kEmittedBytes = 5;

// DATA without and with a ratchet.
struct Plain {
  IdentityKey identity;
  NameHash name;
  Blob blob;
  Signature signature;
  Tail app_data;

  static constexpr auto wire = std::tuple{
      field("identity", &Plain::identity), field("name", &Plain::name), field("blob", &Plain::blob),
      field("signature", &Plain::signature), field("app_data", &Plain::app_data)};
};
static_assert(wire_size<Plain> == 148);

struct Ratcheted {
  IdentityKey identity;
  NameHash name;
  Blob blob;
  X25519Key ratchet;
  Signature signature;
  Tail app_data;

  static constexpr auto wire = std::tuple{
      field("identity", &Ratcheted::identity),   field("name", &Ratcheted::name),
      field("blob", &Ratcheted::blob),           field("ratchet", &Ratcheted::ratchet),
      field("signature", &Ratcheted::signature), field("app_data", &Ratcheted::app_data)};
};
static_assert(wire_size<Ratcheted> == 180);

template <class Form>
Announce announce_of(const Form& form) {
  Announce out;
  out.identity = form.identity;
  out.name = form.name;
  out.blob = form.blob;
  out.signature = form.signature;
  out.app_data = form.app_data.bytes;
  return out;
}

using SignedBuffer = std::array<std::uint8_t, Address::kSize + kMostAnnounce>;

// What the signature covers. spec: L0/8.1
ByteView signed_bytes(const Announce& announce, const Address& destination, SignedBuffer& buffer) {
  Writer w(buffer);
  w.put(destination);
  w.put(announce.identity);
  w.put(announce.name);
  w.put(announce.blob);
  if (announce.ratchet) w.put(*announce.ratchet);
  w.bytes(announce.app_data);
  return w.written();
}

}  // namespace

std::uint64_t emitted_of(const Blob& blob) {
  std::uint64_t out = 0;
  for (const std::uint8_t byte : blob.view().last(kEmittedBytes)) out = (out << 8) | byte;
  return out;
}

std::uint64_t Announce::emitted() const { return emitted_of(blob); }

Blob blob_of(const FixedBytes<5, struct RnsRandomTag>& random, std::uint64_t emitted) {
  Blob out;
  MutableBytes rest = copy_bytes(random.view(), out.mutable_view());
  for (std::size_t i = kEmittedBytes; i-- > 0; emitted >>= 8) {
    rest[i] = static_cast<std::uint8_t>(emitted);
  }
  return out;
}

NameHash name_hash(std::string_view name) {
  return NameHash::from(crypto::sha256(as_bytes(name)).view());
}

Address identity_hash(const IdentityKey& identity) {
  return Address::from(crypto::sha256(encode_fixed(identity)).view());
}

Address destination_of(const NameHash& name, const IdentityKey& identity) {
  std::array<std::uint8_t, NameHash::kSize + Address::kSize> joined{};
  Writer w(joined);
  w.put(name);
  w.put(identity_hash(identity));
  return Address::from(crypto::sha256(joined).view());
}

IdentityKey identity_of(const Signer& signer) { return {signer.x25519_key(), signer.public_key()}; }

Result<Announce> parse_announce(bool with_ratchet, ByteView data) {
  if (data.size() > kMostAnnounce) {
    return fail(Errc::too_big, "an announce has at most 481 bytes of DATA");
  }
  if (!with_ratchet) {
    const auto form = decode<Plain>(data);
    if (!form) return fail(form);
    return announce_of(*form);
  }
  const auto form = decode<Ratcheted>(data);
  if (!form) return fail(form);
  Announce out = announce_of(*form);
  out.ratchet = form->ratchet;
  return out;
}

Status verify(const Announce& announce, const Address& destination) {
  SignedBuffer buffer;
  const ByteView message = signed_bytes(announce, destination, buffer);
  if (!crypto::verify(announce.identity.signing, message, announce.signature)) {
    return fail(Errc::bad_signature, "the announce is not signed by the key it names");
  }
  if (destination_of(announce.name, announce.identity) != destination) {
    return fail(Errc::wrong_peer, "the announce's key does not belong to its destination");
  }
  return {};
}

Result<MutableBytes> build_announce(const Signer& signer, const NameHash& name, const Blob& blob,
                                    ByteView app_data, MutableBytes out) {
  if (app_data.size() > kMostAppData) {
    return fail(Errc::too_big, "app_data over 317 bytes would not be passed on");
  }
  Announce announce;
  announce.identity = identity_of(signer);
  announce.name = name;
  announce.blob = blob;
  announce.app_data = app_data;
  SignedBuffer buffer;
  const ByteView message = signed_bytes(announce, destination_of(name, announce.identity), buffer);
  announce.signature = signer.sign({}, message);
  return encode(Plain{announce.identity, name, blob, announce.signature, Tail{announce.app_data}},
                out);
}

}  // namespace mehr::l0::rns
