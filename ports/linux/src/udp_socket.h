// One UDP socket on the loop.
//
// Place: private to the UDP medium. Ownership: libuv's handle outlives it by a turn and frees
// itself. Sending: straight to the system; what it has no room for waits, 64 datagrams at most,
// then UV_EAGAIN and one `on_room`. Threads: the loop's.
#pragma once

#include <uv.h>

#include <memory>
#include <string>

#include "mehr/linux/log.h"
#include "mehr/linux/loop.h"
#include "socket_address.h"

namespace mehr::linux_port {

class UdpSocket {
 public:
  static constexpr std::size_t kMostWaiting = 64;

  class Owner {
   public:
    virtual ~Owner() = default;
    /// The bytes may be overwritten. The socket may not be destroyed from here.
    virtual void on_datagram(const sockaddr_storage& from, MutableBytes bytes) = 0;
    virtual void on_room() = 0;
    virtual void on_socket_error(int error) = 0;
  };

  /// Bound and receiving. @p shared: several sockets of this machine may have that address.
  static OrMessage<std::unique_ptr<UdpSocket>> open(Loop& loop, Owner& owner,
                                                    const sockaddr_storage& where, bool shared);
  ~UdpSocket();
  UdpSocket(const UdpSocket&) = delete;
  UdpSocket& operator=(const UdpSocket&) = delete;

  /// Receives what is sent to @p group on the network interface @p device (empty: any).
  /// A libuv error, 0 for none.
  int join(const std::string& group, const std::string& device);
  /// Sends to groups by @p device, to this network only, this machine included.
  int multicast_from(const std::string& device);
  /// 0, UV_EAGAIN, or why the datagram is lost.
  int send(const sockaddr_storage& to, ByteView bytes);
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  struct Handle;
  UdpSocket(Loop& loop, Owner& owner);
  void sent();

  Loop& loop_;
  Owner& owner_;
  Handle* handle_;  // frees itself
  std::uint16_t port_ = 0;
  bool wants_room_ = false;
};

}  // namespace mehr::linux_port
