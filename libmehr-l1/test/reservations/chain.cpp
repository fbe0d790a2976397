#include <catch2/catch.hpp>

#include "mesh.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using namespace mehr::l1::test;
using What = ReservationNews::What;

namespace {

ReservationKey ask(Mesh& m, const ReservationOrder& o) {
  const auto key = m[0].machine.request(o, m.now);
  REQUIRE(key.has_value());
  m.settle();
  return *key;
}

// A whole chunk in packets of 4,096 bytes of DATA, `each` apart.
void carry_chunk(Mesh& m, const NodeId& to, Millis each) {
  for (int i = 0; i < 256; ++i) {
    m.carry(0, to, 4096);
    m.pass(each);
  }
}

}  // namespace

TEST_CASE("L1 property 25: 50 in with fees 6 and 6 forwards 44 and 38, and costs are summed",
          "[l1][reservations]") {
  Mesh m;
  m.chain(4);
  m[1].own_fee = 6;
  m[2].own_fee = 6;
  ReservationOrder o = order(m[3].id);
  o.max_cost_per_byte = 50;
  ask(m, o);
  CHECK(m.messages<ReservationRequest>(0)[0].max_cost_per_byte == 50);
  CHECK(m.messages<ReservationRequest>(1)[0].max_cost_per_byte == 44);
  CHECK(m.messages<ReservationRequest>(2)[0].max_cost_per_byte == 38);
  CHECK(m.messages<ReservationCommitment>(3)[0].actual_cost_per_byte == 0);
  CHECK(m.messages<ReservationCommitment>(2)[0].actual_cost_per_byte == 6);
  CHECK(m.messages<ReservationCommitment>(1)[0].actual_cost_per_byte == 12);
  REQUIRE(m[0].news.size() == 1);
  CHECK(m[0].news[0].what == What::committed);
  CHECK(m[0].news[0].status == ReservationStatus::accepted);
  CHECK(m[0].news[0].cost_per_byte == 12);
  CHECK(m[0].news[0].rate == BitsPerSecond{1'000'000});
  // Each relay chose an id of its own, and the rest of a request is passed on unchanged.
  const auto a = m.messages<ReservationRequest>(0)[0];
  auto b = m.messages<ReservationRequest>(1)[0];
  CHECK(a.reservation_id != b.reservation_id);
  b.reservation_id = a.reservation_id;
  b.max_cost_per_byte = a.max_cost_per_byte;
  CHECK(a == b);
}

TEST_CASE("L1 property 26: a commitment is the same for 1 and 5 relays of equal fee and rate",
          "[l1][reservations]") {
  const auto commitment_of = [](std::size_t relays, std::uint64_t fee, std::int64_t error) {
    Mesh m;
    m.latency = 30_ms;
    m.chain(relays + 2);
    for (std::size_t i = 1; i <= relays; ++i) m[i].own_fee = fee;
    // Clocks that go wrong, and offsets that are not quite known.
    for (std::size_t i = 2; i < relays + 2; ++i) {
      m[i].skew = static_cast<std::int64_t>(i) * 77'777 - 200'000;
      m[i].offset_error = error;
    }
    m[1].offset_error = error;
    REQUIRE(m[0].machine.request(order(m[relays + 1].id), m.now).has_value());
    m.pass(2_s);
    const auto got = m.messages<ReservationCommitment>(1);
    REQUIRE(got.size() == 1);
    CHECK(got[0].status == ReservationStatus::accepted);
    CHECK(got[0].actual_cost_per_byte == 30);
    auto c = got[0];
    c.reservation_id = 0;  // the origin's own choice
    return encode_fixed(c);
  };
  const auto one = commitment_of(1, 30, 0);
  CHECK(one == commitment_of(5, 6, 0));
  CHECK(one == commitment_of(5, 6, 90));
  CHECK(one == commitment_of(5, 6, -90));
}

TEST_CASE("L1 property 25: 60 s without data keep the floor and end it everywhere",
          "[l1][reservations]") {
  Mesh m;
  m.chain(4);
  m[1].own_fee = 6;
  ask(m, order(m[3].id));
  m.pass(59_s);
  for (std::size_t i = 0; i < 4; ++i) CHECK(m[i].machine.size() == 1);
  m.pass(2_s);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(m[i].machine.size() == 0);
    CHECK(m[i].purse.open.empty());
    for (const auto& [hop, end] : m[i].purse.closed) CHECK(end == ReservedEnd{0, true});
  }
  CHECK(m[1].purse.closed.size() == 2);  // as payee and as payer
  CHECK(m.messages<ReservationRelease>(0)[0].reason == ReleaseReason::timeout);
  CHECK(m[0].news.back().what == What::ended);
  CHECK(m[0].news.back().reason == ReleaseReason::timeout);
}

