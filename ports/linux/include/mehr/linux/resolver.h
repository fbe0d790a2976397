// All addresses of a name, asked for off the loop's thread and within a limit.
//
// Place: ports/linux, for bootstrap; it stands on libuv's getaddrinfo, so /etc/hosts counts and a
// literal address is a name too. Shapes: IPv4 and IPv6, in the system's order, without doubles.
// Machine: idle -> asking -> idle. When the limit passes first the answer is "nothing", and what
// the system says later is ignored; until it has said it every further question is answered with
// nothing, so that a dead name server holds one thread at most.
// Bounds: one question at a time. Failure: nothing found. Threads: the loop's; the answer comes on
// a later turn, and never after the resolver's end. A question that the system has not answered
// yet delays the end of the loop until it has.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "mehr/l1/peer_address.h"
#include "mehr/linux/endpoint.h"
#include "mehr/linux/loop.h"

namespace mehr::linux_port {

class Resolver {
 public:
  using Answer = std::function<void(const std::vector<l1::PeerAddress>& found)>;

  explicit Resolver(Loop& loop);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Asks for the addresses of @p name, each with its port. Not while an answer is due.
  void ask(const Endpoint& name, Millis limit, Answer answer);

 private:
  struct Question;
  Loop& loop_;
  Question* question_ = nullptr;  // owns itself: libuv holds it
};

/// The address that @p endpoint writes out; nothing when it is a name.
[[nodiscard]] std::optional<l1::PeerAddress> literal_peer(const Endpoint& endpoint);
/// As people write it.
[[nodiscard]] Endpoint to_endpoint(const l1::PeerAddress& address);

}  // namespace mehr::linux_port
