#include "mehr/l1/network.h"

#include <catch2/catch.hpp>

#include "nodes.h"

using namespace mehr;
using namespace mehr::l1;
using test::Net;

TEST_CASE("L1 4.1: two nodes that meet know each other", "[l1][network]") {
  Net net(2);
  net.join(0, 1);
  net.world.settle();
  REQUIRE(net[0].network.routes().size() == 1);
  const RouteInfo route = net[0].network.routes()[0];
  CHECK(route.destination == net[1].id());
  CHECK(route.next_hop == net[1].id());
  CHECK(route.hop_count == 0);
  CHECK(route.cost == 0);
  CHECK(route.mtu.bytes == 4096);
  CHECK(route.latency == Millis{10});
  CHECK(route.state == RouteState::fresh);
  CHECK(net[0].network.key_of(net[1].id()) == net[1].identity.public_key());
}

TEST_CASE("L1 6: a message crosses a relay and arrives once", "[l1][network]") {
  Net net(3);
  net.line();
  net[2].listen(0xE2);
  REQUIRE(net[0].send(net[2].id(), 0xE2, Bytes{1, 2, 3}));
  net.world.settle();
  REQUIRE(net[2].received.size() == 1);
  CHECK(net[2].received[0] == Bytes{1, 2, 3});
  CHECK(net[1].network.counters().forwarded == 1);
  CHECK(net[1].received.empty());
  CHECK(net[0].network.routes().size() == 2);
}

TEST_CASE("L1 6: the origin sends type 0 with bit 4 and a start of 0 to 7 hops", "[l1][network]") {
  Net net(2);
  net.join(0, 1);
  net.world.settle();
  net[0].links.sent.clear();
  REQUIRE(net[0].send(net[1].id(), 0xF7, Bytes{9}));
  REQUIRE(net[0].links.sent.size() == 1);
  const Bytes packet = net[0].links.sent[0].packet;
  CHECK(packet[0] == 0x10);
  CHECK(packet[1] <= 7);
  CHECK(packet[18] == 0xF7);
  CHECK(packet.size() == 20);
  REQUIRE(net[0].send(net[1].id(), 0xF7, Bytes{10}));
  CHECK(net[0].links.sent[1].packet[1] == packet[1]);  // once per boot and destination
}

TEST_CASE("L0 property 11: nothing of a forwarded packet depends on its source", "[l0][network]") {
  // The same DATA to the same destination from two sources, over the same relay: what the relay
  // sends is the same but for the hop count, whose start neither source shares with its name.
  std::vector<Bytes> forwarded;
  for (const std::size_t source : {std::size_t{0}, std::size_t{3}}) {
    Net net(4);
    net.join(0, 1);
    net.join(3, 1);
    net.join(1, 2);
    net.world.settle();
    net[1].links.sent.clear();
    REQUIRE(net[source].send(net[2].id(), 0xE2, Bytes(300, 7)));
    net.world.settle();
    REQUIRE(net[1].links.sent.size() == 1);
    forwarded.push_back(net[1].links.sent[0].packet);
    const NodeId& id = net[source].id();
    const Bytes& p = forwarded.back();
    CHECK(std::search(p.begin(), p.end(), id.bytes.begin(), id.bytes.end()) == p.end());
  }
  CHECK(forwarded[0][1] >= 1);
  CHECK(forwarded[0][1] <= 8);
  forwarded[0][1] = forwarded[1][1];
  CHECK(forwarded[0] == forwarded[1]);
}

TEST_CASE("L0 property 12: hops 127 is delivered, not forwarded; 128 is dropped", "[l0][network]") {
  Net net(3);
  net.line();
  net[1].listen(0xE2);
  net[2].listen(0xE2);
  const auto packet = [&](std::size_t to, std::uint8_t hops, std::uint8_t salt) {
    return test::data_packet(net[to].id(), 0x10, hops, 0xE2, Bytes{salt});
  };
  net[1].from(0, packet(1, 127, 1));
  CHECK(net[1].received.size() == 1);
  net[1].from(0, packet(1, 128, 2));
  CHECK(net[1].received.size() == 1);
  CHECK(net[1].network.counters().malformed == 1);
  net[1].from(0, packet(2, 126, 3));
  net.world.settle();
  CHECK(net[2].received.size() == 1);
  net[1].from(0, packet(2, 127, 4));
  net.world.settle();
  CHECK(net[2].received.size() == 1);
  CHECK(net[1].network.counters().hop_limit == 1);
}

