#include "mehr/l1/announce.h"

#include <gsl/assert>

#include "mehr/core/crypto.h"

namespace mehr::l1 {

namespace {

constexpr std::string_view kLabel = "mehr-announce-v1";
constexpr std::size_t kPathCostOffset = kAnnounceFixed + 2;

/// What is signed, without the label: destination, key, emitted, extension with neutral path cost.
struct SignedPart {
  NodeId destination;
  PublicKey public_key;
  std::uint64_t emitted = 0;
  MehrExtension extension;

  static constexpr auto wire = std::tuple{
      field("destination", &SignedPart::destination), field("public_key", &SignedPart::public_key),
      field("emitted", &SignedPart::emitted), field("extension", &SignedPart::extension)};
};
constexpr std::size_t kSignedMax = wire_size<SignedPart> + kTlvsMax;

SignedPart signed_part(const Announce& a, const NodeId& destination) {
  SignedPart part{destination, a.public_key, a.emitted, a.extension};
  part.extension.path_cost = CompactPathCost{};
  return part;
}

}  // namespace

std::optional<Tlv> TlvReader::next() {
  if (rest_.empty() || malformed_) return std::nullopt;
  Reader r(rest_);
  Tlv t;
  std::uint8_t length = 0;
  r.get(t.type);
  r.get(length);
  if (!r.take(length, t.data)) {
    malformed_ = true;
    return std::nullopt;
  }
  rest_ = r.rest();
  return t;
}

Status MehrExtension::check() const {
  if (tlvs.bytes.size() > kTlvsMax) {
    return fail(Errc::too_big, "an announce extension is limited to 317 bytes");
  }
  if (major() != kProtocolVersion >> 4) return {};
  TlvReader reader(tlvs.bytes);
  while (reader.next()) {
  }
  if (reader.malformed()) return fail(Errc::bad_value, "an announce field runs past the end");
  return {};
}

std::optional<ByteView> MehrExtension::find(std::uint8_t type) const {
  TlvReader reader(tlvs.bytes);
  while (const auto t = reader.next()) {
    if (t->type == type) return t->data;
  }
  return std::nullopt;
}

NodeId destination_of(const Announce& announce) { return crypto::node_id_of(announce.public_key); }

Status verify(const Announce& announce, const NodeId& destination) {
  std::array<std::uint8_t, kLabel.size() + kSignedMax> buffer;
  Writer w(buffer);
  w.bytes(as_bytes(kLabel));
  w.put(signed_part(announce, destination));
  Expects(w.ok());
  if (!crypto::verify(announce.public_key, w.written(), announce.signature)) {
    return fail(Errc::bad_signature, "the announce was not signed by the key it carries");
  }
  return {};
}

void AnnounceBytes::assign(ByteView data) {
  Expects(data.size() <= bytes_.size());
  copy_bytes(data, bytes_);
  size_ = static_cast<std::uint16_t>(data.size());
}

Result<AnnounceBytes> build_announce(const Signer& signer, std::uint64_t emitted, ByteView tlvs) {
  Announce a{signer.public_key(), emitted, {}, {}};
  a.extension.tlvs = Tail{tlvs};
  if (auto good = a.extension.check(); !good) return fail(good);
  std::array<std::uint8_t, kSignedMax> buffer;
  const auto message = encode(signed_part(a, signer.node_id()), buffer);
  if (!message) return fail(message);
  a.signature = signer.sign(kLabel, *message);
  std::array<std::uint8_t, kAnnounceDataMax> data;
  const auto encoded = encode(a, data);
  if (!encoded) return fail(encoded);
  AnnounceBytes out;
  out.assign(*encoded);
  return out;
}

void set_path_cost(MutableBytes data, const CompactPathCost& cost) {
  Expects(data.size() >= kAnnounceFixed + kExtensionMin);
  copy_bytes(encode_fixed(cost), data.subspan(kPathCostOffset));
}

bool same_announce(ByteView a, ByteView b) {
  constexpr std::size_t after = kPathCostOffset + kPathCostSize;
  return a.size() == b.size() && a.size() >= after &&
         same_bytes(a.first(kPathCostOffset), b.first(kPathCostOffset)) &&
         same_bytes(a.subspan(after), b.subspan(after));
}

Result<MutableBytes> write_announce_packet(const NodeId& destination, ByteView data,
                                           std::uint8_t hops, bool relayed, MutableBytes out) {
  const l0::Packet packet{l0::PacketFlags::of(l0::PacketType::announce, relayed), hops, destination,
                          0, Tail{data}};
  return encode(packet, out);
}

}  // namespace mehr::l1
