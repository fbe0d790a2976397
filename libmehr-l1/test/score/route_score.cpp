#include "mehr/l1/route_score.h"

#include <rapidcheck/catch.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "mehr/core/messenger.h"
#include "mehr/l1/path_cost.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

NodeId node(std::uint8_t first, std::uint8_t last = 0) {
  NodeId out;
  out.bytes[0] = first;
  out.bytes[15] = last;
  return out;
}

// The score written down from the page, on long doubles, one division per term.
std::vector<long double> reference(const NodeId& destination, const std::vector<RouteTraits>& set,
                                   const PathPolicy& policy) {
  const auto number = [](const NodeId& id) {
    long double v = 0;
    for (const std::uint8_t b : id.bytes) v = v * 256 + b;
    return v;
  };
  const long double all = std::pow(2.0L, 128);
  const auto ring = [&](const NodeId& a) {
    const long double d = std::abs(number(a) - number(destination));
    return std::min(d, all - d);
  };
  long double ring_max = 0;
  long double cost_max = 0;
  long double latency_max = 0;
  for (const RouteTraits& t : set) {
    ring_max = std::max(ring_max, ring(t.neighbour));
    cost_max = std::max(cost_max, static_cast<long double>(t.cost));
    latency_max = std::max<long double>(latency_max, t.worst_latency_ms);
  }
  std::vector<long double> out;
  for (const RouteTraits& t : set) {
    const int r = t.reliability == 0 ? 128 : t.reliability;
    long double s = static_cast<long double>(policy.reliability().real) * (255 - r) / 255;
    if (ring_max > 0) s += 0.1L * ring(t.neighbour) / ring_max;
    if (cost_max > 0) {
      s += static_cast<long double>(policy.cost().real) * static_cast<long double>(t.cost) /
           cost_max;
    }
    if (latency_max > 0) {
      s += static_cast<long double>(policy.latency().real) * t.worst_latency_ms / latency_max;
    }
    out.push_back(s);
  }
  return out;
}

RouteTraits any_traits() {
  RouteTraits t;
  for (auto& b : t.neighbour.bytes) b = *rc::gen::arbitrary<std::uint8_t>();
  t.cost = CostCode{*rc::gen::inRange<std::uint16_t>(0, 1026)}.decode();
  t.worst_latency_ms = *rc::gen::inRange<std::uint16_t>(0, 1000);
  t.usable = Mtu{*rc::gen::element<std::uint16_t>(484, 940, 1500, 4096)};
  t.reliability = *rc::gen::arbitrary<std::uint8_t>();
  t.hop_count = *rc::gen::inRange<std::uint8_t>(0, 5);
  return t;
}

std::vector<RouteTraits> any_set() {
  std::vector<RouteTraits> out(*rc::gen::inRange<std::size_t>(1, kMaxScored + 1));
  for (auto& t : out) t = any_traits();
  if (out.size() > 1 && *rc::gen::inRange(0, 3) == 0) {  // twins, so that ties happen
    const NodeId own = out[1].neighbour;
    out[1] = out[0];
    if (*rc::gen::inRange(0, 2) == 0) out[1].neighbour = own;
  }
  return out;
}

PathPolicy any_policy() {
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return PathPolicy::cheapest();
    case 1:
      return PathPolicy::fastest();
    case 2:
      return PathPolicy::most_reliable();
    case 3:
      return PathPolicy::largest_mtu();
    case 4:
      return {};
    default:
      return *PathPolicy::balanced(*rc::gen::inRange(0, 100), *rc::gen::inRange(1, 100),
                                   *rc::gen::inRange(0, 100));
  }
}

}  // namespace

