// The packet: what travels from node to node inside links. spec: L0/3
//
// Place: L0's byte layout, read by every floor. A packet names its destination and never its
// source. Borrowed data: a decoded Packet points into the decoded bytes.
// Bounds: 19 bytes of header, DATA up to the class limit (465, 1,481, 4,077).
#pragma once

#include <cstdint>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"
#include "mehr/core/units.h"

namespace mehr::l0 {

/// Bytes before DATA: with one address, and with a transport ID in front (Reticulum only).
inline constexpr std::size_t kHeaderSize = 19;
inline constexpr std::size_t kHeaderSizeWithTransport = 35;
/// A packet received with this many hops is dropped; one with 127 is delivered, not forwarded.
inline constexpr std::uint8_t kMaxHops = 128;

/// Bits 1-0 of flags.
enum class PacketType : std::uint8_t { data = 0, announce = 1, link_request = 2, proof = 3 };
/// Bits 3-2 of flags; native traffic is `single`, group and plain never leave the link.
enum class DestinationType : std::uint8_t { single = 0, group = 1, plain = 2, link = 3 };

/// The first byte of a packet. spec: L0/3 flags table
struct PacketFlags {
  std::uint8_t bits = 0;

  static constexpr std::uint8_t kTwoAddresses = 0x40;  ///< header type 1
  static constexpr std::uint8_t kContextFlag = 0x20;   ///< an announce carries a ratchet
  static constexpr std::uint8_t kInTransport = 0x10;   ///< may be forwarded

  /// Flags of a native packet to a single destination.
  static constexpr PacketFlags of(PacketType type, bool in_transport) {
    return {static_cast<std::uint8_t>(static_cast<std::uint8_t>(type) |
                                      (in_transport ? kInTransport : 0))};
  }
  [[nodiscard]] constexpr PacketType type() const { return static_cast<PacketType>(bits & 3); }
  [[nodiscard]] constexpr DestinationType destination_type() const {
    return static_cast<DestinationType>((bits >> 2) & 3);
  }
  [[nodiscard]] constexpr bool in_transport() const { return (bits & kInTransport) != 0; }
  [[nodiscard]] constexpr bool two_addresses() const { return (bits & kTwoAddresses) != 0; }

  static constexpr auto wire = std::tuple{field("bits", &PacketFlags::bits)};
  constexpr bool operator==(const PacketFlags&) const = default;
};

/// A native packet (header type 0). Two-address packets exist on Reticulum interfaces only.
struct Packet {
  PacketFlags flags;
  std::uint8_t hops = 0;     ///< counts up; an origin starts anywhere in 0..7. spec: L1/6
  NodeId destination;        ///< who it is for; nothing says who it is from
  std::uint8_t context = 0;  ///< what it is about. spec: README/4.1
  Tail data;                 ///< borrowed from the decoded bytes

  static constexpr auto wire =
      std::tuple{field("flags", &Packet::flags), field("hops", &Packet::hops),
                 field("destination", &Packet::destination), field("context", &Packet::context),
                 field("data", &Packet::data)};
  /// Refuses the access-code flag, two addresses, hops of 128 or more and DATA over the Bulk limit.
  [[nodiscard]] Status check() const;
  constexpr bool operator==(const Packet&) const = default;
};
static_assert(wire_size<Packet> == kHeaderSize);

/// Rewrites the hop count of an encoded packet in place. @p packet must hold a whole header.
void set_hops(MutableBytes packet, std::uint8_t hops);
/// Rewrites flags of an encoded packet in place. @p packet must hold a whole header.
void set_flags(MutableBytes packet, PacketFlags flags);

/// Native duplicate key: B2/16(flags & 0x0F || bytes 2..end). @p packet must hold a whole header.
[[nodiscard]] PacketId packet_id(ByteView packet);

/// Size classes of links and paths. spec: L0/3, README/2.1 "MTU class"
enum class MtuClass : std::uint8_t { constrained, standard, bulk };
/// Most message bytes in one frame of each class.
inline constexpr Mtu kConstrainedMtu{484};
inline constexpr Mtu kStandardMtu{1500};
inline constexpr Mtu kBulkMtu{4096};

/// The largest class not above @p mtu, which must be at least 484. spec: L0/6
[[nodiscard]] constexpr MtuClass class_of(Mtu mtu) {
  if (mtu >= kBulkMtu) return MtuClass::bulk;
  return mtu >= kStandardMtu ? MtuClass::standard : MtuClass::constrained;
}
/// Most DATA bytes of a packet in @p mtu_class: 465, 1,481 or 4,077.
[[nodiscard]] constexpr std::size_t max_data(MtuClass mtu_class) {
  constexpr std::array<std::size_t, 3> kLimits{465, 1481, 4077};
  return kLimits[static_cast<std::size_t>(mtu_class)];
}
/// What two neighbours agree on: least of both and 4,096; Errc::bad_value below 484. spec: L0/6
[[nodiscard]] Result<Mtu> negotiate_mtu(Mtu local, Mtu peer);

}  // namespace mehr::l0
