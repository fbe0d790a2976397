// The post-quantum hybrid where nothing is lost. spec: L2/3.6, L2 properties 7, 12, 14
#include <catch2/catch.hpp>

#include "hybrid_pair.h"

namespace mehr::l0::test {
namespace {

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
