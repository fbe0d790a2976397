// What a neighbour can do to us with gossip, and what it cannot.
#include <catch2/catch.hpp>

#include "support.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using test::announce_body;
using test::body_of;
using test::kAllKinds;
using test::Node;
using test::Pair;
using test::Said;
using Kind = GossipReceived::Kind;

namespace {

/// A node with one link, whose neighbour is the test itself.
struct Victim {
  /// The neighbour's NodeID is the lower one: it starts the rounds.
  explicit Victim(const GossipConfig& config = {4, 4, 64}) : node(5, kAllKinds, config) {
    node.gossip.link_up(0, {test::node_id(1), Mtu{4096}, BitsPerSecond{0}}, now);
  }
  template <class T>
  Kind hear(const T& message) {
    std::array<std::uint8_t, 4096> out{};
    const auto bytes = encode(message, out);
    REQUIRE(bytes.has_value());
    return node.take(0, *bytes, now).kind;
  }
  /// All that it has to say now.
  std::vector<Bytes> say() {
    std::vector<Bytes> out;
    std::array<std::uint8_t, 4096> buffer{};
    while (node.gossip.ready(0) != 0) {
      const auto message = node.gossip.make(0, kAllTiers, buffer, now);
      if (!message) break;
      out.emplace_back(message->bytes.begin(), message->bytes.end());
      node.count(node.gossip.sent(now));
    }
    return out;
  }
  GossipBeat beat(std::uint32_t round) { return {{}, round, ++lamport, kAllTiers, 0x1234}; }
  GossipSummary summary(std::uint32_t round, ByteView bits, std::uint16_t part = 0,
                        std::uint16_t parts = 1, std::uint8_t hashes = 3) {
    return {{},        round,  ++lamport,
            kAllTiers, hashes, part,
            parts,     1,      static_cast<std::uint16_t>(bits.size()),
            Tail{bits}};
  }
  GossipDelta delta(std::uint32_t round, std::uint8_t kind, const std::vector<Bytes>& bodies) {
    DeltaWriter writer(buffer_);
    for (const Bytes& body : bodies) REQUIRE(writer.add({kind, body}));
    return *decode<GossipDelta>(*writer.finish(round, ++lamport, false));
  }
  /// Brings a round to where Deltas of it are welcome.
  void ask(std::uint32_t round) {
    REQUIRE(hear(beat(round)) == Kind::taken);
    say();
    REQUIRE(hear(summary(round, Bytes(8, 0xFF))) == Kind::taken);
    say();
  }
  [[nodiscard]] const GossipCounters& counters() const { return node.gossip.counters(); }

  Millis now{5000};
  std::uint64_t lamport = 0;
  Node node;

 private:
  std::array<std::uint8_t, 4096> buffer_{};
};

}  // namespace

TEST_CASE("L1 9: a filter of all ones gets nothing and harms nobody else", "[l1][gossip]") {
  Victim v;
  for (std::uint64_t n = 0; n < 100; ++n) v.node.source.put(0x60, body_of(n));
  REQUIRE(v.hear(v.beat(1)) == Kind::taken);
  CHECK(v.say().size() == 1);
  const auto hashes = static_cast<std::uint8_t>(GENERATE(1, 3, 16));
  REQUIRE(v.hear(v.summary(1, Bytes(100, 0xFF), 0, 1, hashes)) == Kind::taken);
  const auto said = v.say();
  REQUIRE(said.size() == 2);
  const auto last = decode<GossipDelta>(said[0]);
  REQUIRE(last.has_value());
  CHECK(last->count == 0);
  CHECK(last->last());
  CHECK(decode<GossipSummary>(said[1]).has_value());
  GossipDelta end;
  end.round = 1;
  end.flags = GossipDelta::kLast;
  v.hear(end);
  CHECK(v.node.ok == 1);
}

