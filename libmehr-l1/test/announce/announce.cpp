#include "mehr/l1/announce.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <numeric>

#include "fake_world.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

l0::Identity counting_identity() {
  std::array<std::uint8_t, 32> seed{};
  std::iota(seed.begin(), seed.end(), std::uint8_t{0});
  return l0::Identity::from_seed(crypto::Seed::copy_of(seed));
}

Bytes vector_packet() {
  const auto signer = counting_identity();
  const auto announce = build_announce(signer, 1'700'000'000'000, {});
  Bytes out(kAnnouncePacketMax);
  const auto packet = write_announce_packet(signer.node_id(), announce->view(), 0, false, out);
  out.resize(packet->size());
  return out;
}

std::string hex(ByteView bytes) {
  std::string out;
  for (const std::uint8_t b : bytes) {
    out += "0123456789abcdef"[b >> 4];
    out += "0123456789abcdef"[b & 15];
  }
  return out;
}

bool verifies(ByteView packet) {
  const auto p = decode<l0::Packet>(packet);
  if (!p) return false;
  const auto a = decode<Announce>(p->data.bytes);
  return a && destination_of(*a) == p->destination && verify(*a, p->destination).has_value();
}

}  // namespace

TEST_CASE("L1 property 6: announce vector", "[l1][announce]") {
  const Bytes packet = vector_packet();
  CHECK(packet.size() == 132);
  CHECK(packet[0] == 0x01);
  CHECK(hex(crypto::sha256(packet).view()) ==
        "77e556763365a2115eecad918d8888d9510b17b66e7f1f5c76d2e78f69d2df74");
  CHECK(verifies(packet));
}

TEST_CASE("L1 property 6: any path cost verifies, any other flipped bit fails", "[l1][announce]") {
  const Bytes good = vector_packet();
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    const std::size_t byte = bit / 8;
    bad[byte] = static_cast<std::uint8_t>(bad[byte] ^ (1U << (bit % 8)));
    const bool header = byte < 2 || byte == 18;  // flags, hops and context are not signed
    const bool path_cost = byte >= 125;
    if (header) continue;
    if (verifies(bad) != path_cost) FAIL("bit " << bit);
  }
  rc::prop("a rewritten path cost verifies", [&] {
    Bytes packet = good;
    CompactPathCost cost;
    cost.cost.value = *rc::gen::arbitrary<std::uint16_t>();
    cost.hop_count = *rc::gen::arbitrary<std::uint8_t>();
    cost.bottleneck_mtu.value = *rc::gen::arbitrary<std::uint8_t>();
    set_path_cost(MutableBytes(packet).subspan(l0::kHeaderSize), cost);
    RC_ASSERT(verifies(packet));
    RC_ASSERT(decode<Announce>(ByteView(packet).subspan(19))->extension.path_cost == cost);
    RC_ASSERT(same_announce(ByteView(packet).subspan(19), ByteView(good).subspan(19)));
  });
}

TEST_CASE("L1 3: TLVs are signed, kept, and walked", "[l1][announce]") {
  const auto signer = test::identity(1);
  const Bytes tlvs{0x80, 2, 0xAA, 0xBB, 0x04, 4, 1, 0, 2, 3, 0x04, 4, 9, 9, 9, 9, 0x77, 0};
  const auto built = build_announce(signer, 5, tlvs);
  REQUIRE(built.has_value());
  const auto announce = decode<Announce>(built->view());
  REQUIRE(announce.has_value());
  CHECK(verify(*announce, signer.node_id()).has_value());
  CHECK(same_bytes(announce->extension.tlvs.bytes, tlvs));
  const auto presence = announce->extension.find(tlv::kPresence);
  REQUIRE(presence.has_value());
  CHECK(same_bytes(*presence, Bytes{1, 0, 2, 3}));  // the first counts
  CHECK(announce->extension.find(0x77)->empty());
  CHECK_FALSE(announce->extension.find(0x05).has_value());

  AnnounceBytes changed = *built;
  changed.mutable_view()[kAnnounceFixed + kExtensionMin + 2] ^= 1;
  const auto other = decode<Announce>(changed.view());
  REQUIRE(other.has_value());
  CHECK(verify(*other, signer.node_id()).error().code == Errc::bad_signature);
  CHECK_FALSE(same_announce(changed.view(), built->view()));
}

TEST_CASE("L1 3: malformed extensions are refused", "[l1][announce]") {
  const auto signer = test::identity(1);
  const auto built = build_announce(signer, 5, Bytes{0x80, 1, 0});
  Bytes data(built->view().begin(), built->view().end());
  SECTION("magic") {
    data[104] = 0x4D;
    CHECK(decode<Announce>(data).error().code == Errc::bad_value);
  }
  SECTION("a TLV past the end") {
    data[114] = 2;
    CHECK(decode<Announce>(data).error().code == Errc::bad_value);
  }
  SECTION("a TLV type without length") {
    data.push_back(0x80);
    CHECK(decode<Announce>(data).error().code == Errc::bad_value);
  }
  SECTION("an extension of 8 bytes") {
    CHECK(decode<Announce>(ByteView(data).first(112)).error().code == Errc::truncated);
  }
  SECTION("every truncation of the fixed part") {
    for (std::size_t n = 0; n < 113; ++n) {
      CHECK_FALSE(decode<Announce>(ByteView(data).first(n)).has_value());
    }
  }
  SECTION("317 bytes pass, 318 do not") {
    Bytes tlvs(308);
    tlvs[1] = 255;
    tlvs[258] = 49;
    REQUIRE(build_announce(signer, 1, tlvs).has_value());
    CHECK(build_announce(signer, 1, tlvs)->view().size() == 104 + 317);
    tlvs.push_back(0);
    tlvs[258] = 50;
    CHECK(build_announce(signer, 1, tlvs).error().code == Errc::too_big);
  }
  SECTION("TLVs of another major are not judged") {
    data[105] = 0x20;
    data[114] = 200;
    CHECK(decode<Announce>(data).has_value());
  }
}

TEST_CASE("L1 4: max_hops is what is left of 128", "[l1][announce]") {
  CHECK(first_hops(128) == 0);
  CHECK(first_hops(1) == 127);
}

TEST_CASE("L1 4: the announce layout, field by field", "[l1][announce]") {
  Bytes data(113);
  std::iota(data.begin(), data.end(), std::uint8_t{0});
  data[104] = 0x4E;
  data[105] = 0x10;
  const auto a = decode<Announce>(data);
  REQUIRE(a.has_value());
  CHECK(a->public_key.bytes[31] == 31);
  CHECK(a->emitted == 0x2726252423222120);
  CHECK(a->signature.bytes[0] == 40);
  CHECK(a->extension.path_cost.cost.value == 0x6B6A);
  CHECK(a->extension.path_cost.bottleneck_mtu.value == 112);
  Bytes out(113);
  CHECK(encode(*a, out).has_value());
  CHECK(out == data);
}
