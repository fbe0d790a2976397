#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <set>

#include "nodes.h"

using namespace mehr;
using namespace mehr::l1;
using test::Net;

namespace {

Bytes announce_packet(const l0::Identity& who, std::uint64_t emitted, std::uint8_t hops,
                      const Bytes& tlvs = {}) {
  const auto built = build_announce(who, emitted, tlvs);
  REQUIRE(built.has_value());
  Bytes out(kAnnouncePacketMax);
  const auto packet = write_announce_packet(who.node_id(), built->view(), hops, true, out);
  out.resize(packet->size());
  return out;
}

/// Announces of @p origin among what @p node sent, by link.
std::map<l0::LinkId, std::vector<Bytes>> announces_of(const test::Node& node,
                                                      const NodeId& origin) {
  std::map<l0::LinkId, std::vector<Bytes>> out;
  for (const auto& s : node.links.sent) {
    const auto p = decode<l0::Packet>(s.packet);
    if (p && p->flags.type() == l0::PacketType::announce && p->destination == origin) {
      out[s.link].push_back(s.packet);
    }
  }
  return out;
}

std::size_t count_of(const test::Node& node, const NodeId& origin) {
  std::size_t n = 0;
  for (const auto& [link, packets] : announces_of(node, origin)) n += packets.size();
  return n;
}

}  // namespace

TEST_CASE("L1 property 8: hops 126 in is forwarded as 127, 127 is kept", "[l1][announce]") {
  Net net(3);
  net.line();
  const auto far = test::identity(90);
  net[1].from(0, announce_packet(far, 5, 126));
  net.world.settle();
  auto sent = announces_of(net[1], far.node_id());
  REQUIRE(sent[net[1].link_to(2)].size() == 1);
  CHECK(sent[net[1].link_to(2)][0][1] == 127);
  CHECK(sent.size() == 1);  // not back
  const auto farther = test::identity(91);
  net[1].from(0, announce_packet(farther, 5, 127));
  net.world.settle();
  CHECK(announces_of(net[1], farther.node_id()).empty());
  CHECK(net[1].network.key_of(farther.node_id()).has_value());
}

TEST_CASE("README 9 clarification 17: origins send 0x01, relays 0x11", "[l1][announce]") {
  Net net(3);
  net.line();
  CHECK(announces_of(net[0], net[0].id()).begin()->second[0][0] == 0x01);
  const auto relayed = announces_of(net[1], net[0].id()).begin()->second[0];
  CHECK(relayed[0] == 0x11);
  CHECK(relayed[1] == 1);
  const auto cost = decode<Announce>(ByteView(relayed).subspan(19))->extension.path_cost;
  CHECK(cost.hop_count == 1);
  CHECK(cost.worst_latency_ms == 10);
  CHECK(cost.bottleneck_bps.value == 239);
  CHECK(cost.bottleneck_mtu.value == 48);
}

TEST_CASE("L1 4.2: what is dropped on receipt, by name", "[l1][announce]") {
  Net net(2);
  net.join(0, 1);
  net.world.settle();
  const auto& c = net[0].network.counters();
  const auto who = test::identity(77);
  const Bytes good = announce_packet(who, 50, 1);
  net[0].from(1, Bytes(good.begin(), good.end() - 1));  // 131 bytes
  Bytes group = good;
  group[0] = 0x15;
  net[0].from(1, group);
  Bytes context = good;
  context[18] = 0x0B;
  net[0].from(1, context);
  Bytes renamed = good;
  renamed[2] ^= 1;
  net[0].from(1, renamed);
  CHECK(c.announces_malformed == 4);
  net[0].from(1, announce_packet(net[0].identity, 1, 1));
  CHECK(c.announces_own == 1);
  Bytes forged = good;
  forged[19 + 40] ^= 1;
  net[0].from(1, forged);
  CHECK(c.announces_bad_signature == 1);
  CHECK(c.announces_stored == 1);  // the neighbour's own
  net[0].from(1, good);
  CHECK(c.announces_stored == 2);
  net[0].from(1, good);
  CHECK(c.announces_repeated == 1);
  net[0].from(1, announce_packet(who, 49, 1));
  CHECK(c.announces_older == 1);
  net.world.pass(Millis::seconds(7200));
  CHECK_FALSE(net[0].network.key_of(who.node_id()).has_value());
  net[0].from(1, good);
  CHECK(c.announces_replayed == 1);
}

TEST_CASE("README 9 clarification 1: other TLVs under one emitted need their own signature",
          "[l1][announce]") {
  Net net(3);
  net.join(0, 1);
  net.join(0, 2);
  net.world.settle();
  const auto who = test::identity(77);
  net[0].from(1, announce_packet(who, 50, 1));
  Bytes other = announce_packet(who, 50, 1, Bytes{0x80, 1, 7});
  other.back() ^= 1;
  net[0].from(2, other);
  CHECK(net[0].network.counters().announces_bad_signature == 1);
  net[0].from(2, announce_packet(who, 50, 1, Bytes{0x80, 1, 7}));
  CHECK(net[0].network.counters().announces_bad_signature == 1);
}

