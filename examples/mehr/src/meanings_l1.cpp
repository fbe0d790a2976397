// What the structures of L1 mean.
#include <array>
#include <limits>

#include "l1_structures.h"
#include "meanings.h"
#include "mehr/l1/version.h"

namespace mehr::cli {
namespace {

constexpr std::uint64_t kAnyPrice = std::numeric_limits<std::uint64_t>::max();

std::string rate_text(std::uint64_t bps) { return common::human_rate(static_cast<double>(bps)); }

std::string price_text(std::uint64_t micro_mhr) {
  return micro_mhr == 0 ? "free" : std::to_string(micro_mhr) + " uMHR per byte";
}

}  // namespace

const char* name_of(l1::Severity severity) {
  static constexpr std::array<const char*, l1::kSeverities> kNames{"moderate", "severe",
                                                                   "saturated"};
  return kNames[static_cast<std::size_t>(severity)];
}

const char* name_of(l1::SignalScope scope) {
  return scope == l1::SignalScope::this_link ? "this link" : "all links";
}

const char* name_of(l1::ReservationStatus status) {
  static constexpr std::array<const char*, 5> kNames{
      "accepted", "accepted as far as is known", "too dear", "no route", "too little bandwidth"};
  return kNames[static_cast<std::size_t>(status)];
}

const char* name_of(l1::ReleaseReason reason) {
  static constexpr std::array<const char*, 4> kNames{"complete", "path failure", "timeout",
                                                     "cancelled by the sender"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::string price_text(const l1::CostCode& code) {
  return code.known() ? price_text(code.normalized().decode()) : "unknown";
}

Json tier_names(std::uint8_t mask) {
  static constexpr std::array<const char*, 4> kNames{"routing", "payment and key safety",
                                                     "capabilities", "trust and names"};
  Json out = Json::array();
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((mask >> i & 1) != 0) out.push_back(kNames[i]);
  }
  return out;
}

// ---- Announces and paths
// -------------------------------------------------------------------------

Json meaning_of(const l1::CompactPathCost& v, ByteView) {
  Json out{{"latency_ms", v.worst_latency_ms},
           {"bandwidth_bps", v.bottleneck_bps.decode().count},
           {"relays", v.hop_count},
           {"mtu", v.bottleneck_mtu.usable().bytes}};
  if (v.cost.known()) {
    out["micro_mhr_per_byte"] = v.cost.normalized().decode();
  } else {
    out["micro_mhr_per_byte"] = nullptr;
  }
  return out;
}

Json meaning_of(const l1::MehrExtension& v, ByteView) {
  const auto version = l1::version_of(v);
  return {
      {"version", !version ? "unknown future version"
                           : std::to_string(version->major) + "." + std::to_string(version->minor)},
      {"path_cost", meaning_of(v.path_cost, {})},
      {"tlvs", tlv_list(v.tlvs.bytes)}};
}

Json meaning_of(const l1::Announce& v, ByteView) {
  const NodeId origin = l1::destination_of(v);
  return {{"origin", common::to_text(origin)},
          {"signature_holds", l1::verify(v, origin).has_value()},
          {"extension", meaning_of(v.extension, {})}};
}

Json meaning_of(const l1::PathUpdate& v, ByteView) {
  Json items = Json::array();
  for (std::size_t i = 0; i < v.count; ++i) {
    const l1::PathUpdateItem item = v.item(i);
    Json out = fields_of(item);
    out["path_cost"] = meaning_of(item.path_cost, {});
    if (!item.path_cost.cost.known()) out["says"] = "no way left through this neighbour";
    items.push_back(std::move(out));
  }
  return {{"items", std::move(items)}};
}

Json meaning_of(const l1::ProbeResponse& v, ByteView) {
  return {{"measured", v.measured_bps == 0 ? "unknown" : rate_text(v.measured_bps)},
          {"timestamp_echo", "only the asking node can read it"}};
}

// ---- Congestion and reservations
// -----------------------------------------------------------------

Json meaning_of(const l1::CongestionSignal& v, ByteView) {
  return {{"severity", name_of(v.severity())},
          {"scope", name_of(v.scope())},
          {"drained_in", common::human_time(v.drain_ms)}};
}

Json meaning_of(const l1::ReservationRequest& v, ByteView) {
  return {{"bytes", common::human_bytes(static_cast<double>(v.estimated_bytes))},
          {"at_least", v.min_throughput == 0 ? "whatever there is" : rate_text(v.min_throughput)},
          {"at_most", v.max_cost_per_byte == kAnyPrice ? "whatever it costs"
                                                       : price_text(v.max_cost_per_byte)},
          {"for", common::human_time(std::uint64_t{v.valid_for_seconds} * 1000)},
          {"onion", v.flags.require_onion()},
          {"may_reroute", v.flags.allow_reroute()}};
}

Json meaning_of(const l1::ReservationCommitment& v, ByteView) {
  Json out{{"status", name_of(v.status)}};
  if (l1::holds_capacity(v.status)) {
    out["rate"] = rate_text(v.committed_bps);
    out["price"] = price_text(v.actual_cost_per_byte);
  }
  return out;
}

Json meaning_of(const l1::ReservationRelease& v, ByteView) {
  return {{"reason", name_of(v.reason)},
          {"bytes", common::human_bytes(static_cast<double>(v.bytes_transferred))}};
}

Json meaning_of(const l1::DeliveryReceipt& v, ByteView) {
  return {{"bytes", common::human_bytes(static_cast<double>(v.chunk_bytes))},
          {"time", "of the sending neighbour's node clock"}};
}

// ---- Gossip
// --------------------------------------------------------------------------------------

Json meaning_of(const l1::GossipBeat& v, ByteView) {
  return {{"tiers", tier_names(v.mask)}, {"reply", (v.mask & l1::kReplyBit) != 0}};
}

Json meaning_of(const l1::GossipSummary& v, ByteView) {
  return {{"tiers", tier_names(v.mask)},
          {"reply", (v.mask & l1::kReplyBit) != 0},
          {"part", std::to_string(v.part + 1) + " of " + std::to_string(v.parts)}};
}

Json meaning_of(const l1::GossipDelta& v, ByteView) {
  Json items = Json::array();
  l1::DeltaReader reader(v.items.bytes);
  while (const auto item = reader.next()) items.push_back(gossip_item(item->kind, item->body));
  return {{"last", v.last()}, {"items", std::move(items)}};
}

Json meaning_of(const l1::GossipPull& v, ByteView) { return {{"tiers", tier_names(v.mask)}}; }

}  // namespace mehr::cli
