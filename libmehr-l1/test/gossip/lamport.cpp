#include "mehr/l1/lamport.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <limits>

using mehr::l1::Lamport;

TEST_CASE("L1 property 27: Lamport clock", "[l1][gossip]") {
  constexpr std::uint64_t kWindow = std::uint64_t{1} << 32;
  Lamport clock;
  CHECK(clock.send() == 1);
  CHECK(clock.send() == 2);
  CHECK(clock.receive(10));
  CHECK(clock.now() == 11);
  CHECK(clock.receive(3));
  CHECK(clock.now() == 12);
  CHECK_FALSE(clock.receive(12 + kWindow + 1));
  CHECK(clock.now() == 12);
  CHECK(clock.receive(12 + kWindow));
  CHECK(clock.now() == 13 + kWindow);

  rc::prop("it rises but for times too far ahead, which leave it",
           [](std::uint64_t l, std::uint64_t r) {
             RC_PRE(l < std::numeric_limits<std::uint64_t>::max() - kWindow - 1);
             Lamport c(l);
             const bool near = r <= l + kWindow;
             RC_ASSERT(c.receive(r) == near);
             RC_ASSERT(c.now() == (near ? std::max(l, r) + 1 : l));
           });
}

TEST_CASE("L1 11: the Lamport clock ends instead of starting anew", "[l1][gossip]") {
  constexpr std::uint64_t kEnd = std::numeric_limits<std::uint64_t>::max();
  Lamport clock(kEnd - 1);
  CHECK(clock.receive(kEnd));
  CHECK(clock.now() == kEnd);
  CHECK(clock.send() == kEnd);
  CHECK(clock.receive(0));
  CHECK(clock.now() == kEnd);
}
