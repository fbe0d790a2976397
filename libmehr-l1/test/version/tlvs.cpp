// Fields of announces: presence, votes, suites, and the writer that puts them together.
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "fake_world.h"
#include "mehr/core/utf8.h"
#include "mehr/l1/presence.h"
#include "mehr/l1/tlv_writer.h"
#include "mehr/l1/version.h"
#include "mehr/l1/version_signal.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

Bytes encoded(const VersionSignal& signal) {
  Bytes out(kVersionSignalMax);
  const auto written = encode_version_signal(signal, out);
  REQUIRE(written.has_value());
  out.resize(written->size());
  return out;
}

}  // namespace

TEST_CASE("L1 3: Presence is four bytes", "[l1][tlv]") {
  const Bytes bytes{0x05, 0x80, 2, 77};
  const auto presence = decode<Presence>(bytes);
  REQUIRE(presence.has_value());
  CHECK(presence->capabilities == 0x8005);
  CHECK(presence->cost_tier == 2);
  CHECK(presence->load == 77);
  CHECK(presence->offers(Capability::relay));
  CHECK_FALSE(presence->offers(Capability::gateway));
  CHECK(presence->offers(Capability::storage));
  CHECK(same_bytes(encode_fixed(Presence{0x8005, 2, 77}), bytes));
  CHECK(decode<Presence>(ByteView(bytes).first(3)).error().code == Errc::truncated);
  CHECK(decode<Presence>(Bytes{1, 0, 2, 3, 4}).error().code == Errc::trailing);
}

TEST_CASE("L1 property 29: VersionSignal with 8 entries is 41 bytes, 9 is ignored", "[l1][tlv]") {
  VersionSignal full;
  for (std::uint32_t n = 0; n < 8; ++n) full.must_push({n, Support::support});
  const Bytes bytes = encoded(full);
  CHECK(bytes.size() == 41);
  CHECK(decode_version_signal(bytes).has_value());
  Bytes nine = bytes;
  nine[0] = 9;
  nine.insert(nine.end(), {9, 0, 0, 0, 0});
  CHECK(decode_version_signal(nine).error().code == Errc::bad_value);
}

TEST_CASE("L1 13.6: VersionSignal, byte by byte", "[l1][tlv]") {
  const Bytes bytes{2, 0x78, 0x56, 0x34, 0x12, 1, 7, 0, 0, 0, 2};
  const auto signal = decode_version_signal(bytes);
  REQUIRE(signal.has_value());
  REQUIRE(signal->size() == 2);
  CHECK((*signal)[0] == MepVote{0x12345678, Support::oppose});
  CHECK((*signal)[1] == MepVote{7, Support::neutral});
  VersionSignal own;
  own.must_push({0x12345678, Support::oppose});
  own.must_push({7, Support::neutral});
  CHECK(encoded(own) == bytes);
  CHECK(encoded({}) == Bytes{0});
  CHECK(decode_version_signal(Bytes{0})->empty());
  std::array<std::uint8_t, 10> small{};
  CHECK(encode_version_signal(own, small).error().code == Errc::too_big);
  SECTION("wrong lengths") {
    CHECK(decode_version_signal({}).error().code == Errc::truncated);
    for (std::size_t n = 0; n < bytes.size(); ++n) {
      CHECK(decode_version_signal(ByteView(bytes).first(n)).error().code == Errc::truncated);
    }
    Bytes longer = bytes;
    longer.push_back(0);
    CHECK(decode_version_signal(longer).error().code == Errc::trailing);
  }
  SECTION("another support value spoils the field") {
    Bytes bad = bytes;
    bad[10] = 3;
    CHECK(decode_version_signal(bad).error().code == Errc::bad_value);
  }
  SECTION("of a repeated number the first counts") {
    const auto twice = decode_version_signal(Bytes{2, 5, 0, 0, 0, 1, 5, 0, 0, 0, 0});
    REQUIRE(twice.has_value());
    REQUIRE(twice->size() == 1);
    CHECK((*twice)[0] == MepVote{5, Support::oppose});
  }
}

