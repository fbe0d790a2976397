#include "tcp_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <gsl/gsl>

#include "socket_address.h"

namespace mehr::linux_port {
namespace {

constexpr Millis kStall = Millis::seconds(1);  // no byte taken for so long: the peer does not read
constexpr std::uint64_t kPauseMs = 100;
constexpr std::size_t kVectors = 32;  // enough for the high water in blocks of 64 KiB

template <class T>
Connection& self(T* handle) {
  return *static_cast<Connection*>(handle->data);
}

std::size_t to_buffers(std::span<const ByteView> views, std::span<uv_buf_t> out) {
  std::size_t total = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    // libuv writes from the buffer only; its type serves both directions.
    auto* const bytes = const_cast<std::uint8_t*>(views[i].data());
    out[i] = uv_buf_init(reinterpret_cast<char*>(bytes), static_cast<unsigned>(views[i].size()));
    total += views[i].size();
  }
  return total;
}

void set_option(int fd, int level, int name, int value) {
  ::setsockopt(fd, level, name, &value, sizeof value);
}

}  // namespace

Connection* Connection::create(TcpCore& core) {
  auto* const made = new Connection(core);  // deletes itself: handle_gone
  core.connections.push_back(made);
  return made;
}

Connection::Connection(TcpCore& core)
    : core_(&core), since_(core.loop.now()), queue_(core.pool), decoder_(core.frame_limit) {
  uv_tcp_init(core.loop.uv(), &tcp_);
  uv_timer_init(core.loop.uv(), &timer_);
  tcp_.data = timer_.data = write_.data = shutdown_.data = this;
}

bool Connection::start(bool dialled, std::optional<NodeId> expected) {
  state_ = State::open;
  dialled_ = dialled;
  since_ = core_->loop.now();
  set_options();
  sockaddr_storage address{};
  int length = sizeof address;
  if (uv_tcp_getpeername(&tcp_, as_sockaddr(address), &length) != 0) {
    state_ = State::connecting;  // gone before we looked: the host has not heard of it
    finish(UV_ENOTCONN);
    return false;
  }
  peer_ = address_text(address);
  port_ = port_of(address);
  frame_info_.source = source_of(address);
  if (const Status taken = core_->host.opened(*this, frame_info_.source, dialled, expected);
      !taken) {
    ++core_->counters.refused;
    state_ = State::connecting;  // the host will not hear of it again
    finish(UV_ECONNABORTED);
    return false;
  }
  if (state_ == State::open) read_on();
  return true;
}

// spec: L0/7
void Connection::set_options() {
  uv_os_fd_t fd = -1;
  if (uv_fileno(reinterpret_cast<uv_handle_t*>(&tcp_), &fd) != 0) return;
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 2);
  set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 12);
  set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, 24'000);
}

void Connection::mark_dirty() {
  if (dirty_) return;
  dirty_ = true;
  if (core_->dirty.empty()) core_->loop.turn_again();  // the hook may have run already
  core_->dirty.push_back(this);
}

Status Connection::send(const Remote&, ByteView frame) {
  if (state_ != State::open || broken_ != 0) return fail(Errc::io, "the connection is closing");
  if (frame.size() > core_->frame_limit) {
    return fail(Errc::too_big, "the frame is over the interface's limit");
  }
  if (queue_.size() >= core_->config.send_high_water) {
    wants_writable_ = true;
    ++counters_.full;
    return fail(Errc::full, "the connection's send queue is full");
  }
  queue_.commit(l0::hdlc_encode(frame, queue_.room(l0::hdlc_max_encoded(frame.size()))));
  ++counters_.frames_out;
  if (queue_.size() >= core_->config.flush_at) flush();
  mark_dirty();
  return {};
}

void Connection::close() {
  if (state_ != State::open) return;
  state_ = State::flushing;
  wants_writable_ = false;
  const auto fire = [](uv_timer_t* t) { self(t).on_timer(); };
  uv_timer_start(&timer_, fire, core_->config.linger.count, 0);
  mark_dirty();
}

// Writes what the socket takes; the rest waits in `write_`. Never calls the host.
void Connection::flush() {
  if (writing_ || queue_.empty() || broken_ != 0) return;
  std::array<ByteView, kVectors> views;
  std::array<uv_buf_t, kVectors> buffers{};
  auto* const stream = reinterpret_cast<uv_stream_t*>(&tcp_);
  std::size_t n = queue_.gather(views);
  to_buffers(std::span(views).first(n), buffers);
  const int taken = uv_try_write(stream, buffers.data(), static_cast<unsigned>(n));
  if (taken < 0 && taken != UV_EAGAIN) {
    broken_ = taken;
    mark_dirty();
    return;
  }
  if (taken > 0) took(static_cast<std::size_t>(taken));
  if (queue_.empty()) return;
  n = queue_.gather(views);
  in_flight_ = to_buffers(std::span(views).first(n), buffers);
  const auto done = [](uv_write_t* w, int error) { self(w).on_written(error); };
  broken_ = uv_write(&write_, stream, buffers.data(), static_cast<unsigned>(n), done);
  writing_ = broken_ == 0;
  if (broken_ != 0) mark_dirty();
}

void Connection::took(std::size_t bytes) {
  queue_.consume(bytes);
  counters_.bytes_out += bytes;
  progress_ = core_->loop.now();
}

void Connection::on_written(int error) {
  writing_ = false;
  if (state_ == State::gone) return;
  if (error != 0) {
    finish(error);
    return;
  }
  took(in_flight_);
  mark_dirty();  // the rest follows at the end of the turn, with what this turn adds
}

