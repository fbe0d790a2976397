// Reticulum's announces, both ratchet forms. spec: L0/8.1, L0/8.3
#include "support.h"

namespace mehr::l0::rns::test {
namespace {

Status judge(ByteView packet) {
  const auto view = parse(packet);
  if (!view) return fail(view);
  const auto read = parse_announce((view->flags.bits & PacketFlags::kContextFlag) != 0, view->data);
  if (!read) return fail(read);
  return verify(*read, view->destination);
}

TEST_CASE(
    "L0 property 16: the reference implementation's announces verify, with and without ratchet",
    "[l0][rns]") {
  CHECK(judge(from_hex(known::kAnnounce)).has_value());
  CHECK(judge(from_hex(known::kRatchet)).has_value());
}

TEST_CASE("L0 property 16: an announce with any bit flipped fails", "[l0][rns]") {
  for (const std::string_view good : {known::kAnnounce, known::kRatchet}) {
    const Bytes packet = from_hex(good);
    for (std::size_t byte = 2; byte < packet.size(); ++byte) {
      if (byte == 18) continue;  // the context, which nobody signs
      Bytes bent = packet;
      bent[byte] = static_cast<std::uint8_t>(bent[byte] ^ (1U << (byte % 8)));
      INFO("byte " << byte);
      REQUIRE_FALSE(judge(bent).has_value());
    }
    Bytes other_form = packet;
    other_form[0] ^= PacketFlags::kContextFlag;
    CHECK_FALSE(judge(other_form).has_value());
    CHECK_FALSE(judge(ByteView(packet).first(packet.size() - 1)).has_value());
  }
}

TEST_CASE("L0 8.1: an announce of ours is read back as it was made", "[l0][rns]") {
  Program program(3, "mehr.node");
  const Bytes packet = program.announce(kMostAppData);
  CHECK(packet.size() == kHeaderSize + kMostForwarded);
  REQUIRE(judge(packet).has_value());
  const auto read = parse_announce(false, ByteView(packet).subspan(kHeaderSize));
  REQUIRE(read.has_value());
  CHECK(read->identity == identity_of(program.identity));
  CHECK(read->emitted() == program.emitted);
  CHECK(read->app_data.size() == kMostAppData);
  std::array<std::uint8_t, kMostAnnounce> out{};
  const Bytes long_app(kMostAppData + 1);
  CHECK(build_announce(program.identity, program.name, read->blob, long_app, out).error().code ==
        Errc::too_big);
}

TEST_CASE("L0 8.1: emitted is 40 bits, big-endian", "[l0][rns]") {
  const FixedBytes<5, struct RnsRandomTag> random{{0xAA, 0xBB, 0xCC, 0xDD, 0xEE}};
  const Blob blob = blob_of(random, 0x0102030405);
  CHECK(blob.bytes == std::array<std::uint8_t, 10>{0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 1, 2, 3, 4, 5});
  CHECK(emitted_of(blob) == 0x0102030405);
}

TEST_CASE("L0 8.1: truncated and overlong announces are refused", "[l0][rns]") {
  CHECK_FALSE(parse_announce(false, Bytes(147)).has_value());
  CHECK(parse_announce(false, Bytes(148)).has_value());
  CHECK_FALSE(parse_announce(true, Bytes(179)).has_value());
  CHECK(parse_announce(true, Bytes(180)).has_value());
  CHECK(parse_announce(false, Bytes(kMostAnnounce)).has_value());
  CHECK_FALSE(parse_announce(false, Bytes(kMostAnnounce + 1)).has_value());
}

}  // namespace
}  // namespace mehr::l0::rns::test
