// Whole nodes across a Reticulum network, in memory: A - R - B, where R relays for Reticulum peers
// and is no neighbour of either, and a dual link between two relays. spec: L0/8
#include <algorithm>
#include <catch2/catch.hpp>

#include "fake_links.h"
#include "mehr/stack/node.h"

namespace mehr::stack::test {

using l0::test::FakeClock;
using l0::test::FakeMedium;
using l0::test::FakeTimers;
using l0::test::SeededRandom;

namespace {

NodeConfig relaying() {
  NodeConfig out;
  out.reticulum.emplace();
  out.reticulum->paths = 64;
  return out;
}

struct Person {
  Person(FakeClock& clock, FakeTimers& timers, std::uint8_t seed)
      : identity(l0::Identity::from_seed(l0::test::seed_of(seed))),
        random(seed),
        node(relaying(), identity, {clock, timers, random}) {
    node.network().on_route([this](const l1::RouteEvent& e) { events.push_back(e); });
  }
  std::vector<l1::RouteEvent> events;
  l0::Identity identity;
  SeededRandom random;
  Node node;
};

struct World {
  explicit World(InterfaceMode mode) {
    join(a, r, ar_a, ar_r, mode);
    join(b, r, br_b, br_r, mode);
    run_for(Millis::seconds(30));
  }
  static void join(Person& x, Person& y, FakeMedium& near, FakeMedium& far, InterfaceMode mode) {
    near.details.mode = far.details.mode = mode;
    near.other = &far;
    far.other = &near;
    REQUIRE(x.node.links().attach(near));
    REQUIRE(y.node.links().attach(far));
    if (mode != InterfaceMode::rns) (void)x.node.links().establish(near, Remote{}, std::nullopt);
  }
  static bool deliver(FakeMedium& medium, Person& to) {
    if (medium.inbox.empty()) return false;
    Bytes frame = std::move(medium.inbox.front());
    medium.inbox.pop_front();
    if (medium.receiver_handle != 0) to.node.links().on_frame(medium, {}, frame);
    return true;
  }
  void settle() {
    while (deliver(ar_a, a) || deliver(ar_r, r) || deliver(br_b, b) || deliver(br_r, r)) {
    }
  }
  void run_for(Millis span) {
    settle();
    timers.run_until(clock.at + span, [this] { settle(); });
    settle();
  }

