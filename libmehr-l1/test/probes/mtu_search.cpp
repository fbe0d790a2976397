#include "mehr/l1/mtu_search.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

using namespace mehr;
using namespace mehr::l1;

namespace {

// Walks a search over a path of that MTU; the sizes it tried.
std::vector<unsigned> walk(MtuSearch& search, unsigned path) {
  std::vector<unsigned> tried;
  while (const auto size = search.next()) {
    tried.push_back(size->bytes);
    if (size->bytes <= path) {
      search.passed();
    } else {
      search.failed();
    }
    REQUIRE(tried.size() < 100);
  }
  return tried;
}

}  // namespace

TEST_CASE("L1 property 24: class-sized paths are found in at most 5 probes", "[l1][probes]") {
  MtuSearch constrained(Mtu{4096});
  CHECK(walk(constrained, 484) == std::vector<unsigned>{512, 512, 484});
  CHECK(constrained.largest() == Mtu{484});
  MtuSearch standard(Mtu{4096});
  CHECK(walk(standard, 1500) == std::vector<unsigned>{512, 1024, 2048, 2048, 1500});
  CHECK(standard.largest() == Mtu{1500});
  CHECK(standard.probes() == 5);
  MtuSearch bulk(Mtu{4096});
  CHECK(walk(bulk, 4096) == std::vector<unsigned>{512, 1024, 2048, 4096});
  CHECK(bulk.largest() == Mtu{4096});
}

TEST_CASE("L1 7: what the first link cannot carry is not probed", "[l1][probes]") {
  MtuSearch constrained(Mtu{484});
  CHECK(walk(constrained, 484) == std::vector<unsigned>{484});
  MtuSearch standard(Mtu{1500});
  CHECK(walk(standard, 1500) == std::vector<unsigned>{512, 1024, 1500});
  MtuSearch behind(Mtu{1600});
  CHECK(walk(behind, 1500) == std::vector<unsigned>{512, 1024, 1600, 1600, 1500});
  CHECK(behind.largest() == Mtu{1500});
}

TEST_CASE("L1 7: one lost probe changes nothing", "[l1][probes]") {
  MtuSearch search(Mtu{4096});
  search.failed();
  CHECK(search.next() == Mtu{512});
  search.passed();
  CHECK(search.next() == Mtu{1024});
}

TEST_CASE("L1 7: a silent destination leaves nothing known", "[l1][probes]") {
  MtuSearch search(Mtu{4096});
  CHECK(walk(search, 0).size() == 4);  // 512 and 484, twice each
  CHECK(search.largest() == Mtu{0});
}

TEST_CASE("L1 7: any path is found to within 64 bytes, or the class below", "[l1][probes]") {
  rc::prop("bisection", [] {
    const auto path = *rc::gen::inRange<unsigned>(484, 4097);
    const auto first = *rc::gen::inRange<unsigned>(path, 4097);
    MtuSearch search(Mtu{static_cast<std::uint16_t>(first)});
    const auto tried = walk(search, path);
    const unsigned found = search.largest().bytes;
    RC_ASSERT(found <= path);
    const bool is_class = found == 484 || found == 1500;
    RC_ASSERT(is_class || path - found < 64);
    RC_ASSERT(tried.size() <= 20);
    for (const unsigned size : tried) RC_ASSERT(size <= first);
  });
}
