// Size classes and what neighbours agree on. spec: L0/3, L0/6
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <tuple>

#include "mehr/l0/packet.h"

namespace mehr::l0 {
namespace {

Packet packet_with(const Bytes& data) {
  return {.flags = PacketFlags::of(PacketType::data, true),
          .hops = 0,
          .destination = {},
          .context = 0,
          .data = {data}};
}

TEST_CASE("L0 property 6: DATA of 465, 1,481 and 4,077 passes its class", "[l0][packet]") {
  const auto [mtu, size] = GENERATE(
      table<Mtu, std::size_t>({{kConstrainedMtu, 465}, {kStandardMtu, 1481}, {kBulkMtu, 4077}}));
  CHECK(max_data(class_of(mtu)) == size);
  Bytes frame(mtu.bytes);
  const Bytes fits(size, 0x55);
  const auto written = encode(packet_with(fits), frame);
  REQUIRE(written);
  CHECK(written->size() == mtu.bytes);
  const auto read = decode<Packet>(frame);
  REQUIRE(read);
  CHECK(read->data.bytes.size() == size);
}

TEST_CASE("L0 property 6: one byte more of DATA is refused", "[l0][packet]") {
  const Mtu mtu = GENERATE(kConstrainedMtu, kStandardMtu, kBulkMtu);
  Bytes frame(mtu.bytes);
  const Bytes over(max_data(class_of(mtu)) + 1, 0x55);
  const auto written = encode(packet_with(over), frame);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == Errc::too_big);
}

TEST_CASE("L0 property 6: a received packet over the Bulk limit is refused", "[l0][packet]") {
  const auto read = decode<Packet>(Bytes(4097, 0x00));
  REQUIRE_FALSE(read);
  CHECK(read.error().code == Errc::too_big);
  CHECK(decode<Packet>(Bytes(4096, 0x00)));
}

TEST_CASE("L0/3: DATA and header fill each class to the byte", "[l0][packet]") {
  CHECK(kHeaderSize + max_data(MtuClass::constrained) == 484);
  CHECK(kHeaderSize + max_data(MtuClass::standard) == 1500);
  CHECK(kHeaderSize + max_data(MtuClass::bulk) == 4096);
  CHECK(kHeaderSizeWithTransport + max_data(MtuClass::constrained) == 500);
}

TEST_CASE("L0/6: the class is the largest not above the MTU", "[l0][packet]") {
  CHECK(class_of(Mtu{484}) == MtuClass::constrained);
  CHECK(class_of(Mtu{1499}) == MtuClass::constrained);
  CHECK(class_of(Mtu{1500}) == MtuClass::standard);
  CHECK(class_of(Mtu{4095}) == MtuClass::standard);
  CHECK(class_of(Mtu{4096}) == MtuClass::bulk);
}

TEST_CASE("L0 property 7: MTU negotiation", "[l0][mtu]") {
  const auto agreed = [](std::uint16_t local, std::uint16_t peer) {
    const auto mtu = negotiate_mtu(Mtu{local}, Mtu{peer});
    return mtu ? int{mtu->bytes} : -static_cast<int>(mtu.error().code);
  };
  const int refused = -static_cast<int>(Errc::bad_value);
  CHECK(agreed(484, 4096) == 484);
  CHECK(agreed(1500, 1500) == 1500);
  CHECK(agreed(65535, 65535) == 4096);
  CHECK(agreed(4095, 65535) == 4095);
  CHECK(agreed(483, 4096) == refused);
  CHECK(agreed(4096, 483) == refused);
  CHECK(agreed(483, 483) == refused);
  CHECK(agreed(0, 65535) == refused);
}

TEST_CASE("L0 property 7: both ends agree, whatever they offer", "[l0][mtu]") {
  rc::prop("symmetric, and never more than either offers", [](std::uint16_t a, std::uint16_t b) {
    const auto here = negotiate_mtu(Mtu{a}, Mtu{b});
    const auto there = negotiate_mtu(Mtu{b}, Mtu{a});
    RC_ASSERT(here.has_value() == there.has_value());
    RC_ASSERT(here.has_value() == (a >= 484 && b >= 484));
    if (here) {
      RC_ASSERT(*here == *there);
      RC_ASSERT(here->bytes <= std::min<std::uint16_t>({a, b, 4096}));
    }
  });
}

}  // namespace
}  // namespace mehr::l0
