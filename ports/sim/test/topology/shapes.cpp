// The regular shapes, link by link and place by place.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "mehr/sim/topology.h"

using namespace mehr;
using namespace mehr::sim;

namespace {

// A medium whose comfortable range is 100 m.
Media plain() { return Media::tcp(); }

// "0-1 1-2": who dials whom, in order.
std::string links_of(const Topology& t) {
  std::string out;
  for (const LinkSpec& link : t.links) {
    if (!out.empty()) out += ' ';
    out += std::to_string(link.a) + "-" + std::to_string(link.b);
  }
  return out;
}

std::vector<std::string> names_of(const Topology& t) {
  std::vector<std::string> out;
  for (const NodeSpec& node : t.nodes) out.push_back(node.name);
  return out;
}

double apart(const Topology& t, std::size_t a, std::size_t b) {
  return distance(t.nodes[a].at, t.nodes[b].at);
}

}  // namespace

TEST_CASE("sim topology: a line", "[sim][topology]") {
  const Topology t = line(4, plain());
  CHECK(t.name == "line");
  CHECK(names_of(t) == std::vector<std::string>{"n0", "n1", "n2", "n3"});
  CHECK(links_of(t) == "0-1 1-2 2-3");
  CHECK(t.links[1].media == "tcp");
  CHECK(t.media.size() == 1);
  CHECK(t.media.at("tcp").mtu == plain().mtu);
  CHECK(t.nodes[0].at == Position{0, 0});
  CHECK(t.nodes[3].at == Position{210, 0});
  CHECK(t.is_connected());
}

TEST_CASE("sim topology: on a line the next but one is out of comfortable range",
          "[sim][topology]") {
  const Media wifi = Media::wifi();
  const Topology t = line(3, wifi);
  CHECK(apart(t, 0, 1) < wifi.comfortable_range_m());
  CHECK(apart(t, 0, 2) > wifi.comfortable_range_m());
}

TEST_CASE("sim topology: shapes of no node and of one node", "[sim][topology]") {
  for (const Topology& t :
       {line(0, plain()), ring(0, plain()), grid(0, 3, plain()),
        star_of_stars(0, 5, plain(), plain()), random_geometric(0, 3, plain(), 1),
        kleinberg(0, 1, plain(), 1), scale_free(0, 2, plain(), 1)}) {
    CHECK(t.nodes.empty());
    CHECK(t.links.empty());
    CHECK(t.is_connected());
  }
  for (const Topology& t :
       {line(1, plain()), ring(1, plain()), grid(1, 1, plain()),
        star_of_stars(1, 0, plain(), plain()), random_geometric(1, 3, plain(), 1),
        kleinberg(1, 1, plain(), 1), scale_free(1, 2, plain(), 1)}) {
    CHECK(names_of(t) == std::vector<std::string>{"n0"});
    CHECK(t.links.empty());
    CHECK(t.is_connected());
  }
}

TEST_CASE("sim topology: a ring closes, without a second link between two", "[sim][topology]") {
  CHECK(links_of(ring(2, plain())) == "0-1");
  CHECK(links_of(ring(5, plain())) == "0-1 1-2 2-3 3-4 4-0");
}

TEST_CASE("sim topology: a ring is round and its neighbours equally far", "[sim][topology]") {
  const Topology t = ring(12, plain());
  for (std::size_t i = 0; i < 12; ++i) {
    CHECK(apart(t, i, (i + 1) % 12) == Approx(70).epsilon(1e-14));
    CHECK(distance(t.nodes[i].at, {0, 0}) ==
          Approx(distance(t.nodes[0].at, {0, 0})).epsilon(1e-14));
  }
  CHECK(t.nodes[0].at.y == 0);
  CHECK(t.nodes[1].at.y > 0);
  // A quarter round lies due north, to the last bit of the larger coordinate.
  CHECK(t.nodes[3].at.y == t.nodes[0].at.x);
  CHECK(std::abs(t.nodes[3].at.x) < 1e-12);
}

TEST_CASE("sim topology: a grid has four neighbours each", "[sim][topology]") {
  const Topology t = grid(3, 2, plain());
  CHECK(links_of(t) == "0-1 0-3 1-2 1-4 2-5 3-4 4-5");
  CHECK(t.nodes[5].at == Position{160, 80});
  CHECK(apart(t, 0, 4) > 100);  // diagonals are out of comfortable range
  CHECK(links_of(grid(1, 3, plain())) == "0-1 1-2");
}

TEST_CASE("sim topology: a star of stars", "[sim][topology]") {
  const Media roof = Media::wifi().named("roof");
  const Topology t = star_of_stars(3, 2, Media::tcp(), roof);
  CHECK(t.nodes.size() == 9);
  CHECK(links_of(t) == "1-0 2-0 3-0 4-0 5-1 6-1 7-2 8-2");
  CHECK(t.links[0].media == "backbone");
  CHECK(t.links[2].media == "access");
  CHECK(t.media.at("backbone").name == "tcp");
  CHECK(t.media.at("access").name == "roof");
  CHECK(t.nodes[0].at == Position{0, 0});
  CHECK(apart(t, 0, 1) == Approx(70));
  for (const LinkSpec& link : t.links) {
    if (link.media == "access") CHECK(apart(t, link.a, link.b) < roof.comfortable_range_m());
  }
  // The stars do not run into each other: everybody is nearest to his own hub.
  for (std::size_t leaf = 3; leaf < 9; ++leaf) {
    for (std::size_t hub = 0; hub < 3; ++hub) {
      if (hub != (leaf - 3) / 2) CHECK(apart(t, leaf, hub) > apart(t, leaf, (leaf - 3) / 2));
    }
  }
}

TEST_CASE("sim topology: links and shared media connect", "[sim][topology]") {
  Topology t = line(4, plain());
  t.links.pop_back();
  CHECK_FALSE(t.is_connected());
  t.media.emplace("air", Media::ethernet());
  t.members["air"] = {2, 3};
  CHECK(t.is_connected());
  // With links of its own, only those ask for links.
  t.links.push_back({0, 1, "air"});
  CHECK_FALSE(t.is_connected());
}

TEST_CASE("sim topology: a shared medium connects whoever is in range", "[sim][topology]") {
  Topology t;
  t.media.emplace("air", Media::wifi());  // 100 m
  t.nodes.resize(3);
  t.nodes[1].at = {100, 0};
  t.nodes[2].at = {200, 0.1};
  t.members["air"] = {0, 1, 2};
  CHECK_FALSE(t.is_connected());
  t.nodes[2].at = {200, 0};
  CHECK(t.is_connected());
  // Where its path begins is where it is when the run begins.
  t.nodes[2].path = {{Instant{}, {0, 300}}};
  CHECK_FALSE(t.is_connected());
}
