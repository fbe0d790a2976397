// The drawn shapes: their structure whatever the seed, and what the seed decides.
#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "mehr/l1/ring.h"
#include "mehr/sim/node.h"
#include "mehr/sim/topology.h"

using namespace mehr;
using namespace mehr::sim;

namespace {

using Pair = std::pair<NodeIndex, NodeIndex>;

std::vector<Pair> pairs_of(const Topology& t) {
  std::vector<Pair> out;
  for (const LinkSpec& link : t.links) {
    out.emplace_back(std::min(link.a, link.b), std::max(link.a, link.b));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::size_t> degrees_of(const Topology& t) {
  std::vector<std::size_t> out(t.nodes.size());
  for (const LinkSpec& link : t.links) {
    ++out[link.a];
    ++out[link.b];
  }
  return out;
}

bool same(const Topology& a, const Topology& b) {
  const auto same_link = [](const LinkSpec& x, const LinkSpec& y) {
    return x.a == y.a && x.b == y.b && x.media == y.media;
  };
  const auto same_node = [](const NodeSpec& x, const NodeSpec& y) {
    return x.name == y.name && x.at == y.at;
  };
  return a.name == b.name &&
         std::equal(a.links.begin(), a.links.end(), b.links.begin(), b.links.end(), same_link) &&
         std::equal(a.nodes.begin(), a.nodes.end(), b.nodes.begin(), b.nodes.end(), same_node);
}

// What holds for every generated graph of @p nodes nodes.
void require_sound(const Topology& t, std::size_t nodes) {
  RC_ASSERT(t.nodes.size() == nodes);
  for (std::size_t i = 0; i < nodes; ++i) RC_ASSERT(t.nodes[i].name == "n" + std::to_string(i));
  for (const LinkSpec& link : t.links) {
    RC_ASSERT(link.a < nodes);
    RC_ASSERT(link.b < nodes);
    RC_ASSERT(link.a != link.b);
    RC_ASSERT(t.media.count(link.media) == 1);
  }
  const std::vector<Pair> pairs = pairs_of(t);
  RC_ASSERT(std::adjacent_find(pairs.begin(), pairs.end()) == pairs.end());
  RC_ASSERT(t.is_connected());
}

void require_comfortable(const Topology& t, const Media& media) {
  for (const LinkSpec& link : t.links) {
    RC_ASSERT(distance(t.nodes[link.a].at, t.nodes[link.b].at) <= media.comfortable_range_m());
  }
}

Media any_media() {
  return *rc::gen::element(Media::tcp(), Media::wifi(), Media::ble(), Media::lora());
}

template <class F>
void prove(F&& property) {
  CHECK(rc::check(std::forward<F>(property)));
}

}  // namespace

TEST_CASE("sim topology: random geometric graphs are sound", "[sim][topology]") {
  prove([] {
    const auto nodes = *rc::gen::inRange<std::size_t>(1, 200);
    const auto degree = *rc::gen::inRange<std::size_t>(0, 12);
    const Media media = any_media();
    const Topology t = random_geometric(nodes, static_cast<double>(degree), media,
                                        *rc::gen::arbitrary<std::uint64_t>());
    require_sound(t, nodes);
    require_comfortable(t, media);
    const std::size_t wanted = std::min(nodes * (nodes - 1) / 2, (nodes * degree + 1) / 2);
    RC_ASSERT(t.links.size() >= wanted);
  });
}

TEST_CASE("sim topology: a random geometric graph has its mean degree", "[sim][topology]") {
  const Topology t = random_geometric(2000, 12, Media::wifi(), 7);
  // Dense enough to need no joining: exactly that many, and exactly those within the radius.
  REQUIRE(t.links.size() == 12000);
  double radius = 0;
  for (const LinkSpec& link : t.links) {
    radius = std::max(radius, distance(t.nodes[link.a].at, t.nodes[link.b].at));
  }
  CHECK(radius == Approx(0.9 * Media::wifi().comfortable_range_m()));
  std::size_t near = 0;
  for (std::size_t i = 0; i < t.nodes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      near += distance(t.nodes[i].at, t.nodes[j].at) <= radius ? 1U : 0U;
    }
  }
  CHECK(near == 12000);
}

TEST_CASE("sim topology: random geometric places fill the square evenly", "[sim][topology]") {
  const Topology t = random_geometric(10'000, 20, Media::wifi(), 3);
  double side = 0;
  for (const NodeSpec& node : t.nodes) side = std::max({side, node.at.x, node.at.y});
  std::vector<int> quarter(16);
  for (const NodeSpec& node : t.nodes) {
    const auto x = std::min(3, static_cast<int>(node.at.x / side * 4));
    const auto y = std::min(3, static_cast<int>(node.at.y / side * 4));
    ++quarter[static_cast<std::size_t>(4 * y + x)];
  }
  for (const int count : quarter) CHECK(std::abs(count - 625) < 125);  // five deviations
}

TEST_CASE("sim topology: sparse components are joined by as few links as can be",
          "[sim][topology]") {
  // Of degree 0, all links are joins: a tree.
  const Topology alone = random_geometric(300, 0, Media::wifi(), 5);
  CHECK(alone.links.size() == 299);
  CHECK(alone.is_connected());
  const Topology sparse = random_geometric(300, 2, Media::wifi(), 5);
  CHECK(sparse.links.size() > 300);
  CHECK(sparse.links.size() < 450);
  CHECK(sparse.is_connected());
}

TEST_CASE("sim topology: Watts-Strogatz graphs are sound", "[sim][topology]") {
  prove([] {
    const auto half = *rc::gen::inRange<std::size_t>(1, 5);
    const auto nodes = *rc::gen::inRange<std::size_t>(2 * half + 1, 120);
    const double rewired = *rc::gen::element(0.0, 0.1, 0.5, 1.0);
    const Media media = any_media();
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const Topology t = watts_strogatz(nodes, 2 * half, rewired, media, seed);
    require_sound(t, nodes);
    require_comfortable(t, media);
    RC_ASSERT(t.links.size() >= nodes * half);
    RC_ASSERT(t.links.size() < nodes * half + nodes / 4 + 1);
  });
}

TEST_CASE("sim topology: without rewiring Watts-Strogatz is a ring lattice", "[sim][topology]") {
  const Topology t = watts_strogatz(7, 4, 0, Media::tcp(), 1);
  CHECK(pairs_of(t) == std::vector<Pair>{{0, 1},
                                         {0, 2},
                                         {0, 5},
                                         {0, 6},
                                         {1, 2},
                                         {1, 3},
                                         {1, 6},
                                         {2, 3},
                                         {2, 4},
                                         {3, 4},
                                         {3, 5},
                                         {4, 5},
                                         {4, 6},
                                         {5, 6}});
}

TEST_CASE("sim topology: Watts-Strogatz rewires the share it is told", "[sim][topology]") {
  const Topology t = watts_strogatz(5000, 6, 0.2, Media::tcp(), 9);
  std::size_t far = 0;
  for (const LinkSpec& link : t.links) {
    const std::size_t apart = (link.b + 5000 - link.a) % 5000;
    far += apart > 3 ? 1U : 0U;
  }
  CHECK(t.links.size() == 15'000);
  CHECK(std::abs(static_cast<double>(far) - 3000) < 250);  // five deviations
}

TEST_CASE("sim topology: Kleinberg graphs are sound", "[sim][topology]") {
  prove([] {
    const auto side = *rc::gen::inRange<std::size_t>(1, 12);
    const auto far = *rc::gen::inRange<std::size_t>(0, 4);
    const Media media = any_media();
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const Topology t = kleinberg(side, far, media, seed);
    require_sound(t, side * side);
    require_comfortable(t, media);
    const std::size_t lattice = 2 * side * (side - 1);
    RC_ASSERT(t.links.size() <= lattice + far * side * side);
    if (side > 6) RC_ASSERT(t.links.size() == lattice + far * side * side);
  });
}

TEST_CASE("sim topology: a ring of ids is one of the ids that nodes get", "[sim][topology]") {
  constexpr std::size_t kNodes = 60;
  const Topology t = ring_of_ids(kNodes, 3, Media::tcp(), 11);
  require_sound(t, kNodes);
  CHECK(t.links.size() == kNodes * 5);
  std::vector<l1::U128> at;
  std::vector<std::vector<NodeIndex>> of(kNodes);
  for (NodeIndex i = 0; i < kNodes; ++i) {
    at.push_back(l1::ring_position(identity_of(11, i).node_id()));
  }
  for (const LinkSpec& link : t.links) {
    of[link.a].push_back(link.b);
    of[link.b].push_back(link.a);
  }
  // Greedy steps arrive, and are few.
  std::size_t steps = 0;
  for (NodeIndex from = 0; from < kNodes; ++from) {
    for (NodeIndex to = 0; to < kNodes; ++to) {
      for (NodeIndex n = from; n != to; ++steps) {
        const auto distance = [&](NodeIndex a) { return l1::ring_distance(at[a], at[to]); };
        const NodeIndex next =
            *std::min_element(of[n].begin(), of[n].end(),
                              [&](NodeIndex a, NodeIndex b) { return distance(a) < distance(b); });
        REQUIRE(distance(next) < distance(n));
        n = next;
      }
    }
  }
  CHECK(steps < kNodes * kNodes * 4);
}

TEST_CASE("sim topology: a small ring of ids has the links that there are", "[sim][topology]") {
  CHECK(ring_of_ids(0, 2, Media::tcp(), 1).nodes.empty());
  CHECK(ring_of_ids(1, 2, Media::tcp(), 1).links.empty());
  CHECK(ring_of_ids(2, 2, Media::tcp(), 1).links.size() == 1);
  CHECK(ring_of_ids(5, 2, Media::tcp(), 1).links.size() == 10);
}

TEST_CASE("sim topology: ids nearby are linked more often than those far away", "[sim][topology]") {
  constexpr std::size_t kNodes = 800;
  const Topology t = ring_of_ids(kNodes, 2, Media::tcp(), 5);
  // Half of the far links lead less than about a square root of the ring away.
  std::size_t near = 0;
  for (std::size_t i = kNodes * 2; i < t.links.size(); ++i) {
    const auto place = [&](NodeIndex n) { return l1::ring_position(identity_of(5, n).node_id()); };
    const l1::U128 d = l1::ring_distance(place(t.links[i].a), place(t.links[i].b));
    if (d.high < ~std::uint64_t{0} / 28) ++near;
  }
  const std::size_t far_links = t.links.size() - kNodes * 2;
  CHECK(far_links == kNodes * 2);
  CHECK(near > far_links * 4 / 10);
  CHECK(near < far_links * 7 / 10);
}

TEST_CASE("sim topology: Kleinberg's far links are near more often than far", "[sim][topology]") {
  const Topology t = kleinberg(60, 2, Media::tcp(), 4);
  std::vector<double> at(120);
  const std::size_t lattice = std::size_t{2} * 60 * 59;
  REQUIRE(t.links.size() == lattice + 7200);
  for (std::size_t i = lattice; i < t.links.size(); ++i) {
    const int a = static_cast<int>(t.links[i].a);
    const int b = static_cast<int>(t.links[i].b);
    at[static_cast<std::size_t>(std::abs(a % 60 - b % 60) + std::abs(a / 60 - b / 60))] += 1;
  }
  CHECK(at[0] == 0);
  CHECK(at[1] == 0);
  // Probability ~ d^-2 and 4 d places at distance d: far from the border a link of length 2 is
  // drawn five times as often as one of length 10; the border takes more of the longer ones.
  CHECK(at[2] / at[10] > 4);
  CHECK(at[2] / at[10] < 9);
  CHECK(std::count_if(at.begin() + 30, at.begin() + 90, [](double n) { return n > 0; }) > 30);
}

TEST_CASE("sim topology: scale-free graphs are sound", "[sim][topology]") {
  prove([] {
    const auto nodes = *rc::gen::inRange<std::size_t>(1, 150);
    const auto links = *rc::gen::inRange<std::size_t>(1, 5);
    const Media media = any_media();
    const auto seed = *rc::gen::arbitrary<std::uint64_t>();
    const Topology t = scale_free(nodes, links, media, seed);
    require_sound(t, nodes);
    require_comfortable(t, media);
    const std::size_t first = std::min(nodes, links + 1);
    RC_ASSERT(t.links.size() == first * (first - 1) / 2 + (nodes - first) * links);
  });
}

TEST_CASE("sim topology: a scale-free graph has hubs", "[sim][topology]") {
  const std::vector<std::size_t> degrees = degrees_of(scale_free(5000, 2, Media::tcp(), 2));
  CHECK(*std::max_element(degrees.begin(), degrees.end()) > 80);  // ~ 2 sqrt(5000)
  // With m = 2 half of all nodes have degree 2: 2 / (m + 2).
  const auto least = std::count(degrees.begin(), degrees.end(), 2U);
  CHECK(std::abs(static_cast<double>(least) - 2500) < 250);
}

TEST_CASE("sim topology: the seed decides, and nothing else", "[sim][topology]") {
  const Media media = Media::wifi();
  const auto draw = [&](std::uint64_t seed) {
    return std::vector<Topology>{random_geometric(100, 6, media, seed),
                                 watts_strogatz(100, 6, 0.2, media, seed),
                                 kleinberg(10, 2, media, seed), scale_free(100, 2, media, seed)};
  };
  const auto once = draw(42);
  const auto again = draw(42);
  const auto other = draw(43);
  for (std::size_t i = 0; i < once.size(); ++i) {
    CHECK(same(once[i], again[i]));
    CHECK_FALSE(pairs_of(once[i]) == pairs_of(other[i]));
  }
}

TEST_CASE("sim topology: more nodes do not shift what the others draw", "[sim][topology]") {
  const Media media = Media::tcp();
  // The first nodes of a larger scale-free graph are the smaller one.
  const auto small = scale_free(50, 2, media, 8).links;
  const auto large = scale_free(80, 2, media, 8).links;
  for (std::size_t i = 0; i < small.size(); ++i) {
    CHECK(small[i].a == large[i].a);
    CHECK(small[i].b == large[i].b);
  }
  // Nodes stay where they are in the square, but for its size.
  const Topology few = random_geometric(100, 12, media, 8);
  const Topology many = random_geometric(140, 12, media, 8);
  const double factor = many.nodes[0].at.x / few.nodes[0].at.x;
  for (std::size_t i = 0; i < 100; ++i) {
    CHECK(many.nodes[i].at.x == Approx(few.nodes[i].at.x * factor));
    CHECK(many.nodes[i].at.y == Approx(few.nodes[i].at.y * factor));
  }
}

TEST_CASE("sim topology: every build draws the same, to the last bit", "[sim][topology]") {
  // FNV-1a over links and the bits of places.
  std::uint64_t hash = 0xcbf29ce484222325;
  const auto mix = [&hash](std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3; };
  const Media media = Media::wifi();
  for (const Topology& t :
       {ring(17, media), star_of_stars(4, 5, media, media), random_geometric(500, 3, media, 42),
        watts_strogatz(200, 6, 0.2, media, 42), kleinberg(15, 2, media, 42),
        scale_free(200, 2, media, 42)}) {
    for (const LinkSpec& link : t.links) {
      mix(link.a);
      mix(link.b);
    }
    for (const NodeSpec& node : t.nodes) {
      mix(std::bit_cast<std::uint64_t>(node.at.x));
      mix(std::bit_cast<std::uint64_t>(node.at.y));
    }
  }
  CHECK(hash == 0x2e4e5c1c52b25f0e);
}

TEST_CASE("sim topology: a hundred thousand nodes are drawn", "[sim][topology]") {
  CHECK(random_geometric(100'000, 10, Media::wifi(), 1).links.size() >= 500'000);
  CHECK(random_geometric(100'000, 1, Media::wifi(), 1).is_connected());
  CHECK(watts_strogatz(100'000, 4, 1, Media::wifi(), 1).is_connected());
  CHECK(kleinberg(316, 1, Media::wifi(), 1).is_connected());
  CHECK(scale_free(100'000, 3, Media::wifi(), 1).is_connected());
}
