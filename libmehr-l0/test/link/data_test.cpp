// DATA frames: replay window, forgery, padding, rekey. spec: L0/5.5, L0/5.6, L2/3.4, L2/3.5
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <set>

#include "fake_links.h"
#include "mehr/l0/packet.h"

namespace mehr::l0::test {
namespace {

Secret<32> a_key() {
  const Bytes bytes(32, 0x5A);
  return Secret<32>::copy_of(std::span<const std::uint8_t, 32>(bytes));
}

struct Ends {
  LinkSession i{{LinkRole::initiator, 1, 2, Mtu{4096}}, a_key()};
  LinkSession r{{LinkRole::responder, 2, 1, Mtu{4096}}, a_key()};
};

Bytes sealed(LinkSession& from, ByteView message, std::size_t pad = 0) {
  Bytes out(5000);
  const auto frame = from.seal(message, pad, out);
  REQUIRE(frame);
  return {frame->begin(), frame->end()};
}

}  // namespace

TEST_CASE("L0 property 8: replayed, flipped, truncated and reflected frames yield nothing",
          "[l0][data]") {
  Ends ends;
  const Bytes message{0x10, 1, 2, 3, 4, 5};
  const Bytes frame = sealed(ends.i, message);
  CHECK(frame.size() == message.size() + kLinkOverhead);
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    Bytes bad = frame;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    CHECK_FALSE(ends.r.open(bad));
  }
  for (std::size_t size = 0; size < frame.size(); ++size) {
    Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    CHECK_FALSE(ends.r.open(cut));
  }
  Bytes reflected = frame;
  CHECK(ends.i.open(reflected).error().code == Errc::wrong_peer);
  reflected[1] = 1;  // even with the link id put right, the direction is wrong
  CHECK_FALSE(ends.i.open(reflected));
  Bytes good = frame;
  const auto opened = ends.r.open(good);
  REQUIRE(opened);
  CHECK(Bytes(opened->begin(), opened->end()) == message);
  Bytes again = frame;
  CHECK(ends.r.open(again).error().code == Errc::replayed);
}

TEST_CASE("L2 property 10: counters 1,023 below the highest pass, 1,024 do not", "[l0][data]") {
  Ends ends;
  const Bytes message{0x10, 7};
  std::vector<Bytes> frames;
  for (int n = 0; n < 1026; ++n) frames.push_back(sealed(ends.i, message));  // counters 1..1026
  Bytes newest = frames[1025];
  REQUIRE(ends.r.open(newest));
  Bytes inside = frames[2];  // 1026 - 3 = 1,023
  CHECK(ends.r.open(inside));
  Bytes outside = frames[1];  // 1,024
  CHECK(ends.r.open(outside).error().code == Errc::replayed);
}

TEST_CASE("L0/5.5: the replay window accepts each counter once, in any order", "[l0][data]") {
  CHECK(rc::check([](const std::vector<std::uint16_t>& draws) {
    ReplayWindow window;
    std::set<std::uint32_t> accepted;
    std::uint32_t highest = 0;
    for (const std::uint32_t draw : draws) {
      const std::uint32_t counter = draw % 5000;
      const bool expected = !accepted.contains(counter) &&
                            (accepted.empty() || counter > highest || highest - counter < 1024);
      RC_ASSERT(window.is_fresh(counter) == expected);
      if (!expected) continue;
      window.mark(counter);
      accepted.insert(counter);
      highest = std::max(highest, counter);
    }
  }));
}

TEST_CASE("L0/5.5: a forged counter does not move the window", "[l0][data]") {
  Ends ends;
  const Bytes message{0x10, 7};
  const Bytes first = sealed(ends.i, message);
  Bytes forged = first;
  forged[3] = forged[4] = forged[5] = 0xFF;
  CHECK_FALSE(ends.r.open(forged));
  Bytes good = first;
  CHECK(ends.r.open(good));
}

