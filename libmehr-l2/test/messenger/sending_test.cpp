// Sending through L2's door. spec: L2/4, L6/2 S8
#include "node.h"

namespace mehr::l2::test {
namespace {

TEST_CASE("L6 2 datagrams: sealed by L2, the body starts with the port", "[l2][messenger]") {
  Node a(0);
  const auto r = identity(32);
  a.keys.add(r);
  REQUIRE(a.door.send(r.node_id(), {kContext, 0x0201}, kHello, {512}));
  REQUIRE(a.floor.sent.size() == 1);
  const auto& sent = a.floor.sent[0];
  CHECK(sent.to == r.node_id());
  CHECK(sent.protocol == Protocol{kContext, 0});
  CHECK(sent.options.min_mtu == 512);
  CHECK(sent.body.size() == kHello.size() + kSealedOverhead);
  Bytes out(sent.body.size());
  const auto opened = open_e1(r, kContext, sent.body, out);
  REQUIRE(opened);
  CHECK(bytes_of(opened->plain) == join(hex("0102"), kHello));
  CHECK(a.door.counters().sealed == 1);
}

TEST_CASE("L2 4 SignedBody: a proven port carries one inside the seal", "[l2][messenger]") {
  Node a(0);
  const auto r = identity(32);
  a.keys.add(r);
  REQUIRE(a.door.send(r.node_id(), {kContext, kProven}, kHello, {}));
  Bytes data = a.floor.sent[0].body;
  CHECK(data.size() == kHello.size() + kProvenOverhead);
  const auto opened = open_e1(r, kContext, data, MutableBytes(data).subspan(kE1Body));
  REQUIRE(opened);
  CHECK(opened->plain[0] == 0x05);
  CHECK(opened->plain[1] == 0x80);
  const auto proven =
      verify_signed_body({r.node_id(), opened->ephemeral, kContext}, opened->plain.subspan(2));
  REQUIRE(proven);
  CHECK(proven->sender == a.me.public_key());
  CHECK(bytes_of(proven->body) == kHello);
}

TEST_CASE("L2 messenger: what cannot be sent says why", "[l2][messenger]") {
  Node a(0);
  const NodeId to = identity(32).node_id();
  CHECK(a.door.send(to, {kContext, kPlain}, kHello, {}).error().code == Errc::no_key);
  a.keys.add(identity(32));
  for (const std::uint8_t context : std::initializer_list<std::uint8_t>{0x00, 0xE4, 0xF2}) {
    CHECK(a.door.send(to, {context, kPlain}, kHello, {}).error().code == Errc::bad_value);
    CHECK(a.door.send_stream(to, context, {}, kHello).error().code == Errc::bad_value);
  }
  a.floor.answer = fail(Errc::full, "the queue is full");
  CHECK(a.door.send(to, {kContext, kPlain}, kHello, {}).error().code == Errc::full);
  CHECK(a.door.counters().sealed == 0);
  CHECK(a.floor.sent.empty());
}

TEST_CASE("L2 messenger: without a route the floor below answers", "[l2][messenger]") {
  Node a(0);
  a.keys.add(identity(32));
  a.floor.room = 0;
  a.floor.answer = fail(Errc::no_route, "no link leads there");
  const NodeId to = identity(32).node_id();
  CHECK(a.door.send(to, {kContext, kPlain}, kHello, {}).error().code == Errc::no_route);
  CHECK(a.door.max_body(to) == 0);
  CHECK(a.door.max_sealed(to) == 0);
}

TEST_CASE("L2 messenger: bodies fit exactly as max_body says", "[l2][messenger]") {
  Node a(0);
  a.keys.add(identity(32));
  const NodeId to = identity(32).node_id();
  for (const std::size_t room : {std::size_t{465}, std::size_t{1481}, std::size_t{4077}}) {
    a.floor.room = room;
    const std::size_t most = a.door.max_body(to);
    CHECK(most == room - 48 - 2 - 96);
    CHECK(a.door.send(to, {kContext, kProven}, pattern(most), {}));
    CHECK(a.floor.sent.back().body.size() == room);
    CHECK(a.door.send(to, {kContext, kProven}, pattern(most + 1), {}).error().code ==
          Errc::too_big);
    CHECK(a.door.send(to, {kContext, kPlain}, pattern(most + kProofSize), {}));
    CHECK(a.floor.sent.back().body.size() == room);
    CHECK(a.door.send(to, {kContext, kPlain}, pattern(most + kProofSize + 1), {}).error().code ==
          Errc::too_big);
    CHECK(a.door.max_sealed(to) == room - 8);
  }
  a.floor.room = 60'000;  // more than any packet carries
  CHECK(a.door.max_body(to) == kMaxDatagram - kProvenOverhead);
  CHECK(a.door.send(to, {kContext, kPlain}, pattern(kMaxDatagram), {}).error().code ==
        Errc::too_big);
  a.floor.room = 40;
  CHECK(a.door.max_body(to) == 0);
  CHECK(a.door.send(to, {kContext, kPlain}, {}, {}).error().code == Errc::too_big);
}

TEST_CASE("L6 2 S8: a caller-sealed body goes out behind its id, untouched", "[l2][messenger]") {
  Node a(0);
  StreamId id;
  id.bytes = {1, 2, 3, 4, 5, 6, 7, 8};
  REQUIRE(a.door.send_stream(identity(32).node_id(), 0xE3, id, kHello));
  CHECK(a.floor.sent[0].body == join(hex("0102030405060708"), kHello));
  CHECK(a.floor.sent[0].protocol == Protocol{0xE3, 0});
  CHECK(a.door.send_stream(identity(32).node_id(), 0xE3, id, pattern(4070)).error().code ==
        Errc::too_big);
  CHECK(a.door.send_stream(identity(32).node_id(), 0xE3, id, pattern(4069)));
}

TEST_CASE("L2 messenger: room again is passed up", "[l2][messenger]") {
  Node a(0);
  int called = 0;
  a.door.on_writable([&] { ++called; });
  REQUIRE(a.floor.writable);
  a.floor.writable();
  CHECK(called == 1);
}

TEST_CASE("L2 messenger: its handlers leave the floor below with it", "[l2][messenger]") {
  FakeFloor floor;
  {
    KeyBook keys;
    SeededRandom random;
    SetClock clock;
    const auto me = identity(0);
    const SealedMessenger door(floor, keys, me, random, clock, Limits::small());
    CHECK(floor.handlers.size() == 4 + 1 + 7);  // datagrams, onions, messages
  }
  CHECK(floor.handlers.empty());
}

}  // namespace
}  // namespace mehr::l2::test
