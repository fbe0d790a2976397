// L2/5 properties 18 and 20: how relays are chosen; the same through the door; cover.
#include <map>
#include <set>

#include "mehr/l2/onion_router.h"
#include "mehr/l2/sealed_messenger.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

/// A map of nodes with paths of given widths.
class FakePaths final : public PathInfo {
 public:
  std::map<NodeId, Mtu> known;
  [[nodiscard]] std::optional<PathFacts> path(const NodeId& to, const PathPolicy&) const override {
    const auto at = known.find(to);
    if (at == known.end()) return std::nullopt;
    PathFacts facts;
    facts.mtu = at->second;
    return facts;
  }
  [[nodiscard]] std::optional<ByteView> tlv(const NodeId&, std::uint8_t) const override {
    return std::nullopt;
  }
  void destinations(const std::function<void(const NodeId&)>& each) const override {
    for (const auto& [node, mtu] : known) each(node);
  }
  void neighbours(const std::function<void(const NeighbourFacts&)>&) const override {}
};

class FakeTrust final : public TrustView {
 public:
  std::map<NodeId, std::uint8_t> near;
  [[nodiscard]] std::uint8_t distance(const NodeId& node) const override {
    const auto at = near.find(node);
    return at == near.end() ? kStranger : at->second;
  }
};

struct World {
  l0::Identity me = identity(0);
  KeyBook book;
  SeededRandom random{7};
  FakePaths paths;
  FakeTrust trust;
  std::vector<l0::Identity> others;
  PeerKeys keys{book, 64, random};
  OnionRouter router{me, keys, random, {&paths, &trust}, 64};

  explicit World(std::size_t n, Mtu mtu = Mtu{1500}) {
    book.add(me);
    paths.known[me.node_id()] = mtu;
    for (std::size_t i = 0; i < n; ++i) {
      others.push_back(l0::Identity::generate(random));
      book.add(others.back());
      paths.known[others.back().node_id()] = mtu;
    }
  }
};

}  // namespace

TEST_CASE("L2/5: relays are distinct, known, and neither end", "[l2][onion]") {
  World w(12);
  const NodeId to = w.others[0].node_id();
  std::map<NodeId, int> uses;
  constexpr int kChoices = 2'200;
  for (int i = 0; i < kChoices; ++i) {
    const auto route = w.router.choose(to, 3);
    REQUIRE(route.has_value());
    std::set<NodeId> relays;
    for (const Recipient& r : route->relays) relays.insert(r.id);
    CHECK(relays.size() == 3);
    CHECK(relays.count(to) == 0);
    CHECK(relays.count(w.me.node_id()) == 0);
    for (const NodeId& id : relays) ++uses[id];
  }
  // Uniform: each of eleven is in three of eleven routes. Twenty per cent is over five sigma.
  CHECK(uses.size() == 11);
  for (const auto& [id, n] : uses) CHECK(std::abs(n - kChoices * 3 / 11) < kChoices * 3 / 11 / 5);
}

TEST_CASE("L2/5 property 20: one relay is always outside the neighbourhood", "[l2][onion]") {
  World w(20);
  // One stranger among nineteen friends and friends of friends.
  for (std::size_t i = 1; i < w.others.size(); ++i) {
    w.trust.near[w.others[i].node_id()] = i % 2 == 0 ? 1 : 2;
  }
  const NodeId stranger = w.others[0].node_id();
  for (int i = 0; i < 500; ++i) {
    const auto route = w.router.choose(identity(32).node_id(), 3);
    REQUIRE(route.has_value());
    std::set<NodeId> relays;
    for (const Recipient& r : route->relays) relays.insert(r.id);
    CHECK(relays.size() == 3);
    CHECK(relays.count(stranger) == 1);
  }
  w.trust.near[stranger] = 2;
  const auto none = w.router.choose(identity(32).node_id(), 3);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().code == Errc::not_found);
}

TEST_CASE("L2/5 property 18: fewer candidates than hops is an error", "[l2][onion]") {
  World w(3);
  CHECK(w.router.choose(identity(32).node_id(), 3).has_value());
  CHECK(w.router.choose(w.others[0].node_id(), 3).error().code == Errc::not_found);
  CHECK(w.router.choose(identity(32).node_id(), 4).error().code == Errc::not_found);
  CHECK(w.router.choose(identity(32).node_id(), 0).error().code == Errc::bad_value);
  CHECK(w.router.choose(identity(32).node_id(), 9).error().code == Errc::bad_value);
  OnionRouter blind(w.me, w.keys, w.random, {}, 4);
  CHECK(blind.choose(identity(32).node_id(), 1).error().code == Errc::unsupported);
}

