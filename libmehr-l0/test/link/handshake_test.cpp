// The handshake under attack and on lossy media. spec: L0/5.2 to 5.4, L0/5.7, L2/3.3
#include <catch2/catch.hpp>

#include "fake_links.h"

namespace mehr::l0::test {

TEST_CASE("L0 property 18: two nodes link, mutually authenticated", "[l0][handshake]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.link(a, b);
  REQUIRE(a.heard.up.size() == 1);
  REQUIRE(b.heard.up.size() == 1);
  CHECK(a.heard.up[0].peer == b.identity.node_id());
  CHECK(b.heard.up[0].peer == a.identity.node_id());
  CHECK(a.heard.up[0].role == LinkRole::initiator);
  CHECK(b.heard.up[0].role == LinkRole::responder);
  CHECK(a.heard.up[0].mtu == Mtu{4096});
  const Bytes packet = data_packet(b.identity.node_id(), 100);
  REQUIRE(a.links.send_packet(a.heard.up[0].id, packet, Padding::by_class));
  world.settle();
  REQUIRE(b.heard.packets.size() == 1);
  CHECK(b.heard.packets[0] == packet);
}

TEST_CASE("L0/5.7: the confirming Ping is answered at once", "[l0][handshake]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.link(a, b);
  CHECK(b.heard.round_trips.size() == 1);
}

TEST_CASE("L0/5.7: dialling X and meeting Y fails", "[l0][handshake]") {
  World world;
  FakeNode a(world, 0), b(world, 32), c(world, 64);
  auto& pipe = world.join(a, b);
  REQUIRE(a.links.establish(pipe.a, Remote{}, c.identity.node_id()));
  world.settle();
  CHECK(a.heard.up.empty());
  CHECK(b.heard.up.empty());
  CHECK(pipe.b.sent.empty());  // no reply to an INIT for somebody else
  CHECK(b.links.counters().init_malformed == 1);
}

TEST_CASE("L0/5.7: a node never links with itself", "[l0][handshake]") {
  World world;
  FakeNode a(world, 0), twin(world, 0);
  world.link(a, twin);
  CHECK(a.heard.up.empty());
  CHECK(twin.heard.up.empty());
}

TEST_CASE("L0/5.7: who claims another's key is refused and the reason is told", "[l0][handshake]") {
  // A signer with the public half of somebody else's identity.
  class Forger final : public Signer {
   public:
    Forger(const Identity& own, const Identity& claimed) : own_(own), claimed_(claimed) {}
    const PublicKey& public_key() const override { return claimed_.public_key(); }
    const NodeId& node_id() const override { return claimed_.node_id(); }
    const X25519Key& x25519_key() const override { return claimed_.x25519_key(); }
    Signature sign(std::string_view label, ByteView m) const override {
      return own_.sign(label, m);
    }
    Result<Secret<32>> agree(const X25519Key& peer) const override { return own_.agree(peer); }

   private:
    const Identity& own_;
    const Identity& claimed_;
  };
  World world;
  FakeNode a(world, 0), b(world, 32), victim(world, 64);
  const Forger forger(a.identity, victim.identity);
  Links links({}, forger, world.clock, world.timers, a.random);
  links.set_listener(&a.heard);
  FakeMedium ours, theirs;
  ours.other = &theirs;
  theirs.other = &ours;
  REQUIRE(links.attach(ours));
  REQUIRE(b.links.attach(theirs));
  REQUIRE(links.establish(ours, Remote{}, std::nullopt));
  for (int i = 0; i < 4; ++i) {
    world.deliver_one(theirs, b);
    while (!ours.inbox.empty()) {
      Bytes frame = ours.inbox.front();
      ours.inbox.pop_front();
      links.on_frame(ours, {}, frame);
    }
  }
  CHECK(b.heard.up.empty());
  CHECK(theirs.closed);
  REQUIRE(b.heard.refused.size() == 1);
  CHECK(b.heard.refused[0] == "the peer does not hold the key it claims");
  links.detach(ours);
  b.links.detach(theirs);
}

TEST_CASE("L2 property 4: no single bit flip of INIT, RESP or AUTH makes a link",
          "[l0][handshake]") {
  // 52, 166 and 131 bytes: every bit of each, on a datagram medium, where the flipped frame is
  // lost.
  const std::array<std::size_t, 3> sizes{52, 166, 131};
  for (std::size_t which = 0; which < 3; ++which) {
    // Version minor bits of INIT and RESP may change what is accepted, never what is agreed on.
    for (std::size_t bit = 0; bit < sizes[which] * 8; ++bit) {
      World world;
      FakeNode a(world, 0), b(world, 32);
      world.fate = [&](Bytes& frame) {
        if (frame.size() == sizes[which] && (frame[0] & 0xF0) == 0x80) {
          frame[bit / 8] = static_cast<std::uint8_t>(frame[bit / 8] ^ (1U << (bit % 8)));
        }
        return true;
      };
      world.link(a, b, datagrams());
      const bool both_up = !a.heard.up.empty() && !b.heard.up.empty();
      if (both_up) FAIL("bit " << bit << " of frame " << which << " did not matter");
    }
  }
}

TEST_CASE("L2 property 5: replacing an ephemeral in transit fails", "[l0][handshake]") {
  const std::array<std::pair<std::uint8_t, std::size_t>, 2> places{{{0x80, 20}, {0x81, 6}}};
  for (const auto& [type, offset] : places) {
    World world;
    FakeNode a(world, 0), b(world, 32);
    const auto other = Identity::from_seed(seed_of(99)).x25519_key();
    world.fate = [&, type = type, offset = offset](Bytes& frame) {
      if (frame[0] == type)
        std::copy(other.bytes.begin(), other.bytes.end(),
                  frame.begin() + static_cast<std::ptrdiff_t>(offset));
      return true;
    };
    world.link(a, b);
    CHECK(a.heard.up.empty());
    CHECK(b.heard.up.empty());
  }
}

TEST_CASE("L2 property 7: a low-order ephemeral is refused", "[l0][handshake]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.fate = [&](Bytes& frame) {
    if (frame[0] == kInitType) std::fill(frame.begin() + 20, frame.end(), std::uint8_t{0});
    return true;
  };
  auto& pipe = world.link(a, b);
  CHECK(b.heard.up.empty());
  CHECK(pipe.b.sent.empty());
  CHECK(b.links.counters().handshake_refused == 1);
}

