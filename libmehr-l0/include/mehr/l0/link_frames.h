// The frames and control messages of the native link layer. spec: L0/5, L0/6, L2/3.1
//
// Place: L0's byte layouts; nothing here decides anything. Sizes are asserted against the spec.
// Type bytes are part of each structure, so a decoder refuses a frame of another type.
#pragma once

#include <cstdint>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"

namespace mehr::l0 {

/// Version v1.0; any minor of major 1 is spoken. spec: L1/13.1
inline constexpr std::uint8_t kProtocolVersion = 0x10;
constexpr bool speaks_version(std::uint8_t version) { return (version >> 4) == 1; }

inline constexpr std::uint8_t kInitType = 0x80;
inline constexpr std::uint8_t kRespType = 0x81;
inline constexpr std::uint8_t kAuthType = 0x82;
inline constexpr std::uint8_t kBeaconType = 0x86;
inline constexpr std::uint8_t kBroadcastType = 0x87;
/// DATA frames are 0x90 + (key epoch mod 16).
inline constexpr std::uint8_t kDataType = 0x90;
constexpr bool is_data_frame(std::uint8_t type) { return (type & 0xF0) == kDataType; }

inline constexpr std::size_t kBeaconFrameSize = 21;
inline constexpr std::size_t kMaxBroadcastMessage = 482;

/// AuthBody as it travels: 112 bytes sealed, then the tag.
using SealedAuthBody = FixedBytes<128, struct SealedAuthBodyTag>;

/// First handshake frame, initiator to responder, in clear. spec: L2/3.1
struct Init {
  Constant<kInitType> type;
  std::uint8_t version = kProtocolVersion;
  std::uint16_t initiator_link = 0;
  NodeId target;  ///< zero = any
  X25519Key ephemeral;

  static constexpr auto wire =
      std::tuple{field("type", &Init::type), field("version", &Init::version),
                 field("initiator_link", &Init::initiator_link), field("target", &Init::target),
                 field("ephemeral", &Init::ephemeral)};
  [[nodiscard]] constexpr Status check() const {
    if (initiator_link == 0) return fail(Errc::bad_value, "a link id must not be zero");
    return {};
  }
  constexpr bool operator==(const Init&) const = default;
};
static_assert(wire_size<Init> == 52);

/// The clear part of RESP, which is also the associated data of its sealed part.
struct RespHead {
  Constant<kRespType> type;
  std::uint8_t version = kProtocolVersion;
  std::uint16_t initiator_link = 0;
  std::uint16_t responder_link = 0;
  X25519Key ephemeral;

  static constexpr auto wire = std::tuple{
      field("type", &RespHead::type), field("version", &RespHead::version),
      field("initiator_link", &RespHead::initiator_link),
      field("responder_link", &RespHead::responder_link), field("ephemeral", &RespHead::ephemeral)};
  [[nodiscard]] constexpr Status check() const {
    if (initiator_link == 0 || responder_link == 0) {
      return fail(Errc::bad_value, "a link id must not be zero");
    }
    return {};
  }
  constexpr bool operator==(const RespHead&) const = default;
};
static_assert(wire_size<RespHead> == 38);

/// Second handshake frame, responder to initiator.
struct Resp {
  RespHead head;
  SealedAuthBody sealed;

  static constexpr auto wire =
      std::tuple{field("head", &Resp::head), field("sealed", &Resp::sealed)};
  constexpr bool operator==(const Resp&) const = default;
};
static_assert(wire_size<Resp> == 166);

/// Third handshake frame, initiator to responder. Its first three bytes are the associated data.
struct Auth {
  Constant<kAuthType> type;
  std::uint16_t responder_link = 0;
  SealedAuthBody sealed;

  static constexpr auto wire =
      std::tuple{field("type", &Auth::type), field("responder_link", &Auth::responder_link),
                 field("sealed", &Auth::sealed)};
  constexpr bool operator==(const Auth&) const = default;
};
static_assert(wire_size<Auth> == 131);
inline constexpr std::size_t kAuthHeadSize = 3;

/// What each side says of itself; signed together with its key. spec: L0/5.3
struct AuthTail {
  std::uint16_t max_frame_size = 0;  ///< message bytes; below 484 the link is closed with reason 2
  bool supports_fragmentation = false;  ///< unused in v1
  std::uint64_t node_clock = 0;         ///< milliseconds. spec: README/2.3
  std::uint8_t version = kProtocolVersion;
  std::uint32_t features = 0;

