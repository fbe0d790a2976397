// The two machines alone: no seam, time handed in.
#include <catch2/catch.hpp>
#include <set>

#include "receive_window.h"
#include "send_window.h"

using namespace mehr;
using namespace mehr::transfer;

namespace {

TransferLimits small() {
  TransferLimits l;
  l.window = 128;
  l.initial_window = 64;
  return l;
}

std::uint32_t send_all(SendWindow& w, Millis now) {
  std::uint32_t n = 0;
  while (const auto i = w.next()) {
    w.sent(*i, now);
    ++n;
  }
  return n;
}

Ack ack_of(std::uint32_t next, std::uint32_t packet, ByteView bitmap = {}) {
  Ack a;
  a.next = next;
  a.packet = packet;
  a.window = 128;
  a.bitmap.bytes = bitmap;
  return a;
}

}  // namespace

TEST_CASE("transfer/send_window: slow start doubles, the window bounds it", "[transfer][window]") {
  SendWindow w(10'000, small());
  w.restart(0, 128);
  CHECK(send_all(w, Millis{0}) == 64);
  REQUIRE(w.on_ack(ack_of(64, 63), Millis{10}));
  CHECK(w.congestion_window() == 128);
  CHECK(send_all(w, Millis{10}) == 128);
  REQUIRE(w.on_ack(ack_of(192, 191), Millis{20}));
  CHECK(w.congestion_window() == 128);
  CHECK(w.base() == 192);
}

TEST_CASE("transfer/send_window: reordering of 64 packets is no loss, more is",
          "[transfer][window]") {
  SendWindow w(10'000, small());
  w.restart(0, 128);
  send_all(w, Millis{0});
  REQUIRE(w.on_ack(ack_of(1, 0), Millis{10}));
  send_all(w, Millis{10});   // packets 64..65
  const Bytes all(7, 0xFF);  // chunks 2..57
  REQUIRE(w.on_ack(ack_of(1, 64, all), Millis{11}));
  CHECK(w.lost_total() == 0);
  REQUIRE(w.on_ack(ack_of(1, 65, all), Millis{12}));
  CHECK(w.lost_total() == 1);
  CHECK(w.next() == 1u);
}

TEST_CASE("transfer/send_window: one reduction per round trip", "[transfer][window]") {
  SendWindow w(10'000, small());
  w.restart(0, 128);
  send_all(w, Millis{0});
  REQUIRE(w.on_ack(ack_of(64, 63), Millis{10}));
  send_all(w, Millis{10});
  const Bytes upper{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF};
  REQUIRE(w.on_ack(ack_of(64, 64 + 104, upper), Millis{20}));
  const auto once = w.congestion_window();
  CHECK(once < 128);
  CHECK(once >= 128 * 7 / 10);
  const auto lost = w.lost_total();
  CHECK(lost > 0);
  Bytes more = upper;
  more.push_back(0xFF);
  REQUIRE(w.on_ack(ack_of(64, 64 + 112, more), Millis{21}));
  CHECK(w.lost_total() > lost);
  CHECK(w.congestion_window() == once);
}

TEST_CASE("transfer/send_window: a silence loses all in flight and backs off",
          "[transfer][window]") {
  SendWindow w(10'000, small());
  w.restart(0, 128);
  send_all(w, Millis{0});
  REQUIRE(w.on_ack(ack_of(32, 31), Millis{10}));
  send_all(w, Millis{10});
  const Millis due = w.deadline();
  CHECK(due >= Millis{210});
  w.on_timer(due - Millis{1});
  CHECK(w.in_flight() > 0);
  w.on_timer(due);
  CHECK(w.in_flight() == 0);
  CHECK(w.timeouts() == 1);
  CHECK(w.deadline() == Millis::never());
  CHECK(send_all(w, due) == SendWindow::kMinCongestion);
  CHECK((w.deadline() - due) > Millis{300});
  w.on_timer(w.deadline());
  CHECK(w.timeouts() == 2);
  CHECK(w.next() == 32u);
}

TEST_CASE("transfer/send_window: what was never sent cannot be acknowledged",
          "[transfer][window]") {
  SendWindow w(100, small());
  w.restart(0, 128);
  send_all(w, Millis{0});
  CHECK_FALSE(w.on_ack(ack_of(65, 63), Millis{1}));
  CHECK_FALSE(w.on_ack(ack_of(64, 64), Millis{1}));
  const Bytes far{0, 0, 0, 0, 0, 0, 0, 0x80};  // chunk 64
  CHECK_FALSE(w.on_ack(ack_of(0, 63, far), Millis{1}));
  const Bytes edge{0, 0, 0, 0, 0, 0, 0, 0x40};  // chunk 63
  CHECK(w.on_ack(ack_of(0, 63, edge), Millis{1}));
  CHECK(w.in_flight() == 63);
  REQUIRE(w.on_ack(ack_of(10, 63, {}), Millis{2}));
  CHECK_FALSE(w.on_ack(ack_of(9, 63, {}), Millis{3}));
  CHECK(w.base() == 10);
}

TEST_CASE("transfer/send_window: a receiver that forgot begins anew", "[transfer][window]") {
  SendWindow w(100, small());
  w.restart(0, 128);
  send_all(w, Millis{0});
  REQUIRE(w.on_ack(ack_of(40, 63), Millis{1}));
  const auto packet = w.packet();
  w.restart(0, 128);
  CHECK(w.base() == 0);
  CHECK(w.packet() == packet);
  std::set<std::uint32_t> sent;
  while (const auto i = w.next()) {
    sent.insert(*i);
    w.sent(*i, Millis{2});
  }
  CHECK(*sent.begin() == 0);
  CHECK(sent.size() == 100);
}

TEST_CASE("transfer/receive_window: sorts chunks and tells what is there", "[transfer][window]") {
  TransferLimits l;
  l.window = 16;
  ReceiveWindow w(40, l);
  using Kind = ReceiveWindow::Kind;
  const auto take = [&](std::uint32_t index, std::uint32_t packet) {
    w.take(DataHeader{.index = index, .packet = packet}, w.sort(index), Millis{100});
  };
  CHECK(w.sort(15) == Kind::fresh);
  CHECK(w.sort(16) == Kind::outside);
  CHECK(w.sort(0xFFFFFFFF) == Kind::outside);
  take(0, 0);
  CHECK(w.sort(0) == Kind::repeated);
  CHECK(w.ack_at() == Millis{125});
  take(3, 3);
  CHECK(w.ack_at() == Millis{100});  // a gap
  take(11, 4);
  CHECK(w.sort(11) == Kind::repeated);
  Bytes room(8);
  const Ack ack = w.ack(Millis{107}, room);
  CHECK(ack.next == 1);
  CHECK(ack.packet == 4);
  CHECK(ack.held == 7);
  CHECK(same_bytes(ack.bitmap.bytes, Bytes{0x02, 0x02}));
  CHECK(w.ack(Millis{107}, MutableBytes(room).first(1)).bitmap.bytes.size() == 1);
  w.ack_sent();
  CHECK(w.ack_at() == Millis::never());
  take(1, 5);
  take(2, 6);
  CHECK(w.next() == 4);
  CHECK(w.sort(19) == Kind::fresh);
  CHECK(w.sort(20) == Kind::outside);
}

TEST_CASE("transfer/receive_window: the end is acknowledged at once and is the end",
          "[transfer][window]") {
  ReceiveWindow w(2, TransferLimits{});
  w.take(DataHeader{.index = 0, .packet = 0}, ReceiveWindow::Kind::fresh, Millis{5});
  CHECK_FALSE(w.complete());
  CHECK(w.sort(2) == ReceiveWindow::Kind::outside);
  w.take(DataHeader{.index = 1, .packet = 1}, ReceiveWindow::Kind::fresh, Millis{6});
  CHECK(w.complete());
  CHECK(w.ack_at() == Millis{6});
}