TEST_CASE("L1 8: who cancels before the first byte gets the escrow back", "[l1][reservations]") {
  Mesh m;
  m.chain(3);
  const auto key = ask(m, order(m[2].id));
  REQUIRE(m[0].machine.release(key, ReleaseReason::sender_cancel, m.now).has_value());
  m.settle();
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(m[i].purse.open.empty());
    REQUIRE_FALSE(m[i].purse.closed.empty());
    for (const auto& [hop, end] : m[i].purse.closed) CHECK(end == ReservedEnd{0, false});
  }
}

TEST_CASE("L1 8: data keep it alive, and an idle minute ends it without the floor",
          "[l1][reservations]") {
  Mesh m;
  m.chain(3);
  ask(m, order(m[2].id));
  for (int i = 0; i < 5; ++i) {
    m.pass(50_s);
    CHECK(m.carry(0, m[2].id, 1000) == 3);
  }
  m.pass(61_s);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(m[i].machine.size() == 0);
    for (const auto& [hop, end] : m[i].purse.closed) CHECK(end == ReservedEnd{5000, false});
  }
}

TEST_CASE("L1 8: chunks are receipted hop by hop, the last one short", "[l1][reservations]") {
  Mesh m;
  m.chain(4);
  ask(m, order(m[3].id, 2 * kChunkBytes + 5000));
  std::uint64_t left = 2 * kChunkBytes + 5000;
  while (left > 0) {
    const std::uint64_t n = std::min<std::uint64_t>(left, 4077);
    CHECK(m.carry(0, m[3].id, n) == 4);
    left -= n;
  }
  CHECK(m.carry(0, m[3].id, 100) == 0);  // beyond the estimate nothing is reserved
  m.settle();
  for (std::size_t n = 1; n < 4; ++n) {
    const auto receipts = m.messages<DeliveryReceipt>(n);
    REQUIRE(receipts.size() == 3);
    CHECK(receipts[0].chunk_index == 0);
    CHECK(receipts[2].chunk_index == 2);
    CHECK(receipts[0].chunk_bytes == kChunkBytes);
    CHECK(receipts[2].chunk_bytes == 5000);
  }
  // The origin ends it when all is receipted; both ends of each hop counted the same.
  CHECK(m[0].news.back().what == What::ended);
  CHECK(m[0].news.back().reason == ReleaseReason::complete);
  CHECK(m[0].news.back().bytes == 2 * kChunkBytes + 5000);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(m[i].machine.size() == 0);
    CHECK(m[i].purse.open.empty());
    for (const auto& [hop, end] : m[i].purse.closed) {
      CHECK(end == ReservedEnd{2 * kChunkBytes + 5000, false});
    }
  }
}

TEST_CASE("L1 8: a release half way is receipted to the byte", "[l1][reservations]") {
  Mesh m;
  m.chain(4);
  const auto key = ask(m, order(m[3].id));
  for (int i = 0; i < 300; ++i) m.carry(0, m[3].id, 4000);
  const std::size_t news = m[0].news.size();
  REQUIRE(m[0].machine.release(key, ReleaseReason::sender_cancel, m.now).has_value());
  m.settle();
  CHECK(m[0].machine.release(key, ReleaseReason::sender_cancel, m.now).error().code ==
        Errc::not_found);
  CHECK(m[0].news.size() == news);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(m[i].machine.size() == 0);
    CHECK(m[i].purse.open.empty());
    CHECK(m[i].machine.committed(1) == BitsPerSecond{0});
    for (const auto& [hop, end] : m[i].purse.closed) CHECK(end == ReservedEnd{1'200'000, false});
  }
  CHECK(m.messages<ReservationRelease>(2)[0].reason == ReleaseReason::sender_cancel);
}

TEST_CASE("L1 8: last receipts that never come are awaited for a minute", "[l1][reservations]") {
  Mesh m;
  m.chain(2);
  const auto key = ask(m, order(m[1].id));
  m.carry(0, m[1].id, 4000);
  m.deaf.insert(0);
  REQUIRE(m[0].machine.release(key, ReleaseReason::complete, m.now).has_value());
  m.settle();
  CHECK(m[0].machine.size() == 0);
  CHECK(m[0].purse.open.size() == 1);
  CHECK(m[0].machine.next_deadline() == m.now + 60_s);
  m.pass(60_s);
  REQUIRE(m[0].purse.closed.size() == 1);
  CHECK(m[0].purse.closed[0].second == ReservedEnd{0, false});
  CHECK(m[0].machine.next_deadline() == Millis::never());
}