  static constexpr auto wire =
      std::tuple{field("max_frame_size", &AuthTail::max_frame_size),
                 field("supports_fragmentation", &AuthTail::supports_fragmentation),
                 field("node_clock", &AuthTail::node_clock), field("version", &AuthTail::version),
                 field("features", &AuthTail::features)};
  constexpr bool operator==(const AuthTail&) const = default;
};
static_assert(wire_size<AuthTail> == 16);

struct AuthBody {
  PublicKey key;
  Signature signature;
  AuthTail tail;

  static constexpr auto wire =
      std::tuple{field("key", &AuthBody::key), field("signature", &AuthBody::signature),
                 field("tail", &AuthBody::tail)};
  constexpr bool operator==(const AuthBody&) const = default;
};
static_assert(wire_size<AuthBody> == 112);

/// The clear part of a DATA frame, its associated data. spec: L0/5.5
struct DataHead {
  std::uint8_t type = kDataType;
  std::uint16_t receiver_link = 0;
  std::uint32_t counter = 0;

  static constexpr auto wire =
      std::tuple{field("type", &DataHead::type), field("receiver_link", &DataHead::receiver_link),
                 field("counter", &DataHead::counter)};
  constexpr bool operator==(const DataHead&) const = default;
};
inline constexpr std::size_t kDataHeadSize = 7;
static_assert(wire_size<DataHead> == kDataHeadSize);
/// Head, end marker and tag. spec: L0/9
inline constexpr std::size_t kLinkOverhead = 24;

// ---- Control messages: the plaintext of a DATA frame, type byte first
// ----------------------------

namespace control {
inline constexpr std::uint8_t kRekeyRequest = 0x80;
inline constexpr std::uint8_t kRekeyAck = 0x81;
inline constexpr std::uint8_t kClose = 0x82;
inline constexpr std::uint8_t kPing = 0x83;
inline constexpr std::uint8_t kPong = 0x84;
inline constexpr std::uint8_t kPacketTooBig = 0x88;
}  // namespace control

/// REKEY_REQ and REKEY_ACK, told apart by their type. spec: L0/5.6
template <std::uint8_t Type>
struct Rekey {
  Constant<Type> type;
  std::uint8_t epoch = 0;
  X25519Key ephemeral;

  static constexpr auto wire =
      std::tuple{field("type", &Rekey::type), field("epoch", &Rekey::epoch),
                 field("ephemeral", &Rekey::ephemeral)};
  constexpr bool operator==(const Rekey&) const = default;
};
using RekeyRequest = Rekey<control::kRekeyRequest>;
using RekeyAck = Rekey<control::kRekeyAck>;
static_assert(wire_size<RekeyRequest> == 34 && wire_size<RekeyAck> == 34);

/// CLOSE; any reason closes, known or not. spec: README/9 item 8
struct Close {
  Constant<control::kClose> type;
  std::uint8_t reason = 0;

  static constexpr auto wire =
      std::tuple{field("type", &Close::type), field("reason", &Close::reason)};
  constexpr bool operator==(const Close&) const = default;
};
static_assert(wire_size<Close> == 2);

/// Ping and Pong. spec: L1/2.2
struct Ping {
  Constant<control::kPing> type;
  std::uint32_t token = 0;

  static constexpr auto wire = std::tuple{field("type", &Ping::type), field("token", &Ping::token)};
  constexpr bool operator==(const Ping&) const = default;
};
static_assert(wire_size<Ping> == 5);

struct Pong {
  Constant<control::kPong> type;
  std::uint32_t token = 0;
  std::uint16_t hold_ms = 0;

  static constexpr auto wire = std::tuple{field("type", &Pong::type), field("token", &Pong::token),
                                          field("hold_ms", &Pong::hold_ms)};
  constexpr bool operator==(const Pong&) const = default;
};
static_assert(wire_size<Pong> == 7);

/// One hop upstream: packets to this destination must be smaller. spec: L0/6
struct PacketTooBig {
  Constant<control::kPacketTooBig> type;
  NodeId destination;
  std::uint16_t link_mtu = 0;

  static constexpr auto wire = std::tuple{field("type", &PacketTooBig::type),
                                          field("destination", &PacketTooBig::destination),
                                          field("link_mtu", &PacketTooBig::link_mtu)};
  [[nodiscard]] constexpr Status check() const {
    if (link_mtu < 484 || link_mtu > 4095) {
      return fail(Errc::bad_value, "the MTU of PacketTooBig lies between 484 and 4,095");
    }
    return {};
  }
  constexpr bool operator==(const PacketTooBig&) const = default;
};
static_assert(wire_size<PacketTooBig> == 19);  // 18-byte body after the type

}  // namespace mehr::l0
