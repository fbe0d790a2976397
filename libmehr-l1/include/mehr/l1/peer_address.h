// Where a node may be dialled: a host and a port of an IP network. spec: L1/12
//
// Place: L1, the vocabulary of bootstrap and of PeerExchange. Nothing here opens a socket: a port
// turns what it dialled and what it sees into a PeerAddress, and back.
// Shapes: the host is 16 bytes as IPv6 writes it, IPv4 mapped into ::ffff:0:0/96, the same form as
// the `SourceKey` of a frame, so that an observed source compares with a dialled host as it is.
// Machine: none. Reach: how far away an address still means the same host. It decides what may be
// learned from whom and told to whom: a neighbour seen at a public address cannot make us dial our
// own machine or our local network, and does not hear of addresses that mean nothing to it.
// Failure: every pattern of bytes has a reach; those that name no single host have `none`.
// Threads: any.
#pragma once

#include <compare>
#include <cstdint>

#include "mehr/core/ids.h"
#include "mehr/core/medium.h"

namespace mehr::l1 {

/// A host as an IPv6 address; IPv4 hosts are mapped.
using Host = SourceKey;

/// A host and a port to dial; port 0 says that the port is not known.
struct PeerAddress {
  Host host;
  std::uint16_t port = 0;
  constexpr auto operator<=>(const PeerAddress&) const = default;
};

/// How far an address carries, nearest first.
enum class Reach : std::uint8_t {
  none,   ///< no single host: unspecified, multicast, broadcast, reserved
  host,   ///< loopback: this machine
  link,   ///< link-local: one cable or channel
  site,   ///< private ranges: one household, company or carrier (RFC 1918, 4193, 6598)
  world,  ///< everything else
};

/// The host 0.0.0.0 in mapped form: in PeerExchange "the host at which you see me".
inline constexpr Host kUnspecifiedHost{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0}};

/// A host of four bytes, in network order.
[[nodiscard]] Host host_of_v4(ByteView four);
/// True for mapped hosts: they travel as four bytes.
[[nodiscard]] bool is_v4(const Host& host);
/// The four bytes of a mapped host, borrowed from @p host.
[[nodiscard]] ByteView v4_bytes(const Host& host);
/// How far @p host carries.
[[nodiscard]] Reach reach_of(const Host& host);
/// True when both hosts lie in one block of addresses that one owner commonly has at once: /24 of
/// IPv4, /48 of IPv6. Tables that strangers fill give each such block a bounded share.
[[nodiscard]] bool same_block(const Host& a, const Host& b);

}  // namespace mehr::l1