TEST_CASE("L0 property 13: one signal per 5 s and hop, then packets fit, a newer announce restores",
          "[l0][network]") {
  Net net(5);
  net.line();
  net[4].listen(0xE2);
  const NodeId to = net[4].id();
  REQUIRE(net[0].network.max_body(to) == 4077);
  // Node 3 says to node 2 that its way on is narrower than announced.
  net[2].links.listener().on_packet_too_big(net[2].link_to(3), to, Mtu{1500});
  CHECK(net[2].network.counters().mtu_lowered == 1);
  REQUIRE(net[0].send(to, 0xE2, Bytes(4000, 1)));
  net.world.settle();
  CHECK(net[2].links.signals == 1);
  CHECK(net[1].network.max_body(to) == 1481);
  CHECK(net[0].network.max_body(to) == 4077);  // one hop for each oversize packet
  for (std::uint8_t i = 0; i < 5; ++i) {
    net[1].from(
        0, test::data_packet(to, 0x10, 1, 0xE2, Bytes(4000, static_cast<std::uint8_t>(10 + i))));
    net.world.settle();
  }
  CHECK(net[1].links.signals == 1);
  CHECK(net[1].network.counters().too_big == 5);
  CHECK(net[3].links.signals == 0);  // upstream only
  CHECK(net[0].network.max_body(to) == 1481);
  net.world.pass(Millis::seconds(5));
  net[1].from(0, test::data_packet(to, 0x10, 1, 0xE2, Bytes(4000, 9)));
  net.world.settle();
  CHECK(net[1].links.signals == 2);

  CHECK(net[4].received.empty());
  CHECK(net[0].send(to, 0xE2, Bytes(1482)).error().code == Errc::too_big);
  REQUIRE(net[0].send(to, 0xE2, Bytes(1481)));
  net.world.settle();
  CHECK(net[4].received.size() == 1);

  net[4].network.announce_now();
  net.world.pass(Millis::seconds(30));
  CHECK(net[0].network.max_body(to) == 4077);
}

TEST_CASE("L0 3: what a relay refuses to forward", "[l1][network]") {
  Net net(3);
  net.line();
  net[2].listen(0xE2);
  const NodeId to = net[2].id();
  auto& counters = net[1].network.counters();
  net[1].from(0, test::data_packet(to, 0x00, 1, 0xE2, Bytes{1}));
  CHECK(counters.not_in_transport == 1);
  net[1].from(0, test::data_packet(to, 0x14, 1, 0xE2, Bytes{2}));  // group
  net[1].from(0, test::data_packet(to, 0x18, 1, 0xE2, Bytes{3}));  // plain
  net[1].from(0, test::data_packet(to, 0x13, 1, 0xE2, Bytes{4}));  // proof
  CHECK(counters.unsupported == 2);
  CHECK(counters.proofs_unasked == 1);
  net[1].from(0, test::data_packet(to, 0x50, 1, 0xE2, Bytes{4}));  // two addresses
  net[1].from(0, Bytes(18, 0));
  CHECK(counters.malformed == 2);
  net[1].from(0, test::data_packet(test::node_id(5), 0x10, 1, 0xE2, Bytes{5}));
  CHECK(counters.no_route == 1);
  net[1].from(2, test::data_packet(to, 0x10, 1, 0xE2, Bytes{6}));  // back where it came from
  CHECK(counters.no_route == 2);
  const Bytes twice = test::data_packet(to, 0x10, 1, 0xE2, Bytes{7});
  net[1].from(0, twice);
  Bytes later = twice;
  later[1] = 5;  // hops are no part of the packet id
  net[1].from(0, later);
  CHECK(counters.duplicate == 1);
  net[1].from(0, test::data_packet(net[1].id(), 0x10, 1, 0xE5, Bytes{8}));
  CHECK(counters.no_handler == 1);
  net.world.settle();
  CHECK(net[2].received.size() == 1);
}