TEST_CASE("L1 6.1: weights of the policies", "[l1][score]") {
  using K = PathPolicy::Kind;
  struct Row {
    PathPolicy policy;
    K kind;
    double cost, latency, reliability;
    unsigned q_cost, q_latency, q_reliability;
  };
  const std::vector<Row> rows{
      {PathPolicy::cheapest(), K::cheapest, 0.8, 0.1, 0, 52428, 6554, 0},
      {PathPolicy::fastest(), K::fastest, 0.1, 0.8, 0, 6554, 52428, 0},
      {PathPolicy::most_reliable(), K::most_reliable, 0.1, 0.1, 0.7, 6554, 6554, 45875},
      {PathPolicy(), K::balanced, 0.3, 0.3, 0.3, 19661, 19661, 19661},
      {PathPolicy::largest_mtu(), K::largest_mtu, 0.1, 0.1, 0, 6554, 6554, 0},
  };
  for (const Row& row : rows) {
    CHECK(row.policy.kind() == row.kind);
    CHECK(row.policy.cost().real == row.cost);
    CHECK(row.policy.latency().real == row.latency);
    CHECK(row.policy.reliability().real == row.reliability);
    CHECK(row.policy.cost().q16 == row.q_cost);
    CHECK(row.policy.latency().q16 == row.q_latency);
    CHECK(row.policy.reliability().q16 == row.q_reliability);
  }
  CHECK(PathPolicy::ring().real == 0.1);
  CHECK(PathPolicy::ring().q16 == 6554);
  CHECK(SendOptions{}.policy == PathPolicy());
  CHECK_FALSE(SendOptions{}.onion_route);
  CHECK_FALSE(SendOptions{}.pad_to_mtu);
}

TEST_CASE("L1 6.1: Balanced weights are scaled to 0.9 and must make sense", "[l1][score]") {
  const auto p = PathPolicy::balanced(1, 2, 3);
  REQUIRE(p.has_value());
  CHECK(p->cost().real == Approx(0.15));
  CHECK(p->latency().real == Approx(0.30));
  CHECK(p->reliability().real == Approx(0.45));
  const auto only = PathPolicy::balanced(0, 5e-324, 0);  // the smallest number there is
  REQUIRE(only.has_value());
  CHECK(only->latency().real == 0.9);
  CHECK(only->latency().q16 == 58'982);
  const double huge = std::numeric_limits<double>::max();
  CHECK(PathPolicy::balanced(huge, huge, huge)->cost().real == Approx(0.3));
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  CHECK(PathPolicy::balanced(0, 0, 0).error().code == Errc::bad_value);
  for (const double bad : {-1.0, -0.001, nan, inf, -inf}) {
    CHECK(PathPolicy::balanced(bad, 1, 1).error().code == Errc::bad_value);
    CHECK(PathPolicy::balanced(1, bad, 1).error().code == Errc::bad_value);
    CHECK(PathPolicy::balanced(1, 1, bad).error().code == Errc::bad_value);
  }
}

TEMPLATE_TEST_CASE("L1 property 10: normalised cost and no division by zero", "[l1][score]",
                   Float64, Fixed16) {
  const double unit = std::is_same_v<TestType, Fixed16> ? 1.0 / double(Fixed16::kUnit) : 1.0;
  const NodeId here = node(9);
  SECTION("a cost ratio of 1000:1 leaves 0.001 of the weight to the cheaper") {
    // At the destination itself: no ring term. Reliability weighs nothing, latency is equal to 0.
    const std::vector<RouteTraits> set{{here, 5, 0, {}, 255, 0}, {here, 5000, 0, {}, 255, 0}};
    const auto scores = path_scores<TestType>(here, set, PathPolicy::cheapest());
    CHECK(double(scores[0]) * unit / 0.8 == Approx(0.001).margin(0.5 / 65535));
    CHECK(double(scores[1]) * unit / 0.8 == Approx(1.0).margin(1e-5));
  }
  SECTION("all metrics zero") {
    const std::vector<RouteTraits> set{{here, 0, 0, {}, 255, 0}, {here, 0, 0, {}, 255, 0}};
    for (const auto s : path_scores<TestType>(here, set, PathPolicy())) CHECK(s == 0);
    CHECK(choose_path<TestType>(here, set, PathPolicy())->index == 0);
  }
  SECTION("a single candidate") {
    const std::vector<RouteTraits> set{{node(1), 0, 0, Mtu{484}, 0, 0}};
    const auto scores = path_scores<TestType>(here, set, PathPolicy());
    // The whole ring weight, and 127/255 of the reliability weight: unknown counts as 128.
    CHECK(double(scores[0]) * unit == Approx(0.1 + 0.3 * 127 / 255).margin(3e-5));
    CHECK(choose_path<TestType>(here, set, PathPolicy())->index == 0);
    CHECK_FALSE(choose_path<TestType>(here, set, PathPolicy())->unmet);
  }
  SECTION("none") { CHECK_FALSE(choose_path<TestType>(here, {}, PathPolicy()).has_value()); }
  SECTION("the largest numbers there are") {
    const RouteTraits worst{node(0x89), ~0ULL, 65'535, Mtu{65'535}, 1, 255};
    const std::vector<RouteTraits> set(kMaxScored, worst);
    for (const auto s : path_scores<TestType>(here, set, PathPolicy::most_reliable())) {
      CHECK(double(s) * unit == Approx(0.3 + 0.7 * 254 / 255).margin(6e-5));
    }
  }
}

