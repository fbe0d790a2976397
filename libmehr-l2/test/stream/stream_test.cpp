// ES: segments, order, ends. The known answers were computed apart from this code. spec: L2/4
#include <rapidcheck.h>

#include "mehr/l2/sealed_stream.h"
#include "support.h"

namespace mehr::l2::test {
namespace {

constexpr std::string_view kHelloStream =
    "38ab664bd86f77d7e66bdd9ae0792913a94fd8b33a1260027e4b46c1f4884c67a61a1854d5786bb6b3a1e31e302560"
    "ae66624b5b232ce9bcabb8";
constexpr std::string_view kEmptyStream =
    "38ab664bd86f77d7e66bdd9ae0792913a94fd8b33a1260027e4b46c1f4884c670729e6cb4c0690b576fbaf4fa599f5"
    "71";

Bytes seal_all(ByteView plain, std::uint8_t context = kContext) {
  auto sealer =
      StreamSealer::start(Recipient::self(identity(32)), context, Ephemeral::of(repeated(0x55)));
  REQUIRE(sealer);
  Bytes out = bytes_of(sealer->head().view());
  Bytes room(kStreamSealedSegment);
  do {
    const auto n = std::min(plain.size(), kStreamSegment);
    const auto sealed = sealer->seal(plain.first(n), n == plain.size(), room);
    REQUIRE(sealed);
    out.insert(out.end(), sealed->begin(), sealed->end());
    plain = plain.subspan(n);
  } while (!plain.empty());
  return out;
}

struct Outcome {
  Bytes released;
  std::optional<Errc> error;
};

Outcome open_all(const Signer& me, ByteView stream, std::size_t piece = 1000,
                 std::uint8_t context = kContext) {
  Outcome out;
  auto opener = StreamOpener::start(me, context, X25519Key::from(stream.first(kStreamHead)));
  if (!opener) return {{}, opener.error().code};
  stream = stream.subspan(kStreamHead);
  const auto release = [&out](const Result<ByteView>& plain) {
    if (!plain) {
      out.error = plain.error().code;
      return;
    }
    out.released.insert(out.released.end(), plain->begin(), plain->end());
  };
  while (!stream.empty() && !out.error) {
    ByteView in = stream.first(std::min(piece, stream.size()));
    stream = stream.subspan(in.size());
    while (!in.empty() && !out.error) release(opener->feed(in));
  }
  if (!out.error) release(opener->finish());
  return out;
}

TEST_CASE("L2 4 ES: known answers are sealed bit-exactly", "[l2][stream]") {
  CHECK(seal_all(kHello) == hex(kHelloStream));
  CHECK(seal_all({}) == hex(kEmptyStream));
  const Bytes three = seal_all(pattern(2 * kStreamSegment + 5));
  CHECK(three.size() == 32853);
  CHECK(bytes_of(crypto::b2(three).view()) ==
        hex("4b8859e8d00479a40be6e0dd64b0e929545fa8d398480cb8a6636d87b1586629"));
  const Bytes two = seal_all(pattern(2 * kStreamSegment));
  CHECK(two.size() == 32832);
  CHECK(bytes_of(crypto::b2(two).view()) ==
        hex("2cae8dfc08f18776666840fd06f7acece6652a136aa48381426ae485eb2f0c6b"));
}

TEST_CASE("L2 4 ES: known answers open", "[l2][stream]") {
  const auto hello = open_all(identity(32), hex(kHelloStream));
  CHECK_FALSE(hello.error);
  CHECK(hello.released == kHello);
  const auto empty = open_all(identity(32), hex(kEmptyStream));
  CHECK_FALSE(empty.error);
  CHECK(empty.released.empty());
}

TEST_CASE("L2 4 ES: sizes at the edges of a segment", "[l2][stream]") {
  const auto r = identity(32);
  for (const std::size_t n : {std::size_t{1}, kStreamSegment - 1, kStreamSegment,
                              kStreamSegment + 1, 2 * kStreamSegment}) {
    const Bytes plain = pattern(n);
    const Bytes sealed = seal_all(plain);
    CHECK(sealed.size() == sealed_stream_size(n));
    for (const std::size_t piece : {std::size_t{77}, kStreamSealedSegment, sealed.size()}) {
      const auto opened = open_all(r, sealed, piece);
      CHECK_FALSE(opened.error);
      CHECK(opened.released == plain);
    }
  }
  CHECK(sealed_stream_size(0) == 48);
}

TEST_CASE("L2 4 ES: an empty final segment after a full one is valid", "[l2][stream]") {
  auto sealer =
      StreamSealer::start(Recipient::self(identity(32)), kContext, Ephemeral::of(repeated(0x55)));
  REQUIRE(sealer);
  Bytes stream = bytes_of(sealer->head().view());
  Bytes room(kStreamSealedSegment);
  const Bytes full = pattern(kStreamSegment);
  const auto first = sealer->seal(full, false, room);
  REQUIRE(first);
  stream.insert(stream.end(), first->begin(), first->end());
  const auto last = sealer->seal({}, true, room);
  REQUIRE(last);
  stream.insert(stream.end(), last->begin(), last->end());
  const auto opened = open_all(identity(32), stream);
  CHECK_FALSE(opened.error);
  CHECK(opened.released == full);
}

TEST_CASE("L2 property 15: ES of another recipient or context does not open",
          "[l2][stream][property15]") {
  const Bytes sealed = seal_all(kHello);
  CHECK(open_all(identity(0), sealed).error == Errc::bad_seal);
  CHECK(open_all(identity(32), sealed, 1000, 0xE2).error == Errc::bad_seal);
  Bytes other_head = sealed;
  other_head[31] ^= 0x80;
  CHECK(open_all(identity(32), other_head).error == Errc::bad_seal);
}

TEST_CASE("L2 property 15: ES without its final segment fails", "[l2][stream][property15]") {
  const auto r = identity(32);
  const Bytes sealed = seal_all(pattern(2 * kStreamSegment + 5));
  const ByteView all = sealed;
  const auto cut_at_segment =
      open_all(r, all.first(kStreamHead + 2 * kStreamSealedSegment), kStreamSealedSegment);
  CHECK(cut_at_segment.error == Errc::bad_seal);
  CHECK(cut_at_segment.released.size() == kStreamSegment);  // released only after its own tag
  CHECK(open_all(r, all.first(kStreamHead)).error == Errc::truncated);
  CHECK(open_all(r, all.first(kStreamHead + 15)).error == Errc::truncated);
  CHECK(open_all(r, all.first(all.size() - 1)).error == Errc::bad_seal);
}

TEST_CASE("L2 property 15: ES with bytes after its end fails", "[l2][stream][property15]") {
  const auto r = identity(32);
  for (const std::size_t n : {std::size_t{10}, kStreamSegment}) {
    for (const std::size_t extra : {std::size_t{1}, std::size_t{16}, kStreamSealedSegment}) {
      Bytes sealed = seal_all(pattern(n));
      sealed.resize(sealed.size() + extra);
      CHECK(open_all(r, sealed).error == Errc::bad_seal);
    }
  }
}

TEST_CASE("L2 property 15: ES segments out of order, doubled or dropped fail",
          "[l2][stream][property15]") {
  const auto r = identity(32);
  const Bytes sealed = seal_all(pattern(3 * kStreamSegment));
  const auto segment = [&](std::size_t j) {
    return ByteView(sealed).subspan(kStreamHead + j * kStreamSealedSegment, kStreamSealedSegment);
  };
  const auto joined = [&](std::initializer_list<std::size_t> order) {
    Bytes out(sealed.begin(), sealed.begin() + kStreamHead);
    for (const auto j : order) out.insert(out.end(), segment(j).begin(), segment(j).end());
    return out;
  };
  CHECK_FALSE(open_all(r, joined({0, 1, 2})).error);
  CHECK(open_all(r, joined({1, 0, 2})).error == Errc::bad_seal);
  CHECK(open_all(r, joined({0, 0, 2})).error == Errc::bad_seal);
  CHECK(open_all(r, joined({0, 2})).error == Errc::bad_seal);
  CHECK(open_all(r, joined({0, 1, 2, 2})).error == Errc::bad_seal);
}

TEST_CASE("L2 property 7: a low-order ephemeral starts no stream", "[l2][stream][property7]") {
  CHECK(StreamOpener::start(identity(32), kContext, X25519Key{}).error().code == Errc::bad_value);
  CHECK(StreamSealer::start({identity(32).node_id(), {}}, kContext, Ephemeral::of(repeated(0x55)))
            .error()
            .code == Errc::bad_value);
}

TEST_CASE("L2 4 ES: the sealer refuses what the layout has no form for", "[l2][stream]") {
  auto sealer =
      StreamSealer::start(Recipient::self(identity(32)), kContext, Ephemeral::of(repeated(0x55)));
  REQUIRE(sealer);
  Bytes room(kStreamSealedSegment + 1);
  const Bytes longer = pattern(kStreamSegment + 1);
  CHECK(sealer->seal(longer, true, room).error().code == Errc::too_big);
  CHECK(sealer->seal(kHello, false, room).error().code == Errc::bad_value);
  CHECK(sealer->seal(kHello, true, MutableBytes(room).first(25)).error().code == Errc::too_big);
  CHECK(sealer->seal(kHello, true, room));
  CHECK(sealer->seal(kHello, true, room).error().code == Errc::wrong_state);
}

TEST_CASE("L2 4 ES: an ended opener stays ended", "[l2][stream]") {
  const Bytes sealed = seal_all(kHello);
  auto opener =
      StreamOpener::start(identity(32), kContext, X25519Key::from(ByteView(sealed).first(32)));
  REQUIRE(opener);
  ByteView in = ByteView(sealed).subspan(32);
  CHECK(opener->feed(in)->empty());
  CHECK(opener->finish());
  in = sealed;
  CHECK(opener->feed(in).error().code == Errc::wrong_state);
  CHECK(opener->finish().error().code == Errc::wrong_state);
}

TEST_CASE("L2 property 15: ES opens alike however it is cut into pieces",
          "[l2][stream][property15]") {
  const auto r = identity(32);
  const Bytes plain = pattern(kStreamSegment + 4000);
  const Bytes sealed = seal_all(plain);
  CHECK(rc::check("pieces", [&] {
    const auto piece = *rc::gen::inRange<std::size_t>(1, sealed.size() + 1);
    const auto opened = open_all(r, sealed, std::max<std::size_t>(piece, 50));
    RC_ASSERT(!opened.error);
    RC_ASSERT(opened.released == plain);
  }));
}

}  // namespace
}  // namespace mehr::l2::test
