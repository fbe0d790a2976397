#include "mehr/l1/mep.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <string>

#include "fake_world.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

constexpr std::uint64_t kMost = ~0ULL;

Mep draft() {
  Mep mep;
  mep.number = 0x01020304;
  mep.title = "Caf\xC3\xA9";
  mep.category = MepCategory::hard;
  mep.target_major = 2;
  mep.target_minor = 1;
  mep.spec_hash.bytes.fill(0xAA);
  mep.created = 1000;
  return mep;
}

Mep with(Mep mep, MepStatus status) {
  mep.status = status;
  return mep;
}

Bytes bytes_of(const Mep& mep) {
  Bytes out(kMepMax);
  const auto written = encode_mep(mep, out);
  REQUIRE(written.has_value());
  out.resize(written->size());
  return out;
}

MepFacts votes(std::uint64_t support, std::uint64_t oppose, std::uint64_t neutral) {
  MepFacts facts;
  facts.tally = {support, oppose, neutral};
  facts.epoch = 1000;
  return facts;
}

}  // namespace

TEST_CASE("L1 13.6: a proposal, byte by byte", "[l1][mep]") {
  Mep mep = draft();
  for (std::size_t i = 0; i < 16; ++i) mep.author.bytes[i] = static_cast<std::uint8_t>(i);
  mep.status = MepStatus::proposed;
  mep.signature.bytes.fill(0xEE);
  Bytes expected{4, 3, 2, 1, 5, 0, 'C', 'a', 'f', 0xC3, 0xA9};
  for (std::uint8_t i = 0; i < 16; ++i) expected.push_back(i);
  expected.insert(expected.end(), {1, 1, 2, 0, 1, 0});
  expected.insert(expected.end(), 32, 0xAA);
  Bytes tail{0xE8, 3, 0, 0, 0, 0, 0, 0};
  tail.insert(tail.end(), 64, 0xEE);
  SECTION("without a reference implementation") {
    expected.push_back(0);
    expected.insert(expected.end(), tail.begin(), tail.end());
    CHECK(expected.size() == 138);
  }
  SECTION("with one") {
    mep.reference_impl_hash.emplace().bytes.fill(0xBB);
    expected.push_back(1);
    expected.insert(expected.end(), 32, 0xBB);
    expected.insert(expected.end(), tail.begin(), tail.end());
    CHECK(expected.size() == 170);
  }
  CHECK(bytes_of(mep) == expected);
  const auto read = decode_mep(expected);
  REQUIRE(read.has_value());
  CHECK(*read == mep);
  for (std::size_t n = 0; n < expected.size(); ++n) {
    if (decode_mep(ByteView(expected).first(n)).has_value()) FAIL("truncated at " << n);
  }
  Bytes longer = expected;
  longer.push_back(0);
  CHECK(decode_mep(longer).error().code == Errc::trailing);
  std::array<std::uint8_t, 130> small{};
  CHECK(encode_mep(mep, small).error().code == Errc::too_big);
}

TEST_CASE("L1 13.6: malformed proposals are refused", "[l1][mep]") {
  const Bytes good = bytes_of(draft());
  const auto code = [](const Bytes& b) { return decode_mep(b).error().code; };
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes b = good;
    b[at] = value;
    return b;
  };
  REQUIRE(decode_mep(good).has_value());
  for (const unsigned derived : {2U, 3U, 4U, 5U, 7U, 255U}) {
    CHECK(code(changed(27, static_cast<std::uint8_t>(derived))) == Errc::bad_value);
  }
  CHECK(code(changed(28, 4)) == Errc::bad_value);      // category
  CHECK(code(changed(65, 2)) == Errc::bad_value);      // neither 0 nor 1
  CHECK(code(changed(10, 0xFF)) == Errc::bad_value);   // UTF-8
  CHECK_FALSE(decode_mep(changed(5, 1)).has_value());  // a title of 261 bytes
  Bytes untitled = good;
  untitled[4] = 0;
  untitled.erase(untitled.begin() + 6, untitled.begin() + 11);
  CHECK(code(untitled) == Errc::bad_value);
  Bytes out(kMepMax + 10);
  Mep mep = draft();
  const std::string longest(256, 'x');
  mep.title = longest;
  mep.reference_impl_hash.emplace();
  CHECK(encode_mep(mep, out)->size() == kMepMax);
  const std::string too_long(257, 'x');
  mep.title = too_long;
  CHECK(encode_mep(mep, out).error().code == Errc::bad_value);
  mep.title = "x";
  mep.reference_impl_hash.reset();
  CHECK(encode_mep(mep, out)->size() == kMepMin);
  mep.status = MepStatus::active;
  CHECK(encode_mep(mep, out).error().code == Errc::bad_value);
  mep = draft();
  mep.category = static_cast<MepCategory>(4);
  CHECK(encode_mep(mep, out).error().code == Errc::bad_value);
}

