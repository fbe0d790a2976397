#include "mehr/sim/place.h"

#include <catch2/catch.hpp>

namespace {

using namespace std::chrono_literals;
using mehr::sim::Duration;
using mehr::sim::Instant;
using mehr::sim::Position;
using mehr::sim::position_on;
using mehr::sim::Waypoint;

constexpr Instant at(Duration span) { return Instant{span}; }
constexpr Position kHome{5, -5};

}  // namespace

TEST_CASE("sim place: without a path a node is at home", "[sim][place]") {
  CHECK(position_on(kHome, {}, at(0s)) == kHome);
  CHECK(position_on(kHome, {}, at(24h)) == kHome);
}

TEST_CASE("sim place: home before the first corner, the last corner after it", "[sim][place]") {
  const std::vector<Waypoint> path{{at(10s), {100, 0}}, {at(20s), {200, 50}}};
  CHECK(position_on(kHome, path, at(0s)) == kHome);
  CHECK(position_on(kHome, path, at(10s) - 1ns) == kHome);
  CHECK(position_on(kHome, path, at(10s)) == Position{100, 0});
  CHECK(position_on(kHome, path, at(20s)) == Position{200, 50});
  CHECK(position_on(kHome, path, at(1h)) == Position{200, 50});
}

TEST_CASE("sim place: between corners it moves in a straight line", "[sim][place]") {
  const std::vector<Waypoint> path{{at(10s), {100, 0}}, {at(20s), {200, 50}}, {at(22s), {0, 50}}};
  CHECK(position_on(kHome, path, at(15s)) == Position{150, 25});
  CHECK(position_on(kHome, path, at(12500ms)) == Position{125, 12.5});
  CHECK(position_on(kHome, path, at(21s)) == Position{100, 50});
}

TEST_CASE("sim place: a corner at once is a jump", "[sim][place]") {
  const std::vector<Waypoint> path{{at(0s), {0, 0}}, {at(10s), {10, 0}}, {at(10s), {90, 0}}};
  CHECK(position_on(kHome, path, at(9s)) == Position{9, 0});
  CHECK(position_on(kHome, path, at(10s)) == Position{90, 0});
}

TEST_CASE("sim place: distances are exact where roots are", "[sim][place]") {
  CHECK(mehr::sim::distance({0, 0}, {3, 4}) == 5);
  CHECK(mehr::sim::distance({-1, 7}, {-1, 7}) == 0);
}