TEST_CASE("L1 property 25: 3 slow chunks in a row release and ask anew", "[l1][reservations]") {
  Mesh m;
  m.chain(3);
  ask(m, order(m[2].id, 20 * kChunkBytes));
  // 1 Mbps were committed: 8.39 s a chunk. 40 ms a packet is 10.2 s, 70 ms 17.9 s.
  for (int i = 0; i < 4; ++i) carry_chunk(m, m[2].id, 40_ms);
  carry_chunk(m, m[2].id, 70_ms);
  carry_chunk(m, m[2].id, 70_ms);
  carry_chunk(m, m[2].id, 40_ms);  // not in a row
  carry_chunk(m, m[2].id, 70_ms);
  carry_chunk(m, m[2].id, 70_ms);
  CHECK(m.messages<ReservationRelease>(0).empty());
  carry_chunk(m, m[2].id, 70_ms);
  const auto releases = m.messages<ReservationRelease>(0);
  REQUIRE(releases.size() == 1);
  CHECK(releases[0].reason == ReleaseReason::path_failure);
  const auto requests = m.messages<ReservationRequest>(0);
  REQUIRE(requests.size() == 2);
  CHECK(requests[1].reservation_id != requests[0].reservation_id);
  CHECK(requests[1].estimated_bytes == 20 * kChunkBytes - releases[0].bytes_transferred);
  REQUIRE(m[0].news.size() == 3);
  CHECK(m[0].news[1].what == What::slow);
  CHECK(m[0].news[2].what == What::committed);
  CHECK(m[0].news[2].key == m[0].news[0].key);
  CHECK(m[1].machine.size() == 1);
  CHECK(m.carry(0, m[2].id, 1000) == 3);
}

TEST_CASE("L1 8: a pause of the application between chunks is not the path's fault",
          "[l1][reservations]") {
  Mesh m;
  m.chain(3);
  ask(m, order(m[2].id, 20 * kChunkBytes));
  for (int i = 0; i < 5; ++i) {
    carry_chunk(m, m[2].id, 30_ms);
    m.pass(40_s);
  }
  CHECK(m.messages<ReservationRelease>(0).empty());
}

TEST_CASE("L1 8: nothing is asked anew for less than the minimum", "[l1][reservations]") {
  Mesh m;
  m.chain(3);
  ask(m, order(m[2].id, 4 * kChunkBytes - 1));
  for (int i = 0; i < 3; ++i) carry_chunk(m, m[2].id, 70_ms);
  CHECK(m.messages<ReservationRequest>(0).size() == 1);
  CHECK(m[0].news.back().what == What::ended);
  CHECK(m[0].news.back().reason == ReleaseReason::path_failure);
  CHECK(m[0].machine.size() == 0);
}

