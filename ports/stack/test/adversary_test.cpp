// L2 as a whole against a hostile relay on hostile wires: nothing is delivered that was not sent,
// nothing twice, and nothing with another sender. spec: L2/2, L2/3, L2/4, L2/5
//
// MEHR_SEEDS says how many worlds are played; 100 unless it does.
#include "adversary.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

namespace mehr::stack::test {

namespace {

std::uint64_t seeds() {
  const char* const set = std::getenv("MEHR_SEEDS");
  return set == nullptr ? 100 : std::strtoull(set, nullptr, 10);
}

}  // namespace

TEST_CASE("L2/2: under attack nothing arrives that was not sent, nor twice", "[stack][adversary]") {
  std::uint64_t sent = 0;
  std::uint64_t arrived = 0;
  std::uint64_t mischief = 0;
  std::uint64_t onions = 0;
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    Siege siege(seed);
    siege.settle_in();
    siege.fight(20);
    siege.haunt();
    siege.calm();
    INFO("seed " << seed);
    if (!siege.wrong.empty()) FAIL("seed " << seed << ": not sent: " << siege.wrong.front());
    for (const std::string& one : siege.received) {
      if (siege.received.count(one) > 1) FAIL("seed " << seed << ": twice: " << one);
    }
    sent += siege.sent.size();
    arrived += siege.received.size();
    mischief += siege.mischief();
    onions += siege.onions_built();
  }
  CHECK(mischief > seeds() * 20);  // it was a fight
  CHECK(arrived * 5 > sent);       // and not for nothing: more than a fifth came through
  CHECK(onions > seeds());
  std::cout << seeds() << " worlds: " << sent << " messages sent, " << arrived << " arrived, "
            << onions << " onions, " << mischief << " acts of mischief\n";
}

TEST_CASE("L2/2: in peace everything arrives", "[stack][adversary]") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Siege siege(seed);
    siege.settle_in();
    for (int round = 0; round < 3; ++round) siege.peace(8);
    siege.calm();
    INFO("seed " << seed);
    CHECK(siege.wrong.empty());
    CHECK(siege.received.size() == siege.sent.size());
  }
}

}  // namespace mehr::stack::test
