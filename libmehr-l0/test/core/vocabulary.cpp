// Bounded, FixedBytes, byte views, Secret.
#include <catch2/catch.hpp>
#include <type_traits>
#include <vector>

#include "mehr/core/bounded.h"
#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/secret.h"
#include "mehr/core/workers.h"

using namespace mehr;

TEST_CASE("core: a bounded sequence takes its capacity and no more", "[core][bounded]") {
  Bounded<int, 3> items;
  CHECK(items.empty());
  CHECK(items.push(1));
  CHECK(items.push(2));
  CHECK(items.push(3));
  CHECK_FALSE(items.push(4));
  CHECK(std::vector<int>(items.begin(), items.end()) == std::vector<int>{1, 2, 3});
  CHECK(items[2] == 3);
  STATIC_REQUIRE(Bounded<int, 3>::capacity() == 3);
  items.clear();
  CHECK(items.size() == 0);
  items.must_push(9);
  CHECK(items[0] == 9);
  CHECK(items.size() == 1);
}

TEST_CASE("README/2.1: ids are ordered bytewise, first byte first", "[core][ids]") {
  NodeId low;
  NodeId high;
  low.bytes[15] = 0xff;
  high.bytes[0] = 1;
  CHECK(low < high);
  CHECK(NodeId{}.is_zero());
  CHECK_FALSE(low.is_zero());
  CHECK(NodeId::from(std::vector<std::uint8_t>(20, 7)) ==
        NodeId::from(std::vector<std::uint8_t>(16, 7)));
}

TEST_CASE("core: bytes are copied, compared and tested", "[core][bytes]") {
  Bytes room(4);
  const MutableBytes left = copy_bytes(Bytes{1, 2, 3}, room);
  CHECK(left.size() == 1);
  CHECK(room == Bytes{1, 2, 3, 0});
  CHECK(same_bytes(Bytes{1, 2}, ByteView(room).first(2)));
  CHECK_FALSE(same_bytes(Bytes{1}, Bytes{1, 0}));
  CHECK_FALSE(same_bytes(Bytes{1, 3}, Bytes{1, 2}));
  CHECK(all_zero({}));
  CHECK_FALSE(all_zero(room));
  CHECK(same_bytes(as_bytes("mehr"), Bytes{'m', 'e', 'h', 'r'}));
}

TEST_CASE("core: a secret cannot be copied or compared by accident", "[core][secret]") {
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<Secret<32>>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<Secret<32>>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<Secret<32>>);
  STATIC_REQUIRE_FALSE(std::is_convertible_v<Secret<32>, ByteView>);
}

TEST_CASE("core: a secret is wiped when it moves, is cleared and dies", "[core][secret]") {
  const std::array<std::uint8_t, 4> raw = {1, 2, 3, 4};
  auto first = Secret<4>::copy_of(raw);
  auto second = std::move(first);
  CHECK(same_bytes(second.expose(), raw));
  CHECK(all_zero(first.expose()));  // NOLINT: what is left behind is the point
  Secret<4> third;
  third = std::move(second);
  CHECK(same_bytes(third.expose(), raw));
  CHECK(all_zero(second.expose()));  // NOLINT
  auto& same = third;
  third = std::move(same);
  CHECK(same_bytes(third.expose(), raw));
  third.clear();
  CHECK(all_zero(third.expose()));

  alignas(Secret<4>) std::array<std::uint8_t, sizeof(Secret<4>)> place{};
  auto* const placed = new (place.data()) Secret<4>(Secret<4>::copy_of(raw));
  CHECK(same_bytes(ByteView(place).first(4), raw));
  placed->~Secret();
  CHECK(all_zero(place));
}

TEST_CASE("core: secrets and byte runs compare by all their bytes", "[core][secret]") {
  std::array<std::uint8_t, 32> raw{};
  const auto zero = Secret<32>::copy_of(raw);
  for (std::size_t bit = 0; bit < 256; ++bit) {
    raw[bit / 8] = static_cast<std::uint8_t>(1U << (bit % 8));
    CHECK_FALSE(zero.equals(Secret<32>::copy_of(raw)));
    raw[bit / 8] = 0;
  }
  CHECK(zero.equals(Secret<32>::copy_of(raw)));
  CHECK(crypto::equal_constant_time({}, {}));
  CHECK_FALSE(crypto::equal_constant_time(raw, ByteView(raw).first(31)));
}

TEST_CASE("core: workers in place run every index once, in order", "[core][workers]") {
  InlineWorkers workers;
  std::vector<std::size_t> seen;
  workers.run(5, [&](std::size_t i) { seen.push_back(i); });
  CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3, 4});
}
