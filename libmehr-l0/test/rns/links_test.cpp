// Links of others through a relay: request, proof, packets, MTU. spec: L0/8.4 steps 4 to 6
#include "support.h"

namespace mehr::l0::rns::test {
namespace {

struct Linked : World {
  Program b{2};
  PortId at_a;
  PortId at_b;
  Bytes request;

  explicit Linked(std::size_t mtu_a = 8192, std::size_t mtu_b = 8192, std::size_t asked = 16'384)
      : at_a(port(false, mtu_a)), at_b(port(false, mtu_b)) {
    REQUIRE(accepted(at_b, b.announce()));
    run_to(now + Millis{20'000});
    Bytes data(64, 0x33);
    if (asked != 0) {
      data.push_back(static_cast<std::uint8_t>(0x20 | (asked >> 16)));
      data.push_back(static_cast<std::uint8_t>(asked >> 8));
      data.push_back(static_cast<std::uint8_t>(asked));
    }
    request = Program::packet({0x02}, b.destination(), 0, data, 0, self);
  }
  Bytes in_link(std::uint8_t fill, std::uint8_t hops = 0) {
    return Program::packet({0x0C}, link_id_of(request), 0, Bytes(50, fill), hops);
  }
};

TEST_CASE("L0 property 17: a link is set up through the relay and carries packets both ways",
          "[l0][rns]") {
  Linked w;
  const auto asked = w.passed(w.at_a, w.request);
  CHECK(asked.port == w.at_b);
  CHECK(w.relay.links().size() == 1);
  const auto proof = w.passed(w.at_b, w.b.prove_link(w.request));
  CHECK(proof.port == w.at_a);
  const auto forth = w.passed(w.at_a, w.in_link(1));
  CHECK(forth.port == w.at_b);
  CHECK(parse(forth.packet)->hops == 1);
  const auto back = w.passed(w.at_b, w.in_link(2));
  CHECK(back.port == w.at_a);
  CHECK(w.relay.counters().link_packets == 2);
  CHECK(w.dropped(w.at_a, w.in_link(1)));     // a duplicate
  CHECK(w.dropped(w.at_a, w.in_link(3, 4)));  // hops that are not the initiator's
  const PortId elsewhere = w.port();
  CHECK(w.dropped(elsewhere, w.in_link(5)));
}

TEST_CASE("L0 8.4 step 4: the link MTU is lowered to what both ports take, or left out",
          "[l0][rns]") {
  const auto mtu_after = [](std::size_t in, std::size_t out, std::size_t asked) {
    Linked w(in, out, asked);
    const auto sent = w.passed(w.at_a, w.request);
    const auto view = parse(sent.packet);
    if (view->data.size() == 64) return std::size_t{0};
    const ByteView tail = view->data.last(3);
    CHECK((tail[0] & 0xE0) == 0x20);  // the mode stays
    return (static_cast<std::size_t>(tail[0] & 0x1F) << 16) |
           (static_cast<std::size_t>(tail[1]) << 8) | tail[2];
  };
  CHECK(mtu_after(8192, 8192, 131'072) == 8192);
  CHECK(mtu_after(8192, 1500, 131'072) == 1500);
  CHECK(mtu_after(1500, 8192, 131'072) == 1500);
  CHECK(mtu_after(8192, 8192, 1'064) == 1'064);
  CHECK(mtu_after(8192, 0, 131'072) == 0);
  CHECK(mtu_after(8192, 8192, 0) == 0);
}

TEST_CASE("L0 8.4 step 6: a proof that is not the destination's ends nothing and opens nothing",
          "[l0][rns]") {
  Linked w;
  w.passed(w.at_a, w.request);
  Program other(9);
  CHECK(w.dropped(w.at_b, other.prove_link(w.request)));
  CHECK(w.relay.counters().bad_proof == 1);
  Bytes bent = w.b.prove_link(w.request);
  bent.back() ^= 1;
  CHECK(w.dropped(w.at_b, bent));
  CHECK(w.dropped(w.at_a, w.b.prove_link(w.request)));  // from the wrong side
  const std::array<std::uint8_t, 3> tail{0x20, 0x20, 0x00};
  w.passed(w.at_b, w.b.prove_link(w.request, tail));
}

TEST_CASE("L0 8.4: a request that was seen cannot be used to take its link over", "[l0][rns]") {
  Linked w;
  const PortId thief = w.port();
  w.passed(w.at_a, w.request);
  w.passed(w.at_b, w.b.prove_link(w.request));
  Bytes again = w.request;
  again.back() ^= 1;  // another tail: not the same packet, but the same link
  CHECK(w.dropped(thief, again));
  const auto back = w.passed(w.at_b, w.in_link(1));
  CHECK(back.port == w.at_a);
}

TEST_CASE("L0 8.4: a link without a proof ends after its deadline, a silent one after 900 s",
          "[l0][rns]") {
  Linked w;
  w.passed(w.at_a, w.request);
  w.now = w.now + Millis{6'001};
  CHECK(w.dropped(w.at_b, w.b.prove_link(w.request)));
  Linked v;
  v.passed(v.at_a, v.request);
  v.passed(v.at_b, v.b.prove_link(v.request));
  v.now = v.now + Millis::seconds(899);
  v.passed(v.at_a, v.in_link(1));
  v.now = v.now + Millis::seconds(899);
  v.passed(v.at_b, v.in_link(2));
  v.now = v.now + Millis::seconds(901);
  CHECK(v.dropped(v.at_a, v.in_link(3)));
}

TEST_CASE("L0 8.4: requests of strangers do not end links that work", "[l0][rns]") {
  Relay::Config config;
  config.links = 4;
  World w(config);
  Program b(2);
  const PortId at_a = w.port();
  const PortId at_b = w.port();
  REQUIRE(w.accepted(at_b, b.announce()));
  const auto request = [&](std::uint8_t fill) {
    return Program::packet({0x02}, b.destination(), 0, Bytes(64, fill), 0, w.self);
  };
  Bytes good = request(1);
  w.passed(at_a, good);
  w.passed(at_b, b.prove_link(good));
  for (std::uint8_t i = 2; i < 40; ++i) w.passed(at_a, request(i));
  CHECK(w.relay.links().size() == 4);
  w.passed(at_a, Program::packet({0x0C}, link_id_of(good), 0, Bytes(20, 1)));
}

TEST_CASE("L0 8.5: over a native link the transport ID is left out and bit 4 is set", "[l0][rns]") {
  World w;
  Program b(2);
  const PortId clear = w.port();
  const PortId native = w.port(true, 4096);
  Bytes announce = b.announce(5, 1);
  announce[0] |= PacketFlags::kInTransport;
  REQUIRE(w.accepted(native, announce));
  const auto out = w.run_to(w.now + Millis{2'000});
  REQUIRE(out.size() == 1);  // not back over the native link: who is there knows it
  CHECK(out[0].port == clear);
  const Bytes data(40, 1);
  const auto forth = w.passed(clear, Program::packet({0x00}, b.destination(), 0, data, 0, w.self));
  CHECK(forth.port == native);
  CHECK(forth.packet[0] == 0x10);
  CHECK(forth.packet.size() == kHeaderSize + data.size());
  // And the other way: the neighbour's packet is in transport for us.
  Program a(1);
  REQUIRE(w.accepted(clear, a.announce()));
  const auto back = w.passed(native, Program::packet({0x10}, a.destination(), 0, data));
  CHECK(back.port == clear);
  CHECK(back.packet[0] == 0x00);
  const auto over_clear = w.run_to(w.now + Millis{2'000});
  const auto on_native = std::find_if(over_clear.begin(), over_clear.end(),
                                      [&](const auto& s) { return s.port == native; });
  REQUIRE(on_native != over_clear.end());
  CHECK(on_native->packet[0] == 0x11);
}

TEST_CASE("L0 8.5: what is Reticulum's within a native link, and what is not", "[l0][rns]") {
  World w;
  Program b(2);
  const PortId native = w.port(true, 4096);
  CHECK(w.relay.is_ours(b.announce()));
  CHECK(w.relay.is_ours(Program::packet({0x02}, b.destination(), 0, Bytes(64, 1))));
  CHECK(w.relay.is_ours(Program::packet({0x0C}, b.destination(), 0, Bytes(64, 1))));
  CHECK(w.relay.is_ours(Program::packet({0x08}, kPathRequests, 0, Bytes(32, 1))));
  const Bytes data = Program::packet({0x10}, b.destination(), 0xE2, Bytes(64, 1));
  CHECK_FALSE(w.relay.is_ours(data));
  REQUIRE(w.accepted(native, b.announce(5, 1)));
  CHECK(w.relay.is_ours(data));
  // A native announce: its destination is the hash of the key that it begins with.
  Bytes native_announce(200, 0);
  copy_bytes(b.identity.public_key().view(), native_announce);
  CHECK_FALSE(w.relay.is_ours(
      Program::packet({0x11}, Address{b.identity.node_id().bytes}, 0, native_announce)));
}

TEST_CASE("L0 8.4: a port that goes takes its paths and links with it", "[l0][rns]") {
  Linked w;
  w.passed(w.at_a, w.request);
  w.relay.port_down(w.at_b);
  CHECK(w.relay.links().size() == 0);
  CHECK(w.relay.paths().size() == 0);
  CHECK(w.dropped(w.at_a, w.request));
  // A newcomer in the same place has none of it.
  CHECK(w.port() == w.at_b);
  REQUIRE(w.accepted(w.at_b, w.b.announce()));
}

TEST_CASE("L0 8.4: a full table of paths takes from the port that filled it", "[l0][rns]") {
  Relay::Config config;
  config.paths = 8;
  config.announce_checks = 1000;
  World w(config);
  const PortId honest = w.port();
  const PortId flood = w.port();
  Program kept(1);
  REQUIRE(w.accepted(honest, kept.announce()));
  for (std::uint8_t i = 0; i < 60; ++i) {
    w.now = w.now + Millis{1};
    Program made_up(static_cast<std::uint8_t>(i + 2));
    REQUIRE(w.accepted(flood, made_up.announce()));
  }
  CHECK(w.relay.paths().size() == 8);
  CHECK(w.relay.paths().find(kept.destination()) != nullptr);
}

}  // namespace
}  // namespace mehr::l0::rns::test
