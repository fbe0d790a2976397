#include "meanings.h"

#include "mehr/core/crypto.h"
#include "mehr/core/messenger.h"
#include "mehr/l0/link_layer.h"

namespace mehr::cli {
namespace {

std::string node_text(const PublicKey& key) { return common::to_text(crypto::node_id_of(key)); }

const char* name_of(l0::DestinationType type) {
  switch (type) {
    case l0::DestinationType::single:
      return "single";
    case l0::DestinationType::group:
      return "group";
    case l0::DestinationType::plain:
      return "plain";
    case l0::DestinationType::link:
      return "link";
  }
  return "?";
}

Json feature_names(std::uint32_t features) {
  static constexpr std::array<const char*, 5> kNames{"l1 relay", "l2 node", "gossip", "bridge",
                                                     "post-quantum"};
  Json out = Json::array();
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if ((features >> i & 1) != 0) out.push_back(kNames[i]);
  }
  return out;
}

Json announce_in(const l0::Packet& packet) {
  const auto announce = decode<l1::Announce>(packet.data.bytes);
  if (!announce) return {{"undecodable", announce.error().text}};
  Json meaning = meaning_of(*announce, packet.data.bytes);
  meaning["destination_matches_key"] = l1::destination_of(*announce) == packet.destination;
  return {{"fields", fields_of(*announce)}, {"meaning", std::move(meaning)}};
}

}  // namespace

std::string version_text(std::uint8_t version) {
  return std::to_string(version >> 4) + "." + std::to_string(version & 15);
}

const char* name_of(l0::PacketType type) {
  switch (type) {
    case l0::PacketType::data:
      return "data";
    case l0::PacketType::announce:
      return "announce";
    case l0::PacketType::link_request:
      return "link request";
    case l0::PacketType::proof:
      return "proof";
  }
  return "?";
}

const char* name_of_context(std::uint8_t context) {
  switch (context) {
    case context::kAnnounce:
      return "announce, or a bare envelope";
    case context::kRealTime:
      return "datagram, real time (P0)";
    case context::kInteractive:
      return "datagram, interactive (P1)";
    case context::kStandard:
      return "datagram, standard (P2)";
    case context::kBulk:
      return "datagram, bulk (P3)";
    case l1::kProbeContext:
      return "route probe";
    default:
      return "a service above this node's";
  }
}

const char* name_of_reason(std::uint8_t reason) {
  switch (static_cast<l0::CloseReason>(reason)) {
    case l0::CloseReason::shutdown:
      return "shut down";
    case l0::CloseReason::version:
      return "no common protocol version";
    case l0::CloseReason::mtu:
      return "MTU below 484";
    case l0::CloseReason::duplicate:
      return "duplicate link";
    case l0::CloseReason::rekey_failed:
      return "changing the key failed";
    case l0::CloseReason::policy:
      return "policy";
    case l0::CloseReason::idle:
      return "idle";
    default:
      return "unknown; closes all the same";
  }
}

Json meaning_of(const l0::Init& v, ByteView) {
  Json out{{"version", version_text(v.version)}};
  if (v.target.is_zero()) out["target"] = "whoever answers";
  return out;
}

Json meaning_of(const l0::Resp& v, ByteView) { return {{"version", version_text(v.head.version)}}; }

Json meaning_of(const l0::AuthTail& v, ByteView) {
  return {{"version", version_text(v.version)}, {"features", feature_names(v.features)}};
}

Json meaning_of(const l0::AuthBody& v, ByteView) {
  Json out = meaning_of(v.tail, {});
  out["node"] = node_text(v.key);
  return out;
}

Json meaning_of(const DataFrame& v, ByteView) {
  return {
      {"key_epoch_mod_16", v.head.type & 15},
      {"message_and_padding_bytes", v.sealed.bytes.size() + l0::kDataHeadSize - l0::kLinkOverhead}};
}

Json meaning_of(const l0::Close& v, ByteView) { return {{"reason", name_of_reason(v.reason)}}; }

Json meaning_of(const l0::Packet& v, ByteView bytes) {
  Json out{{"type", name_of(v.flags.type())},
           {"destination_type", name_of(v.flags.destination_type())},
           {"relayed", v.flags.in_transport()},
           {"context", name_of_context(v.context)},
           {"data_bytes", v.data.bytes.size()},
           {"packet_id", common::to_hex(l0::packet_id(bytes).view())}};
  if (v.flags.type() == l0::PacketType::announce) {
    out["announce"] = announce_in(v);
  } else if (v.context == l1::kProbeContext) {
    out["probe"] = identify_among(v.data.bytes, Family::probe);
  }
  return out;
}

Json meaning_of(const l2::PrekeyBundle& v, ByteView) {
  return {{"node", node_text(v.identity)}, {"signature_holds", l2::verify(v).has_value()}};
}

Json meaning_of(const l2::SignedBody& v, ByteView) {
  return {{"sender", node_text(v.sender)},
          {"signature", "covers the envelope too, which is not here: not checked"},
          {"body_bytes", v.body.bytes.size()}};
}

Json meaning_of(const transfer::Offer& v, ByteView) {
  return {{"name", std::string(transfer::text_of(v.name))},
          {"chunks", v.chunk == 0 ? 0 : transfer::chunk_count(v.size, v.chunk)}};
}

Json meaning_of(const transfer::Answer& v, ByteView) {
  static constexpr std::array<const char*, 5> kNames{"accepted", "refused", "busy", "too large",
                                                     "no space"};
  return {{"verdict", kNames[static_cast<std::size_t>(v.verdict)]}};
}

Json meaning_of(const transfer::Done& v, ByteView) {
  static constexpr std::array<const char*, 4> kNames{"received", "content differs", "disk failed",
                                                     "cancelled"};
  return {{"outcome", kNames[static_cast<std::size_t>(v.outcome)]}};
}

}  // namespace mehr::cli
