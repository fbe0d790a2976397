// One attempt to reach one address. The machine and its times are told in mehr/linux/tcp.h.
//
// Place: private to the TCP medium. Machine: connecting -> [only_connect: over] -> shaking hands ->
// over. Ownership: owns itself from its end or `stop` on, until libuv has let go of its timer; the
// connection that it made lives on.
#pragma once

#include <uv.h>

#include <functional>

#include "tcp_connection.h"

namespace mehr::linux_port {

class OneDialler {
 public:
  /// Told once, never from within `create`; the dialler is then no longer to be used.
  using Over = std::function<void(OneDialler& dialler, bool reached)>;
  static OneDialler* create(TcpCore& core, const OneDial& dial, Over over);
  /// No more word; an attempt under way ends.
  void stop();
  /// Somebody on @p connection has proven who he is. True when this was the one that dialled.
  bool authenticated(const Connection& connection);
  OneDialler(const OneDialler&) = delete;
  OneDialler& operator=(const OneDialler&) = delete;

 private:
  OneDialler(TcpCore& core, const OneDial& dial, Over over);
  ~OneDialler() = default;
  void connect();
  void on_connected(int error);
  void end(bool reached);
  void timer(Millis after, void (*fire)(OneDialler&));

  TcpCore* core_;
  OneDial dial_;
  Over over_;
  uv_timer_t timer_{};
  void (*fire_)(OneDialler&) = nullptr;
  Connection* connection_ = nullptr;
};

}  // namespace mehr::linux_port
