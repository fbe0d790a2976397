#include "mehr/l1/ring.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

using namespace mehr;
using namespace mehr::l1;

namespace {

__extension__ using Wide = unsigned __int128;

Wide wide(const U128& v) { return Wide{v.high} << 64 | v.low; }

NodeId id_of(const U128& v) {
  NodeId out;
  for (std::size_t i = 0; i < 8; ++i) {
    out.bytes[i] = static_cast<std::uint8_t>(v.high >> (56 - 8 * i));
    out.bytes[8 + i] = static_cast<std::uint8_t>(v.low >> (56 - 8 * i));
  }
  return out;
}

// Any magnitude is as likely as any other, and so are neighbouring values.
U128 any_u128() {
  const auto shift = *rc::gen::inRange(0U, 128U);
  return U128{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()} >> shift;
}

}  // namespace

TEST_CASE("L1 property 9: known distances on the ring", "[l1][ring]") {
  const NodeId zero;
  NodeId one;
  one.bytes[15] = 1;
  NodeId half;
  half.bytes[0] = 0x80;
  NodeId last;
  last.bytes.fill(0xFF);
  CHECK(ring_distance(zero, zero) == U128{});
  CHECK(ring_distance(zero, one) == U128{0, 1});
  CHECK(ring_distance(one, last) == U128{0, 2});
  CHECK(ring_distance(last, one) == U128{0, 2});
  CHECK(ring_distance(zero, half) == U128{1ULL << 63, 0});
  CHECK(ring_distance(one, half) == U128{(1ULL << 63) - 1, ~0ULL});
  CHECK(ring_distance(last, half) == U128{(1ULL << 63) - 1, ~0ULL});
  NodeId counting;
  for (std::size_t i = 0; i < 16; ++i) counting.bytes[i] = static_cast<std::uint8_t>(i);
  CHECK(ring_position(counting) == U128{0x0001020304050607, 0x08090A0B0C0D0E0F});
}

TEST_CASE("L1 property 9: ring distance is a metric of at most 2^127", "[l1][ring]") {
  rc::prop("symmetry, bound and triangle", [] {
    const U128 a = any_u128();
    const U128 b = any_u128();
    const U128 c = any_u128();
    const U128 ab = ring_distance(a, b);
    RC_ASSERT(ring_distance(a, a) == U128{});
    RC_ASSERT(ab == ring_distance(b, a));
    RC_ASSERT((ab == U128{}) == (a == b));
    RC_ASSERT(wide(ab) <= Wide{1} << 127);
    // Halved, since two distances may sum to 2^128; what the halves lose is at most one.
    const Wide sum = (wide(ring_distance(a, c)) >> 1) + (wide(ring_distance(c, b)) >> 1) + 1;
    RC_ASSERT((wide(ab) >> 1) <= sum);
    RC_ASSERT(ring_distance(id_of(a), id_of(b)) == ab);
  });
}

TEST_CASE("L1 6.1: 128-bit numbers agree with the compiler's", "[l1][ring]") {
  rc::prop("minus, shift, width, order", [] {
    const U128 a = any_u128();
    const U128 b = any_u128();
    RC_ASSERT(wide(a - b) == static_cast<Wide>(wide(a) - wide(b)));
    const auto by = *rc::gen::inRange(0U, 128U);
    RC_ASSERT(wide(a >> by) == wide(a) >> by);
    unsigned width = 0;
    while (width < 128 && (wide(a) >> width) != 0) ++width;
    RC_ASSERT(a.width() == width);
    RC_ASSERT((a < b) == (wide(a) < wide(b)));
    RC_ASSERT(larger(a, b) == std::max(a, b));
    const U128 twin{a.high, b.low};
    RC_ASSERT(larger(a, twin) == std::max(a, twin));
    RC_ASSERT((id_of(a) < id_of(b)) == (a < b));
  });
}

TEST_CASE("L1 6.1: ratios keep their value and round half up", "[l1][ring]") {
  CHECK(ratio_q16(0, 0) == 0);
  CHECK(ratio_q16(1, 0) == 0);
  CHECK(ratio_f64(1, 0) == 0.0);
  CHECK(ratio_q16(7, 7) == 65'535);
  CHECK(ratio_q16(1, 2) == 32'768);   // 32,767.5 goes up
  CHECK(ratio_q16(1, 131'071) == 0);  // a little below one half
  CHECK(ratio_q16(1, 131'070) == 1);  // one half
  CHECK(ratio_q16(1, 1000) == 66);    // 65.535
  CHECK(ratio_f64(1, 1000) == 0.001);
  rc::prop("against exact arithmetic", [] {
    const U128 whole = any_u128();
    const U128 part = *rc::gen::element(any_u128(), whole, whole - U128{0, 1});
    RC_PRE(!(whole < part) && whole != U128{});
    const Reduction reduce(whole);
    RC_ASSERT(reduce(whole) < std::uint64_t{1} << 48);
    if (whole.width() <= 48) {
      // floor(2 * 65,535 * part / whole + 1) / 2, exactly.
      const Wide exact = (2 * Wide{65535} * wide(part) + wide(whole)) / (2 * wide(whole));
      RC_ASSERT(ratio_q16(reduce(part), reduce(whole)) == static_cast<std::uint64_t>(exact));
    }
    const auto real = static_cast<double>(wide(part)) / static_cast<double>(wide(whole));
    RC_ASSERT(std::abs(ratio_f64(reduce(part), reduce(whole)) - real) < 2e-14);
    RC_ASSERT(std::abs(ratio_q16(reduce(part), reduce(whole)) / 65535.0 - real) < 0.500001 / 65535);
  });
}