TEST_CASE("L2/5: an onion has the size of the narrowest path to its relays", "[l2][onion]") {
  World w(4, Mtu{4096});
  CHECK(w.router.choose(NodeId{}, 4)->size == OnionClass::bulk);
  w.paths.known[w.others[1].node_id()] = Mtu{1500};
  CHECK(w.router.choose(NodeId{}, 4)->size == OnionClass::standard);
  w.paths.known[w.others[2].node_id()] = Mtu{1499};
  CHECK(w.router.choose(NodeId{}, 4)->size == OnionClass::constrained);
}

namespace {

/// Several nodes' doors over floors that the test carries between.
struct Mesh {
  struct Member {
    l0::Identity me;
    FakeFloor floor;
    SeededRandom random;
    SetClock clock;
    std::unique_ptr<SealedMessenger> door;
    std::vector<Bytes> got;
    Member(std::uint8_t seed, const KeyBook& book, const FakePaths& paths)
        : me(identity(seed)), random(seed + 1U) {
      door = std::make_unique<SealedMessenger>(
          floor, book, me, random, clock, Limits::small(),
          SealedMessenger::Beside{nullptr, &paths, nullptr, nullptr});
      door->on({0xE1, 5}, [this](const Message& m) { got.push_back(bytes_of(m.body)); });
      door->on({0xF3, 7}, [this](const Message& m) { got.push_back(bytes_of(m.body)); });
    }
  };
  KeyBook book;
  FakePaths paths;
  std::vector<std::unique_ptr<Member>> members;
  std::size_t carried = 0;

  explicit Mesh(std::size_t n, Mtu mtu = Mtu{484}) {
    for (std::size_t i = 0; i < n; ++i) {
      members.push_back(std::make_unique<Member>(static_cast<std::uint8_t>(i * 20), book, paths));
      book.add(members.back()->me);
      paths.known[members.back()->me.node_id()] = mtu;
      members.back()->floor.room = mtu.bytes - 19U;
    }
  }
  /// Carries everything there is to carry, until nothing moves; @p lose decides of each packet.
  void carry(const std::function<bool()>& lose = [] { return false; }) {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& from : members) {
        auto sent = std::move(from->floor.sent);
        from->floor.sent.clear();
        for (auto& packet : sent) {
          moved = true;
          ++carried;
          if (lose()) continue;
          for (auto& to : members) {
            if (to->me.node_id() == packet.to) {
              to->floor.deliver(packet.protocol.context, packet.body);
            }
          }
        }
      }
    }
  }
};

SendOptions onion() {
  SendOptions out;
  out.onion_route = true;
  return out;
}

}  // namespace

TEST_CASE("L2/5: through the same send, over three relays, to the one it is for", "[l2][onion]") {
  Mesh mesh(6);
  auto& sender = *mesh.members[0];
  auto& receiver = *mesh.members[5];
  REQUIRE(sender.door->send(receiver.me.node_id(), {0xE1, 5}, kHello, onion()).has_value());
  REQUIRE(sender.floor.sent.size() == 1);
  CHECK(sender.floor.sent[0].protocol.context == 0xE4);
  CHECK(sender.floor.sent[0].body.size() == 465);
  CHECK(sender.floor.sent[0].to != receiver.me.node_id());
  mesh.carry();
  CHECK(mesh.carried == 4);
  REQUIRE(receiver.got.size() == 1);
  CHECK(receiver.got[0] == kHello);
  // 333 bytes are left under three layers, 50 of them for the envelope and its port.
  const SendOptions how = onion();
  CHECK(sender.door->send(receiver.me.node_id(), {0xE1, 5}, pattern(283), how).has_value());
  CHECK(sender.door->send(receiver.me.node_id(), {0xE1, 5}, pattern(284), how).error().code ==
        Errc::too_big);
}

