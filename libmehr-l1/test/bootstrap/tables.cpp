#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "addresses.h"
#include "mehr/l1/learned_peers.h"
#include "mehr/l1/peer_book.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::test;
using namespace mehr::literals;

namespace {

NodeTime at(std::uint64_t n) { return NodeTime{n}; }

std::vector<NodeId> nodes_of(const PeerBook& book) {
  std::vector<NodeId> out;
  for (const KnownPeer& p : book.peers()) out.push_back(p.node);
  return out;
}

Bytes stored(PeerBook& book) {
  const ByteView bytes = book.serialise();
  return {bytes.begin(), bytes.end()};
}

// Far apart: no two in one block.
PeerAddress apart(std::uint32_t n) { return address(n << 8); }

}  // namespace

TEST_CASE("L1/12: proven peers are kept newest first", "[l1][bootstrap]") {
  PeerBook book({4, 4});
  book.prove(node_id(1), apart(1), at(10));
  book.prove(node_id(2), apart(2), at(20));
  book.prove(node_id(3), apart(3), at(30));
  CHECK(nodes_of(book) == std::vector{node_id(3), node_id(2), node_id(1)});
  book.touch(node_id(1), at(40));
  CHECK(nodes_of(book) == std::vector{node_id(1), node_id(3), node_id(2)});
  CHECK(book.find(node_id(1))->seen == at(40));
  book.touch(node_id(9), at(50));
  CHECK(book.peers().size() == 3);
  book.prove(node_id(2), apart(22), at(60));
  CHECK(nodes_of(book) == std::vector{node_id(2), node_id(1), node_id(3)});
  CHECK(book.find(node_id(2))->at == apart(22));
  CHECK(book.find(node_id(9)) == nullptr);
}

TEST_CASE("L1/12: a full book forgets who was seen least recently", "[l1][bootstrap]") {
  PeerBook book({3, 3});
  for (std::uint32_t n = 1; n <= 5; ++n) book.prove(node_id(n), apart(n), at(n));
  CHECK(nodes_of(book) == std::vector{node_id(5), node_id(4), node_id(3)});
}

TEST_CASE("L1/12: one block of addresses displaces its own entries only", "[l1][bootstrap]") {
  PeerBook book({8, 2});
  for (std::uint32_t n = 1; n <= 6; ++n) book.prove(node_id(n), apart(n), at(n));
  for (std::uint32_t n = 100; n < 200; ++n) {
    book.prove(node_id(n), address(n, static_cast<std::uint16_t>(n)), at(n));
  }
  CHECK(nodes_of(book) == std::vector{node_id(199), node_id(198), node_id(6), node_id(5),
                                      node_id(4), node_id(3), node_id(2), node_id(1)});
}

TEST_CASE("L1/12: the stored book is read byte for byte", "[l1][bootstrap]") {
  PeerBook book({4, 4});
  CHECK(stored(book) == Bytes{1, 0, 0});
  NodeId node;
  node.bytes.fill(0xBB);
  book.prove(node, {v4(192, 0, 2, 9), 0x1234}, at(0x0102030405060708));
  Bytes expected{1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 9, 0x34, 0x12};
  expected.insert(expected.end(), 16, 0xBB);
  expected.insert(expected.end(), {8, 7, 6, 5, 4, 3, 2, 1});
  CHECK(stored(book) == expected);
  CHECK(PeerBook::stored_bytes(1) == expected.size());
  PeerBook other({4, 4});
  REQUIRE(other.load(expected).has_value());
  REQUIRE(other.peers().size() == 1);
  CHECK(other.peers().front() ==
        KnownPeer{{v4(192, 0, 2, 9), 0x1234}, node, at(0x0102030405060708)});
}

