#include <array>
#include <catch2/catch.hpp>

#include "mehr/l1/path_messages.h"
#include "nodes.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

PathUpdateItem item(std::uint8_t n) {
  PathUpdateItem out;
  out.destination.bytes.fill(n);
  out.emitted = 0x0102030405060708;
  out.path_cost = {{0x0304}, 0x0506, {7}, 8, {9}};
  return out;
}

const Bytes kItemAfterId{8, 7, 6, 5, 4, 3, 2, 1, 4, 3, 6, 5, 7, 8, 9};

Bytes update_bytes(std::uint8_t count, std::uint8_t items) {
  Bytes out{0x8A, count};
  for (std::uint8_t n = 1; n <= items; ++n) {
    out.insert(out.end(), 16, n);
    out.insert(out.end(), kItemAfterId.begin(), kItemAfterId.end());
  }
  return out;
}

}  // namespace

TEST_CASE("L1 4.3: a PathUpdate is a count and items of 31 bytes", "[l1][paths]") {
  const Bytes two = update_bytes(2, 2);
  CHECK(two.size() == 2 + 2 * 31);
  const auto update = decode<PathUpdate>(two);
  REQUIRE(update.has_value());
  CHECK(update->count == 2);
  CHECK(update->item(0) == item(1));
  CHECK(update->item(1) == item(2));
  Bytes out(64);
  Writer w(out);
  w.put(PathUpdate{{}, 2, {}});
  w.put(item(1));
  w.put(item(2));
  CHECK(out == two);
}

TEST_CASE("L1 4.3: a PathUpdate whose count lies is refused", "[l1][paths]") {
  CHECK_FALSE(decode<PathUpdate>(update_bytes(0, 0)).has_value());
  CHECK_FALSE(decode<PathUpdate>(update_bytes(1, 0)).has_value());
  CHECK_FALSE(decode<PathUpdate>(update_bytes(1, 2)).has_value());
  CHECK_FALSE(decode<PathUpdate>(update_bytes(3, 2)).has_value());
  Bytes cut = update_bytes(1, 1);
  cut.pop_back();
  CHECK_FALSE(decode<PathUpdate>(cut).has_value());
  CHECK_FALSE(decode<PathUpdate>(Bytes{0x8A}).has_value());
  CHECK_FALSE(decode<PathUpdate>(Bytes{}).has_value());
}

TEST_CASE("L1 4.3: a PathRequest is 25 bytes, its ttl 1 to 16", "[l1][paths]") {
  Bytes bytes{0x8B};
  bytes.insert(bytes.end(), 16, 0x11);
  for (std::uint8_t n = 1; n <= 8; ++n) bytes.push_back(n);
  bytes.push_back(16);
  REQUIRE(bytes.size() == 1 + 25);
  const auto request = decode<PathRequest>(bytes);
  REQUIRE(request.has_value());
  CHECK(request->destination.bytes[0] == 0x11);
  CHECK(request->tag == 0x0807060504030201);
  CHECK(request->ttl == 16);
  const auto encoded = encode_fixed(*request);
  CHECK(Bytes(encoded.begin(), encoded.end()) == bytes);
  for (const std::uint8_t ttl : std::array<std::uint8_t, 3>{0, 17, 255}) {
    bytes.back() = ttl;
    CHECK_FALSE(decode<PathRequest>(bytes).has_value());
  }
  bytes.back() = 1;
  bytes.push_back(0);
  CHECK_FALSE(decode<PathRequest>(bytes).has_value());
}
