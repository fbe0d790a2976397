#include "mehr/l1/path_cost.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

using namespace mehr;
using namespace mehr::l1;

namespace {
__extension__ using Wide = unsigned __int128;

// (2p)^16 and the like exceed every integer type: 32 bits a digit, lowest first.
using Big = std::vector<std::uint32_t>;

Big times(const Big& a, const Big& b) {
  Big out(a.size() + b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      carry += out[i + j] + std::uint64_t{a[i]} * b[j];
      out[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    out[i + b.size()] = static_cast<std::uint32_t>(carry);
  }
  return out;
}

unsigned bits(const Big& a) {
  for (std::size_t i = a.size(); i > 0; --i) {
    if (a[i - 1] != 0)
      return static_cast<unsigned>(32 * i) - static_cast<unsigned>(__builtin_clz(a[i - 1]));
  }
  return 0;
}

// True when x^16 <= 2^e; x is never a power of two here, since it is odd and above 1.
bool sixteenth_power_within(Wide x, unsigned e) {
  Big b;
  for (; x != 0; x >>= 32) b.push_back(static_cast<std::uint32_t>(x));
  for (int i = 0; i < 4; ++i) b = times(b, b);
  return bits(b) <= e;
}

// log2 of x to 40 binary places by repeated squaring: an independent path to the same rounding.
unsigned reference_log2code(std::uint64_t x, unsigned s) {
  const unsigned top = 63 - static_cast<unsigned>(__builtin_clzll(x));
  Wide m = static_cast<Wide>(x) << (63 - top);  // [2^63, 2^64)
  std::uint64_t fraction = 0;
  for (int bit = 0; bit < 40; ++bit) {
    m = (m * m) >> 63;
    fraction <<= 1;
    if ((m >> 64) != 0) {
      fraction |= 1;
      m >>= 1;
    }
  }
  const Wide scaled = ((static_cast<Wide>(top) << 40) + fraction) * s;
  return static_cast<unsigned>((scaled + (Wide{1} << 39)) >> 40);
}
}  // namespace

TEST_CASE("L1 property 1: cost codes", "[l1][cost]") {
  const std::vector<std::pair<std::uint64_t, unsigned>> known{
      {0, 0},     {1, 16},          {2, 25},           {5, 41},      {42, 87},
      {999, 159}, {1'000'000, 319}, {4294967295, 512}, {~0ULL, 1024}};
  for (const auto& [value, code] : known) CHECK(CostCode::encode(value).value == code);
  CHECK(CostCode{159}.decode() == 980);
  CHECK(CostCode{319}.decode() == 1'004'119);
  CHECK(CostCode{1024}.decode() == ~0ULL);
  CHECK(CostCode{0xFFFF}.decode() == ~0ULL);
}

TEST_CASE("L1 property 1: decode(e) = round-half-up(2^(e/16)) - 1 for every e", "[l1][cost]") {
  for (unsigned e = 0; e < 1024; ++e) {
    const Wide p = static_cast<Wide>(CostCode{static_cast<std::uint16_t>(e)}.decode()) + 1;
    // p - 1/2 <= 2^(e/16) < p + 1/2, doubled and raised to the 16th power.
    const bool not_below = p == 1 || sixteenth_power_within(2 * p - 1, e + 16);
    const bool not_above = !sixteenth_power_within(2 * p + 1, e + 16);
    if (!not_below || !not_above) FAIL("code " << e);
  }
}

TEST_CASE("L1 property 2: bandwidth codes", "[l1][cost]") {
  const std::vector<std::pair<std::uint64_t, unsigned>> known{{0, 0},
                                                              {1, 0},
                                                              {5, 19},
                                                              {1000, 80},
                                                              {10'000, 106},
                                                              {50'000, 125},
                                                              {1'000'000, 159},
                                                              {10'000'000, 186},
                                                              {1'000'000'000, 239},
                                                              {10'000'000'000, 255}};
  for (const auto& [bps, code] : known) CHECK(RateCode::encode({bps}).value == code);
  CHECK(RateCode{106}.decode().count == 9742);
  CHECK(RateCode{255}.decode().count == 3'938'502'376);
}

TEST_CASE("L1 property 3: MTU codes never promise more than the link", "[l1][cost]") {
  const std::vector<std::pair<std::uint16_t, unsigned>> known{
      {484, 36}, {1500, 42}, {4096, 48}, {475, 35}, {500, 36}, {1484, 41}, {228, 31}};
  for (const auto& [mtu, code] : known) CHECK(MtuCode::advertise(Mtu{mtu}).value == code);
  for (unsigned m = 484; m <= 65'535; ++m) {
    const Mtu mtu{static_cast<std::uint16_t>(m)};
    if (MtuCode::advertise(mtu).usable() > mtu) FAIL("promises too much: " << m);
  }
  const std::vector<std::pair<std::uint8_t, std::uint16_t>> usable{
      {31, 198},  {32, 235},  {33, 280},  {34, 332},  {35, 395},  {36, 484},  {37, 559},
      {38, 664},  {39, 790},  {40, 940},  {41, 1117}, {42, 1500}, {43, 1500}, {44, 1879},
      {45, 2234}, {46, 2656}, {47, 3159}, {48, 4096}, {255, 4096}};
  for (const auto& [code, mtu] : usable) CHECK(MtuCode{code}.usable().bytes == mtu);
}

TEST_CASE("L1 property 4: codes are monotonic, stable and exact", "[l1][cost]") {
  rc::prop("code(decode(code(v))) = code(v)", [] {
    const auto shift = *rc::gen::inRange(0U, 64U);
    const auto v = *rc::gen::arbitrary<std::uint64_t>() >> shift;
    const CostCode code = CostCode::encode(v);
    RC_ASSERT(CostCode::encode(code.decode()) == code);
    const RateCode rate = RateCode::encode({v});
    RC_ASSERT(RateCode::encode(rate.decode()) == rate);
    if (v != ~0ULL) RC_ASSERT(CostCode::encode(v + 1) >= code);
  });
  std::uint64_t state = 7;
  std::size_t wrong = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    const std::uint64_t x = (state >> (state & 63)) | 1;
    if (log2code(x, Steps::sixteen) != reference_log2code(x, 16)) ++wrong;
    if (log2code(x, Steps::eight) != reference_log2code(x, 8)) ++wrong;
    if (log2code(x, Steps::four) != reference_log2code(x, 4)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("L1 property 5: a chain of relays only makes a path worse", "[l1][cost]") {
  rc::prop("monotonic along any chain", [] {
    CompactPathCost cost;
    const auto hops = *rc::gen::inRange(0, 300);
    for (int i = 0; i < hops; ++i) {
      const LinkMeasure link{Millis{*rc::gen::inRange<std::uint64_t>(0, 100'000)},
                             BitsPerSecond{*rc::gen::arbitrary<std::uint64_t>()},
                             Mtu{*rc::gen::inRange<std::uint16_t>(484, 4097)}};
      const CompactPathCost entry = link_step(cost, link);
      const CompactPathCost next = relay_step(entry, *rc::gen::arbitrary<std::uint64_t>());
      RC_ASSERT(next.cost >= cost.cost);
      RC_ASSERT(next.worst_latency_ms >= cost.worst_latency_ms);
      RC_ASSERT(next.hop_count >= cost.hop_count);
      RC_ASSERT(next.bottleneck_bps <= cost.bottleneck_bps);
      RC_ASSERT(next.bottleneck_mtu <= cost.bottleneck_mtu);
      RC_ASSERT(encode_fixed(next).size() == 7U);
      cost = next;
    }
    RC_ASSERT(cost.hop_count == std::min(hops, 255));
  });
}

TEST_CASE("L1 2: the neutral path cost and its bytes", "[l1][cost]") {
  const std::array<std::uint8_t, 7> neutral{0, 0, 0, 0, 0xFF, 0, 0xFF};
  CHECK(encode_fixed(CompactPathCost{}) == neutral);
  const std::array<std::uint8_t, 7> bytes{0x34, 0x12, 0x78, 0x56, 1, 2, 3};
  const auto cost = decode<CompactPathCost>(bytes);
  REQUIRE(cost.has_value());
  CHECK(cost->cost.value == 0x1234);
  CHECK(cost->worst_latency_ms == 0x5678);
  CHECK(cost->bottleneck_bps.value == 1);
  CHECK(cost->hop_count == 2);
  CHECK(cost->bottleneck_mtu.value == 3);
  CHECK(decode<CompactPathCost>(ByteView(bytes).first(6)).error().code == Errc::truncated);
}

TEST_CASE("L1 2.1: an unknown cost stays unknown and ranks last", "[l1][cost]") {
  CompactPathCost cost;
  cost.cost = CostCode{0xFFFF};
  CHECK(relay_step(cost, 5).cost.value == 0xFFFF);
  CHECK(cost.metric() > CompactPathCost{CostCode{1024}, 0, {}, 9, {}}.metric());
  cost.cost = CostCode{1025};
  CHECK(cost.metric().cost.value == 1024);
  cost.cost = CostCode{65'534};
  CHECK(relay_step(cost, 0).cost.value == 1024);
  CHECK(relay_step(CompactPathCost{}, 1).cost.value == 16);
  CHECK(relay_step(CompactPathCost{CostCode{1024}, 0, {}, 255, {}}, ~0ULL).hop_count == 255);
}
