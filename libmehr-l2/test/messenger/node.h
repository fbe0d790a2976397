// One node of the tests: L2's door over a fake floor.
#pragma once

#include "mehr/l2/sealed_messenger.h"
#include "support.h"

namespace mehr::l2::test {

constexpr std::uint16_t kPlain = 5;
constexpr std::uint16_t kProven = kProvenPort | 5;

struct Node {
  explicit Node(std::uint8_t seed, Limits limits = Limits::small())
      : me(identity(seed)), random(seed + 100U), door(floor, keys, me, random, clock, limits) {}

  l0::Identity me;
  FakeFloor floor;
  KeyBook keys;
  SeededRandom random;
  SetClock clock;
  SealedMessenger door;

  struct Got {
    Protocol protocol;
    std::optional<PublicKey> sender;
    Bytes body;
  };
  std::vector<Got> got;

  MessageHandler collect() {
    return [this](const Message& m) { got.push_back({m.protocol, m.sender, bytes_of(m.body)}); };
  }
  /// What this node sent last, handed to @p other as L1 would.
  void hand_to(Node& other) const {
    const auto& last = floor.sent.back();
    other.floor.deliver(last.protocol.context, last.body);
  }
};

}  // namespace mehr::l2::test
