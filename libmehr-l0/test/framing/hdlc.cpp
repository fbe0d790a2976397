// HDLC-like framing, each direction alone with hand-written bytes. spec: L0/4
#include "mehr/l0/hdlc.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace mehr::l0 {
namespace {

using testing::bodies_of;
using testing::joined;
using Bodies = std::vector<Bytes>;

Bytes encoded(const Bytes& body) {
  Bytes out(hdlc_max_encoded(body.size()));
  out.resize(hdlc_encode(body, out));
  return out;
}

TEST_CASE("L0/4 rule 1: a body is sent between flags, its 7D and 7E escaped", "[l0][framing]") {
  CHECK(encoded({0x01, 0x02}) == Bytes{0x7E, 0x01, 0x02, 0x7E});
  CHECK(encoded({0x7E}) == Bytes{0x7E, 0x7D, 0x5E, 0x7E});
  CHECK(encoded({0x7D}) == Bytes{0x7E, 0x7D, 0x5D, 0x7E});
  CHECK(encoded({0x5D, 0x5E, 0x7C, 0x7F, 0xFD, 0xFE}) ==
        Bytes{0x7E, 0x5D, 0x5E, 0x7C, 0x7F, 0xFD, 0xFE, 0x7E});
  CHECK(encoded({}) == Bytes{0x7E, 0x7E});
}

TEST_CASE("L0/4 rule 1: the escape is found at every place of a long body", "[l0][framing]") {
  for (std::size_t size = 1; size <= 50; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      Bytes body(size, 0xA5);
      body[at] = 0x7D;
      Bytes wanted(size + 3, 0xA5);
      wanted.front() = wanted.back() = 0x7E;
      wanted[at + 1] = 0x7D;
      wanted[at + 2] = 0x5D;
      REQUIRE(encoded(body) == wanted);
    }
  }
}

TEST_CASE("L0/4 rule 1: a body of flags fills exactly the promised room", "[l0][framing]") {
  const Bytes body(4120, 0x7E);
  Bytes out(hdlc_max_encoded(body.size()) + 1, 0xEE);
  CHECK(hdlc_encode(body, MutableBytes(out).first(out.size() - 1)) == 8242);
  CHECK(out[8240] == 0x5E);
  CHECK(out[8241] == 0x7E);
  CHECK(out[8242] == 0xEE);
}

TEST_CASE("L0/4 rule 2: bytes between two flags are a body, both escapes undone", "[l0][framing]") {
  HdlcDecoder decoder;
  const Bytes stream{0x7E, 0x01, 0x7D, 0x5E, 0x02, 0x7D, 0x5D, 0x03, 0x7E};
  CHECK(bodies_of(decoder, stream) == Bodies{{0x01, 0x7E, 0x02, 0x7D, 0x03}});
  CHECK(decoder.counters() == StuffingCounters{.frames = 1});
}

TEST_CASE("L0/4 rule 2: what precedes the first flag is no body", "[l0][framing]") {
  HdlcDecoder decoder;
  CHECK(bodies_of(decoder, {0x01, 0x7D, 0x02, 0x7E, 0x03, 0x7E}) == Bodies{{0x03}});
}

TEST_CASE("L0/4 rule 2: the closing flag may open the next frame", "[l0][framing]") {
  HdlcDecoder decoder;
  CHECK(bodies_of(decoder, {0x7E, 0x01, 0x7E, 0x02, 0x7E}) == Bodies{{0x01}, {0x02}});
  CHECK(bodies_of(decoder, {0x03, 0x7E, 0x7E, 0x04, 0x7E}) == Bodies{{0x03}, {0x04}});
}

TEST_CASE("L0/4 rule 2: an empty body is ignored", "[l0][framing]") {
  HdlcDecoder decoder;
  CHECK(bodies_of(decoder, {0x7E, 0x7E, 0x7E, 0x7E}).empty());
  CHECK(decoder.counters() == StuffingCounters{});
  CHECK(bodies_of(decoder, {0x01, 0x7E, 0x7E}) == Bodies{{0x01}});
}

TEST_CASE("L0/4 rule 3: a wrong byte after 7D drops the frame only", "[l0][framing]") {
  const auto wrong = static_cast<std::uint8_t>(GENERATE(0x00, 0x5C, 0x5F, 0x7D, 0x7F, 0xDD));
  HdlcDecoder decoder;
  const Bytes stream{0x7E, 0x01, 0x7D, wrong, 0x5E, 0x02, 0x7E, 0x03, 0x7E};
  CHECK(bodies_of(decoder, stream) == Bodies{{0x03}});
  CHECK(decoder.counters() == StuffingCounters{.frames = 1, .bad_escape = 1});
}

