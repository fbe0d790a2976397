#include "mehr/l0/rns/packet.h"

#include <algorithm>
#include <gsl/assert>

#include "mehr/core/crypto.h"

namespace mehr::l0::rns {

namespace {

constexpr std::uint8_t kAccessCodeFlag = 0x80;
constexpr std::size_t kLinkRequestData = 64;

template <class Form>
PacketView view_of(const Form& form) {
  PacketView out;
  out.flags = form.flags;
  out.hops = form.hops;
  out.destination = form.destination;
  out.context = form.context;
  out.data = form.data.bytes;
  return out;
}

// The hash of the flags' low half and of @p most bytes from the destination on. The byte before
// the destination stands in for the flags, so that what is hashed lies in one run.
PacketHash hash_of(MutableBytes packet, std::size_t most) {
  Expects(packet.size() >= kHeaderSize);
  const PacketFlags flags{packet[0]};
  const std::size_t head = flags.two_addresses() ? kHeaderSizeWithTransport : kHeaderSize;
  Expects(packet.size() >= head);
  const std::size_t begin = head - 1 - Address::kSize - 1;
  const MutableBytes run = packet.subspan(begin);
  const std::uint8_t lent = std::exchange(run[0], static_cast<std::uint8_t>(flags.bits & 0x0F));
  const Hash256 hash = crypto::sha256(run.first(std::min(run.size(), most)));
  run[0] = lent;
  return PacketHash::from(hash.view());
}

}  // namespace

Result<PacketView> parse(ByteView packet) {
  if (packet.size() < kLeastPacket) {
    return fail(Errc::truncated, "a Reticulum packet has 20 bytes or more");
  }
  if (packet.size() > kMostPacket) return fail(Errc::too_big, "the packet is over 8,192 bytes");
  if ((packet[0] & kAccessCodeFlag) != 0) {
    return fail(Errc::bad_value, "the packet carries an access code");
  }
  if (!PacketFlags{packet[0]}.two_addresses()) {
    const auto form = decode<OneAddress>(packet);
    if (!form) return fail(form);
    return view_of(*form);
  }
  const auto form = decode<TwoAddresses>(packet);
  if (!form) return fail(form);
  PacketView out = view_of(*form);
  out.transport = form->transport;
  return out;
}

Result<MutableBytes> write(const PacketView& packet, MutableBytes out) {
  PacketFlags flags = packet.flags;
  if (!packet.transport) {
    flags.bits &= static_cast<std::uint8_t>(~PacketFlags::kTwoAddresses);
    return encode(OneAddress{flags, packet.hops, packet.destination, packet.context, {packet.data}},
                  out);
  }
  flags.bits |= PacketFlags::kTwoAddresses;
  return encode(
      TwoAddresses{
          flags, packet.hops, *packet.transport, packet.destination, packet.context, {packet.data}},
      out);
}

MutableBytes strip_transport(MutableBytes packet) {
  Expects(packet.size() >= kHeaderSizeWithTransport && PacketFlags{packet[0]}.two_addresses());
  const auto flags =
      static_cast<std::uint8_t>(packet[0] & static_cast<std::uint8_t>(~PacketFlags::kTwoAddresses));
  const std::uint8_t hops = packet[1];
  const MutableBytes out = packet.subspan(Address::kSize);
  out[0] = flags;
  out[1] = hops;
  return out;
}

void set_transport(MutableBytes packet, const Address& transport) {
  Expects(packet.size() >= kHeaderSizeWithTransport && PacketFlags{packet[0]}.two_addresses());
  copy_bytes(transport.view(), packet.subspan(2));
}

PacketHash packet_hash(MutableBytes packet) { return hash_of(packet, packet.size()); }

Address link_id_of(MutableBytes request) {
  return address_of(hash_of(request, 1 + Address::kSize + 1 + kLinkRequestData));
}

}  // namespace mehr::l0::rns
