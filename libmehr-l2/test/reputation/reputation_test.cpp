// TR/6: scores to the last digit (TR properties 14 to 16), referrals, and what survives a restart.
#include "mehr/l2/referrals.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

class Friends final : public TrustView {
 public:
  std::vector<NodeId> list;
  [[nodiscard]] std::uint8_t distance(const NodeId& node) const override {
    return std::find(list.begin(), list.end(), node) == list.end() ? kStranger : 1;
  }
  void trusted(const std::function<void(const NodeId&)>& each) const override {
    for (const NodeId& node : list) each(node);
  }
};

NodeId node(std::uint8_t n) {
  NodeId id;
  id.bytes[0] = n;
  return id;
}

struct Judge {
  SetClock clock;
  EpochSource epochs;
  MemoryStorage storage;
  Friends friends;
  Reputation book;
  explicit Judge(std::size_t capacity = 8, const Bytes& stored = {})
      : storage(holding(stored)), book(capacity, clock, epochs, &storage, &friends) {}
  static MemoryStorage holding(const Bytes& stored) {
    MemoryStorage out;
    if (!stored.empty()) out.values["l2/reputation"] = stored;
    return out;
  }
  void dealings(const NodeId& peer, int n, bool success, Service service = Service::relay) {
    for (int i = 0; i < n; ++i) book.on_outcome({peer, service, success});
  }
  std::uint16_t relay(const NodeId& peer) const {
    const PeerReputation* p = book.find(peer);
    return p == nullptr ? std::uint16_t{0} : p->relay;
  }
};

}  // namespace

