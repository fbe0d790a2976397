// A node with a door to its links: what it gives to a neighbour is there for the test to carry.
#pragma once

#include "mehr/l2/sealed_messenger.h"
#include "support.h"

namespace mehr::l2::test {

/// L1's door to links, over pairs of numbers and neighbours.
class FakeLinks final : public l1::ControlDoor {
 public:
  struct Sent {
    std::uint16_t link = 0;
    std::uint8_t tier = 0;
    Bytes message;
  };
  std::map<std::uint16_t, l1::LinkEnd> ends;
  std::map<std::uint8_t, l1::ControlHandler*> handlers;
  std::vector<Sent> sent;
  std::vector<NodeId> sought;

  void on_control_type(std::uint8_t type, l1::ControlHandler* handler) override {
    handlers[type] = handler;
  }
  Status send_control(l1::LinkId link, std::uint8_t tier, ByteView message) override {
    sent.push_back({link.value, tier, bytes_of(message)});
    return {};
  }
  std::size_t room = 25;  // of every link, at a time
  [[nodiscard]] std::size_t room_for(l1::LinkId, std::size_t) const override { return room; }
  [[nodiscard]] std::optional<l1::LinkEnd> end_of(l1::LinkId link) const override {
    const auto at = ends.find(link.value);
    return at == ends.end() ? std::nullopt : std::optional(at->second);
  }
  [[nodiscard]] std::optional<l1::LinkId> link_to(const NodeId& neighbour) const override {
    for (const auto& [id, end] : ends) {
      if (end.peer == neighbour) return l1::LinkId{id};
    }
    return std::nullopt;
  }
  bool seek(const NodeId& node) override {
    sought.push_back(node);
    return true;
  }
  /// A message of the neighbour on @p link; false: it was its fault.
  bool come(std::uint16_t link, ByteView message) {
    return handlers.at(message[0])->on_control({link}, message).has_value();
  }
};

struct Member {
  struct Got {
    Protocol protocol;
    std::optional<PublicKey> sender;
    Bytes body;
    std::uint32_t link = 0;
  };
  l0::Identity me;
  FakeFloor floor;
  FakeLinks links;
  KeyBook keys;
  SeededRandom random;
  SetClock clock;
  SealedMessenger door;
  std::vector<Got> got;

  explicit Member(std::uint8_t seed)
      : me(identity(seed)),
        random(seed + 100U),
        door(floor, keys, me, random, clock, Limits::standard(),
             {&links, nullptr, nullptr, nullptr}) {}

  MessageHandler collect() {
    return [this](const Message& m) {
      got.push_back({m.protocol, m.sender, bytes_of(m.body), m.link});
    };
  }
  /// All packets sent so far, handed to @p other as L1 would.
  void hand_to(Member& other) {
    auto sent = std::move(floor.sent);
    floor.sent.clear();
    for (const auto& s : sent) other.floor.deliver(s.protocol.context, s.body);
  }
};

/// Two that know each other, and a link 1 between them.
struct Pair {
  Member a{0};
  Member b{32};
  explicit Pair(Mtu mtu = Mtu{484}) {
    a.keys.add(b.me);
    b.keys.add(a.me);
    a.links.ends[1] = {b.me.node_id(), mtu};
    b.links.ends[1] = {a.me.node_id(), mtu};
    a.floor.room = b.floor.room = mtu.bytes - 19U;
  }
  void hop() {
    auto sent = std::move(a.links.sent);
    a.links.sent.clear();
    for (const auto& s : sent) REQUIRE(b.links.come(1, s.message));
  }
};

}  // namespace mehr::l2::test
