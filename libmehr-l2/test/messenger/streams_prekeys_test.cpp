// Caller-sealed streams and envelopes to a prekey through L2's door. spec: L6/2 S8, L2/4
#include "node.h"

namespace mehr::l2::test {
namespace {

StreamId stream(std::uint8_t first) {
  StreamId id;
  id.bytes.fill(first);
  return id;
}

Bytes streamed(const StreamId& id, ByteView body) { return join(id.view(), body); }

TEST_CASE("L6 2 S8: DATA of a registered stream is handed on unopened, id stripped",
          "[l2][messenger][streams]") {
  Node b(32);
  REQUIRE(b.door.accept_stream(stream(9), b.collect()));
  for (const std::uint8_t context : kDatagramContexts) {
    b.floor.deliver(context, streamed(stream(9), kHello));
    CHECK(b.got.back().protocol == Protocol{context, 0});
    CHECK(b.got.back().body == kHello);
    CHECK_FALSE(b.got.back().sender);
  }
  b.floor.deliver(kContext, streamed(stream(9), {}));
  CHECK(b.got.size() == 5);
  CHECK(b.got.back().body.empty());
  CHECK(b.door.counters().streamed == 5);
  b.floor.deliver(kContext, streamed(stream(8), pattern(60)));
  CHECK(b.door.counters().dropped_unopened == 1);
  b.door.drop_stream(stream(9));
  b.floor.deliver(kContext, streamed(stream(9), pattern(60)));
  CHECK(b.door.counters().dropped_unopened == 2);
  CHECK(b.got.size() == 5);
}

TEST_CASE("L6 2 S8: a registered id comes before an envelope", "[l2][messenger][streams]") {
  Node b(32);
  b.door.on({kContext, kPlain}, b.collect());
  Bytes data(51);
  REQUIRE(
      seal_e1(Recipient::self(b.me), kContext, hex("0500aa"), Ephemeral::of(repeated(0x55)), data));
  const auto id = StreamId::from(ByteView(data).first(8));
  REQUIRE(b.door.accept_stream(id, b.collect()));
  b.floor.deliver(kContext, data);
  CHECK(b.got.back().body == Bytes(data.begin() + 8, data.end()));
  b.door.drop_stream(id);
  b.floor.deliver(kContext, data);
  CHECK(b.got.back().body == hex("aa"));
}

TEST_CASE("L6 2 S8: streams are bounded by Limits", "[l2][messenger][streams]") {
  Node b(32);  // four streams
  for (std::uint8_t n = 0; n < 4; ++n) REQUIRE(b.door.accept_stream(stream(n), b.collect()));
  CHECK(b.door.accept_stream(stream(4), b.collect()).error().code == Errc::full);
  b.door.drop_stream(stream(0));
  CHECK(b.door.accept_stream(stream(4), b.collect()));
}

TEST_CASE("L6 2 S8: a stream's handler may drop its own stream and open another",
          "[l2][messenger][streams]") {
  Node b(32);
  const Bytes kept = pattern(100);  // would dangle with the handler
  REQUIRE(b.door.accept_stream(stream(1), [&b, kept](const Message& m) {
    b.door.drop_stream(stream(1));
    CHECK(b.door.accept_stream(stream(2), b.collect()));
    CHECK(kept == pattern(100));
    b.got.push_back({m.protocol, m.sender, bytes_of(m.body)});
  }));
  b.floor.deliver(kContext, streamed(stream(1), kHello));
  b.floor.deliver(kContext, streamed(stream(2), kHello));
  CHECK(b.got.size() == 2);
}

TEST_CASE("L2 messenger: a port's handler may replace itself", "[l2][messenger]") {
  Node a(0);
  Node b(32);
  a.keys.add(b.me);
  const Bytes kept = pattern(100);
  b.door.on({kContext, kPlain}, [&b, kept](const Message&) {
    b.door.on({kContext, kPlain}, {});
    CHECK(kept == pattern(100));
  });
  REQUIRE(a.door.send(b.me.node_id(), {kContext, kPlain}, kHello, {}));
  a.hand_to(b);
  REQUIRE(a.door.send(b.me.node_id(), {kContext, kPlain}, kHello, {}));
  a.hand_to(b);
  CHECK(b.door.counters().dropped_unhandled == 1);
}

Bytes to_prekey(const Node& to, const PrekeyRef& prekey, ByteView plain, std::uint8_t ephemeral) {
  Bytes out(plain.size() + kE2Overhead);
  REQUIRE(seal_e2(Recipient::self(to.me), prekey, kContext, plain,
                  Ephemeral::of(repeated(ephemeral)), out));
  return out;
}

TEST_CASE("L2 4 E2: opened while the prekey lives, refused after", "[l2][messenger][property16]") {
  Node b(32);
  b.door.on({kContext, kPlain}, b.collect());
  const auto bundle = b.door.rotate_prekey();
  REQUIRE(bundle);
  CHECK(verify(*bundle));
  b.floor.deliver(kContext, to_prekey(b, bundle->ref(), hex("0500aa"), 1));
  REQUIRE(b.got.size() == 1);
  CHECK(b.got[0].body == hex("aa"));
  b.floor.deliver(kContext, to_prekey(b, bundle->ref(), hex("0500aa"), 1));
  CHECK(b.door.counters().dropped_replayed == 1);

  const auto next = b.door.rotate_prekey();
  REQUIRE(next);
  CHECK(supersedes(*next, *bundle));
  const Millis end = b.door.next_deadline();
  CHECK(end == b.clock.at + kPrekeyGrace);
  b.clock.at = Millis{end.count - 1};
  b.floor.deliver(kContext, to_prekey(b, bundle->ref(), hex("0500bb"), 2));
  CHECK(b.got.size() == 2);
  b.clock.at = end;
  b.floor.deliver(kContext, to_prekey(b, bundle->ref(), hex("0500cc"), 3));
  CHECK(b.got.size() == 2);
  CHECK(b.door.counters().dropped_unopened == 1);
  CHECK(b.door.next_deadline() == Millis::never());
  b.floor.deliver(kContext, to_prekey(b, next->ref(), hex("0500dd"), 4));
  CHECK(b.got.size() == 3);
}

TEST_CASE("L2 4 receiver: an E1 that happens to start with a live prekey id still opens",
          "[l2][messenger]") {
  Node b(32);
  b.door.on({kContext, kPlain}, b.collect());
  // The ephemeral decides the first four bytes, so the prekey is given that id.
  Bytes e1(51);
  REQUIRE(
      seal_e1(Recipient::self(b.me), kContext, hex("0500aa"), Ephemeral::of(repeated(0x55)), e1));
  std::uint32_t id = 0;
  Reader(e1).get(id);
  b.door.resume_prekeys(id - 1);
  REQUIRE(b.door.rotate_prekey()->prekey_id == id);
  b.floor.deliver(kContext, e1);
  REQUIRE(b.got.size() == 1);
  CHECK(b.got[0].body == hex("aa"));
}

}  // namespace
}  // namespace mehr::l2::test
