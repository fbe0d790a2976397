// "host:port" as people write it.
//
// Place: ports/linux vocabulary, for configuration files and command lines.
// Shapes: `192.0.2.1:4247`, `[2001:db8::1]:4247`, `node.example:4247`; without a port, 4247.
// Errors: a sentence that quotes the text and says what would be right. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mehr/linux/log.h"

namespace mehr::linux_port {

/// TCP and UDP port of the protocol. spec: README/4.8
inline constexpr std::uint16_t kDefaultPort = 4247;

struct Endpoint {
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = kDefaultPort;
  bool operator==(const Endpoint&) const = default;
};

/// Reads an endpoint; port 0 ("any free one") is meaningful for listening only.
OrMessage<Endpoint> parse_endpoint(std::string_view text);
/// The form that `parse_endpoint` reads.
std::string to_string(const Endpoint& endpoint);

}  // namespace mehr::linux_port
