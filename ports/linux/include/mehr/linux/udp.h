// UDP as a medium: one socket, its configured peers, and a multicast group where neighbours on the
// local network are found. spec: L0/4, L0/7
//
// Place: ports/linux, below L0; one datagram medium, one frame per datagram. Seam: `MediumHost`.
// Shapes: a Remote is the peer's address (16 bytes, IPv4 mapped) and port (2, big-endian); all zero
// is everyone: the group, and every configured peer.
// Machine: down (the socket cannot be had; tried again every 5 s) -> up. Names of peers are
// resolved at the start and again every 5 s, doubling to 300 s, until each has an address.
// Sending: straight to the socket. Where the system has no room `send` answers Errc::full, and
// `on_writable` comes when it has. A frame over 1,472 bytes travels in IP fragments.
// Receiving: at most 64 datagrams a turn. The node's own multicasts come back and are dropped.
// Bounds: one socket; 64 peers. Failure: a sentence in the interface's state. Threads: the loop's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mehr/core/medium.h"
#include "mehr/linux/endpoint.h"
#include "mehr/linux/interface.h"
#include "mehr/linux/log.h"
#include "mehr/linux/loop.h"
#include "mehr/linux/medium_host.h"
#include "mehr/linux/tcp.h"

namespace mehr::linux_port {

struct UdpConfig {
  std::string name;  ///< for logs
  MediumInfo info;   ///< no stream
  Endpoint listen{"0.0.0.0", kDefaultPort};
  std::vector<DialTarget> peers;
  std::optional<Endpoint> multicast;  ///< a group address
  std::string device;  ///< network interface of the group; empty: the system's choice
};

class UdpInterface : public Interface {
 public:
  /// All borrowed for the life of the interface. Nothing is open before `start`.
  static std::unique_ptr<UdpInterface> make(Loop& loop, MediumHost& host, UdpConfig config,
                                            LogSink log = {});
  /// Where configured peers are: those whose address is known by now.
  struct Peer {
    Remote at;
    std::optional<NodeId> expected;
  };
  [[nodiscard]] virtual std::vector<Peer> peers() const = 0;
  /// Where it really listens, while it is up.
  [[nodiscard]] virtual std::optional<Endpoint> listening() const = 0;
};

/// "192.0.2.1:4247" of a Remote of UDP; empty for everyone.
[[nodiscard]] std::string address_text(const Remote& remote);

}  // namespace mehr::linux_port