TEST_CASE("L1 8: valid_until ends it both ways, in every clock", "[l1][reservations]") {
  Mesh m;
  m.chain(5);
  for (std::size_t i = 0; i < 5; ++i) m[i].skew = 1'000'000 * static_cast<std::int64_t>(i % 3);
  ReservationOrder o = order(m[4].id);
  o.valid_for_seconds = 100;
  ask(m, o);
  for (std::size_t i = 1; i < 5; ++i) {
    const auto c = m.messages<ReservationCommitment>(i)[0];
    CHECK(c.valid_until == m[i].node_time().millis + 100'000);  // its own clock
  }
  m.pass(50_s);
  m.carry(0, m[4].id, 1000);
  m.pass(49'999_ms);
  CHECK(m[2].machine.size() == 1);
  m.pass(1_ms);
  for (std::size_t i = 0; i < 5; ++i) CHECK(m[i].machine.size() == 0);
  CHECK(m.messages<ReservationRelease>(0)[0].reason == ReleaseReason::timeout);
}

TEST_CASE("L1 8: a downstream that ends earlier shortens the promise", "[l1][reservations]") {
  Mesh m;
  m.chain(3);
  m.deaf.insert(2);
  ReservationOrder o = order(m[2].id);
  o.valid_for_seconds = 1000;
  ask(m, o);
  m[2].skew = 500'000;
  const auto asked = m.messages<ReservationRequest>(1)[0];
  ReservationCommitment c;
  c.reservation_id = asked.reservation_id;
  c.committed_bps = 2'000'000;
  c.valid_until = m[2].node_time().millis + 300'000;
  m[1].machine.on_commitment(1, c, m.now);
  m.settle();
  const auto up = m.messages<ReservationCommitment>(1);
  REQUIRE(up.size() == 1);
  CHECK(up[0].valid_until == m[1].node_time().millis + 300'000);
  CHECK(up[0].committed_bps == 1'000'000);  // no more than this node holds
}

TEST_CASE("L1 8: a broken link releases upstream, with the bytes to the last chunk",
          "[l1][reservations]") {
  Mesh m;
  m.chain(5);
  ask(m, order(m[4].id));
  for (int i = 0; i < 300; ++i) m.carry(0, m[4].id, 4096);
  m.cut({2, 1});
  CHECK(m[0].news.back().what == What::ended);
  CHECK(m[0].news.back().reason == ReleaseReason::path_failure);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(m[i].machine.size() == 0);
    CHECK(m[i].machine.committed(1) == BitsPerSecond{0});
    CHECK(m[i].purse.open.empty());
  }
  const auto up = m.messages<ReservationRelease>(2);
  REQUIRE(up.size() == 1);
  CHECK(up[0].bytes_transferred == kChunkBytes);
  CHECK(m.messages<ReservationRelease>(3)[0].reason == ReleaseReason::path_failure);
}

TEST_CASE("L1 8: one cheaper or faster path is taken midway, if it was allowed",
          "[l1][reservations]") {
  Mesh m;
  // 0 - 1 - 3 and 1 - 2 - 3: node 1 may go over 2.
  m.chain(2);
  m.add();
  m.add();
  m.join({1, 1}, {3, 0});
  m.join({1, 2}, {2, 0});
  m.join({2, 1}, {3, 1});
  ReservationRoute r;
  r.egress = 1;
  r.path.cost = CostCode::encode(100);
  r.path.bottleneck_bps = RateCode::encode({10'000'000});
  const NodeId to = m[3].id;
  m[0].routes[to] = m[1].routes[to] = m[2].routes[to] = r;
  m[1].own_fee = 5;
  ReservationOrder o = order(to);
  const bool allowed = GENERATE(true, false);
  o.flags = {allowed ? ReservationFlags::kAllowReroute : std::uint8_t{0}};
  ask(m, o);
  const auto before = m.messages<ReservationCommitment>(1);
  REQUIRE(before.size() == 1);
  const auto keep_busy = [&](int seconds) {
    for (int i = 0; i < seconds; i += 10) {
      m.pass(10_s);
      m.carry(0, to, 1000);
    }
  };
  // Not enough of either.
  r.egress = 2;
  r.path.cost = CostCode::encode(80);
  r.path.bottleneck_bps = RateCode::encode({14'000'000});
  m[1].routes[to] = r;
  keep_busy(70);
  CHECK(m[1].machine.find(0, to)->egress == 1);
  SECTION("cheaper") { r.path.cost = CostCode::encode(70); }
  SECTION("faster") { r.path.bottleneck_bps = RateCode::encode({16'000'000}); }
  m[1].routes[to] = r;
  keep_busy(60);
  REQUIRE(m[1].machine.find(0, to).has_value());
  CHECK(m[1].machine.find(0, to)->egress == (allowed ? 2 : 1));
  CHECK(m[1].machine.committed(allowed ? 2 : 1) == BitsPerSecond{1'000'000});
  CHECK(m[1].machine.committed(allowed ? 1 : 2) == BitsPerSecond{0});
  CHECK(m[1].machine.counters().rerouted == (allowed ? 1 : 0));
  // Upstream hears nothing of it, and nobody loses a byte.
  CHECK(m.messages<ReservationCommitment>(1).size() == 1);
  CHECK(m.carry(0, to, 1000) == (allowed ? 4 : 3));
  const auto key = m[0].news[0].key;
  REQUIRE(m[0].machine.release(key, ReleaseReason::complete, m.now).has_value());
  m.settle();
  std::uint64_t paid = 0;
  std::uint64_t earned = 0;
  for (const auto& [hop, end] : m[1].purse.closed) {
    (hop.side == ReservedHop::Side::payer ? paid : earned) += end.bytes;
  }
  CHECK(paid == earned);
  CHECK(earned == 14'000);
  for (std::size_t i = 0; i < 4; ++i) CHECK(m[i].purse.open.empty());
}
