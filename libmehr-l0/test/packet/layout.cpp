// The packet's bytes, each direction alone. spec: L0/3
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "mehr/l0/packet.h"

namespace mehr::l0 {
namespace {

/// In transport, 5 hops, destination A0..AF, context 0x20, DATA "hello".
const Bytes kHello{0x10, 0x05, 0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9,
                   0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF, 0x20, 0x68, 0x65, 0x6C, 0x6C, 0x6F};

NodeId destination() {
  NodeId id;
  std::iota(id.bytes.begin(), id.bytes.end(), std::uint8_t{0xA0});
  return id;
}

Bytes encoded(const Packet& packet) {
  Bytes out(kHeaderSize + packet.data.bytes.size());
  const auto written = encode(packet, out);
  REQUIRE(written);
  CHECK(written->size() == out.size());
  return out;
}

Errc refusal(const Bytes& in) {
  const auto packet = decode<Packet>(in);
  REQUIRE_FALSE(packet);
  return packet.error().code;
}

TEST_CASE("L0/3: a packet is encoded as flags, hops, destination, context, DATA", "[l0][packet]") {
  const Bytes data{0x68, 0x65, 0x6C, 0x6C, 0x6F};
  CHECK(encoded({.flags = PacketFlags::of(PacketType::data, true),
                 .hops = 5,
                 .destination = destination(),
                 .context = 0x20,
                 .data = {data}}) == kHello);
}

TEST_CASE("L0/3: a packet without DATA is its 19-byte header", "[l0][packet]") {
  const Bytes wanted{0x01, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF};
  CHECK(encoded({.flags = PacketFlags::of(PacketType::announce, false),
                 .hops = 127,
                 .destination = {},
                 .context = 0xFF,
                 .data = {}}) == wanted);
}

TEST_CASE("L0/3: a packet is decoded and borrows its DATA", "[l0][packet]") {
  const auto packet = decode<Packet>(kHello);
  REQUIRE(packet);
  CHECK(packet->flags.bits == 0x10);
  CHECK(packet->hops == 5);
  CHECK(packet->destination == destination());
  CHECK(packet->context == 0x20);
  CHECK(packet->data.bytes.data() == kHello.data() + 19);
  CHECK(packet->data.bytes.size() == 5);
}

TEST_CASE("L0/3: a header alone decodes, one byte less is refused", "[l0][packet]") {
  const auto whole = decode<Packet>(ByteView(kHello).first(19));
  REQUIRE(whole);
  CHECK(whole->data.bytes.empty());
  for (std::ptrdiff_t size = 0; size < 19; ++size) {
    REQUIRE(refusal({kHello.begin(), kHello.begin() + size}) == Errc::truncated);
  }
}

TEST_CASE("L0/3: a set bit 7 and two addresses are refused", "[l0][packet]") {
  Bytes packet = kHello;
  packet[0] = static_cast<std::uint8_t>(GENERATE(0x80, 0x90, 0xFF, 0x40, 0x50, 0x7F));
  CHECK(refusal(packet) == Errc::bad_value);
}

TEST_CASE("L0/3: hops of 127 decode, of 128 and more are refused", "[l0][packet]") {
  Bytes packet = kHello;
  packet[1] = 127;
  CHECK(decode<Packet>(packet));
  packet[1] = static_cast<std::uint8_t>(GENERATE(128, 129, 255));
  CHECK(refusal(packet) == Errc::bad_value);
}

TEST_CASE("L0/3: the flags byte names type, destination type and propagation", "[l0][packet]") {
  constexpr PacketFlags kProofToLink{0x0F};
  CHECK(kProofToLink.type() == PacketType::proof);
  CHECK(kProofToLink.destination_type() == DestinationType::link);
  CHECK_FALSE(kProofToLink.in_transport());
  CHECK_FALSE(kProofToLink.two_addresses());
  constexpr PacketFlags kRequestToPlain{0x1A};
  CHECK(kRequestToPlain.type() == PacketType::link_request);
  CHECK(kRequestToPlain.destination_type() == DestinationType::plain);
  CHECK(kRequestToPlain.in_transport());
  CHECK(PacketFlags{0x40}.two_addresses());
  CHECK(PacketFlags{0x04}.destination_type() == DestinationType::group);
  CHECK(PacketFlags::of(PacketType::announce, false).bits == 0x01);
  CHECK(PacketFlags::of(PacketType::announce, true).bits == 0x11);
  CHECK(PacketFlags::of(PacketType::proof, false).bits == 0x03);
}

TEST_CASE("L0/3: hops and flags are rewritten in place, nothing else", "[l0][packet]") {
  Bytes packet = kHello;
  set_hops(packet, 6);
  set_flags(packet, {0x11});
  Bytes wanted = kHello;
  wanted[0] = 0x11;
  wanted[1] = 0x06;
  CHECK(packet == wanted);
}

TEST_CASE("L0/3: any bytes decode to what encodes to the same bytes, or not", "[l0][packet]") {
  rc::prop("refused exactly for flags, hops or length", [](Bytes in) {
    const bool steer = *rc::gen::arbitrary<bool>();
    if (steer) in.resize(in.size() + kHeaderSize);
    const bool good =
        in.size() >= kHeaderSize && (in[0] & 0xC0) == 0 && in[1] < 128 && in.size() <= 4096;
    const auto packet = decode<Packet>(in);
    RC_ASSERT(packet.has_value() == good);
    if (good) {
      Bytes out(in.size());
      RC_ASSERT(encode(*packet, out).has_value());
      RC_ASSERT(out == in);
    }
  });
}

}  // namespace
}  // namespace mehr::l0
