// One TCP connection as a stream medium. The machine and the bounds are told in mehr/linux/tcp.h.
//
// Place: private to the TCP medium. Ownership: a connection owns itself; it is gone one loop turn
// after `finish`, when libuv has let go of its handles. Until `finish` it is in
// `TcpCore::connections`.
// Callbacks to the host happen from libuv's callbacks and from `end_of_turn` only.
#pragma once

#include <uv.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "mehr/l0/hdlc.h"
#include "mehr/linux/tcp.h"
#include "send_queue.h"

namespace mehr::linux_port {

class Connection;

/// What the parts of one interface share.
struct TcpCore {
  Loop& loop;
  MediumHost& host;
  Random& random;
  LogSink log;
  TcpConfig config;
  MediumInfo info;
  std::size_t frame_limit;
  BlockPool pool;
  std::vector<Connection*> connections;
  std::vector<Connection*> dirty;  // have something to do at the end of the turn
  TcpCounters counters;

  void tell(LogLevel level, std::string_view event, std::string_view text) const {
    if (log) log(level, event, text);
  }
};

class Connection final : public Medium {
 public:
  /// Told once when a dialled connection is over; @p error 0 for a regular end.
  using Ended = std::function<void(Connection& connection, int error, bool was_open)>;

  static Connection* create(TcpCore& core);

  const MediumInfo& info() const override { return core_->info; }
  Status send(const Remote& to, ByteView frame) override;
  void close() override;

  /// The socket is connected or accepted: hands the medium to the host. False when it is over.
  bool start(bool dialled, std::optional<NodeId> expected);
  /// Ends it at once and tells whoever knows of it.
  void finish(int error);
  /// Ends it at once without a word; the interface is going away.
  void abandon();
  void end_of_turn();
  void on_ended(Ended ended) { ended_ = std::move(ended); }

  uv_tcp_t* tcp() { return &tcp_; }
  void authenticated(std::optional<NodeId> peer);
  [[nodiscard]] bool is_open() const { return state_ == State::open; }
  [[nodiscard]] bool was_authenticated() const { return authenticated_; }
  [[nodiscard]] const std::optional<NodeId>& peer_id() const { return peer_id_; }
  [[nodiscard]] const std::string& peer() const { return peer_; }
  [[nodiscard]] Millis age() const { return core_->loop.now() - since_; }
  [[nodiscard]] ConnectionInfo snapshot() const;
  [[nodiscard]] ConnectionCounters counters() const;

 private:
  enum class State : std::uint8_t { connecting, open, flushing, draining, gone };

  explicit Connection(TcpCore& core);
  ~Connection() override = default;
  void set_options();
  void read_on();
  void pause_if_stalled();
  void took(std::size_t bytes);
  void on_read(ssize_t size, const uv_buf_t* buffer);
  void on_written(int error);
  void flush();
  void after_progress();
  void go_on_closing();
  void mark_dirty();
  void release();
  void on_timer();
  void handle_gone();

  TcpCore* core_;
  uv_tcp_t tcp_{};
  uv_timer_t timer_{};  // open: end of a read pause; closing: linger
  uv_write_t write_{};
  uv_shutdown_t shutdown_{};
  int handles_ = 2;
  State state_ = State::connecting;
  bool dialled_ = false;
  bool authenticated_ = false;
  bool dirty_ = false;
  bool writing_ = false;         // write_ is in flight
  bool wants_writable_ = false;  // Errc::full was answered
  bool reading_ = false;
  int broken_ = 0;  // a write failed within `send`; told at the end of the turn
  std::size_t in_flight_ = 0;
  std::uint64_t read_turn_ = 0;
  Millis since_;
  Millis progress_;  // when the socket last took bytes
  FrameInfo frame_info_;
  SendQueue queue_;
  l0::HdlcDecoder decoder_;
  ConnectionCounters counters_;
  std::string peer_;
  std::uint16_t port_ = 0;  // of the peer
  std::optional<NodeId> peer_id_;
  Ended ended_;
};

}  // namespace mehr::linux_port
