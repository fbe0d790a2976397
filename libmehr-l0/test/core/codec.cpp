// The codec: both directions of each shape alone, and every way in which input can be wrong.
#include "mehr/core/codec.h"

#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>

#include "mehr/core/describe.h"

using namespace mehr;

namespace {

enum class Colour : std::uint8_t { red = 1, blue = 2 };
constexpr bool is_valid(Colour c) { return c == Colour::red || c == Colour::blue; }

struct Metres {
  std::uint16_t count = 0;
  static constexpr auto wire = std::tuple{field("count", &Metres::count)};
  constexpr bool operator==(const Metres&) const = default;
};

struct Range {
  std::uint8_t low = 0;
  std::uint8_t high = 0;
  static constexpr auto wire = std::tuple{field("low", &Range::low), field("high", &Range::high)};
  constexpr bool operator==(const Range&) const = default;
  constexpr Status check() const {
    if (low > high) return fail(Errc::bad_value, "low is above high");
    return {};
  }
};

using Mark = FixedBytes<3, struct MarkTag>;

struct All {
  std::uint8_t one = 0;
  std::uint16_t two = 0;
  std::uint32_t four = 0;
  std::uint64_t eight = 0;
  bool yes = false;
  Colour colour = Colour::red;
  Constant<std::uint8_t{0x10}> version;
  Mark mark;
  Metres metres;
  Range range;
  static constexpr auto wire = std::tuple{
      field("one", &All::one),         field("two", &All::two),   field("four", &All::four),
      field("eight", &All::eight),     field("yes", &All::yes),   field("colour", &All::colour),
      field("version", &All::version), field("mark", &All::mark), field("metres", &All::metres),
      field("range", &All::range)};
  constexpr bool operator==(const All&) const = default;
};

struct Letter {
  std::uint8_t kind = 0;
  Tail body;
  static constexpr auto wire =
      std::tuple{field("kind", &Letter::kind), field("body", &Letter::body)};
  constexpr bool operator==(const Letter&) const = default;
};

const All kAll{.one = 0x01,
               .two = 0x0203,
               .four = 0x04050607,
               .eight = 0x08090a0b0c0d0e0f,
               .yes = true,
               .colour = Colour::blue,
               .version = {},
               .mark = {{0xa1, 0xa2, 0xa3}},
               .metres = {0x1122},
               .range = {3, 4}};
const Bytes kAllBytes = {0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f, 0x0e,
                         0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08, 0x01, 0x02, 0x10,
                         0xa1, 0xa2, 0xa3, 0x22, 0x11, 0x03, 0x04};

Errc code_of(const Bytes& bytes) {
  const auto read = decode<All>(bytes);
  REQUIRE_FALSE(read);
  return read.error().code;
}

/// Writes down what a Describer is told.
struct Notes final : Describer {
  std::string text;
  void begin(std::string_view name) override { text += std::string(name) + "{"; }
  void end() override { text += "}"; }
  void number(std::string_view name, std::uint64_t value) override {
    text += std::string(name) + "=" + std::to_string(value) + " ";
  }
  void bytes(std::string_view name, ByteView value) override {
    text += std::string(name) + ":" + std::to_string(value.size()) + " ";
  }
};

}  // namespace

TEST_CASE("README/2.1: sizes follow from the fields", "[core][codec]") {
  STATIC_REQUIRE(wire_size<All> == 25);
  STATIC_REQUIRE(wire_size<Letter> == 1);
  STATIC_REQUIRE(wire_size<Metres> == 2);
}

TEST_CASE("README/2.1: decoding is little-endian and without padding", "[core][codec]") {
  const auto read = decode<All>(kAllBytes);
  REQUIRE(read);
  CHECK(*read == kAll);
}

TEST_CASE("README/2.1: encoding is little-endian and without padding", "[core][codec]") {
  const auto fixed = encode_fixed(kAll);
  CHECK(same_bytes(fixed, kAllBytes));
  Bytes room(wire_size<All> + 3, 0xee);
  const auto written = encode(kAll, room);
  REQUIRE(written);
  CHECK(same_bytes(*written, kAllBytes));
  CHECK(room[25] == 0xee);
}

TEST_CASE("README/2.5: every shorter input is truncated, every longer one refused",
          "[core][codec]") {
  for (std::size_t size = 0; size < kAllBytes.size(); ++size) {
    CHECK(code_of(Bytes(kAllBytes.begin(),
                        kAllBytes.begin() + static_cast<std::ptrdiff_t>(size))) == Errc::truncated);
  }
  Bytes longer = kAllBytes;
  longer.push_back(0);
  CHECK(code_of(longer) == Errc::trailing);
}