TEST_CASE("L1 13.6: a proposal is its author's", "[l1][mep]") {
  const auto author = test::identity(1);
  const auto other = test::identity(2);
  const auto mep = sign_mep(draft(), author);
  REQUIRE(mep.has_value());
  CHECK(mep->author == author.node_id());
  CHECK(verify_mep(*mep, author.public_key()).has_value());
  CHECK(verify_mep(*mep, other.public_key()).error().code == Errc::bad_signature);
  // The label and every preceding byte are signed.
  Bytes message(as_bytes("mehr-mep-v1").begin(), as_bytes("mehr-mep-v1").end());
  const Bytes object = bytes_of(*mep);
  message.insert(message.end(), object.begin(), object.end() - 64);
  CHECK(crypto::verify(author.public_key(), message, mep->signature));
  for (std::size_t bit = 0; bit < object.size() * 8; ++bit) {
    Bytes bad = object;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1U << bit % 8);
    const auto read = decode_mep(bad);
    if (read && verify_mep(*read, author.public_key())) FAIL("bit " << bit);
  }
  // Somebody else's name over an own signature.
  Mep stolen = draft();
  stolen.author = author.node_id();
  const Bytes unsigned_bytes = bytes_of(stolen);
  stolen.signature = other.sign("mehr-mep-v1", ByteView(unsigned_bytes).first(138 - 64));
  CHECK(verify_mep(stolen, other.public_key()).error().code == Errc::bad_signature);
  Mep bad = draft();
  bad.title = "";
  CHECK(sign_mep(bad, author).error().code == Errc::bad_value);
}

TEST_CASE("L1 13.6: proposals survive encoding", "[l1][mep]") {
  rc::prop("decode(encode(x)) = x", [] {
    Mep mep = draft();
    const auto title = std::string(*rc::gen::inRange<std::size_t>(1, 257), 'q');
    mep.title = title;
    mep.number = *rc::gen::arbitrary<std::uint32_t>();
    mep.status = *rc::gen::element(MepStatus::draft, MepStatus::proposed, MepStatus::withdrawn);
    mep.category = static_cast<MepCategory>(*rc::gen::inRange(0, 4));
    mep.created = *rc::gen::arbitrary<std::uint64_t>();
    if (*rc::gen::arbitrary<bool>()) mep.reference_impl_hash.emplace().bytes.fill(3);
    std::array<std::uint8_t, kMepMax> buffer{};
    const auto bytes = encode_mep(mep, buffer);
    RC_ASSERT(bytes.has_value());
    const auto again = decode_mep(*bytes);
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == mep);
  });
}

