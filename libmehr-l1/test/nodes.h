// Whole L1 nodes in one process, joined by fake links.
#pragma once

#include <catch2/catch.hpp>

#include "fake_world.h"
#include "mehr/l1/network.h"

namespace mehr::test {

inline Bytes data_packet(const NodeId& to, std::uint8_t flags, std::uint8_t hops,
                         std::uint8_t context, const Bytes& data) {
  Bytes out(l0::kHeaderSize + data.size());
  const auto done = encode(l0::Packet{{flags}, hops, to, context, Tail{data}}, out);
  Expects(done.has_value());
  return out;
}

/// Everybody pays the same, or nothing.
class FlatPrice final : public RelayPolicy {
 public:
  [[nodiscard]] std::uint64_t price(const NodeId&) const override { return per_byte; }
  [[nodiscard]] bool admit(const NodeId&, ByteView) override { return admits; }
  std::uint64_t per_byte = 0;
  bool admits = true;
};

struct Node {
  Node(World& world, std::uint8_t number, const Limits& limits, Storage* storage)
      : identity(test::identity(number)),
        random(number),
        links(world),
        network(links, world, world, random, identity, storage, limits, &policy) {}

  [[nodiscard]] const NodeId& id() const { return identity.node_id(); }
  Status send(const NodeId& to, std::uint8_t context, const Bytes& body) {
    return network.send(to, Protocol{context, 0}, body, {});
  }
  void listen(std::uint8_t context) {
    network.on(Protocol{context, 0},
               [this](const Message& m) { received.emplace_back(m.body.begin(), m.body.end()); });
  }
  [[nodiscard]] l0::LinkId link_to(std::size_t neighbour) const { return neighbours.at(neighbour); }
  /// A packet comes in from @p neighbour.
  void from(std::size_t neighbour, Bytes packet) {
    links.inject(link_to(neighbour), std::move(packet));
  }

  /// What is known here of the way to @p to; the test fails without one.
  [[nodiscard]] PathFacts facts(const NodeId& to) const {
    const auto found = network.path(to, PathPolicy{});
    REQUIRE(found.has_value());
    return *found;
  }
  /// The price becomes @p per_byte, and the node notices: a Pong comes in on each link.
  void charge(std::uint64_t per_byte) {
    policy.per_byte = per_byte;
    for (const auto& [to, link] : neighbours) {
      links.listener().on_round_trip(link, Millis{20});
    }
  }

  l0::Identity identity;
  SeededRandom random;
  FlatPrice policy;
  FakeLinks links;
  l1::Network network;
  std::map<std::size_t, l0::LinkId> neighbours;
  std::vector<Bytes> received;
};

struct Net {
  explicit Net(std::size_t count, Limits node_limits = Limits::small(),
               Storage* first_storage = nullptr)
      : limits(node_limits) {
    for (std::size_t i = 0; i < count; ++i) {
      nodes.push_back(std::make_unique<Node>(world, static_cast<std::uint8_t>(i + 1), limits,
                                             i == 0 ? first_storage : nullptr));
    }
  }
  Node& operator[](std::size_t i) { return *nodes[i]; }

  void join(std::size_t a, std::size_t b, std::uint16_t mtu = 4096, bool half_duplex = false) {
    join(a, b, [&](l0::LinkInfo& info) {
      info.mtu = Mtu{mtu};
      info.half_duplex = half_duplex;
      info.interface = InterfaceId{static_cast<std::uint16_t>(half_duplex ? 2 : 1)};
    });
  }
  /// The same; @p shape says what the link is like, for each end.
  void join(std::size_t a, std::size_t b, const std::function<void(l0::LinkInfo&)>& shape) {
    const l0::LinkId at_a{++last_link};
    const l0::LinkId at_b{++last_link};
    one_end(a, b, at_a, at_b, shape);
    one_end(b, a, at_b, at_a, shape);
    nodes[a]->links.listener().on_link_up(nodes[a]->links.ends.at(at_a).info);
    nodes[b]->links.listener().on_link_up(nodes[b]->links.ends.at(at_b).info);
  }
  void cut(std::size_t a, std::size_t b) {
    nodes[a]->links.down(nodes[a]->link_to(b));
    nodes[b]->links.down(nodes[b]->link_to(a));
  }
  /// A new process with the same key; its links must have been cut.
  void restart(std::size_t i) {
    nodes[i] = nullptr;
    nodes[i] = std::make_unique<Node>(world, static_cast<std::uint8_t>(i + 1), limits, nullptr);
  }
  /// 0 - 1 - 2 - ..., settled.
  void line() {
    for (std::size_t i = 0; i + 1 < nodes.size(); ++i) join(i, i + 1);
    world.pass(Millis::seconds(11));
  }

  World world;
  Limits limits;
  std::vector<std::unique_ptr<Node>> nodes;
  std::uint16_t last_link = 0;

 private:
  void one_end(std::size_t at, std::size_t to, l0::LinkId own, l0::LinkId other,
               const std::function<void(l0::LinkInfo&)>& shape) {
    l0::LinkInfo info = link_info(own.value, nodes[to]->id());
    info.peer_key = nodes[to]->identity.public_key();
    shape(info);
    nodes[at]->links.ends[own] = {&nodes[to]->links, other, info};
    nodes[at]->neighbours[to] = own;
  }
};

}  // namespace mehr::test