TEST_CASE("L2 property 8: one lost handshake frame delays a datagram link, no more",
          "[l0][handshake]") {
  const int lost = GENERATE(0, 1, 2, 3);
  World world;
  FakeNode a(world, 0), b(world, 32);
  int seen = 0;
  std::vector<Bytes> auths;
  world.fate = [&](Bytes& frame) {
    if (frame[0] == kAuthType) auths.push_back(frame);
    return seen++ != lost;
  };
  world.link(a, b, datagrams());
  world.run_for(Millis::seconds(18));
  REQUIRE(a.heard.up.size() == 1);
  REQUIRE(b.heard.up.size() == 1);
  for (const auto& auth : auths) CHECK(auth == auths[0]);  // no second body under counter 0
  REQUIRE(a.links.send_packet(a.heard.up[0].id, data_packet(b.identity.node_id(), 5),
                              Padding::by_class));
  world.settle();
  CHECK(b.heard.packets.size() == 1);
}

TEST_CASE("L2 property 8: a repeated INIT gets the identical RESP", "[l0][handshake]") {
  const bool stream = GENERATE(true, false);
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo info;
  info.stream = stream;
  auto& pipe = world.join(a, b, info);
  REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
  Bytes init = pipe.b.inbox.front();
  Bytes again = init;
  b.links.on_frame(pipe.b, {}, init);
  b.links.on_frame(pipe.b, {}, again);
  REQUIRE(pipe.b.sent.size() == 2);
  CHECK(pipe.b.sent[0] == pipe.b.sent[1]);
  CHECK(b.links.half_open() == 1);
}

