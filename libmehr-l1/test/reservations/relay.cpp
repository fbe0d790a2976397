// One relay (node 1 of a row of three) and what its neighbours say to it.
#include <catch2/catch.hpp>

#include "mesh.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using namespace mehr::l1::test;
using What = ReservationNews::What;

namespace {

struct Fixture {
  Mesh m;
  Fixture() { m.chain(3); }

  Reservations& relay() { return m[1].machine; }
  ReservationRequest request(std::uint16_t id) {
    ReservationRequest r;
    r.reservation_id = id;
    r.destination = m[2].id;
    r.estimated_bytes = 10 * kChunkBytes;
    r.min_throughput = 100'000;
    r.max_cost_per_byte = 50;
    r.valid_for_seconds = 600;
    return r;
  }
  // The relay hears it from node 0 and everything that follows is delivered.
  void hear(const ReservationRequest& r) {
    relay().on_request(0, r, m.now);
    m.settle();
  }
  ReservationCommitment answer() {
    const auto all = m.messages<ReservationCommitment>(1);
    REQUIRE_FALSE(all.empty());
    return all.back();
  }
  ReservationStatus status_of(const ReservationRequest& r) {
    hear(r);
    CHECK(answer().reservation_id == r.reservation_id);
    return answer().status;
  }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "L1 8 step 1: an active id again repeats the commitment",
                 "[l1][reservations]") {
  hear(request(7));
  const auto first = answer();
  CHECK(first.status == ReservationStatus::accepted);
  m.pass(5_s);
  hear(request(7));
  CHECK(m.messages<ReservationCommitment>(1).size() == 2);
  CHECK(answer() == first);
  CHECK(m.messages<ReservationRequest>(1).size() == 1);
  CHECK(relay().size() == 1);
}

TEST_CASE_METHOD(Fixture, "L1 8 step 1: 16 of one upstream, the 17th is refused",
                 "[l1][reservations]") {
  ReservationRequest r = request(0);
  r.destination = m[1].id;  // the relay itself: what it may hand on has a bound of its own
  r.min_throughput = 0;
  for (std::uint16_t id = 0; id < 16; ++id) {
    r.reservation_id = id;
    CHECK(status_of(r) == ReservationStatus::accepted);
    m.pass(1_s);
  }
  r.reservation_id = 16;
  CHECK(status_of(r) == ReservationStatus::bandwidth_insufficient);
  CHECK(relay().size_of(0) == 16);
  // Another upstream is not touched by it.
  relay().on_request(2, r, m.now);
  m.settle();
  CHECK(relay().size_of(2) == 1);
}

TEST_CASE_METHOD(Fixture, "L1 8: of the 16 that the next node grants, 12 are others'",
                 "[l1][reservations]") {
  ReservationRequest r = request(0);
  r.min_throughput = 0;
  for (std::uint16_t id = 0; id < 13; ++id) {
    r.reservation_id = id;
    CHECK(status_of(r) ==
          (id < 12 ? ReservationStatus::accepted : ReservationStatus::bandwidth_insufficient));
    m.pass(1_s);
  }
}

TEST_CASE_METHOD(Fixture, "L1 8 step 1: small ones and a channel full of escrow are refused",
                 "[l1][reservations]") {
  ReservationRequest r = request(1);
  r.estimated_bytes = kChunkBytes - 1;
  CHECK(status_of(r) == ReservationStatus::bandwidth_insufficient);
  r.estimated_bytes = kChunkBytes;
  CHECK(status_of(r) == ReservationStatus::accepted);
  m[1].purse.room = false;
  CHECK(status_of(request(2)) == ReservationStatus::bandwidth_insufficient);
  CHECK(relay().size() == 1);
}

TEST_CASE_METHOD(Fixture, "L1 8 step 2: the destination answers 0, cost 0, its ingress rate",
                 "[l1][reservations]") {
  m[2].rates[0] = {7'654'321};
  m[2].own_fee = 99;
  hear(request(7));
  const auto c = m.messages<ReservationCommitment>(2);
  REQUIRE(c.size() == 1);
  CHECK(c[0].status == ReservationStatus::accepted);
  CHECK(c[0].actual_cost_per_byte == 0);
  CHECK(c[0].committed_bps == 7'654'321);
  CHECK(c[0].valid_until == m[2].node_time().millis + 600'000);
  m[2].rates[0] = {1ULL << 40};
  hear(request(8));
  CHECK(m.messages<ReservationCommitment>(2)[1].committed_bps == 0xFFFFFFFF);
}

TEST_CASE_METHOD(Fixture, "L1 8 step 3: a fee above the limit is refused with 2",
                 "[l1][reservations]") {
  m[1].own_fee = 51;
  CHECK(status_of(request(1)) == ReservationStatus::cost_exceeded);
  CHECK(m.messages<ReservationRequest>(1).empty());
  m[1].own_fee = 50;
  CHECK(status_of(request(2)) == ReservationStatus::accepted);
  CHECK(m.messages<ReservationRequest>(1)[0].max_cost_per_byte == 0);
  CHECK(answer().actual_cost_per_byte == 50);
}

TEST_CASE_METHOD(Fixture, "L1 8 step 4: no route 3, too little rate 4", "[l1][reservations]") {
  ReservationRequest r = request(1);
  r.destination = node_id(999);
  CHECK(status_of(r) == ReservationStatus::no_route);
  auto& route = m[1].routes[m[2].id];
  route.path.bottleneck_bps = RateCode::encode({90'000});
  CHECK(status_of(request(2)) == ReservationStatus::bandwidth_insufficient);
  route.path.bottleneck_bps = RateCode::encode({100'000});
  CHECK(status_of(request(3)) == ReservationStatus::accepted);
  m[1].rates[1] = {200'000};  // half of it for one upstream
  CHECK(status_of(request(4)) == ReservationStatus::bandwidth_insufficient);
  CHECK(relay().committed(1) == BitsPerSecond{100'000});
}

TEST_CASE_METHOD(Fixture, "L1 8 step 4: above 1 GB the path with the largest MTU",
                 "[l1][reservations]") {
  ReservationRequest r = request(1);
  r.estimated_bytes = 1'000'000'000;
  hear(r);
  CHECK_FALSE(m[1].asked_largest);
  r = request(2);
  r.estimated_bytes = 1'000'000'001;
  hear(r);
  CHECK(m[1].asked_largest);
}

TEST_CASE_METHOD(Fixture, "L1 8 step 6: refusals from downstream are passed on bare",
                 "[l1][reservations]") {
  const auto status = GENERATE(ReservationStatus::cost_exceeded, ReservationStatus::no_route,
                               ReservationStatus::bandwidth_insufficient);
  m.deaf.insert(2);
  hear(request(7));
  ReservationCommitment c;
  c.reservation_id = m.messages<ReservationRequest>(1)[0].reservation_id;
  c.status = status;
  c.committed_bps = 5;
  c.actual_cost_per_byte = 6;
  c.valid_until = 7;
  relay().on_commitment(1, c, m.now);
  m.settle();
  ReservationCommitment bare;
  bare.reservation_id = 7;
  bare.status = status;
  CHECK(answer() == bare);
  CHECK(relay().size() == 0);
  CHECK(relay().committed(1) == BitsPerSecond{0});
  CHECK(m.messages<ReservationRelease>(1).empty());
}

TEST_CASE_METHOD(Fixture, "L1 8 step 6: a broken promise is refused, and released downstream",
                 "[l1][reservations]") {
  m.deaf.insert(2);
  hear(request(7));
  ReservationCommitment c;
  c.reservation_id = m.messages<ReservationRequest>(1)[0].reservation_id;
  c.committed_bps = 100'000;
  c.actual_cost_per_byte = 50;
  c.valid_until = m[2].node_time().millis + 600'000;
  ReservationStatus expected = ReservationStatus::accepted;
  SECTION("dearer than was allowed") {
    c.actual_cost_per_byte = 51;
    expected = ReservationStatus::cost_exceeded;
  }
  SECTION("slower than was asked") {
    c.committed_bps = 99'999;
    expected = ReservationStatus::bandwidth_insufficient;
  }
  SECTION("no money") {
    m[1].purse.can_pay = false;
    expected = ReservationStatus::bandwidth_insufficient;
  }
  SECTION("no credit") {
    m[1].purse.can_take = false;
    expected = ReservationStatus::bandwidth_insufficient;
  }
  relay().on_commitment(1, c, m.now);
  m.settle();
  CHECK(answer().status == expected);
  CHECK(answer().actual_cost_per_byte == 0);
  CHECK(m.messages<ReservationRelease>(1).size() == 1);
  CHECK(relay().size() == 0);
  CHECK(m[1].purse.open.empty());
}

TEST_CASE_METHOD(Fixture, "L1 8 step 7: a silent downstream is answered for with 1 after 30 s",
                 "[l1][reservations]") {
  m[1].own_fee = 6;
  m.deaf.insert(2);
  hear(request(7));
  CHECK(m.messages<ReservationCommitment>(1).empty());
  m.pass(29'999_ms);
  CHECK(m.messages<ReservationCommitment>(1).empty());
  CHECK(m.messages<ReservationRequest>(1).size() == 3);  // asked again at 10 and 20 s
  CHECK(m.messages<ReservationRequest>(1)[2].reservation_id ==
        m.messages<ReservationRequest>(1)[0].reservation_id);
  m.pass(1_ms);
  CHECK(answer().status == ReservationStatus::partial);
  CHECK(answer().actual_cost_per_byte == 6);
  CHECK(answer().committed_bps == 100'000);
  CHECK(m.messages<ReservationRelease>(1)[0].reason == ReleaseReason::timeout);
  CHECK(relay().committed(1) == BitsPerSecond{100'000});  // its own part is held
  CHECK(relay().find(0, m[2].id)->egress == 1);
  // An answer that comes too late is none.
  ReservationCommitment late;
  late.reservation_id = m.messages<ReservationRequest>(1)[0].reservation_id;
  relay().on_commitment(1, late, m.now);
  CHECK(relay().counters().unknown == 1);
  m.pass(60_s);
  CHECK(relay().size() == 0);
}

TEST_CASE_METHOD(Fixture, "L1 8 step 7: a next hop that knows no reservations",
                 "[l1][reservations]") {
  m[1].routes[m[2].id].speaks_l1 = false;
  m[1].own_fee = 6;
  hear(request(7));
  CHECK(answer().status == ReservationStatus::partial);
  CHECK(answer().actual_cost_per_byte == 6);
  CHECK(m.messages<ReservationRequest>(1).empty());
  // The origin takes it, and hears no more of it than that.
  REQUIRE(m[0].machine.request(order(m[2].id), m.now).has_value());
  m.settle();
  CHECK(m[0].news.back().what == What::committed);
  CHECK(m[0].news.back().status == ReservationStatus::partial);
  CHECK(m[0].news.back().cost_per_byte == 6);
}

TEST_CASE("L1 8: an origin outlasts its relay and hears of the silence behind it",
          "[l1][reservations]") {
  Mesh m;
  m.latency = 200_ms;
  m.chain(4);
  m[1].own_fee = 6;
  m.deaf.insert(2);
  REQUIRE(m[0].machine.request(order(m[3].id), m.now).has_value());
  m.pass(32_s);
  REQUIRE(m[0].news.size() == 1);
  CHECK(m[0].news[0].status == ReservationStatus::partial);
  m.deaf.insert(1);
  REQUIRE(m[0].machine.request(order(m[3].id), m.now).has_value());
  m.pass(36_s);
  CHECK(m[0].news.back().what == What::refused);
  CHECK(m[0].news.back().status == ReservationStatus::no_route);
  CHECK(m[0].machine.size() == 1);  // the first one
}

TEST_CASE("L1 8: a request that got lost is asked again", "[l1][reservations]") {
  Mesh m;
  m.chain(3);
  int lost = 0;
  m.lose = [&] { return ++lost <= 2; };
  REQUIRE(m[0].machine.request(order(m[2].id), m.now).has_value());
  m.pass(19_s);
  CHECK(m[0].news.empty());
  m.pass(2_s);
  REQUIRE(m[0].news.size() == 1);
  CHECK(m[0].news[0].what == What::committed);
  CHECK(m[1].machine.size() == 1);
}

TEST_CASE_METHOD(Fixture, "L1 8: PENDING ends with its upstream, its link or its term",
                 "[l1][reservations]") {
  m.deaf.insert(2);
  ReservationRequest r = request(7);
  SECTION("released") {
    hear(r);
    ReservationRelease release;
    release.reservation_id = 7;
    release.reason = ReleaseReason::sender_cancel;
    relay().on_release(0, release, m.now);
    m.settle();
    CHECK(m.messages<ReservationRelease>(1).size() == 1);
    CHECK(m.messages<ReservationCommitment>(1).empty());
  }
  SECTION("released by downstream") {
    hear(r);
    ReservationRelease release;
    release.reservation_id = m.messages<ReservationRequest>(1)[0].reservation_id;
    relay().on_release(1, release, m.now);
    m.settle();
    CHECK(answer().status == ReservationStatus::no_route);
  }
  SECTION("link down") {
    hear(r);
    m.cut({1, 1});
    CHECK(answer().status == ReservationStatus::no_route);
  }
  SECTION("upstream link down") {
    hear(r);
    m.cut({0, 1});
    CHECK(m.messages<ReservationRelease>(1).size() == 1);
  }
  SECTION("term") {
    r.valid_for_seconds = 5;
    hear(r);
    m.pass(5_s);
    CHECK(answer().status == ReservationStatus::no_route);
  }
  CHECK(relay().size() == 0);
  CHECK(relay().committed(1) == BitsPerSecond{0});
  CHECK(relay().next_deadline() == Millis::never());
}

TEST_CASE_METHOD(Fixture, "L1 8: an id means one thing on a link", "[l1][reservations]") {
  // Node 1 holds a reservation towards 2; 2 asks 1 for one under the same id.
  hear(request(7));
  const std::uint16_t ours = m.messages<ReservationRequest>(1)[0].reservation_id;
  ReservationRequest r = request(ours);
  r.destination = m[0].id;
  m[1].routes[m[0].id].egress = 0;
  relay().on_request(1, r, m.now);
  m.settle();
  CHECK(answer().status == ReservationStatus::bandwidth_insufficient);
  CHECK(relay().size() == 1);
  r.reservation_id = static_cast<std::uint16_t>(ours + 1);
  relay().on_request(1, r, m.now);
  m.settle();
  CHECK(relay().size() == 2);
}

TEST_CASE_METHOD(Fixture, "L1 8: receipts out of order, too long, too short or double pay nothing",
                 "[l1][reservations]") {
  hear(request(7));
  const std::uint16_t id = m.messages<ReservationRequest>(1)[0].reservation_id;
  const auto reserved = relay().find(0, m[2].id);
  REQUIRE(reserved.has_value());
  for (int i = 0; i < 300; ++i) relay().count(*reserved, 4096, m.now);
  const auto paid = [&] {
    return m[1].purse.open[1].hop.side == ReservedHop::Side::payer ? m[1].purse.open[1].chunks
                                                                   : m[1].purse.open[0].chunks;
  };
  DeliveryReceipt r;
  r.reservation_id = id;
  r.chunk_bytes = kChunkBytes;
  r.chunk_index = 1;
  relay().on_receipt(1, r, m.now);  // a gap
  r.chunk_index = 0;
  r.chunk_bytes = kChunkBytes + 1;
  relay().on_receipt(1, r, m.now);  // over a chunk
  r.chunk_bytes = 1000;
  relay().on_receipt(1, r, m.now);  // short, but not the last
  r.chunk_bytes = 0;
  relay().on_receipt(1, r, m.now);
  CHECK(paid() == 0);
  r.chunk_bytes = kChunkBytes;
  relay().on_receipt(0, r, m.now);  // from the wrong side
  CHECK(paid() == 0);
  relay().on_receipt(1, r, m.now);
  CHECK(paid() == kChunkBytes);
  relay().on_receipt(1, r, m.now);  // again
  r.chunk_index = 1;
  relay().on_receipt(1, r, m.now);  // more than was handed over
  CHECK(paid() == kChunkBytes);
  CHECK(relay().counters().unknown == 7);
}

TEST_CASE_METHOD(Fixture, "L1 8: one neighbour cannot take a link from the others",
                 "[l1][reservations]") {
  // It asks for everything under every id, and never sends.
  ReservationRequest r = request(0);
  r.min_throughput = 1'000'000;
  for (std::uint16_t id = 0; id < 100; ++id) {
    r.reservation_id = id;
    hear(r);
    m.pass(500_ms);
  }
  CHECK(relay().committed(1) == BitsPerSecond{5'000'000});  // half of 10 Mbps
  r.reservation_id = 1;
  relay().on_request(2, r, m.now);
  r.reservation_id = 2;
  relay().on_request(2, r, m.now);
  r.reservation_id = 3;
  relay().on_request(2, r, m.now);
  m.settle();
  CHECK(relay().size_of(2) == 2);
  CHECK(relay().committed(1) == BitsPerSecond{7'000'000});  // three quarters are the end
  m.pass(61_s);
  CHECK(relay().size() == 0);
}

TEST_CASE_METHOD(Fixture, "L1 8: requests over 2 a second are refused unread",
                 "[l1][reservations]") {
  ReservationRequest r = request(0);
  r.destination = node_id(999);  // refused with 3 while read
  for (std::uint16_t id = 0; id < 16; ++id) {
    r.reservation_id = id;
    CHECK(status_of(r) == ReservationStatus::no_route);
  }
  CHECK(status_of(r) == ReservationStatus::bandwidth_insufficient);
  m.pass(500_ms);
  CHECK(status_of(r) == ReservationStatus::no_route);
}

TEST_CASE_METHOD(Fixture, "L1 8: what an application cannot have is said in words",
                 "[l1][reservations]") {
  Reservations& own = m[0].machine;
  ReservationOrder o = order(m[2].id);
  o.estimated_bytes = 0;
  CHECK(own.request(o, m.now).error().code == Errc::bad_value);
  o.estimated_bytes = kChunkBytes - 1;
  CHECK(own.request(o, m.now).error().code == Errc::bad_value);
  o = order(m[2].id);
  o.valid_for_seconds = 86'401;
  CHECK(own.request(o, m.now).error().code == Errc::bad_value);
  o = order(m[2].id);
  o.flags = {4};
  CHECK(own.request(o, m.now).error().code == Errc::bad_value);
  CHECK(own.request(order(m[0].id), m.now).error().code == Errc::bad_value);
  CHECK(own.request(order(node_id(999)), m.now).error().code == Errc::no_route);
  o = order(m[2].id);
  o.min_throughput = 7'500'001;  // three quarters of 10 Mbps are 7.5
  CHECK(own.request(o, m.now).error().code == Errc::denied);
  o.min_throughput = 10'000;
  for (int i = 0; i < 16; ++i) CHECK(own.request(o, m.now).has_value());
  CHECK(own.request(o, m.now).error().code == Errc::full);
}

TEST_CASE("L1 8: a full table refuses and displaces nobody", "[l1][reservations]") {
  Mesh m;
  ReservationConfig config = Mesh::small();
  config.capacity = 4;  // one of each upstream, and one of the application's own is kept
  m.chain(3, config);
  REQUIRE(m[0].machine.request(order(m[2].id), m.now).has_value());
  m.settle();
  CHECK(m[0].news.back().what == What::committed);
  for (int i = 0; i < 3; ++i) CHECK(m[0].machine.request(order(m[2].id), m.now).has_value());
  CHECK(m[0].machine.request(order(m[2].id), m.now).error().code == Errc::full);
  m.settle();
  ReservationRequest r;
  r.destination = m[2].id;
  r.estimated_bytes = kChunkBytes;
  r.valid_for_seconds = 60;
  for (const std::uint16_t id : {std::uint16_t{1}, std::uint16_t{2}}) {
    r.reservation_id = id;
    m[1].machine.on_request(2, r, m.now);
    m.settle();
  }
  CHECK(m[1].machine.size_of(2) <= 1);
  CHECK(m[1].machine.size_of(0) == 1);
}

TEST_CASE("L1 8: the policy that is linked without economics says yes and moves nothing",
          "[l1][reservations]") {
  RelayPolicy free;
  const ReservedHop hop{ReservedHop::Side::payer, node_id(1), 2, 3, 4};
  CHECK(free.price(node_id(1)) == 0);
  CHECK(free.admit(node_id(1), {}));
  CHECK(free.weight(node_id(1)) == RelayPolicy::kWeightOne);
  CHECK(free.may_escrow(node_id(1)));
  CHECK(free.escrow(hop) == 0U);
  free.forwarded(node_id(1), {});
  free.chunk(hop, 1);
  free.refund(hop, {1, false});
}
