// Every capacity of a node in one place.
//
// Place: core. Read once, at construction: tables, queues and caches are sized by it and never grow
// past it. Each member says what goes when the table is full. spec: README/2.7
// Memory: `total_bytes` is what a stack of L0 to L2 promises never to exceed, under whatever load,
// from whatever stranger. The constants behind it were measured on 64-bit Linux (libstdc++,
// OpenSSL) and rounded up by five to ten in a hundred; a test of ports/sim holds stacks of all
// sizes to them.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace mehr {

struct Limits {
  // L0 -------------------------------------------------------------------------------------------
  std::size_t links = 1024;           ///< open and half-open together; full: INIT dropped
  std::size_t half_open_links = 64;   ///< full: INIT dropped, a stream closed. spec: L0/5.7
  std::size_t inits_per_second = 10;  ///< per source address; over it: dropped. spec: L0/5.7
  std::size_t init_sources = 1024;    ///< source addresses remembered; full: least recent goes
  std::size_t media = 1024;           ///< attached media (a TCP connection is one); full: refused

  // L1 -------------------------------------------------------------------------------------------
  std::size_t routes = 16384;         ///< destinations; full: see routing_table.h
  std::size_t candidates = 4;         ///< links remembered per destination; full: worst goes
  std::size_t packet_ids = 500'000;   ///< per generation, two of them; full: generations turn early
  std::size_t evicted_routes = 4096;  ///< evictions remembered for 24 h; full: oldest goes

  // L2 -------------------------------------------------------------------------------------------
  std::size_t envelope_replays = 65'536;  ///< accepted envelopes remembered; full: oldest goes
  std::size_t streams = 1024;             ///< registered caller-sealed streams; full: refused
  std::size_t peer_keys = 4096;  ///< keys used or proven end to end; full: least recent goes

  /// A server, desktop or single-board computer.
  static constexpr Limits standard() { return {}; }
  /// A radio board: the same code in tens of kilobytes.
  static constexpr Limits minimal() {
    Limits l;
    l.links = 16;
    l.half_open_links = 4;
    l.init_sources = 16;
    l.media = 4;
    l.routes = 128;
    l.candidates = 2;
    l.packet_ids = 256;
    l.evicted_routes = 128;
    l.envelope_replays = 1024;
    l.streams = 4;
    l.peer_keys = 32;
    return l;
  }

  /// Bytes a stack takes when it is made: every table, at its full size.
  [[nodiscard]] constexpr std::size_t bytes_at_start() const {
    constexpr std::size_t kStack = 32'768;     // the objects themselves, three datagram buffers
    constexpr std::size_t kLinkPlace = 2'560;  // L0's link with its handshake; a power of two
    constexpr std::size_t kLink = 344;         // L1's view of it, two indices
    constexpr std::size_t kMedium = 32;
    constexpr std::size_t kInitSource = 48;
    constexpr std::size_t kRoute = 784;  // of it 424 the announce, to pass on
    constexpr std::size_t kCandidate = 72;
    constexpr std::size_t kPacketId = 57;  // two generations of 4/3 places
    constexpr std::size_t kEvicted = 128;
    constexpr std::size_t kReplay = 52;
    constexpr std::size_t kStream = 32;
    constexpr std::size_t kPeerKey = 108;
    // Announces that wait, a bit per link and destination, and how often each was sent, two bits.
    const std::size_t waiting = links * ((routes + 63) / 64) * 8;
    const std::size_t sends = routes * ((links + 3) / 4);
    return kStack + std::bit_ceil(std::max<std::size_t>(links, 2)) * kLinkPlace + links * kLink +
           media * kMedium + init_sources * kInitSource + routes * kRoute +
           routes * candidates * kCandidate + waiting + sends + packet_ids * kPacketId +
           evicted_routes * kEvicted + envelope_replays * kReplay + streams * kStream +
           peer_keys * kPeerKey;
  }
  /// The most it ever holds: cipher contexts of two keys per link, handlers of streams with what
  /// they hold up to 64 bytes, messages of the node to itself. Not counted are what callers hang in
  /// besides, and the copies that people ask for (`Links::status`, `Network::routes`).
  [[nodiscard]] constexpr std::size_t total_bytes() const {
    constexpr std::size_t kCiphers = 4'992;  // while a link changes its key
    constexpr std::size_t kStreamHandler = 128;
    constexpr std::size_t kOwnMessages = 135'168;  // 16 under delivery, 16 more that they cause
    return bytes_at_start() + links * kCiphers + streams * kStreamHandler + kOwnMessages;
  }
};

}  // namespace mehr
