#include "mehr/sim/chance.h"

#include <catch2/catch.hpp>
#include <set>

using mehr::sim::Chance;
using mehr::sim::Duration;

TEST_CASE("sim chance: the first values of streams are known", "[sim][engine]") {
  // Computed apart: xoshiro256** over BLAKE2b-256(seed, name, a, b), integers little-endian.
  Chance channel(0x5eed, "channel", 7, 2);
  CHECK(channel.next() == 0x9a9bf20d5f9ed645);
  CHECK(channel.next() == 0x6ced0709b2d7f471);
  CHECK(channel.next() == 0xd3d63c2ba11fb37d);
  CHECK(channel.next() == 0x3e82f409ac6ff959);

  CHECK(Chance(1, "line").next() == 0x846ce45cc59c7a00);
  CHECK(Chance(0, "").next() == 0x9aea4c6be9ad2746);

  Chance ten(1, "below");
  for (const std::uint64_t expected : {5U, 8U, 0U, 1U, 0U, 1U, 9U, 7U})
    CHECK(ten.below(10) == expected);

  Chance unit(1, "unit");
  CHECK(unit.unit() == 0.26909560811253863);
  CHECK(unit.unit() == 0.6705712607399075);
}

TEST_CASE("sim chance: bytes are the stream's words, low byte first", "[sim][engine]") {
  Chance whole(1, "fill");
  std::array<std::uint8_t, 16> sixteen{};
  whole.fill(sixteen);
  CHECK(sixteen == std::array<std::uint8_t, 16>{0x61, 0x2a, 0xd2, 0xe5, 0x63, 0x2c, 0x0b, 0x3a,
                                                0xea, 0x01, 0xc1, 0x35, 0x68, 0x98, 0xdf, 0x9a});
  Chance part(1, "fill");
  std::array<std::uint8_t, 11> eleven{};
  part.fill(eleven);
  CHECK(std::equal(eleven.begin(), eleven.end(), sixteen.begin()));
  CHECK(part.next() != Chance(1, "fill").next());  // two words are gone
}

TEST_CASE("sim chance: seed, name and both numbers make separate streams", "[sim][engine]") {
  std::set<std::uint64_t> firsts;
  std::size_t streams = 0;
  for (const std::uint64_t seed : {1U, 2U}) {
    for (const char* name : {"node", "line", "lin"}) {
      for (std::uint64_t a = 0; a < 3; ++a) {
        for (std::uint64_t b = 0; b < 3; ++b, ++streams) {
          firsts.insert(Chance(seed, name, a, b).next());
        }
      }
    }
  }
  CHECK(firsts.size() == streams);

  Chance lonely(3, "node", 1);
  Chance other(3, "node", 2);
  Chance accompanied(3, "node", 1);
  for (int i = 0; i < 100; ++i) {
    static_cast<void>(other.next());
    CHECK(accompanied.next() == lonely.next());
  }
}

TEST_CASE("sim chance: draws stay within their bounds and reach them", "[sim][engine]") {
  Chance chance(9, "bounds");
  std::array<int, 6> seen{};
  for (int i = 0; i < 6000; ++i) ++seen[chance.between(std::uint64_t{0}, std::uint64_t{5})];
  for (const int n : seen) {
    CHECK(n > 880);  // 1,000 expected, four deviations are 115
    CHECK(n < 1120);
  }
  CHECK(chance.below(1) == 0);
  CHECK(chance.between(std::uint64_t{7}, std::uint64_t{7}) == 7);
  static_cast<void>(chance.between(std::uint64_t{0}, ~std::uint64_t{0}));
  bool negative = false;
  bool positive = false;
  for (int i = 0; i < 100; ++i) {
    const Duration d = chance.between(Duration{-3}, Duration{4});
    CHECK(d >= Duration{-3});
    CHECK(d <= Duration{4});
    negative |= d < Duration{0};
    positive |= d > Duration{0};
  }
  CHECK(negative);
  CHECK(positive);
  // Three quarters of the 64 bits: a plain remainder would favour the lower third two to one.
  const std::uint64_t bound = 3ULL << 62;
  int low = 0;
  for (int i = 0; i < 3000; ++i) low += chance.below(bound) < (1ULL << 62) ? 1 : 0;
  CHECK(low > 880);
  CHECK(low < 1120);
}

TEST_CASE("sim chance: certain and impossible things draw nothing", "[sim][engine]") {
  Chance chance(4, "coin");
  CHECK_FALSE(chance.happens(0));
  CHECK_FALSE(chance.happens(-1));
  CHECK(chance.happens(1));
  CHECK(chance.happens(1.5));
  CHECK(chance.next() == Chance(4, "coin").next());

  int heads = 0;
  for (int i = 0; i < 10'000; ++i) heads += chance.happens(0.2) ? 1 : 0;
  CHECK(heads > 1840);  // four deviations of 40
  CHECK(heads < 2160);
}
