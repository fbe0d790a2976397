// L2/5 and L2/8: the onion of the specification, made and peeled; properties 1 and 18.
#include "mehr/l2/onion.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

std::vector<l0::Identity> relays(std::size_t n) {
  std::vector<l0::Identity> out;
  for (std::size_t i = 0; i < n; ++i) {
    out.push_back(l0::Identity::from_seed(repeated(static_cast<std::uint8_t>(0x64 + i))));
  }
  return out;
}

std::vector<Recipient> recipients(const std::vector<l0::Identity>& who) {
  std::vector<Recipient> out;
  for (const auto& one : who) out.push_back(Recipient::self(one));
  return out;
}

struct Relay {
  explicit Relay(const l0::Identity& identity)
      : me(identity), random(identity.node_id().bytes[0]), seen(64, random, kOnionMemory) {}
  const l0::Identity& me;
  SeededRandom random;
  ReplayCache seen;
  Result<Peeled> peel(Bytes& packet, Millis now = Millis{1}) {
    return peel_onion(me, packet, seen, now);
  }
};

Bytes ascending(std::size_t n) {
  Bytes out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<std::uint8_t>(i);
  return out;
}

Bytes b2_of(ByteView bytes) { return bytes_of(crypto::b2(bytes).view()); }

}  // namespace

TEST_CASE("L2/8 onion: as sent, after hop 0, after hop 1, and what comes out", "[l2][onion]") {
  // "64×32" of the specification is hexadecimal, as are the seeds of the other relays.
  const auto who = relays(3);
  const auto to = recipients(who);
  const l0::Identity destination = identity(32);
  const Bytes data = ascending(0x100 + 0x4d);
  Bytes packet(onion_size(OnionClass::constrained));
  const auto built = build_onion(OnionClass::constrained, to, {destination.node_id(), 0xE1, data},
                                 Ephemeral::of(repeated(0x99)), packet);
  REQUIRE(built.has_value());
  CHECK(b2_of(packet) == hex("68e78e6c626bcfee6997b9ab1f48654af780ee6958e317f095cae5bfbc0d5114"));
  Relay first(who[0]);
  Relay second(who[1]);
  Relay third(who[2]);
  const auto one = first.peel(packet);
  REQUIRE(one.has_value());
  CHECK(one->to == who[1].node_id());
  CHECK(b2_of(packet) == hex("60125ea4cb4fad8ba1e8690664850d3bc52c72a7ccdca056ee850c2be2ae1660"));
  const auto two = second.peel(packet);
  REQUIRE(two.has_value());
  CHECK(two->to == who[2].node_id());
  CHECK(b2_of(packet) == hex("b1d93f12e1bb9b2936df02b26256e29db93fc9ba86836c363b00d3f9ee926f60"));
  const auto three = third.peel(packet);
  REQUIRE(three.has_value());
  CHECK(three->kind == Peeled::Kind::exit);
  CHECK(three->to == destination.node_id());
  CHECK(three->context == 0xE1);
  CHECK(bytes_of(three->data) == data);
}

TEST_CASE("L2/5 property 18: one to eight relays, all classes, full and empty", "[l2][onion]") {
  const auto who = relays(8);
  for (const OnionClass c : {OnionClass::constrained, OnionClass::standard, OnionClass::bulk}) {
    for (std::size_t n = 1; n <= kMostOnionHops; ++n) {
      auto to = recipients(who);
      to.resize(n);
      for (const std::size_t size : {std::size_t{0}, std::size_t{1}, onion_capacity(c, n)}) {
        SeededRandom random(n * 100 + size);
        Bytes packet(onion_size(c));
        const Bytes data = pattern(size);
        const OnionExit exit{identity(32).node_id(), 0xE2, data};
        REQUIRE(build_onion(c, to, exit, Ephemeral::draw(random), packet).has_value());
        for (std::size_t i = 0; i + 1 < n; ++i) {
          const auto peeled = Relay(who[i]).peel(packet);
          REQUIRE(peeled.has_value());
          CHECK(peeled->kind == Peeled::Kind::forward);
          CHECK(peeled->to == who[i + 1].node_id());
          CHECK(peeled->data.size() == onion_size(c));  // constant, whatever was taken off
        }
        const auto out = Relay(who[n - 1]).peel(packet);
        REQUIRE(out.has_value());
        CHECK(out->kind == Peeled::Kind::exit);
        CHECK(bytes_of(out->data) == data);
      }
      Bytes packet(onion_size(c));
      const Bytes over = pattern(onion_capacity(c, n) + 1);
      const auto refused = build_onion(c, to, {identity(32).node_id(), 0xE2, over},
                                       Ephemeral::of(repeated(9)), packet);
      REQUIRE_FALSE(refused.has_value());
      CHECK(refused.error().code == Errc::too_big);
    }
  }
  CHECK(onion_capacity(OnionClass::constrained, 3) == 333);
  CHECK(onion_capacity(OnionClass::standard, 3) == 1'349);
  CHECK(onion_capacity(OnionClass::bulk, 3) == 3'945);
}

TEST_CASE("L2/5 property 18: every flipped bit is dropped by the next relay", "[l2][onion]") {
  const auto who = relays(2);
  const auto to = recipients(who);
  Bytes good(onion_size(OnionClass::constrained));
  REQUIRE(build_onion(OnionClass::constrained, to, {identity(32).node_id(), 0xE1, kHello},
                      Ephemeral::of(repeated(0x99)), good)
              .has_value());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    // The top bit of alpha is ignored by X25519 but bound by the key derivation.
    INFO("bit " << bit);
    CHECK_FALSE(Relay(who[0]).peel(bad).has_value());
  }
  Relay first(who[0]);
  REQUIRE(first.peel(good).has_value());
  for (std::size_t bit = 0; bit < good.size() * 8; bit += 7) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
    CHECK_FALSE(Relay(who[1]).peel(bad).has_value());
  }
}

