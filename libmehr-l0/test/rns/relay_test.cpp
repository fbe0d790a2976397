// A transport node between programs: what goes through, and what does not. spec: L0/8.4
#include "support.h"

namespace mehr::l0::rns::test {
namespace {

/// A and B on ports of their own, B's announce known.
struct Pair : World {
  Program a{1};
  Program b{2};
  PortId at_a = port();
  PortId at_b = port();

  Pair() {
    REQUIRE(accepted(at_b, b.announce()));
    run_to(now + Millis{20'000});
  }
  Bytes to_b(ByteView data, std::uint8_t context = 0, PacketFlags flags = {0x00}) {
    return Program::packet(flags, b.destination(), context, data, 0, self);
  }
};

TEST_CASE("L0 property 17: an announce reappears on the other port, its DATA untouched",
          "[l0][rns]") {
  World world;
  Program b(2);
  const PortId at_a = world.port();
  const PortId at_b = world.port();
  const Bytes announce = b.announce();
  REQUIRE(world.accepted(at_b, announce));
  const auto out = world.run_to(world.now + Millis{2'000});
  REQUIRE(out.size() == 2);  // the echo on its own port, too. spec: L0/8.2 step 4
  for (const auto& sent : out) {
    CHECK((sent.port == at_a || sent.port == at_b));
    const auto view = parse(sent.packet);
    REQUIRE(view.has_value());
    CHECK(view->flags.bits == 0x51);
    CHECK(view->hops == 1);
    CHECK(view->transport == world.self);
    CHECK(same_bytes(view->data, ByteView(announce).subspan(kHeaderSize)));
  }
  // Said once more, since nobody was heard passing it on; then never again.
  CHECK(world.run_to(world.now + Millis{10'000}).size() == 2);
  CHECK(world.run_to(world.now + Millis{600'000}).empty());
}

TEST_CASE("L0 8.4 step 8: an announce that was heard passed on is not said again", "[l0][rns]") {
  World world;
  Program b(2);
  const PortId at_b = world.port();
  const Bytes announce = b.announce();
  REQUIRE(world.accepted(at_b, announce));
  CHECK(world.run_to(world.now + Millis{2'000}).size() == 1);
  const auto view = parse(announce);
  Bytes echo = Program::packet(PacketFlags{0x01}, b.destination(), 0, view->data, 2,
                               address("deadbeefdeadbeefdeadbeefdeadbeef"));
  CHECK(world.dropped(at_b, echo));
  CHECK(world.run_to(world.now + Millis{60'000}).empty());
}

TEST_CASE("L0 property 15: 317 bytes of app_data pass, 318 do not", "[l0][rns]") {
  World world;
  world.port();
  const PortId at_b = world.port();
  Program fits(2);
  REQUIRE(world.accepted(at_b, fits.announce(317)));
  CHECK(world.run_to(world.now + Millis{2'000}).size() == 2);
  // Built by hand: we do not make one that nobody passes on.
  Program other(3);
  Bytes app(318, 0x61);
  std::array<std::uint8_t, kMostAnnounce> data{};
  Writer w(data);
  const IdentityKey key = identity_of(other.identity);
  const Blob blob = blob_of({{1, 2, 3, 4, 5}}, 5);
  w.put(key);
  w.put(other.name);
  w.put(blob);
  Bytes signed_bytes(16 + 64 + 20);
  Writer s(signed_bytes);
  s.put(other.destination());
  s.put(key);
  s.put(other.name);
  s.put(blob);
  signed_bytes.insert(signed_bytes.end(), app.begin(), app.end());
  w.put(other.identity.sign({}, signed_bytes));
  w.bytes(app);
  REQUIRE(world.accepted(at_b,
                         Program::packet(PacketFlags{0x01}, other.destination(), 0, w.written())));
  CHECK(world.run_to(world.now + Millis{20'000}).size() == 2);  // the first one's second time
}

TEST_CASE("L0 property 17: data goes to the destination, its proof comes back once", "[l0][rns]") {
  Pair w;
  const Bytes data(100, 0x42);
  Bytes packet = w.to_b(data);
  const Address hash = address_of(packet_hash(packet));
  const auto out = w.passed(w.at_a, packet);
  CHECK(out.port == w.at_b);
  const auto view = parse(out.packet);
  CHECK(view->flags.bits == 0x00);
  CHECK(view->hops == 1);
  CHECK_FALSE(view->transport.has_value());
  CHECK(same_bytes(view->data, data));
  const Bytes proof = Program::packet(PacketFlags{0x03}, hash, 0, Bytes(64, 1));
  CHECK(w.dropped(w.at_a, proof));  // not from where the packet went
  const auto back = w.passed(w.at_b, proof);
  CHECK(back.port == w.at_a);
  CHECK(parse(back.packet)->hops == 1);
  CHECK(w.dropped(w.at_b, proof));
}

TEST_CASE("L0 8.4 step 1: duplicates go, resources and keepalives may come twice", "[l0][rns]") {
  Pair w;
  const Bytes packet = w.to_b(Bytes(40, 7));
  w.passed(w.at_a, packet);
  CHECK(w.dropped(w.at_a, packet));
  CHECK(w.relay.counters().duplicate == 1);
  constexpr std::array<std::uint8_t, 6> kMayRepeat{0x01, 0x03, 0x05, 0x08, 0x0E, 0xFA};
  for (const std::uint8_t context : kMayRepeat) {
    w.passed(w.at_a, w.to_b(Bytes(40, 7), context));
    w.passed(w.at_a, w.to_b(Bytes(40, 7), context));
  }
}

TEST_CASE("L0 8.4 step 2: the next hop's transport ID while more hops are left", "[l0][rns]") {
  World w;
  Program far(4);
  const PortId at_a = w.port();
  const PortId at_b = w.port();
  const Address next = address("deadbeefdeadbeefdeadbeefdeadbeef");
  REQUIRE(w.accepted(at_b, far.announce(5, 3, next)));
  const Bytes data(30, 1);
  const auto out =
      w.passed(at_a, Program::packet(PacketFlags{0x00}, far.destination(), 0, data, 1, w.self));
  const auto view = parse(out.packet);
  CHECK(out.port == at_b);
  CHECK(view->transport == next);
  CHECK(view->hops == 2);
  CHECK(view->flags.bits == 0x50);
}

TEST_CASE("L0 8.4: what is for another relay, for nobody known, or has come too far goes nowhere",
          "[l0][rns]") {
  Pair w;
  const Bytes data(30, 1);
  const Address other = address("deadbeefdeadbeefdeadbeefdeadbeef");
  CHECK(w.dropped(w.at_a, Program::packet({0x00}, w.b.destination(), 0, data, 0, other)));
  CHECK(
      w.dropped(w.at_a, Program::packet({0x00}, w.b.destination(), 0, data)));  // not in transport
  CHECK(w.dropped(w.at_a, Program::packet({0x00}, other, 0, data, 0, w.self)));
  CHECK(w.dropped(w.at_a, Program::packet({0x00}, w.b.destination(), 0, data, 128, w.self)));
  CHECK(w.relay.counters().hop_limit == 1);
  CHECK(w.relay.counters().no_path == 1);
  CHECK(w.relay.counters().not_for_us == 2);
  CHECK(w.dropped(w.at_a, Bytes(19)));
  CHECK(w.relay.counters().malformed == 1);
}

TEST_CASE("L0 property 17: a path request is answered with the announce, once per tag",
          "[l0][rns]") {
  Pair w;
  Bytes question(16 + 16);
  copy_bytes(Bytes(16, 0x77), copy_bytes(w.b.destination().view(), question));
  const Bytes packet = Program::packet({0x08}, kPathRequests, 0, question);
  CHECK(w.dropped(w.at_a, packet));
  const Millis asked = w.now;
  const auto out = w.run_to(w.now + Millis{2'000});
  REQUIRE(out.size() == 1);
  CHECK(out[0].port == w.at_a);
  const auto view = parse(out[0].packet);
  CHECK(view->context == context::kPathResponse);
  CHECK(view->destination == w.b.destination());
  CHECK(view->transport == w.self);
  CHECK(asked + Millis{400} <= w.now);
  CHECK(w.dropped(w.at_a, packet));
  CHECK(w.run_to(w.now + Millis{5'000}).empty());
  CHECK(w.relay.counters().path_requests == 1);
}

TEST_CASE("L0 8.4 step 8: an announce that answers a path request is kept and not passed on",
          "[l0][rns]") {
  World w;
  w.port();
  const PortId at_b = w.port();
  Program b(2);
  Bytes announce = b.announce();
  announce[18] = context::kPathResponse;
  REQUIRE(w.accepted(at_b, announce));
  CHECK(w.run_to(w.now + Millis{20'000}).empty());
  CHECK(w.relay.paths().find(b.destination()) != nullptr);
}

TEST_CASE("L0 8.3 step 5: which announce becomes the path", "[l0][rns]") {
  World w;
  const PortId near = w.port();
  const PortId far = w.port();
  Program b(2);
  const Bytes first = b.announce(5, 2, address("deadbeefdeadbeefdeadbeefdeadbeef"));
  REQUIRE(w.accepted(far, first));
  CHECK(w.dropped(far, first));   // seen
  CHECK(w.dropped(near, first));  // seen, over another port
  REQUIRE(w.accepted(near, b.announce()));
  CHECK(w.relay.paths().find(b.destination())->port == near);
  CHECK(w.relay.paths().find(b.destination())->hops == 1);
  // A newer one over more hops is taken: the nearer way may be gone.
  REQUIRE(w.accepted(far, b.announce(5, 4, address("deadbeefdeadbeefdeadbeefdeadbeef"))));
  CHECK(w.relay.paths().find(b.destination())->hops == 5);
  // An older one is not, until the path has expired and hops are no fewer.
  b.emitted -= 3;
  const Bytes older = b.announce(6, 6, address("deadbeefdeadbeefdeadbeefdeadbeef"));
  CHECK(w.dropped(far, older));
}

TEST_CASE("L0 8.3: a forged announce is dropped, and a port has so many checks a second",
          "[l0][rns]") {
  Relay::Config config;
  config.announce_checks = 3;
  World w(config);
  const PortId p = w.port();
  const PortId q = w.port();
  for (std::uint8_t i = 0; i < 5; ++i) {
    Program someone(static_cast<std::uint8_t>(i + 1));
    Bytes forged = someone.announce();
    forged.back() ^= 1;
    CHECK(w.dropped(p, forged));
  }
  CHECK(w.relay.counters().announces_forged == 3);
  CHECK(w.relay.counters().announces_rate == 2);
  Program honest(30);
  CHECK(w.accepted(q, honest.announce()));
  w.now = w.now + Millis{1'000};
  Program late(31);
  CHECK(w.accepted(p, late.announce()));
}

}  // namespace
}  // namespace mehr::l0::rns::test
