// How urgent a user packet is, read from its context byte. spec: L1/1.1, README/4.1
//
// Place: L1's vocabulary; queues (link_queue.h), congestion signals and path choice use it.
// No header field carries a priority, so every relay derives the same one from the context byte.
// Shapes: four levels, P0 before P1 before P2 before P3. Contexts that nobody owns are standard.
// A sender that lies about its context lies about its protocol too, and is not understood.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mehr::l1 {

enum class Priority : std::uint8_t {
  p0,  ///< real time: voice, control loops
  p1,  ///< interactive: messages, DHT, payment
  p2,  ///< standard
  p3,  ///< bulk: storage
};
inline constexpr std::size_t kPriorities = 4;

/// The level as an index, 0 for P0.
constexpr std::size_t level_of(Priority priority) { return static_cast<std::size_t>(priority); }

/// The priority of a packet with this @p context. spec: README/4.1
constexpr Priority priority_of(std::uint8_t context) {
  if (context >= 0x01 && context <= 0x07) return Priority::p3;
  if (context >= 0xE0 && context <= 0xE3) return static_cast<Priority>(context - 0xE0);
  if (context >= 0xF3 && context <= 0xF6) return Priority::p1;
  if (context == 0xF8) return Priority::p3;
  if (context >= 0xFA) return Priority::p1;
  return Priority::p2;
}

}  // namespace mehr::l1
