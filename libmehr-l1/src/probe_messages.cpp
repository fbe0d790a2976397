#include "mehr/l1/probe_messages.h"

#include <limits>

namespace mehr::l1 {

namespace {

// What stands before the padding. The timestamp stands after it.
struct ProbeRequestHead {
  Constant<kProbeRequestType> sub_type;
  std::uint16_t probe_id = 0;
  std::uint16_t payload_size = 0;

  static constexpr auto wire = std::tuple{field("sub_type", &ProbeRequestHead::sub_type),
                                          field("probe_id", &ProbeRequestHead::probe_id),
                                          field("payload_size", &ProbeRequestHead::payload_size)};
  [[nodiscard]] constexpr Status check() const {
    if (payload_size < kProbeMin || payload_size > kProbeMax) {
      return fail(Errc::bad_value, "a probe has from 32 to 4,096 bytes");
    }
    return {};
  }
};
constexpr std::size_t kUnpadded = wire_size<ProbeRequestHead> + sizeof(std::uint64_t);
static_assert(l0::kHeaderSize + kUnpadded == kProbeMin);

Result<MutableBytes> with_header(l0::PacketType type, const NodeId& destination, std::uint8_t hops,
                                 const Result<MutableBytes>& data, MutableBytes out) {
  if (!data) return fail(data);
  // DATA stands in its place already, so the header alone is written.
  const l0::Packet header{l0::PacketFlags::of(type, true), hops, destination, kProbeContext, {}};
  const auto written = encode(header, out);
  if (!written) return fail(written);
  return out.first(written->size() + data->size());
}

MutableBytes behind_header(MutableBytes out) {
  return out.size() < l0::kHeaderSize ? MutableBytes{} : out.subspan(l0::kHeaderSize);
}

}  // namespace

Result<ProbeRequest> decode_probe_request(ByteView data) {
  Reader r(data);
  ProbeRequestHead head;
  r.get(head);
  if (r.ok() && data.size() + l0::kHeaderSize != head.payload_size) {
    r.refuse(Errc::bad_value, "a probe is not as long as it says");
  }
  ByteView padding;
  if (r.ok()) r.take(data.size() - kUnpadded, padding);
  if (!all_zero(padding)) r.refuse(Errc::bad_value, "the padding of a probe must be zero");
  std::uint64_t timestamp = 0;
  r.get(timestamp);
  if (const auto end = r.finish(); !end) return fail(end);
  return ProbeRequest{head.probe_id, head.payload_size, timestamp};
}

Result<MutableBytes> encode_probe_request(const ProbeRequest& request, MutableBytes out) {
  const ProbeRequestHead head{{}, request.probe_id, request.payload_size};
  if (const auto good = head.check(); !good) return fail(good);
  const std::size_t size = request.payload_size - l0::kHeaderSize;
  if (out.size() < size) return fail(Errc::too_big, "the probe does not fit the buffer");
  Writer w(out);
  w.put(head);
  const MutableBytes padding = out.subspan(wire_size<ProbeRequestHead>, size - kUnpadded);
  std::fill(padding.begin(), padding.end(), std::uint8_t{0});
  w.bytes(padding);
  w.put(request.timestamp);
  return w.written();
}

ProbeResponse answer_probe(const ProbeRequest& request, std::size_t received_size, Mtu ingress_mtu,
                           BitsPerSecond measured) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  ProbeResponse r;
  r.probe_id = request.probe_id;
  r.received_size = static_cast<std::uint16_t>(std::min<std::size_t>(received_size, 0xFFFF));
  r.timestamp_echo = request.timestamp;
  r.responder_mtu = ingress_mtu.bytes;
  r.measured_bps = static_cast<std::uint32_t>(std::min(measured.count, kMost));
  return r;
}

Result<MutableBytes> encode_probe_packet(const NodeId& destination, std::uint8_t hops,
                                         const ProbeRequest& request, MutableBytes out) {
  const auto data = encode_probe_request(request, behind_header(out));
  return with_header(l0::PacketType::data, destination, hops, data, out);
}

Result<MutableBytes> encode_probe_answer(const NodeId& destination, std::uint8_t hops,
                                         const ProbeResponse& response, MutableBytes out) {
  const auto data = encode(response, behind_header(out));
  return with_header(l0::PacketType::proof, destination, hops, data, out);
}

}  // namespace mehr::l1