TEST_CASE("L1 property 29: accepted at 67 %, rejected at 34 % or after 50,000 epochs",
          "[l1][mep]") {
  const auto becomes = [](const MepFacts& facts) {
    return MepRecord(with(draft(), MepStatus::proposed)).step(facts);
  };
  CHECK(becomes(votes(67, 0, 33)) == MepStatus::accepted);
  CHECK(becomes(votes(66, 0, 34)) == MepStatus::proposed);
  CHECK(becomes(votes(6'699'999, 0, 3'300'001)) == MepStatus::proposed);
  CHECK(becomes(votes(0, 34, 66)) == MepStatus::rejected);
  CHECK(becomes(votes(66, 33, 1)) == MepStatus::proposed);
  CHECK(becomes(votes(0, 3'399'999, 6'600'001)) == MepStatus::proposed);
  CHECK(becomes(votes(0, 0, 0)) == MepStatus::proposed);  // no votes, no change
  CHECK(becomes(votes(1, 0, 0)) == MepStatus::accepted);
  // 2/3 of all there is: a float could not tell.
  CHECK(becomes(votes(kMost / 100 * 67, 0, kMost - kMost / 100 * 67)) == MepStatus::proposed);
  CHECK(becomes(votes(kMost / 100 * 67 + 11, 0, kMost - kMost / 100 * 67 - 11)) ==
        MepStatus::accepted);
  auto late = votes(0, 0, 0);
  late.epoch = 50'999;
  CHECK(becomes(late) == MepStatus::proposed);
  late.epoch = 51'000;
  CHECK(becomes(late) == MepStatus::rejected);
  late.epoch = 0;
  late.elapsed_epochs = 49'999;
  CHECK(becomes(late) == MepStatus::proposed);
  late.elapsed_epochs = 50'000;
  CHECK(becomes(late) == MepStatus::rejected);
  SECTION("a creation date in the far future does not overflow into the past") {
    Mep mep = with(draft(), MepStatus::proposed);
    mep.created = kMost;
    auto facts = votes(0, 0, 0);
    facts.epoch = 60'000;
    CHECK(MepRecord(mep).step(facts) == MepStatus::proposed);
  }
}

TEST_CASE("L1 13.6: from draft to active", "[l1][mep]") {
  MepRecord record(draft());
  CHECK(record.number() == 0x01020304);
  CHECK(record.status() == MepStatus::draft);
  CHECK(record.step(votes(100, 0, 0)) == MepStatus::draft);  // not asked yet
  REQUIRE(record.republished(with(draft(), MepStatus::proposed)));
  CHECK(record.status() == MepStatus::proposed);
  MepFacts facts = votes(67, 33, 0);
  CHECK(record.step(facts) == MepStatus::accepted);
  facts.tally = {0, 100, 0};  // opinions may turn, the decision stands
  CHECK(record.step(facts) == MepStatus::accepted);
  Mep built = with(draft(), MepStatus::proposed);
  built.reference_impl_hash.emplace();
  REQUIRE(record.republished(built));
  facts.active_nodes = 10;
  facts.nodes_on_target = 7;
  CHECK(record.step(facts) == MepStatus::implemented);
  facts.active_nodes = 0;
  CHECK(record.step(facts) == MepStatus::implemented);
  facts.active_nodes = 10;
  facts.nodes_on_target = 8;
  CHECK(record.step(facts) == MepStatus::active);
  facts.nodes_on_target = 0;
  CHECK(record.step(facts) == MepStatus::active);
  SECTION("in one step, when all is there") {
    MepRecord fast(built);
    facts.tally = {1, 0, 0};
    facts.nodes_on_target = 10;
    CHECK(fast.step(facts) == MepStatus::active);
  }
}