TEST_CASE("L1 9: malformed messages are the neighbour's fault and change nothing", "[l1][gossip]") {
  Victim v;
  const auto bad = [&](Bytes bytes) {
    CHECK(v.node.take(0, bytes, v.now).kind == Kind::malformed);
  };
  bad({});
  bad({0x90});
  bad({0x94, 0});
  Bytes beat(22);
  beat[0] = 0x90;
  beat[13] = 0x40;
  bad(beat);
  bad(Bytes(23, 0x90));
  CHECK(v.node.faults == 5);
  CHECK(v.counters().malformed == 5);
  CHECK(v.node.gossip.lamport().now() == 0);
  CHECK(v.say().empty());
  // A link that is not up has no fault to count.
  CHECK(v.node.gossip.receive(1, Bytes{0x90}, v.now).kind == Kind::ignored);
}

TEST_CASE("L1 9: repeated Beats start one round in 10 s", "[l1][gossip]") {
  Victim v;
  for (std::uint32_t i = 0; i < 1000; ++i) {
    v.hear(v.beat(i));
    v.say();
    v.now = v.now + 100_ms;
  }
  CHECK(v.counters().beats_refused == 990);
}

TEST_CASE("L1 9: a Summary counts once, in its round, with one P", "[l1][gossip]") {
  Victim v;
  for (std::uint64_t n = 0; n < 10; ++n) v.node.source.put(0x60, body_of(n));
  const Bytes none(8);
  CHECK(v.hear(v.summary(1, none)) == Kind::ignored);  // no round
  v.hear(v.beat(1));
  CHECK(v.hear(v.summary(1, none, 0, 3)) == Kind::ignored);  // the reply is not out yet
  v.say();
  CHECK(v.hear(v.summary(2, none, 0, 3)) == Kind::ignored);  // another round
  CHECK(v.hear(v.summary(1, none, 0, kMostParts + 1)) == Kind::ignored);
  CHECK(v.hear(v.summary(1, none, 2, 3)) == Kind::taken);
  for (int i = 0; i < 50; ++i) CHECK(v.hear(v.summary(1, none, 2, 3)) == Kind::ignored);
  CHECK(v.hear(v.summary(1, none, 1, 4)) == Kind::ignored);
  CHECK(v.hear(v.summary(1, none, 0, 3)) == Kind::taken);
  CHECK(v.hear(v.summary(1, none, 1, 3)) == Kind::taken);
  CHECK(v.hear(v.summary(1, none, 1, 3)) == Kind::ignored);
  CHECK(v.counters().out_of_turn == 56);
  CHECK(v.node.faults == 0);
  CHECK(v.say().size() == 2);  // each item once, in one Delta; then its Summary
}

TEST_CASE("L1 9: Deltas nobody asked for are not looked into", "[l1][gossip]") {
  Victim v;
  for (std::uint32_t i = 0; i < 100; ++i) {
    CHECK(v.hear(v.delta(i, 0x60, {body_of(i)})) == Kind::ignored);
  }
  v.hear(v.beat(7));
  v.say();
  CHECK(v.hear(v.delta(7, 0x60, {body_of(1)})) == Kind::ignored);  // our Summary is not out
  CHECK(v.node.source.merges.empty());
  CHECK(v.counters().unasked == 101);
  v.now = v.now + 11_s;
  v.ask(8);
  CHECK(v.hear(v.delta(8, 0x60, {body_of(1)})) == Kind::taken);
  CHECK(v.hear(v.delta(7, 0x60, {body_of(2)})) == Kind::ignored);
  CHECK(v.node.source.merges.size() == 1);
}

