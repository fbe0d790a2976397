// How a part beside L1's facade takes part in control messages of one hop. spec: L1/1.2
//
// Place: L1, between the owner of the links and a machine that stands beside them, such as
// bootstrap.h in a port. The door is implemented by whoever listens to the `LinkLayer`.
// Machine: none. A handler gets every message of its type and says whether it was well formed; the
// door counts a malformed one against the neighbour (README/2.5 rule 3).
// Bounds: one handler per control type. Failure: `send_control` answers as LinkLayer::send_control.
// Threads: the node's; handlers are called from the door's entry points, never from `send_control`.
#pragma once

#include <optional>

#include "mehr/core/ids.h"
#include "mehr/core/result.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_layer.h"

namespace mehr::l1 {

/// How an active link is known above. Its number is not 0.
using LinkId = l0::LinkId;

class ControlHandler {
 public:
  virtual ~ControlHandler() = default;
  /// One message, type byte first, borrowed until return. An error: it is malformed.
  virtual Status on_control(l0::LinkId from, ByteView message) = 0;
};

/// The other end of an active link.
struct LinkEnd {
  NodeId peer;
  Mtu mtu;  ///< of a control message, its type included
};

class ControlDoor {
 public:
  virtual ~ControlDoor() = default;
  /// Hands messages of @p type to @p handler from here on; null: to nobody, they are ignored. The
  /// handler is borrowed until it is replaced.
  virtual void on_control_type(std::uint8_t type, ControlHandler* handler) = 0;
  /// Sends one message (type byte first, borrowed until return) to the neighbour on @p link, as
  /// gossip of @p tier (README/4.9) where traffic is accounted for.
  virtual Status send_control(l0::LinkId link, std::uint8_t tier, ByteView message) = 0;
  /// How many messages of @p bytes each may be sent on @p link now so that none that waits has to
  /// go for another, and half of the room stays for others; 0 when it is not active.
  [[nodiscard]] virtual std::size_t room_for(l0::LinkId link, std::size_t bytes) const = 0;
  /// Who is at the other end of @p link, and how long a message may be there; nothing when the link
  /// is not active.
  [[nodiscard]] virtual std::optional<LinkEnd> end_of(l0::LinkId link) const = 0;
  /// An active link to @p neighbour, the widest of several; nothing when it is no neighbour.
  [[nodiscard]] virtual std::optional<l0::LinkId> link_to(const NodeId& neighbour) const = 0;
  /// Asks the neighbours for a way to @p node, whose announce carries its key; false: that was done
  /// a moment ago. spec: L1/4.3 PathRequest
  virtual bool seek(const NodeId& node) = 0;
};

}  // namespace mehr::l1
