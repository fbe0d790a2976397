#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "mehr/l1/bloom_filter.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

const ItemId kVector{{0xB3, 0xAA, 0x14, 0x78, 0xF6, 0x55, 0xA8, 0xD6, 0x32, 0x26, 0xAB, 0xA4, 0x4B,
                      0x9C, 0x06, 0x27}};

ItemId id_of(std::uint64_t n) { return item_id(0x60, test::body_of(n)); }

}  // namespace

TEST_CASE("L1 property 14: bit positions of the filter", "[l1][gossip]") {
  const std::array<std::uint32_t, 3> salt0{419, 104, 810};
  const std::array<std::uint32_t, 3> salt1{675, 254, 140};
  for (std::uint8_t i = 0; i < 3; ++i) {
    CHECK(bloom_position(kVector, 0, i, 120) == salt0[i]);
    CHECK(bloom_position(kVector, 1, i, 120) == salt1[i]);
  }
  // Bit q is byte q / 8, mask 1 << (q mod 8).
  Bytes bits(120);
  bloom_insert(bits, kVector, 0);
  Bytes expected(120);
  expected[52] = 0x08;
  expected[13] = 0x01;
  expected[101] = 0x04;
  CHECK(same_bytes(bits, expected));
  CHECK(bloom_holds(bits, kVector, 0, 3));
  CHECK_FALSE(bloom_holds(bits, kVector, 1, 3));
}

TEST_CASE("L1 property 14: no false negatives", "[l1][gossip]") {
  rc::prop("what was inserted is held", [](std::uint32_t salt, const std::set<std::uint16_t>& set) {
    Bytes bits(FilterSize{440, false}.bytes_for(set.size()));
    for (const auto n : set) bloom_insert(bits, id_of(n), salt);
    for (const auto n : set) RC_ASSERT(bloom_holds(bits, id_of(n), salt, 3));
  });
}

TEST_CASE("L1 property 14: false positives are 1.5 to 2.5 % at 1.2 bytes per item",
          "[l1][gossip]") {
  for (const std::size_t n : {std::size_t{1000}, std::size_t{3000}}) {
    Bytes bits(FilterSize{kBloomMax, false}.bytes_for(n));
    for (std::size_t i = 0; i < n; ++i) bloom_insert(bits, id_of(i), 77);
    std::size_t wrong = 0;
    constexpr std::size_t kTried = 40'000;
    for (std::size_t i = 0; i < kTried; ++i)
      wrong += bloom_holds(bits, id_of(1'000'000 + i), 77, 3);
    CHECK(wrong >= kTried * 15 / 1000);
    CHECK(wrong <= kTried * 25 / 1000);
  }
}

TEST_CASE("L1 property 15: filter sizes", "[l1][gossip]") {
  const FilterSize bulk = filter_size(Mtu{4096}, BitsPerSecond{1'000'000});
  CHECK(bulk.bytes_for(100) == 120);
  CHECK(bulk.bytes_for(1000) == 1200);
  CHECK(bulk.parts_for(10'000) == 3);
  std::array<std::size_t, 3> dealt{};
  for (std::uint64_t i = 0; i < 10'000; ++i) ++dealt[part_of(id_of(i), 3)];
  std::size_t total = 0;
  for (const std::size_t n : dealt) total += bulk.bytes_for(n);
  CHECK(total >= 11'950);
  CHECK(total <= 12'010);
}

TEST_CASE("L1 9: caps and items per part by link", "[l1][gossip]") {
  struct Row {
    std::uint16_t mtu;
    std::uint64_t rate;
    FilterSize size;
    std::size_t items;
  };
  for (const Row& row :
       {Row{484, 1000, {256, true}, 213}, Row{4096, 9'999, {256, true}, 213},
        Row{484, 10'000, {440, false}, 366}, Row{484, 0, {440, false}, 366},
        Row{1499, 50'000, {440, false}, 366}, Row{1500, 50'000, {1440, false}, 1200},
        Row{4096, 50'000, {4032, false}, 3360}}) {
    const FilterSize size = filter_size(Mtu{row.mtu}, BitsPerSecond{row.rate});
    CHECK(size == row.size);
    CHECK(size.items_per_part() == row.items);
    CHECK(size.bytes_for(0) == 8);
    CHECK(size.bytes_for(1'000'000) == row.size.cap);
    CHECK(size.parts_for(0) == 1);
    CHECK(size.parts_for(row.items) == 1);
    CHECK(size.parts_for(row.items + 1) == 2);
    // The whole message fits the link.
    CHECK(wire_size<GossipSummary> + row.size.cap <= row.mtu);
  }
}

TEST_CASE("L1 9: the part of an item is its first four bytes modulo P", "[l1][gossip]") {
  CHECK(part_of(kVector, 1) == 0);
  CHECK(part_of(kVector, 7) == 0x7814AAB3 % 7);
  CHECK(part_of(kVector, 0xFFFF) == 0x7814AAB3 % 0xFFFF);
}
