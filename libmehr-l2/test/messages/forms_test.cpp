// README/3, L2 properties 28 and 30: messages of contexts 0xF3 to 0xF9 in their forms.
#include "door.h"
#include "mehr/l2/signed_body.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

constexpr Protocol kMessage{0xF5, 0x08};

SendOptions with(bool proven, bool one_hop = false) {
  SendOptions out;
  out.proven = proven;
  out.one_hop = one_hop;
  return out;
}

/// DATA of one form by hand: @p plain sealed to @p to.
Bytes form_data(std::uint8_t form, const Member& to, ByteView plain, std::uint8_t context = 0xF5) {
  static std::uint64_t calls = 0;
  SeededRandom random(++calls);
  Bytes out(1 + plain.size() + kE1Overhead);
  out[0] = form;
  REQUIRE(seal_e1(Recipient::self(to.me), context, plain, random, MutableBytes(out).subspan(1))
              .has_value());
  return out;
}

}  // namespace

TEST_CASE("README/3 form 01: sub-type and body, and never a sender", "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  REQUIRE(p.a.door.send(p.b.me.node_id(), kMessage, kHello, with(false)).has_value());
  REQUIRE(p.a.floor.sent.size() == 1);
  CHECK(p.a.floor.sent[0].body.size() == 49 + 1 + kHello.size());
  CHECK(p.a.floor.sent[0].body[0] == 1);
  p.a.hand_to(p.b);
  REQUIRE(p.b.got.size() == 1);
  CHECK(p.b.got[0].protocol == kMessage);
  CHECK(p.b.got[0].body == kHello);
  CHECK_FALSE(p.b.got[0].sender.has_value());
}

TEST_CASE("README/3 form 02: exactly the signer", "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  REQUIRE(p.a.door.send(p.b.me.node_id(), kMessage, kHello, with(true)).has_value());
  CHECK(p.a.floor.sent[0].body.size() == 49 + 96 + 1 + kHello.size());
  CHECK(p.a.floor.sent[0].body[0] == 2);
  p.a.hand_to(p.b);
  REQUIRE(p.b.got.size() == 1);
  CHECK(p.b.got[0].sender == p.a.me.public_key());
  CHECK(p.b.got[0].body == kHello);
}

TEST_CASE("README/3 form 02 by hand: opened from the layout alone", "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  const Ephemeral e = Ephemeral::of(repeated(0x31));
  Bytes plain(96 + 1 + kHello.size());
  const Bytes m = join(hex("08"), kHello);
  REQUIRE(make_signed_body(p.a.me, {p.b.me.node_id(), e.public_key(), 0xF5}, m, plain).has_value());
  Bytes data(1 + plain.size() + kE1Overhead);
  data[0] = 2;
  REQUIRE(
      seal_e1(Recipient::self(p.b.me), 0xF5, plain, e, MutableBytes(data).subspan(1)).has_value());
  p.b.floor.deliver(0xF5, data);
  REQUIRE(p.b.got.size() == 1);
  CHECK(p.b.got[0].sender == p.a.me.public_key());
}

TEST_CASE("L2 property 30: unknown form, sub-type 00, nothing at all: dropped", "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  p.b.floor.deliver(0xF5, {});
  p.b.floor.deliver(0xF5, hex("03"));
  p.b.floor.deliver(0xF5, form_data(3, p.b, hex("08aa")));
  p.b.floor.deliver(0xF5, form_data(0xFF, p.b, hex("08aa")));
  CHECK(p.b.door.counters().dropped_form == 4);
  p.b.floor.deliver(0xF5, form_data(1, p.b, hex("00aa")));
  p.b.floor.deliver(0xF5, form_data(1, p.b, {}));
  CHECK(p.b.door.counters().dropped_no_port == 2);
  p.b.floor.deliver(0xF5, form_data(1, p.b, hex("09aa")));
  CHECK(p.b.door.counters().dropped_unhandled == 1);
  // Form 02 around what is no proof, and form 01 of what was sent as 02: no sender, no message.
  p.b.floor.deliver(0xF5, form_data(2, p.b, join(hex("08"), pattern(120))));
  p.b.floor.deliver(0xF5, form_data(2, p.b, hex("08aa")));
  CHECK(p.b.door.counters().dropped_unproven == 0);
  CHECK(p.b.door.counters().dropped_unhandled + p.b.door.counters().dropped_no_port == 5);
  Bytes unproven = pattern(120);
  unproven[96] = 0x08;  // where the sub-type stands behind a proof
  p.b.floor.deliver(0xF5, form_data(2, p.b, unproven));
  CHECK(p.b.door.counters().dropped_unproven == 1);
  p.b.floor.deliver(0xF5, form_data(1, p.b, hex("08aa"), 0xF6));  // sealed for another context
  CHECK(p.b.door.counters().dropped_unopened == 1);
  CHECK(p.b.got.empty());
  const Bytes once = form_data(1, p.b, hex("08aa"));
  p.b.floor.deliver(0xF5, once);
  p.b.floor.deliver(0xF5, once);
  CHECK(p.b.got.size() == 1);
  CHECK(p.b.door.counters().dropped_replayed == 1);
}

