// The post-quantum hybrid. spec: L2/3.6, L2 properties 9, 12, 14
#include <catch2/catch.hpp>
#include <map>

#include "fake_links.h"
#include "mehr/l0/pq_rekey.h"

namespace mehr::l0::test {
namespace {

/// A stand-in, for tests alone: it keeps nothing secret, but agrees, depends on everything it is
/// given, and refuses a key of all ones, as the real one refuses what is no key.
class StandInKem final : public Kem {
 public:
  [[nodiscard]] Result<EncapsulationKey> encapsulation_key(const KemSeed& seed) const override {
    EncapsulationKey out;
    crypto::Blake3().update(seed.expose()).finish(out.bytes);
    return out;
  }
  [[nodiscard]] Result<Secret<32>> encapsulate(const EncapsulationKey& key, const Secret<32>& coins,
                                               KemCiphertext& out) const override {
    if (std::all_of(key.bytes.begin(), key.bytes.end(), [](auto b) { return b == 0xFF; })) {
      return fail(Errc::bad_value, "no key");
    }
    crypto::Blake3().update(coins.expose()).finish(out.bytes);
    return secret_of(key, out);
  }
  [[nodiscard]] Result<Secret<32>> decapsulate(const KemSeed& seed,
                                               const KemCiphertext& ciphertext) const override {
    return secret_of(*encapsulation_key(seed), ciphertext);
  }