TEMPLATE_TEST_CASE("L1 property 11: each policy has its favourite", "[l1][score]", Float64,
                   Fixed16) {
  const NodeId here = node(0x10);
  // All equally far on the ring.
  const std::vector<RouteTraits> set{
      {node(0x11), 10, 900, Mtu{484}, 128, 3},    // cheap
      {node(0x11), 1000, 10, Mtu{1500}, 100, 1},  // fast
      {node(0x11), 500, 450, Mtu{940}, 255, 2},   // reliable
  };
  const auto index = [&](const PathPolicy& p) {
    return choose_path<TestType>(here, set, p)->index;
  };
  CHECK(index(PathPolicy::cheapest()) == 0);
  CHECK(index(PathPolicy::fastest()) == 1);
  CHECK(index(PathPolicy::most_reliable()) == 2);
  CHECK(index(PathPolicy()) == 2);
  // Scores 0.201, 0.201, 0.2; bonus 0, 0.1, 0.045.
  CHECK(index(PathPolicy::largest_mtu()) == 1);
}

TEMPLATE_TEST_CASE("L1 property 11: the MTU rule", "[l1][score]", Float64, Fixed16) {
  const NodeId here = node(0x10);
  std::vector<RouteTraits> set{
      {node(0x11), 10, 10, Mtu{484}, 255, 1},
      {node(0x12), 90, 90, Mtu{1500}, 255, 1},
      {node(0x13), 100, 100, Mtu{4096}, 255, 1},
  };
  const auto choose = [&](std::uint16_t min_mtu, const PathPolicy& p = {}) {
    return *choose_path<TestType>(here, set, p, min_mtu);
  };
  CHECK(choose(0).index == 0);
  CHECK(choose(484).index == 0);
  CHECK(choose(485).index == 1);  // 0.9 of cost and latency against 1.0, less a bonus of 0.1
  CHECK(choose(1501).index == 2);
  CHECK(choose(4096).index == 2);
  CHECK_FALSE(choose(4096).unmet);
  SECTION("unmet: the best of all, and one report") {
    const auto fallback = choose(4097);
    CHECK(fallback.index == 0);
    CHECK(fallback.unmet);
    CHECK(fallback.violation(here, 4097) == PathConstraintViolation{here, Mtu{4097}, Mtu{4096}});
    set.erase(set.begin() + 1, set.end());
    CHECK(choose(500).index == 0);
    CHECK(choose(500).violation(here, 500) == PathConstraintViolation{here, Mtu{500}, Mtu{484}});
  }
  SECTION("what is too narrow does not shape the scores of the rest") {
    set[0].cost = ~0ULL;  // would leave no difference between the other two costs
    set[0].worst_latency_ms = 65'535;
    set[2].usable = Mtu{1500};
    set[1].cost = 101;
    set[1].worst_latency_ms = 40;
    CHECK(choose(485, PathPolicy::cheapest()).index == 1);
    set[1].worst_latency_ms = 100;
    set[1].neighbour = set[2].neighbour;
    CHECK(choose(485, PathPolicy::cheapest()).index == 2);
  }
  SECTION("LargestMTU without a requirement starts from the narrowest") {
    set[1].cost = 10;
    set[1].worst_latency_ms = 10;
    set[1].neighbour = set[0].neighbour;
    // 1,016/3,612 of 0.1 is the whole difference between the first two.
    set[2].cost = 1000;
    set[2].worst_latency_ms = 1000;
    CHECK(choose(0, PathPolicy::largest_mtu()).index == 1);
    CHECK(choose(0, PathPolicy::fastest()).index == 0);  // tie: the first of equals stays
  }
}