TEST_CASE("TR/6 property 14: the sequence of scores", "[l2][reputation]") {
  Judge j;
  const std::array<std::uint16_t, 5> kFirst{100, 199, 297, 394, 490};
  for (const std::uint16_t expected : kFirst) {
    j.dealings(node(1), 1, true);
    CHECK(j.relay(node(1)) == expected);
  }
  j.dealings(node(1), 5, true);
  CHECK(j.relay(node(1)) == 955);
  Judge k;
  int count = 0;
  while (k.relay(node(1)) < 5'000) {
    k.dealings(node(1), 1, true);
    ++count;
  }
  CHECK(count == 70);
  while (k.relay(node(1)) < 9'901) {
    k.dealings(node(1), 1, true);
    ++count;
  }
  CHECK(count == 516);
  k.dealings(node(1), 100, true);
  CHECK(k.relay(node(1)) == 9'901);
  for (const unsigned expected : {8'910U, 8'019U, 7'217U}) {
    k.dealings(node(1), 1, false);
    CHECK(k.relay(node(1)) == expected);
  }
  CHECK(score_after(1, false) == 0);
  CHECK(score_after(0, false) == 0);
  while (k.relay(node(1)) > 0) k.dealings(node(1), 1, false);
  CHECK(k.relay(node(1)) == 0);
}

TEST_CASE("TR/6: services are judged apart; counts saturate", "[l2][reputation]") {
  Judge j;
  j.clock.at = Millis{77};
  j.dealings(node(1), 3, true, Service::storage);
  j.dealings(node(1), 300, true, Service::compute);
  j.dealings(node(1), 1, false, Service::relay);
  const PeerReputation* p = j.book.find(node(1));
  REQUIRE(p != nullptr);
  CHECK(p->relay == 0);
  CHECK(p->storage == 297);
  CHECK(p->total == 304);
  CHECK(p->failed == 1);
  CHECK(p->compute_successes == 255);
  CHECK(p->storage_successes == 3);
  CHECK(p->last_updated == 77);
}

TEST_CASE("TR/6 PeerReputation: 50 bytes, and what is refused", "[l2][reputation]") {
  PeerReputation p;
  p.node = node(3);
  p.relay = 1;
  p.storage = 2;
  p.compute = 3;
  p.total = 4;
  p.failed = 1;
  p.first_seen_epoch = 5;
  p.last_updated = 6;
  p.relay_successes = 7;
  const auto bytes = encode_fixed(p);
  CHECK(bytes_of(bytes) ==
        hex("03000000000000000000000000000000010002000300040000000100000005000000"
            "00000000060000000000000007000000"));
  CHECK(*decode<PeerReputation>(bytes) == p);
  auto bad = bytes;
  bad[17] = 0x28;  // 10,241
  CHECK_FALSE(decode<PeerReputation>(bad).has_value());
  bad = bytes;
  bad[26] = 5;  // more failed than there were
  CHECK_FALSE(decode<PeerReputation>(bad).has_value());
}

TEST_CASE("TR/6: a full book forgets the least recently judged, friends last", "[l2][reputation]") {
  Judge j(3);
  j.friends.list = {node(1)};
  for (std::uint8_t n = 1; n <= 3; ++n) j.dealings(node(n), 1, true);
  j.dealings(node(2), 1, true);
  j.dealings(node(4), 1, true);
  CHECK(j.book.find(node(1)) != nullptr);
  CHECK(j.book.find(node(3)) == nullptr);
  CHECK(j.book.size() == 3);
  CHECK(j.book.evicted() == 1);
}

TEST_CASE("TR/6: what was judged survives a restart", "[l2][reputation]") {
  Judge j;
  j.dealings(node(1), 5, true);
  j.dealings(node(2), 2, false);
  j.book.save();
  Reputation again(8, j.clock, j.epochs, &j.storage, nullptr);
  CHECK(again.size() == 2);
  CHECK(again.find(node(1))->relay == 490);
  CHECK(again.find(node(2))->failed == 2);
  j.storage.values.at("l2/reputation").at(17) = 0xFF;  // damaged: dropped from there on
  Reputation damaged(8, j.clock, j.epochs, &j.storage, nullptr);
  CHECK(damaged.size() == 0);
}

namespace {

/// A door that lets the test say who sent what.
struct Door : FakeFloor {
  void come(Protocol protocol, const std::optional<PublicKey>& from, ByteView body) {
    Bytes copy = bytes_of(body);
    handlers.at(protocol)({protocol, from, copy});
  }
};

std::vector<l0::Identity> make_friends(std::size_t n) {
  SeededRandom random(3);
  std::vector<l0::Identity> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(l0::Identity::generate(random));
  return out;
}

/// What is stored of @p who with these scores, up to the top, which dealings alone do not reach.
Bytes rated(const std::vector<l0::Identity>& who, const std::vector<std::uint16_t>& scores) {
  Bytes all;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    PeerReputation p;
    p.node = who[i].node_id();
    p.relay = p.storage = p.compute = scores[i];
    p.total = 9;
    p.relay_successes = 9;
    all = join(all, encode_fixed(p));
  }
  return all;
}

struct Asker {
  std::vector<l0::Identity> friends;
  Judge judge;
  Door door;
  SeededRandom random;
  Referrals referrals{door, judge.book, judge.friends, random, judge.clock, 16};

  /// A friend for each of @p scores.
  explicit Asker(const std::vector<std::uint16_t>& scores)
      : friends(make_friends(scores.size())), judge(64, rated(friends, scores)) {
    for (const auto& one : friends) judge.friends.list.push_back(one.node_id());
  }
  /// Friend @p i answers the question it was sent last.
  void answer(std::size_t i, std::uint16_t score, std::uint32_t total = 9) {
    for (const auto& sent : door.sent) {
      if (sent.to != friends[i].node_id() || sent.protocol != kReferralRequest) continue;
      const auto question = decode<ReferralRequest>(sent.body);
      REQUIRE(question.has_value());
      const ReferralResponse response{
          question->subject, question->nonce, score, score, score, total};
      door.come(kReferralResponse, friends[i].public_key(), encode_fixed(response));
    }
  }
};

const NodeId kSubject = node(200);

}  // namespace

TEST_CASE("TR/6 property 15: what trusted peers report, weighed and added", "[l2][reputation]") {
  Asker a({10'000, 10'000, 0});
  CHECK(a.referrals.ask(kSubject) == 3U);
  for (const auto& sent : a.door.sent) CHECK(sent.options.proven);
  a.answer(2, 10'000);  // a referrer of score 0 says nothing
  CHECK(a.referrals.referred(kSubject, Service::relay) == 0);
  a.answer(0, 10'000);
  CHECK(a.referrals.referred(kSubject, Service::relay) == 3'000);
  CHECK(a.referrals.effective(kSubject, Service::relay) == 3'000);
  a.answer(1, 10'000);
  CHECK(a.referrals.referred(kSubject, Service::relay) == 5'000);  // capped
}

TEST_CASE("TR/6: the weight is that of the referrer's own score, rounded down",
          "[l2][reputation]") {
  Asker a({9'901});
  REQUIRE(a.referrals.ask(kSubject).has_value());
  a.answer(0, 3'333);
  CHECK(a.referrals.referred(kSubject, Service::storage) == 3'333ULL * 9'901 / 10'000 * 3 / 10);
}

TEST_CASE("TR/6 property 15: first-hand counts alone after five successes or a failure",
          "[l2][reputation]") {
  Asker a({10'000, 0});
  REQUIRE(a.referrals.ask(kSubject).has_value());
  a.answer(0, 10'000);
  a.judge.dealings(kSubject, 4, true);
  CHECK(a.referrals.effective(kSubject, Service::relay) == 3'000);
  a.judge.dealings(kSubject, 1, true);
  CHECK(a.referrals.effective(kSubject, Service::relay) == 490);
  CHECK(a.referrals.effective(kSubject, Service::storage) == 3'000);
  a.judge.dealings(kSubject, 1, false, Service::compute);
  CHECK(a.referrals.effective(kSubject, Service::storage) == 0);
  CHECK(a.referrals.ask(kSubject).error().code == Errc::wrong_state);
}

TEST_CASE("TR/6 property 15: an answer is unused after 500 rounds", "[l2][reputation]") {
  Asker a({10'000});
  REQUIRE(a.referrals.ask(kSubject).has_value());
  a.answer(0, 10'000);
  const Millis start = a.judge.clock.at;
  a.judge.clock.at = start + Millis::seconds(60) * 500 - Millis{1};
  CHECK(a.referrals.referred(kSubject, Service::relay) == 3'000);
  a.judge.clock.at = start + Millis::seconds(60) * 500;
  CHECK(a.referrals.referred(kSubject, Service::relay) == 0);
}

TEST_CASE("TR/6 rule 1: a peer is asked about a node once in ten rounds", "[l2][reputation]") {
  Asker a({0, 0});
  CHECK(a.referrals.ask(kSubject) == 2U);
  CHECK(a.referrals.ask(kSubject) == 0U);
  CHECK(a.referrals.ask(node(201)) == 2U);
  a.judge.clock.at = a.judge.clock.at + Millis::seconds(60) * 10;
  CHECK(a.referrals.ask(kSubject) == 2U);
}

TEST_CASE("TR/6 rule 2, property 16: only trusted peers are answered, from first hand",
          "[l2][reputation]") {
  Asker a({10'000, 0});
  // Second hand: a referral is held about the subject, and is not passed on.
  REQUIRE(a.referrals.ask(kSubject).has_value());
  a.answer(0, 10'000);
  a.door.sent.clear();
  const ReferralRequest question{kSubject, 42};
  a.door.come(kReferralRequest, a.friends[1].public_key(), encode_fixed(question));
  REQUIRE(a.door.sent.size() == 1);
  auto answer = decode<ReferralResponse>(a.door.sent[0].body);
  REQUIRE(answer.has_value());
  CHECK(*answer == ReferralResponse{kSubject, 42, 0, 0, 0, 0});
  a.judge.dealings(kSubject, 2, true);
  a.door.come(kReferralRequest, a.friends[1].public_key(), encode_fixed(question));
  answer = decode<ReferralResponse>(a.door.sent[1].body);
  CHECK(*answer == ReferralResponse{kSubject, 42, 199, 0, 0, 2});
  // A stranger, or nobody in particular, gets no answer.
  a.door.come(kReferralRequest, identity(32).public_key(), encode_fixed(question));
  a.door.come(kReferralRequest, std::nullopt, encode_fixed(question));
  a.door.come(kReferralRequest, a.friends[1].public_key(), hex("00"));
  CHECK(a.door.sent.size() == 2);
  CHECK(a.referrals.counters().refused == 1);
}

TEST_CASE("TR/6: answers unasked, of others, empty or out of range are ignored",
          "[l2][reputation]") {
  Asker a({10'000, 10'000});
  const auto come = [&](std::size_t i, const ReferralResponse& r) {
    a.door.come(kReferralResponse, a.friends[i].public_key(), encode_fixed(r));
  };
  come(0, {kSubject, 1, 10'000, 10'000, 10'000, 5});
  REQUIRE(a.referrals.ask(kSubject).has_value());
  const auto first = *decode<ReferralRequest>(a.door.sent[0].body);
  come(1, {kSubject, first.nonce, 10'000, 10'000, 10'000, 5});      // another's question
  come(0, {kSubject, first.nonce + 1, 10'000, 10'000, 10'000, 5});  // another nonce
  come(0, {kSubject, first.nonce, 10'001, 0, 0, 5});
  come(0, {kSubject, first.nonce, 10'000, 0, 0, 0});
  CHECK(a.referrals.counters().ignored == 5);
  CHECK(a.referrals.size() == 0);
  come(0, {kSubject, first.nonce, 10'000, 0, 0, 5});
  come(0, {kSubject, first.nonce, 9'000, 0, 0, 5});  // once
  CHECK(a.referrals.size() == 1);
  CHECK(a.referrals.referred(kSubject, Service::relay) == 3'000);
}