TEST_CASE("L2/5 property 18: wrong relay, repeats, other lengths, degenerate alpha",
          "[l2][onion]") {
  const auto who = relays(3);
  const auto to = recipients(who);
  Bytes packet(onion_size(OnionClass::standard));
  REQUIRE(build_onion(OnionClass::standard, to, {identity(32).node_id(), 0xE1, kHello},
                      Ephemeral::of(repeated(0x42)), packet)
              .has_value());
  Bytes copy = packet;
  const auto wrong = Relay(who[1]).peel(copy);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == Errc::bad_seal);

  Relay first(who[0]);
  copy = packet;
  CHECK(first.peel(copy).has_value());
  copy = packet;
  const auto again = first.peel(copy);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == Errc::replayed);
  copy = packet;
  CHECK(first.peel(copy, kOnionMemory + Millis{2}).has_value());  // forgotten after its hour

  for (const std::size_t size : {0U, 1U, 464U, 466U, 1480U, 1482U, 4076U, 4078U}) {
    Bytes other(size);
    std::fill(other.begin(), other.end(), std::uint8_t{1});
    CHECK_FALSE(Relay(who[0]).peel(other).has_value());
  }
  Bytes version = packet;
  version[0] = 2;
  CHECK_FALSE(Relay(who[0]).peel(version).has_value());
  Bytes zero = packet;
  std::fill(zero.begin() + 1, zero.begin() + 33, std::uint8_t{0});  // property 7
  const auto degenerate = Relay(who[0]).peel(zero);
  REQUIRE_FALSE(degenerate.has_value());
  CHECK(degenerate.error().code == Errc::bad_value);
}

TEST_CASE("L2/5: a changed packet does not use up the place of the real one", "[l2][onion]") {
  const auto who = relays(2);
  const auto to = recipients(who);
  Bytes packet(onion_size(OnionClass::constrained));
  REQUIRE(build_onion(OnionClass::constrained, to, {identity(32).node_id(), 0xE1, kHello},
                      Ephemeral::of(repeated(0x42)), packet)
              .has_value());
  Relay first(who[0]);
  Bytes changed = spoilt(packet);
  CHECK_FALSE(first.peel(changed).has_value());
  CHECK(first.seen.size() == 0);
  CHECK(first.peel(packet).has_value());
}

TEST_CASE("L2/5 property 7: a relay whose key is of low order is refused when building",
          "[l2][onion]") {
  const auto who = relays(2);
  auto to = recipients(who);
  to[1].key = X25519Key{};
  Bytes packet(onion_size(OnionClass::constrained));
  const auto built = build_onion(OnionClass::constrained, to, {identity(32).node_id(), 0xE1, {}},
                                 Ephemeral::of(repeated(0x42)), packet);
  REQUIRE_FALSE(built.has_value());
  CHECK(built.error().code == Errc::bad_value);
  CHECK_FALSE(
      build_onion(OnionClass::constrained, {}, {}, Ephemeral::of(repeated(1)), packet).has_value());
}

TEST_CASE("L2/5: cover ends silently; an exit that lies about its length is dropped",
          "[l2][onion]") {
  const auto who = relays(1);
  const auto to = recipients(who);
  Bytes packet(onion_size(OnionClass::constrained));
  REQUIRE(
      build_onion(OnionClass::constrained, to, {}, Ephemeral::of(repeated(3)), packet).has_value());
  const auto cover = Relay(who[0]).peel(packet);
  REQUIRE(cover.has_value());
  CHECK(cover->kind == Peeled::Kind::cover);

  // The same seal by hand around a length of 65,535.
  const Ephemeral e = Ephemeral::of(repeated(4));
  auto shared = crypto::x25519(e.secret(), to[0].key);
  REQUIRE(shared.has_value());
  Secret<32> prk;
  crypto::hkdf_extract(as_bytes("mehr-onion-v1"), shared->expose(), prk);
  Secret<32> key;
  crypto::hkdf_expand(prk, join(e.public_key().view(), to[0].key.view()), key.expose_mutable());
  Bytes sealed(432);
  sealed[17] = 0xFF;
  sealed[18] = 0xFF;
  const std::array<std::uint8_t, 2> aad{1, 1};
  crypto::Aead(key, crypto::Aead::Use::seal).seal({}, aad, ByteView(sealed).first(416), sealed);
  Bytes by_hand{1};
  by_hand = join(by_hand, e.public_key().view());
  by_hand = join(by_hand, ByteView(sealed).subspan(416));
  by_hand = join(by_hand, ByteView(sealed).first(416));
  const auto lie = Relay(who[0]).peel(by_hand);
  REQUIRE_FALSE(lie.has_value());
  CHECK(lie.error().code == Errc::bad_value);
}
