#include "mehr/l1/peer_address.h"

#include <gsl/assert>

#include "mehr/core/bytes.h"

namespace mehr::l1 {

namespace {

constexpr std::size_t kPrefix = 12;  // bytes of ::ffff:0:0/96

Reach reach_of_v4(ByteView a) {
  const std::uint8_t first = a[0];
  const std::uint8_t second = a[1];
  if (first == 0 || first >= 224) return Reach::none;  // this network, multicast, reserved
  if (first == 127) return Reach::host;
  if (first == 169 && second == 254) return Reach::link;
  if (first == 10 || (first == 172 && (second & 0xF0) == 16) || (first == 192 && second == 168) ||
      (first == 100 && (second & 0xC0) == 64)) {
    return Reach::site;
  }
  return Reach::world;
}

Reach reach_of_v6(ByteView a) {
  if (all_zero(a.first(15))) return a[15] == 1 ? Reach::host : Reach::none;
  if (a[0] == 0xFF) return Reach::none;
  if (a[0] == 0xFE && (a[1] & 0xC0) == 0x80) return Reach::link;
  if ((a[0] & 0xFE) == 0xFC) return Reach::site;
  return Reach::world;
}

}  // namespace

Host host_of_v4(ByteView four) {
  Expects(four.size() == 4);
  Host out = kUnspecifiedHost;
  copy_bytes(four, out.mutable_view().subspan(kPrefix));
  return out;
}

bool is_v4(const Host& host) {
  return same_bytes(host.view().first(kPrefix), kUnspecifiedHost.view().first(kPrefix));
}

ByteView v4_bytes(const Host& host) { return host.view().subspan(kPrefix); }

Reach reach_of(const Host& host) {
  return is_v4(host) ? reach_of_v4(v4_bytes(host)) : reach_of_v6(host.view());
}

bool same_block(const Host& a, const Host& b) {
  const bool four = is_v4(a);
  const std::size_t bytes = four ? kPrefix + 3 : 6;
  return four == is_v4(b) && same_bytes(a.view().first(bytes), b.view().first(bytes));
}

}  // namespace mehr::l1
