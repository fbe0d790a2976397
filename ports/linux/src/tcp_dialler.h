// Keeps one target connected. The machine and its times are told in mehr/linux/tcp.h.
//
// Place: private to the TCP medium. Bounds: the first eight addresses of a name. Ownership: a
// dialler owns itself from `stop` on, until libuv has let go of its handles.
#pragma once

#include <uv.h>

#include <vector>

#include "tcp_connection.h"

namespace mehr::linux_port {

class Dialler {
 public:
  static Dialler* create(TcpCore& core, DialTarget target);
  /// No more attempts; an attempt under way ends, an open connection stays.
  void stop();
  [[nodiscard]] TargetInfo snapshot() const;
  /// Somebody on @p connection has proven who he is.
  void authenticated(const Connection& connection);

 private:
  Dialler(TcpCore& core, DialTarget target);
  ~Dialler() = default;
  void attempt();
  void resolve();
  void on_resolved(int error, addrinfo* list);
  void connect_next(int error);
  void on_connected(int error);
  void on_over(Connection& connection, int error, bool was_open);
  void wait();
  void give_up_attempt(int error);
  void timer(Millis after, void (*fire)(Dialler&));
  void maybe_delete();

  TcpCore* core_;
  DialTarget target_;
  uv_timer_t timer_{};
  uv_getaddrinfo_t resolve_{};
  void (*fire_)(Dialler&) = nullptr;
  bool resolving_ = false;  // resolve_ is in flight
  bool stopped_ = false;
  bool timer_gone_ = false;
  Connection* connection_ = nullptr;  // connecting or open
  std::vector<sockaddr_storage> addresses_;
  std::size_t next_address_ = 0;
  Millis backoff_;
  std::optional<NodeId> learned_;
  TargetInfo info_;
};

}  // namespace mehr::linux_port
