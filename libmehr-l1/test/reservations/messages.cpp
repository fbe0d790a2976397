#include <catch2/catch.hpp>

#include "fake_world.h"
#include "mehr/l1/reservation_messages.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

NodeId destination() {
  NodeId id;
  for (std::size_t i = 0; i < 16; ++i) id.bytes[i] = static_cast<std::uint8_t>(0xA0 + i);
  return id;
}

const Bytes kRequest{0x8C, 0x34, 0x12,                                                  // id
                     0xA0, 0xA1, 0xA2, 0xA3, 0xA4, 0xA5, 0xA6, 0xA7, 0xA8, 0xA9, 0xAA,  //
                     0xAB, 0xAC, 0xAD, 0xAE, 0xAF,                                      // to
                     0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,                    // bytes
                     0x40, 0x42, 0x0F, 0x00,                                            // bps
                     0x32, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,                    // cost
                     0x10, 0x0E, 0x00, 0x00,                                            // seconds
                     0x02};
const Bytes kCommitment{0x8D, 0x34, 0x12, 0x01, 0x50, 0xC3, 0x00, 0x00,  //
                        0x0C, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,  //
                        0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01};
const Bytes kRelease{0x8E, 0x34, 0x12, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 0x03};
const Bytes kReceipt{0x8F, 0x34, 0x12, 0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
                     0x00, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01};

template <class T>
void refuses_other_lengths(const Bytes& good) {
  REQUIRE(decode<T>(good).has_value());
  for (std::size_t n = 0; n < good.size(); ++n) {
    CHECK_FALSE(decode<T>(ByteView(good).first(n)).has_value());
  }
  Bytes longer = good;
  longer.push_back(0);
  CHECK_FALSE(decode<T>(longer).has_value());
  Bytes other = good;
  ++other[0];
  CHECK_FALSE(decode<T>(other).has_value());
}

template <class T>
bool takes(Bytes bytes, std::size_t at, std::uint8_t value) {
  bytes[at] = value;
  return decode<T>(bytes).has_value();
}

}  // namespace

TEST_CASE("L1 property 25: reservation messages have 43, 23, 11 and 18 bytes",
          "[l1][reservations]") {
  CHECK(kRequest.size() == 1 + 43);
  CHECK(kCommitment.size() == 1 + 23);
  CHECK(kRelease.size() == 1 + 11);
  CHECK(kReceipt.size() == 1 + 18);
  refuses_other_lengths<ReservationRequest>(kRequest);
  refuses_other_lengths<ReservationCommitment>(kCommitment);
  refuses_other_lengths<ReservationRelease>(kRelease);
  refuses_other_lengths<DeliveryReceipt>(kReceipt);
}

TEST_CASE("L1 8: reservation messages decode", "[l1][reservations]") {
  const auto request = decode<ReservationRequest>(kRequest);
  REQUIRE(request.has_value());
  CHECK(request->reservation_id == 0x1234);
  CHECK(request->destination == destination());
  CHECK(request->estimated_bytes == 1'048'576);
  CHECK(request->min_throughput == 1'000'000);
  CHECK(request->max_cost_per_byte == 50);
  CHECK(request->valid_for_seconds == 3600);
  CHECK_FALSE(request->flags.require_onion());
  CHECK(request->flags.allow_reroute());
  const auto commitment = decode<ReservationCommitment>(kCommitment);
  REQUIRE(commitment.has_value());
  CHECK(commitment->reservation_id == 0x1234);
  CHECK(commitment->status == ReservationStatus::partial);
  CHECK(commitment->committed_bps == 50'000);
  CHECK(commitment->actual_cost_per_byte == 12);
  CHECK(commitment->valid_until == 0x0102030405060708);
  const auto release = decode<ReservationRelease>(kRelease);
  REQUIRE(release.has_value());
  CHECK(release->reservation_id == 0x1234);
  CHECK(release->bytes_transferred == 0x0102030405060708);
  CHECK(release->reason == ReleaseReason::sender_cancel);
  const auto receipt = decode<DeliveryReceipt>(kReceipt);
  REQUIRE(receipt.has_value());
  CHECK(receipt->reservation_id == 0x1234);
  CHECK(receipt->chunk_index == 5);
  CHECK(receipt->chunk_bytes == kChunkBytes);
  CHECK(receipt->time == 0x0102030405060708);
}

TEST_CASE("L1 8: reservation messages encode", "[l1][reservations]") {
  ReservationRequest request;
  request.reservation_id = 0x1234;
  request.destination = destination();
  request.estimated_bytes = 1'048'576;
  request.min_throughput = 1'000'000;
  request.max_cost_per_byte = 50;
  request.valid_for_seconds = 3600;
  request.flags = {ReservationFlags::kAllowReroute};
  CHECK(same_bytes(encode_fixed(request), kRequest));
  ReservationCommitment commitment;
  commitment.reservation_id = 0x1234;
  commitment.status = ReservationStatus::partial;
  commitment.committed_bps = 50'000;
  commitment.actual_cost_per_byte = 12;
  commitment.valid_until = 0x0102030405060708;
  CHECK(same_bytes(encode_fixed(commitment), kCommitment));
  ReservationRelease release;
  release.reservation_id = 0x1234;
  release.bytes_transferred = 0x0102030405060708;
  release.reason = ReleaseReason::sender_cancel;
  CHECK(same_bytes(encode_fixed(release), kRelease));
  DeliveryReceipt receipt;
  receipt.reservation_id = 0x1234;
  receipt.chunk_index = 5;
  receipt.chunk_bytes = 1'048'576;
  receipt.time = 0x0102030405060708;
  CHECK(same_bytes(encode_fixed(receipt), kReceipt));
}

TEST_CASE("L1 8: values outside the tables are refused", "[l1][reservations]") {
  Bytes request = kRequest;
  request[21] = 0;  // estimated_bytes 0
  CHECK_FALSE(decode<ReservationRequest>(request).has_value());
  request = kRequest;
  request[39] = request[40] = 0;  // valid for 0 s
  CHECK_FALSE(decode<ReservationRequest>(request).has_value());
  request[39] = 0x80;  // 86,400
  request[40] = 0x51;
  request[41] = 0x01;
  CHECK(decode<ReservationRequest>(request).has_value());
  request[39] = 0x81;
  CHECK_FALSE(decode<ReservationRequest>(request).has_value());
  CHECK(takes<ReservationRequest>(kRequest, 43, 0x03));
  for (const int bit : {2, 3, 4, 5, 6, 7}) {
    CHECK_FALSE(takes<ReservationRequest>(kRequest, 43, static_cast<std::uint8_t>(1U << bit)));
  }
  CHECK(takes<ReservationCommitment>(kCommitment, 3, 4));
  CHECK_FALSE(takes<ReservationCommitment>(kCommitment, 3, 5));
  CHECK_FALSE(takes<ReservationCommitment>(kCommitment, 3, 0xFF));
  CHECK(takes<ReservationRelease>(kRelease, 11, 0));
  CHECK_FALSE(takes<ReservationRelease>(kRelease, 11, 4));
}
