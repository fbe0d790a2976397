#include "mehr/l1/version.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "fake_world.h"
#include "mehr/l1/tlv_writer.h"
#include "mehr/l1/u128.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

SpokenVersions speaks(std::initializer_list<std::uint8_t> list, bool refuse = false) {
  SpokenVersions out;
  out.versions.clear();
  for (const std::uint8_t v : list) out.versions.must_push(v);
  out.refuse_other_majors = refuse;
  return out;
}

// The extension of an announce of @p version with @p tlvs; the caller keeps them.
MehrExtension extension(std::uint8_t version, ByteView tlvs = {}) {
  MehrExtension e;
  e.version = version;
  e.tlvs = Tail{tlvs};
  return e;
}

constexpr auto kFull = Compatibility::full;
constexpr auto kCommon = Compatibility::common;
constexpr auto kOpaque = Compatibility::opaque;
constexpr auto kRefuse = Compatibility::refuse;

}  // namespace

TEST_CASE("L1 13.1: the version byte, and the escape to two u16", "[l1][version]") {
  CHECK(kThisVersion == Version{1, 0});
  CHECK(version_of(0x10, std::nullopt) == Version{1, 0});
  CHECK(version_of(0x1F, std::nullopt) == Version{1, 15});
  CHECK(version_of(0xE3, std::nullopt) == Version{14, 3});
  CHECK(version_of(0x00, std::nullopt) == Version{0, 0});
  const Bytes far{0x34, 0x12, 0x78, 0x56};
  CHECK(version_of(0xF0, ByteView(far)) == Version{0x1234, 0x5678});
  CHECK(version_of(0xFF, ByteView(far)) == Version{0x1234, 0x5678});
  CHECK(version_of(0x10, ByteView(far)) == Version{1, 0});  // not asked
  CHECK_FALSE(version_of(0xF0, std::nullopt).has_value());
  CHECK_FALSE(version_of(0xF0, ByteView(far).first(3)).has_value());
  CHECK_FALSE(version_of(0xF0, ByteView(Bytes{15, 0, 0, 0, 0})).has_value());
  CHECK_FALSE(version_of(0xF0, ByteView(Bytes{14, 0, 0, 0})).has_value());  // fits the byte
  CHECK(version_of(0xF0, ByteView(Bytes{15, 0, 0, 0})) == Version{15, 0});
  CHECK(same_bytes(encode_fixed(ExtendedVersion{0x1234, 0x5678}), far));
  CHECK(decode<ExtendedVersion>(Bytes{1, 0, 0, 0}).error().code == Errc::bad_value);
}

TEST_CASE("L1 property 28: minors work fully, 0x20 closes with 1 unless common", "[l1][version]") {
  const SpokenVersions own;
  CHECK(judge_link(own, 0x1F, std::nullopt) == Judgement{kFull, 0x10});
  CHECK(judge_link(own, 0x10, std::nullopt) == Judgement{kFull, 0x10});
  CHECK(judge_link(own, 0x20, std::nullopt) == Judgement{kRefuse, 0});
  const Bytes both{0x21, 0x13};
  CHECK(judge_link(own, 0x20, ByteView(both)) == Judgement{kCommon, 0x10});
  const Bytes newer{0x21, 0x30};
  CHECK(judge_link(own, 0x20, ByteView(newer)) == Judgement{kRefuse, 0});
  CHECK(judge_link(own, 0xF0, std::nullopt) == Judgement{kRefuse, 0});
  CHECK(judge_link(own, 0xF0, ByteView(both)) == Judgement{kCommon, 0x10});
}

