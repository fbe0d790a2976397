// Whom a node dials, and when.
#include <catch2/catch.hpp>

#include "bench.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::test;
using namespace mehr::literals;

namespace {

using Addresses = std::vector<PeerAddress>;

Bootstrap::Config named() {
  Bootstrap::Config config;
  config.has_name = true;
  return config;
}

Addresses listed(std::uint32_t from, std::uint32_t count) {
  Addresses out;
  for (std::uint32_t n = from; n < from + count; ++n) out.push_back(address(n));
  return out;
}

}  // namespace

TEST_CASE("L1 property 30: stored peers first, neither name nor list is touched",
          "[l1][bootstrap]") {
  Bench b(named(), listed(9000, 2));
  REQUIRE(b.machine.load(stored_book(5)).has_value());
  for (std::uint32_t n = 1; n <= 3; ++n) b.hosts[stored_at(n)] = node_id(n);
  b.start();
  CHECK(b.dialled() ==
        Addresses{stored_at(1), stored_at(2), stored_at(3), stored_at(4), stored_at(5)});
  b.run(600_s);
  CHECK(b.links.size() == 3);
  CHECK(b.resolves == 0);
  CHECK(b.dialled().empty());
  CHECK(b.machine.next_deadline() > b.time);
}

TEST_CASE("L1 property 30: join by name within 30 s", "[l1][bootstrap]") {
  Bench b(named(), listed(9000, 2));
  b.name = listed(1, 5);
  for (std::uint32_t n = 1; n <= 5; ++n) b.hosts[address(n)] = node_id(n);
  b.start();
  CHECK(b.dials.empty());
  CHECK(b.resolves == 1);
  b.run(30_s);
  CHECK(b.links.size() == 5);  // all that the name gave
  CHECK(b.dialled() == listed(1, 5));
}

TEST_CASE("L1 property 30: the list is used when the name fails", "[l1][bootstrap]") {
  Bench b(named(), listed(9000, 2));
  b.hosts[address(9001)] = node_id(1);
  b.start();
  CHECK(b.resolves == 1);
  b.run(4999_ms);
  CHECK(b.dials.empty());
  b.run(1_ms);
  CHECK(b.dialled() == listed(9000, 2));
  b.run(25_s);
  CHECK(b.links.size() == 1);
}

TEST_CASE("L1 property 30: the list is used when nobody answers behind the name",
          "[l1][bootstrap]") {
  Bench b(named(), listed(9000, 1));
  b.name = listed(1, 3);
  b.hosts[address(9000)] = node_id(1);
  b.start();
  b.run(20_s);
  CHECK(b.dialled() == Addresses{address(1), address(2), address(3), address(9000)});
  CHECK(b.links.size() == 1);
}

