// The four control messages of bandwidth reservation. spec: L1/8, README/4.2
//
// Place: L1's byte layouts; what they cause is in reservations.h.
// Shapes: little-endian, no padding. The type byte is part of each structure, so that a decoder
// refuses a message of another type; the sizes of the spec (43, 23, 11, 18) leave it out. They
// travel inside a link and are thus authentic, one hop, never relayed as they are.
// Ids: a reservation id is chosen by the upstream end of a link and means something on that link
// only. Times are the node clock of whoever sends the message.
// Bounds: all fixed sizes. Failure: a decoder answers truncated, trailing or bad_value.
#pragma once

#include <cstdint>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/ids.h"

namespace mehr::l1 {

namespace control {
inline constexpr std::uint8_t kReservationRequest = 0x8C;     ///< downstream: "may I"
inline constexpr std::uint8_t kReservationCommitment = 0x8D;  ///< upstream: yes, or why not
inline constexpr std::uint8_t kReservationRelease = 0x8E;     ///< either way: it is over
inline constexpr std::uint8_t kDeliveryReceipt = 0x8F;        ///< upstream: a chunk was carried
}  // namespace control

/// Bytes of DATA that are receipted and paid at a time. spec: CH/9
inline constexpr std::uint64_t kChunkBytes = 1'048'576;
/// Longest time a reservation can be asked for: a day.
inline constexpr std::uint32_t kLongestReservation = 86'400;

/// What a reservation asks for besides numbers. Bits beyond these two must be zero.
struct ReservationFlags {
  std::uint8_t bits = 0;

  static constexpr std::uint8_t kRequireOnion = 1;  ///< data are onion packets. spec: L2/5
  static constexpr std::uint8_t kAllowReroute = 2;  ///< a better path may be taken midway
  [[nodiscard]] constexpr bool require_onion() const { return (bits & kRequireOnion) != 0; }
  [[nodiscard]] constexpr bool allow_reroute() const { return (bits & kAllowReroute) != 0; }

  static constexpr auto wire = std::tuple{field("bits", &ReservationFlags::bits)};
  [[nodiscard]] constexpr Status check() const {
    if ((bits & ~(kRequireOnion | kAllowReroute)) != 0) {
      return fail(Errc::bad_value, "reserved flag bits of a reservation must be zero");
    }
    return {};
  }
  constexpr bool operator==(const ReservationFlags&) const = default;
};

/// Asks the next hop for capacity towards a destination.
struct ReservationRequest {
  Constant<control::kReservationRequest> type;
  std::uint16_t reservation_id = 0;  ///< the asking side's choice; repeated to ask again
  NodeId destination;
  std::uint64_t estimated_bytes = 0;    ///< of DATA, above 0
  std::uint32_t min_throughput = 0;     ///< bits per second; 0 = whatever there is
  std::uint64_t max_cost_per_byte = 0;  ///< uMHR, for the rest of the path
  std::uint32_t valid_for_seconds = 0;  ///< 1..86,400
  ReservationFlags flags;