namespace {
/// Sends from node 0 to node 1 until its queue takes no more; how many it took.
std::size_t fill(Net& net) {
  for (std::size_t sent = 0; sent < 100'000; ++sent) {
    Bytes body(1000);
    Writer(body).put(static_cast<std::uint64_t>(sent));  // or it would be a duplicate
    const Status taken = net[0].send(net[1].id(), 0xE2, body);
    if (taken) continue;
    CHECK(taken.error().code == Errc::full);
    return sent;
  }
  FAIL("the queue never fills");
  return 0;
}
}  // namespace

TEST_CASE("L1 10.3: behind a full link packets wait, then the sender is told", "[l1][network]") {
  Net net(2);
  net[1].listen(0xE2);
  net.join(0, 1);
  net.world.settle();
  const l0::LinkId link = net[0].link_to(1);
  net[0].links.ends.at(link).room = 1;
  bool writable = false;
  net[0].network.on_writable([&] { writable = true; });
  const std::size_t taken = fill(net);
  CHECK(taken > 1);
  CHECK_FALSE(writable);
  CHECK(net[0].network.counters().link_full == 1);
  net[0].links.writable(link, SIZE_MAX);
  net.world.settle();
  CHECK(writable);
  CHECK(net[1].received.size() == taken);  // none was lost on the way
  CHECK(net[0].send(net[1].id(), 0xE2, Bytes{2}).has_value());
}

TEST_CASE("L1 10.2: what is sent for a neighbour goes by its share, not by this node's own",
          "[l1][network]") {
  Net net(3);
  net[1].listen(0xE2);
  net.join(0, 1);
  net.join(0, 2);
  net.world.settle();
  net[0].links.ends.at(net[0].link_to(1)).room = 1;
  const std::size_t taken = fill(net);
  const auto send = [&](l0::LinkId behind) {
    SendOptions options;
    options.for_another = behind.value != 0;
    options.for_link = behind.value;
    return net[0].network.send(net[1].id(), {0xE2, 0}, Bytes(100, 7), options);
  };
  CHECK(send({}).error().code == Errc::full);
  // The flood that fills the queue is this node's: for the quiet neighbour there is room.
  CHECK(send(net[0].link_to(2)).has_value());
  net[0].links.writable(net[0].link_to(1), SIZE_MAX);
  net.world.settle();
  const auto& got = net[1].received;
  CHECK(std::count(got.begin(), got.end(), Bytes(100, 7)) == 1);
  CHECK(got.size() <= taken);
}

TEST_CASE("L1 6: a full link that goes down lets its senders try again", "[l1][network]") {
  Net net(2);
  net.join(0, 1);
  net.world.settle();
  net[0].links.ends.at(net[0].link_to(1)).room = 0;
  bool writable = false;
  net[0].network.on_writable([&] { writable = true; });
  fill(net);
  net.cut(0, 1);
  CHECK(writable);
}

TEST_CASE("L1 6: handlers and observers may replace themselves", "[l1][network]") {
  // What a handler captured must outlive its call; a memory checker sees it when it does not.
  Net net(2);
  const std::string kept(100, 'x');
  std::vector<std::string> seen;
  net[0].network.on_route([&, kept](const RouteEvent&) {
    net[0].network.on_route({});
    seen.push_back(kept);
  });
  net.join(0, 1);
  net.world.settle();
  net[1].network.on({0xE2, 0}, [&, kept](const Message&) {
    net[1].network.on({0xE2, 0}, {});
    seen.push_back(kept);
  });
  REQUIRE(net[0].send(net[1].id(), 0xE2, Bytes{1}));
  REQUIRE(net[0].send(net[1].id(), 0xE2, Bytes{2}));
  net.world.settle();
  const l0::LinkId link = net[0].link_to(1);
  net[0].links.ends.at(link).room = 0;
  net[0].network.on_writable([&, kept] {
    net[0].network.on_writable({});
    seen.push_back(kept);
  });
  const std::size_t taken = fill(net);
  net[0].links.writable(link, SIZE_MAX);
  net.world.settle();
  CHECK(seen == std::vector<std::string>(3, kept));
  CHECK(net[1].network.counters().no_handler == 1 + taken);
}

