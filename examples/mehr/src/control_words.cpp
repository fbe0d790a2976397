#include "control_words.h"

#include <algorithm>
#include <optional>

#include "meanings.h"
#include "mehr/common/text.h"
#include "mehr/l1/peer_exchange.h"

namespace mehr::cli {
namespace {

using Names = const TraceNames&;

std::string joined(const Json& list) {
  std::string out;
  for (const Json& one : list) out += (out.empty() ? "" : ", ") + one.get<std::string>();
  return out.empty() ? "no tier" : out;
}

std::string round_text(std::uint32_t round) { return ", round " + std::to_string(round); }

std::string rate_text(std::uint64_t bps) { return common::human_rate(static_cast<double>(bps)); }

std::string bytes_text(std::uint64_t bytes) {
  return common::human_bytes(static_cast<double>(bytes));
}

std::string words_of(const l0::Ping& v, Names) { return "ping " + std::to_string(v.token); }

std::string words_of(const l0::Pong& v, Names) {
  return "pong " + std::to_string(v.token) + ", held " + std::to_string(v.hold_ms) + " ms";
}

std::string words_of(const l0::Close& v, Names) {
  return std::string("close: ") + name_of_reason(v.reason);
}

std::string words_of(const l0::PacketTooBig& v, Names names) {
  return "packet-too-big: to " + node_text(v.destination, names) + " at most " +
         std::to_string(v.link_mtu);
}

std::string words_of(const l0::RekeyRequest& v, Names) {
  return "rekey-request, epoch " + std::to_string(v.epoch);
}

std::string words_of(const l0::RekeyAck& v, Names) {
  return "rekey-ack, epoch " + std::to_string(v.epoch);
}

std::string words_of(const l1::CongestionSignal& v, Names) {
  return std::string("congestion-signal: ") + name_of(v.severity()) + ", " + name_of(v.scope()) +
         ", drained in " + common::human_time(v.drain_ms);
}

std::string words_of(const l1::PathUpdate& v, Names names) {
  const l1::PathUpdateItem first = v.item(0);
  std::string out = "path-update: " + node_text(first.destination, names) + " " +
                    (first.path_cost.cost.known() ? price_text(first.path_cost.cost) : "no way");
  return v.count == 1 ? out : out + " and " + std::to_string(v.count - 1) + " more";
}

std::string words_of(const l1::PathRequest& v, Names names) {
  return "path-request: to " + node_text(v.destination, names) + ", ttl " + std::to_string(v.ttl);
}

std::string words_of(const l1::ReservationRequest& v, Names names) {
  return "reservation-request " + std::to_string(v.reservation_id) + ": " +
         bytes_text(v.estimated_bytes) + " to " + node_text(v.destination, names);
}

std::string words_of(const l1::ReservationCommitment& v, Names) {
  std::string out =
      "reservation-commitment " + std::to_string(v.reservation_id) + ": " + name_of(v.status);
  return l1::holds_capacity(v.status) ? out + ", " + rate_text(v.committed_bps) : out;
}

std::string words_of(const l1::ReservationRelease& v, Names) {
  return "reservation-release " + std::to_string(v.reservation_id) + ": " + name_of(v.reason) +
         ", " + bytes_text(v.bytes_transferred);
}

std::string words_of(const l1::DeliveryReceipt& v, Names) {
  return "delivery-receipt " + std::to_string(v.reservation_id) + ": chunk " +
         std::to_string(v.chunk_index) + ", " + bytes_text(v.chunk_bytes);
}

std::string words_of(const l1::GossipBeat& v, Names) {
  return std::string((v.mask & l1::kReplyBit) != 0 ? "gossip-beat reply: " : "gossip-beat: ") +
         joined(tier_names(v.mask)) + round_text(v.round);
}

std::string words_of(const l1::GossipSummary& v, Names) {
  return "gossip-summary: part " + std::to_string(v.part + 1) + " of " + std::to_string(v.parts) +
         ", " + std::to_string(v.size) + " bytes of filter" + round_text(v.round);
}

std::string words_of(const l1::GossipDelta& v, Names) {
  return "gossip-delta: " + std::to_string(v.count) + (v.count == 1 ? " item" : " items") +
         (v.last() ? ", the last" : "") + round_text(v.round);
}

std::string words_of(const l1::GossipPull& v, Names) {
  return "gossip-pull: " + joined(tier_names(v.mask)) + ", at most " + bytes_text(v.max_bytes) +
         round_text(v.round);
}

template <class Message>
bool say(ByteView bytes, Names names, std::string& out) {
  const auto message = decode<Message>(bytes);
  if (message) out = words_of(*message, names);
  return message.has_value();
}

// True when @p bytes are one of @p Messages; @p out then says what it says.
template <class... Messages>
bool say_any(ByteView bytes, Names names, std::string& out) {
  return (say<Messages>(bytes, names, out) || ...);
}

}  // namespace

std::string short_hex(ByteView bytes) {
  constexpr std::size_t kMost = 16;
  const std::string out = common::to_hex(bytes.first(std::min(bytes.size(), kMost)));
  return bytes.size() > kMost ? out + "..." : out;
}

std::string node_text(const NodeId& id, const TraceNames& names) {
  const auto known = names.by_id.find(id);
  return known == names.by_id.end() ? common::to_text(id).substr(0, 8) : names.nodes[known->second];
}

std::string control_text(ByteView bytes, const TraceNames& names) {
  std::string out;
  if (say_any<l0::Ping, l0::Pong, l0::Close, l0::PacketTooBig, l0::RekeyRequest, l0::RekeyAck,
              l1::CongestionSignal, l1::PathUpdate, l1::PathRequest, l1::ReservationRequest,
              l1::ReservationCommitment, l1::ReservationRelease, l1::DeliveryReceipt,
              l1::GossipBeat, l1::GossipSummary, l1::GossipDelta, l1::GossipPull>(bytes, names,
                                                                                  out)) {
    return out;
  }
  if (const auto peers = l1::PeerExchangeReader::open(bytes)) {
    return "peer-exchange: " + std::to_string(peers->count()) + " addresses" +
           (peers->wants_reply() ? ", please reply" : "");
  }
  return "unknown control message " + short_hex(bytes);
}

}  // namespace mehr::cli
