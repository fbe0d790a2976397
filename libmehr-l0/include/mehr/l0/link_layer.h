// What L0 offers upward: authenticated, encrypted links to neighbours. spec: L0/2, L0/5
//
// Place: the abstract door between L0 and L1. `Links` (links.h) is the real one; a test of L1
// implements it in a few lines.
// A link joins this node and one neighbour over one medium. Packets and control messages given to
// it arrive at that neighbour, or not at all; they arrive at most once and unaltered.
// Threads: the node's. A listener is called from the facade's entry points (frame in, wake,
// medium closed), never from within `send_*` or `close`; it may call any method of LinkLayer.
// Bounds: `Limits::links`. Errc::full: nothing was queued; `on_link_writable` will come.
// Errc::busy, on links that scan: nothing was queued and nothing will come; the caller backs off.
// spec: L1/10.1
#pragma once

#include <cstdint>

#include "mehr/core/ids.h"
#include "mehr/core/medium.h"
#include "mehr/core/result.h"
#include "mehr/core/units.h"

namespace mehr::l0 {

/// A link of this node, and the 16-bit id it has on the wire (receiver's link id). spec: L0/5.2
/// Never 0. An id is reused only after its link has closed and `on_link_down` was called.
struct LinkId {
  std::uint16_t value = 0;
  constexpr auto operator<=>(const LinkId&) const = default;
};

/// An attached medium, as L0 numbers them; never 0 for one that is there, and given again only
/// after it went.
struct MediumHandle {
  std::uint32_t value = 0;
  constexpr auto operator<=>(const MediumHandle&) const = default;
};

/// Why a link closed. 0..6 travel in CLOSE; the rest are local. spec: L0/5.6
enum class CloseReason : std::uint8_t {
  shutdown = 0,
  version = 1,
  mtu = 2,
  duplicate = 3,
  rekey_failed = 4,
  policy = 5,
  idle = 6,
  medium_lost = 0x80,  ///< the stream ended or the medium was detached
  timeout = 0x81,      ///< handshake not finished in time
  rejected = 0x82,     ///< the peer failed authentication or broke the handshake
};

/// True for reasons that exist on this side of a link only.
constexpr bool is_local(CloseReason reason) { return static_cast<std::uint8_t>(reason) >= 0x80; }

enum class LinkRole : std::uint8_t { initiator, responder };

/// Bits of AuthBody; unknown ones are ignored. spec: L0/5.3, README/4.5
namespace feature {
inline constexpr std::uint32_t kL1Relay = 1U << 0;
inline constexpr std::uint32_t kL2Node = 1U << 1;
inline constexpr std::uint32_t kGossip = 1U << 2;
inline constexpr std::uint32_t kBridge = 1U << 3;
inline constexpr std::uint32_t kPostQuantum = 1U << 4;
/// Relays Reticulum packets, also those that come over this link. docs/decisions/0019
inline constexpr std::uint32_t kReticulum = 1U << 5;
}  // namespace feature

/// An active link as the layers above see it.
struct LinkInfo {
  LinkId id;
  NodeId peer;
  PublicKey peer_key;
  LinkRole role = LinkRole::initiator;
  InterfaceId interface;
  MediumHandle medium;
  bool stream = true;       ///< the medium is this link's alone
  Remote remote;            ///< the neighbour's address on a medium that has some
  Mtu mtu;                  ///< negotiated. spec: L0/6
  BitsPerSecond bandwidth;  ///< nominal, of the medium
  Millis latency;           ///< nominal, one way
  std::uint64_t cost = 0;   ///< of the medium, uMHR per byte
  bool half_duplex = false;
  bool scans = false;                ///< the medium may find its channel busy
  std::uint32_t peer_features = 0;   ///< feature::k*
  std::int64_t clock_offset_ms = 0;  ///< peer's node clock minus ours at set-up
  Millis since;                      ///< steady time it became active
  Millis clock_error;                ///< half of the round trip that the offset was measured in
};

/// How a packet is padded. spec: L0/5.5
enum class Padding : std::uint8_t {
  by_class,  ///< Constrained links pad user packets to the negotiated MTU, others do not
  to_mtu,    ///< PAD_TO_MTU: always to the negotiated MTU
};

/// A clear one-hop frame that belongs to the floors above. spec: L0/4, L0/5.1
struct NeighbourFrame {
  enum class Kind : std::uint8_t { beacon, broadcast };
  Kind kind = Kind::beacon;
  InterfaceId interface;
  FrameInfo received;
  ByteView body;  ///< without the frame type byte; borrowed for the call
};

/// A node that is reached across a network of another kind, whose relays know nothing of Mehr: what
/// was learned of it there. spec: L0/8.3
struct ForeignNode {
  NodeId node;
  PublicKey key;
  std::uint8_t hops = 0;  ///< relays of that network on the way, and the last step
  ByteView extension;  ///< what the node says of itself, signed; borrowed for the call. spec: L1/3
};

class LinkListener {
 public:
  virtual ~LinkListener() = default;
  virtual void on_link_up(const LinkInfo& link) = 0;
  /// The link is gone; its id must not be used after this call returns.
  virtual void on_link_down(LinkId link, CloseReason reason) = 0;
  /// A packet (first byte below 0x80). The bytes may be overwritten until return.
  virtual void on_packet(LinkId from, MutableBytes packet) = 0;
  /// A control message that is not L0's own (type byte first, 0x80 or above). Borrowed until
  /// return.
  virtual void on_control(LinkId from, ByteView message) = 0;
  /// PacketTooBig from the neighbour: packets to @p destination over @p from must fit @p mtu.
  virtual void on_packet_too_big(LinkId from, const NodeId& destination, Mtu mtu) = 0;
  /// Room again after Errc::full.
  virtual void on_link_writable(LinkId link) = 0;
  /// A Ping to the neighbour was answered. @p rtt excludes the time the neighbour held it.
  virtual void on_round_trip(LinkId link, Millis rtt) {
    (void)link;
    (void)rtt;
  }
  /// A medium of an interface of mode dual or rns is attached: clear packets come and go there.
  virtual void on_clear_medium_up(MediumHandle medium, const MediumInfo& info) {
    (void)medium;
    (void)info;
  }
  virtual void on_clear_medium_down(MediumHandle medium) { (void)medium; }
  /// A clear packet from such a medium. The bytes may be overwritten until return.
  virtual void on_clear_packet(MediumHandle from, MutableBytes packet) {
    (void)from;
    (void)packet;
  }
  /// Room again after `send_clear` answered Errc::full.
  virtual void on_clear_writable(MediumHandle medium) { (void)medium; }
  /// A node of ours was heard of across a foreign network, for the first time or again.
  virtual void on_foreign_node(const ForeignNode& node) { (void)node; }
  /// There is no way to it across a foreign network any more.
  virtual void on_foreign_lost(const NodeId& node) { (void)node; }
  /// A native packet for this node that came across a foreign network, by no link.
  virtual void on_foreign_packet(MutableBytes packet) { (void)packet; }
  /// Room again after `send_foreign` answered Errc::full.
  virtual void on_foreign_writable() {}
  /// A BEACON (20-byte body) or BROADCAST (context byte, message), with what the medium measured.
  virtual void on_neighbour_frame(const NeighbourFrame& frame) { (void)frame; }
};

/// Longest native packet that passes a foreign network: 465 bytes of DATA. spec: L0/8.5
inline constexpr Mtu kForeignMtu{484};

class LinkLayer {
 public:
  virtual ~LinkLayer() = default;
  /// One listener; must be set before the first frame.
  virtual void set_listener(LinkListener* listener) = 0;
  /// Seals and queues one packet, borrowed until return. Errors: not_found (no such active link),
  /// too_big (over the negotiated MTU), full, io.
  virtual Status send_packet(LinkId link, ByteView packet, Padding padding = Padding::by_class) = 0;
  /// Seals and queues one control message (type byte first). Errors as `send_packet`.
  virtual Status send_control(LinkId link, ByteView message) = 0;
  /// Tells @p upstream that packets to @p destination must fit @p egress_mtu; at most once per
  /// (destination, upstream) in 5 s, further calls are ignored. spec: L0/6
  virtual void signal_too_big(LinkId upstream, const NodeId& destination, Mtu egress_mtu) = 0;
  /// Counts one malformed message against the neighbour; five in 60 s close the link with reason
  /// 5. spec: README/2.5 rule 3
  virtual void report_malformed(LinkId link) = 0;
  /// Closes with CLOSE to the peer; `on_link_down` follows from the next entry point.
  virtual void close(LinkId link, CloseReason reason) = 0;
  /// Queues one clear packet on a medium of an interface of mode dual or rns, to everyone there.
  /// Errors: not_found, too_big, full (`on_clear_writable` will come), busy (nothing will), io.
  virtual Status send_clear(MediumHandle medium, ByteView packet) {
    (void)medium;
    (void)packet;
    return fail(Errc::not_found, "no medium for clear packets");
  }
  /// Sends a native packet to @p node across the foreign network that it was heard over. Errors:
  /// not_found, too_big (over `kForeignMtu`), full (`on_foreign_writable` will come), io.
  virtual Status send_foreign(const NodeId& node, ByteView packet) {
    (void)node;
    (void)packet;
    return fail(Errc::not_found, "no way to that node across a foreign network");
  }
  /// What this node says of itself across foreign networks from now on: a MehrExtension, copied.
  virtual void set_foreign_extension(ByteView extension) { (void)extension; }
};

}  // namespace mehr::l0