TEST_CASE("L1 6: errors of send name what is wrong", "[l1][network]") {
  Net net(2);
  net.join(0, 1, 484);
  net.world.settle();
  CHECK(net[0].send(test::node_id(9), 0xE2, Bytes{1}).error().code == Errc::no_route);
  CHECK(net[0].network.max_body(test::node_id(9)) == 0);
  CHECK(net[0].network.max_body(net[1].id()) == 465);
  CHECK(net[0].send(net[1].id(), 0xE2, Bytes(465)).has_value());
  CHECK(net[0].send(net[1].id(), 0xE2, Bytes(466)).error().code == Errc::too_big);
}

TEST_CASE("L1 6: a message to oneself arrives, but not from within send", "[l1][network]") {
  Net net(1);
  net[0].listen(0xE2);
  REQUIRE(net[0].send(net[0].id(), 0xE2, Bytes{5}));
  CHECK(net[0].received.empty());
  net.world.settle();
  CHECK(net[0].received.size() == 1);
  for (int i = 0; i < 16; ++i) REQUIRE(net[0].send(net[0].id(), 0xE2, Bytes{6}));
  CHECK(net[0].send(net[0].id(), 0xE2, Bytes{6}).error().code == Errc::full);
  net.world.settle();
  CHECK(net[0].received.size() == 17);
  CHECK(net[0].network.max_body(net[0].id()) == 4077);
}

TEST_CASE("L1 4: emitted rises across restarts", "[l1][network]") {
  test::MemoryStorage storage;
  Bytes far(8, 0);
  far[7] = 0x7F;  // a clock that was ahead
  storage.values["l1/emitted"] = far;
  Net net(2, Limits::small(), &storage);
  net.join(0, 1);
  net.world.settle();
  CHECK(net[1].network.routes()[0].emitted == 0x7F00000000000001);
  storage.broken = true;
  net[0].network.announce_now();
  net.world.settle();
  CHECK(net[1].network.routes()[0].emitted == 0x7F00000000000002);
  CHECK(net[0].network.counters().storage_failed == 1);
}

TEST_CASE("L1 1.2: unknown control messages are ignored", "[l1][network]") {
  Net net(2);
  net.join(0, 1);
  net.world.settle();
  net[0].links.listener().on_control(net[0].link_to(1), Bytes{0xAB, 1, 2});
  CHECK(net[0].network.counters().control_ignored == 1);
}

TEST_CASE("L1 5: observers hear of routes", "[l1][network]") {
  using Kind = RouteEvent::Kind;
  Net net(3);
  std::vector<std::pair<Kind, NodeId>> events;
  net[0].network.on_route([&](const RouteEvent& e) { events.emplace_back(e.kind, e.destination); });
  net.join(0, 1);
  net.world.settle();
  REQUIRE(events.size() == 1);
  CHECK(events[0] == std::pair(Kind::appeared, net[1].id()));
  net.join(1, 2);
  net.world.settle();
  REQUIRE(events.size() == 2);
  CHECK(events[1] == std::pair(Kind::appeared, net[2].id()));
  net.cut(0, 1);
  REQUIRE(events.size() == 4);
  CHECK(events[2].first == Kind::lost);
  CHECK(events[3].first == Kind::lost);
  net.join(0, 1);
  net.world.settle();
  CHECK(events.size() == 6);
}

TEST_CASE("L1 5: a relay that restarts is found again, and a message passes", "[l1][network]") {
  Net net(3);
  net.line();
  net[2].listen(0xE2);
  for (const Millis away : {Millis::seconds(3), Millis::seconds(900)}) {
    net.cut(0, 1);
    net.cut(1, 2);
    CHECK(net[0].send(net[2].id(), 0xE2, Bytes{1}).error().code == Errc::no_route);
    net.restart(1);
    net.world.pass(away);
    net.join(0, 1);
    net.join(1, 2);
    net.world.pass(Millis::seconds(11));
    net[2].received.clear();
    REQUIRE(net[0].send(net[2].id(), 0xE2, Bytes{2}));
    net.world.settle();
    CHECK(net[2].received.size() == 1);
  }
}
