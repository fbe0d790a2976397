// What a transfer tells the world about itself.
//
// Place: examples/transfer. Plain values, copied out; nothing here is borrowed.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "mehr/core/ids.h"
#include "mehr/core/units.h"

namespace mehr::transfer {

/// Names a transfer within one run of one service; never on the wire, never reused.
struct TransferId {
  std::uint64_t number = 0;
  constexpr auto operator<=>(const TransferId&) const = default;
};

enum class State : std::uint8_t {
  hashing,            ///< out: reading the file once for its hash
  offering,           ///< out: waiting for the receiver's word
  sending,            ///< out: chunks under way
  waiting_for_route,  ///< out: no route or no key; goes on by itself
  receiving,          ///< in: chunks under way
  verifying,          ///< all chunks are there; the receiver compares the hash
  done,               ///< the whole file is under its name at the receiver
  failed,             ///< over; `error` says why
};

/// The name of a state in small letters, for logs and JSON.
[[nodiscard]] const char* name_of(State state);

enum class Direction : std::uint8_t { out, in };

struct TransferStatus {
  TransferId id;
  Direction direction = Direction::out;
  NodeId peer;
  std::string name;
  std::uint64_t size = 0;        ///< bytes of the file
  std::uint64_t bytes_done = 0;  ///< bytes up to the first one the receiver lacks
  State state = State::hashing;
  std::string error;    ///< one sentence; empty unless failed or waiting
  ContentHash hash;     ///< zero until known
  std::string path;     ///< in, done: where the store put the file
  Millis started;       ///< steady clock
  Millis data_started;  ///< first chunk; zero before
  Millis changed;       ///< last progress, or the end
};

/// What was dropped, refused or repeated since the service began.
struct TransferCounters {
  std::uint64_t bad_control = 0;      ///< control message that does not decode or has no sender
  std::uint64_t unknown_control = 0;  ///< about a transfer that is not there, or another peer's
  std::uint64_t refused_offers = 0;
  std::uint64_t repeated_offers = 0;  ///< of a transfer that is under way or finished
  std::uint64_t bad_data = 0;         ///< data datagram that does not open or has a wrong length
  std::uint64_t repeated_data = 0;    ///< chunk that is there already
  std::uint64_t data_outside = 0;     ///< chunk beyond the end or the window
  std::uint64_t bad_acks = 0;         ///< does not open, or speaks of what was never sent
  std::uint64_t stale_acks = 0;       ///< overtaken or doubled
  std::uint64_t chunks_sent = 0;      ///< repetitions included
  std::uint64_t chunks_lost = 0;      ///< taken for lost and sent again
  std::uint64_t acks_sent = 0;
};

}  // namespace mehr::transfer