TEMPLATE_TEST_CASE("L1 6.1: ties go to fewer hops, then to the lower NodeID", "[l1][score]",
                   Float64, Fixed16) {
  const NodeId here = node(0x10);
  // One unit of cost among 2^40 is far within a tie.
  const std::uint64_t base = 1ULL << 40;
  const NodeId near = node(0x11, 1);
  const NodeId nearer = node(0x11, 0);
  std::vector<RouteTraits> set{
      {near, base, 5, Mtu{484}, 9, 4},
      {near, base + 1, 5, Mtu{484}, 9, 3},
      {nearer, base + 2, 5, Mtu{484}, 9, 3},
  };
  const auto chosen = [&] {
    const auto c = choose_path<TestType>(here, set, PathPolicy());
    return set[c->index];
  };
  const RouteTraits third = set[2];
  CHECK(chosen() == third);
  std::sort(set.begin(), set.end(), [](const auto& a, const auto& b) { return a.cost > b.cost; });
  CHECK(chosen() == third);  // whatever the order
  for (auto& t : set) {
    if (t == third) t.hop_count = 5;
  }
  CHECK(chosen().hop_count == 3);
  // 0.3 x 0.001 apart: no tie any more, hops do not matter.
  for (auto& t : set) t.cost = t.hop_count == 4 ? 1000 : 1001;
  CHECK(chosen().hop_count == 4);
}

TEST_CASE("L1 6.1: f64 scores are those of the page", "[l1][score]") {
  rc::prop("against long double", [] {
    const NodeId destination = any_traits().neighbour;
    const auto set = any_set();
    const PathPolicy policy = any_policy();
    const auto expected = reference(destination, set, policy);
    const auto scores = path_scores<Float64>(destination, set, policy);
    const auto fixed = path_scores<Fixed16>(destination, set, policy);
    RC_ASSERT(scores.size() == set.size());
    for (std::size_t i = 0; i < set.size(); ++i) {
      RC_ASSERT(std::abs(scores[i] - static_cast<double>(expected[i])) < 1e-12);
      const double q = static_cast<double>(fixed[i]) / static_cast<double>(Fixed16::kUnit);
      // Four terms and four weights, each within half a unit of Q0.16 and the weights within one.
      RC_ASSERT(std::abs(q - scores[i]) < 4.5 / 65535);
    }
  });
}

