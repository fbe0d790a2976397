// Every capacity and waiting time of the transfer service in one place.
//
// Place: examples/transfer. Read once, at construction. Memory of a service is at most
// outgoing * (read_block + 2 chunks + 24 bytes per window chunk + 64 KiB) +
// incoming * (write_block + window / 8) + recent and history entries, whatever strangers send.
#pragma once

#include <cstddef>
#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::transfer {

struct TransferLimits {
  std::size_t outgoing = 16;             ///< files on their way out; full: send() answers full
  std::size_t incoming = 16;             ///< files on their way in; full: OFFER refused as busy
  std::size_t incoming_per_peer = 4;     ///< of one sender; full: OFFER refused as busy
  std::uint64_t file_size = 1ull << 36;  ///< bytes of one file, both ways; over it: refused
  std::size_t recent = 1024;             ///< finished incoming ids remembered; full: oldest goes
  std::size_t history = 64;              ///< finished transfers in list(); full: oldest goes

  std::uint16_t window = 1024;           ///< chunks in flight and ahead of the first gap, 16..2048
  std::uint16_t initial_window = 64;     ///< chunks sent before the first acknowledgement
  std::uint16_t ack_every = 32;          ///< chunks per acknowledgement
  std::size_t read_block = 256 * 1024;   ///< bytes read ahead per outgoing file
  std::size_t write_block = 256 * 1024;  ///< bytes gathered before one write
  std::size_t hash_slice = 4u << 20;     ///< bytes hashed per step outside the data path

  Millis ack_delay{25};                         ///< longest wait of a chunk for its acknowledgement
  Millis rto_min{200};                          ///< retransmission timeout, least
  Millis rto_max = Millis::seconds(10);         ///< ... and most
  Millis offer_wait = Millis::seconds(1);       ///< first wait for an answer; doubles
  Millis offer_wait_max = Millis::seconds(8);   ///< ... up to this
  Millis route_wait{250};                       ///< between tries without a route
  Millis reshape_after = Millis::seconds(2);    ///< chunks too big for so long: smaller ones
  Millis give_up_after = Millis::seconds(600);  ///< without progress, both ways
  Millis unstarted_after = Millis::seconds(120);  ///< accepted, but no chunk came
};

}  // namespace mehr::transfer
