// KISS framing, each direction alone with hand-written bytes. spec: L0/4
#include "mehr/l0/kiss.h"

#include <catch2/catch.hpp>

#include "support.h"

namespace mehr::l0 {
namespace {

using testing::bodies_of;
using testing::joined;
using Bodies = std::vector<Bytes>;

Bytes encoded(const Bytes& body) {
  Bytes out(kiss_max_encoded(body.size()));
  out.resize(kiss_encode(body, out));
  return out;
}

TEST_CASE("L0/4 KISS: a body is sent behind command 0 between FENDs", "[l0][framing]") {
  CHECK(encoded({0x01, 0x02}) == Bytes{0xC0, 0x00, 0x01, 0x02, 0xC0});
  CHECK(encoded({0xC0, 0xDB, 0xDC, 0xDD}) ==
        Bytes{0xC0, 0x00, 0xDB, 0xDC, 0xDB, 0xDD, 0xDC, 0xDD, 0xC0});
  CHECK(encoded(Bytes(508, 0xC0)).size() == kiss_max_encoded(508));
}

TEST_CASE("L0/4 KISS: both escapes are undone, FENDs may be shared or repeated", "[l0][framing]") {
  const std::size_t chunk = GENERATE(1U, 3U, 100U);
  KissDecoder decoder;
  const Bytes stream{0xC0, 0x00, 0x01, 0xDB, 0xDC, 0xDB, 0xDD, 0xC0,
                     0x00, 0x02, 0xC0, 0xC0, 0x00, 0x03, 0xC0};
  CHECK(bodies_of(decoder, stream, {chunk}) == Bodies{{0x01, 0xC0, 0xDB}, {0x02}, {0x03}});
  CHECK(decoder.counters().frames == 3);
}

TEST_CASE("L0/4 KISS: an empty body is ignored", "[l0][framing]") {
  KissDecoder decoder;
  CHECK(bodies_of(decoder, {0xC0, 0x00, 0xC0, 0x00, 0xC0, 0xC0}).empty());
  CHECK(decoder.counters().frames == 0);
  CHECK(decoder.counters().other_command == 0);
}

TEST_CASE("L0/4 KISS: frames with another command are dropped and counted", "[l0][framing]") {
  const auto command = static_cast<std::uint8_t>(GENERATE(0x01, 0x0F, 0x10, 0x23, 0xFF));
  KissDecoder decoder;
  CHECK(bodies_of(decoder, {0xC0, command, 0x01, 0xC0, 0x00, 0x02, 0xC0}) == Bodies{{0x02}});
  CHECK(decoder.counters().other_command == 1);
}

TEST_CASE("L0/4 KISS: a wrong byte after FESC drops the frame only", "[l0][framing]") {
  const auto wrong = static_cast<std::uint8_t>(GENERATE(0x00, 0xDB, 0xDE, 0xC0));
  KissDecoder decoder;
  const Bytes stream{0xC0, 0x00, 0x01, 0xDB, wrong, 0xC0, 0x00, 0x02, 0xC0};
  CHECK(bodies_of(decoder, stream) == Bodies{{0x02}});
  CHECK(decoder.counters().bad_escape == 1);
}

TEST_CASE("L0/4 KISS: the command byte does not count against the limit", "[l0][framing]") {
  KissDecoder decoder(508);
  const Bytes fits(508, 0xDB);
  const Bytes stream = joined({encoded(fits), encoded(Bytes(509, 0xDB)), encoded({0x01})});
  CHECK(bodies_of(decoder, stream) == Bodies{fits, {0x01}});
  CHECK(decoder.counters().oversize == 1);
}

TEST_CASE("L0/4 KISS: no FEND within twice the limit clears the buffer", "[l0][framing]") {
  KissDecoder decoder(15);
  CHECK(bodies_of(decoder, joined({{0xC0}, Bytes(33, 0x00)})).empty());
  CHECK(decoder.counters().cleared == 1);
  CHECK(bodies_of(decoder, encoded({0x07})) == Bodies{{0x07}});
}

}  // namespace
}  // namespace mehr::l0