  FakeClock clock;
  FakeTimers timers{clock};
  FakeMedium ar_a, ar_r, br_b, br_r;
  Person a{clock, timers, 0}, r{clock, timers, 40}, b{clock, timers, 80};
};

constexpr Protocol kTold{context::kInteractive, kProvenPort | 0x10};

const l1::RouteInfo* route_to(const std::vector<l1::RouteInfo>& routes, const NodeId& node) {
  const auto found = std::find_if(routes.begin(), routes.end(), [&](const l1::RouteInfo& route) {
    return route.destination == node;
  });
  return found == routes.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("L0 8.5: sealed messages cross a Reticulum network between nodes without links",
          "[stack][rns]") {
  World w(InterfaceMode::rns);
  CHECK(w.a.node.network().links().empty());
  const auto routes = w.a.node.network().routes();
  const l1::RouteInfo* const route = route_to(routes, w.b.node.id());
  REQUIRE(route != nullptr);
  CHECK(route->foreign);
  CHECK(route->hop_count == 1);
  CHECK(route->mtu == l0::kForeignMtu);
  CHECK(w.a.node.network().key_of(w.b.node.id()) == w.b.identity.public_key());
  CHECK(w.a.node.network().max_body(w.b.node.id()) == 465);
  CHECK(w.a.node.network().path(w.b.node.id(), {})->mtu == l0::kForeignMtu);
  CHECK_FALSE(w.a.node.network().next_hop(w.b.node.id()).has_value());
  CHECK(std::any_of(w.a.events.begin(), w.a.events.end(), [&](const l1::RouteEvent& e) {
    return e.kind == l1::RouteEvent::Kind::appeared && e.destination == w.b.node.id() &&
           e.next_hop.is_zero();
  }));
  std::vector<Bytes> heard;
  std::optional<PublicKey> sender;
  w.b.node.messages().on(kTold, [&](const Message& m) {
    heard.emplace_back(m.body.begin(), m.body.end());
    sender = m.sender;
  });
  const Bytes words(150, 0x77);
  w.br_r.sent.clear();
  REQUIRE(w.a.node.messages().send(w.b.node.id(), kTold, words, {}));
  w.settle();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0] == words);
  CHECK(sender == w.a.identity.public_key());
  CHECK(w.r.node.reticulum()->relay().counters().forwarded == 1);
  CHECK(w.r.node.network().counters().forwarded == 0);
  // L0 property 11: nothing of the sender is in what R passed on.
  const auto from = w.a.identity.node_id().bytes;
  for (const Bytes& frame : w.br_r.sent) {
    CHECK(std::search(frame.begin(), frame.end(), from.begin(), from.end()) == frame.end());
  }
}

TEST_CASE("L0 8.5: what is too long to cross is refused, and a lost port loses the way",
          "[stack][rns]") {
  World w(InterfaceMode::rns);
  auto& network = w.a.node.network();
  const Protocol plain{context::kInteractive, 0};
  CHECK(network.send(w.b.node.id(), plain, Bytes(465, 1), {}).has_value());
  CHECK(network.send(w.b.node.id(), plain, Bytes(466, 1), {}).error().code == Errc::too_big);
  w.ar_a.full = true;
  CHECK(network.send(w.b.node.id(), plain, Bytes(10, 1), {}).error().code == Errc::full);
  int writable = 0;
  network.on_writable([&] { ++writable; });
  w.ar_a.full = false;
  w.a.node.links().on_writable(w.ar_a);
  CHECK(writable == 1);
  w.a.node.links().detach(w.ar_a);
  CHECK(network.routes().empty());
  CHECK(w.a.events.back().kind == l1::RouteEvent::Kind::lost);
  CHECK(network.send(w.b.node.id(), plain, Bytes(10, 1), {}).error().code == Errc::no_route);
  network.on_writable({});
}

TEST_CASE("L0 8.3: the way is asked for again when the port comes back", "[stack][rns]") {
  World w(InterfaceMode::rns);
  w.a.node.links().detach(w.ar_a);
  w.r.node.links().detach(w.ar_r);
  w.ar_a.inbox.clear();
  w.ar_r.inbox.clear();
  w.run_for(Millis::seconds(60));
  REQUIRE(w.a.node.links().attach(w.ar_a));
  REQUIRE(w.r.node.links().attach(w.ar_r));
  w.run_for(Millis::seconds(5));
  const auto routes = w.a.node.network().routes();
  CHECK(route_to(routes, w.b.node.id()) != nullptr);
  CHECK(w.a.node.reticulum()->counters().requests == 1);
}

TEST_CASE("decision 0020: a link that is a good way is taken before a Reticulum network",
          "[stack][rns]") {
  World w(InterfaceMode::dual);
  auto& network = w.a.node.network();
  const auto routes = network.routes();
  const l1::RouteInfo* const route = route_to(routes, w.b.node.id());
  REQUIRE(route != nullptr);
  CHECK_FALSE(route->foreign);
  CHECK(network.next_hop(w.b.node.id()) == w.r.node.id());
  CHECK_FALSE(network.goes_abroad(w.b.node.id()));
  CHECK(network.max_body(w.b.node.id()) > 465);
  // It is known the other way, too: R's packets within the link told it. spec: L0/8.5
  CHECK(w.a.node.reticulum()->relay().paths().size() == 2);
  for (const auto& path : w.a.node.reticulum()->paths()) {
    if (path.node == w.b.node.id()) CHECK(path.native);
  }
}

TEST_CASE("L0 8.2: this node announces itself at once, and again after 3,660 s", "[stack][rns]") {
  World w(InterfaceMode::rns);
  CHECK(w.a.node.reticulum()->counters().announced == 1);
  w.run_for(Millis::seconds(3'600));
  CHECK(w.a.node.reticulum()->counters().announced == 1);
  w.run_for(Millis::seconds(100));
  CHECK(w.a.node.reticulum()->counters().announced == 2);
  // Five hours without a word of it: it is gone.
  w.b.node.links().detach(w.br_b);
  w.run_for(Millis::seconds(15'000));
  CHECK(route_to(w.a.node.network().routes(), w.b.node.id()) == nullptr);
}

}  // namespace mehr::stack::test