TEST_CASE("L1 property 10: f64 and Q0.16 choose alike unless scores differ < 1e-3", "[l1][score]") {
  rc::prop("same next hop", [] {
    const NodeId destination = any_traits().neighbour;
    const auto set = any_set();
    const PathPolicy policy = any_policy();
    const auto min_mtu = *rc::gen::element<std::uint16_t>(0, 0, 500, 1500, 5000);
    const auto real = choose_path<Float64>(destination, set, policy, min_mtu);
    const auto fixed = choose_path<Fixed16>(destination, set, policy, min_mtu);
    RC_ASSERT(real.has_value() && fixed.has_value());
    RC_ASSERT(real->unmet == fixed->unmet && real->widest == fixed->widest);
    if (real->index == fixed->index) return;
    // The scores that the choice was made by: of those wide enough, less their bonus.
    std::vector<RouteTraits> left;
    std::size_t at[2] = {};
    for (std::size_t i = 0; i < set.size(); ++i) {
      if (!real->unmet && set[i].usable.bytes < min_mtu) continue;
      if (i == real->index) at[0] = left.size();
      if (i == fixed->index) at[1] = left.size();
      left.push_back(set[i]);
    }
    const auto scores = path_scores<Float64>(destination, left, policy);
    const auto by_mtu = [](const auto& a, const auto& b) { return a.usable < b.usable; };
    const auto low = std::min_element(left.begin(), left.end(), by_mtu);
    const auto high = std::max_element(left.begin(), left.end(), by_mtu);
    const double required = min_mtu != 0 ? min_mtu : low->usable.bytes;
    const bool by_width = !real->unmet && high->usable.bytes > required &&
                          (min_mtu != 0 || policy.kind() == PathPolicy::Kind::largest_mtu);
    const auto adjusted = [&](std::size_t i) {
      const double span = high->usable.bytes - required;
      return scores[i] - (by_width ? 0.1 * (left[i].usable.bytes - required) / span : 0.0);
    };
    RC_ASSERT(std::abs(adjusted(at[0]) - adjusted(at[1])) < 1e-3);
  });
}

TEST_CASE("L1 property 10: close calls differ now and then, never by 1e-3", "[l1][score]") {
  const NodeId here = node(0x10);
  std::uint64_t state = 1;
  const auto draw = [&](std::uint64_t below) {
    state = state * 6364136223846793005 + 1442695040888963407;
    return (state >> 33) % below;
  };
  int different = 0;
  double furthest = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::vector<RouteTraits> set(3);
    for (auto& t : set) {
      t.neighbour = node(0x11, static_cast<std::uint8_t>(draw(256)));
      t.cost = 100'000 + draw(40);
      t.worst_latency_ms = static_cast<std::uint16_t>(10'000 + draw(4));
      t.reliability = 200;
      t.hop_count = static_cast<std::uint8_t>(draw(4));
    }
    const auto real = choose_path<Float64>(here, set, PathPolicy())->index;
    const auto fixed = choose_path<Fixed16>(here, set, PathPolicy())->index;
    if (real == fixed) continue;
    ++different;
    const auto scores = path_scores<Float64>(here, set, PathPolicy());
    furthest = std::max(furthest, std::abs(scores[real] - scores[fixed]));
  }
  CHECK(different > 100);
  CHECK(furthest < 1e-3);
}

TEST_CASE("L1 6.1: the choice does not depend on the order of candidates", "[l1][score]") {
  rc::prop("reversed", [] {
    const NodeId destination = any_traits().neighbour;
    auto set = any_set();
    const PathPolicy policy = any_policy();
    const auto min_mtu = *rc::gen::element<std::uint16_t>(0, 500, 5000);
    const RouteTraits real = set[choose_path<Float64>(destination, set, policy, min_mtu)->index];
    const RouteTraits fixed = set[choose_path<Fixed16>(destination, set, policy, min_mtu)->index];
    std::reverse(set.begin(), set.end());
    const auto again = [&](std::size_t i) { return std::pair(set[i].neighbour, set[i].hop_count); };
    RC_ASSERT(again(choose_path<Float64>(destination, set, policy, min_mtu)->index) ==
              std::pair(real.neighbour, real.hop_count));
    RC_ASSERT(again(choose_path<Fixed16>(destination, set, policy, min_mtu)->index) ==
              std::pair(fixed.neighbour, fixed.hop_count));
  });
}