TEST_CASE("L1 9: an answer to a Pull is no longer than was asked", "[l1][gossip]") {
  Victim v;
  v.node.gossip.link_down(0);
  v.node.gossip.link_up(0, {test::node_id(1), Mtu{4096}, BitsPerSecond{1000}}, v.now);
  REQUIRE(v.node.gossip.pull(0, 0x0C, 200, v.now).has_value());
  CHECK(v.hear(v.delta(0, 0xC0, {body_of(1, 100)})) == Kind::ignored);  // not sent yet
  REQUIRE(v.say().size() == 1);
  CHECK(v.hear(v.delta(0, 0xC0, {body_of(1, 100)})) == Kind::taken);
  CHECK(v.hear(v.delta(0, 0xC0, {body_of(2, 100)})) == Kind::ignored);
  CHECK(v.hear(v.delta(0, 0xC0, {body_of(3, 50)})) == Kind::taken);
  CHECK(v.node.source.merges.size() == 2);
}

TEST_CASE("L1 9: Pulls are answered once a minute", "[l1][gossip]") {
  Victim v;
  for (std::uint64_t n = 0; n < 100; ++n) v.node.source.put(0xC0, body_of(n));
  GossipPull pull;
  pull.mask = 0x08;
  pull.max_bytes = 200;
  CHECK(v.hear(pull) == Kind::taken);
  CHECK(v.say().size() == 1);
  for (int i = 0; i < 50; ++i) {
    v.now = v.now + 1_s;
    CHECK(v.hear(pull) == Kind::ignored);
    CHECK(v.say().empty());
  }
  v.now = v.now + 10_s;
  CHECK(v.hear(pull) == Kind::taken);
  pull.max_bytes = 0xFFFFFFFF;
  v.now = v.now + 60_s;
  CHECK(v.hear(pull) == Kind::taken);
  CHECK(v.say().size() <= 3);  // everything once, not for ever
  v.now = v.now + 60_s;
  pull.max_bytes = 10;  // no item fits
  CHECK(v.hear(pull) == Kind::taken);
  CHECK(v.say().empty());
  CHECK(v.node.gossip.ready(0) == 0);
}

TEST_CASE("L1 9: invalid items are skipped, counted, and not remembered", "[l1][gossip]") {
  Victim v;
  v.ask(1);
  Bytes invalid = body_of(1);
  invalid[0] = 0xEE;
  v.hear(v.delta(1, 0x60, {invalid, body_of(2)}));
  CHECK(v.node.faults == 1);
  CHECK(v.node.source.ids().size() == 1);
  CHECK(v.counters().invalid == 1);
  // An announce without an id, and one with the hops of none.
  v.hear(v.delta(1, 0x01, {Bytes(40), announce_body(1, 1, 127), announce_body(1, 1)}));
  CHECK(v.node.faults == 3);
  CHECK(v.node.source.ids().size() == 2);
  // A forged announce does not keep the true one out: ids of announces do not cover their bytes.
  CHECK(v.counters().refused_again == 0);
}

TEST_CASE("L1 9: after five invalid items a Delta is not read further", "[l1][gossip]") {
  Victim v;
  v.ask(1);
  std::vector<Bytes> bodies;
  for (std::uint64_t n = 0; n < 50; ++n) {
    bodies.push_back(body_of(n));
    bodies.back()[0] = 0xEE;
  }
  v.hear(v.delta(1, 0x60, bodies));
  CHECK(v.node.faults == 5);
  CHECK(v.node.source.merges.size() == 5);
}

TEST_CASE("L1 9: a flood of refused items forgets only what the flooder offered", "[l1][gossip]") {
  Node node(5, {0x60});
  for (LinkSlot slot = 0; slot < 2; ++slot) {
    node.gossip.link_up(slot, {test::node_id(slot + 1U), Mtu{4096}, BitsPerSecond{0}}, 1_s);
  }
  const auto refuse = [&](LinkSlot link, std::uint64_t n) {
    GossipReceived message;
    const Bytes body = body_of(n);
    const OfferedItem item{{0x60, body}, {item_id(0x60, body), 0x60, 40}, &node.source};
    node.gossip.settle(link, message, item, MergeVerdict::refused, 1_s);
  };
  refuse(1, 1);
  const std::uint64_t before = node.gossip.digest(1, 0x02, 1_s);
  for (std::uint64_t n = 100; n < 1000; ++n) refuse(0, n);
  CHECK(node.gossip.digest(1, 0x02, 1_s) == before);
  CHECK(before != 0);
}

