// What the files of the facade share: contexts, ports, forms. spec: README/3
#pragma once

#include <algorithm>
#include <array>

#include "mehr/core/codec.h"
#include "mehr/core/messenger.h"

namespace mehr::l2 {

inline constexpr std::array kDatagramContexts{context::kRealTime, context::kInteractive,
                                              context::kStandard, context::kBulk};

constexpr bool is_datagram(std::uint8_t c) {
  return std::find(kDatagramContexts.begin(), kDatagramContexts.end(), c) !=
         kDatagramContexts.end();
}

/// What a datagram's plaintext begins with.
struct PortHead {
  std::uint16_t port = 0;
  static constexpr auto wire = std::tuple{field("port", &PortHead::port)};
};
inline constexpr std::size_t kPortSize = wire_size<PortHead>;

constexpr bool is_proven(std::uint16_t port) { return (port & kProvenPort) != 0; }

inline constexpr std::uint16_t kMostSubType = 0xFF;

/// The first byte of DATA on contexts that carry messages.
namespace form {
inline constexpr std::uint8_t kSegment = 0;
inline constexpr std::uint8_t kSealed = 1;
inline constexpr std::uint8_t kProven = 2;
}  // namespace form

/// The control type that carries messages of @p context over one hop.
constexpr std::uint8_t link_type_of(std::uint8_t context) {
  return static_cast<std::uint8_t>(context - 0x50);
}
constexpr std::uint8_t context_of_link_type(std::uint8_t type) {
  return static_cast<std::uint8_t>(type + 0x50);
}

constexpr std::size_t less(std::size_t room, std::size_t overhead) {
  return room > overhead ? room - overhead : 0;
}

/// How many pieces @p size bytes make; 0: none can.
constexpr std::size_t segments_of(std::size_t size, std::size_t piece) {
  return piece == 0 ? 0 : (size + piece - 1) / piece;
}

}  // namespace mehr::l2
