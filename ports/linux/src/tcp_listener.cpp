#include "tcp_listener.h"

#include <netinet/in.h>
#include <unistd.h>

#include <cerrno>

#include "socket_address.h"

namespace mehr::linux_port {
namespace {

constexpr int kBacklog = 511;
constexpr int kAcceptsPerTurn = 64;
constexpr std::uint64_t kPauseMs = 250;

socklen_t size_of(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

int last_error() { return uv_translate_sys_error(errno); }

int bind_and_listen(int fd, sockaddr_storage& address) {
  const int on = 1;
  const int off = 0;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ss_family == AF_INET6) {  // [::] is for IPv4 too
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(fd, as_sockaddr(address), size_of(address)) != 0) return last_error();
  if (::listen(fd, kBacklog) != 0) return last_error();
  socklen_t length = sizeof address;
  return ::getsockname(fd, as_sockaddr(address), &length) == 0 ? 0 : last_error();
}

// The one who called has gone again; the next one may be there.
bool is_about_one_peer(int error) {
  return error == EINTR || error == ECONNABORTED || error == EPROTO;
}

}  // namespace

int Listener::open(uv_loop_t* loop, Owner& owner, sockaddr_storage& address, Listener*& made) {
  const int fd = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return last_error();
  if (const int error = bind_and_listen(fd, address); error != 0) {
    ::close(fd);
    return error;
  }
  made = new Listener(loop, owner, fd);  // deletes itself: handle_gone
  made->watch();
  return 0;
}

Listener::Listener(uv_loop_t* loop, Owner& owner, int fd) : owner_(&owner), fd_(fd) {
  uv_poll_init(loop, &poll_, fd);
  uv_timer_init(loop, &timer_);
  poll_.data = timer_.data = this;
}

void Listener::watch() {
  uv_poll_start(&poll_, UV_READABLE,
                [](uv_poll_t* p, int, int) { static_cast<Listener*>(p->data)->on_ready(); });
}

void Listener::on_ready() {
  for (int i = 0; i < kAcceptsPerTurn && owner_ != nullptr; ++i) {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      owner_->on_accepted(fd);
      continue;
    }
    if (errno == EAGAIN) return;
    if (is_about_one_peer(errno)) continue;
    const int error = last_error();
    uv_poll_stop(&poll_);  // it would be ready at once again, and again
    uv_timer_start(
        &timer_, [](uv_timer_t* t) { static_cast<Listener*>(t->data)->watch(); }, kPauseMs, 0);
    owner_->on_accept_failed(error);
    return;
  }
}

void Listener::stop() {
  owner_ = nullptr;
  const auto gone = [](uv_handle_t* h) { static_cast<Listener*>(h->data)->handle_gone(); };
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), gone);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), gone);
  ::close(fd_);
}

void Listener::handle_gone() {
  if (--handles_ == 0) delete this;
}

}  // namespace mehr::linux_port