TEST_CASE("README/3: a message too long for its path goes in segments", "[l2][forms]") {
  for (const Mtu path : {Mtu{484}, Mtu{1500}, Mtu{4096}}) {
    const std::size_t mtu = path.bytes;
    for (const bool proven : {false, true}) {
      Pair p{path};
      p.b.door.on(kMessage, p.b.collect());
      // Up to the bound of 1,024 segments or 65,536 bytes, whichever is met first.
      for (const std::size_t size : {mtu, std::size_t{20'000}, kMaxMessage}) {
        const Bytes body = pattern(size);
        REQUIRE(p.a.door.send(p.b.me.node_id(), kMessage, body, with(proven)).has_value());
        CHECK(p.a.floor.sent.size() > 1);
        for (const auto& s : p.a.floor.sent) {
          CHECK(s.body.size() <= mtu - 19);
          CHECK(s.body[0] == 0);
        }
        std::reverse(p.a.floor.sent.begin(), p.a.floor.sent.end());
        p.a.hand_to(p.b);
        REQUIRE_FALSE(p.b.got.empty());
        CHECK(p.b.got.back().body == body);
        CHECK(p.b.got.back().sender.has_value() == proven);
      }
      CHECK(p.a.door.send(p.b.me.node_id(), kMessage, pattern(kMaxMessage + 1), with(proven))
                .error()
                .code == Errc::too_big);
      CHECK(p.b.got.size() == 3);
    }
  }
}

TEST_CASE("L2 property 28: a join that is a segment again is dropped", "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  const Bytes inner = join(hex("00"), pattern(100));
  const Bytes first(inner.begin(), inner.begin() + 60);
  const Bytes second(inner.begin() + 60, inner.end());
  p.b.floor.deliver(0xF5, join(hex("000100000000000200"), first));
  p.b.floor.deliver(0xF5, join(hex("000100000001000200"), second));
  CHECK(p.b.door.counters().dropped_form == 1);
  p.b.floor.deliver(0xF5, hex("0001"));  // no segment
  CHECK(p.b.door.counters().dropped_form == 2);
}

TEST_CASE("README/3: segments that never complete are forgotten in time", "[l2][forms]") {
  Pair p;
  p.b.floor.deliver(0xF5, join(hex("000100000000000200"), pattern(60)));
  CHECK(p.b.door.next_deadline() == p.b.clock.at + Millis::seconds(30));
  p.b.clock.at = p.b.door.next_deadline();
  p.b.door.on_time();
  CHECK(p.b.door.next_deadline() == Millis::never());
  CHECK(p.b.door.segment_counters().expired == 1);
}

TEST_CASE("README/3: one hop, inside the link, its sender the link's peer", "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  REQUIRE(p.a.door.send(p.b.me.node_id(), kMessage, kHello, with(false, true)).has_value());
  REQUIRE(p.a.links.sent.size() == 1);
  CHECK(p.a.links.sent[0].message == join(hex("a508"), kHello));
  p.hop();
  REQUIRE(p.b.got.size() == 1);
  CHECK(p.b.got[0].sender == p.a.me.public_key());
  CHECK(p.b.got[0].link == 1);
  CHECK(p.b.got[0].body == kHello);
  CHECK(p.a.door.send(identity(64).node_id(), kMessage, kHello, with(false, true)).error().code ==
        Errc::no_route);
}

TEST_CASE("README/3: long messages of one hop in segments, and what is the neighbour's fault",
          "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  for (const std::size_t size : {482U, 483U, 5'000U, 65'535U}) {
    REQUIRE(
        p.a.door.send(p.b.me.node_id(), kMessage, pattern(size), with(false, true)).has_value());
    CHECK((p.a.links.sent.size() == 1) == (size == 482));  // 484 with type and sub-type
    for (const auto& s : p.a.links.sent) CHECK(s.message.size() <= 484);
    p.hop();
    while (p.a.door.next_deadline() != Millis::never()) {
      p.a.clock.at = p.a.door.next_deadline();
      p.a.door.on_time();
      CHECK(p.a.links.sent.size() <= 25);
      p.hop();
    }
    REQUIRE_FALSE(p.b.got.empty());
    CHECK(p.b.got.back().body == pattern(size));
  }
  CHECK(
      p.a.door.send(p.b.me.node_id(), kMessage, pattern(65'536), with(false, true)).error().code ==
      Errc::too_big);
  CHECK_FALSE(p.b.links.come(1, hex("a5")));
  CHECK_FALSE(p.b.links.come(1, hex("a50001")));
  // Segments that join to a segment.
  CHECK(p.b.links.come(1, hex("a5000500000000000200"
                              "0011")));
  CHECK_FALSE(p.b.links.come(1, hex("a5000500000001000200"
                                    "22")));
  CHECK(p.b.links.come(1, hex("a577")));  // a sub-type that nobody listens to is no fault
  CHECK(p.b.got.size() == 4);
}

TEST_CASE("README/3: no segment is given to a link that has no room for it", "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  int writable = 0;
  p.a.door.on_writable([&] { ++writable; });
  const auto pass = [&](Millis span) {
    p.a.clock.at = p.a.clock.at + span;
    p.a.door.on_time();
  };
  const auto send = [&](std::size_t size) {
    return p.a.door.send(p.b.me.node_id(), kMessage, pattern(size), with(false, true));
  };
  p.a.links.room = 3;
  REQUIRE(send(5'000).has_value());
  CHECK(p.a.links.sent.size() == 3);
  // One at a time; short ones are not held up.
  CHECK(send(5'000).error().code == Errc::full);
  CHECK(send(400).has_value());
  CHECK(p.a.links.sent.size() == 4);
  p.a.links.room = 0;
  pass(Millis::seconds(4));
  CHECK(p.a.links.sent.size() == 4);
  CHECK(writable == 0);
  p.a.links.room = 25;
  pass(HopSender::kPace);
  CHECK(p.a.door.next_deadline() == Millis::never());
  CHECK(writable == 1);  // who was refused is told
  p.hop();
  REQUIRE(p.b.got.size() == 2);
  CHECK(p.b.got[1].body == pattern(5'000));
  CHECK(p.a.door.counters().hops_given_up == 0);
}

TEST_CASE("README/3: what a link has no room for is given up, and holds up nobody", "[l2][forms]") {
  Pair p;
  const auto how = with(false, true);
  const auto send = [&](const NodeId& to, std::size_t size) {
    return p.a.door.send(to, kMessage, pattern(size), how);
  };
  const auto pass = [&](Millis span) {
    p.a.clock.at = p.a.clock.at + span;
    p.a.door.on_time();
  };
  const NodeId other = identity(70).node_id();
  p.a.links.ends[2] = {other, Mtu{484}};
  p.a.links.room = 0;
  REQUIRE(send(p.b.me.node_id(), 5'000).has_value());
  REQUIRE(send(other, 5'000).has_value());  // another link
  CHECK(send(other, 60'000).error().code == Errc::full);
  pass(HopSender::kStalled);
  CHECK(p.a.door.counters().hops_given_up == 2);
  // A trickle does not keep one for longer than the receiver remembers its beginning.
  REQUIRE(send(p.b.me.node_id(), 65'000).has_value());
  for (int i = 0; i < 7; ++i) {
    p.a.links.room = 1;
    pass(Millis::seconds(4));
    CHECK(p.a.door.counters().hops_given_up == 2);
  }
  pass(Millis::seconds(4));
  CHECK(p.a.door.counters().hops_given_up == 3);
  // A link that is gone, and another node under its number.
  p.a.links.sent.clear();
  REQUIRE(send(p.b.me.node_id(), 5'000).has_value());
  const std::size_t sent = p.a.links.sent.size();
  p.a.links.ends[1].peer = identity(71).node_id();
  pass(HopSender::kPace);
  CHECK(p.a.links.sent.size() == sent);
  CHECK(p.a.door.counters().hops_given_up == 4);
  CHECK(p.a.door.next_deadline() == Millis::never());
}

TEST_CASE("README/3: a proof that nobody asked for teaches no key", "[l2][forms]") {
  Pair p;
  Member stranger(64);
  stranger.keys.add(p.b.me);
  REQUIRE(stranger.door.send(p.b.me.node_id(), kMessage, kHello, with(true)).has_value());
  stranger.hand_to(p.b);
  CHECK(p.b.door.counters().dropped_unhandled == 1);
  CHECK_FALSE(p.b.door.key_of(stranger.me.node_id()).has_value());
  p.b.door.on(kMessage, p.b.collect());
  REQUIRE(stranger.door.send(p.b.me.node_id(), kMessage, kHello, with(true)).has_value());
  stranger.hand_to(p.b);
  CHECK(p.b.got.size() == 1);
  CHECK(p.b.door.key_of(stranger.me.node_id()).has_value());
}

TEST_CASE("README/3: a message to a prekey, and how four bytes decide", "[l2][forms]") {
  Pair p;
  p.b.door.on(kMessage, p.b.collect());
  p.b.door.on({0xE1, 5}, p.b.collect());
  REQUIRE(p.a.door.learn_prekey(*p.b.door.rotate_prekey()).has_value());
  REQUIRE(p.a.door.send(p.b.me.node_id(), kMessage, kHello, with(true)).has_value());
  CHECK(p.a.floor.sent[0].body.size() == 53 + 96 + 1 + kHello.size());
  REQUIRE(p.a.door.send(p.b.me.node_id(), {0xE1, 5}, kHello, {}).has_value());
  CHECK(p.a.floor.sent[1].body.size() == 52 + 2 + kHello.size());
  CHECK(p.a.door.counters().sealed_forward == 2);
  // 465 bytes of DATA: with E1 and a port 415 are left, with E2 411.
  REQUIRE(p.a.door.send(p.b.me.node_id(), {0xE1, 5}, pattern(411), {}).has_value());
  CHECK(p.a.door.counters().sealed_forward == 3);
  REQUIRE(p.a.door.send(p.b.me.node_id(), {0xE1, 5}, pattern(412), {}).has_value());
  REQUIRE(p.a.door.send(p.b.me.node_id(), {0xE1, 5}, pattern(415), {}).has_value());
  CHECK(p.a.door.counters().sealed_forward == 3);
  p.a.hand_to(p.b);
  CHECK(p.b.got.size() == 5);
  // Long ones are to the prekey, too.
  REQUIRE(p.a.door.send(p.b.me.node_id(), kMessage, pattern(60'000), with(true)).has_value());
  CHECK(p.a.door.counters().sealed_forward == 4);
  p.a.hand_to(p.b);
  CHECK(p.b.got.back().body == pattern(60'000));
}

TEST_CASE("L2/4 PrekeyBundle: what is not taken up", "[l2][forms]") {
  Pair p;
  auto bundle = *p.b.door.rotate_prekey();
  PrekeyBundle forged = bundle;
  forged.prekey.bytes[0] ^= 1;
  CHECK(p.a.door.learn_prekey(forged).error().code == Errc::bad_signature);
  CHECK(p.a.door.learn_prekey(make_bundle(p.b.me, {9, X25519Key{}})).error().code ==
        Errc::bad_value);  // property 7
  REQUIRE(p.a.door.learn_prekey(bundle).has_value());
  CHECK(p.a.door.learn_prekey(bundle).error().code == Errc::replayed);
  const auto second = *p.b.door.rotate_prekey();
  REQUIRE(p.a.door.learn_prekey(second).has_value());
  CHECK(p.a.door.learn_prekey(bundle).error().code == Errc::replayed);
  // After 14 days its secret may be gone: E1 again.
  p.a.clock.at = p.a.clock.at + Millis::seconds(14 * 24 * 3600);
  REQUIRE(p.a.door.send(p.b.me.node_id(), kMessage, kHello, with(false)).has_value());
  CHECK(p.a.door.counters().sealed_forward == 0);
}

TEST_CASE("README/3: what cannot be sent says why", "[l2][forms]") {
  Pair p;
  const auto code = [&](Protocol protocol, const SendOptions& options) {
    const auto sent = p.a.door.send(p.b.me.node_id(), protocol, kHello, options);
    REQUIRE_FALSE(sent.has_value());
    return sent.error().code;
  };
  CHECK(code({0xF5, 0}, {}) == Errc::bad_value);
  CHECK(code({0xF5, 256}, {}) == Errc::bad_value);
  CHECK(code({0xF2, 1}, {}) == Errc::bad_value);
  CHECK(code({0xFA, 1}, {}) == Errc::bad_value);
  CHECK(code({0xE4, 1}, {}) == Errc::bad_value);
  SendOptions onion;
  onion.onion_route = true;
  CHECK(code(kMessage, onion) == Errc::unsupported);
  onion.one_hop = true;
  CHECK(code(kMessage, onion) == Errc::bad_value);
  CHECK(p.a.door.send(identity(64).node_id(), kMessage, kHello, {}).error().code == Errc::no_key);
}