TEST_CASE("L1/12: stored peers that are gone do not keep the name waiting", "[l1][bootstrap]") {
  Bench b(named());
  REQUIRE(b.machine.load(stored_book(1000)).has_value());
  b.name = listed(70'000, 1);
  b.hosts[address(70'000)] = node_id(2000);
  b.start();
  CHECK(b.dials.size() == 8);
  b.run(11_s);
  CHECK(b.dials.size() == 17);
  CHECK(b.dials.back().to == address(70'000));
  CHECK_FALSE(b.dials.back().expected.has_value());
  CHECK(b.dials.front().expected == node_id(1));
  CHECK(b.links.size() == 1);
}

TEST_CASE("L1/12: at most 8 dials at once, 5 s each", "[l1][bootstrap]") {
  Bench b(named(), listed(9000, 40));
  REQUIRE(b.machine.load(stored_book(100)).has_value());
  b.name = listed(50'000, 60);
  b.start();
  b.run(900_s);
  CHECK(b.most_pending == Bootstrap::kParallelDials);
  for (const auto& dial : b.dials) CHECK(dial.limit == 5_s);
  std::size_t of_name = 0;
  for (const auto& dial : b.dials) {
    if (dial.to.host.bytes[13] == 0 && dial.to.host.bytes[14] >= 195) ++of_name;
  }
  CHECK(of_name >= Bootstrap::kNamed);
}

TEST_CASE("L1/12: passes are repeated after 5 s doubling to 300 s", "[l1][bootstrap]") {
  Bench b({}, listed(1, 1));
  b.start();
  std::vector<std::uint64_t> starts;
  Millis last{};
  for (int i = 0; i < 40'000; ++i) {
    if (!b.dialled().empty()) {
      if (last.count != 0) starts.push_back((b.time - last).count);
      last = b.time;
    }
    b.run(100_ms);
  }
  REQUIRE(starts.size() > 8);
  std::uint64_t wait = 5'000;
  for (const std::uint64_t gap : starts) {
    CHECK(gap >= 5'000 + wait * 3 / 4 - 200);  // the dial itself takes 5 s
    CHECK(gap <= 5'000 + wait + 200);
    wait = std::min<std::uint64_t>(wait * 2, 300'000);
  }
  CHECK(wait == 300'000);
}

TEST_CASE("L1/12: the next pass goes on below in the book", "[l1][bootstrap]") {
  Bench b;
  REQUIRE(b.machine.load(stored_book(40)).has_value());
  b.hosts[stored_at(35)] = node_id(35);
  b.start();
  b.run(60_s);
  CHECK(b.link_to(node_id(35)) != l0::LinkId{});
}

TEST_CASE("L1/12: 3 to 8 outbound links are kept", "[l1][bootstrap]") {
  Bench b({}, listed(1, 1));
  REQUIRE(b.machine.load(stored_book(30)).has_value());
  for (std::uint32_t n = 1; n <= 30; ++n) b.hosts[stored_at(n)] = node_id(n);
  b.start();
  b.run(60_s);
  CHECK(b.links.size() == Bootstrap::kMostOutbound);
  b.dialled();
  while (b.links.size() > 3) b.link_down(b.links.begin()->first);
  b.run(600_s);
  CHECK(b.dials.empty());  // three are enough
  b.link_down(b.links.begin()->first);
  CHECK(b.dials.empty());
  b.run(6_s);
  CHECK(b.links.size() >= 3);
  CHECK(b.links.size() <= 8);
  for (const auto& dial : b.dials) CHECK(dial.to != address(1));  // the list is for the linkless
}

TEST_CASE("L1/12: links of configured peers count, and those are never dialled",
          "[l1][bootstrap]") {
  Bench b({}, listed(1, 3), {address(2)});
  REQUIRE(b.machine.load(stored_book(1)).has_value());
  for (std::uint16_t n = 0; n < 3; ++n) b.link_up(node_id(100U + n), true, address(500U + n));
  b.start();
  b.run(600_s);
  CHECK(b.dials.empty());
  const auto all = b.links;
  for (const auto& [id, peer] : all) b.link_down(id);
  b.run(60_s);
  const Addresses dialled = b.dialled();
  CHECK(std::find(dialled.begin(), dialled.end(), address(1)) != dialled.end());
  CHECK(std::find(dialled.begin(), dialled.end(), address(2)) == dialled.end());
}

TEST_CASE("L1/12: nobody is dialled who is linked already", "[l1][bootstrap]") {
  Bench b({}, listed(1, 1));
  REQUIRE(b.machine.load(stored_book(2)).has_value());
  b.link_up(node_id(1), false, address(77, 50'000));
  b.start();
  CHECK(b.dialled() == Addresses{stored_at(2)});
}

TEST_CASE("L1/12: a node that does not discover dials nobody, and remembers", "[l1][bootstrap]") {
  Bootstrap::Config config;
  config.discover = false;
  Bench b(config, listed(1, 3));
  REQUIRE(b.machine.load(stored_book(2)).has_value());
  b.start();
  b.link_up(node_id(50), true, address(60'000));
  b.run(600_s);
  CHECK(b.dials.empty());
  CHECK(b.sent.empty());
  CHECK(b.machine.book().find(node_id(50)) != nullptr);
  CHECK(b.machine.next_deadline() == Millis::never());
}

TEST_CASE("L1/12: the book is stored soon, then at most once a minute", "[l1][bootstrap]") {
  Bench b;
  b.start();
  CHECK(b.stores.empty());
  const auto link = b.link_up(node_id(1), true, address(1));
  REQUIRE(b.stores.size() == 1);
  PeerBook book({8, 8});
  REQUIRE(book.load(b.stores.back()).has_value());
  CHECK(book.peers().front().node == node_id(1));
  CHECK(book.peers().front().at == address(1));
  b.link_up(node_id(2), true, address(2));
  b.link_down(link);
  b.run(59'999_ms);
  CHECK(b.stores.size() == 1);
  b.run(1_ms);
  REQUIRE(b.stores.size() == 2);
  REQUIRE(book.load(b.stores.back()).has_value());
  CHECK(book.peers().size() == 2);
  CHECK(b.machine.unsaved(b.now()).empty());
  b.link_up(node_id(3), true, address(3));
  REQUIRE(book.load(b.machine.unsaved(b.now())).has_value());
  CHECK(book.peers().size() == 3);
  // Inbound links prove no address.
  b.link_up(node_id(4), false, address(4, 50'000));
  CHECK(b.machine.unsaved(b.now()).empty());
}

TEST_CASE("L1/12: a peer that comes and goes is not hammered", "[l1][bootstrap]") {
  Bench b({}, listed(1, 1));
  b.hosts[address(1)] = node_id(1);
  b.start();
  std::size_t ups = 0;
  for (int i = 0; i < 6'000; ++i) {
    b.run(100_ms);
    if (b.links.empty()) continue;
    ++ups;
    b.link_down(b.links.begin()->first);
  }
  CHECK(ups > 50);
  CHECK(ups < 600 / 3);
}
