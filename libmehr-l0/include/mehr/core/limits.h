// Every capacity of a node in one place.
//
// Place: core. Read once, at construction: tables, queues and caches are sized by it and never grow
// past it. Each member says what goes when the table is full. spec: README/2.7
#pragma once

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
};

}  // namespace mehr
