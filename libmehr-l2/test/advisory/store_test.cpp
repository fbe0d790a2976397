// L2/6.1 property 21: which advisories are kept, and what is concluded from them.
#include "mehr/l2/advisory_store.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

class Friends final : public TrustView {
 public:
  std::vector<NodeId> near;
  [[nodiscard]] std::uint8_t distance(const NodeId& node) const override {
    return std::find(near.begin(), near.end(), node) == near.end() ? kStranger : 1;
  }
};

const l0::Identity kOwner = identity(0);
const l0::Identity kNext = identity(32);
const l0::Identity kThief = identity(64);

l0::Identity key(std::uint8_t n) {
  return l0::Identity::from_seed(repeated(static_cast<std::uint8_t>(0x80 + n)));
}

Bytes body(const KeyAdvisory& a) {
  Bytes out(kAdvisoryBoth);
  out.resize(encode_advisory(a, out)->size());
  return out;
}

struct Book {
  MemoryStorage storage;
  Friends friends;
  AdvisoryStore store;
  explicit Book(std::size_t capacity = 64)
      : store(capacity, identity(96).node_id(), &storage, &friends) {}

  MergeVerdict take(const KeyAdvisory& a) {
    const Bytes bytes = body(a);
    return store.merge({kAdvisoryKind, bytes});
  }
  MergeVerdict both(const Signer& old, const Signer& next, std::uint64_t sequence = 1) {
    return take(make_advisory(old, next, sequence, 0));
  }
  MergeVerdict alone(const Signer& old, const PublicKey& next, std::uint64_t sequence = 1) {
    return take(make_advisory(old, next, sequence, 0));
  }
  MergeVerdict commit(const Signer& owner, const PublicKey& next) {
    return store.merge({kCommitmentKind, encode_fixed(make_commitment(owner, next))});
  }
  [[nodiscard]] KeyStanding owner() const { return store.standing(kOwner.public_key()); }
};

}  // namespace

TEST_CASE("L2/6.1 rule 5: one key that signs too is the successor", "[l2][advisory]") {
  Book b;
  CHECK_FALSE(b.owner().compromised);
  CHECK(b.both(kOwner, kNext) == MergeVerdict::taken);
  const KeyStanding s = b.owner();
  CHECK(s.compromised);
  CHECK(s.successor == kNext.public_key());
  CHECK_FALSE(s.undecided);
}

TEST_CASE("L2/6.1 rule 1: repeats, lower sequences, higher ones", "[l2][advisory]") {
  Book b;
  CHECK(b.both(kOwner, kNext, 5) == MergeVerdict::taken);
  CHECK(b.both(kOwner, kNext, 5) == MergeVerdict::known);
  CHECK(b.both(kOwner, kNext, 4) == MergeVerdict::superseded);
  CHECK(b.both(kOwner, kNext, 6) == MergeVerdict::taken);
  CHECK(b.store.size() == 1);
  CHECK(b.owner().claims[0].sequence == 6);
}

TEST_CASE("L2/6.1: a thief's highest sequence does not silence the owner", "[l2][advisory]") {
  Book b;
  CHECK(b.both(kOwner, kThief, ~std::uint64_t{0}) == MergeVerdict::taken);
  CHECK(b.both(kOwner, kNext, 1) == MergeVerdict::taken);
  // Two keys that both sign: neither is believed, a person decides. rule 6
  CHECK_FALSE(b.owner().successor.has_value());
  CHECK(b.owner().undecided);
  CHECK(b.owner().claims.size() == 2);
}

TEST_CASE("L2/6.1 rule 3: signed by the old key alone is nothing against both", "[l2][advisory]") {
  Book b;
  CHECK(b.alone(kOwner, kThief.public_key()) == MergeVerdict::taken);
  CHECK(b.owner().compromised);
  CHECK_FALSE(b.owner().successor.has_value());
  CHECK(b.both(kOwner, kNext) == MergeVerdict::taken);
  CHECK(b.owner().successor == kNext.public_key());
}

TEST_CASE("L2/6.1: without a successor a key is flagged and nothing is to decide",
          "[l2][advisory]") {
  Book b;
  CHECK(b.alone(kOwner, PublicKey{}) == MergeVerdict::taken);
  CHECK(b.owner().compromised);
  CHECK_FALSE(b.owner().undecided);
}

TEST_CASE("L2/6.1 rule 4: with a commitment, the committed key alone", "[l2][advisory]") {
  Book b;
  CHECK(b.commit(kOwner, kNext.public_key()) == MergeVerdict::taken);
  CHECK(b.owner().committed);
  CHECK_FALSE(b.owner().compromised);
  CHECK(b.both(kOwner, kThief) == MergeVerdict::taken);
  CHECK_FALSE(b.owner().successor.has_value());
  CHECK(b.owner().undecided);
  CHECK(b.both(kOwner, kNext) == MergeVerdict::taken);
  CHECK(b.owner().successor == kNext.public_key());
  CHECK_FALSE(b.owner().undecided);
}