TEST_CASE("L1 4.3 rule 5: a new emitted within 10 s of the last waits", "[l1][announce]") {
  Net net(3);
  net.line();
  const auto who = test::identity(77);
  net[1].from(0, announce_packet(who, 1, 0));
  net.world.settle();
  CHECK(count_of(net[1], who.node_id()) == 1);
  net.world.pass(Millis{4000});
  net[1].from(0, announce_packet(who, 2, 0));
  net[1].from(0, announce_packet(who, 3, 0));
  net.world.pass(Millis{5999});
  CHECK(count_of(net[1], who.node_id()) == 1);
  net.world.pass(Millis{1});
  CHECK(count_of(net[1], who.node_id()) == 2);
  CHECK(net[2].network.routes().size() == 3);
  const auto sent = announces_of(net[1], who.node_id()).begin()->second;
  CHECK(decode<Announce>(ByteView(sent[1]).subspan(19))->emitted == 3);
}

TEST_CASE("L1 4.3 rule 4: at most two sends per destination, emitted and link", "[l1][announce]") {
  Net net(6);
  for (std::size_t i = 1; i < 6; ++i) net.join(0, i);
  net.world.pass(Millis::seconds(11));
  const auto who = test::identity(77);
  // Ever better paths to the same announce.
  for (std::uint8_t i = 0; i < 4; ++i) {
    Bytes packet = announce_packet(who, 9, 8);
    CompactPathCost cost;
    cost.hop_count = static_cast<std::uint8_t>(8 - 2 * i);
    set_path_cost(MutableBytes(packet).subspan(19), cost);
    net[0].from(1U + i, packet);
    net.world.settle();
  }
  const auto sent = announces_of(net[0], who.node_id());
  CHECK(sent.at(net[0].link_to(5)).size() == 2);
  for (const auto& [link, packets] : sent) CHECK(packets.size() <= 2);
}

TEST_CASE("L1 4.3 rule 6: on a shared channel announces wait, and are left out when two spoke",
          "[l1][announce]") {
  Net net(5);
  net.join(0, 1);
  for (const std::size_t i : {2U, 3U, 4U}) net.join(0, i, 484, true);
  net.world.pass(Millis::seconds(11));
  const auto who = test::identity(77);
  const auto other = test::identity(78);
  net[0].from(1, announce_packet(who, 9, 0));
  net[0].from(1, announce_packet(other, 9, 0));
  CHECK(count_of(net[0], who.node_id()) == 0);
  net[0].from(2, announce_packet(who, 9, 1));
  net[0].from(3, announce_packet(who, 9, 1));
  net[0].from(3, announce_packet(other, 9, 1));
  net.world.pass(Millis{501});
  CHECK(count_of(net[0], who.node_id()) == 0);
  CHECK(count_of(net[0], other.node_id()) == 3);
}

TEST_CASE("L1 4.1: a full link gets the rest when it is writable", "[l1][announce]") {
  Limits limits = Limits::standard();
  limits.links = 8;
  limits.routes = 1024;
  limits.packet_ids = 64;
  Net net(3, limits);
  net.join(0, 1);
  net.world.pass(Millis::seconds(11));
  for (std::uint8_t n = 50; n < 250; ++n) net[0].from(1, announce_packet(test::identity(n), 9, 0));
  net.join(0, 2);  // everything known is due there
  const l0::LinkId link = net[0].link_to(2);
  net[0].links.ends.at(link).room = 3;
  net.world.settle();
  const auto known = [&] { return net[2].network.routes().size(); };
  CHECK(known() < 201);
  for (int i = 0; i < 100 && known() < 202; ++i) {
    net[0].links.writable(link, 10);
    net.world.settle();
  }
  CHECK(known() == 202);
}

TEST_CASE("L1 4.1: the refresh comes every 1,800 s +- 5 %", "[l1][announce]") {
  Net net(2);
  net.join(0, 1);
  net.world.settle();
  net.world.pass(Millis::seconds(100 * 1800));
  const std::size_t sent = announces_of(net[0], net[0].id()).begin()->second.size();
  CHECK(sent >= 96);
  CHECK(sent <= 106);
}