  static constexpr auto wire =
      std::tuple{field("type", &ReservationRequest::type),
                 field("reservation_id", &ReservationRequest::reservation_id),
                 field("destination", &ReservationRequest::destination),
                 field("estimated_bytes", &ReservationRequest::estimated_bytes),
                 field("min_throughput_bps", &ReservationRequest::min_throughput),
                 field("max_cost_per_byte", &ReservationRequest::max_cost_per_byte),
                 field("valid_for_seconds", &ReservationRequest::valid_for_seconds),
                 field("flags", &ReservationRequest::flags)};
  [[nodiscard]] constexpr Status check() const {
    if (estimated_bytes == 0) {
      return fail(Errc::bad_value, "a reservation must be for more than 0 bytes");
    }
    if (valid_for_seconds == 0 || valid_for_seconds > kLongestReservation) {
      return fail(Errc::bad_value, "a reservation lasts from 1 to 86,400 seconds");
    }
    return {};
  }
  constexpr bool operator==(const ReservationRequest&) const = default;
};
static_assert(wire_size<ReservationRequest> == 1 + 43);

/// The answer to a request.
enum class ReservationStatus : std::uint8_t {
  accepted = 0,
  partial = 1,  ///< as far as an answer came from; nothing is known of what lies behind
  cost_exceeded = 2,
  no_route = 3,
  bandwidth_insufficient = 4,
};
constexpr bool is_valid(ReservationStatus s) {
  return s <= ReservationStatus::bandwidth_insufficient;
}
/// True for accepted and partial: capacity is held and costs something.
constexpr bool holds_capacity(ReservationStatus s) { return s <= ReservationStatus::partial; }

/// Promises capacity, or says why not. It has no hop count, nor anything that grows with the path
/// except the price.
struct ReservationCommitment {
  Constant<control::kReservationCommitment> type;
  std::uint16_t reservation_id = 0;  ///< echo of the request
  ReservationStatus status = ReservationStatus::accepted;
  std::uint32_t committed_bps = 0;         ///< saturating
  std::uint64_t actual_cost_per_byte = 0;  ///< uMHR, of this hop and all behind it
  std::uint64_t valid_until = 0;           ///< node clock of the sending neighbour

  static constexpr auto wire =
      std::tuple{field("type", &ReservationCommitment::type),
                 field("reservation_id", &ReservationCommitment::reservation_id),
                 field("status", &ReservationCommitment::status),
                 field("committed_bps", &ReservationCommitment::committed_bps),
                 field("actual_cost_per_byte", &ReservationCommitment::actual_cost_per_byte),
                 field("valid_until", &ReservationCommitment::valid_until)};
  constexpr bool operator==(const ReservationCommitment&) const = default;
};
static_assert(wire_size<ReservationCommitment> == 1 + 23);

/// Why a reservation ended.
enum class ReleaseReason : std::uint8_t {
  complete = 0,
  path_failure = 1,
  timeout = 2,
  sender_cancel = 3,
};
constexpr bool is_valid(ReleaseReason r) { return r <= ReleaseReason::sender_cancel; }

/// Ends a reservation, from either end of the link.
struct ReservationRelease {
  Constant<control::kReservationRelease> type;
  std::uint16_t reservation_id = 0;     ///< whoever of the two chose it
  std::uint64_t bytes_transferred = 0;  ///< of DATA, as the sending side counts them
  ReleaseReason reason = ReleaseReason::complete;

  static constexpr auto wire =
      std::tuple{field("type", &ReservationRelease::type),
                 field("reservation_id", &ReservationRelease::reservation_id),
                 field("bytes_transferred", &ReservationRelease::bytes_transferred),
                 field("reason", &ReservationRelease::reason)};
  constexpr bool operator==(const ReservationRelease&) const = default;
};
static_assert(wire_size<ReservationRelease> == 1 + 11);

/// The downstream neighbour carried a chunk, and is to be paid for it.
struct DeliveryReceipt {
  Constant<control::kDeliveryReceipt> type;
  std::uint16_t reservation_id = 0;  ///< echo of the request
  std::uint32_t chunk_index = 0;     ///< from 0, without gaps
  std::uint32_t chunk_bytes = 0;     ///< 1 MB; only the last chunk may be shorter
  std::uint64_t time = 0;            ///< node clock of the sending neighbour

  static constexpr auto wire = std::tuple{field("type", &DeliveryReceipt::type),
                                          field("reservation_id", &DeliveryReceipt::reservation_id),
                                          field("chunk_index", &DeliveryReceipt::chunk_index),
                                          field("chunk_bytes", &DeliveryReceipt::chunk_bytes),
                                          field("time", &DeliveryReceipt::time)};
  constexpr bool operator==(const DeliveryReceipt&) const = default;
};
static_assert(wire_size<DeliveryReceipt> == 1 + 18);

}  // namespace mehr::l1
