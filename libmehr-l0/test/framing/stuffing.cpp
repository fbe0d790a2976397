// Byte stuffing under any chunking, and both ways of looking for special bytes.
#include "mehr/l0/stuffing.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "mehr/l0/hdlc.h"
#include "mehr/l0/kiss.h"
#include "support.h"

namespace mehr::l0 {
namespace {

using testing::bodies_of;
using testing::ModelDecoder;

/// Bytes among which flags, escapes and stand-ins are common.
rc::Gen<Bytes> framed_noise(const Alphabet& a) {
  return rc::gen::container<Bytes>(rc::gen::weightedOneOf<std::uint8_t>(
      {{8, rc::gen::arbitrary<std::uint8_t>()},
       {2, rc::gen::element(a.flag, a.escape)},
       {2, rc::gen::element(a.flag_stand_in, a.escape_stand_in)}}));
}

rc::Gen<std::vector<std::size_t>> chunkings() {
  return rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 60)));
}

Bytes random_bytes(std::size_t size) {
  return *rc::gen::container<Bytes>(size, rc::gen::arbitrary<std::uint8_t>());
}

std::size_t naive_run(const Alphabet& a, const Bytes& bytes) {
  std::size_t n = 0;
  while (n < bytes.size() && bytes[n] != a.flag && bytes[n] != a.escape) ++n;
  return n;
}

Bytes naive_stuffed(const Alphabet& a, const Bytes& body) {
  Bytes out;
  for (const std::uint8_t b : body) {
    if (b == a.flag) {
      out.insert(out.end(), {a.escape, a.flag_stand_in});
    } else if (b == a.escape) {
      out.insert(out.end(), {a.escape, a.escape_stand_in});
    } else {
      out.push_back(b);
    }
  }
  return out;
}

template <Scan S>
Bytes stuffed(const Alphabet& a, const Bytes& body) {
  Bytes out(2 * body.size());
  out.resize(stuff<S>(a, body, out));
  return out;
}

TEST_CASE("L0/4: each byte value is told from flag and escape at each place", "[l0][framing]") {
  for (const Alphabet& a : {kHdlcAlphabet, kKissAlphabet}) {
    for (std::size_t at = 0; at < 40; ++at) {
      for (unsigned value = 0; value < 256; ++value) {
        Bytes bytes(40, 0x33);
        bytes[at] = static_cast<std::uint8_t>(value);
        const std::size_t wanted = naive_run(a, bytes);
        REQUIRE(plain_run<Scan::portable>(a, bytes) == wanted);
        REQUIRE(plain_run<Scan::widest>(a, bytes) == wanted);
      }
    }
  }
}

TEST_CASE("L0/4: both scans run and stuff as a plain loop does", "[l0][framing]") {
  rc::prop("for HDLC and KISS", [](bool kiss) {
    const Alphabet& a = kiss ? kKissAlphabet : kHdlcAlphabet;
    const Bytes body = *framed_noise(a);
    RC_ASSERT(plain_run<Scan::portable>(a, body) == naive_run(a, body));
    RC_ASSERT(plain_run<Scan::widest>(a, body) == naive_run(a, body));
    RC_ASSERT(stuffed<Scan::portable>(a, body) == naive_stuffed(a, body));
    RC_ASSERT(stuffed<Scan::widest>(a, body) == naive_stuffed(a, body));
  });
}

TEST_CASE("L0/4 rules 2 to 4: any bytes in any chunking as one byte at a time", "[l0][framing]") {
  rc::prop("bodies and counters agree with the rules", [](bool kiss) {
    const Alphabet& a = kiss ? kKissAlphabet : kHdlcAlphabet;
    const auto limit = *rc::gen::inRange<std::size_t>(1, 24);
    const Bytes stream = *framed_noise(a);
    ModelDecoder model(a, limit);
    Unstuffer unstuffer(a, limit);
    RC_ASSERT(bodies_of(unstuffer, stream, *chunkings()) == model.feed(stream));
    RC_ASSERT(unstuffer.counters() == model.counters);
  });
}

TEST_CASE("L0 property 5: random bodies survive HDLC in any chunking", "[l0][framing]") {
  rc::prop("bodies of up to the limit", [] {
    const auto sizes = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(
        rc::gen::element<std::size_t>(1, 2, 15, 16, 17, 100, 484, 508, 1524, 4119, 4120)));
    std::vector<Bytes> bodies;
    Bytes stream;
    for (const std::size_t size : sizes) {
      bodies.push_back(random_bytes(size));
      Bytes frame(hdlc_max_encoded(size));
      frame.resize(hdlc_encode(bodies.back(), frame));
      stream.insert(stream.end(), frame.begin(), frame.end());
    }
    HdlcDecoder decoder;
    const auto chunks = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::size_t>>(
        rc::gen::element<std::size_t>(1, 2, 3, 17, 1000, 4096, 65536)));
    RC_ASSERT(bodies_of(decoder, stream, chunks) == bodies);
    RC_ASSERT(decoder.counters() == StuffingCounters{.frames = bodies.size()});
  });
}

TEST_CASE("L0 property 5: random bodies survive KISS in any chunking", "[l0][framing]") {
  rc::prop("bodies of up to the limit", [] {
    const Bytes body = *rc::gen::nonEmpty(framed_noise(kKissAlphabet));
    Bytes frame(kiss_max_encoded(body.size()));
    frame.resize(kiss_encode(body, frame));
    KissDecoder decoder(body.size());
    RC_ASSERT(bodies_of(decoder, frame, *chunkings()) == std::vector<Bytes>{body});
  });
}

}  // namespace
}  // namespace mehr::l0
