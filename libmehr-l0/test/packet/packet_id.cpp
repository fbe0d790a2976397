// The native duplicate key. spec: L0/3
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "mehr/l0/packet.h"

namespace mehr::l0 {
namespace {

const Bytes kHello{0x10, 0x05, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9,
                   0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0x20, 0x68, 0x65, 0x6C, 0x6C, 0x6F};

// The answers are from Python's hashlib.blake2b(digest_size=32), cut to 16 bytes.
TEST_CASE("L0/3 packet ID: known answers", "[l0][packet]") {
  CHECK(packet_id(kHello).bytes == std::array<std::uint8_t, 16>{0xA7, 0x09, 0x04, 0x1C, 0x32, 0x6A,
                                                                0xB9, 0x34, 0x62, 0x41, 0x36, 0xEE,
                                                                0x54, 0x45, 0x77, 0x26});
  Bytes header(kHeaderSize, 0x00);
  header[0] = 0x11;
  header[1] = 0x7F;
  CHECK(packet_id(header).bytes == std::array<std::uint8_t, 16>{0x04, 0x6B, 0x56, 0x7E, 0x54, 0xD3,
                                                                0x81, 0x81, 0xEF, 0xE8, 0xBA, 0x4D,
                                                                0x98, 0xAB, 0x6A, 0xF0});
}

TEST_CASE("L0/3 packet ID: hops and the high four flags do not count", "[l0][packet]") {
  const PacketId id = packet_id(kHello);
  Bytes packet = kHello;
  for (unsigned hops = 0; hops < 256; ++hops) {
    packet[1] = static_cast<std::uint8_t>(hops);
    REQUIRE(packet_id(packet) == id);
  }
  for (const unsigned bit : {0x10U, 0x20U, 0x40U, 0x80U}) {
    packet[0] = static_cast<std::uint8_t>(kHello[0] ^ bit);
    REQUIRE(packet_id(packet) == id);
  }
}

TEST_CASE("L0/3 packet ID: every other bit and the length count", "[l0][packet]") {
  const PacketId id = packet_id(kHello);
  for (std::size_t at = 0; at < kHello.size(); ++at) {
    if (at == 1) continue;
    for (unsigned bit = 0; bit < (at == 0 ? 4U : 8U); ++bit) {
      Bytes packet = kHello;
      packet[at] = static_cast<std::uint8_t>(packet[at] ^ (1U << bit));
      REQUIRE_FALSE(packet_id(packet) == id);
    }
  }
  Bytes longer = kHello;
  longer.push_back(0);
  CHECK_FALSE(packet_id(longer) == id);
}

TEST_CASE("L0/3 packet ID: the same at every relay of a path", "[l0][packet]") {
  rc::prop("relays rewrite hops and bit 4 only", [](Bytes data, std::uint8_t hops, bool transport) {
    data.resize(data.size() + kHeaderSize);
    data[0] = static_cast<std::uint8_t>(data[0] & 0x0F);
    const PacketId at_origin = packet_id(data);
    set_hops(data, hops);
    set_flags(data, {static_cast<std::uint8_t>(data[0] | (transport ? 0x10 : 0))});
    RC_ASSERT(packet_id(data) == at_origin);
  });
}

}  // namespace
}  // namespace mehr::l0