TEST_CASE("L0/5.7: a lost RESP is asked for twice more, then the link closes", "[l0][handshake]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.fate = [](Bytes& frame) { return frame[0] != kRespType; };
  auto& pipe = world.link(a, b, datagrams());
  world.run_for(Millis::seconds(17));
  CHECK(pipe.a.sent.size() == 3);
  CHECK(b.links.half_open() == 1);
  world.run_for(Millis::seconds(2));
  CHECK(b.links.half_open() == 0);
  CHECK(a.links.counters().handshake_timeout == 1);
  CHECK(b.links.counters().handshake_timeout == 1);
  CHECK(a.heard.up.empty());
}

TEST_CASE("L0/5.2: versions: any minor of 1 is answered, other majors are not", "[l0][handshake]") {
  const auto [version, answered] = GENERATE(
      table<int, bool>({{0x10, true}, {0x1F, true}, {0x20, false}, {0x00, false}, {0xF0, false}}));
  World world;
  FakeNode a(world, 0), b(world, 32);
  auto& pipe = world.join(a, b);
  REQUIRE(a.links.establish(pipe.a, Remote{}, std::nullopt));
  Bytes init = pipe.b.inbox.front();
  init[1] = static_cast<std::uint8_t>(version);
  b.links.on_frame(pipe.b, {}, init);
  CHECK(pipe.b.sent.size() == (answered ? 1 : 0));
  CHECK(pipe.b.closed == !answered);
}

TEST_CASE("L0 property 7: MTU is negotiated, below 484 the link is refused with reason 2",
          "[l0][mtu]") {
  const auto [ours, theirs, agreed] = GENERATE(table<int, int, int>({{484, 4096, 484},
                                                                     {1500, 1500, 1500},
                                                                     {483, 4096, 0},
                                                                     {4096, 483, 0},
                                                                     {65535, 65535, 4096}}));
  World world;
  Links::Config left, right;
  left.terms.max_frame_size = Mtu{static_cast<std::uint16_t>(ours)};
  right.terms.max_frame_size = Mtu{static_cast<std::uint16_t>(theirs)};
  MediumInfo info;
  info.mtu = Mtu{65535};
  FakeNode a(world, 0, left), b(world, 32, right);
  world.link(a, b, info);
  const bool active = !a.heard.up.empty() && a.heard.down.empty();
  CHECK(active == (agreed != 0));
  if (active) {
    CHECK(a.heard.up[0].mtu.bytes == agreed);
    CHECK(b.heard.up[0].mtu.bytes == agreed);
  } else {
    CHECK(b.links.status().empty());
    CHECK(a.links.status().empty());
  }
}

TEST_CASE("L1/11: the clock offset of a neighbour is measured at set-up", "[l0][handshake]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.link(a, b);
  CHECK(a.heard.up[0].clock_offset_ms == 0);  // one clock serves both
  CHECK(a.heard.up[0].clock_error == Millis{0});
}

TEST_CASE("L1 property 27: the offset is off by half a round trip at most", "[l0][handshake]") {
  const auto [forth, back] =
      GENERATE(table<std::uint64_t, std::uint64_t>({{0, 0}, {100, 100}, {0, 201}, {201, 0}}));
  World world;
  FakeNode a(world, 0), b(world, 32);
  const std::uint64_t base = world.clock.node_base;
  constexpr std::int64_t kAhead = 5000;  // what b's clock shows more than a's
  world.fate = [&, forth = forth, back = back](Bytes& frame) {
    const bool to_a = frame[0] == 0x81;  // RESP; INIT and AUTH go to b
    world.clock.at = world.clock.at + Millis{to_a ? back : forth};
    world.clock.node_base = to_a ? base : base + kAhead;
    return frame[0] < 0x90;
  };
  world.link(a, b);
  REQUIRE(a.heard.up.size() == 1);
  REQUIRE(b.heard.up.size() == 1);
  const Millis half{(forth + back + 1) / 2};
  const auto off = [](const LinkInfo& link, std::int64_t truth) {
    const std::int64_t by = link.clock_offset_ms - truth;
    return Millis{static_cast<std::uint64_t>(by < 0 ? -by : by)};
  };
  CHECK(a.heard.up[0].clock_error == half);
  CHECK(b.heard.up[0].clock_error == half);
  CHECK(off(a.heard.up[0], kAhead) <= half);
  CHECK(off(b.heard.up[0], -kAhead) <= half);
}

}  // namespace mehr::l0::test