TEST_CASE("L1 13.6: votes survive encoding", "[l1][tlv]") {
  rc::prop("decode(encode(x)) = x", [] {
    VersionSignal signal;
    const auto n = *rc::gen::inRange<std::uint32_t>(0, 9);
    const auto base = *rc::gen::arbitrary<std::uint32_t>();
    for (std::uint32_t i = 0; i < n; ++i) {
      signal.must_push({base + i, static_cast<Support>(*rc::gen::inRange(0, 3))});
    }
    std::array<std::uint8_t, kVersionSignalMax> buffer{};
    const auto bytes = encode_version_signal(signal, buffer);
    RC_ASSERT(bytes.has_value() && bytes->size() == 1 + 5 * n);
    const auto again = decode_version_signal(*bytes);
    RC_ASSERT(again.has_value());
    RC_ASSERT(std::equal(again->begin(), again->end(), signal.begin(), signal.end()));
  });
}

TEST_CASE("L1 13.5: CryptoSupport lists suites, the classic one is implied", "[l1][tlv]") {
  CHECK(suites_of(std::nullopt) == SuiteSet{}.set(suite::kClassic));
  CHECK(suites_of(ByteView{}).count() == 1);
  const Bytes list{0x02, 0x04, 0xEE, 0x02};
  const SuiteSet suites = suites_of(ByteView(list));
  CHECK(suites.count() == 4);
  CHECK(suites[suite::kMlDsa44]);
  CHECK(suites[suite::kMlKem512]);
  CHECK(suites[0xEE]);
  CHECK_FALSE(suites[suite::kXvrf]);
}

TEST_CASE("L1 3: own fields are put together in order", "[l1][tlv]") {
  TlvWriter tlvs;
  CHECK(tlvs.view().empty());
  REQUIRE(tlvs.add(tlv::kPresence, Presence{1, 2, 3}));
  REQUIRE(tlvs.add(tlv::kSupportedVersions, Bytes{0x10, 0x21}));
  REQUIRE(tlvs.add(0x80, ByteView{}));
  const Bytes expected{0x04, 4, 1, 0, 2, 3, 0x05, 2, 0x10, 0x21, 0x80, 0};
  CHECK(same_bytes(tlvs.view(), expected));
  CHECK(same_bytes(*tlvs.find(tlv::kSupportedVersions), Bytes{0x10, 0x21}));
  CHECK_FALSE(tlvs.find(0x81).has_value());
  CHECK(tlvs.add(tlv::kPresence, Presence{}).error().code == Errc::bad_value);
  CHECK(tlvs.add(0x90, Bytes(256)).error().code == Errc::too_big);
  CHECK(same_bytes(tlvs.view(), expected));
  REQUIRE(build_announce(test::identity(1), 5, tlvs.view()).has_value());
}

TEST_CASE("L1 3: an announce takes 308 bytes of fields, no more", "[l1][tlv]") {
  TlvWriter tlvs;
  REQUIRE(tlvs.add(0x80, Bytes(255)));
  CHECK(tlvs.add(0x81, Bytes(50)).error().code == Errc::too_big);
  CHECK(tlvs.view().size() == 257);  // not half a field
  REQUIRE(tlvs.add(0x81, Bytes(49)));
  CHECK(tlvs.view().size() == kTlvsMax);
  CHECK(tlvs.add(0x82, ByteView{}).error().code == Errc::too_big);
  CHECK(build_announce(test::identity(1), 5, tlvs.view())->view().size() == kAnnounceDataMax);
}

TEST_CASE("README 2.1: well-formed UTF-8", "[core][utf8]") {
  const auto good = [](std::string_view s) { return is_utf8(as_bytes(s)); };
  for (const char* text : {"", "plain", "gr\xC3\xBC\xC3\x9F", "\xE2\x82\xAC", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", "\xC2\x80"}) {
    CHECK(good(text));
  }
  for (const char* text :
       {"\x80", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE0\x9F\xBF", "\xE2\x82", "\xE2\x28\xA1",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xFF", "a\xFE", "\xE2\x82\xAC\x80"}) {
    CHECK_FALSE(good(text));
  }
  CHECK(good(std::string_view("\0", 1)));
  // Every code point, encoded by hand.
  for (std::uint32_t c = 0; c < 0x110000; ++c) {
    std::string s;
    if (c < 0x80) {
      s = {static_cast<char>(c)};
    } else if (c < 0x800) {
      s = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
      s = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
           static_cast<char>(0x80 | (c & 63))};
    } else {
      s = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
           static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
    const bool surrogate = c >= 0xD800 && c < 0xE000;
    if (good(s) == surrogate) FAIL("U+" << std::hex << c);
  }
}
