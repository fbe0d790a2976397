#include "socket_address.h"

#include <uv.h>

#include <array>
#include <cstring>

#include "mehr/linux/endpoint.h"

namespace mehr::linux_port {
namespace {

const sockaddr_in& as_v4(const sockaddr_storage& a) {
  return reinterpret_cast<const sockaddr_in&>(a);
}
const sockaddr_in6& as_v6(const sockaddr_storage& a) {
  return reinterpret_cast<const sockaddr_in6&>(a);
}

}  // namespace

std::uint16_t port_of(const sockaddr_storage& address) {
  return ntohs(address.ss_family == AF_INET6 ? as_v6(address).sin6_port : as_v4(address).sin_port);
}

std::string address_text(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> host{};
  if (address.ss_family == AF_INET6) {
    uv_ip6_name(&as_v6(address), host.data(), host.size());
  } else {
    uv_ip4_name(&as_v4(address), host.data(), host.size());
  }
  return to_string(Endpoint{host.data(), port_of(address)});
}

SourceKey source_of(const sockaddr_storage& address) {
  SourceKey key;
  if (address.ss_family == AF_INET6) {
    std::memcpy(key.bytes.data(), &as_v6(address).sin6_addr, key.bytes.size());
  } else {
    key.bytes[10] = key.bytes[11] = 0xFF;
    std::memcpy(key.bytes.data() + 12, &as_v4(address).sin_addr, 4);
  }
  return key;
}

sockaddr_storage address_of(const SourceKey& host, std::uint16_t port) {
  sockaddr_storage out{};
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::memcmp(host.bytes.data(), kMapped.data(), kMapped.size()) == 0) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, host.bytes.data() + kMapped.size(), 4);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, host.bytes.data(), host.bytes.size());
  }
  return out;
}

bool copy_address(const sockaddr* from, sockaddr_storage& out) {
  out = {};
  if (from->sa_family == AF_INET) {
    std::memcpy(&out, from, sizeof(sockaddr_in));
  } else if (from->sa_family == AF_INET6) {
    std::memcpy(&out, from, sizeof(sockaddr_in6));
  } else {
    return false;
  }
  return true;
}

bool literal_address(const std::string& host, std::uint16_t port, sockaddr_storage& out) {
  out = {};
  return uv_ip4_addr(host.c_str(), port, reinterpret_cast<sockaddr_in*>(&out)) == 0 ||
         uv_ip6_addr(host.c_str(), port, reinterpret_cast<sockaddr_in6*>(&out)) == 0;
}

}  // namespace mehr::linux_port