TEST_CASE("L1 property 28: announces of other versions", "[l1][version]") {
  const SpokenVersions own;
  const Bytes both{0x05, 2, 0x21, 0x12};
  const Bytes newer{0x05, 1, 0x21};
  const Bytes extended{0x01, 4, 0x34, 0x12, 1, 0};
  const Bytes broken{0x05, 9, 0x12};  // not ours to judge, nor to read
  CHECK(judge_announce(own, extension(0x1F)) == Judgement{kFull, 0x10});
  CHECK(judge_announce(own, extension(0x1F, newer)) == Judgement{kFull, 0x10});
  CHECK(judge_announce(own, extension(0x20)) == Judgement{kOpaque, 0});
  CHECK(judge_announce(own, extension(0x20, both)) == Judgement{kCommon, 0x10});
  CHECK(judge_announce(own, extension(0x20, newer)) == Judgement{kOpaque, 0});
  CHECK(judge_announce(own, extension(0x20, broken)) == Judgement{kOpaque, 0});
  CHECK(judge_announce(own, extension(0xF0)) == Judgement{kOpaque, 0});
  CHECK(judge_announce(own, extension(0xF0, extended)) == Judgement{kOpaque, 0});
  CHECK(version_of(extension(0xF0, extended)) == Version{0x1234, 1});
  CHECK_FALSE(version_of(extension(0xF0)).has_value());
}

TEST_CASE("L1 13.3: the end of a transition is the operator's", "[l1][version]") {
  const auto over = speaks({0x20, 0x10}, true);
  const Bytes both{0x05, 2, 0x10, 0x20};
  CHECK(judge_link(over, 0x25, std::nullopt) == Judgement{kFull, 0x20});
  CHECK(judge_link(over, 0x10, std::nullopt) == Judgement{kRefuse, 0});
  CHECK(judge_link(over, 0x10, ByteView(both).subspan(2)) == Judgement{kRefuse, 0});
  CHECK(judge_announce(over, extension(0x10)) == Judgement{kRefuse, 0});
  CHECK(judge_announce(over, extension(0x30, both)) == Judgement{kRefuse, 0});
  const auto during = speaks({0x20, 0x10});
  CHECK(judge_link(during, 0x13, std::nullopt) == Judgement{kFull, 0x10});
  CHECK(judge_announce(during, extension(0x30, both)) == Judgement{kCommon, 0x20});
  CHECK(judge_link(speaks({}), 0x10, std::nullopt) == Judgement{kRefuse, 0});
}

TEST_CASE("L1 13.3: the highest common version", "[l1][version]") {
  const auto common = [](const Bytes& a, const Bytes& b) { return common_version(a, b); };
  CHECK(common({0x10}, {0x10}) == 0x10);
  CHECK(common({0x10, 0x23}, {0x21, 0x1F}) == 0x21);
  CHECK(common({0x10, 0x14, 0x12}, {0x13}) == 0x13);
  CHECK_FALSE(common({0x10}, {0x20}).has_value());
  CHECK_FALSE(common({}, {0x10}).has_value());
  CHECK_FALSE(common({0xF0}, {0xF0}).has_value());  // says nothing
  CHECK(common({0x0F}, {0x00}) == 0x00);
  rc::prop("symmetric, and within both", [] {
    const auto a = *rc::gen::arbitrary<Bytes>();
    const auto b = *rc::gen::arbitrary<Bytes>();
    const auto v = common_version(a, b);
    RC_ASSERT(v == common_version(b, a));
    if (!v) return;
    for (const Bytes& list : {a, b}) {
      RC_ASSERT(std::any_of(list.begin(), list.end(), [&](std::uint8_t x) {
        return x >> 4 == *v >> 4 && (x & 15) >= (*v & 15);
      }));
    }
  });
}

