// Rekey under traffic. spec: L0/5.6, L2/3.5, README/9 items 3, 13, 14
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "fake_links.h"

namespace mehr::l0::test {
namespace {

std::uint8_t epoch_of(const FakeNode& node) { return node.links.status().at(0).key_epoch; }

struct Pair {
  explicit Pair(const MediumInfo& info = datagrams()) { pipe = &world.link(a, b, info); }
  Status say(FakeNode& from, FakeNode& to) {
    return from.links.send_packet(from.heard.up.at(0).id, data_packet(to.identity.node_id(), 10),
                                  Padding::by_class);
  }
  World world;
  FakeNode a{world, 0};
  FakeNode b{world, 32};
  World::Pipe* pipe = nullptr;
};

}  // namespace

TEST_CASE("L0 property 10: a key is replaced after 3,600 s and nothing in flight is lost",
          "[l0][rekey]") {
  Pair pair;
  pair.world.run_for(Millis::seconds(3599) - pair.world.clock.at + Millis{1000});
  CHECK(epoch_of(pair.a) == 0);
  REQUIRE(pair.say(pair.a, pair.b));
  REQUIRE(pair.say(pair.b, pair.a));  // in flight across the change
  pair.world.run_for(Millis::seconds(2));
  CHECK(epoch_of(pair.a) == 1);
  CHECK(epoch_of(pair.b) == 1);
  REQUIRE(pair.say(pair.a, pair.b));
  REQUIRE(pair.say(pair.b, pair.a));
  pair.world.settle();
  CHECK(pair.a.heard.packets.size() == 2);
  CHECK(pair.b.heard.packets.size() == 2);
  pair.world.run_for(Millis::seconds(3600 * 20));  // the epoch's low nibble wraps
  CHECK(epoch_of(pair.a) == epoch_of(pair.b));
  CHECK(epoch_of(pair.a) > 16);
  REQUIRE(pair.say(pair.a, pair.b));
  pair.world.settle();
  CHECK(pair.b.heard.packets.size() == 3);
  CHECK(pair.a.heard.down.empty());
}

TEST_CASE("L2 property 12: the byte bound is max(1 MB, rate x 60 / 8)", "[l0][rekey]") {
  CHECK(RekeyMachine::byte_limit(BitsPerSecond{1000}) == 1'048'576);
  CHECK(RekeyMachine::byte_limit(BitsPerSecond{10'000'000'000}) == 75'000'000'000);
  MediumInfo info = datagrams(Mtu{4096});
  info.bandwidth = BitsPerSecond{1000};
  Pair pair(info);
  const Bytes packet = data_packet(pair.b.identity.node_id(), 4077);
  const LinkId link = pair.a.heard.up.at(0).id;
  std::size_t sent = 0;
  for (int n = 0; n < 300; ++n) {
    REQUIRE(pair.a.links.send_packet(link, packet, Padding::by_class));
    ++sent;
    pair.world.run_for(Millis{0});
  }
  CHECK(epoch_of(pair.a) == 1);
  CHECK(epoch_of(pair.b) == 1);
  CHECK(pair.b.heard.packets.size() == sent);
}

TEST_CASE("L2/3.5: a lost REQ or ACK is repeated, the third silence closes with reason 4",
          "[l0][rekey]") {
  const int lose_from = GENERATE(0, 1);
  Pair pair;
  // Control frames of 34 bytes are 58 long on the wire.
  int lost = 0;
  int may_lose = 2;
  pair.world.fate = [&](Bytes& frame) {
    if (frame.size() != 58 || lost >= may_lose) return true;
    const auto to = static_cast<std::uint16_t>(frame[1] | frame[2] << 8);
    const bool request = to == pair.b.heard.up.at(0).id.value;
    if (request != (lose_from == 0)) return true;
    ++lost;
    return false;
  };
  pair.world.run_for(Millis::seconds(3620));
  CHECK(lost == 2);
  CHECK(epoch_of(pair.a) == 1);
  CHECK(epoch_of(pair.b) == 1);
  lost = 0;
  may_lose = 1'000'000;
  pair.world.run_for(Millis::seconds(3700));
  REQUIRE_FALSE(pair.a.heard.down.empty());
  CHECK(pair.a.heard.down[0].second == CloseReason::rekey_failed);
  CHECK(pair.b.heard.down.size() == 1);
}

TEST_CASE("L0 property 10: simultaneous requests end with one common key", "[l0][rekey]") {
  // Both ends are due at the same instant; their requests cross.
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.link(a, b, datagrams());
  world.run_for(Millis::seconds(3599));
  world.timers.run_until(world.clock.at + Millis::seconds(2), [] {});
  REQUIRE(pipe.a.inbox.size() == 2);  // the request, and the hourly sixtieth Ping
  REQUIRE(pipe.b.inbox.size() == 2);
  world.settle();
  CHECK(epoch_of(a) == 1);
  CHECK(epoch_of(b) == 1);
  REQUIRE(a.links.send_packet(a.heard.up[0].id, data_packet(b.identity.node_id(), 9),
                              Padding::by_class));
  REQUIRE(b.links.send_packet(b.heard.up[0].id, data_packet(a.identity.node_id(), 9),
                              Padding::by_class));
  world.settle();
  CHECK(a.heard.packets.size() == 1);
  CHECK(b.heard.packets.size() == 1);
}

TEST_CASE("L2 property 12: the old key is gone 30 s after the change", "[l0][rekey]") {
  LinkSession::Addressing left{LinkRole::initiator, 1, 2, Mtu{4096}};
  LinkSession::Addressing right{LinkRole::responder, 2, 1, Mtu{4096}};
  const Bytes key(32, 1);
  const auto secret = Secret<32>::copy_of(std::span<const std::uint8_t, 32>(key));
  LinkSession i(left, secret), r(right, secret);
  SeededRandom random_i(1), random_r(2);
  RekeyMachine ask(Millis::seconds(6), 1, Millis{0});
  RekeyMachine answer(Millis::seconds(6), 1'000'000, Millis{0});
  Bytes out(200), old_out(200);
  const Bytes message{0x10, 1};
  const auto old_frame = i.seal(message, 0, old_out);
  REQUIRE(old_frame);
  const auto asked = ask.on_timer(i, random_i, Millis{10});
  REQUIRE(asked.send);
  CHECK_FALSE(asked.send->under_old_key);
  const auto request = decode<RekeyRequest>(asked.send->message);
  REQUIRE(request);
  const auto answered = answer.on_request(*request, r, random_r, Millis{20});
  REQUIRE(answered.send);
  CHECK(answered.send->under_old_key);
  CHECK(r.epoch() == 1);
  // The same request again: the same answer, no second key.
  const auto repeated = answer.on_request(*request, r, random_r, Millis{25});
  REQUIRE(repeated.send);
  CHECK(repeated.send->message == answered.send->message);
  CHECK(r.epoch() == 1);
  (void)answer.on_timer(r, random_r, Millis{30'019});
  CHECK(r.has_old());
  (void)answer.on_timer(r, random_r, Millis{30'020});
  CHECK_FALSE(r.has_old());
  Bytes late(old_frame->begin(), old_frame->end());
  CHECK(r.open(late).error().code == Errc::wrong_peer);
}

TEST_CASE("L2/3.5: messages of another epoch change nothing", "[l0][rekey]") {
  LinkSession session({LinkRole::responder, 2, 1, Mtu{4096}}, Secret<32>{});
  SeededRandom random(3);
  RekeyMachine machine(Millis::seconds(6), 1'000'000, Millis{0});
  for (const int epoch : {0, 2, 17, 255}) {
    RekeyRequest request;
    request.epoch = static_cast<std::uint8_t>(epoch);
    request.ephemeral = Identity::from_seed(seed_of(5)).x25519_key();
    CHECK_FALSE(machine.on_request(request, session, random, Millis{1}).send);
    RekeyAck ack;
    ack.epoch = request.epoch;
    ack.ephemeral = request.ephemeral;
    machine.on_ack(ack, session, Millis{1});
    CHECK(session.epoch() == 0);
  }
  RekeyRequest degenerate;  // all-zero ephemeral
  degenerate.epoch = 1;
  CHECK_FALSE(machine.on_request(degenerate, session, random, Millis{1}).send);
  CHECK(session.epoch() == 0);
}

TEST_CASE("L0 property 10: random loss and timing never leave two different keys", "[l0][rekey]") {
  int survived = 0;
  CHECK(rc::check([&survived](std::uint16_t seed) {
    MediumInfo info = datagrams();
    info.bandwidth = BitsPerSecond{20'000};
    World world;
    FakeNode a(world, 0), b(world, 32);
    world.link(a, b, info);
    SeededRandom chance(seed);
    world.fate = [&](Bytes&) { return chance.below(10) != 0; };
    for (int hour = 0; hour < 5 && a.heard.down.empty() && b.heard.down.empty(); ++hour) {
      world.run_for(Millis::seconds(3000 + chance.below(1200)));
    }
    world.fate = nullptr;
    if (!a.heard.down.empty() || !b.heard.down.empty()) return;  // closed is honest
    world.run_for(Millis::seconds(60));
    const auto ia = a.links.status();
    const auto ib = b.links.status();
    RC_PRE(!ia.empty() && !ib.empty());
    RC_ASSERT(ia[0].key_epoch == ib[0].key_epoch);
    const std::size_t before = b.heard.packets.size();
    RC_ASSERT(bool(a.links.send_packet(a.heard.up[0].id, data_packet(b.identity.node_id(), 3),
                                       Padding::by_class)));
    world.settle();
    RC_ASSERT(b.heard.packets.size() == before + 1);
    ++survived;
  }));
  CHECK(survived > 50);
}

}  // namespace mehr::l0::test
