// The facade: limits, hostile frames, duplicates, liveness, signals. spec: L0/4 to L0/6
#include <rapidcheck.h>

#include <catch2/catch.hpp>

#include "fake_links.h"
#include "mehr/l0/packet.h"

namespace mehr::l0::test {

TEST_CASE("L0 property 14: clear packets are dropped on native interfaces, passed on dual ones",
          "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo info;
  info.mode = GENERATE(InterfaceMode::native, InterfaceMode::dual, InterfaceMode::rns);
  auto& pipe = world.join(a, b, info);
  Bytes packet = data_packet(a.identity.node_id(), 30);
  b.links.on_frame(pipe.b, {}, packet);
  const bool native = info.mode == InterfaceMode::native;
  CHECK(b.heard.clear.size() == (native ? 0 : 1));
  CHECK(b.links.counters().clear_packet == (native ? 1 : 0));
  Bytes init(52, 0);
  init[0] = 0x80;
  init[1] = 0x10;
  init[2] = 1;
  const auto eph = Identity::from_seed(seed_of(9)).x25519_key();
  std::copy(eph.bytes.begin(), eph.bytes.end(), init.begin() + 20);
  pipe.b.closed = false;
  b.links.on_frame(pipe.b, {}, init);
  // A native stream whose first frame was no INIT was closed, so its link never comes.
  CHECK(b.links.half_open() == (info.mode == InterfaceMode::rns ? 0 : 1));
}

TEST_CASE("L0/5.7: anything but a valid INIT first closes a stream, on datagrams it is dropped",
          "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo info;
  info.stream = GENERATE(true, false);
  auto& pipe = world.join(a, b, info);
  Bytes garbage = GENERATE(Bytes{0xFF}, Bytes{0x80}, Bytes(166, 0x81), Bytes(131, 0x82),
                           Bytes(60, 0x90), Bytes(52, 0x80), Bytes{0x10, 1, 2});
  b.links.on_frame(pipe.b, {}, garbage);
  CHECK(pipe.b.closed == info.stream);
  CHECK(pipe.b.sent.empty());
  CHECK(b.heard.up.empty());
}

TEST_CASE("L0/5.7: garbage on a live link is dropped and the link goes on", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.link(a, b);
  CHECK(rc::check([&](Bytes garbage) {
    b.links.on_frame(pipe.b, {}, garbage);
    RC_ASSERT(b.heard.down.empty());
    RC_ASSERT(b.heard.packets.empty());
  }));
  REQUIRE(a.links.send_packet(a.heard.up[0].id, data_packet(b.identity.node_id(), 8),
                              Padding::by_class));
  world.settle();
  CHECK(b.heard.packets.size() == 1);
}

TEST_CASE("L0/5.7: no more than 64 half-open links, the working ones never notice",
          "[l0][links][limits]") {
  World world;
  Links::Config config;
  config.limits.inits_per_second = 1000;
  FakeNode a(world, 0), b(world, 32), stranger(world, 64, config);
  FakeNode target(world, 96, config);
  world.link(a, target);
  const auto info = datagrams();
  auto& flood = world.join(stranger, target, info);
  world.fate = [](Bytes& frame) { return frame[0] != kRespType; };
  for (int n = 0; n < 200; ++n) {
    // Every INIT from another remote: each wants a slot of its own.
    SeededRandom random(static_cast<std::uint64_t>(n) + 1000);
    InitiatorHandshake handshake(stranger.identity, {}, static_cast<std::uint16_t>(n + 1),
                                 std::nullopt,
                                 Secret<32>(Identity::generate(random)
                                                .agree(stranger.identity.x25519_key())
                                                .value_or(Secret<32>{})));
    Bytes init(handshake.init().begin(), handshake.init().end());
    FrameInfo from;
    from.from.bytes[0] = static_cast<std::uint8_t>(n);
    target.links.on_frame(flood.b, from, init);
  }
  CHECK(target.links.half_open() == 64);
  CHECK(target.links.counters().init_half_open == 136);
  CHECK(target.heard.down.empty());
  world.run_for(Millis::seconds(19));
  CHECK(target.links.half_open() == 0);  // given up after 3 x T_hs
  CHECK(target.links.status().size() == 1);
}

TEST_CASE("L0/5.7: ten INIT a second per source address, the eleventh is dropped",
          "[l0][links][limits]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  std::vector<World::Pipe*> pipes;
  const auto knock = [&](std::uint8_t host) {
    auto& pipe = world.join(a, b);
    pipe.b.source.bytes[0] = host;
    REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
    world.deliver_one(pipe.b, b);
    return !pipe.b.closed;
  };
  for (int n = 0; n < 10; ++n) CHECK(knock(1));
  CHECK_FALSE(knock(1));
  CHECK(knock(2));  // another address is not touched
  CHECK(b.links.counters().init_rate == 1);
  world.clock.at = world.clock.at + Millis{100};
  CHECK(knock(1));
  CHECK_FALSE(knock(1));
}

TEST_CASE("README/9 item 10: a stream without INIT is closed after 3 x T_hs (slow-loris)",
          "[l0][links][limits]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.join(a, b);
  a.links.detach(pipe.a);  // nobody there who would say anything
  world.run_for(Millis::seconds(17));
  CHECK_FALSE(pipe.b.closed);
  world.run_for(Millis::seconds(2));
  CHECK(pipe.b.closed);
  CHECK(b.links.counters().handshake_timeout == 1);
}

TEST_CASE("L0/5.7: a responder left without AUTH closes the stream after 3 x T_hs",
          "[l0][links][limits]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.fate = [](Bytes& frame) { return frame[0] != kAuthType; };
  auto& pipe = world.link(a, b);
  CHECK(b.links.half_open() == 1);
  world.run_for(Millis::seconds(17));
  CHECK(b.links.half_open() == 1);
  world.run_for(Millis::seconds(2));
  CHECK(b.links.half_open() == 0);
  CHECK(pipe.b.closed);
}

TEST_CASE("L0/5.7: of two links to one peer the initiator with the lower NodeID wins",
          "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  const bool a_first = GENERATE(true, false);
  FakeNode& first = a_first ? a : b;
  FakeNode& second = a_first ? b : a;
  world.link(first, second);
  world.link(second, first);
  FakeNode& lower = a.identity.node_id() < b.identity.node_id() ? a : b;
  REQUIRE(a.links.status().size() == 1);
  REQUIRE(b.links.status().size() == 1);
  CHECK(lower.links.status()[0].info.role == LinkRole::initiator);
  CHECK(a.links.counters().duplicate_links == 1);
  REQUIRE(a.links.send_packet(a.links.status()[0].info.id, data_packet(b.identity.node_id(), 3),
                              Padding::by_class));
  world.settle();
  CHECK(b.heard.packets.size() == 1);
}

TEST_CASE("README/9 item 2: the same initiator on both: the newer stays", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& old_pipe = world.link(a, b);
  world.run_for(Millis{10});
  world.link(a, b);
  CHECK(old_pipe.a.closed);
  REQUIRE(b.links.status().size() == 1);
  CHECK(b.heard.down.size() == 1);
  CHECK(b.heard.down[0].second == CloseReason::duplicate);
  CHECK(b.links.status()[0].info.since == world.clock.at);
}

TEST_CASE("decision 0021: a peer that lost its link is not refused until silence ends it",
          "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  const bool a_first = a.identity.node_id() < b.identity.node_id();
  FakeNode& lower = a_first ? a : b;
  FakeNode& higher = a_first ? b : a;
  // The lower NodeID asked for the first link; it is the other one that loses it.
  auto& pipe = world.link(lower, higher, radio());
  world.run_for(Millis::seconds(30));
  higher.links.detach(pipe.b);
  REQUIRE(higher.links.attach(pipe.b));
  REQUIRE(lower.links.status().size() == 1);
  const Millis lost = world.clock.at;
  while (higher.links.status().empty() && world.clock.at < lost + Millis::seconds(120)) {
    (void)higher.links.establish(pipe.b, Remote{}, std::nullopt);
    world.run_for(Millis::seconds(10));
  }
  CHECK(world.clock.at < lost + Millis::seconds(60));  // and not after 180
  REQUIRE(lower.links.status().size() == 1);
  CHECK(lower.links.status()[0].info.since > lost);
  CHECK(lower.heard.down.size() == 1);
  world.run_for(Millis::seconds(600));
  CHECK(lower.links.status().size() == 1);
}

TEST_CASE("decision 0021: a link that works outlives doubt", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  const bool a_first = a.identity.node_id() < b.identity.node_id();
  FakeNode& lower = a_first ? a : b;
  FakeNode& higher = a_first ? b : a;
  auto& pipe = world.link(lower, higher, datagrams());
  const Millis since = lower.links.status()[0].info.since;
  world.run_for(Millis::seconds(30));
  (void)higher.links.establish(pipe.b, Remote{}, std::nullopt);
  world.run_for(Millis::seconds(60));
  REQUIRE(lower.links.status().size() == 1);
  REQUIRE(higher.links.status().size() == 1);
  CHECK(lower.links.status()[0].info.since == since);
}

TEST_CASE("L0/5.7: links on two interfaces are not duplicates", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.link(a, b);
  MediumInfo other;
  other.interface = InterfaceId{1};
  world.link(a, b, other);
  CHECK(a.links.status().size() == 2);
}

TEST_CASE("L0/5.7: an idle link is kept alive by Ping, a silent one goes after 180 s",
          "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  const MediumInfo info = GENERATE(MediumInfo{}, datagrams(), [] {
    MediumInfo slow = radio();
    slow.bandwidth = BitsPerSecond{1000};
    return slow;
  }());
  world.link(a, b, info);
  world.run_for(Millis::seconds(3000));
  CHECK(a.heard.down.empty());
  CHECK(b.heard.down.empty());
  CHECK(a.heard.round_trips.size() >= 3);
  const Millis cut = world.clock.at;
  world.fate = [](Bytes&) { return false; };
  world.run_for(Millis::seconds(119));
  CHECK(a.heard.down.empty());
  while (a.heard.down.empty() && world.clock.at < cut + Millis::seconds(400)) {
    world.run_for(Millis{500});
  }
  REQUIRE(a.heard.down.size() == 1);
  CHECK(a.heard.down[0].second == CloseReason::idle);
  CHECK(world.clock.at <= cut + Millis::seconds(181));
}

