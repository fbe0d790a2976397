// RNode's air split of bodies over 254 bytes. spec: L0/2
#include "mehr/l0/air_split.h"

#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>
#include <numeric>

namespace mehr::l0 {
namespace {

using namespace mehr::literals;

/// A body whose bytes tell their places.
Bytes counting(std::size_t size) {
  Bytes body(size);
  std::iota(body.begin(), body.end(), std::uint8_t{1});
  return body;
}

Bytes radio_frame(std::uint8_t header, const Bytes& payload) {
  Bytes frame{header};
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

Bytes joined_body(AirJoiner& joiner, Bytes frame, Millis now = Millis{0}) {
  const MutableBytes body = joiner.join(frame, now);
  return {body.begin(), body.end()};
}

Bytes part(const Bytes& body, std::size_t from, std::size_t to) {
  return {body.begin() + static_cast<std::ptrdiff_t>(from),
          body.begin() + static_cast<std::ptrdiff_t>(to)};
}

TEST_CASE("L0/2 air split: a body of up to 254 bytes is one frame", "[l0][framing]") {
  const std::size_t size = GENERATE(1U, 2U, 254U);
  std::array<std::uint8_t, 2 * kAirFrame> out{};
  const auto frames = air_split(counting(size), 0xAB, out);
  REQUIRE(frames);
  CHECK(Bytes(frames->first.begin(), frames->first.end()) == radio_frame(0xA0, counting(size)));
  CHECK(frames->second.empty());
}

TEST_CASE("L0/2 air split: more goes on in a second frame of the same header", "[l0][framing]") {
  const std::size_t size = GENERATE(255U, 256U, 508U);
  const Bytes body = counting(size);
  std::array<std::uint8_t, 2 * kAirFrame> out{};
  const auto frames = air_split(body, 0x3E, out);
  REQUIRE(frames);
  CHECK(Bytes(frames->first.begin(), frames->first.end()) == radio_frame(0x31, part(body, 0, 254)));
  CHECK(Bytes(frames->second.begin(), frames->second.end()) ==
        radio_frame(0x31, part(body, 254, size)));
}

TEST_CASE("L0/2 air split: no body and one over 508 bytes are refused", "[l0][framing]") {
  std::array<std::uint8_t, 2 * kAirFrame> out{};
  const auto none = air_split({}, 0, out);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Errc::bad_value);
  const auto over = air_split(counting(509), 0, out);
  REQUIRE_FALSE(over);
  CHECK(over.error().code == Errc::too_big);
}

TEST_CASE("L0/2 air join: a frame without the split bit is a body", "[l0][framing]") {
  AirJoiner joiner(10_s);
  CHECK(joined_body(joiner, {0xF0, 0x07}) == Bytes{0x07});
  CHECK(joined_body(joiner, radio_frame(0x0E, counting(254))) == counting(254));
  CHECK(joiner.counters().bodies == 2);
}

TEST_CASE("L0/2 air join: two frames of one header are a body", "[l0][framing]") {
  AirJoiner joiner(10_s);
  const Bytes body = counting(400);
  CHECK(joined_body(joiner, radio_frame(0x51, part(body, 0, 254))).empty());
  CHECK(joined_body(joiner, radio_frame(0x51, part(body, 254, 400)), 10_s) == body);
  CHECK(joiner.counters().bodies == 1);
  CHECK(joiner.counters().lost_halves == 0);
}

TEST_CASE("L0/2 air join: header-only and overlong frames are ignored", "[l0][framing]") {
  AirJoiner joiner(10_s);
  CHECK(joined_body(joiner, radio_frame(0x51, counting(254))).empty());
  CHECK(joined_body(joiner, {}).empty());
  CHECK(joined_body(joiner, {0x51}).empty());
  CHECK(joined_body(joiner, {0x50}).empty());
  CHECK(joined_body(joiner, radio_frame(0x51, counting(255))).empty());
  CHECK(joiner.counters().ignored == 4);
  CHECK(joined_body(joiner, {0x51, 0x01}).size() == 255);
}

TEST_CASE("L0/2 air join: a missed second half harms no other body", "[l0][framing]") {
  AirJoiner joiner(10_s);
  const Bytes body = counting(300);
  CHECK(joined_body(joiner, radio_frame(0x11, Bytes(254, 0xEE))).empty());
  CHECK(joined_body(joiner, radio_frame(0x21, part(body, 0, 254))).empty());
  CHECK(joined_body(joiner, radio_frame(0x21, part(body, 254, 300))) == body);
  CHECK(joiner.counters().lost_halves == 1);
  CHECK(joined_body(joiner, radio_frame(0x11, Bytes(254, 0xEE))).empty());
  CHECK(joined_body(joiner, {0x10, 0x09}) == Bytes{0x09});
  CHECK(joined_body(joiner, {0x11, 0x09}).empty());
  CHECK(joiner.counters().lost_halves == 3);
}

TEST_CASE("L0/2 air join: a missed first half leaves nothing behind", "[l0][framing]") {
  AirJoiner joiner(10_s);
  CHECK(joined_body(joiner, radio_frame(0x61, counting(253))).empty());
  CHECK(joined_body(joiner, radio_frame(0x61, counting(10))).empty());
  CHECK(joiner.counters().lost_halves == 2);
  CHECK(joiner.counters().bodies == 0);
}

TEST_CASE("L0/2 air join: an overdue half is not joined", "[l0][framing]") {
  AirJoiner joiner(10_s);
  CHECK(joined_body(joiner, radio_frame(0x51, counting(254)), 1_s).empty());
  CHECK(joined_body(joiner, {0x51, 0x01}, 11'001_ms).empty());
  CHECK(joiner.counters().lost_halves == 2);
  CHECK(joined_body(joiner, radio_frame(0x51, counting(254)), 12_s).empty());
  CHECK(joined_body(joiner, {0x51, 0x01}, 22_s).size() == 255);
}

TEST_CASE("L0 property 5: random bodies survive the LoRa split", "[l0][framing]") {
  rc::prop("bodies of 1 to 508 bytes, one after the other", [] {
    AirJoiner joiner(1_s);
    const auto sizes = *rc::gen::container<std::vector<std::size_t>>(rc::gen::oneOf(
        rc::gen::inRange<std::size_t>(1, 509), rc::gen::element<std::size_t>(254, 255, 508)));
    for (const std::size_t size : sizes) {
      const auto body = *rc::gen::container<Bytes>(size, rc::gen::arbitrary<std::uint8_t>());
      std::array<std::uint8_t, 2 * kAirFrame> out{};
      const auto frames = air_split(body, *rc::gen::arbitrary<std::uint8_t>(), out);
      RC_ASSERT(frames.has_value());
      MutableBytes got = joiner.join(frames->first, Millis{0});
      if (!frames->second.empty()) {
        RC_ASSERT(got.empty());
        got = joiner.join(frames->second, Millis{0});
      }
      RC_ASSERT(same_bytes(got, body));
    }
    RC_ASSERT(joiner.counters().bodies == sizes.size());
  });
}

TEST_CASE("L0/2 air join: any frames give only bodies the two halves can hold", "[l0][framing]") {
  rc::prop("any frames at any time", [] {
    AirJoiner joiner(1_s);
    const int frames = *rc::gen::inRange(0, 40);
    for (int i = 0; i < frames; ++i) {
      const auto size = *rc::gen::element<std::size_t>(0, 1, 2, 100, 254, 255, 256, 600);
      Bytes frame(size, 0x44);
      if (size > 0) frame[0] = *rc::gen::element<std::uint8_t>(0x00, 0x01, 0x11, 0x1F);
      const MutableBytes body =
          joiner.join(frame, Millis{*rc::gen::inRange<std::uint64_t>(0, 3000)});
      RC_ASSERT(body.size() <= kAirBodyLimit);
    }
  });
}

}  // namespace
}  // namespace mehr::l0
