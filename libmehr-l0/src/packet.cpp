#include "mehr/l0/packet.h"

#include <gsl/assert>

#include "mehr/core/crypto.h"

namespace mehr::l0 {

namespace {
constexpr std::uint8_t kAccessCodeFlag = 0x80;
}

Status Packet::check() const {
  if ((flags.bits & kAccessCodeFlag) != 0) {
    return fail(Errc::bad_value, "a packet's first byte must be below 0x80");
  }
  if (flags.two_addresses()) {
    return fail(Errc::bad_value, "two-address packets belong on Reticulum interfaces");
  }
  if (hops >= kMaxHops) return fail(Errc::bad_value, "hops must be below 128");
  if (data.bytes.size() > max_data(MtuClass::bulk)) {
    return fail(Errc::too_big, "DATA is limited to 4,077 bytes");
  }
  return {};
}

void set_hops(MutableBytes packet, std::uint8_t hops) {
  Expects(packet.size() >= kHeaderSize);
  packet[1] = hops;
}

void set_flags(MutableBytes packet, PacketFlags flags) {
  Expects(packet.size() >= kHeaderSize);
  packet[0] = flags.bits;
}

PacketId packet_id(ByteView packet) {
  Expects(packet.size() >= kHeaderSize);
  const std::array<std::uint8_t, 1> kind{static_cast<std::uint8_t>(packet[0] & 0x0F)};
  return PacketId::from(crypto::b2(kind, packet.subspan(2)).view());
}

Result<Mtu> negotiate_mtu(Mtu local, Mtu peer) {
  const Mtu least = std::min({local, peer, kBulkMtu});
  if (least < kConstrainedMtu) {
    return fail(Errc::bad_value, "a link needs at least 484 bytes of message per frame");
  }
  return least;
}

}  // namespace mehr::l0
