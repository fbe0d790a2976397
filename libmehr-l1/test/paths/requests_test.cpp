// Questions for ways, and what a packet without a way does. spec: L1/4.3, L1/6
#include <catch2/catch.hpp>

#include "mehr/l1/path_messages.h"
#include "mehr/l1/path_requests.h"
#include "mehr/l1/ring.h"
#include "nodes.h"

using namespace mehr;
using namespace mehr::l1;
using test::Net;

namespace {

/// Two neighbours that tell each other nothing of what they know.
void join_silently(Net& net, std::size_t a, std::size_t b) {
  net[a].links.loses_gossip = net[b].links.loses_gossip = true;
  net.join(a, b);
}

Bytes request(const NodeId& destination, std::uint64_t tag, std::uint8_t ttl) {
  const auto bytes = encode_fixed(PathRequest{{}, destination, tag, ttl});
  return {bytes.begin(), bytes.end()};
}

std::size_t requests_sent(const test::Node& node) {
  std::size_t n = 0;
  for (const auto& sent : node.links.controls) {
    if (decode<PathRequest>(sent.packet)) ++n;
  }
  return n;
}

}  // namespace

/// One of the numbers from 9 on whose node is nearer on the ring to @p goal than @p other is, or
/// the first that is not.
std::uint8_t number_on_ring(const NodeId& goal, const NodeId& other, bool nearer) {
  std::uint8_t n = 9;
  const auto distance = [&] { return ring_distance(test::identity(n).node_id(), goal); };
  while ((distance() < ring_distance(other, goal)) != nearer) ++n;
  return n;
}

TEST_CASE("L1 4.3: who has no way asks, and a neighbour that has one tells it", "[l1][paths]") {
  Net net(4);
  net.line();  // 0 - 1 - 2 - 3 know each other
  Net& all = net;
  test::Node& late = *all.nodes.emplace_back(std::make_unique<test::Node>(
      all.world, number_on_ring(net[0].id(), net[3].id(), true), all.limits, nullptr));
  join_silently(net, 3, 4);
  net.world.pass(Millis::seconds(11));
  CHECK_FALSE(late.network.next_hop(net[0].id()).has_value());
  CHECK_FALSE(late.send(net[0].id(), 0xE1, Bytes{1}).has_value());
  net.world.settle();
  CHECK(late.network.next_hop(net[0].id()) == net[3].id());
  net[0].listen(0xE2);
  CHECK(late.send(net[0].id(), 0xE2, Bytes{2}).has_value());
  net.world.settle();
  CHECK(net[0].received == std::vector<Bytes>{Bytes{2}});
  CHECK(net[3].network.counters().path_requests_answered == 1);
}

TEST_CASE("L1 6 step 7: a packet that has a nearer neighbour goes there, and nobody asks",
          "[l1][paths]") {
  Net net(4);
  net.line();
  test::Node& late = *net.nodes.emplace_back(std::make_unique<test::Node>(
      net.world, number_on_ring(net[0].id(), net[3].id(), false), net.limits, nullptr));
  join_silently(net, 3, 4);
  net.world.pass(Millis::seconds(11));
  net[0].listen(0xE2);
  CHECK(late.send(net[0].id(), 0xE2, Bytes{2}).has_value());
  net.world.settle();
  CHECK(net[0].received == std::vector<Bytes>{Bytes{2}});
  CHECK(late.network.counters().ring_steps == 1);
  CHECK(requests_sent(late) == 0);
}

