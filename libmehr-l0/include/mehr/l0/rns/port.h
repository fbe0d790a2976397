// Where Reticulum packets come from and go to, as the relay sees it. spec: L0/8.4
//
// Place: vocabulary of the relay. A port is a medium for clear packets (a TCP connection, a radio
// channel), or a native link that carries Reticulum packets too: there the transport ID is left
// out, bit 4 is set, and the neighbour takes itself for the next hop. spec: L0/8.5
// Bounds: Relay::Config::ports. Threads: as any value.
#pragma once

#include <cstdint>

#include "mehr/core/units.h"

namespace mehr::l0::rns {

/// A port's place among the relay's.
using PortId = std::uint16_t;
inline constexpr PortId kNoPort = 0xFFFF;

struct PortInfo {
  bool native = false;    ///< a native link, else a medium for clear packets
  bool announces = true;  ///< announces and path responses may be sent there
  BitsPerSecond bitrate;  ///< nominal; 0 unknown
  /// Longest packet that links may agree on across this port; 0: none above the 500 bytes of all.
  std::size_t link_mtu = 0;
  std::size_t packet_limit = 0;  ///< longest packet that it takes
};

}  // namespace mehr::l0::rns