TEST_CASE("L1 9: exchanges are a pool: more rounds than that wait, and none is held for long",
          "[l1][gossip]") {
  Node node(5, {0x60}, {4, 1, 64});
  node.source.put(0x60, body_of(1));
  Millis now{5000};
  std::array<std::uint8_t, 4096> buffer{};
  const auto hear_beat = [&](LinkSlot slot) {
    const GossipBeat beat{{}, 1, 1, kAllTiers, 0x1234};
    node.take(slot, encode_fixed(beat), now);
    const auto reply = node.gossip.make(slot, 0x0F, buffer, now);
    REQUIRE(reply.has_value());
    const auto decoded = decode<GossipBeat>(reply->bytes);
    REQUIRE(decoded.has_value());
    node.count(node.gossip.sent(now));
    return *decoded;
  };
  for (LinkSlot slot = 0; slot < 4; ++slot) {
    node.gossip.link_up(slot, {test::node_id(1), Mtu{4096}, BitsPerSecond{0}}, now);
  }
  CHECK(hear_beat(0).mask == 0x82);
  // The only exchange is in use: nothing to compare, yet an answer. Both sides find it equal.
  const GossipBeat busy = hear_beat(1);
  CHECK(busy.mask == 0x80);
  CHECK(busy.digest == 0);
  CHECK(node.gossip.state(1) == RoundState::idle);
  CHECK(node.gossip.counters().busy == 1);
  // The first neighbour says no more: after 10 s it has to give way, and its round fails at once.
  now = now + 10_s;
  CHECK(hear_beat(2).mask == 0x82);
  node.on_time(now);
  CHECK(node.failed == 1);
  CHECK(node.gossip.state(0) == RoundState::idle);
}

TEST_CASE("L1 9: a starter without a free exchange is deferred, not missed", "[l1][gossip]") {
  Node node(1, {0x60}, {4, 1, 64});
  Millis now{5000};
  std::array<std::uint8_t, 4096> buffer{};
  for (LinkSlot slot = 0; slot < 2; ++slot) {
    node.gossip.link_up(slot, {test::node_id(slot + 5U), Mtu{4096}, BitsPerSecond{0}}, now);
  }
  CHECK(node.gossip.next_ready(0) == 0);
  REQUIRE(node.gossip.make(0, 0x0F, buffer, now).has_value());
  node.gossip.sent(now);
  CHECK(node.gossip.next_ready(0) == 1);
  CHECK_FALSE(node.gossip.make(1, 0x0F, buffer, now).has_value());
  CHECK(node.gossip.next_ready(0) == kNoLink);
  CHECK(node.gossip.next_deadline() == now + 1_s);
  now = now + 1_s;
  node.on_time(now);
  CHECK(node.missed == 0);
  CHECK(node.gossip.ready(1) == 0x01);
}

TEST_CASE("L1 9: a neighbour cannot push the Lamport clock to its end", "[l1][gossip]") {
  Victim v;
  GossipBeat beat = v.beat(1);
  beat.lamport = ~std::uint64_t{0};
  CHECK(v.hear(beat) == Kind::taken);
  CHECK(v.node.gossip.lamport().now() == 0);
}

TEST_CASE("L1 9: nothing is said on a link that is down", "[l1][gossip]") {
  Victim v;
  v.node.source.put(0x60, body_of(1));
  v.hear(v.beat(1));
  CHECK(v.node.gossip.ready(0) != 0);
  v.node.gossip.link_down(0);
  CHECK(v.node.gossip.ready(0) == 0);
  CHECK(v.node.gossip.next_ready(0) == kNoLink);
  CHECK(v.say().empty());
  CHECK_FALSE(v.node.gossip.pull(0, 0x0F, 100, v.now).has_value());
  CHECK(v.node.gossip.next_deadline() == Millis::never());
}