TEST_CASE("L0/5.5: a frame without end marker, or over the MTU, is dropped", "[l0][data]") {
  Ends ends;
  LinkSession wide({LinkRole::initiator, 1, 2, Mtu{5000}}, a_key());
  Bytes big = sealed(wide, Bytes(4097, 0x11));
  CHECK(ends.r.open(big).error().code == Errc::too_big);
  crypto::Aead raw(a_key(), crypto::Aead::Use::seal);
  for (const Bytes& plain : {Bytes{0x11, 0x22}, Bytes(10, 0), Bytes{}, Bytes{0x80}}) {
    static std::uint32_t counter = 100;
    Bytes frame(kDataHeadSize + plain.size() + 16);
    const auto head = encode_fixed(DataHead{kDataType, 2, ++counter});
    copy_bytes(head, frame);
    raw.seal(link_nonce(LinkRole::initiator, counter), head, plain,
             MutableBytes(frame).subspan(kDataHeadSize));
    CHECK(ends.r.open(frame).error().code == (plain.empty() ? Errc::truncated : Errc::bad_value));
  }
}

TEST_CASE("L0/5.5: a message may end in zeros and in 0x80", "[l0][data]") {
  Ends ends;
  const Bytes message = GENERATE(Bytes{0x10, 0, 0}, Bytes{0x10, 0x80}, Bytes{0x10, 0x80, 0, 0});
  for (const std::size_t pad : {std::size_t{0}, std::size_t{484}}) {
    Bytes frame = sealed(ends.i, message, pad);
    const auto opened = ends.r.open(frame);
    REQUIRE(opened);
    CHECK(Bytes(opened->begin(), opened->end()) == message);
  }
}

TEST_CASE("L0 property 9: Constrained user frames are all 508 bytes, Standard ones n + 24",
          "[l0][padding]") {
  World world;
  FakeNode a(world, 0), b(world, 32);
  MediumInfo info = GENERATE(radio(), datagrams());
  auto& pipe = world.link(a, b, info);
  const LinkId link = a.heard.up.at(0).id;
  const bool constrained = info.mtu == kConstrainedMtu;
  for (const std::size_t n : {0U, 1U, 200U, 465U}) {
    pipe.a.sent.clear();
    const Bytes packet = data_packet(b.identity.node_id(), n);
    REQUIRE(a.links.send_packet(link, packet, Padding::by_class));
    CHECK(pipe.a.sent.at(0).size() == (constrained ? 508U : packet.size() + 24));
    pipe.a.sent.clear();
    REQUIRE(a.links.send_packet(link, packet, Padding::to_mtu));
    CHECK(pipe.a.sent.at(0).size() == info.mtu.bytes + 24U);
  }
  Bytes announce = data_packet(b.identity.node_id(), 113);
  announce[0] = 0x01;
  pipe.a.sent.clear();
  REQUIRE(a.links.send_packet(link, announce, Padding::by_class));
  REQUIRE(a.links.send_control(link, Bytes{0x90, 1, 2}));
  CHECK(pipe.a.sent.at(0).size() == announce.size() + 24);
  CHECK(pipe.a.sent.at(1).size() == 3 + 24);
  world.settle();
  CHECK(b.heard.packets.size() == 9);
}

TEST_CASE("L0 property 6: DATA of 465, 1,481 and 4,077 passes its class, one more is refused",
          "[l0][mtu]") {
  const auto [mtu, data] = GENERATE(table<int, int>({{484, 465}, {1500, 1481}, {4096, 4077}}));
  World world;
  FakeNode a(world, 0), b(world, 32);
  world.link(a, b, datagrams(Mtu{static_cast<std::uint16_t>(mtu)}));
  const LinkId link = a.heard.up.at(0).id;
  const auto n = static_cast<std::size_t>(data);
  CHECK(a.links.send_packet(link, data_packet(b.identity.node_id(), n), Padding::by_class));
  const Status over =
      a.links.send_packet(link, data_packet(b.identity.node_id(), n + 1), Padding::by_class);
  REQUIRE_FALSE(over);
  CHECK(over.error().code == Errc::too_big);
  world.settle();
  REQUIRE(b.heard.packets.size() == 1);
  CHECK(b.heard.packets[0].size() == n + 19);
}

}  // namespace mehr::l0::test
