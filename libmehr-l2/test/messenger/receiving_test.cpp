// Receiving through L2's door: what arrives, what is dropped, and under which name. spec: L2/4
#include "node.h"

namespace mehr::l2::test {
namespace {

/// DATA for @p to with any plaintext inside a good seal.
Bytes datagram(const Node& to, ByteView plain, std::uint8_t ephemeral = 0x55) {
  Bytes out(plain.size() + kE1Overhead);
  REQUIRE(
      seal_e1(Recipient::self(to.me), kContext, plain, Ephemeral::of(repeated(ephemeral)), out));
  return out;
}

TEST_CASE("L2 messenger: a datagram crosses, anonymous on a plain port", "[l2][messenger]") {
  Node a(0);
  Node b(32);
  a.keys.add(b.me);
  b.door.on({kContext, kPlain}, b.collect());
  REQUIRE(a.door.send(b.me.node_id(), {kContext, kPlain}, kHello, {}));
  a.hand_to(b);
  REQUIRE(b.got.size() == 1);
  CHECK(b.got[0].protocol == Protocol{kContext, kPlain});
  CHECK_FALSE(b.got[0].sender);
  CHECK(b.got[0].body == kHello);
  CHECK(b.door.counters().opened == 1);
  CHECK_FALSE(b.door.key_of(a.me.node_id()));
}

TEST_CASE("L2 messenger: a proven sender is named and can be answered at once", "[l2][messenger]") {
  Node a(0);
  Node b(32);
  a.keys.add(b.me);
  a.door.on({0xE2, kPlain}, a.collect());
  b.door.on({kContext, kProven}, [&](const Message& m) {
    REQUIRE(m.sender);
    CHECK(*m.sender == a.me.public_key());
    const NodeId back = crypto::node_id_of(*m.sender);
    CHECK(b.door.send(back, {0xE2, kPlain}, m.body, {}));  // b has no announce of a
  });
  CHECK(b.door.send(a.me.node_id(), {0xE2, kPlain}, kHello, {}).error().code == Errc::no_key);
  REQUIRE(a.door.send(b.me.node_id(), {kContext, kProven}, kHello, {}));
  a.hand_to(b);
  CHECK(b.door.key_of(a.me.node_id()) == a.me.public_key());
  REQUIRE(b.floor.sent.size() == 1);
  b.hand_to(a);
  REQUIRE(a.got.size() == 1);
  CHECK(a.got[0].body == kHello);
}

TEST_CASE("L2 messenger: handlers are told apart by context and port", "[l2][messenger]") {
  Node a(0);
  Node b(32);
  a.keys.add(b.me);
  b.door.on({0xE0, 1}, b.collect());
  b.door.on({0xE0, 2}, b.collect());
  b.door.on({0xE1, 1}, b.collect());
  for (const Protocol p : {Protocol{0xE0, 2}, Protocol{0xE1, 1}, Protocol{0xE0, 1}}) {
    REQUIRE(a.door.send(b.me.node_id(), p, kHello, {}));
    a.hand_to(b);
    CHECK(b.got.back().protocol == p);
  }
  b.door.on({0xE0, 1}, {});
  a.hand_to(b);  // its envelope was accepted before
  CHECK(b.door.counters().dropped_replayed == 1);
  REQUIRE(a.door.send(b.me.node_id(), {0xE0, 1}, kHello, {}));
  a.hand_to(b);
  CHECK(b.got.size() == 3);
  CHECK(b.door.counters().dropped_unhandled == 1);
}

TEST_CASE("L2 property 15: a relabelled context, a replay and 47 bytes are dropped and counted",
          "[l2][messenger][property15]") {
  Node a(0);
  Node b(32);
  a.keys.add(b.me);
  for (const std::uint8_t context : kDatagramContexts) {
    b.door.on({context, kPlain}, b.collect());
  }
  REQUIRE(a.door.send(b.me.node_id(), {kContext, kPlain}, kHello, {}));
  const Bytes data = a.floor.sent[0].body;
  b.floor.deliver(0xE0, data);
  CHECK(b.door.counters().dropped_unopened == 1);
  CHECK(b.got.empty());
  b.floor.deliver(kContext, data);
  CHECK(b.got.size() == 1);
  b.floor.deliver(kContext, data);
  CHECK(b.door.counters().dropped_replayed == 1);
  b.clock.at = b.clock.at + Millis{kReplayMemory.count - 1};
  b.floor.deliver(kContext, data);
  CHECK(b.door.counters().dropped_replayed == 2);
  b.floor.deliver(kContext, Bytes(data.begin(), data.begin() + 47));
  CHECK(b.door.counters().dropped_short == 1);
  b.floor.deliver(kContext, {});
  CHECK(b.door.counters().dropped_short == 2);
  CHECK(b.got.size() == 1);
}

TEST_CASE("L2 messenger: a failed open is not remembered as a replay", "[l2][messenger]") {
  Node b(32);
  b.door.on({kContext, kPlain}, b.collect());
  const Bytes good = datagram(b, hex("0500aa"));
  b.floor.deliver(kContext, spoilt(good));
  b.floor.deliver(kContext, good);
  CHECK(b.got.size() == 1);
}

TEST_CASE("L2 messenger: every other drop has its own counter", "[l2][messenger]") {
  Node b(32);
  b.door.on({kContext, kProven}, b.collect());
  b.floor.deliver(kContext, Bytes(58));  // ephemeral zero
  CHECK(b.door.counters().dropped_zero_dh == 1);
  b.floor.deliver(kContext, Bytes(4078, 1));
  CHECK(b.door.counters().dropped_too_big == 1);
  b.floor.deliver(kContext, datagram(b, {}, 1));
  b.floor.deliver(kContext, datagram(b, hex("05"), 2));
  CHECK(b.door.counters().dropped_no_port == 2);
  b.floor.deliver(kContext, datagram(b, hex("0600"), 3));
  CHECK(b.door.counters().dropped_unhandled == 1);
  b.floor.deliver(kContext, datagram(b, hex("0580"), 4));
  Bytes forged(98);
  forged[0] = 0x05;
  forged[1] = 0x80;
  b.floor.deliver(kContext, datagram(b, forged, 5));
  CHECK(b.door.counters().dropped_unproven == 2);
  CHECK(b.got.empty());
  CHECK(b.door.counters().opened == 0);
}

TEST_CASE("L2 property 17: a proof passed on to another recipient is dropped",
          "[l2][messenger][property17]") {
  Node a(0);
  Node b(32);
  Node c(64);
  a.keys.add(b.me);
  c.door.on({kContext, kProven}, c.collect());
  REQUIRE(a.door.send(b.me.node_id(), {kContext, kProven}, kHello, {}));
  Bytes data = a.floor.sent[0].body;
  const auto opened = open_e1(b.me, kContext, data, MutableBytes(data).subspan(kE1Body));
  REQUIRE(opened);
  c.floor.deliver(kContext, datagram(c, opened->plain));  // b seals it afresh for c
  CHECK(c.door.counters().dropped_unproven == 1);
  CHECK_FALSE(c.door.key_of(a.me.node_id()));
  CHECK(c.got.empty());
}

TEST_CASE("L2 4 replay: the cache holds what Limits says and counts what it forgets",
          "[l2][messenger]") {
  Limits limits = Limits::small();
  limits.envelope_replays = 2;
  Node b(32, limits);
  b.door.on({kContext, kPlain}, b.collect());
  for (std::uint8_t e = 1; e <= 3; ++e) b.floor.deliver(kContext, datagram(b, hex("0500"), e));
  CHECK(b.door.counters().replays_forgotten == 1);
  b.floor.deliver(kContext, datagram(b, hex("0500"), 3));
  CHECK(b.got.size() == 3);
}

}  // namespace
}  // namespace mehr::l2::test