void Connection::end_of_turn() {
  dirty_ = false;
  if (state_ == State::gone || state_ == State::connecting) return;
  flush();
  if (broken_ != 0) {
    finish(broken_);
    return;
  }
  if (state_ == State::open) {
    after_progress();
  } else {
    go_on_closing();
  }
}

void Connection::after_progress() {
  if (!reading_) {
    uv_timer_stop(&timer_);
    read_on();
  }
  if (queue_.size() > core_->config.send_low_water) return;
  if (std::exchange(wants_writable_, false)) core_->host.on_writable(*this);
}

// A peer that does not read shall not make us work on answers that have no room. Not reading at all
// could lock both ends, each waiting for the other to read: so one read per pause, and full speed
// from the first byte that the peer takes.
void Connection::pause_if_stalled() {
  if (state_ != State::open || !reading_ || queue_.size() < core_->config.send_high_water) return;
  if (core_->loop.now() - progress_ < kStall) return;
  ++counters_.pauses;
  uv_read_stop(reinterpret_cast<uv_stream_t*>(&tcp_));
  reading_ = false;
  const auto fire = [](uv_timer_t* t) { self(t).on_timer(); };
  uv_timer_start(&timer_, fire, kPauseMs, 0);
}

void Connection::on_timer() {
  if (state_ == State::open) {
    read_on();
  } else {
    finish(0);
  }
}

void Connection::go_on_closing() {
  if (state_ != State::flushing || writing_ || !queue_.empty()) return;
  if (counters_.bytes_out == 0) {
    finish(0);  // nothing that a reset could overtake
    return;
  }
  // Closing with unread input would reset the connection under our last frames: say FIN, and read
  // until the peer has closed too.
  state_ = State::draining;
  const auto done = [](uv_shutdown_t*, int) {};
  const int error = uv_shutdown(&shutdown_, reinterpret_cast<uv_stream_t*>(&tcp_), done);
  if (error != 0) {
    finish(error);
    return;
  }
  read_on();
}

void Connection::read_on() {
  if (reading_) return;
  // One read per turn: a fast peer neither starves the others nor outruns what the sockets that
  // its frames are relayed to have taken meanwhile.
  const auto lend = [](uv_handle_t* handle, std::size_t, uv_buf_t* out) {
    Connection& c = self(handle);
    const MutableBytes whole = c.core_->loop.read_buffer();
    const std::uint64_t turn = c.core_->loop.turn();
    const bool first = std::exchange(c.read_turn_, turn) != turn;
    *out = uv_buf_init(reinterpret_cast<char*>(whole.data()),
                       first ? static_cast<unsigned>(whole.size()) : 0);
  };
  const auto got = [](uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
    self(stream).on_read(n, buffer);
  };
  reading_ = uv_read_start(reinterpret_cast<uv_stream_t*>(&tcp_), lend, got) == 0;
}

void Connection::on_read(ssize_t size, const uv_buf_t* buffer) {
  if (size == 0 || size == UV_ENOBUFS) return;
  if (size < 0) {
    finish(size == UV_EOF ? 0 : static_cast<int>(size));
    return;
  }
  const auto n = static_cast<std::size_t>(size);
  counters_.bytes_in += n;
  MutableBytes in(reinterpret_cast<std::uint8_t*>(buffer->base), n);
  while (!in.empty() && state_ == State::open) {
    const MutableBytes frame = decoder_.next(in);
    if (frame.empty()) continue;
    ++counters_.frames_in;
    core_->host.on_frame(*this, frame_info_, frame);
  }
  pause_if_stalled();
}

void Connection::finish(int error) {
  if (state_ == State::gone) return;
  const bool was_open = state_ != State::connecting;
  TcpCore& core = *core_;
  release();
  std::erase(core.connections, this);
  core.counters.traffic += counters();
  if (was_open) core.host.on_closed(*this);
  if (const Ended ended = std::exchange(ended_, nullptr)) ended(*this, error, was_open);
  core_ = nullptr;  // the interface may go before libuv's last callback
}

void Connection::abandon() {
  ended_ = nullptr;
  release();
  core_ = nullptr;
}

void Connection::release() {
  state_ = State::gone;
  queue_.clear();
  if (std::exchange(dirty_, false)) std::erase(core_->dirty, this);
  const auto gone = [](uv_handle_t* handle) { self(handle).handle_gone(); };
  uv_close(reinterpret_cast<uv_handle_t*>(&tcp_), gone);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), gone);
}

void Connection::handle_gone() {
  if (--handles_ == 0) delete this;
}

void Connection::authenticated(std::optional<NodeId> peer) {
  authenticated_ = true;
  if (peer) peer_id_ = peer;
}

ConnectionCounters Connection::counters() const {
  ConnectionCounters out = counters_;
  const l0::HdlcDecoder::Counters& bad = decoder_.counters();
  out.bad_frames = bad.bad_escape + bad.oversize + bad.cleared;
  return out;
}

ConnectionInfo Connection::snapshot() const {
  ConnectionInfo out;
  out.medium = this;
  out.peer = peer_;
  out.host = frame_info_.source;
  out.port = port_;
  out.dialled = dialled_;
  switch (state_) {
    case State::connecting:
    case State::gone:
      out.state = ConnectionState::connecting;
      break;
    case State::open:
      out.state = ConnectionState::open;
      break;
    case State::flushing:
      out.state = ConnectionState::flushing;
      break;
    case State::draining:
      out.state = ConnectionState::draining;
      break;
  }
  out.peer_id = peer_id_;
  out.since = since_;
  out.queued = queue_.size();
  out.counters = counters();
  return out;
}

}  // namespace mehr::linux_port
