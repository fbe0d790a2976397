// README/3 Segment, L2 property 28: messages in segments, in any order and with any mischief.
#include "mehr/l2/reassembly.h"

#include "mehr/core/limits.h"
#include "support.h"

using namespace mehr;
using namespace mehr::l2;
using namespace mehr::l2::test;

namespace {

constexpr Reassembler::Source kFrom{1, false, 0xF3};

struct Piece {
  Segment segment;
  Bytes bytes;
};

std::vector<Piece> cut(const Bytes& whole, std::size_t size, std::uint32_t id = 9) {
  std::vector<Piece> out;
  const std::size_t count = (whole.size() + size - 1) / size;
  for (std::size_t i = 0; i < count; ++i) {
    const auto from = whole.begin() + static_cast<std::ptrdiff_t>(i * size);
    const auto to = i + 1 == count ? whole.end() : from + static_cast<std::ptrdiff_t>(size);
    out.push_back({{id, static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(count), {}},
                   Bytes(from, to)});
  }
  return out;
}

std::optional<Bytes> give(Reassembler& r, Piece piece, Millis now = Millis{0},
                          const Reassembler::Source& from = kFrom) {
  piece.segment.bytes.bytes = piece.bytes;
  const auto joined = r.add(from, piece.segment, now);
  if (!joined) return std::nullopt;
  return bytes_of(*joined);
}

Reassembler roomy() { return Reassembler(64, 1'000'000); }

}  // namespace

TEST_CASE("README/3 segment: the layout", "[l2][segments]") {
  const Bytes bytes = hex("0403020101000200aabb");
  const auto s = decode<Segment>(bytes);
  REQUIRE(s.has_value());
  CHECK(s->message == 0x01020304);
  CHECK(s->index == 1);
  CHECK(s->count == 2);
  CHECK(bytes_of(s->bytes.bytes) == hex("aabb"));
  for (const auto* bad : {"0403020100000100aa",  // one segment is none
                          "0403020102000200aa",  // index beyond
                          "0403020100000104aa",  // 1,025
                          "0403020100000200",    // empty
                          "04030201000002"}) {
    CHECK_FALSE(decode<Segment>(hex(bad)).has_value());
  }
}

TEST_CASE("README/3 segment: any order joins", "[l2][segments]") {
  const Bytes whole = pattern(1000);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SeededRandom random(seed);
    auto pieces = cut(whole, 100 + static_cast<std::size_t>(random.below(300)));
    for (std::size_t i = pieces.size(); i > 1; --i) {
      std::swap(pieces[i - 1], pieces[static_cast<std::size_t>(random.below(i))]);
    }
    Reassembler r = roomy();
    for (std::size_t i = 0; i + 1 < pieces.size(); ++i) {
      CHECK_FALSE(give(r, pieces[i]).has_value());
      CHECK_FALSE(give(r, pieces[i]).has_value());  // an equal duplicate
    }
    CHECK(give(r, pieces.back()) == whole);
    CHECK(r.size() == 0);
  }
}