TEST_CASE("L2/5: a long message goes in segments, each an onion of its own", "[l2][onion]") {
  Mesh mesh(6);
  auto& sender = *mesh.members[0];
  auto& receiver = *mesh.members[5];
  const Bytes body = pattern(20'000);
  SendOptions how = onion();
  how.proven = true;
  REQUIRE(sender.door->send(receiver.me.node_id(), {0xF3, 7}, body, how).has_value());
  for (const auto& sent : sender.floor.sent) CHECK(sent.body.size() == 465);
  mesh.carry();
  REQUIRE(receiver.got.size() == 1);
  CHECK(receiver.got[0] == body);
}

TEST_CASE("L2/5: a relay sends for the link an onion came by, and sealed things alone",
          "[l2][onion]") {
  Mesh mesh(3);
  auto& sender = *mesh.members[0];
  auto& relay = *mesh.members[1];
  const std::array hops{*Recipient::of(relay.me.public_key())};
  Bytes out(465);
  for (const unsigned context : {0x00U, 0xDFU, 0xE0U, 0xE3U, 0xE4U, 0xF2U, 0xF3U, 0xF9U, 0xFAU}) {
    const auto c = static_cast<std::uint8_t>(context);
    const bool allowed = (c >= 0xE0 && c <= 0xE3) || (c >= 0xF3 && c <= 0xF9) || c == 0;
    const auto made =
        build_onion(OnionClass::constrained, hops, {mesh.members[2]->me.node_id(), c, kHello},
                    Ephemeral::draw(sender.random), out);
    REQUIRE(made.has_value());
    relay.floor.sent.clear();
    relay.floor.deliver(0xE4, bytes_of(*made), 9);
    REQUIRE(relay.floor.sent.size() == (allowed ? 1 : 0));
    if (!allowed) continue;
    CHECK(relay.floor.sent[0].protocol.context == c);
    CHECK(relay.floor.sent[0].body == kHello);
    CHECK(relay.floor.sent[0].options.for_another);
    CHECK(relay.floor.sent[0].options.for_link == 9);
  }
  CHECK(relay.door->onion_counters().exited == 5);
  CHECK(relay.door->onion_counters().dropped_malformed == 4);
}

TEST_CASE("L2/5 property 18: 20 % loss costs what it costs and nothing else", "[l2][onion]") {
  Mesh mesh(6);
  auto& sender = *mesh.members[0];
  auto& receiver = *mesh.members[5];
  SeededRandom chance(99);
  constexpr int kSent = 2'000;
  for (int i = 0; i < kSent; ++i) {
    REQUIRE(sender.door
                ->send(receiver.me.node_id(), {0xE1, 5}, pattern(static_cast<std::size_t>(i % 280)),
                       onion())
                .has_value());
    mesh.carry([&] { return chance.below(5) == 0; });
  }
  // Four legs of 0.8: 41 %. Each message goes through or is lost; none comes changed or twice.
  const double share = static_cast<double>(receiver.got.size()) / kSent;
  CHECK(share > 0.36);
  CHECK(share < 0.46);
  for (const Bytes& body : receiver.got) CHECK(body == pattern(body.size()));
  for (const auto& member : mesh.members) {
    CHECK(member->door->onion_counters().dropped_unopened == 0);
    CHECK(member->door->onion_counters().dropped_malformed == 0);
  }
}

TEST_CASE("L2/5: cover is off, and once on goes out once a minute to end at a random exit",
          "[l2][onion]") {
  Mesh mesh(6);
  auto& sender = *mesh.members[0];
  CHECK_FALSE(sender.door->covers());
  CHECK(sender.door->next_deadline() == Millis::never());
  sender.door->set_cover(true);
  for (int minute = 1; minute <= 30; ++minute) {
    sender.clock.at = sender.door->next_deadline();
    sender.door->on_time();
    REQUIRE(sender.floor.sent.size() == 1);
    CHECK(sender.floor.sent[0].body.size() == 465);  // like any other onion
    mesh.carry();
  }
  CHECK(sender.door->onion_counters().cover_sent == 30);
  std::uint64_t ended = 0;
  std::size_t exits = 0;
  for (const auto& member : mesh.members) {
    ended += member->door->onion_counters().covered;
    exits += member->door->onion_counters().covered > 0 ? 1U : 0U;
  }
  CHECK(ended == 30);
  CHECK(exits >= 3);
  sender.door->set_cover(false);
  CHECK(sender.door->next_deadline() == Millis::never());
}