TEST_CASE("L1 4.1: a silent node announces when told to, once, and relays as ever",
          "[l1][announce]") {
  Net net(4);
  net[1].network.set_announcing(false);
  net.line();
  const auto own = [&] {
    std::size_t sent = 0;
    for (const auto& s : net[1].links.sent) {
      sent += decode<l0::Packet>(s.packet)->destination == net[1].id() ? 1U : 0U;
    }
    return sent;
  };
  net.world.pass(Millis::seconds(2 * 1800));
  CHECK(own() == 0);
  CHECK(net[0].network.routes().size() == 2);  // 2 and 3, through 1
  net[1].network.announce_now();
  net.world.settle();
  CHECK(own() == 2);
  CHECK(net[3].network.key_of(net[1].id()) == net[1].identity.public_key());
  net.cut(0, 1);
  net.join(0, 1);
  net.world.pass(Millis::seconds(2 * 1800));
  CHECK(own() == 2);  // neither at the new link nor by refresh
  net[1].network.set_announcing(true);
  net.world.pass(Millis::seconds(1));  // the refresh is overdue
  CHECK(own() == 4);
  net.world.pass(Millis::seconds(1890));
  CHECK(own() == 6);
}

TEST_CASE("L1 13.3: an unknown major version is passed on unchanged", "[l1][announce]") {
  Net net(4);
  net.join(0, 1);
  net.join(0, 2);
  net.join(0, 3);
  net.world.pass(Millis::seconds(11));
  // Signed as version 2 would be, with the v1 signature rule.
  const auto who = test::identity(77);
  Announce a{who.public_key(), 9, {}, {}};
  a.extension.version = 0x20;
  const Bytes tlvs{0x80, 200};
  a.extension.tlvs = Tail{tlvs};
  Bytes message(wire_size<NodeId> + 32 + 8);
  Writer w(message);
  w.put(who.node_id());
  w.put(a.public_key);
  w.put(a.emitted);
  Bytes extension(kExtensionMin + tlvs.size());
  REQUIRE(encode(a.extension, extension).has_value());
  message.insert(message.end(), extension.begin(), extension.end());
  a.signature = who.sign("mehr-announce-v1", message);
  Bytes packet(kAnnouncePacketMax);
  Bytes data(kAnnounceFixed + extension.size());
  REQUIRE(encode(a, data).has_value());
  a.extension.path_cost.worst_latency_ms = 3;
  set_path_cost(data, a.extension.path_cost);
  packet.resize(write_announce_packet(who.node_id(), data, 4, true, packet)->size());
  net[0].from(1, packet);
  net.world.settle();
  auto sent = announces_of(net[0], who.node_id());
  CHECK(sent.size() == 2);
  packet[1] = 5;
  CHECK(sent[net[0].link_to(2)][0] == packet);
  CHECK(sent[net[0].link_to(3)][0] == packet);
}

TEST_CASE("L1 4.3: an announce reaches all of a random graph, without loops", "[l1][announce]") {
  rc::prop("random connected graphs of 20 nodes", [] {
    constexpr std::size_t kNodes = 20;
    Limits limits = Limits::small();
    limits.links = kNodes;
    Net net(kNodes, limits);
    std::set<std::pair<std::size_t, std::size_t>> edges;
    for (std::size_t i = 1; i < kNodes; ++i) edges.emplace(*rc::gen::inRange<std::size_t>(0, i), i);
    const auto extra = *rc::gen::inRange<std::size_t>(0, 20);
    for (std::size_t i = 0; i < extra; ++i) {
      const auto a = *rc::gen::inRange<std::size_t>(0, kNodes - 1);
      edges.emplace(a, *rc::gen::inRange<std::size_t>(a + 1, kNodes));
    }
    for (const auto& [a, b] : edges) net.join(a, b);
    net.world.pass(Millis::seconds(60));

    std::map<NodeId, std::size_t> number;
    for (std::size_t i = 0; i < kNodes; ++i) number[net[i].id()] = i;
    for (std::size_t from = 0; from < kNodes; ++from) {
      RC_ASSERT(net[from].network.routes().size() == kNodes - 1);
      for (const RouteInfo& route : net[from].network.routes()) {
        std::size_t at = from;
        std::size_t steps = 0;
        while (net[at].id() != route.destination) {
          RC_ASSERT(++steps <= kNodes);
          const auto routes = net[at].network.routes();
          const auto next = std::find_if(routes.begin(), routes.end(), [&](const RouteInfo& r) {
            return r.destination == route.destination;
          });
          at = number.at(next->next_hop);
        }
      }
      for (std::size_t origin = 0; origin < kNodes; ++origin) {
        if (origin == from) continue;
        for (const auto& [link, packets] : announces_of(net[from], net[origin].id())) {
          std::map<std::uint64_t, int> sends;
          for (const Bytes& p : packets) {
            RC_ASSERT(++sends[decode<Announce>(ByteView(p).subspan(19))->emitted] <= 2);
          }
        }
      }
    }
    const auto a = *rc::gen::inRange<std::size_t>(0, kNodes);
    const auto b = *rc::gen::inRange<std::size_t>(0, kNodes);
    net[b].listen(0xE2);
    RC_ASSERT(net[a].send(net[b].id(), 0xE2, Bytes{1}).has_value());
    net.world.settle();
    RC_ASSERT(net[b].received.size() == 1U);
  });
}
