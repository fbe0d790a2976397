#include "udp_socket.h"

#include <net/if.h>

#include <array>
#include <utility>

namespace mehr::linux_port {

/// What libuv holds; `socket` is null once the socket is gone.
struct UdpSocket::Handle {
  uv_udp_t udp{};
  UdpSocket* socket = nullptr;
};

namespace {

constexpr std::size_t kDatagram = 65'536;

struct Waiting {
  uv_udp_send_t request{};
  Bytes bytes;
};

// The first IPv4 address of a network interface: what libuv wants to be told.
std::string address_on(const std::string& device, bool v6) {
  if (device.empty()) return {};
  if (v6) return "::%" + device;
  std::string out;
  uv_interface_address_t* list = nullptr;
  int count = 0;
  if (uv_interface_addresses(&list, &count) != 0) return out;
  for (const auto& one : std::span(list, static_cast<std::size_t>(count))) {
    if (one.name != device || one.address.address4.sin_family != AF_INET) continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    uv_ip4_name(&one.address.address4, text.data(), text.size());
    out = text.data();
    break;
  }
  uv_free_interface_addresses(list, count);
  return out;
}

}  // namespace

UdpSocket::UdpSocket(Loop& loop, Owner& owner) : loop_(loop), owner_(owner), handle_(new Handle) {
  uv_udp_init(loop.uv(), &handle_->udp);
  handle_->udp.data = handle_;
  handle_->socket = this;
}

UdpSocket::~UdpSocket() {
  handle_->socket = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->udp),
           [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
}

OrMessage<std::unique_ptr<UdpSocket>> UdpSocket::open(Loop& loop, Owner& owner,
                                                      const sockaddr_storage& where, bool shared) {
  std::unique_ptr<UdpSocket> out(new UdpSocket(loop, owner));
  uv_udp_t* const udp = &out->handle_->udp;
  int error = uv_udp_bind(udp, as_sockaddr(where), shared ? UV_UDP_REUSEADDR : 0);
  sockaddr_storage real{};
  int length = sizeof real;
  if (error == 0) error = uv_udp_getsockname(udp, as_sockaddr(real), &length);
  const auto lend = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    const UdpSocket* const self = static_cast<Handle*>(handle->data)->socket;
    const MutableBytes room = self->loop_.read_buffer().first(kDatagram);
    *buffer = uv_buf_init(reinterpret_cast<char*>(room.data()), static_cast<unsigned>(room.size()));
  };
  const auto got = [](uv_udp_t* handle, ssize_t size, const uv_buf_t* buffer, const sockaddr* from,
                      unsigned flags) {
    UdpSocket* const self = static_cast<Handle*>(handle->data)->socket;
    if (self == nullptr || (size == 0 && from == nullptr)) return;
    // An answer from the network to an earlier datagram says nothing of the socket.
    if (size < 0 && size != UV_ECONNREFUSED) self->owner_.on_socket_error(static_cast<int>(size));
    sockaddr_storage source{};
    if (size < 0 || (flags & UV_UDP_PARTIAL) != 0 || !copy_address(from, source)) return;
    self->owner_.on_datagram(source, MutableBytes(reinterpret_cast<std::uint8_t*>(buffer->base),
                                                  static_cast<std::size_t>(size)));
  };
  if (error == 0) error = uv_udp_recv_start(udp, lend, got);
  if (error != 0) return tl::unexpected(std::string(uv_strerror(error)));
  out->port_ = port_of(real);
  return out;
}

int UdpSocket::join(const std::string& group, const std::string& device) {
  const bool v6 = group.find(':') != std::string::npos;
  const std::string on = address_on(device, v6);
  if (!device.empty() && on.empty()) return UV_ENODEV;
  return uv_udp_set_membership(&handle_->udp, group.c_str(), on.empty() ? nullptr : on.c_str(),
                               UV_JOIN_GROUP);
}

int UdpSocket::multicast_from(const std::string& device) {
  sockaddr_storage own{};
  int length = sizeof own;
  int error = uv_udp_getsockname(&handle_->udp, as_sockaddr(own), &length);
  const std::string on = address_on(device, own.ss_family == AF_INET6);
  if (error == 0 && !device.empty() && on.empty()) error = UV_ENODEV;
  if (error == 0 && !on.empty()) error = uv_udp_set_multicast_interface(&handle_->udp, on.c_str());
  if (error == 0) error = uv_udp_set_multicast_ttl(&handle_->udp, 1);
  if (error == 0) error = uv_udp_set_multicast_loop(&handle_->udp, 1);
  return error;
}

int UdpSocket::send(const sockaddr_storage& to, ByteView bytes) {
  // libuv sends from the buffer only; its type serves both directions.
  auto* const data = const_cast<std::uint8_t*>(bytes.data());
  uv_buf_t buffer = uv_buf_init(reinterpret_cast<char*>(data), static_cast<unsigned>(bytes.size()));
  if (uv_udp_get_send_queue_count(&handle_->udp) == 0) {
    const int sent = uv_udp_try_send(&handle_->udp, &buffer, 1, as_sockaddr(to));
    if (sent >= 0) return 0;
    if (sent != UV_EAGAIN && sent != UV_ENOBUFS) return sent;
  }
  if (uv_udp_get_send_queue_count(&handle_->udp) >= kMostWaiting) {
    wants_room_ = true;
    return UV_EAGAIN;
  }
  auto* const waiting = new Waiting{{}, Bytes(bytes.begin(), bytes.end())};
  waiting->request.data = waiting;
  buffer.base = reinterpret_cast<char*>(waiting->bytes.data());
  const auto done = [](uv_udp_send_t* request, int) {
    UdpSocket* const self = static_cast<Handle*>(request->handle->data)->socket;
    delete static_cast<Waiting*>(request->data);
    if (self != nullptr) self->sent();
  };
  const int error =
      uv_udp_send(&waiting->request, &handle_->udp, &buffer, 1, as_sockaddr(to), done);
  if (error != 0) delete waiting;
  return error;
}

void UdpSocket::sent() {
  const bool room = uv_udp_get_send_queue_count(&handle_->udp) < kMostWaiting / 4;
  if (room && std::exchange(wants_room_, false)) owner_.on_room();
}

}  // namespace mehr::linux_port