 private:
  static Secret<32> secret_of(const EncapsulationKey& key, const KemCiphertext& ciphertext) {
    return Secret<32>::copy_of(crypto::b2(key.bytes, ciphertext.bytes).bytes);
  }
};

const StandInKem kKem;

constexpr std::size_t kRequestFrame = 834 + 24;
constexpr std::size_t kAckFrame = 802 + 24;

Links::Config offering(const Kem* kem = &kKem) {
  Links::Config out;
  out.terms.kem = kem;
  return out;
}

std::uint8_t epoch_of(const FakeNode& node) { return node.links.status().at(0).key_epoch; }

struct Pair {
  explicit Pair(const MediumInfo& info = datagrams(), const Kem* a_kem = &kKem,
                const Kem* b_kem = &kKem)
      : a(world, 0, offering(a_kem)), b(world, 32, offering(b_kem)) {
    world.fate = [this](Bytes& frame) {
      if (frame.size() == kRequestFrame) ++requests;
      if (frame.size() == kAckFrame) ++acks;
      return true;
    };
    world.link(a, b, info);
  }
  /// Both ways, now.
  bool talks() {
    const std::size_t before = a.heard.packets.size() + b.heard.packets.size();
    const auto say = [](FakeNode& from, FakeNode& to) {
      return from.links.send_packet(from.heard.up.at(0).id, data_packet(to.identity.node_id(), 10),
                                    Padding::by_class);
    };
    if (!say(a, b) || !say(b, a)) return false;
    world.settle();
    return a.heard.packets.size() + b.heard.packets.size() == before + 2;
  }
  World world;
  FakeNode a;
  FakeNode b;
  int requests = 0;
  int acks = 0;
};

Secret<32> repeated(std::uint8_t byte) {
  Secret<32> s;
  std::fill(s.expose_mutable().begin(), s.expose_mutable().end(), byte);
  return s;
}

}  // namespace

TEST_CASE("L2/3.6: right after it is up the initiator runs one hybrid rekey", "[l0][pq]") {
  Pair pair;
  pair.world.run_for(Millis{1});
  CHECK(pair.requests == 1);
  CHECK(pair.acks == 1);
  CHECK(epoch_of(pair.a) == 1);
  CHECK(epoch_of(pair.b) == 1);
  CHECK(pair.talks());
  CHECK((pair.a.heard.up.at(0).peer_features & feature::kPostQuantum) != 0);
  pair.world.run_for(Millis::seconds(40));  // the old key is gone
  CHECK(pair.talks());
}

TEST_CASE("L2/3.6: every later rekey is of this kind", "[l0][pq]") {
  Pair pair;
  pair.world.run_for(Millis::seconds(3 * 3600 + 100));
  CHECK(pair.requests >= 4);
  CHECK(pair.acks == pair.requests);
  CHECK(epoch_of(pair.a) == pair.acks);
  CHECK(epoch_of(pair.b) == epoch_of(pair.a));
  CHECK(pair.talks());
  CHECK(pair.a.heard.down.empty());
}

TEST_CASE("L2/3.6: the key is that of the formula", "[l0][pq]") {
  SeededRandom random_a(1);
  SeededRandom random_b(2);
  const auto old_key = repeated(0x44);
  PqRekey a(kKem, old_key);
  PqRekey b(kKem, old_key);
  REQUIRE(a.ask(7, random_a));
  const auto request = decode<PqRequest>(a.request());
  REQUIRE(request.has_value());
  CHECK(request->epoch == 7);
  CHECK(a.request().size() == 834);
  CHECK(a.request()[0] == 0xA0);
  const auto key_b = b.answer(*request, random_b);
  REQUIRE(key_b.has_value());
  CHECK(b.ack().size() == 802);
  CHECK(b.ack()[0] == 0xA1);
  const auto ack = decode<PqAck>(b.ack());
  const auto key_a = a.take(*ack);
  REQUIRE(key_a.has_value());
  CHECK(key_a->equals(*key_b));
  CHECK(b.is_answered(*request));

  // By hand: the same entropy, drawn in the same order.
  SeededRandom again_a(1);
  Secret<32> ephemeral;
  again_a.fill(ephemeral.expose_mutable());
  KemSeed seed;
  again_a.fill(seed.expose_mutable());
  const auto exchange = crypto::x25519(ephemeral, ack->ephemeral);
  const auto secret = kKem.decapsulate(seed, ack->ciphertext);
  const Hash256 expected =
      crypto::b2(as_bytes("mehr-pq-v1"), exchange->expose(), secret->expose(), old_key.expose(),
                 crypto::b2(a.request()).view(), crypto::b2(b.ack()).view());
  CHECK(same_bytes(expected.view(), key_a->expose()));
  // Another old key gives another new one: the link's past is mixed in.
  PqRekey stranger(kKem, repeated(0x45));
  SeededRandom again_b(2);
  CHECK_FALSE(stranger.answer(*request, again_b)->equals(*key_b));
}

TEST_CASE("L2 property 7: degenerate ephemerals and keys that are none stay unanswered",
          "[l0][pq]") {
  SeededRandom random(1);
  PqRekey a(kKem, repeated(1));
  PqRekey b(kKem, repeated(1));
  REQUIRE(a.ask(1, random));
  auto request = *decode<PqRequest>(a.request());
  auto zero = request;
  zero.ephemeral = {};
  CHECK_FALSE(b.answer(zero, random).has_value());
  auto ones = request;
  ones.key.bytes.fill(0xFF);
  CHECK_FALSE(b.answer(ones, random).has_value());
  REQUIRE(b.answer(request, random).has_value());
  auto ack = *decode<PqAck>(b.ack());
  ack.ephemeral = {};
  CHECK_FALSE(a.take(ack).has_value());
}

TEST_CASE("L2 property 14: without the bit on both ends the link is classical", "[l0][pq]") {
  const auto who = GENERATE(0, 1, 2);
  Pair pair(datagrams(), who == 0 || who == 2 ? nullptr : &kKem, who == 0 ? &kKem : nullptr);
  pair.world.run_for(Millis::seconds(3700));
  CHECK(pair.requests == 0);
  CHECK(epoch_of(pair.a) == 1);
  CHECK(pair.talks());
}

TEST_CASE("L2 property 14: 1,499 bytes are too few, 1,500 are enough", "[l0][pq]") {
  Pair narrow(datagrams(Mtu{1499}));
  narrow.world.run_for(Millis{1});
  CHECK(narrow.requests == 0);
  CHECK(narrow.talks());
  Pair wide(datagrams(Mtu{1500}));
  wide.world.run_for(Millis{1});
  CHECK(wide.requests == 1);
  CHECK(wide.talks());
}

TEST_CASE("L2 property 14: three tries without an answer leave the classical link working",
          "[l0][pq]") {
  const bool lose_requests = GENERATE(true, false);
  World world;
  FakeNode a(world, 0, offering());
  FakeNode b(world, 32, offering());
  int requests = 0;
  world.fate = [&](Bytes& frame) {
    if (frame.size() == kRequestFrame) ++requests;
    return frame.size() != (lose_requests ? kRequestFrame : kAckFrame);
  };
  world.link(a, b, datagrams());
  world.run_for(Millis::seconds(60));
  CHECK(requests == 3);
  if (lose_requests) {
    CHECK(epoch_of(a) == 0);
    CHECK(a.heard.down.empty());
    REQUIRE(a.links.send_packet(a.heard.up.at(0).id, data_packet(b.identity.node_id(), 10),
                                Padding::by_class));
    world.settle();
    CHECK(b.heard.packets.size() == 1);
    world.run_for(Millis::seconds(3600));  // a classical rekey follows in its time
    CHECK(epoch_of(a) == 1);
    CHECK(epoch_of(b) == 1);
    CHECK(requests <= 4);  // the other end still asked in its own time
  }
}

TEST_CASE("L2/3.6: one lost request or answer costs a step and nothing else", "[l0][pq]") {
  const std::size_t lost = GENERATE(kRequestFrame, kAckFrame);
  World world;
  FakeNode a(world, 0, offering());
  FakeNode b(world, 32, offering());
  bool once = true;
  world.fate = [&](Bytes& frame) { return !(frame.size() == lost && std::exchange(once, false)); };
  world.link(a, b, datagrams());
  world.run_for(Millis::seconds(10));
  CHECK(epoch_of(a) == 1);
  CHECK(epoch_of(b) == 1);
  REQUIRE(a.links.send_packet(a.heard.up.at(0).id, data_packet(b.identity.node_id(), 10),
                              Padding::by_class));
  world.settle();
  CHECK(b.heard.packets.size() == 1);
}

TEST_CASE("L2/3.6: messages of a wrong length are the neighbour's fault", "[l0][pq]") {
  Pair pair;
  pair.world.run_for(Millis::seconds(5));
  const LinkId link = pair.a.heard.up.at(0).id;
  for (const std::size_t size : {1U, 833U, 835U}) {
    Bytes bad(size);
    bad[0] = 0xA0;
    REQUIRE(pair.a.links.send_control(link, bad));
    pair.world.settle();
  }
  CHECK(pair.b.links.counters().control_malformed == 3);
  // On a classical link the same types mean nothing, and are passed up to be ignored.
  Pair classical(datagrams(), nullptr, nullptr);
  Bytes unknown(834);
  unknown[0] = 0xA0;
  REQUIRE(classical.a.links.send_control(classical.a.heard.up.at(0).id, unknown));
  classical.world.settle();
  CHECK(classical.b.heard.controls.size() == 1);
  CHECK(classical.b.links.counters().control_malformed == 0);
}

TEST_CASE("L2 property 9: no sealed frame of hybrid rekeys is ever repeated", "[l0][pq]") {
  World world;
  FakeNode a(world, 0, offering());
  FakeNode b(world, 32, offering());
  SeededRandom chance(3);
  bool repeated_nonce = false;
  std::map<Bytes, Bytes> seen;  // by type, link and counter: the nonce under one key
  world.fate = [&](Bytes& frame) {
    if (frame.size() > 24 && frame[0] >= 0x90) {
      const Bytes head(frame.begin(), frame.begin() + 7);
      const auto [at, fresh] = seen.try_emplace(head, frame);
      // An epoch's low four bits come again after 16 rekeys; here there are fewer.
      if (!fresh && at->second != frame) repeated_nonce = true;
    }
    return chance.below(4) != 0;
  };
  world.link(a, b, datagrams());
  for (int i = 0; i < 12 && !a.heard.up.empty(); ++i) {
    (void)a.links.send_packet(a.heard.up.at(0).id, data_packet(b.identity.node_id(), 10),
                              Padding::by_class);
    world.run_for(Millis::seconds(1800));
  }
  CHECK_FALSE(repeated_nonce);
}

TEST_CASE("L2/3.6: the platform's ML-KEM-512, where it has one", "[l0][pq]") {
  const Kem* kem = crypto::ml_kem_512();
  if (kem == nullptr) return;  // OpenSSL before 3.5, or libsodium alone
  KemSeed seed;
  for (std::size_t i = 0; i < 64; ++i) seed.expose_mutable()[i] = static_cast<std::uint8_t>(i);
  const auto key = kem->encapsulation_key(seed);
  REQUIRE(key.has_value());
  // From the seed 00..3f, as published with the certificates of the LAMPS working group.
  CHECK(hex(key->view().first(16)) == "3995815e597d104355cf29aa5333c932");
  KemCiphertext ciphertext;
  const auto sent = kem->encapsulate(*key, repeated(9), ciphertext);
  const auto got = kem->decapsulate(seed, ciphertext);
  REQUIRE(sent.has_value());
  REQUIRE(got.has_value());
  CHECK(sent->equals(*got));
  EncapsulationKey none;
  none.bytes.fill(0xFF);
  CHECK_FALSE(kem->encapsulate(none, repeated(9), ciphertext).has_value());
}

}  // namespace mehr::l0::test
