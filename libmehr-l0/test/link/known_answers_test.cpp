// Known answers of the link layer, each direction alone. spec: L0 testable properties, L2/8
#include <catch2/catch.hpp>

#include "fake_links.h"

namespace mehr::l0::test {
namespace {

Bytes repeated(std::uint8_t byte) { return Bytes(32, byte); }

std::string sha_start(ByteView bytes) {
  const auto digest = crypto::sha256(bytes);
  return hex(digest.view().first(8));
}

// Initiator seed 00..1f, responder seed 20..3f, link ids 1 and 2, ephemerals 11 and 22, clock 1000.
struct KnownPair {
  KnownPair() {
    random_i.script.push_back(repeated(0x11));
    random_r.script.push_back(repeated(0x22));
    const LocalTerms terms{Mtu{4096}, 3};
    initiator.emplace(
        Link::Config{i, random_i, terms, LinkId{1}, true, BitsPerSecond{1'000'000'000}},
        std::nullopt, now);
    init = sent(initiator->start(now));
    responder.emplace(
        Link::Config{r, random_r, terms, LinkId{2}, true, BitsPerSecond{1'000'000'000}}, init, now);
    resp = sent(responder->start(now));
  }
  static Bytes sent(const Link::Actions& actions) {
    for (const auto& action : actions) {
      if (const auto* send = std::get_if<Link::SendFrame>(&action)) {
        return {send->frame().begin(), send->frame().end()};
      }
    }
    return {};
  }
  void complete() {
    auth = sent(initiator->step(Link::HandshakeFrame{resp}, now));
    ping = sent(responder->step(Link::HandshakeFrame{auth}, now));
  }

  Identity i = Identity::from_seed(seed_of(0x00));
  Identity r = Identity::from_seed(seed_of(0x20));
  ScriptedRandom random_i, random_r;
  Link::Now now{Millis{0}, NodeTime{1000}};
  std::optional<Link> initiator, responder;
  Bytes init, resp, auth, ping;
};

}  // namespace

TEST_CASE("L0 property 1: identity of seed 00..1f", "[l0][identity]") {
  const auto id = Identity::from_seed(seed_of(0));
  CHECK(hex(id.public_key().view()) ==
        "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8");
  CHECK(hex(id.x25519_key().view()).substr(0, 8) == "4701d084");
  CHECK(hex(id.x25519_key().view()).substr(60) == "ca01");
  CHECK(hex(id.node_id().view()) == "9d24e2eeaf27c2a088a564a32fc03a88");
  const auto other = Identity::from_seed(seed_of(0x20));
  CHECK(hex(other.node_id().view()) == "25843b3a196efcefbf5b1390d78db52b");
  // The two X25519 derivations, from the public key and from the seed, agree.
  CHECK(*crypto::x25519_from_ed25519(id.public_key()) == id.x25519_key());
  // Reticulum's address of the same key, by its own hash. spec: L0/8.1
  Bytes both(id.x25519_key().bytes.begin(), id.x25519_key().bytes.end());
  both.insert(both.end(), id.public_key().bytes.begin(), id.public_key().bytes.end());
  const auto identity_hash = crypto::sha256(both);
  CHECK(hex(identity_hash.view().first(16)) == "017757cd6091e16e248fc3ca0c0e5334");
  const auto name_hash = crypto::sha256(as_bytes("mehr.node"));
  CHECK(hex(name_hash.view().first(10)) == "91394dc8b84e75d5ce0b");
  Bytes address(name_hash.bytes.begin(), name_hash.bytes.begin() + 10);
  address.insert(address.end(), identity_hash.bytes.begin(), identity_hash.bytes.begin() + 16);
  const auto destination = crypto::sha256(address);
  CHECK(hex(destination.view().first(16)) == "26f9f848e5cd7d84b95838e8a9807289");
}

TEST_CASE("L0 property 2: session key of two known ephemerals", "[l0][handshake]") {
  const auto bytes_i = repeated(0x11);
  const auto bytes_r = repeated(0x22);
  const auto secret_i = Secret<32>::copy_of(std::span<const std::uint8_t, 32>(bytes_i));
  const auto secret_r = Secret<32>::copy_of(std::span<const std::uint8_t, 32>(bytes_r));
  const auto public_i = crypto::x25519_public(secret_i);
  const auto public_r = crypto::x25519_public(secret_r);
  const std::string expected = "84be4548ede02c29cd6015220a5372796b0d9fe97c4b09e52bc16432f56d162d";
  CHECK(hex(derive_session_key(secret_i, public_r, public_i, public_r)->expose()) == expected);
  CHECK(hex(derive_session_key(secret_r, public_i, public_i, public_r)->expose()) == expected);
  CHECK(derive_session_key(secret_i, X25519Key{}, public_i, X25519Key{}).error().code ==
        Errc::bad_value);
}

TEST_CASE("L0 property 3: RESP and AUTH of the known pair", "[l0][handshake]") {
  KnownPair pair;
  CHECK(pair.init.size() == 52);
  CHECK(pair.resp.size() == 166);
  CHECK(sha_start(pair.resp) == "beb56ee413cb3530");
  pair.complete();
  CHECK(pair.auth.size() == 131);
  CHECK(sha_start(pair.auth) == "6a68f4910249876e");
  CHECK(pair.initiator->is_active());
  CHECK(pair.responder->is_active());
  CHECK(pair.responder->peer().peer == pair.i.node_id());
  CHECK(pair.initiator->peer().peer == pair.r.node_id());
  CHECK(pair.initiator->peer().peer_tail.features == 3);
}

TEST_CASE("L2 known answers: transcripts th and th2", "[l0][handshake]") {
  KnownPair pair;
  const auto th =
      crypto::b2(as_bytes("mehr-link-v1"), ByteView(pair.init), ByteView(pair.resp).first(38));
  CHECK(hex(th.view()) == "6c33cc62d1fc3432267ee4ea5b5bcc95d574ca463d4fc2e9da46e12f70ab4d98");
  const auto th2 = crypto::b2(th.bytes, ByteView(pair.resp).subspan(38));
  CHECK(hex(th2.view()) == "72cba1067fa3e2ffdd29cd63f7c5562fcded7210a5e367b078022a3a50359214");
}

TEST_CASE("L0 property 4: the first DATA frame of the known pair", "[l0][data]") {
  KnownPair pair;
  pair.complete();
  const Bytes control{0x89, 0x40, 0xdc, 0x05};
  Bytes out(64);
  const auto frame = pair.initiator->seal(control, 0, out);
  REQUIRE(frame);
  const std::string expected = "90020001000000cdc48548dd85e543ff829bd61f679cd32f9e05d562";
  CHECK(hex(*frame) == expected);
  const auto message = pair.responder->open(*frame, Millis{1});
  REQUIRE(message);
  CHECK(hex(*message) == "8940dc05");
}

TEST_CASE("L2 known answers: key after a rekey", "[l0][rekey]") {
  const auto ask = repeated(0x33);
  const auto answer = repeated(0x44);
  const auto ask_secret = Secret<32>::copy_of(std::span<const std::uint8_t, 32>(ask));
  const auto answer_secret = Secret<32>::copy_of(std::span<const std::uint8_t, 32>(answer));
  const auto ask_public = crypto::x25519_public(ask_secret);
  const auto answer_public = crypto::x25519_public(answer_secret);
  CHECK(hex(derive_session_key(ask_secret, answer_public, ask_public, answer_public)->expose()) ==
        "0f5bb303bb736800c850f09bff0f233d27c6719d55239b1f1692600511ab713e");
}

}  // namespace mehr::l0::test
