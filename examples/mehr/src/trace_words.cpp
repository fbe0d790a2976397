#include "trace_words.h"

#include <array>
#include <cstdio>

#include "meanings.h"
#include "mehr/common/text.h"
#include "mehr/core/crypto.h"
#include "mehr/l0/link_layer.h"

namespace mehr::cli {
namespace {

std::string announce_text(const l1::Announce& announce, const TraceNames& names) {
  const auto& cost = announce.extension.path_cost;
  return "announce of " + node_text(l1::destination_of(announce), names) + ", " +
         std::to_string(cost.hop_count) + " relays, " + std::to_string(cost.worst_latency_ms) +
         " ms, " + common::human_rate(static_cast<double>(cost.bottleneck_bps.decode().count));
}

std::string packet_text(ByteView bytes, const TraceNames& names) {
  const auto packet = decode<l0::Packet>(bytes);
  if (!packet) return std::string("no packet: ") + packet.error().text;
  std::string out = name_of(packet->flags.type());
  if (packet->flags.type() == l0::PacketType::announce) {
    const auto announce = decode<l1::Announce>(packet->data.bytes);
    out = announce ? announce_text(*announce, names)
                   : std::string("announce, undecodable: ") + announce.error().text;
  } else {
    out += " packet to " + node_text(packet->destination, names) + ", " +
           std::string(name_of_context(packet->context));
  }
  return out + ", hops " + std::to_string(packet->hops);
}

std::string frame_text(ByteView bytes, const TraceNames& names) {
  if (bytes.front() < 0x80) return "clear " + packet_text(bytes, names);
  if (const auto v = decode<l0::Init>(bytes)) {
    return "init, link " + std::to_string(v->initiator_link) + ", to " +
           (v->target.is_zero() ? "whoever answers" : node_text(v->target, names));
  }
  if (const auto v = decode<l0::Resp>(bytes)) {
    return "resp, links " + std::to_string(v->head.initiator_link) + " and " +
           std::to_string(v->head.responder_link);
  }
  if (const auto v = decode<l0::Auth>(bytes)) {
    return "auth, link " + std::to_string(v->responder_link);
  }
  if (const auto v = decode<DataFrame>(bytes)) {
    return "data-frame, link " + std::to_string(v->head.receiver_link) + ", key epoch " +
           std::to_string(v->head.type & 15) + ", counter " + std::to_string(v->head.counter);
  }
  if (decode<BeaconFrame>(bytes)) return "beacon";
  if (const auto v = decode<BroadcastFrame>(bytes)) {
    return "broadcast, context " + std::to_string(v->context);
  }
  return "no frame that mehr knows: " + short_hex(bytes);
}

enum class Carries { nothing_known, frame, packet, control, destination };

Carries carries(const std::string& what) {
  if (what.starts_with("frame-")) return Carries::frame;
  if (what.starts_with("packet-")) return Carries::packet;
  if (what.starts_with("control-")) return Carries::control;
  if (what.starts_with("route-")) return Carries::destination;
  return Carries::nothing_known;
}

}  // namespace

std::string clock_text(std::uint64_t nanoseconds) {
  const unsigned long long ms = nanoseconds / 1'000'000;
  std::array<char, 48> out{};
  std::snprintf(out.data(), out.size(), "%02llu:%02llu:%02llu.%03llu", ms / 3'600'000,
                ms / 60'000 % 60, ms / 1000 % 60, ms % 1000);
  return out.data();
}

bool line_points_back(const std::string& what) {
  return what == "frame-arrived" || what == "packet-in" || what == "control-in" ||
         what == "message-delivered";
}

Json decoded(const TraceLine& line) {
  if (line.is_cut) return {{"kind", nullptr}, {"bytes", common::to_hex(line.bytes)}};
  switch (carries(line.what)) {
    case Carries::frame:
      return identify_frame(line.bytes);
    case Carries::packet:
      return identify_among(line.bytes, Family::packet);
    case Carries::control:
      return identify_among(line.bytes, Family::control);
    case Carries::destination:
    case Carries::nothing_known:
      break;
  }
  return {{"kind", nullptr}, {"bytes", common::to_hex(line.bytes)}};
}

std::string summary_of(const TraceLine& line, const TraceNames& names) {
  if (line.bytes.empty()) return "";
  const std::string size =
      ", " + std::to_string(line.size ? *line.size : line.bytes.size()) + " bytes";
  if (line.is_cut) return "too long to decode" + size;
  switch (carries(line.what)) {
    case Carries::frame:
      return frame_text(line.bytes, names) + size;
    case Carries::packet:
      return packet_text(line.bytes, names) + size;
    case Carries::control:
      return control_text(line.bytes, names) + size;
    case Carries::destination:
      if (line.bytes.size() != NodeId::kSize) break;
      return "to " + node_text(NodeId::from(line.bytes), names);
    case Carries::nothing_known:
      break;
  }
  return short_hex(line.bytes);
}

}  // namespace mehr::cli
