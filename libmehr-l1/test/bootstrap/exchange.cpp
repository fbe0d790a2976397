// What a node tells of its peers, and what it believes of what it is told.
#include <catch2/catch.hpp>

#include "bench.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::test;
using namespace mehr::literals;

namespace {

const NodeId kSelf = node_id(0xFFFF);

bool asks(const Bytes& message) {
  const auto reader = PeerExchangeReader::open(message);
  REQUIRE(reader.has_value());
  return reader->wants_reply();
}

std::vector<NodeId> named_in(const Bytes& message) {
  std::vector<NodeId> out;
  for (const PeerEntry& e : entries_of(message)) out.push_back(e.node);
  return out;
}

bool has(const std::vector<NodeId>& list, const NodeId& id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

Bootstrap::Config quiet() {
  Bootstrap::Config config;
  config.discover = false;
  return config;
}

PeerEntry entry(std::uint64_t node, const PeerAddress& at, std::uint16_t age = 0) {
  return {at, node_id(node), age};
}

}  // namespace

TEST_CASE("L1/12: a new neighbour is asked, then every 1,800 s", "[l1][bootstrap]") {
  Bench b;
  b.start();
  for (std::uint32_t n = 1; n <= 3; ++n) b.link_up(node_id(n), true, address(n));
  const auto link = b.link_to(node_id(3));
  REQUIRE(b.told(link).size() == 1);
  b.run(1799_s);
  CHECK(b.told(link).empty());
  b.run(1_s);
  const auto second = b.told(link);
  REQUIRE(second.size() == 1);
  CHECK(asks(second.front().message));
  CHECK(b.dials.empty());
}

TEST_CASE("L1/12: with few links it asks sooner, doubling", "[l1][bootstrap]") {
  Bench b;
  b.start();
  const auto link = b.link_up(node_id(1), true, address(1));
  std::vector<std::uint64_t> at;
  const Millis start = b.time;
  b.run(6000_s);
  for (const auto& sent : b.told(link)) at.push_back((sent.at - start).count / 1000);
  CHECK(at == std::vector<std::uint64_t>{0, 60, 180, 420, 900, 1860, 3660, 5460});
}

TEST_CASE("L1/12: whoever asks is answered, at most one message per 60 s", "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  const auto known = b.link_up(node_id(1), true, address(1));
  const auto link = b.link_up(node_id(2), false, address(2, 50'000));
  CHECK(b.sent.empty());
  REQUIRE(b.hear(link, message({}, true)).has_value());
  const auto first = b.told(link);
  REQUIRE(first.size() == 1);
  CHECK_FALSE(asks(first.front().message));
  CHECK(entries_of(first.front().message) == std::vector{entry(1, address(1))});
  REQUIRE(b.hear(link, message({}, true)).has_value());
  b.run(59'999_ms);
  CHECK(b.told(link).empty());
  b.run(1_ms);
  CHECK(b.told(link).size() == 1);
  b.run(600_s);
  CHECK(b.told(link).empty());
  CHECK(b.told(known).empty());
}

TEST_CASE("L1/12: only peers authenticated within 24 h are told", "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  const auto gone = b.link_up(node_id(1), true, address(1));
  b.link_up(node_id(2), true, address(2));
  b.link_down(gone);
  const auto link = b.link_up(node_id(3), false, address(3, 50'000));
  b.run(3600_s * 24 - 60_s);
  REQUIRE(b.hear(link, message({}, true)).has_value());
  auto told = b.told(link);
  REQUIRE(told.size() == 1);
  auto entries = entries_of(told.front().message);
  std::sort(entries.begin(), entries.end(),
            [](const PeerEntry& x, const PeerEntry& y) { return x.node < y.node; });
  CHECK(entries == std::vector{entry(1, address(1), 23 * 60 + 59), entry(2, address(2), 0)});
  b.run(60_s);
  REQUIRE(b.hear(link, message({}, true)).has_value());
  told = b.told(link);
  REQUIRE(told.size() == 1);
  CHECK(named_in(told.front().message) == std::vector{node_id(2)});
}

TEST_CASE("L1/12: a message fits the link and names 32 peers, 4 of one host", "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  for (std::uint32_t n = 1; n <= 60; ++n) b.link_up(node_id(n), true, address(n << 8));
  for (std::uint32_t n = 1; n <= 20; ++n) {
    b.link_up(node_id(1000 + n), true, address(7, static_cast<std::uint16_t>(n)));
  }
  const auto wide = b.link_up(node_id(2000), false, address(8000, 1));
  const auto narrow = b.link_up(node_id(2001), false, address(8001, 1), Mtu{484});
  b.good(wide, message({}, true));
  b.good(narrow, message({}, true));
  const auto to_wide = b.told(wide);
  const auto to_narrow = b.told(narrow);
  REQUIRE((to_wide.size() == 1 && to_narrow.size() == 1));
  CHECK(entries_of(to_wide.front().message).size() == Bootstrap::kTold);
  CHECK(to_narrow.front().message.size() <= 484);
  CHECK(entries_of(to_narrow.front().message).size() == (484 - 3) / kPeerEntryV4);
  std::size_t of_host = 0;
  for (int i = 0; i < 50; ++i) {
    b.run(60_s);
    b.good(wide, message({}, true));
    for (const auto& sent : b.told(wide)) {
      std::size_t here = 0;
      for (const auto& e : entries_of(sent.message)) {
        if (e.at.host == address(7).host) ++here;
      }
      CHECK(here <= 4);
      of_host += here;
    }
  }
  CHECK(of_host > 0);
}

TEST_CASE("L1/12: a node that accepts links says its port, to whom it dialled", "[l1][bootstrap]") {
  Bench b;
  b.machine.set_accepting(5000, b.now());
  b.start();
  const auto dialled = b.link_up(node_id(1), true, address(1));
  const auto came = b.link_up(node_id(2), false, address(2, 50'000));
  auto told = b.told(dialled);
  REQUIRE(told.size() == 1);
  CHECK(entries_of(told.front().message) ==
        std::vector{PeerEntry{{kUnspecifiedHost, 5000}, kSelf, 0}});
  told = b.told(came);
  REQUIRE(told.size() == 1);
  CHECK_FALSE(has(named_in(told.front().message), kSelf));
  // Another port, such as one that a router maps, is told as soon as the spacing allows.
  b.machine.set_accepting(6000, b.now());
  b.run(60_s);
  told = b.told(dialled);
  REQUIRE(told.size() == 1);
  CHECK(entries_of(told.front().message).front().at.port == 6000);
}

TEST_CASE("L1/12: an outbound-only node is never told of", "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  const auto outbound_only = b.link_up(node_id(1), false, address(1, 50'000));
  const auto asking = b.link_up(node_id(2), false, address(2, 50'000));
  b.good(outbound_only, message({}, true));
  b.good(asking, message({}, true));
  b.run(10_s);
  CHECK(b.probes.empty());
  CHECK(entries_of(b.told(asking).at(0).message).empty());
}

TEST_CASE("L1/12: who says that it accepts is told of once a connection succeeded",
          "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  const auto claims = b.link_up(node_id(1), false, address(1, 50'000));
  const auto lies = b.link_up(node_id(2), false, address(2, 50'000));
  const auto asking = b.link_up(node_id(3), false, address(3, 50'000));
  b.hosts[address(1, 4247)] = node_id(1);
  // The host is what we see, whatever the neighbour says.
  b.good(claims, message({entry(1, {kUnspecifiedHost, 4247})}, true));
  b.good(lies, message({entry(2, address(99, 80))}, true));
  REQUIRE(b.probes.size() == 2);
  CHECK(b.probes[0].to == address(1, 4247));
  CHECK(b.probes[1].to == address(2, 80));
  CHECK(b.probes[0].only_connect);
  b.good(asking, message({}, true));
  CHECK(entries_of(b.told(asking).at(0).message).empty());  // not seen yet
  b.run(60_s);
  b.good(asking, message({}, true));
  CHECK(entries_of(b.told(asking).at(0).message) == std::vector{entry(1, address(1, 4247))});
  // Saying it again costs no further connection for 1,800 s where it was true, for 300 s else.
  for (int i = 0; i < 20; ++i) {
    b.run(60_s);
    b.good(lies, message({entry(2, address(99, 80))}));
    b.good(claims, message({entry(1, {kUnspecifiedHost, 4247})}));
  }
  const auto to_liar = std::count_if(b.probes.begin(), b.probes.end(),
                                     [](const auto& probe) { return probe.to == address(2, 80); });
  CHECK(to_liar == 4);
  CHECK(b.probes.size() == 1 + 4);
  b.link_down(claims);
  b.told(asking);
  b.run(60_s);
  b.good(asking, message({}, true));
  CHECK(entries_of(b.told(asking).at(0).message).empty());
}

TEST_CASE("L1/12: a neighbour makes us connect to its own host only, once a minute",
          "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  const auto hostile = b.link_up(node_id(1), false, address(1, 50'000));
  for (std::uint16_t i = 1; i <= 600; ++i) {
    b.good(hostile, message({entry(1, address(9000, i)), entry(1, address(9001, i))}));
    b.run(1_s);
  }
  CHECK(b.probes.size() <= 11);
  for (const auto& probe : b.probes) CHECK(probe.to.host == address(1).host);
  CHECK(b.dials.empty());
}

TEST_CASE("L1/12: whom we dialled does not change where it is", "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  const auto link = b.link_up(node_id(1), true, address(1));
  b.good(link, message({entry(1, {kUnspecifiedHost, 80})}));
  b.run(10_s);
  CHECK(b.probes.empty());
  CHECK(b.machine.book().find(node_id(1))->at == address(1));
}

TEST_CASE("L1 property 30: peers beyond the first are learned and dialled", "[l1][bootstrap]") {
  Bench b({}, {address(1)});
  b.hosts[address(1)] = node_id(1);
  b.hosts[address(2)] = node_id(2);
  b.hosts[address(3)] = node_id(3);
  b.start();
  b.run(1_s);
  const auto first = b.link_to(node_id(1));
  REQUIRE(asks(b.told(first).at(0).message));
  b.good(first, message({entry(2, address(2)), entry(3, address(3)), entry(9, address(9))}));
  b.run(20_s);
  CHECK(b.links.size() == 3);
  CHECK(b.machine.book().peers().size() == 3);
  CHECK(b.machine.book().find(node_id(9)) == nullptr);
}

TEST_CASE("L1/12: told addresses no nearer than the teller are taken", "[l1][bootstrap]") {
  const PeerAddress world = address(5);
  const PeerAddress site{v4(10, 0, 0, 5), 4247};
  const PeerAddress cable{v4(169, 254, 0, 5), 4247};
  const PeerAddress host = local(4300);
  const auto taken = [&](std::optional<PeerAddress> teller) {
    Bootstrap::Config config;
    config.discover = false;
    Bench b(config);
    b.start();
    const auto link = b.link_up(node_id(1), false, teller);
    b.good(link, message({entry(2, world), entry(3, site), entry(4, cable), entry(5, host),
                          entry(6, {v4(224, 0, 0, 1), 1}), entry(7, {kUnspecifiedHost, 1}),
                          entry(8, {v4(255, 255, 255, 255), 1}), entry(9, {v6({0xFF, 2}), 1}),
                          entry(10, {Host{}, 1})}));
    return b.machine.learned().peers().size();
  };
  CHECK(taken(address(1, 50'000)) == 1);
  CHECK(taken(PeerAddress{v4(192, 168, 1, 1), 50'000}) == 2);
  CHECK(taken(PeerAddress{v4(169, 254, 1, 1), 50'000}) == 3);
  CHECK(taken(local(50'000)) == 4);
  CHECK(taken(std::nullopt) == 1);
}

TEST_CASE("L1/12: addresses are told to those only to whom they mean something",
          "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  b.link_up(node_id(1), true, local(4300));
  b.link_up(node_id(2), true, PeerAddress{v4(10, 0, 0, 2), 4247});
  b.link_up(node_id(3), true, address(3));
  const auto told = [&](std::uint64_t node, std::optional<PeerAddress> where) {
    const auto link = b.link_up(node_id(node), false, where);
    b.good(link, message({}, true));
    auto names = named_in(b.told(link).at(0).message);
    b.link_down(link);
    return names.size();
  };
  CHECK(told(10, address(10, 50'000)) == 1);
  CHECK(told(11, PeerAddress{v4(10, 0, 0, 11), 50'000}) == 2);
  CHECK(told(12, local(50'000)) == 3);
  CHECK(told(13, std::nullopt) == 1);
}

TEST_CASE("L1/12: a hostile neighbour floods no victim and displaces no proven peer",
          "[l1][bootstrap]") {
  Bench b({}, {address(1)});
  b.hosts[address(1)] = node_id(1);
  b.start();
  b.run(1_s);
  REQUIRE(b.machine.book().peers().size() == 1);
  const auto hostile = b.link_to(node_id(1));
  b.dialled();
  const Millis start = b.time;
  std::uint16_t port = 1;
  for (int i = 0; i < 3600; ++i) {
    std::vector<PeerEntry> lies;
    for (int n = 0; n < 30; ++n, ++port)
      lies.push_back(entry(5000U + port, address(66, port | 1U)));
    b.good(hostile, message(lies));
    b.run(1_s);
  }
  // An hour: 8 a minute at most, and each address once.
  CHECK((b.time - start).count / 1000 == 3600);
  const auto dialled = b.dialled();
  CHECK(dialled.size() > 50);
  CHECK(dialled.size() <= 8 * 61);
  CHECK(b.machine.book().peers().size() == 1);
  CHECK(b.machine.book().peers().front().node == node_id(1));
  CHECK(b.machine.learned().peers().size() <= 16);
  CHECK(b.machine.counters().exchanges_too_often > 3000);
}

TEST_CASE("L1/12: one victim address is tried once an hour", "[l1][bootstrap]") {
  Bench b({}, {address(1)});
  b.hosts[address(1)] = node_id(1);
  b.start();
  b.run(1_s);
  b.dialled();
  std::size_t knocks = 0;
  for (int i = 0; i < 60; ++i) {
    b.good(b.link_to(node_id(1)), message({entry(50, address(66)), entry(51, address(66))}));
    b.run(59_s);
    for (const auto& at : b.dialled()) {
      if (at == address(66)) ++knocks;
    }
  }
  CHECK(knocks == 1);
}

TEST_CASE("L1/12: what is told of ourselves, of neighbours and of long ago is left alone",
          "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  const auto teller = b.link_up(node_id(1), false, address(1, 50'000));
  b.link_up(node_id(2), true, address(2));
  b.good(teller, message({{address(5), kSelf, 0},
                          entry(2, address(6)),
                          entry(3, address(2)),
                          entry(4, address(7), 24 * 60)}));
  CHECK(b.machine.learned().empty());
  CHECK(b.machine.counters().told_refused == 4);
  b.good(teller, message({entry(4, address(7), 24 * 60 - 1), {address(8), NodeId{}, 0}}));
  CHECK(b.machine.learned().peers().size() == 2);
}

TEST_CASE("L1/12: a malformed message is an error and changes nothing", "[l1][bootstrap]") {
  Bench b(quiet());
  b.start();
  const auto link = b.link_up(node_id(1), false, address(1, 50'000));
  Bytes bad = message({entry(2, address(2))}, true);
  bad.push_back(0);
  CHECK_FALSE(b.hear(link, bad).has_value());
  CHECK(b.machine.counters().exchanges_malformed == 1);
  CHECK(b.machine.learned().empty());
  CHECK(b.sent.empty());
  CHECK(b.hear(l0::LinkId{999}, message({}, true)).has_value());
  CHECK(b.hear(l0::LinkId{}, message({}, true)).has_value());
  CHECK(b.sent.empty());
}

TEST_CASE("L1/12: a neighbour that accepts is dialled after its link is lost", "[l1][bootstrap]") {
  Bench b;
  b.hosts[address(1)] = node_id(1);
  b.start();
  const auto link = b.link_up(node_id(1), false, address(1, 50'000));
  b.good(link, message({entry(1, {kUnspecifiedHost, 4247})}));
  b.run(1_s);
  REQUIRE(b.probes.size() == 1);
  b.link_down(link);
  b.run(30_s);
  CHECK(b.link_to(node_id(1)) != l0::LinkId{});
  CHECK(b.machine.book().find(node_id(1)) != nullptr);
}
