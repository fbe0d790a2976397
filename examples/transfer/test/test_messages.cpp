// The bytes of every message, each direction alone.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <string>

#include "mehr/transfer/file_name.h"
#include "mehr/transfer/messages.h"

using namespace mehr;
using namespace mehr::transfer;

namespace {

Bytes run_of(std::uint8_t first, std::size_t n) {
  Bytes b(n);
  for (std::size_t i = 0; i < n; ++i) b[i] = static_cast<std::uint8_t>(first + i);
  return b;
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& p : parts) all.insert(all.end(), p.begin(), p.end());
  return all;
}

Bytes offer_bytes(const std::string& name, std::uint16_t chunk = 4045) {
  const ByteView text = as_bytes(name);
  return join({{1, 1, 7, 0, 0, 0},
               run_of(0x10, 8),
               run_of(0x20, 8),
               run_of(0x30, 32),
               {0x00, 0x10, 0, 0, 1, 0, 0, 0},
               {static_cast<std::uint8_t>(chunk & 0xFF), static_cast<std::uint8_t>(chunk >> 8)},
               run_of(0x60, 32),
               Bytes(text.begin(), text.end())});
}

template <class T>
Bytes encoded(const T& v) {
  Bytes room(1024);
  const auto out = encode(v, room);
  REQUIRE(out);
  return {out->begin(), out->end()};
}

}  // namespace

TEST_CASE("transfer/messages: an offer is laid out as described", "[transfer][messages]") {
  Offer o;
  o.attempt = 7;
  o.transfer = StreamId::from(run_of(0x10, 8));
  o.acks = StreamId::from(run_of(0x20, 8));
  o.key = WireKey::from(run_of(0x30, 32));
  o.size = 0x1'0000'1000;
  o.chunk = 4045;
  o.hash = ContentHash::from(run_of(0x60, 32));
  o.name.bytes = as_bytes("a.txt");
  CHECK(encoded(o) == offer_bytes("a.txt"));
  const Bytes in = offer_bytes("a.txt");
  const auto d = decode<Offer>(in);
  REQUIRE(d);
  CHECK(*d == o);
}

TEST_CASE("transfer/messages: bad offers are refused", "[transfer][messages]") {
  const auto code = [](const Bytes& in) {
    const auto d = decode<Offer>(in);
    return d ? Errc{0} : d.error().code;
  };
  CHECK(code(offer_bytes("")) == Errc::bad_value);
  CHECK(code(offer_bytes("a/b")) == Errc::bad_value);
  CHECK(code(offer_bytes("..")) == Errc::bad_value);
  CHECK(code(offer_bytes(std::string("a\0b", 3))) == Errc::bad_value);
  CHECK(code(offer_bytes("\xC0\xAF")) == Errc::bad_value);
  CHECK(code(offer_bytes(std::string(255, 'x'))) == Errc{0});
  CHECK(code(offer_bytes(std::string(256, 'x'))) == Errc::too_big);
  CHECK(code(offer_bytes("a", 63)) == Errc::bad_value);
  Bytes vast = offer_bytes("a", 64);
  vast[60] = 1;  // 2^48 bytes and more
  CHECK(code(vast) == Errc::too_big);
  Bytes shared = offer_bytes("a");
  std::copy_n(shared.begin() + 6, 8, shared.begin() + 14);
  CHECK(code(shared) == Errc::bad_value);
}

TEST_CASE("transfer/messages: truncated and foreign messages are refused", "[transfer][messages]") {
  const Bytes offer = offer_bytes("a");
  for (std::size_t n = 0; n + 1 < offer.size(); ++n) {
    CHECK_FALSE(decode<Offer>(ByteView(offer).first(n)));
  }
  Bytes version = offer;
  version[0] = 2;
  CHECK_FALSE(decode<Offer>(version));
  Bytes kind = offer;
  kind[1] = 2;
  CHECK_FALSE(decode<Offer>(kind));
}

