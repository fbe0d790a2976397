#include "mehr/linux/endpoint.h"

#include <fmt/format.h>

#include <charconv>

namespace mehr::linux_port {
namespace {

tl::unexpected<std::string> bad(std::string_view text) {
  return tl::unexpected(
      fmt::format("\"{}\" is not an address; write host:port, such as 127.0.0.1:{} or [::1]:{}",
                  text, kDefaultPort, kDefaultPort));
}

}  // namespace

OrMessage<Endpoint> parse_endpoint(std::string_view text) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return bad(text);
    host = text.substr(1, end - 1);
    const std::string_view rest = text.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return bad(text);
    has_port = !rest.empty();
    if (has_port) port = rest.substr(1);
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos && text.find(':', colon + 1) == text.npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }  // several colons without brackets: an IPv6 address without a port
  if (host.empty() || host.find_first_of(" \t/\n") != host.npos) return bad(text);
  Endpoint out{std::string(host), kDefaultPort};
  if (has_port) {
    const char* const end = port.data() + port.size();
    const auto [stop, error] = std::from_chars(port.data(), end, out.port);
    if (port.empty() || error != std::errc{} || stop != end) return bad(text);
  }
  return out;
}

std::string to_string(const Endpoint& endpoint) {
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", endpoint.host, endpoint.port)
            : fmt::format("{}:{}", endpoint.host, endpoint.port);
}

}  // namespace mehr::linux_port