TEST_CASE("L1 13.6: what an author may still do", "[l1][mep]") {
  const auto proposed = with(draft(), MepStatus::proposed);
  const auto withdrawn = with(draft(), MepStatus::withdrawn);
  const auto code = [](const Status& s) { return s.error().code; };
  SECTION("a draft may change in everything") {
    MepRecord record(draft());
    Mep changed = draft();
    changed.spec_hash.bytes.fill(1);
    changed.created = 2000;
    REQUIRE(record.republished(changed));
    REQUIRE(record.republished(with(changed, MepStatus::proposed)));
    auto late = votes(0, 0, 0);
    late.epoch = 51'999;
    CHECK(record.step(late) == MepStatus::proposed);  // the later date counts
  }
  SECTION("what is voted on stays") {
    MepRecord record(proposed);
    std::vector<Mep> changes(6, proposed);
    changes[0].spec_hash.bytes[31] ^= 1;
    changes[1].created += 1;
    changes[2].target_major += 1;
    changes[3].target_minor += 1;
    changes[4].category = MepCategory::soft;
    changes[5].status = MepStatus::draft;
    for (const Mep& change : changes) CHECK(code(record.republished(change)) == Errc::wrong_state);
    Mep retitled = proposed;
    retitled.title = "other words";
    CHECK(record.republished(retitled).has_value());
    CHECK(record.step(votes(67, 0, 33)) == MepStatus::accepted);
  }
  SECTION("another author, another number") {
    MepRecord record(draft());
    Mep other = proposed;
    other.author.bytes[0] = 1;
    CHECK(code(record.republished(other)) == Errc::wrong_peer);
    other = proposed;
    other.number = 9;
    CHECK(code(record.republished(other)) == Errc::wrong_peer);
    CHECK(record.status() == MepStatus::draft);
  }
  SECTION("drafts and proposals may be withdrawn, for good") {
    for (const Mep& first : {draft(), proposed}) {
      MepRecord record(first);
      REQUIRE(record.republished(withdrawn));
      CHECK(record.status() == MepStatus::withdrawn);
      CHECK(record.step(votes(100, 0, 0)) == MepStatus::withdrawn);
      CHECK(code(record.republished(proposed)) == Errc::wrong_state);
      CHECK(code(record.republished(withdrawn)) == Errc::wrong_state);
    }
  }
  SECTION("what is decided is not withdrawn") {
    MepRecord accepted(proposed);
    REQUIRE(accepted.step(votes(1, 0, 0)) == MepStatus::accepted);
    CHECK(code(accepted.republished(withdrawn)) == Errc::wrong_state);
    MepRecord rejected(proposed);
    REQUIRE(rejected.step(votes(0, 1, 0)) == MepStatus::rejected);
    CHECK(code(rejected.republished(proposed)) == Errc::wrong_state);
    CHECK(rejected.step(votes(1, 0, 0)) == MepStatus::rejected);
  }
}

TEST_CASE("L1 13.6: votes are weighed by trust flow", "[l1][mep]") {
  constexpr std::uint32_t kOne = 1U << 16;  // Q16.16
  VersionSignal yes, no, shrug;
  yes.must_push({1, Support::support});
  yes.must_push({2, Support::oppose});
  no.must_push({1, Support::oppose});
  shrug.must_push({1, Support::neutral});
  MepTally tally;
  tally.add(yes, 1, kOne);
  tally.add(yes, 1, kOne / 2);
  tally.add(no, 1, 3);
  tally.add(shrug, 1, 5);
  tally.add(no, 2, kOne);  // says nothing about 2
  tally.add(yes, 1, 0);    // a stranger
  CHECK(tally == MepTally{kOne + kOne / 2, 3, 5});
  CHECK(tally.total() == kOne + kOne / 2 + 8);
  MepTally full{kMost - 1, 1, 5};
  full.add(yes, 1, 3);
  CHECK(full.support == kMost);
  CHECK(full.total() == kMost);
}

TEST_CASE("L1 13.6: equal numbers, and forks that nobody follows", "[l1][mep]") {
  Mep a = draft();
  Mep b = draft();
  b.created += 1;
  b.spec_hash.bytes.fill(0);
  CHECK(precedes(a, b));
  CHECK_FALSE(precedes(b, a));
  b.created = a.created;
  CHECK(precedes(b, a));
  CHECK_FALSE(precedes(a, a));
  CHECK(is_abandoned(100, 9));
  CHECK_FALSE(is_abandoned(100, 10));  // more than 90 % must be lost
  CHECK_FALSE(is_abandoned(0, 0));
  CHECK_FALSE(is_abandoned(100, 200));
  CHECK(is_abandoned(kMost, 1));
}
