#include "mehr/l1/peer_exchange.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "addresses.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::test;

namespace {

Bytes repeat(std::uint8_t byte, std::size_t times) { return Bytes(times, byte); }

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// 192.0.2.7:4247, NodeID 16 x 0xAA, 300 minutes; [2001:db8::5]:80, NodeID not known, 1 minute.
const Bytes kTwo = Bytes{0x98, 1, 2} + Bytes{4, 192, 0, 2, 7, 0x97, 0x10} + repeat(0xAA, 16) +
                   Bytes{0x2C, 0x01} + Bytes{6, 0x20, 0x01, 0x0D, 0xB8} + repeat(0, 11) +
                   Bytes{5, 80, 0} + repeat(0, 16) + Bytes{1, 0};

NodeId all(std::uint8_t byte) {
  NodeId id;
  id.bytes.fill(byte);
  return id;
}

const PeerEntry kFirst{{v4(192, 0, 2, 7), 4247}, all(0xAA), 300};
const PeerEntry kSecond{{v6({0x20, 0x01, 0x0D, 0xB8}, 5), 80}, NodeId{}, 1};

Errc error_of(const Bytes& bytes) {
  const auto reader = PeerExchangeReader::open(bytes);
  REQUIRE_FALSE(reader.has_value());
  return reader.error().code;
}

Bytes with(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes.at(at) = value;
  return bytes;
}

}  // namespace

TEST_CASE("L1/12: PeerExchange is written byte for byte", "[l1][bootstrap]") {
  Bytes out(200);
  PeerExchangeWriter writer(out);
  CHECK(writer.add(kFirst));
  CHECK(writer.add(kSecond));
  CHECK(writer.count() == 2);
  const ByteView done = writer.finish(true);
  CHECK(Bytes(done.begin(), done.end()) == kTwo);
  CHECK(message({}, false) == Bytes{0x98, 0, 0});
}

TEST_CASE("L1/12: PeerExchange is read byte for byte", "[l1][bootstrap]") {
  auto reader = PeerExchangeReader::open(kTwo);
  REQUIRE(reader.has_value());
  CHECK(reader->wants_reply());
  CHECK(reader->count() == 2);
  CHECK(reader->next() == kFirst);
  CHECK(reader->next() == kSecond);
  CHECK(reader->next() == std::nullopt);
  const Bytes empty{0x98, 0, 0};
  reader = PeerExchangeReader::open(empty);
  REQUIRE(reader.has_value());
  CHECK_FALSE(reader->wants_reply());
  CHECK(reader->next() == std::nullopt);
}

TEST_CASE("L1/12: a bad PeerExchange is refused as a whole", "[l1][bootstrap]") {
  for (std::size_t size = 0; size < kTwo.size(); ++size) {
    CHECK(error_of(Bytes(kTwo.begin(), kTwo.begin() + static_cast<std::ptrdiff_t>(size))) ==
          Errc::truncated);
  }
  CHECK(error_of(kTwo + Bytes{0}) == Errc::trailing);
  CHECK(error_of(with(kTwo, 2, 1)) == Errc::trailing);
  CHECK(error_of(with(kTwo, 2, 3)) == Errc::truncated);
  CHECK(error_of(with(kTwo, 0, 0x97)) == Errc::bad_value);
  CHECK(error_of(with(kTwo, 1, 2)) == Errc::bad_value);  // an unknown flag
  CHECK(error_of(with(kTwo, 1, 0x81)) == Errc::bad_value);
  CHECK(error_of(with(kTwo, 3, 5)) == Errc::bad_value);  // an unknown family
  CHECK(error_of(with(kTwo, 3 + kPeerEntryV4, 0)) == Errc::bad_value);
  CHECK(error_of(with(with(kTwo, 8, 0), 9, 0)) == Errc::bad_value);  // port 0
  CHECK(error_of(with(kTwo, 3 + kPeerEntryV4 + 17, 0)) == Errc::bad_value);
}

TEST_CASE("L1/12: PeerExchange takes as many entries as fit", "[l1][bootstrap]") {
  Bytes small(3 + 2 * kPeerEntryV4 + kPeerEntryV4 - 1);
  PeerExchangeWriter writer(small);
  CHECK(writer.add(kFirst));
  CHECK(writer.add(kFirst));
  CHECK_FALSE(writer.add(kFirst));
  CHECK(entries_of(writer.finish(false)).size() == 2);
  Bytes large(64 * 1024);
  PeerExchangeWriter most(large);
  for (int i = 0; i < 255; ++i) CHECK(most.add(kSecond));
  CHECK_FALSE(most.add(kSecond));
  CHECK(entries_of(most.finish(false)).size() == 255);
}

