// Route probes as they travel: context 0xF2, in the clear, read by relays. spec: L1/7
//
// Place: L1's byte layouts; prober.h asks, probe_relay.h passes on and answers.
// Shapes: a request is the DATA of a type-0 packet, padded with zeros so that the whole packet has
// the size that is probed; an answer is the DATA of a type-3 packet whose destination field holds
// the probed destination. Neither names who asks: the timestamp is a number only its maker can
// read.
// Bounds: requests of 32 to 4,096 bytes with header, answers of 19 bytes of DATA.
// Failure: a decoder answers truncated, trailing or bad_value; encoding into too small a buffer
// answers too_big. Threads: pure functions.
#pragma once

#include <cstdint>
#include <tuple>

#include "mehr/core/codec.h"
#include "mehr/core/units.h"
#include "mehr/l0/packet.h"

namespace mehr::l1 {

/// Context byte of probes. spec: L1/1.1
inline constexpr std::uint8_t kProbeContext = 0xF2;
/// First byte of DATA. spec: README/4.4
inline constexpr std::uint8_t kProbeRequestType = 0x01;
inline constexpr std::uint8_t kProbeResponseType = 0x02;
/// Smallest and largest probe, whole packets.
inline constexpr std::uint16_t kProbeMin = 32;
inline constexpr std::uint16_t kProbeMax = 4096;

/// "How long does a packet of this size take to you and back?"
/// The padding between size and timestamp is not kept; it is all zero.
struct ProbeRequest {
  std::uint16_t probe_id = 0;              ///< random
  std::uint16_t payload_size = kProbeMin;  ///< of the whole packet with its header
  std::uint64_t timestamp = 0;             ///< the asking side's own; only echoed
  constexpr bool operator==(const ProbeRequest&) const = default;
};

/// DATA of a probe packet. @p data must be as long as its payload_size says (bad_value).
[[nodiscard]] Result<ProbeRequest> decode_probe_request(ByteView data);
/// DATA of @p request, payload_size - 19 bytes of it.
[[nodiscard]] Result<MutableBytes> encode_probe_request(const ProbeRequest& request,
                                                        MutableBytes out);

/// The answer of the probed destination. 18 bytes without sub-type.
struct ProbeResponse {
  Constant<kProbeResponseType> sub_type;
  std::uint16_t probe_id = 0;        ///< echo
  std::uint16_t received_size = 0;   ///< of the packet that arrived, with header
  std::uint64_t timestamp_echo = 0;  ///< echo
  std::uint16_t responder_mtu = 0;   ///< of the link the request came by
  std::uint32_t measured_bps = 0;    ///< of that link, saturating; 0 unknown

  static constexpr auto wire = std::tuple{field("sub_type", &ProbeResponse::sub_type),
                                          field("probe_id", &ProbeResponse::probe_id),
                                          field("received_size", &ProbeResponse::received_size),
                                          field("timestamp_echo", &ProbeResponse::timestamp_echo),
                                          field("responder_mtu", &ProbeResponse::responder_mtu),
                                          field("measured_bps", &ProbeResponse::measured_bps)};
  constexpr bool operator==(const ProbeResponse&) const = default;
};
static_assert(wire_size<ProbeResponse> == 1 + 18);
/// A whole answer packet.
inline constexpr std::size_t kProbeResponsePacketSize = l0::kHeaderSize + wire_size<ProbeResponse>;

/// What the probed node says to @p request, which arrived as @p received_size bytes by a link of
/// @p ingress_mtu that carries about @p measured (0 unknown).
[[nodiscard]] ProbeResponse answer_probe(const ProbeRequest& request, std::size_t received_size,
                                         Mtu ingress_mtu, BitsPerSecond measured);

/// A whole probe packet to @p destination; @p hops is where an origin starts. spec: L1/6
[[nodiscard]] Result<MutableBytes> encode_probe_packet(const NodeId& destination, std::uint8_t hops,
                                                       const ProbeRequest& request,
                                                       MutableBytes out);
/// A whole answer packet of @p destination, which is this node.
[[nodiscard]] Result<MutableBytes> encode_probe_answer(const NodeId& destination, std::uint8_t hops,
                                                       const ProbeResponse& response,
                                                       MutableBytes out);

}  // namespace mehr::l1
