// Whole nodes in memory: three in a line, the outer two strangers to each other. spec: L0, L1, L2
#include "mehr/stack/node.h"

#include <catch2/catch.hpp>

#include "fake_links.h"
#include "mehr/l0/packet.h"

namespace mehr::stack::test {

using l0::test::FakeClock;
using l0::test::FakeMedium;
using l0::test::FakeTimers;
using l0::test::SeededRandom;

namespace {

struct Person {
  Person(FakeClock& clock, FakeTimers& timers, std::uint8_t seed)
      : identity(l0::Identity::from_seed(l0::test::seed_of(seed))),
        random(seed),
        node({}, identity, {clock, timers, random}) {}
  l0::Identity identity;
  SeededRandom random;
  Node node;
};

// A - B - C; every frame that passes is kept.
struct Line {
  Line() {
    join(a, b, ab_a, ab_b);
    join(c, b, bc_c, bc_b);
    settle();
    run_for(Millis::seconds(20));
  }
  static void join(Person& dialler, Person& listener, FakeMedium& near, FakeMedium& far) {
    near.other = &far;
    far.other = &near;
    REQUIRE(dialler.node.links().attach(near));
    REQUIRE(listener.node.links().attach(far));
    REQUIRE(dialler.node.links().establish(near, Remote{}, std::nullopt));
  }
  static bool deliver(FakeMedium& medium, Person& to) {
    if (medium.inbox.empty()) return false;
    Bytes frame = std::move(medium.inbox.front());
    medium.inbox.pop_front();
    to.node.links().on_frame(medium, {}, frame);
    return true;
  }
  void settle() {
    while (deliver(ab_a, a) || deliver(ab_b, b) || deliver(bc_b, b) || deliver(bc_c, c)) {
    }
  }
  void run_for(Millis span) {
    timers.run_until(clock.at + span, [this] { settle(); });
    settle();
  }

  FakeClock clock;
  FakeTimers timers{clock};
  FakeMedium ab_a, ab_b, bc_b, bc_c;
  Person a{clock, timers, 0}, b{clock, timers, 40}, c{clock, timers, 80};
};

constexpr Protocol kTold{context::kInteractive, kProvenPort | 0x10};
constexpr Protocol kAnonymous{context::kInteractive, 0x10};

}  // namespace

TEST_CASE("L1 property 32: without prices the ends of a line learn each other and talk through it",
          "[stack]") {
  Line line;
  REQUIRE(line.a.node.network().key_of(line.c.node.id()) == line.c.identity.public_key());
  std::vector<Bytes> heard;
  std::optional<PublicKey> sender;
  const auto keep = [&](const Message& m) {
    heard.emplace_back(m.body.begin(), m.body.end());
    sender = m.sender;
  };
  line.c.node.messages().on(kTold, keep);
  line.c.node.messages().on(kAnonymous, keep);
  const Bytes words(200, 0x77);
  REQUIRE(line.a.node.messages().send(line.c.node.id(), kTold, words, {}));
  line.settle();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0] == words);
  CHECK(sender == line.a.identity.public_key());
  REQUIRE(line.a.node.messages().send(line.c.node.id(), kAnonymous, words, {}));
  line.settle();
  REQUIRE(heard.size() == 2);
  CHECK_FALSE(sender.has_value());
  CHECK(line.b.node.network().counters().forwarded == 2);
  CHECK(line.b.node.network().counters().delivered == 0);
}

TEST_CASE("L0 property 14: a clear packet is relayed from a dual interface, not from a native one",
          "[stack]") {
  Line line;
  FakeMedium side;
  side.details.mode = GENERATE(InterfaceMode::dual, InterfaceMode::native);
  side.details.interface = InterfaceId{7};
  REQUIRE(line.b.node.links().attach(side));
  line.bc_b.sent.clear();
  Bytes packet = l0::test::data_packet(line.c.node.id(), 60);
  line.b.node.links().on_frame(side, {}, packet);
  const bool dual = side.details.mode == InterfaceMode::dual;
  CHECK(line.bc_b.sent.size() == (dual ? 1 : 0));
  CHECK(line.b.node.links().counters().clear_packet == (dual ? 0 : 1));
  line.b.node.links().detach(side);
}

}  // namespace mehr::stack::test
