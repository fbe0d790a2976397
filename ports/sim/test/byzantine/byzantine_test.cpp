// What each misbehaviour does to packets.
#include "mehr/sim/byzantine.h"

#include <catch2/catch.hpp>
#include <set>

#include "../tap/tap_world.h"
#include "mehr/l0/identity.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/announce.h"
#include "mehr/l1/announce_item.h"
#include "mehr/l1/congestion_signal.h"
#include "mehr/l1/gossip_messages.h"
#include "mehr/l1/path_messages.h"
#include "mehr/l1/reservation_messages.h"
#include "mehr/sim/faults.h"

namespace mehr::sim::test {

namespace {

using namespace std::chrono_literals;

l0::Identity somebody(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(n);
  return l0::Identity::from_seed(crypto::Seed::copy_of(seed));
}

Bytes announce_of(const l0::Identity& who, std::uint64_t emitted, std::uint8_t hop_count) {
  auto announce = l1::build_announce(who, emitted, {});
  l1::CompactPathCost cost;
  cost.cost.value = 16;
  cost.hop_count = hop_count;
  l1::set_path_cost(announce->mutable_view(), cost);
  Bytes out(l1::kAnnouncePacketMax);
  out.resize(
      l1::write_announce_packet(who.node_id(), announce->view(), hop_count, true, out)->size());
  return out;
}

l1::Announce announce_in(const Bytes& packet) {
  return *decode<l1::Announce>(decode<l0::Packet>(packet)->data.bytes);
}

Bytes data_to(const NodeId& to, std::uint8_t fill) {
  Bytes out(l0::kHeaderSize + 40, fill);
  REQUIRE(encode(l0::Packet{l0::PacketFlags::of(l0::PacketType::data, true), 3, to, 0xE1,
                            Tail{Bytes(40, fill)}},
                 out));
  return out;
}

/// A node with two neighbours that misbehaves as @p name says.
struct Liar : TapWorld {
  explicit Liar(std::string_view name) : behaviour(make_behaviour(name, 42, 7)) {
    REQUIRE(behaviour != nullptr);
    link(1);
    link(2);
    tap->set_behaviour(behaviour.get());
  }
  [[nodiscard]] std::vector<Bytes> sent() const {
    std::vector<Bytes> out;
    for (const auto& s : below.packets) out.push_back(s.packet);
    return out;
  }
  std::unique_ptr<Behaviour> behaviour;
};

}  // namespace

TEST_CASE("sim byzantine: every listed name is a behaviour, and no other is", "[sim][byzantine]") {
  CHECK(behaviour_names() == std::vector<std::string>{"drops", "delays", "replays", "corrupts",
                                                      "lies-about-cost", "floods-announces",
                                                      "floods-forged", "forges", "fills-filters",
                                                      "cries-congestion", "squats"});
  for (const std::string& name : behaviour_names()) CHECK(make_behaviour(name, 1, 2) != nullptr);
  CHECK(make_behaviour("sings", 1, 2) == nullptr);
}

TEST_CASE("sim byzantine: drops loses half of what others sent, nothing of its own",
          "[sim][byzantine]") {
  Liar liar("drops");
  for (std::uint8_t i = 0; i < 200; ++i) {
    REQUIRE(liar.send(1, data_to(node_id(9), i)));
    REQUIRE(liar.send(2, data_to(node_id(7), i)));
  }
  std::size_t own = 0;
  for (const auto& s : liar.below.packets) own += s.link == liar.link_to(2) ? 1U : 0U;
  CHECK(own == 200);
  CHECK(liar.below.packets.size() > 270);
  CHECK(liar.below.packets.size() < 330);
}

TEST_CASE("sim byzantine: delays holds half back, 5 s at most, and loses none",
          "[sim][byzantine]") {
  Liar liar("delays");
  for (std::uint8_t i = 0; i < 200; ++i) REQUIRE(liar.send(1, data_to(node_id(9), i)));
  const std::size_t at_once = liar.below.packets.size();
  CHECK(at_once > 70);
  CHECK(at_once < 130);
  liar.pass(5s);
  CHECK(liar.below.packets.size() == 200);
}

TEST_CASE("sim byzantine: replays says again what it saw, also long ago", "[sim][byzantine]") {
  Liar liar("replays");
  std::set<Bytes> seen;
  for (std::uint8_t i = 0; i < 200; ++i) {
    const Bytes packet = data_to(node_id(9), i);
    seen.insert(packet);
    liar.come(1, packet);
  }
  CHECK(liar.below.packets.empty());
  liar.pass(100s);
  CHECK(liar.below.packets.size() == 800);  // four a second, on two links
  std::set<std::uint8_t> ages;
  for (const Bytes& packet : liar.sent()) {
    CHECK(seen.count(packet) == 1);
    ages.insert(packet.back());
  }
  CHECK(*ages.begin() < 50);
  CHECK(*ages.rbegin() >= 150);
}

TEST_CASE("sim byzantine: corrupts turns up to four bits in a quarter of what it relays",
          "[sim][byzantine]") {
  Liar liar("corrupts");
  const Bytes packet = data_to(node_id(9), 1);
  for (int i = 0; i < 400; ++i) REQUIRE(liar.send(1, packet));
  std::size_t changed = 0;
  for (const Bytes& sent : liar.sent()) {
    unsigned bits = 0;
    for (std::size_t i = 0; i < packet.size(); ++i) {
      bits += static_cast<unsigned>(__builtin_popcount(sent[i] ^ packet[i]));
    }
    CHECK(sent[0] == packet[0]);
    CHECK(bits <= 4);
    changed += bits != 0 ? 1U : 0U;
  }
  CHECK(changed > 60);
  CHECK(changed < 140);
  const Bytes own = data_to(node_id(7), 1);
  for (int i = 0; i < 50; ++i) REQUIRE(liar.send(2, own));
  CHECK(liar.below.packets.back().packet == own);
}

TEST_CASE("sim byzantine: lies-about-cost makes every path free and short, under a good signature",
          "[sim][byzantine]") {
  Liar liar("lies-about-cost");
  const auto who = somebody(3);
  REQUIRE(liar.send(1, announce_of(who, 5, 6)));
  const auto sent = announce_in(liar.sent().at(0));
  CHECK(sent.extension.path_cost == l1::CompactPathCost{});
  CHECK(l1::verify(sent, who.node_id()));
  const Bytes data = data_to(who.node_id(), 1);
  REQUIRE(liar.send(1, data));
  CHECK(liar.sent().at(1) == data);
}

TEST_CASE("sim byzantine: floods-announces makes ten good identities up a second",
          "[sim][byzantine]") {
  Liar liar("floods-announces");
  liar.pass(2s);
  REQUIRE(liar.below.packets.size() == 40);
  std::set<NodeId> who;
  for (const Bytes& packet : liar.sent()) {
    const NodeId id = decode<l0::Packet>(packet)->destination;
    CHECK(l1::verify(announce_in(packet), id));
    CHECK(l1::destination_of(announce_in(packet)) == id);
    who.insert(id);
  }
  CHECK(who.size() == 20);
}

TEST_CASE("sim byzantine: forges announces others with a wrong signature, and sends junk",
          "[sim][byzantine]") {
  Liar liar("forges");
  liar.pass(2s);
  CHECK(liar.below.packets.empty());  // it knows nobody yet
  const auto who = somebody(3);
  liar.come(1, announce_of(who, 5, 6));
  liar.pass(1s);
  REQUIRE(liar.below.packets.size() == 8);
  std::size_t announces = 0;
  for (const Bytes& bytes : liar.sent()) {
    const auto packet = decode<l0::Packet>(bytes);
    REQUIRE(packet);
    CHECK(packet->destination == who.node_id());
    if (packet->flags.type() != l0::PacketType::announce) continue;
    ++announces;
    CHECK(announce_in(bytes).emitted > 5);
    CHECK(l1::destination_of(announce_in(bytes)) == who.node_id());
    CHECK_FALSE(l1::verify(announce_in(bytes), who.node_id()));
  }
  CHECK(announces == 4);
}

TEST_CASE("sim byzantine: floods-forged makes a hundred identities up a second, unsigned",
          "[sim][byzantine]") {
  Liar liar("floods-forged");
  liar.pass(1s);
  REQUIRE(liar.below.packets.size() == 200);
  for (const Bytes& packet : liar.sent()) {
    const NodeId id = decode<l0::Packet>(packet)->destination;
    CHECK(l1::destination_of(announce_in(packet)) == id);
    CHECK_FALSE(l1::verify(announce_in(packet), id));
  }
}

TEST_CASE("sim byzantine: lies-about-cost lies in updates and gossip as well", "[sim][byzantine]") {
  Liar liar("lies-about-cost");
  l1::CompactPathCost cost;
  cost.cost.value = 77;
  cost.hop_count = 6;
  Bytes update(l1::kPathUpdateHead + 2 * l1::kPathUpdateItem);
  Writer w(update);
  w.put(l1::PathUpdate{{}, 2, {}});
  w.put(l1::PathUpdateItem{node_id(9), 5, cost});
  w.put(l1::PathUpdateItem{node_id(8), 4, cost});
  REQUIRE(liar.tap->send_control(TapWorld::link_to(1), update));
  const auto sent = decode<l1::PathUpdate>(liar.below.controls.at(0).packet);
  REQUIRE(sent);
  CHECK(sent->item(0) == l1::PathUpdateItem{node_id(9), 5, {}});
  CHECK(sent->item(1) == l1::PathUpdateItem{node_id(8), 4, {}});

  const auto who = somebody(3);
  const Bytes packet = announce_of(who, 5, 6);
  Bytes body(l1::kAnnounceItemMax);
  const auto item = encode(
      l1::AnnounceItem{6, who.node_id(), Tail{ByteView(packet).subspan(l0::kHeaderSize)}}, body);
  Bytes delta(600);
  l1::DeltaWriter writer(delta);
  REQUIRE(writer.add({l1::kAnnounceKind, *item}));
  delta.resize(writer.finish(1, 2, true)->size());
  REQUIRE(liar.tap->send_control(TapWorld::link_to(1), delta));
  const auto said = decode<l1::GossipDelta>(liar.below.controls.at(1).packet);
  REQUIRE(said);
  const auto lie = decode<l1::AnnounceItem>(l1::DeltaReader(said->items.bytes).next()->body);
  const auto announce = decode<l1::Announce>(lie->data.bytes);
  CHECK(announce->extension.path_cost == l1::CompactPathCost{});
  CHECK(l1::verify(*announce, who.node_id()));
}

TEST_CASE("sim byzantine: fills-filters claims to hold everything", "[sim][byzantine]") {
  Liar liar("fills-filters");
  const Bytes bits(16, 0x11);
  l1::GossipSummary summary;
  summary.hashes = 5;
  summary.parts = 1;
  summary.size = 16;
  summary.bits = Tail{bits};
  Bytes out(100);
  const auto bytes = encode(summary, out);
  REQUIRE(bytes);
  REQUIRE(liar.tap->send_control(TapWorld::link_to(1), *bytes));
  const auto sent = decode<l1::GossipSummary>(liar.below.controls.at(0).packet);
  REQUIRE(sent);
  CHECK(Bytes(sent->bits.bytes.begin(), sent->bits.bytes.end()) == Bytes(16, 0xFF));
}

TEST_CASE("sim byzantine: cries-congestion says that it is saturated", "[sim][byzantine]") {
  Liar liar("cries-congestion");
  liar.pass(1s);
  REQUIRE(liar.below.controls.size() == 20);
  for (const auto& sent : liar.below.controls) {
    const auto signal = decode<l1::CongestionSignal>(sent.packet);
    REQUIRE(signal);
    CHECK(signal->severity() == l1::Severity::saturated);
  }
}

TEST_CASE("sim byzantine: squats reserves towards those it heard of", "[sim][byzantine]") {
  Liar liar("squats");
  liar.pass(1s);
  CHECK(liar.below.controls.empty());  // it knows nobody yet
  const auto who = somebody(3);
  liar.come(1, announce_of(who, 5, 6));
  liar.pass(1s);
  REQUIRE(liar.below.controls.size() == 10);
  std::set<std::uint16_t> ids;
  for (const auto& sent : liar.below.controls) {
    const auto request = decode<l1::ReservationRequest>(sent.packet);
    REQUIRE(request);
    CHECK(request->destination == who.node_id());
    ids.insert(request->reservation_id);
  }
  CHECK(ids.size() == 5);
}

TEST_CASE("sim byzantine: the same seed misbehaves the same way, another does not",
          "[sim][byzantine]") {
  const auto sent_by = [](std::uint64_t seed) {
    TapWorld w;
    w.link(1);
    const auto behaviour = make_behaviour("drops", seed, 7);
    w.tap->set_behaviour(behaviour.get());
    for (std::uint8_t i = 0; i < 100; ++i) REQUIRE(w.send(1, data_to(node_id(9), i)));
    return w.recorder.fingerprint();
  };
  CHECK(sent_by(1) == sent_by(1));
  CHECK(sent_by(1) != sent_by(2));
}

}  // namespace mehr::sim::test