TEST_CASE("L1/12: a damaged stored book is an empty one", "[l1][bootstrap]") {
  PeerBook book({4, 4});
  book.prove(node_id(1), apart(1), at(1));
  book.prove(node_id(2), apart(2), at(2));
  const Bytes good = stored(book);
  const auto refused = [](const Bytes& bytes, Errc code) {
    PeerBook other({4, 4});
    other.prove(node_id(7), apart(7), at(7));
    const Status loaded = other.load(bytes);
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().code == code);
    CHECK(other.peers().empty());
  };
  for (std::size_t size = 0; size < good.size(); ++size) {
    refused(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), Errc::truncated);
  }
  Bytes bad = good;
  bad.push_back(0);
  refused(bad, Errc::trailing);
  bad = good;
  bad[0] = 2;  // another form
  refused(bad, Errc::bad_value);
  bad = good;
  bad[3 + 16] = bad[3 + 17] = 0;  // port 0
  refused(bad, Errc::bad_value);
  bad = good;
  std::fill_n(bad.begin() + 3 + 18, 16, 0);  // nobody
  refused(bad, Errc::bad_value);
}

TEST_CASE("L1/12: a larger stored book is cut, an unordered one is ordered", "[l1][bootstrap]") {
  PeerBook large({8, 8});
  for (std::uint32_t n = 1; n <= 8; ++n) large.prove(node_id(n), apart(n), at(n));
  PeerBook small({3, 3});
  REQUIRE(small.load(stored(large)).has_value());
  CHECK(nodes_of(small) == std::vector{node_id(8), node_id(7), node_id(6)});
  rc::prop("any book is loaded as it was stored", [] {
    PeerBook book({16, 16});
    const auto times =
        *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
    for (const std::uint8_t t : times) book.prove(node_id(1 + t % 20U), apart(t), at(t));
    PeerBook other({16, 16});
    RC_ASSERT(other.load(stored(book)).has_value());
    RC_ASSERT(other.peers().size() == book.peers().size());
    RC_ASSERT(std::is_sorted(other.peers().begin(), other.peers().end(),
                             [](const auto& a, const auto& b) { return a.seen > b.seen; }));
  });
}

TEST_CASE("L1/12: what is told is tried once and bounded by teller", "[l1][bootstrap]") {
  LearnedPeers learned({6, 2, 2});
  const auto told = [](std::uint32_t n, std::uint64_t by) {
    return LearnedPeer{apart(n), node_id(n), node_id(by)};
  };
  CHECK(learned.add(told(1, 100), 0_ms));
  CHECK_FALSE(learned.add(told(1, 101), 0_ms));
  CHECK(learned.add(told(2, 101), 0_ms));
  for (std::uint32_t n = 10; n < 60; ++n) CHECK(learned.add(told(n, 666), 0_ms));
  CHECK(learned.peers() == std::vector{told(1, 100), told(2, 101), told(58, 666), told(59, 666)});
  for (std::uint32_t n = 70; n < 76; ++n) CHECK(learned.add(told(n, n), 0_ms));
  CHECK(learned.peers().size() == 6);
  CHECK(learned.peers().front() == told(70, 70));
  CHECK(learned.take(7) == told(71, 71));
  CHECK(learned.peers().size() == 5);
  learned.forget(node_id(72), apart(0));
  learned.forget(NodeId{}, apart(73));
  CHECK(learned.peers() == std::vector{told(70, 70), told(74, 74), told(75, 75)});
}

TEST_CASE("L1/12: an address that failed is refused for an hour", "[l1][bootstrap]") {
  LearnedPeers learned({6, 6, 2});
  const auto told = [](std::uint32_t n) { return LearnedPeer{apart(n), node_id(n), node_id(1)}; };
  learned.failed(apart(5), 10_s);
  CHECK_FALSE(learned.add(told(5), 10_s));
  CHECK_FALSE(learned.add(told(5), 3'609'999_ms));
  CHECK(learned.add(told(5), 3'610_s));
  learned.failed(apart(6), 0_ms);
  learned.failed(apart(7), 0_ms);
  learned.failed(apart(8), 0_ms);  // forgets the oldest
  CHECK(learned.add(told(6), 1_ms));
  CHECK_FALSE(learned.add(told(8), 1_ms));
  learned.forget(node_id(8), apart(8));
  CHECK(learned.add(told(8), 1_ms));
  CHECK(LearnedPeers({1, 1, 1}).take(3) == std::nullopt);
}
