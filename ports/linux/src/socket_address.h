// Socket addresses as text and as what rate limits count by.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "mehr/core/medium.h"

namespace mehr::linux_port {

inline sockaddr* as_sockaddr(sockaddr_storage& address) {
  return reinterpret_cast<sockaddr*>(&address);
}
inline const sockaddr* as_sockaddr(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// "192.0.2.1:4247" or "[2001:db8::1]:4247".
std::string address_text(const sockaddr_storage& address);
/// The host as an IPv6 address, IPv4 mapped into ::ffff:0:0/96. spec: L0/5.7
SourceKey source_of(const sockaddr_storage& address);
std::uint16_t port_of(const sockaddr_storage& address);
/// The other direction of both.
sockaddr_storage address_of(const SourceKey& host, std::uint16_t port);
/// Copies what the resolver gave; false for families other than IPv4 and IPv6.
bool copy_address(const sockaddr* from, sockaddr_storage& out);
/// Reads a literal address; false when @p host is a name.
bool literal_address(const std::string& host, std::uint16_t port, sockaddr_storage& out);

}  // namespace mehr::linux_port
