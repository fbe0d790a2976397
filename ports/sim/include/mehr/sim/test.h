// SIM_TEST: a test that runs once for each of many seeds.
//
//   using namespace mehr::sim;
//   SIM_TEST("an announce crosses a lossy line", Seeds{1, 200}) {
//     Sim sim{seed};
//     auto line = sim.line(20, Media::wifi().loss(0.2));
//     sim.run_for(10min);
//     sim.heal();
//     CHECK(sim.reaches(30min, [&] { return line.back().knows(line.front().id()); }));
//   }
//
// Place: ports/sim, over Catch2 version 2; a header for test programs, the library does not know
// it. Each is one TEST_CASE with the tag [sim]; `seed` is the parameter of its body, and stands in
// every message. With MEHR_SIM_SEED in the environment ("7", "0x5eed") only that seed runs: the one
// that a failure named. A broken invariant fails the test with everything it says, and the other
// seeds run. Bounds: none. Threads: one.
#pragma once

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "mehr/sim/invariant.h"
#include "mehr/sim/sim.h"

namespace mehr::sim {

/// Seeds of a test, both ends among them.
struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

namespace test {

/// What the environment asks for instead of @p seeds; a number that is none fails the test.
inline Seeds chosen(Seeds seeds) {
  const char* const only = std::getenv("MEHR_SIM_SEED");
  if (only == nullptr || *only == '\0') return seeds;
  char* end = nullptr;
  errno = 0;
  const std::uint64_t seed = std::strtoull(only, &end, 0);
  if (*end != '\0' || errno != 0) FAIL("MEHR_SIM_SEED=" << only << " is not a seed");
  return {seed, seed};
}

template <class Body>
void for_each_seed(Seeds seeds, Body body) {
  const Seeds run = chosen(seeds);
  REQUIRE(run.first <= run.last);
  for (std::uint64_t seed = run.first;; ++seed) {
    INFO("seed " << seed << "; again alone: MEHR_SIM_SEED=" << seed);
    try {
      body(seed);
    } catch (const Violation& violation) {
      FAIL_CHECK(violation.message());
    }
    if (seed == run.last) return;
  }
}

}  // namespace test
}  // namespace mehr::sim

#define MEHR_SIM_TEST_BODY(body, name, ...)                                            \
  static void body(std::uint64_t seed);                                                \
  TEST_CASE(name, "[sim]") { ::mehr::sim::test::for_each_seed(__VA_ARGS__, &(body)); } \
  static void body([[maybe_unused]] std::uint64_t seed)

/// SIM_TEST("name", Seeds{1, 200}) { ... seed ... }
#define SIM_TEST(name, ...) \
  MEHR_SIM_TEST_BODY(INTERNAL_CATCH_UNIQUE_NAME(mehr_sim_test), name, __VA_ARGS__)
