// Presence: what a node offers, in its announce. spec: L1/3 TLV 0x04, README/4.9
//
// Place: byte layout of L1; the marketplace fills and reads it through `PathInfo::tlv`.
// Four bytes: capabilities u16, cost_tier u8, load u8. No value is out of range: bits without a
// capability type are kept and mean nothing to this version, tier and load are the sender's word.
// Failure: another length than 4 does not decode, and is then as if absent.
#pragma once

#include <cstdint>
#include <tuple>

#include "mehr/core/codec.h"

namespace mehr::l1 {

/// Bit numbers of `Presence::capabilities` and of beacons. spec: README/4.9
enum class Capability : std::uint8_t {
  relay = 0,
  gateway = 1,
  storage = 2,
  compute_byte = 3,
  compute_wasm = 4,
  pubsub = 5,
  dht = 6,
  naming = 7,
};

struct Presence {
  std::uint16_t capabilities = 0;  ///< bit n set: `Capability` n is offered
  std::uint8_t cost_tier = 0;      ///< lower is cheaper
  std::uint8_t load = 0;           ///< 0 idle, 255 full

  static constexpr auto wire =
      std::tuple{field("capabilities", &Presence::capabilities),
                 field("cost_tier", &Presence::cost_tier), field("load", &Presence::load)};
  [[nodiscard]] constexpr bool offers(Capability c) const {
    return (capabilities >> static_cast<unsigned>(c) & 1U) != 0;
  }
  constexpr bool operator==(const Presence&) const = default;
};
static_assert(wire_size<Presence> == 4);

}  // namespace mehr::l1