TEST_CASE("L1/12: any entry comes back as it was", "[l1][bootstrap]") {
  rc::prop("round trip", [] {
    PeerEntry entry;
    entry.at.host.bytes =
        *rc::gen::container<std::array<std::uint8_t, 16>>(rc::gen::arbitrary<std::uint8_t>());
    if (*rc::gen::arbitrary<bool>()) {
      entry.at.host = host_of_v4(entry.at.host.view().first(4));
    }
    entry.at.port = *rc::gen::inRange<std::uint16_t>(1, 65535);
    entry.node.bytes[3] = *rc::gen::arbitrary<std::uint8_t>();
    entry.age_minutes = *rc::gen::arbitrary<std::uint16_t>();
    const auto back = entries_of(message({entry}));
    RC_ASSERT(back.size() == 1U);
    RC_ASSERT(back.front() == entry);
  });
}

TEST_CASE("L1/12: how far addresses carry", "[l1][bootstrap]") {
  CHECK(reach_of(kUnspecifiedHost) == Reach::none);
  CHECK(reach_of(Host{}) == Reach::none);
  CHECK(reach_of(v4(0, 1, 2, 3)) == Reach::none);
  CHECK(reach_of(v4(224, 0, 0, 1)) == Reach::none);
  CHECK(reach_of(v4(239, 1, 1, 1)) == Reach::none);
  CHECK(reach_of(v4(240, 0, 0, 1)) == Reach::none);
  CHECK(reach_of(v4(255, 255, 255, 255)) == Reach::none);
  CHECK(reach_of(v6({0xFF, 0x02})) == Reach::none);
  CHECK(reach_of(v4(127, 0, 0, 1)) == Reach::host);
  CHECK(reach_of(v4(127, 9, 9, 9)) == Reach::host);
  CHECK(reach_of(v6({})) == Reach::host);
  CHECK(reach_of(v4(169, 254, 1, 1)) == Reach::link);
  CHECK(reach_of(v6({0xFE, 0x80})) == Reach::link);
  CHECK(reach_of(v6({0xFE, 0xBF})) == Reach::link);
  CHECK(reach_of(v4(10, 0, 0, 1)) == Reach::site);
  CHECK(reach_of(v4(172, 16, 0, 1)) == Reach::site);
  CHECK(reach_of(v4(172, 31, 0, 1)) == Reach::site);
  CHECK(reach_of(v4(192, 168, 0, 1)) == Reach::site);
  CHECK(reach_of(v4(100, 64, 0, 1)) == Reach::site);
  CHECK(reach_of(v6({0xFD})) == Reach::site);
  CHECK(reach_of(v4(172, 32, 0, 1)) == Reach::world);
  CHECK(reach_of(v4(100, 128, 0, 1)) == Reach::world);
  CHECK(reach_of(v4(192, 0, 2, 1)) == Reach::world);
  CHECK(reach_of(v4(126, 255, 255, 255)) == Reach::world);
  CHECK(reach_of(v6({0x20, 0x01})) == Reach::world);
  CHECK(reach_of(v6({0xFE, 0xC0})) == Reach::world);
}

TEST_CASE("L1/12: blocks of addresses with one owner", "[l1][bootstrap]") {
  CHECK(same_block(v4(203, 0, 113, 1), v4(203, 0, 113, 250)));
  CHECK_FALSE(same_block(v4(203, 0, 113, 1), v4(203, 0, 112, 1)));
  CHECK(same_block(v6({0x20, 1, 0xD, 0xB8, 1, 1, 1}), v6({0x20, 1, 0xD, 0xB8, 1, 1, 2})));
  CHECK_FALSE(same_block(v6({0x20, 1, 0xD, 0xB8, 1, 1}), v6({0x20, 1, 0xD, 0xB8, 1, 2})));
  CHECK_FALSE(same_block(v4(203, 0, 113, 1), v6({0x20, 1})));
  CHECK_FALSE(same_block(v6({}), v4(0, 0, 0, 1)));
}