TEST_CASE("L0/5.6: CLOSE tells the peer at once, whatever the reason", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.link(a, b);
  const auto reason = GENERATE(CloseReason::shutdown, CloseReason::policy, CloseReason{0x55});
  a.links.close(a.heard.up[0].id, reason);
  CHECK(a.heard.down.empty());  // not from within the call
  world.run_for(Millis{1});
  REQUIRE(a.heard.down.size() == 1);
  REQUIRE(b.heard.down.size() == 1);
  CHECK(b.heard.down[0].second == reason);
  CHECK(pipe.b.closed);
  CHECK(
      a.links.send_packet(a.heard.up[0].id, data_packet(b.identity.node_id(), 1), Padding::by_class)
          .error()
          .code == Errc::not_found);
}

TEST_CASE("L0/5.7: a lost stream takes its link down", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.link(a, b);
  pipe.a.closed = true;
  world.settle();
  REQUIRE(b.heard.down.size() == 1);
  CHECK(b.heard.down[0].second == CloseReason::medium_lost);
  CHECK(a.heard.down.size() == 1);
}

TEST_CASE("README/2.5: five malformed messages in 60 s close the link with reason 5",
          "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.link(a, b);
  const auto spoil = [&] {
    REQUIRE(a.links.send_control(a.heard.up[0].id, Bytes{control::kPing, 1}));
    world.settle();
  };
  for (int n = 0; n < 4; ++n) spoil();
  world.run_for(Millis::seconds(61));
  for (int n = 0; n < 4; ++n) spoil();
  CHECK(b.heard.down.empty());
  CHECK(b.heard.malformed == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(a.heard.malformed.empty());
  spoil();
  world.run_for(Millis{1});
  REQUIRE(b.heard.down.size() == 1);
  CHECK(b.heard.down[0].second == CloseReason::policy);
  CHECK(a.heard.down.at(0).second == CloseReason::policy);
}

TEST_CASE("L0 property 13: one PacketTooBig per destination and upstream in 5 s", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.link(a, b);
  const LinkId upstream = b.heard.up[0].id;
  const NodeId destination = NodeId::from(Bytes(16, 0x42));
  pipe.b.sent.clear();
  for (int n = 0; n < 10; ++n) b.links.signal_too_big(upstream, destination, Mtu{1500});
  REQUIRE(pipe.b.sent.size() == 1);
  CHECK(pipe.b.sent[0].size() == 19 + kLinkOverhead);  // 18-byte body, type, link overhead
  b.links.signal_too_big(upstream, NodeId::from(Bytes(16, 0x43)), Mtu{484});
  CHECK(pipe.b.sent.size() == 2);
  world.settle();
  REQUIRE(a.heard.too_big.size() == 2);
  CHECK(a.heard.too_big[0].first == destination);
  CHECK(a.heard.too_big[0].second == Mtu{1500});
  world.clock.at = world.clock.at + Millis{4999};
  b.links.signal_too_big(upstream, destination, Mtu{1500});
  CHECK(pipe.b.sent.size() == 2);
  world.clock.at = world.clock.at + Millis{1};
  b.links.signal_too_big(upstream, destination, Mtu{1500});
  CHECK(pipe.b.sent.size() == 3);
  for (const int wrong : {0, 483, 4096, 65535}) {
    PacketTooBig bad;
    bad.link_mtu = static_cast<std::uint16_t>(wrong);
    CHECK(decode<PacketTooBig>(encode_fixed(bad)).error().code == Errc::bad_value);
  }
}

TEST_CASE("L0 property 21: BROADCAST of 482 passes, 483 not; 10 a second; BEACON has 20 bytes",
          "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.join(a, b, datagrams());
  using Kind = NeighbourFrame::Kind;
  CHECK(a.links.send_neighbour_frame(pipe.a, Kind::broadcast, Bytes(1 + 482, 0xF7)));
  CHECK_FALSE(a.links.send_neighbour_frame(pipe.a, Kind::broadcast, Bytes(1 + 483, 0xF7)));
  CHECK_FALSE(a.links.send_neighbour_frame(pipe.a, Kind::beacon, Bytes(19)));
  CHECK_FALSE(a.links.send_neighbour_frame(pipe.a, Kind::beacon, Bytes(21)));
  world.settle();
  CHECK(b.heard.neighbour.size() == 1);
  for (const std::size_t size : {20U, 22U}) {
    Bytes beacon(size, 1);
    beacon[0] = kBeaconType;
    b.links.on_frame(pipe.b, {}, beacon);
  }
  CHECK(b.heard.neighbour.size() == 1);
  for (int n = 0; n < 15; ++n)
    REQUIRE(a.links.send_neighbour_frame(pipe.a, Kind::beacon, Bytes(20)));
  world.settle();
  CHECK(b.heard.neighbour.size() == 10);
  CHECK(b.links.counters().neighbour_frame_rate == 6);
  world.clock.at = world.clock.at + Millis::seconds(1);
  REQUIRE(a.links.send_neighbour_frame(pipe.a, Kind::beacon, Bytes(20)));
  world.settle();
  CHECK(b.heard.neighbour.size() == 11);
  CHECK(a.heard.neighbour.empty());  // never relayed
}

TEST_CASE("core/medium.h: a full medium is told upward, and so is room again", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.link(a, b);
  pipe.a.full = true;
  const Bytes packet = data_packet(b.identity.node_id(), 10);
  CHECK(a.links.send_packet(a.heard.up[0].id, packet, Padding::by_class).error().code ==
        Errc::full);
  pipe.a.full = false;
  a.links.on_writable(pipe.a);
  CHECK(a.heard.writable == 1);
  CHECK(a.links.send_packet(a.heard.up[0].id, packet, Padding::by_class));
}

TEST_CASE("L1/10.1: a busy channel is told upward and is no failure", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo radio;
  radio.stream = false;
  radio.half_duplex = radio.scans = true;
  auto& pipe = world.link(a, b, radio);
  REQUIRE(a.heard.up.size() == 1);
  CHECK(a.heard.up[0].scans);
  pipe.a.busy = true;
  const Bytes packet = data_packet(b.identity.node_id(), 10);
  for (int n = 0; n < 10; ++n) {
    CHECK(a.links.send_packet(a.heard.up[0].id, packet, Padding::by_class).error().code ==
          Errc::busy);
  }
  pipe.a.busy = false;
  CHECK(a.links.send_packet(a.heard.up[0].id, packet, Padding::by_class));
  CHECK(a.heard.writable == 0);  // nothing was promised
  CHECK(a.heard.down.empty());
}

TEST_CASE("L1/10.1: frames of L0 itself wait while the channel is busy", "[l0][links]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo radio;
  radio.stream = false;
  radio.half_duplex = radio.scans = true;
  radio.bandwidth = BitsPerSecond{100'000};
  auto& pipe = world.join(a, b, radio);
  pipe.a.busy = true;
  REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
  // A full frame takes 330 ms: it is tried again within five quarters of that, and again.
  world.run_for(Millis{500});
  CHECK(pipe.a.sent.empty());
  pipe.a.busy = false;
  world.run_for(Millis{500});
  CHECK(a.heard.up.size() == 1);
  REQUIRE(pipe.a.sent.size() == 3);  // INIT, AUTH and the Ping that confirms the link, each once
  CHECK(pipe.a.sent[0][0] == 0x80);
  CHECK(pipe.a.sent[1][0] == 0x82);
  CHECK((pipe.a.sent[2][0] & 0xF0) == 0x90);
}

TEST_CASE("Limits: links and media stop at their capacity", "[l0][links][limits]") {
  World world;
  Links::Config config;
  config.limits.links = 3;
  config.limits.media = 5;
  config.limits.inits_per_second = 100;
  FakeNode a(world, 0), b(world, 32, config);
  for (int n = 0; n < 5; ++n) {
    MediumInfo info;
    info.interface = InterfaceId{static_cast<std::uint16_t>(n)};
    world.link(a, b, info);
  }
  CHECK(b.links.status().size() == 3);
  CHECK(b.links.counters().init_half_open == 2);
  FakeMedium spare[4];
  int attached = 0;
  for (auto& medium : spare) attached += b.links.attach(medium) ? 1 : 0;
  CHECK(attached == 2);  // the two streams that were refused have gone
  for (auto& medium : spare) b.links.detach(medium);
}

}  // namespace mehr::l0::test