TEST_CASE("L2/6.1: a second commitment is refused", "[l2][advisory]") {
  Book b;
  CHECK(b.commit(kOwner, kNext.public_key()) == MergeVerdict::taken);
  CHECK(b.commit(kOwner, kNext.public_key()) == MergeVerdict::known);
  CHECK(b.commit(kOwner, kThief.public_key()) == MergeVerdict::refused);
  CHECK(b.both(kOwner, kThief) == MergeVerdict::taken);
  CHECK_FALSE(b.owner().successor.has_value());
}

TEST_CASE("L2/6.1: the ninth entry of a key is refused", "[l2][advisory]") {
  Book b;
  for (std::uint8_t i = 0; i < 8; ++i) {
    CHECK(b.both(kOwner, key(i)) == MergeVerdict::taken);
  }
  CHECK(b.both(kOwner, key(8)) == MergeVerdict::refused);
  CHECK(b.both(kOwner, kNext) == MergeVerdict::refused);
  CHECK(b.both(kOwner, key(3), 2) == MergeVerdict::taken);  // of those held, a later one still
  CHECK(b.both(kNext, key(9)) == MergeVerdict::taken);      // of another key
  CHECK(b.store.size() == 9);
}

TEST_CASE("L2/6.1: eight forged entries do not keep the committed one out", "[l2][advisory]") {
  Book b;
  CHECK(b.commit(kOwner, kNext.public_key()) == MergeVerdict::taken);
  for (std::uint8_t i = 0; i < 8; ++i) CHECK(b.both(kOwner, key(i)) == MergeVerdict::taken);
  CHECK(b.both(kOwner, kNext) == MergeVerdict::taken);
  CHECK(b.owner().successor == kNext.public_key());
  CHECK(b.owner().claims.size() == 8);
  // The latest of the others went; the committed one stays whatever follows.
  bool has_last = false;
  for (const auto& claim : b.owner().claims)
    has_last = has_last || claim.key == key(7).public_key();
  CHECK_FALSE(has_last);
  CHECK(b.both(kOwner, key(7)) == MergeVerdict::refused);
  CHECK(b.owner().successor == kNext.public_key());
}

TEST_CASE("L2/6.1 rule 5: chains are followed for eight links", "[l2][advisory]") {
  Book b;
  for (std::uint8_t i = 0; i < 9; ++i) CHECK(b.both(key(i), key(i + 1)) == MergeVerdict::taken);
  CHECK(b.store.standing(key(1).public_key()).successor == key(9).public_key());  // eight
  CHECK_FALSE(b.store.standing(key(0).public_key()).successor.has_value());       // nine: nobody
  CHECK(b.store.standing(key(0).public_key()).undecided);
  CHECK(b.store.standing(key(8).public_key()).successor == key(9).public_key());
}

TEST_CASE("L2/6.1: a successor that is compromised itself is none", "[l2][advisory]") {
  Book b;
  b.both(kOwner, kNext);
  b.alone(kNext, PublicKey{});
  CHECK_FALSE(b.owner().successor.has_value());
  CHECK(b.owner().undecided);
}

TEST_CASE("L2/6.1: a flood of advisories does not push a commitment out", "[l2][advisory]") {
  Book b(4);
  CHECK(b.commit(kOwner, kNext.public_key()) == MergeVerdict::taken);
  for (std::uint8_t i = 0; i < 20; ++i) b.alone(key(i), PublicKey{});
  CHECK(b.commit(kOwner, kThief.public_key()) == MergeVerdict::refused);
  CHECK(b.owner().committed);
}

TEST_CASE("L2/6.1: keys that name each other in a circle lead nowhere", "[l2][advisory]") {
  Book b;
  b.both(key(0), key(1));
  b.both(key(1), key(2));
  b.both(key(2), key(0));
  CHECK_FALSE(b.store.standing(key(0).public_key()).successor.has_value());
  CHECK(b.store.standing(key(0).public_key()).undecided);
}

