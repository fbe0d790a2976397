// The frames and control messages of the native link layer. spec: L0/5, L0/6, L2/3.1
//
// Place: L0's byte layouts; nothing here decides anything.
// Shapes: little-endian, no padding; sizes are asserted against the spec's tables. Type bytes are
// part of each structure, so a decoder refuses a frame of another type. A structure's members stand
// in wire order; its `wire` list is what encodes, decodes and shows it.
// Frames: INIT and RESP and AUTH travel outside the seal (their bodies sealed), DATA carries one
// message under the link's key. Control messages are the messages whose first byte is 0x80 or more.
// Bounds: all fixed sizes. Failure: a decoder answers truncated, trailing or bad_value.
#pragma once

#include <cstdint>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"

namespace mehr::l0 {

/// Version v1.0: major in the high nibble, minor in the low one. spec: L1/13.1
inline constexpr std::uint8_t kProtocolVersion = 0x10;
/// Any minor of major 1. spec: README/9 item 7
constexpr bool speaks_version(std::uint8_t version) { return (version >> 4) == 1; }

/// First byte of a frame. spec: L0/5.1, README/4.2
inline constexpr std::uint8_t kInitType = 0x80;       ///< 52 bytes, initiator speaks first
inline constexpr std::uint8_t kRespType = 0x81;       ///< 166 bytes, the answer
inline constexpr std::uint8_t kAuthType = 0x82;       ///< 131 bytes, ends the handshake
inline constexpr std::uint8_t kBeaconType = 0x86;     ///< 21 bytes, in clear, one hop
inline constexpr std::uint8_t kBroadcastType = 0x87;  ///< 2 + n bytes, in clear, one hop
/// DATA frames are 0x90 + (key epoch mod 16).
inline constexpr std::uint8_t kDataType = 0x90;
/// True for 0x90 to 0x9F.
constexpr bool is_data_frame(std::uint8_t type) { return (type & 0xF0) == kDataType; }

/// A BEACON is the type byte and a 20-byte body; a BROADCAST the type byte, a context byte and at
/// most this much message. spec: L0/5.1
inline constexpr std::size_t kBeaconFrameSize = 21;
inline constexpr std::size_t kMaxBroadcastMessage = 482;

/// AuthBody as it travels: 112 bytes sealed, then the tag.
using SealedAuthBody = FixedBytes<128, struct SealedAuthBodyTag>;

/// First handshake frame, initiator to responder, in clear. spec: L2/3.1
struct Init {
  Constant<kInitType> type;
  std::uint8_t version = kProtocolVersion;
  std::uint16_t initiator_link = 0;  ///< goes into frames to the initiator; never 0
  NodeId target;                     ///< who is wanted; zero = any
  X25519Key ephemeral;               ///< fresh for every handshake

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
  std::uint16_t initiator_link = 0;  ///< echo of INIT
  std::uint16_t responder_link = 0;  ///< goes into frames to the responder; never 0
  X25519Key ephemeral;               ///< fresh for every handshake

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
  RespHead head;          ///< also the associated data of `sealed`
  SealedAuthBody sealed;  ///< the responder's AuthBody

  static constexpr auto wire =
      std::tuple{field("head", &Resp::head), field("sealed", &Resp::sealed)};
  constexpr bool operator==(const Resp&) const = default;
};
static_assert(wire_size<Resp> == 166);

/// Third handshake frame, initiator to responder. Its first three bytes are the associated data.
struct Auth {
  Constant<kAuthType> type;
  std::uint16_t responder_link = 0;  ///< echo of RESP
  SealedAuthBody sealed;             ///< the initiator's AuthBody

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

/// Who a side is, and the proof: the signature covers the transcript, the key and the tail.
struct AuthBody {
  PublicKey key;        ///< its NodeID is who the peer is
  Signature signature;  ///< spec: L0/5.4 step 4 and 5
  AuthTail tail;

  static constexpr auto wire =
      std::tuple{field("key", &AuthBody::key), field("signature", &AuthBody::signature),
                 field("tail", &AuthBody::tail)};
  constexpr bool operator==(const AuthBody&) const = default;
};
static_assert(wire_size<AuthBody> == 112);

/// The clear part of a DATA frame, its associated data. spec: L0/5.5
struct DataHead {
  std::uint8_t type = kDataType;    ///< 0x90 + (key epoch mod 16)
  std::uint16_t receiver_link = 0;  ///< the receiver's own id of the link
  std::uint32_t counter = 0;        ///< the nonce's counter; rises by one per key and direction

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
inline constexpr std::uint8_t kRekeyRequest = 0x80;  ///< "let us change the key"
inline constexpr std::uint8_t kRekeyAck = 0x81;      ///< the answer; the new key is in use
inline constexpr std::uint8_t kClose = 0x82;         ///< the link ends now
inline constexpr std::uint8_t kPing = 0x83;          ///< "are you there"
inline constexpr std::uint8_t kPong = 0x84;          ///< the answer, with the time it was held
inline constexpr std::uint8_t kPqRequest = 0xA0;     ///< a rekey with ML-KEM. spec: L2/3.6
inline constexpr std::uint8_t kPqAck = 0xA1;         ///< its answer
inline constexpr std::uint8_t kPacketTooBig = 0x88;  ///< packets to there must be smaller
}  // namespace control

/// REKEY_REQ and REKEY_ACK, told apart by their type. spec: L0/5.6
template <std::uint8_t Type>
struct Rekey {
  Constant<Type> type;
  std::uint8_t epoch = 0;  ///< of the key to come: the current one plus 1, modulo 256
  X25519Key ephemeral;     ///< fresh for every key

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
  std::uint8_t reason = 0;  ///< CloseReason of link_layer.h

  static constexpr auto wire =
      std::tuple{field("type", &Close::type), field("reason", &Close::reason)};
  constexpr bool operator==(const Close&) const = default;
};
static_assert(wire_size<Close> == 2);

/// Asks the neighbour for a Pong. spec: L1/2.2
struct Ping {
  Constant<control::kPing> type;
  std::uint32_t token = 0;

  static constexpr auto wire = std::tuple{field("type", &Ping::type), field("token", &Ping::token)};
  constexpr bool operator==(const Ping&) const = default;
};
static_assert(wire_size<Ping> == 5);

/// Answers a Ping.
struct Pong {
  Constant<control::kPong> type;
  std::uint32_t token = 0;    ///< echo of the Ping
  std::uint16_t hold_ms = 0;  ///< time between Ping and Pong at the answering side

  static constexpr auto wire = std::tuple{field("type", &Pong::type), field("token", &Pong::token),
                                          field("hold_ms", &Pong::hold_ms)};
  constexpr bool operator==(const Pong&) const = default;
};
static_assert(wire_size<Pong> == 7);

/// One hop upstream: packets to this destination must be smaller. spec: L0/6
struct PacketTooBig {
  Constant<control::kPacketTooBig> type;
  NodeId destination;          ///< of the packet that was dropped
  std::uint16_t link_mtu = 0;  ///< what its next link takes, 484..4,095

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
