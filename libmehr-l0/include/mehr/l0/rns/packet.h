// Reticulum's packet, as an unmodified peer sends and takes it. spec: L0/3, L0/8.1
//
// Place: L0 codec under the relay of rns/relay.h; nothing above L0 sees it.
// Shapes: one address (19 bytes before DATA) or, in transport, two (35 bytes): the relay that shall
// take it next, then the destination. 20 to 8,192 bytes; all integers are single bytes here.
// Identity of a packet: SHA-256 over what no relay changes, so hops and transport ID are left out.
// Bounds: none of its own; views borrow from the packet. Failure: an Error, nothing is kept.
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"
#include "mehr/l0/packet.h"

namespace mehr::l0::rns {

/// Sixteen bytes of SHA-256: a destination, a relay (transport ID), a link, or a packet that a
/// proof answers.
using Address = FixedBytes<16, struct RnsAddressTag>;
/// A whole packet hash; its first half is an Address.
using PacketHash = FixedBytes<32, struct RnsPacketHashTag>;

/// Shortest and longest packet that is taken from a peer. spec: L0/8.1 Framing
inline constexpr std::size_t kLeastPacket = 20;
inline constexpr std::size_t kMostPacket = 8192;
/// What every Reticulum medium carries, transport ID included.
inline constexpr std::size_t kMtu = 500;

/// Context bytes with a meaning for relays; the others are the peers' own.
namespace context {
inline constexpr std::uint8_t kNone = 0x00;
inline constexpr std::uint8_t kPathResponse = 0x0B;  ///< an announce that answers a path request
inline constexpr std::uint8_t kLinkProof = 0xFF;     ///< of a link request
}  // namespace context

/// True for what may come twice: parts of resources, their requests and proofs, cached packets,
/// channel messages and keepalives. spec: L0/8.4 step 1
[[nodiscard]] constexpr bool may_repeat(std::uint8_t context) {
  return context == 0x01 || context == 0x03 || context == 0x05 || context == 0x08 ||
         context == 0x0E || context == 0xFA;
}

/// A packet as it lies in the received bytes.
struct OneAddress {
  PacketFlags flags;
  std::uint8_t hops = 0;
  Address destination;
  std::uint8_t context = 0;
  Tail data;

  static constexpr auto wire =
      std::tuple{field("flags", &OneAddress::flags), field("hops", &OneAddress::hops),
                 field("destination", &OneAddress::destination),
                 field("context", &OneAddress::context), field("data", &OneAddress::data)};
};
static_assert(wire_size<OneAddress> == kHeaderSize);

/// The same with the relay that shall take it in front.
struct TwoAddresses {
  PacketFlags flags;
  std::uint8_t hops = 0;
  Address transport;
  Address destination;
  std::uint8_t context = 0;
  Tail data;

  static constexpr auto wire = std::tuple{field("flags", &TwoAddresses::flags),
                                          field("hops", &TwoAddresses::hops),
                                          field("transport", &TwoAddresses::transport),
                                          field("destination", &TwoAddresses::destination),
                                          field("context", &TwoAddresses::context),
                                          field("data", &TwoAddresses::data)};
};
static_assert(wire_size<TwoAddresses> == kHeaderSizeWithTransport);

/// Either form, read.
struct PacketView {
  PacketFlags flags;
  std::uint8_t hops = 0;
  std::optional<Address> transport;
  Address destination;
  std::uint8_t context = 0;
  ByteView data;  ///< borrowed from the packet
};

/// Errors: truncated below 20 bytes or within a header, too_big over 8,192, bad_value with the
/// access-code flag, which says that the rest is scrambled.
[[nodiscard]] Result<PacketView> parse(ByteView packet);

/// Writes @p packet in the form that its `transport` asks for; the written part of @p out. The
/// header-type bit of the flags follows from it. Errc::too_big when @p out is too small.
[[nodiscard]] Result<MutableBytes> write(const PacketView& packet, MutableBytes out);

/// Drops the transport ID in place: what is left of @p packet begins 16 bytes later.
/// @p packet must have two addresses (a contract).
[[nodiscard]] MutableBytes strip_transport(MutableBytes packet);
/// Replaces the transport ID in place. @p packet must have two addresses (a contract).
void set_transport(MutableBytes packet, const Address& transport);

/// SHA(flags & 0x0F || destination || context || DATA). The bytes are the same afterwards; one of
/// them is lent to the hash meanwhile, so that nothing is copied. spec: L0/8.1 Packet hash
[[nodiscard]] PacketHash packet_hash(MutableBytes packet);
/// The link that a link request asks for: as its packet hash, with 64 bytes of DATA at most.
/// spec: L0/8.4 step 4
[[nodiscard]] Address link_id_of(MutableBytes request);

/// The first half of a hash.
[[nodiscard]] inline Address address_of(const PacketHash& hash) {
  return Address::from(hash.view());
}

}  // namespace mehr::l0::rns