TEST_CASE("L2/6.1: what is invalid is the neighbour's fault and is not kept", "[l2][advisory]") {
  Book b;
  const Bytes bad = spoilt(body(make_advisory(kOwner, kNext, 1, 0)));
  CHECK(b.store.merge({kAdvisoryKind, bad}) == MergeVerdict::invalid);
  CHECK(b.store.merge({kAdvisoryKind, {}}) == MergeVerdict::invalid);
  KeyAdvisory forged = make_advisory(kThief, kNext, 1, 0);
  forged.compromised = kOwner.public_key();
  CHECK(b.take(forged) == MergeVerdict::invalid);
  auto commitment = encode_fixed(make_commitment(kOwner, kNext.public_key()));
  commitment[100] ^= 1;
  CHECK(b.store.merge({kCommitmentKind, commitment}) == MergeVerdict::invalid);
  CHECK(b.store.size() == 0);
  CHECK(b.store.counters().invalid == 4);
}

TEST_CASE("L2/6.1: a full store gives up strangers' entries, oldest first", "[l2][advisory]") {
  Book b(4);
  b.friends.near = {key(0).node_id()};
  for (std::uint8_t i = 0; i < 4; ++i) {
    CHECK(b.alone(key(i), PublicKey{}) == MergeVerdict::taken);
  }
  CHECK(b.alone(key(4), PublicKey{}) == MergeVerdict::taken);
  CHECK(b.store.standing(key(0).public_key()).compromised);  // a friend's
  CHECK_FALSE(b.store.standing(key(1).public_key()).compromised);
  for (std::uint8_t i = 0; i < 8; ++i) b.friends.near.push_back(key(i).node_id());
  CHECK(b.alone(key(9), PublicKey{}) == MergeVerdict::refused);
  CHECK(b.store.size() == 4);
  CHECK(b.store.capacity() == 4);
}

TEST_CASE("L2/6.1: what is held is offered to gossip, commitments first", "[l2][advisory]") {
  Book b;
  b.both(kOwner, kNext);
  b.commit(kOwner, kNext.public_key());
  ItemRef first;
  ItemRef second;
  REQUIRE(b.store.item(0, first));
  REQUIRE(b.store.item(1, second));
  CHECK(first.kind == kAdvisoryKind);
  CHECK(first.size == 209);
  CHECK(second.kind == kCommitmentKind);
  CHECK(b.store.rank(1) < b.store.rank(0));
  Book other;
  for (std::size_t place = 0; place < b.store.places(); ++place) {
    ItemRef ref;
    if (b.store.item(place, ref)) {
      CHECK(other.store.merge({ref.kind, b.store.body(place)}) == MergeVerdict::taken);
    }
  }
  CHECK(other.owner().successor == kNext.public_key());
}

TEST_CASE("L2/6.1: the store survives a restart and does not trust its disk", "[l2][advisory]") {
  Book b;
  int dirty = 0;
  b.store.on_dirty([&] { ++dirty; });
  b.commit(kOwner, kNext.public_key());
  b.both(kOwner, kThief);
  CHECK(dirty == 1);
  CHECK(b.store.next_deadline() == kAdvisorySave);
  b.store.on_time(Millis{59'999});
  CHECK(b.storage.values.empty());
  b.storage.broken = true;
  b.store.on_time(Millis{60'000});
  CHECK(b.store.counters().storage_failed == 1);
  b.storage.broken = false;
  b.store.on_time(Millis{120'000});
  CHECK(b.store.next_deadline() == Millis::never());

  AdvisoryStore again(64, identity(96).node_id(), &b.storage, nullptr);
  CHECK(again.size() == 2);
  CHECK(again.standing(kOwner.public_key()).committed);
  CHECK(again.merge({kCommitmentKind, encode_fixed(make_commitment(
                                          kOwner, kThief.public_key()))}) == MergeVerdict::refused);
  b.storage.values.at("l2/advisory/1").at(80) ^= 1;
  b.storage.values["l2/advisory/0"] = text("nonsense");
  AdvisoryStore damaged(64, identity(96).node_id(), &b.storage, nullptr);
  CHECK(damaged.size() == 0);
}

TEST_CASE("L2/6.1: what the user hands in gets an answer in words", "[l2][advisory]") {
  Book b;
  const Bytes good = body(make_advisory(kOwner, kNext, 1, 0));
  CHECK(b.store.submit({kAdvisoryKind, good}).has_value());
  CHECK(b.store.submit({kAdvisoryKind, good}).error().code == Errc::replayed);
  Bytes later = good;
  later[64] = 2;  // a sequence that was not signed
  CHECK(b.store.submit({kAdvisoryKind, later}).error().code == Errc::bad_signature);
  CHECK(b.store.key_under_advice(kOwner.node_id()) == kOwner.public_key());
  CHECK_FALSE(b.store.key_under_advice(kNext.node_id()).has_value());
  int visited = 0;
  b.both(kOwner, kThief);
  b.store.compromised([&](const PublicKey& k) {
    ++visited;
    CHECK(k == kOwner.public_key());
  });
  CHECK(visited == 1);
}
