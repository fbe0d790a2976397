// Each rule that keeps a stranger, or a hostile neighbour, from more than its due. A test per
// guard: with the guard taken out, the test fails. spec: L0/5.7, L2/3.3, README/9
#include <catch2/catch.hpp>

#include "fake_links.h"
#include "mehr/l0/packet.h"

namespace mehr::l0::test {
namespace {

Remote address_of(std::uint8_t number) {
  Remote remote;
  remote.bytes[0] = number;
  return remote;
}

Bytes control(ByteView message) { return {message.begin(), message.end()}; }

}  // namespace

TEST_CASE("README/9 item 8: before AUTH nothing but CLOSE comes out", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo info;
  info.stream = GENERATE(true, false);
  world.fate = [](Bytes& frame) { return frame[0] != kAuthType; };
  auto& pipe = world.link(a, b, info);
  REQUIRE(a.heard.up.size() == 1);  // active on its side, not yet confirmed
  REQUIRE(a.links.send_packet(a.heard.up[0].id, data_packet(b.identity.node_id(), 5)));
  world.settle();
  CHECK(b.heard.packets.empty());
  CHECK(b.heard.up.empty());
  CHECK(pipe.b.closed == info.stream);
}

TEST_CASE("README/9 item 8: CLOSE is accepted in WAIT_AUTH", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.fate = [](Bytes& frame) { return frame[0] != kAuthType; };
  world.link(a, b, datagrams());
  REQUIRE(b.links.half_open() == 1);
  a.links.close(a.heard.up.at(0).id, CloseReason::shutdown);
  world.settle();
  CHECK(b.links.half_open() == 0);
  CHECK(b.links.counters().handshake_refused == 0);
}

TEST_CASE("L0/5.7: RESP and AUTH count only from the address the handshake is with",
          "[l0][guards]") {
  const std::uint8_t type = GENERATE(as<std::uint8_t>(), kRespType, kAuthType);
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.join(a, b, datagrams());
  pipe.a.address = address_of(1);
  pipe.b.address = address_of(2);
  REQUIRE(a.links.establish(pipe.a, pipe.b.address, std::nullopt));
  world.fate = [&](Bytes& frame) {
    if (frame[0] == type) (type == kRespType ? pipe.b : pipe.a).address = address_of(9);
    return true;
  };
  world.settle();
  // The fate is asked before the sender's address is read, so the frame comes from elsewhere.
  FakeNode& fooled = type == kRespType ? a : b;
  CHECK(fooled.heard.up.empty());
  CHECK(fooled.links.counters().unknown_link == 1);
}

TEST_CASE("L0/2: an INIT to everyone makes a link with whoever answers", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.join(a, b, datagrams());
  pipe.a.address = address_of(1);
  pipe.b.address = address_of(2);
  REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
  world.settle();
  REQUIRE(a.heard.up.size() == 1);
  REQUIRE(a.links.send_packet(a.heard.up[0].id, data_packet(b.identity.node_id(), 5)));
  world.settle();
  CHECK(b.heard.packets.size() == 1);
}

TEST_CASE("L0/5.5: a frame on another medium than its link's is dropped", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.link(a, b, datagrams());
  auto& other = world.join(a, b, datagrams());
  REQUIRE(a.links.send_packet(a.heard.up.at(0).id, data_packet(b.identity.node_id(), 5)));
  Bytes frame = pipe.b.inbox.front();
  b.links.on_frame(other.b, {}, frame);
  CHECK(b.heard.packets.empty());
  CHECK(b.links.counters().unknown_link == 1);
  world.settle();
  CHECK(b.heard.packets.size() == 1);
}

TEST_CASE("L0/6: the responder keeps to the smaller MTU of the initiator", "[l0][guards]") {
  World world;
  Links::Config small;
  small.terms.max_frame_size = Mtu{1500};
  FakeNode a(world, 0, small), b(world, 32);
  world.link(a, b);
  const LinkId link = b.heard.up.at(0).id;
  CHECK(b.links.send_packet(link, data_packet(a.identity.node_id(), 1481)));
  CHECK(b.links.send_packet(link, data_packet(a.identity.node_id(), 1482)).error().code ==
        Errc::too_big);
}

TEST_CASE("L1/2.2: one Pong a second, the first of a link apart", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.link(a, b);
  pipe.b.sent.clear();
  const auto ask = [&](int times) {
    for (int n = 0; n < times; ++n) {
      Ping ping;
      ping.token = static_cast<std::uint32_t>(n);
      REQUIRE(a.links.send_control(a.heard.up.at(0).id, control(encode_fixed(ping))));
    }
    world.settle();
  };
  ask(8);
  CHECK(pipe.b.sent.size() == 2);
  world.clock.at = world.clock.at + Millis::seconds(1);
  ask(8);
  CHECK(pipe.b.sent.size() == 3);
}

TEST_CASE("L2/3.3: the accepted RESP again gets the same AUTH again", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.join(a, b, datagrams());
  REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
  world.deliver_one(pipe.b, b);
  Bytes resp = pipe.a.inbox.front();
  Bytes again = resp;
  Bytes altered = resp;
  altered[60] ^= 1;
  a.links.on_frame(pipe.a, {}, resp);
  a.links.on_frame(pipe.a, {}, again);
  a.links.on_frame(pipe.a, {}, altered);
  REQUIRE(pipe.a.sent.size() == 3);  // INIT, AUTH, AUTH
  CHECK(pipe.a.sent[1] == pipe.a.sent[2]);
}

TEST_CASE("L0/5.7: repeats of one INIT count against its source too", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo info;
  info.stream = GENERATE(true, false);
  auto& pipe = world.join(a, b, info);
  REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
  const Bytes init = pipe.b.inbox.front();
  for (int n = 0; n < 1000; ++n) {
    Bytes copy = init;
    b.links.on_frame(pipe.b, {}, copy);
  }
  CHECK(pipe.b.sent.size() == 10);
  CHECK(b.links.counters().init_rate == 990);
}

TEST_CASE(
    "L0/5.7: strangers' half-open links do not keep a node from dialling, and one address "
    "gets a quarter of them",
    "[l0][guards]") {
  World world;
  Links::Config config;
  config.limits.inits_per_second = 1000;
  FakeNode a(world, 0, config), b(world, 32, config), c(world, 64);
  world.fate = [](Bytes& frame) { return frame[0] != kRespType; };
  const auto knock = [&](std::uint8_t host, int times) {
    for (int n = 0; n < times; ++n) {
      auto& pipe = world.join(a, b);
      pipe.b.source.bytes[0] = host;
      REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
      world.deliver_one(pipe.b, b);
    }
  };
  knock(1, 40);
  CHECK(b.links.half_open() == 16);
  for (std::uint8_t host = 2; host < 12; ++host) knock(host, 16);
  CHECK(b.links.half_open() == 64);
  world.fate = nullptr;
  auto& pipe = world.join(b, c);
  REQUIRE(b.links.establish(pipe.a, Remote{}, std::nullopt));
  while (world.deliver_one(pipe.b, c) || world.deliver_one(pipe.a, b)) {
  }
  CHECK(b.heard.up.size() == 1);
}

TEST_CASE("core/medium.h: a machine's frame that finds the medium full waits for room",
          "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.join(a, b);
  pipe.a.full = true;
  REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
  CHECK(pipe.a.sent.empty());
  pipe.a.full = false;
  a.links.on_writable(pipe.a);
  world.settle();
  REQUIRE(a.heard.up.size() == 1);
  // A key change on a link whose sender keeps the medium full.
  world.run_for(Millis::seconds(3599));
  pipe.a.full = true;
  world.run_for(Millis::seconds(2));
  pipe.a.full = false;
  a.links.on_writable(pipe.a);
  world.settle();
  CHECK(a.links.status().at(0).key_epoch == 1);
  CHECK(b.links.status().at(0).key_epoch == 1);
}

TEST_CASE("L1/11: a peer may claim any clock", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.clock.node_base = GENERATE(as<std::uint64_t>(), 0, 0x8000'0000'0000'0000, ~0ULL - 100);
  bool answered = false;
  world.fate = [&](Bytes& frame) {
    if (frame[0] == kRespType && !answered) {
      answered = true;
      world.clock.node_base = 5;  // the initiator's clock differs from what RESP carries
    }
    return true;
  };
  world.link(a, b);
  CHECK(a.heard.up.size() == 1);
}

TEST_CASE("README/9 item 11: a neighbour frame first on a native stream closes it",
          "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.join(a, b);
  Bytes beacon(21, 1);
  beacon[0] = kBeaconType;
  b.links.on_frame(pipe.b, {}, beacon);
  CHECK(pipe.b.closed);
  CHECK(b.heard.neighbour.empty());
}

TEST_CASE("L0/4: ten neighbour frames in any second, over all media of an interface",
          "[l0][guards]") {
  NeighbourLimiter limiter(2);
  const InterfaceId one{1}, two{2};
  int passed = 0;
  for (unsigned n = 0; n < 30; ++n) passed += limiter.allow(one, Millis{1000U + n * 50U}) ? 1 : 0;
  CHECK(passed == 20);  // 1.5 s: ten at once, then as the first ones leave the window
  CHECK(limiter.allow(two, Millis{2450}));
  CHECK_FALSE(limiter.allow(InterfaceId{3}, Millis{9000}));  // more than there are media
}

TEST_CASE("L0/6: a small device remembers fewer PacketTooBig, and none twice", "[l0][guards]") {
  TooBigLimiter limiter(4);
  const auto destination = [](std::uint8_t n) {
    NodeId id;
    id.bytes[0] = n;
    return id;
  };
  for (std::uint8_t n = 0; n < 8; ++n) {
    CHECK(limiter.allow(destination(n), LinkId{1}, Millis{0}));
    CHECK_FALSE(limiter.allow(destination(n), LinkId{1}, Millis{1}));
  }
  CHECK_FALSE(limiter.allow(destination(8), LinkId{1}, Millis{2}));  // full of younger ones
  CHECK(limiter.allow(destination(8), LinkId{1}, Millis{5000}));
}

TEST_CASE("core/medium.h: links share the places of frames that wait, two each", "[l0][guards]") {
  HeldFrames held(6);
  HeldFrames::List one, two, three;
  const auto frame = [](std::uint8_t n) {
    Link::SendFrame f;
    f.bytes[0] = n;
    f.size = 1;
    return f;
  };
  REQUIRE(held.put(one, frame(1)));
  REQUIRE(held.put(one, frame(2)));
  CHECK_FALSE(held.put(one, frame(3)));  // two of this link wait
  REQUIRE(held.put(two, frame(4)));
  REQUIRE(held.put(two, frame(5)));
  CHECK(held.size() == 4);
  CHECK_FALSE(held.put(three, frame(6)));  // all places are taken
  CHECK(three.empty());
  CHECK(held.take(one[0]).bytes[0] == 1);
  held.give_back(one[1]);
  one.clear();
  REQUIRE(held.put(three, frame(7)));
  REQUIRE(held.put(three, frame(8)));
  CHECK(held.take(two[0]).bytes[0] == 4);
  CHECK(held.take(two[1]).bytes[0] == 5);
  CHECK(held.take(three[0]).bytes[0] == 7);
  CHECK(held.take(three[1]).bytes[0] == 8);
  CHECK(held.size() == 0);
}

TEST_CASE("L0/5.6: a local reason is not sent as a number of its own", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.link(a, b);
  a.links.close(a.heard.up.at(0).id, CloseReason::timeout);
  world.run_for(Millis{1});
  CHECK(b.heard.down.at(0).second == CloseReason::shutdown);
}

TEST_CASE("L2/3.5: a peer cannot make us change keys more than once a second", "[l0][guards]") {
  LinkSession session({LinkRole::responder, 2, 1, Mtu{4096}}, Secret<32>{});
  SeededRandom random(3);
  RekeyMachine machine(Millis::seconds(6), 1'000'000, Millis{0});
  const auto ask = [&](Millis now) {
    RekeyRequest request;
    request.epoch = static_cast<std::uint8_t>(session.epoch() + 1);
    Secret<32> secret;
    random.fill(secret.expose_mutable());
    request.ephemeral = crypto::x25519_public(secret);
    return machine.on_request(request, session, random, now).send.has_value();
  };
  CHECK(ask(Millis{5000}));
  CHECK_FALSE(ask(Millis{5001}));
  CHECK_FALSE(ask(Millis{5999}));
  CHECK(ask(Millis{6000}));
  CHECK(session.epoch() == 2);
}

TEST_CASE("L0/5.7: a slow, lossy, silent link lives on", "[l0][guards]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo info = radio();
  info.bandwidth = BitsPerSecond{5000};
  world.link(a, b, info);
  SeededRandom chance(GENERATE(as<std::uint64_t>(), 1, 2, 3, 4, 5));
  world.fate = [&](Bytes&) { return chance.below(10) != 0; };
  world.run_for(Millis::seconds(3600));
  CHECK(a.heard.down.empty());
  CHECK(b.heard.down.empty());
}

}  // namespace mehr::l0::test