TEST_CASE("README/2.5: a bad bool, enumeration or fixed value is refused", "[core][codec]") {
  const auto with = [](std::size_t at, std::uint8_t value) {
    Bytes bytes = kAllBytes;
    bytes[at] = value;
    return bytes;
  };
  for (int value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    CHECK(decode<All>(with(15, byte)).has_value() == (value <= 1));
    CHECK(decode<All>(with(16, byte)).has_value() == (value == 1 || value == 2));
    CHECK(decode<All>(with(17, byte)).has_value() == (value == 0x10));
    CHECK(decode<All>(with(23, byte)).has_value() == (value <= 4));
  }
  CHECK(code_of(with(15, 2)) == Errc::bad_value);
  CHECK(code_of(with(16, 0)) == Errc::bad_value);
  CHECK(code_of(with(17, 0x11)) == Errc::bad_value);
  CHECK(code_of(with(23, 5)) == Errc::bad_value);
}

TEST_CASE("core: a tail is the rest, and may be nothing", "[core][codec]") {
  const Bytes bytes = {7, 1, 2, 3};
  const auto read = decode<Letter>(bytes);
  REQUIRE(read);
  CHECK(read->kind == 7);
  CHECK(same_bytes(read->body.bytes, ByteView(bytes).subspan(1)));
  CHECK(decode<Letter>(ByteView(bytes).first(1))->body.bytes.empty());
  CHECK_FALSE(decode<Letter>({}));
  Bytes room(4);
  REQUIRE(encode(*read, room));
  CHECK(room == bytes);
}

TEST_CASE("core: a buffer too small takes nothing past its end", "[core][codec]") {
  for (std::size_t size = 0; size < wire_size<All>; ++size) {
    Bytes room(size);
    const auto written = encode(kAll, room);
    REQUIRE_FALSE(written);
    CHECK(written.error().code == Errc::too_big);
  }
  Bytes room(3);
  Writer w(room);
  w.put(std::uint16_t{1});
  w.put(std::uint16_t{2});
  w.put(std::uint8_t{3});  // would fit, but the overflow sticks
  CHECK_FALSE(w.ok());
  CHECK(w.written().size() == 2);
}

TEST_CASE("core: the first failure of a reader sticks", "[core][codec]") {
  const Bytes bytes = {1, 2, 3};
  Reader r(bytes);
  std::uint32_t too_much = 99;
  std::uint8_t later = 77;
  r.get(too_much);
  r.get(later);
  CHECK(too_much == 99);
  CHECK(later == 77);
  CHECK(r.rest().empty());
  r.refuse(Errc::bad_value, "second");
  CHECK(r.finish().error().code == Errc::truncated);
}

TEST_CASE("core: take, rest and left of a reader", "[core][codec]") {
  const Bytes bytes = {1, 2, 3, 4};
  Reader r(bytes);
  ByteView head;
  REQUIRE(r.take(3, head));
  CHECK(same_bytes(head, Bytes{1, 2, 3}));
  CHECK(r.left() == 1);
  CHECK(r.finish().error().code == Errc::trailing);
  CHECK(r.rest().size() == 1);
  CHECK(r.finish().has_value());
  CHECK_FALSE(r.take(1, head));
  CHECK(r.finish().error().code == Errc::truncated);
}

TEST_CASE("core: whatever decodes encodes to the same bytes", "[core][codec]") {
  CHECK(rc::check([](std::vector<std::uint8_t> bytes, std::uint8_t low, std::uint8_t extra) {
    bytes.resize(wire_size<All>);
    bytes[15] &= 1;
    bytes[16] = static_cast<std::uint8_t>(1 + bytes[16] % 2);
    bytes[17] = 0x10;
    bytes[23] = low;
    bytes[24] = extra;
    const auto read = decode<All>(bytes);
    RC_ASSERT(read.has_value() == (low <= extra));
    if (read) RC_ASSERT(same_bytes(encode_fixed(*read), bytes));
  }));
}

TEST_CASE("core: describing names every field in wire order", "[core][describe]") {
  Notes notes;
  describe(kAll, notes);
  CHECK(notes.text ==
        "one=1 two=515 four=67438087 eight=579005069656919567 yes=1 colour=2 version=16 mark:3 "
        "metres=4386 range{low=3 high=4 }");
  Notes letter;
  const Bytes body = {1, 2};
  describe(Letter{.kind = 7, .body = {body}}, letter);
  CHECK(letter.text == "kind=7 body:2 ");
}
