// Stream registrations and the key cache. spec: L6/2 S8, L2/4.1
#include "mehr/l2/peer_keys.h"
#include "mehr/l2/stream_table.h"
#include "support.h"

namespace mehr::l2::test {
namespace {

StreamId stream(std::uint64_t n) {
  StreamId id;
  Writer(id.mutable_view()).put(n * 0x9E37'79B9'7F4A'7C15ULL);
  return id;
}

TEST_CASE("L6 2 S8 streams: found by the first 8 bytes, and by all of them", "[l2][streams]") {
  StreamTable table(200);
  std::uint64_t hit = 0;
  for (std::uint64_t n = 0; n < 200; ++n) {
    REQUIRE(table.accept(stream(n), [&hit, n](const Message&) { hit = n; }));
  }
  for (std::uint64_t n = 0; n < 200; ++n) {
    Bytes data = bytes_of(stream(n).view());
    data.push_back(7);
    const auto found = table.find(data);
    REQUIRE(found);
    (*found)({});
    CHECK(hit == n);
    CHECK_FALSE(table.find(ByteView(data).first(7)));
    data[7] ^= 1;
    CHECK_FALSE(table.find(data));
  }
}

TEST_CASE("L6 2 S8 streams: full refuses the newcomer, not a replacement", "[l2][streams]") {
  StreamTable table(2);
  const auto nothing = [](const Message&) {};
  REQUIRE(table.accept(stream(1), nothing));
  REQUIRE(table.accept(stream(2), nothing));
  CHECK(table.accept(stream(3), nothing).error().code == Errc::full);
  CHECK(table.accept(stream(2), nothing));
  CHECK(table.size() == 2);
  table.drop(stream(3));
  CHECK(table.size() == 2);
  table.drop(stream(1));
  CHECK_FALSE(table.find(stream(1).view()));
  CHECK(table.accept(stream(3), nothing));
}

TEST_CASE("L2 4.1 keys: own memory first, then the table below", "[l2][keys]") {
  SeededRandom random;
  KeyBook below;
  below.add(identity(32));
  PeerKeys keys(below, 4, random);
  CHECK(keys.key_of(identity(32).node_id()) == identity(32).public_key());
  CHECK_FALSE(keys.key_of(identity(0).node_id()));
  CHECK(keys.recipient(identity(0).node_id()).error().code == Errc::no_key);
  keys.learn(identity(0).public_key());
  CHECK(keys.key_of(identity(0).node_id()) == identity(0).public_key());
  const auto to = keys.recipient(identity(0).node_id());
  REQUIRE(to);
  CHECK(to->key == identity(0).x25519_key());
}

TEST_CASE("L2 4.1 keys: a key of another NodeID is never used", "[l2][keys]") {
  SeededRandom random;
  KeyBook below;
  below.put(identity(0).node_id(), identity(32).public_key());
  PeerKeys keys(below, 4, random);
  CHECK(keys.recipient(identity(0).node_id()).error().code == Errc::no_key);
  CHECK(keys.size() == 0);
}

TEST_CASE("L2 4.1 keys: full, the least recently used goes", "[l2][keys]") {
  SeededRandom random;
  KeyBook below;
  PeerKeys keys(below, 2, random);
  keys.learn(identity(0).public_key());
  keys.learn(identity(1).public_key());
  keys.learn(identity(0).public_key());
  keys.learn(identity(2).public_key());
  CHECK(keys.size() == 2);
  CHECK(keys.key_of(identity(0).node_id()));
  CHECK_FALSE(keys.key_of(identity(1).node_id()));
  CHECK(keys.key_of(identity(2).node_id()));
}

TEST_CASE("L2/4: strangers push out no prekey and no highest id", "[l2][keys]") {
  SeededRandom random;
  KeyBook below;
  PeerKeys keys(below, 2, random);
  const auto owner = identity(0);
  const auto old = make_bundle(owner, {4, crypto::x25519_public(repeated(1))});
  const auto fresh = make_bundle(owner, {5, crypto::x25519_public(repeated(2))});
  REQUIRE(keys.learn_prekey(fresh, Millis{1}).has_value());
  for (std::uint8_t i = 1; i < 20; ++i) {
    keys.learn(identity(i).public_key());
    below.add(identity(static_cast<std::uint8_t>(100 + i)));
    CHECK(keys.recipient(identity(static_cast<std::uint8_t>(100 + i)).node_id()).has_value());
  }
  REQUIRE(keys.prekey(owner.node_id(), Millis{2}).has_value());
  CHECK(keys.prekey(owner.node_id(), Millis{2})->id == 5);
  CHECK(keys.learn_prekey(old, Millis{2}).error().code == Errc::replayed);
  // Nor do others' bundles, as long as it is used.
  for (std::uint8_t i = 1; i < 20; ++i) {
    const auto bundle = make_bundle(identity(i), {1, crypto::x25519_public(repeated(i))});
    CHECK(keys.learn_prekey(bundle, Millis{3}).has_value());
    CHECK(keys.prekey(owner.node_id(), Millis{3}).has_value());
  }
}

TEST_CASE("L2 4.1 keys: who is used once takes nobody's place", "[l2][keys]") {
  SeededRandom random;
  KeyBook below;
  below.add(identity(0));
  below.add(identity(1));
  PeerKeys keys(below, 1, random);
  REQUIRE(keys.recipient(identity(0).node_id()).has_value());
  const auto once = keys.recipient_once(identity(1).node_id());
  REQUIRE(once.has_value());
  CHECK(once->key == identity(1).x25519_key());
  CHECK(keys.size() == 1);
  below = {};
  CHECK(keys.key_of(identity(0).node_id()).has_value());
  CHECK(keys.recipient_once(identity(1).node_id()).error().code == Errc::no_key);
}

TEST_CASE("L2 4.1 keys: a key without an X25519 form is not kept", "[l2][keys]") {
  SeededRandom random;
  KeyBook below;
  PeerKeys keys(below, 2, random);
  PublicKey one{};
  one.bytes[0] = 1;
  keys.learn(one);
  CHECK(keys.size() == 0);
}

}  // namespace
}  // namespace mehr::l2::test