TEST_CASE("transfer/messages: an answer is laid out as described", "[transfer][messages]") {
  const Bytes bytes =
      join({{1, 2, 9, 0, 0, 0}, run_of(0x10, 8), {0, 5, 1, 0, 0, 0, 4}, run_of(0x40, 32)});
  const auto d = decode<Answer>(bytes);
  REQUIRE(d);
  CHECK(d->attempt == 9);
  CHECK(d->verdict == Verdict::accepted);
  CHECK(d->next == 0x105);
  CHECK(d->window == 1024);
  CHECK(d->key == WireKey::from(run_of(0x40, 32)));
  Answer a;
  a.attempt = 9;
  a.transfer = StreamId::from(run_of(0x10, 8));
  a.verdict = Verdict::accepted;
  a.next = 0x105;
  a.window = 1024;
  a.key = WireKey::from(run_of(0x40, 32));
  CHECK(encoded(a) == bytes);

  Bytes bad = bytes;
  bad[14] = 5;  // no such verdict
  CHECK_FALSE(decode<Answer>(bad));
  bad[14] = 1;  // a refusal with a key
  CHECK_FALSE(decode<Answer>(bad));
  bad = bytes;
  bad[19] = bad[20] = 0;  // accepted without a window
  CHECK_FALSE(decode<Answer>(bad));
  bad = bytes;
  bad.push_back(0);
  CHECK_FALSE(decode<Answer>(bad));
}

TEST_CASE("transfer/messages: done and cancel are laid out as described", "[transfer][messages]") {
  Done done;
  done.transfer = StreamId::from(run_of(0x10, 8));
  done.outcome = Outcome::mismatch;
  const Bytes done_bytes = join({{1, 3}, run_of(0x10, 8), {1}});
  CHECK(encoded(done) == done_bytes);
  CHECK(decode<Done>(done_bytes) == done);
  Bytes bad = done_bytes;
  bad.back() = 4;
  CHECK_FALSE(decode<Done>(bad));
  Cancel cancel;
  cancel.transfer = done.transfer;
  const Bytes cancel_bytes = join({{1, 4}, run_of(0x10, 8)});
  CHECK(encoded(cancel) == cancel_bytes);
  CHECK(decode<Cancel>(cancel_bytes) == cancel);
}

TEST_CASE("transfer/messages: an acknowledgement is laid out as described",
          "[transfer][messages]") {
  const Bytes bytes{3, 0, 0, 0, 9, 1, 0, 0, 20, 0, 0, 4, 0x05, 0x80};
  const auto d = decode<Ack>(bytes);
  REQUIRE(d);
  CHECK(d->next == 3);
  CHECK(d->packet == 0x109);
  CHECK(d->held == 20);
  CHECK(d->window == 1024);
  CHECK(same_bytes(d->bitmap.bytes, Bytes{0x05, 0x80}));
  CHECK(encoded(*d) == bytes);
  CHECK_FALSE(decode<Ack>(Bytes{3, 0, 0, 0, 9, 1, 0, 0, 20, 0, 0, 4, 0x05, 0x00}));
  CHECK_FALSE(decode<Ack>(Bytes{3, 0, 0, 0, 9, 1, 0, 0, 20, 0, 0, 0}));
  CHECK_FALSE(decode<Ack>(Bytes{3, 0, 0, 0, 9, 1, 0, 0, 20, 0, 1, 8}));
}

TEST_CASE("transfer/messages: nonce and additional data name packet, stream and header",
          "[transfer][messages]") {
  CHECK(nonce_of(0x01020304) == crypto::Nonce{0, 0, 0, 0, 4, 3, 2, 1, 0, 0, 0, 0});
  const auto aad = aad_of(StreamId::from(run_of(1, 8)), DataHeader{.index = 0x11, .packet = 0x22});
  CHECK(same_bytes(aad, Bytes{1, 2, 3, 4, 5, 6, 7, 8, 0x11, 0, 0, 0, 0x22, 0, 0, 0}));
}

TEST_CASE("transfer/file_name: only plain names of one directory", "[transfer][file_name]") {
  for (const char* good : {"a", "notes.txt", ".hidden", "...",
                           "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "a b", "\xC2\xA0"}) {
    INFO(good);
    CHECK(check_file_name(good));
  }
  for (const char* bad : {"", ".", "..", "a/b", "/", "a\\b", "a\nb", "\x7F", "\xFF", "\xC3",
                          "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC1\x81",
                          "a\xC2\x9B"
                          "31m",
                          "\xC2\x80"}) {
    INFO(bad);
    CHECK_FALSE(check_file_name(bad));
  }
}