TEST_CASE("L1 property 28: unknown fields survive relaying byte for byte", "[l1][version]") {
  const auto signer = test::identity(3);
  TlvWriter tlvs;
  REQUIRE(tlvs.add(0x77, Bytes{1, 2, 3}));
  REQUIRE(tlvs.add(tlv::kPresence, Bytes{9, 9, 9, 9}));
  REQUIRE(tlvs.add(0xFE, ByteView{}));
  AnnounceBytes announce = *build_announce(signer, 5, tlvs.view());
  CompactPathCost cost;
  for (int hop = 0; hop < 5; ++hop) {
    const LinkMeasure link{Millis{10}, BitsPerSecond{100'000}, Mtu{1500}};
    cost = relay_step(link_step(cost, link), 3);
    set_path_cost(announce.mutable_view(), cost);
    const auto read = decode<Announce>(announce.view());
    REQUIRE(read.has_value());
    CHECK(same_bytes(read->extension.tlvs.bytes, tlvs.view()));
    CHECK(read->extension.path_cost == cost);
    CHECK(verify(*read, signer.node_id()).has_value());
  }
}

TEST_CASE("L1 13.5: phases of a migration", "[l1][version]") {
  using P = CryptoPhase;
  const auto after = [](P phase, MigrationShares s) { return next_phase(phase, s); };
  CHECK(after(P::dual, {100, 80, 0, 0}) == P::dual);  // more than 80 %
  CHECK(after(P::dual, {100, 81, 0, 0}) == P::prefer);
  CHECK(after(P::dual, {0, 0, 0, 0}) == P::dual);
  CHECK(after(P::dual, {100, 100, 100, 0}) == P::prefer);  // one step a call
  CHECK(after(P::prefer, {100, 0, 100, 5}) == P::prefer);  // less than 5 %
  CHECK(after(P::prefer, {100, 0, 100, 4}) == P::drop);
  CHECK(after(P::prefer, {100, 0, 0, 0}) == P::prefer);
  CHECK(after(P::drop, {100, 0, 100, 100}) == P::drop);
  CHECK(after(P::dual, {~0ULL, ~0ULL / 10 * 8, 0, 0}) == P::dual);
  CHECK(after(P::dual, {~0ULL, ~0ULL / 10 * 8 + 5, 0, 0}) == P::prefer);
}

TEST_CASE("L1 13.6: shares are compared exactly", "[l1][version]") {
  CHECK(is_at_least(67, 67, 100));
  CHECK_FALSE(is_above(67, 67, 100));
  CHECK_FALSE(is_at_least(0, 0, 0));
  CHECK(product(~0ULL, 100) == U128{99, ~0ULL - 99});
  rc::prop("against the compiler's wide integers", [] {
    __extension__ using Wide = unsigned __int128;
    const auto part = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(0U, 64U);
    const auto whole = *rc::gen::arbitrary<std::uint64_t>() >> *rc::gen::inRange(0U, 64U);
    const auto percent = *rc::gen::inRange<std::uint32_t>(0, 101);
    const Wide a = Wide{part} * 100;
    const Wide b = Wide{whole} * percent;
    RC_ASSERT(is_at_least(part, percent, whole) == (whole != 0 && a >= b));
    RC_ASSERT(is_above(part, percent, whole) == (whole != 0 && a > b));
    const auto factor = *rc::gen::arbitrary<std::uint32_t>();
    const Wide p = Wide{part} * factor;
    RC_ASSERT(product(part, factor) ==
              (U128{static_cast<std::uint64_t>(p >> 64), static_cast<std::uint64_t>(p)}));
  });
}

TEST_CASE("L1 13.3: people see which versions there are", "[l1][version]") {
  VersionHistogram h;
  for (std::uint16_t minor = 15; minor > 0; --minor) h.add(Version{1, minor});
  h.add(Version{1, 0});
  h.add(Version{1, 0});
  h.add(Version{2, 0});  // the 17th
  h.add(Version{1, 7});
  h.add(std::nullopt);
  REQUIRE(h.entries().size() == 16);
  for (std::uint16_t i = 0; i < 16; ++i) {
    CHECK(h.entries()[i].version == Version{1, i});
    CHECK(h.entries()[i].count == (i == 0 || i == 7 ? 2 : 1));
  }
  CHECK(h.others() == 1);
  CHECK(h.unknown() == 1);
}