TEST_CASE("L0/4 rule 3: a flag after 7D drops the frame and opens the next", "[l0][framing]") {
  const std::vector<std::size_t> chunks = {GENERATE(1U, 2U, 3U, 100U)};
  HdlcDecoder decoder;
  CHECK(bodies_of(decoder, {0x7E, 0x01, 0x7D, 0x7E, 0x02, 0x7E}, chunks) == Bodies{{0x02}});
  CHECK(decoder.counters() == StuffingCounters{.frames = 1, .bad_escape = 1});
}

TEST_CASE("L0/4 rule 3: a body at the limit passes, one byte more is dropped", "[l0][framing]") {
  const std::size_t limit = GENERATE(1U, 40U, 4120U, 8208U);
  const std::size_t chunk = GENERATE(1U, 7U, 100'000U);
  const std::uint8_t fill = GENERATE(as<std::uint8_t>{}, 0x00, 0x7D, 0x7E);
  HdlcDecoder decoder(limit);
  const Bytes fits(limit, fill);
  const Bytes over(limit + 1, fill);
  const Bytes stream = joined({encoded(fits), encoded(over), encoded({0x09})});
  CHECK(bodies_of(decoder, stream, {chunk}) == Bodies{fits, {0x09}});
  // A body of escapes alone has used up twice the limit by then: rule 4 comes first.
  CHECK(decoder.counters().oversize == (fill == 0x00 ? 1 : 0));
  CHECK(decoder.counters().cleared == (fill == 0x00 ? 0 : 1));
  CHECK(decoder.counters().frames == 2);
}

TEST_CASE("L0/4: the frame limits are 4,120 and 8,208", "[l0][framing]") {
  CHECK(kNativeFrameLimit == 4120);
  CHECK(kReticulumFrameLimit == 8208);
  HdlcDecoder decoder;
  CHECK(bodies_of(decoder, encoded(Bytes(4120, 1))).size() == 1);
  CHECK(bodies_of(decoder, encoded(Bytes(4121, 1))).empty());
}

TEST_CASE("L0/4 rule 4: no flag within twice the limit clears the buffer", "[l0][framing]") {
  const std::size_t chunk = GENERATE(1U, 5U, 1000U);
  HdlcDecoder decoder(16);
  CHECK(bodies_of(decoder, joined({{0x7E}, Bytes(32, 0x01)}), {chunk}).empty());
  CHECK(decoder.counters().cleared == 0);
  CHECK(bodies_of(decoder, {0x01}, {chunk}).empty());
  CHECK(decoder.counters() == StuffingCounters{.oversize = 1, .cleared = 1});
  CHECK(bodies_of(decoder, Bytes(330, 0x7D), {chunk}).empty());
  CHECK(decoder.counters() == StuffingCounters{.oversize = 1, .cleared = 11});
  CHECK(bodies_of(decoder, {0x7E, 0x05, 0x7E}, {chunk}) == Bodies{{0x05}});
}

TEST_CASE("L0/4 rule 4: a body of escapes alone, then one escape too many", "[l0][framing]") {
  const std::size_t chunk = GENERATE(1U, 5U, 1000U);
  Bytes stream{0x7E};
  for (int i = 0; i < 16; ++i) stream.insert(stream.end(), {0x7D, 0x5D});
  stream.push_back(0x7D);
  HdlcDecoder decoder(16);
  CHECK(bodies_of(decoder, stream, {chunk}).empty());
  CHECK(decoder.counters() == StuffingCounters{.cleared = 1});
  CHECK(bodies_of(decoder, {0x5D, 0x7E, 0x05, 0x7E}, {chunk}) == Bodies{{0x05}});
}

TEST_CASE("L0/4: a whole frame is undone where it lies, a straddling one apart", "[l0][framing]") {
  Bytes stream{0x7E, 0x01, 0x7D, 0x5E, 0x02, 0x7E, 0x03};
  HdlcDecoder decoder;
  MutableBytes in = stream;
  const MutableBytes whole = decoder.next(in);
  CHECK(whole.data() == stream.data() + 1);
  CHECK(Bytes(whole.begin(), whole.end()) == Bytes{0x01, 0x7E, 0x02});
  CHECK(in.size() == 1);
  CHECK(decoder.next(in).empty());
  Bytes rest{0x04, 0x7E};
  in = rest;
  const MutableBytes straddling = decoder.next(in);
  CHECK(straddling.data() != rest.data());
  CHECK(Bytes(straddling.begin(), straddling.end()) == Bytes{0x03, 0x04});
}

}  // namespace
}  // namespace mehr::l0
