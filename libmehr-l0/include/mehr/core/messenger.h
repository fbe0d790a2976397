// The door each floor offers to the one above. spec: README/3
//
// Place: core seam. L1 offers routed datagrams; L2 the same door with sealed bodies; L3 and L4 make
// it metered and agreed. A service knows only this.
// Delivery is not implied: a message may be lost, doubled or reordered. No message names its sender
// unless its body does.
// Threads: the node's. Handlers run from the owning facade only, never from within `send`.
// Bounds: one handler per protocol; a body longer than `max_body` is refused.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/path_policy.h"
#include "mehr/core/result.h"

namespace mehr {

/// What a message is about: the packet's context byte, and below it what the context divides into:
/// the sub-type of contexts 0xF2-0xF9 (spec: README/4.4), the port of datagrams on 0xE0-0xE3
/// (spec: L6/2 S8); 0 = none.
struct Protocol {
  std::uint8_t context = 0;
  std::uint16_t port = 0;
  constexpr auto operator<=>(const Protocol&) const = default;
};

/// Datagram ports with this bit carry a proof of their sender inside the seal: the body of such a
/// message is a SignedBody (spec: L2/4) that L2 makes and checks.
inline constexpr std::uint16_t kProvenPort = 0x8000;

namespace context {
inline constexpr std::uint8_t kAnnounce = 0x00;
inline constexpr std::uint8_t kRealTime = 0xE0;     ///< P0
inline constexpr std::uint8_t kInteractive = 0xE1;  ///< P1
inline constexpr std::uint8_t kStandard = 0xE2;     ///< P2
inline constexpr std::uint8_t kBulk = 0xE3;         ///< P3
inline constexpr std::uint8_t kOnion = 0xE4;        ///< spec: L2/5
inline constexpr std::uint8_t kTrust = 0xF3;        ///< token and trust; the first that carries M
inline constexpr std::uint8_t kPub = 0xF9;          ///< the last that carries M. spec: README/3
/// True for the contexts whose protocols are told apart by a sub-type. spec: README/3
constexpr bool carries_messages(std::uint8_t context) {
  return context >= kTrust && context <= kPub;
}
}  // namespace context

/// How one message is to travel. A fresh object asks for nothing in particular: any MTU, Balanced,
/// no flags. spec: L1/6.1 flags beside the policy
struct SendOptions {
  std::uint16_t min_mtu = 0;  ///< smallest usable packet size of an acceptable path; 0 = any
  bool onion_route = false;   ///< through an onion (L2); `unsupported` where none can be made
  bool proven = false;        ///< contexts 0xF3-0xF9: carries a proof of its sender (form 02)
  bool one_hop = false;       ///< contexts 0xF3-0xF9: to a neighbour, inside its link, unsealed
  bool pad_to_mtu = false;    ///< every link frame of the first hop filled up. spec: L0/5.5
  PathPolicy policy{};        ///< what the first hop is chosen by
  /// Sent on behalf of somebody else, who is behind link `for_link`, a number as in
  /// `Message::link`: it goes by that neighbour's share of queues and by no reservation of this
  /// node.
  bool for_another = false;
  std::uint32_t for_link = 0;
};

/// One message as it arrives. @p body is borrowed until the handler returns and may be overwritten.
struct Message {
  Protocol protocol;
  std::optional<PublicKey> sender;  ///< only where the message proves it; always empty at L1's door
  MutableBytes body;
  /// Which link it came by, as a number that tells links apart while they live; 0: by none, or from
  /// this node itself. It is no sender: neighbours pass on what others said.
  std::uint32_t link = 0;
};
using MessageHandler = std::function<void(const Message&)>;

class Messenger {
 public:
  virtual ~Messenger() = default;
  /// Queues one message; @p body is borrowed until return.
  /// Errors: no_route, no_key, too_big, full (room again: the writable handler is called).
  virtual Status send(const NodeId& to, Protocol protocol, ByteView body,
                      const SendOptions& options) = 0;
  /// Sets the handler of @p protocol, replacing an earlier one; an empty function removes it.
  virtual void on(Protocol protocol, MessageHandler handler) = 0;
  /// Longest body that a message to @p to can carry now, 0 when no route is known.
  [[nodiscard]] virtual std::size_t max_body(const NodeId& to) const = 0;
  /// Called when sending may succeed again after Errc::full; replaces an earlier one.
  virtual void on_writable(std::function<void()> handler) = 0;
};

/// Datagrams whose body the caller has sealed itself: DATA starts with an 8-byte stream id that the
/// receiver registered, and is handed on unopened. spec: L6/2 S8
class StreamMessenger {
 public:
  virtual ~StreamMessenger() = default;
  /// Hands datagrams beginning with @p id, in any of contexts 0xE0-0xE3, to @p handler with the id
  /// stripped. Errc::full at `Limits::streams`.
  virtual Status accept_stream(const StreamId& id, MessageHandler handler) = 0;
  virtual void drop_stream(const StreamId& id) = 0;
  /// Sends DATA = @p id then @p sealed as it is. Errors as `Messenger::send`.
  virtual Status send_stream(const NodeId& to, std::uint8_t context, const StreamId& id,
                             ByteView sealed) = 0;
  /// Longest @p sealed that a datagram to @p to can carry now, 0 when no route is known.
  [[nodiscard]] virtual std::size_t max_sealed(const NodeId& to) const = 0;
};

}  // namespace mehr