TEST_CASE("README/3 segment: a missing one expires after 30 s", "[l2][segments]") {
  Reassembler r = roomy();
  const auto pieces = cut(pattern(300), 100);
  give(r, pieces[0], Millis{1'000});
  give(r, pieces[1], Millis{5'000});
  CHECK(r.next_deadline() == Millis{31'000});
  r.expire(Millis{30'999});
  CHECK(r.size() == 1);
  CHECK_FALSE(give(r, pieces[2], Millis{31'000}).has_value());
  CHECK(r.counters().expired == 1);
}

TEST_CASE("README/3 segment: the seventeenth set of a link evicts the oldest", "[l2][segments]") {
  Reassembler r = roomy();
  const Bytes whole = pattern(200);
  for (std::uint32_t id = 0; id < 17; ++id) give(r, cut(whole, 100, id)[0]);
  CHECK(r.size() == 16);
  CHECK(r.counters().evicted == 1);
  CHECK_FALSE(give(r, cut(whole, 100, 0)[1]).has_value());  // begins anew, evicting another
  CHECK(give(r, cut(whole, 100, 16)[1]) == whole);
  // Another link has sets of its own.
  const Reassembler::Source other{2, false, 0xF3};
  give(r, cut(whole, 100, 5)[0], Millis{0}, other);
  CHECK(give(r, cut(whole, 100, 5)[1], Millis{0}, other) == whole);
}

TEST_CASE("README/3 segment: link, carrier, context and id keep sets apart", "[l2][segments]") {
  Reassembler r = roomy();
  const auto pieces = cut(pattern(200), 100);
  give(r, pieces[0]);
  for (const auto& from : {Reassembler::Source{2, false, 0xF3}, Reassembler::Source{1, true, 0xF3},
                           Reassembler::Source{1, false, 0xF4}}) {
    CHECK_FALSE(give(r, pieces[1], Millis{0}, from).has_value());
  }
  CHECK_FALSE(give(r, cut(pattern(200), 100, 10)[1]).has_value());
  CHECK(give(r, pieces[1]).has_value());
}

TEST_CASE("README/3 segment: what contradicts itself is dropped whole", "[l2][segments]") {
  const Bytes whole = pattern(300);
  const auto pieces = cut(whole, 100);
  const auto after = [&](Piece bad) {
    Reassembler r = roomy();
    give(r, pieces[0]);
    give(r, pieces[1]);
    CHECK_FALSE(give(r, std::move(bad)).has_value());
    return r.size();
  };
  Piece other_bytes = pieces[1];
  other_bytes.bytes[5] ^= 1;
  CHECK(after(other_bytes) == 0);
  Piece other_count = pieces[2];
  other_count.segment.count = 4;
  CHECK(after(other_count) == 0);
  Piece longer = pieces[1];
  longer.bytes.push_back(0);
  CHECK(after(longer) == 0);
  Reassembler r = roomy();
  give(r, pieces[0]);
  Piece shorter = pieces[1];
  shorter.bytes.pop_back();
  CHECK_FALSE(give(r, shorter).has_value());
  CHECK(r.size() == 0);
  CHECK(r.counters().conflicting == 1);
}

TEST_CASE("README/3 segment: 65,536 bytes join and 65,537 do not", "[l2][segments]") {
  Reassembler r = roomy();
  const Bytes whole = pattern(65'536);
  std::optional<Bytes> joined;
  for (auto& piece : cut(whole, 4'068)) joined = give(r, piece);
  CHECK(joined == whole);
  for (auto& piece : cut(pattern(65'537), 4'068)) joined = give(r, piece);
  CHECK_FALSE(joined.has_value());
  CHECK(r.counters().too_big >= 1);
  // Known from the first piece: nothing is kept of a message that cannot fit.
  Reassembler early = roomy();
  Piece first{{1, 0, 1024, {}}, pattern(100)};
  give(early, first);
  CHECK(early.size() == 0);
}

TEST_CASE("README/2.7: bytes of all sets together are bounded; the oldest goes", "[l2][segments]") {
  Reassembler r(64, 1'000 + 2 * Reassembler::kPieceCost);
  const Bytes whole = pattern(600);
  for (std::uint32_t id = 0; id < 3; ++id) give(r, cut(whole, 400, id)[0]);
  CHECK(r.size() == 2);  // 800 bytes; a third took the place of the first
  CHECK_FALSE(give(r, cut(whole, 400, 0)[1]).has_value());
  CHECK(give(r, cut(whole, 400, 2)[1]) == whole);
  // A message that is larger than all there is goes itself.
  Reassembler small(4, 300 + 2 * Reassembler::kPieceCost);
  for (auto& piece : cut(whole, 200)) CHECK_FALSE(give(small, piece).has_value());
  // What a piece costs besides its bytes counts: tiny ones are not free.
  Reassembler tiny(64, 10 * (1 + Reassembler::kPieceCost));
  for (std::uint16_t i = 0; i < 20; ++i) give(tiny, {{7, i, 100, {}}, Bytes{1}});
  CHECK(tiny.size() <= 1);
  CHECK(tiny.counters().too_big >= 1);
  Reassembler few(2, 10'000);
  for (std::uint32_t id = 0; id < 3; ++id) {
    give(few, cut(whole, 400, id)[0], Millis{0}, {id, false, 0xF3});
  }
  CHECK(few.size() == 2);
  Reassembler none(0, 0);
  CHECK_FALSE(give(none, cut(whole, 400)[0]).has_value());
}

TEST_CASE("README/2.7: one link's flood takes nothing from another's message", "[l2][segments]") {
  constexpr Reassembler::Source kOther{2, false, 0xF3};
  for (const bool by_bytes : {true, false}) {
    Reassembler r(by_bytes ? 64 : 16, by_bytes ? 20'000 : 1'000'000);
    const auto honest = cut(pattern(4'000), 400, 77);
    for (std::size_t i = 0; i + 1 < honest.size(); ++i)
      CHECK_FALSE(give(r, honest[i], Millis{1}, kOther));
    for (std::uint32_t id = 100; id < 400; ++id) {
      CHECK_FALSE(give(r, cut(pattern(900), 300, id)[0], Millis{2}));
    }
    CHECK(r.counters().evicted > 0);
    CHECK(give(r, honest.back(), Millis{3}, kOther) == pattern(4'000));
  }
}

TEST_CASE("README/2.7: a small node joins the longest message", "[l2][segments]") {
  constexpr Limits kSmall = Limits::small();
  Reassembler r(kSmall.segment_sets, kSmall.segment_bytes);
  const Bytes whole = pattern(kMostJoined);
  const auto pieces = cut(whole, 465 - 1 - kSegmentHead);
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) CHECK_FALSE(give(r, pieces[i]));
  CHECK(give(r, pieces.back()) == whole);
}