TEST_CASE("L1 4.3: a question is passed on until somebody knows, and asked once in 20 s",
          "[l1][paths]") {
  Net net(3);
  join_silently(net, 0, 1);
  net.world.pass(Millis::seconds(61));
  join_silently(net, 1, 2);
  net.world.pass(Millis::seconds(11));
  const NodeId unknown = test::node_id(77);
  for (int i = 0; i < 5; ++i) CHECK_FALSE(net[2].send(unknown, 0xE2, Bytes{1}).has_value());
  net.world.settle();
  CHECK(requests_sent(net[2]) == 1);
  CHECK(requests_sent(net[1]) == 1);  // on to 0, not back
  CHECK(requests_sent(net[0]) == 0);  // nobody left to ask
  net.world.pass(Millis{19'999});
  CHECK_FALSE(net[2].send(unknown, 0xE2, Bytes{1}).has_value());
  net.world.settle();
  CHECK(requests_sent(net[2]) == 1);
  net.world.pass(Millis{1});
  CHECK_FALSE(net[2].send(unknown, 0xE2, Bytes{1}).has_value());
  net.world.settle();
  CHECK(requests_sent(net[2]) == 2);
}

TEST_CASE("L1 4.3: seen tags, spent ttl and more than ten a second are not passed on",
          "[l1][paths]") {
  Net net(3);
  net.line();
  const auto& counters = net[1].network.counters();
  const NodeId unknown = test::node_id(77);
  net[1].from(0, request(unknown, 1, 16));
  net[1].from(0, request(unknown, 1, 16));
  CHECK(counters.path_requests_passed == 1);
  CHECK(counters.path_requests_dropped == 1);
  net[1].from(0, request(unknown, 2, 1));
  CHECK(counters.path_requests_passed == 1);
  for (std::uint64_t tag = 10; tag < 30; ++tag) net[1].from(0, request(unknown, tag, 16));
  CHECK(counters.path_requests_passed == 1 + 7);  // the first three counted too
  net.world.pass(Millis::seconds(1));
  net[1].from(0, request(unknown, 100, 16));
  CHECK(counters.path_requests_passed == 1 + 7 + 1);
  net[1].from(0, request(unknown, 101, 0));
  CHECK(counters.control_malformed == 1);
}

TEST_CASE("L1 4.1: a question for the node itself is answered with a new announce, once a minute",
          "[l1][paths]") {
  Net net(2);
  net.join(0, 1);
  net.world.pass(Millis::seconds(61));
  const auto emitted = [&] { return net[1].network.routes().at(0).emitted; };
  const std::uint64_t before = emitted();
  net[0].from(1, request(net[0].id(), 1, 16));
  net.world.settle();
  const std::uint64_t after = emitted();
  CHECK(after > before);
  net[0].from(1, request(net[0].id(), 2, 16));
  net.world.settle();
  CHECK(emitted() == after);
  CHECK(net[0].network.counters().path_requests_answered == 2);
}

TEST_CASE("L1 4.3: strangers cannot make a node ask without end", "[l1][paths]") {
  Net net(3);
  net.line();
  net[1].links.controls.clear();
  for (std::uint64_t n = 1000; n < 1100; ++n) {
    net[1].from(0, test::data_packet(test::node_id(n), 0x10, 1, 0xE2, Bytes{1}));
  }
  net.world.settle();
  CHECK(net[1].network.counters().path_requests_sent <= PathRequests::kOwnPerSecond);
}

TEST_CASE("L1 6 step 1: a packet that comes back by another link went in a circle", "[l1][paths]") {
  Net net(4);  // 1 has ways to 0 over 2 and over 3
  net.join(0, 2);
  net.join(0, 3);
  net.join(1, 2);
  net.join(1, 3);
  net.world.pass(Millis::seconds(11));
  test::Node& source = *net.nodes.emplace_back(
      std::make_unique<test::Node>(net.world, std::uint8_t{9}, net.limits, nullptr));
  (void)source;
  net.join(1, 4);
  net.world.settle();
  const Bytes packet = test::data_packet(net[0].id(), 0x10, 1, 0xE2, Bytes{1});
  const NodeId before = *net[1].network.next_hop(net[0].id());
  const std::size_t way = before == net[2].id() ? 2 : 3;
  net[1].from(4, packet);
  net[1].from(4, packet);  // sent twice by a neighbour: says nothing of our way
  CHECK(net[1].network.counters().duplicate == 1);
  CHECK(net[1].network.counters().loops == 0);
  net[1].from(way == 2 ? 3 : 2, packet);
  CHECK(net[1].network.counters().loops == 1);
  CHECK(*net[1].network.next_hop(net[0].id()) != before);
}

TEST_CASE("L1 6.3: a proof goes back the way its packet came, once, from where it went",
          "[l1][paths]") {
  Net net(4);
  net.line();
  Bytes packet = test::data_packet(net[2].id(), 0x10, 1, 0xE2, Bytes{1, 2, 3});
  net[1].from(0, packet);
  net.world.settle();
  const PacketId id = l0::packet_id(packet);
  const auto proof = [&](std::uint8_t hops) {
    return test::data_packet(NodeId{id.bytes}, 0x13, hops, 0xE2, Bytes(20));
  };
  const auto& counters = net[1].network.counters();
  net[1].from(0, proof(0));  // not from where it went
  CHECK(counters.proofs_unasked == 1);
  net[0].links.sent.clear();
  net[1].links.sent.clear();
  net[1].from(2, proof(3));
  REQUIRE(net[1].links.sent.size() == 1);
  CHECK(net[1].links.sent[0].link == net[1].link_to(0));
  CHECK(net[1].links.sent[0].packet[1] == 4);  // hops
  CHECK(counters.proofs_passed == 1);
  net[1].from(2, proof(3));
  CHECK(counters.proofs_unasked == 2);
}
