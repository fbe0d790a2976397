#include "l1_structures.h"

#include <arpa/inet.h>

#include <array>

#include "meanings.h"
#include "mehr/common/text.h"
#include "mehr/l1/announce_item.h"
#include "mehr/l1/mep.h"
#include "mehr/l1/peer_exchange.h"
#include "mehr/l1/presence.h"
#include "mehr/l1/version.h"
#include "mehr/l1/version_signal.h"

namespace mehr::cli {
namespace {

std::string number_of(const l1::Version& version) {
  return std::to_string(version.major) + "." + std::to_string(version.minor);
}

std::string address_text(const l1::PeerAddress& at) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (l1::is_v4(at.host)) {
    ::inet_ntop(AF_INET, l1::v4_bytes(at.host).data(), out.data(), out.size());
    return std::string(out.data()) + ":" + std::to_string(at.port);
  }
  ::inet_ntop(AF_INET6, at.host.view().data(), out.data(), out.size());
  return "[" + std::string(out.data()) + "]:" + std::to_string(at.port);
}

const char* name_of(l1::Support support) {
  static constexpr std::array<const char*, 3> kNames{"support", "oppose", "neutral"};
  return kNames[static_cast<std::size_t>(support)];
}

const char* name_of(l1::MepStatus status) {
  switch (status) {
    case l1::MepStatus::draft:
      return "draft";
    case l1::MepStatus::proposed:
      return "proposed";
    case l1::MepStatus::withdrawn:
      return "withdrawn";
    default:
      return "derived, never sent";
  }
}

const char* name_of(l1::MepCategory category) {
  static constexpr std::array<const char*, 4> kNames{"soft extension", "hard change",
                                                     "crypto migration", "process"};
  return kNames[static_cast<std::size_t>(category)];
}

std::string name_of_suite(std::uint8_t id) {
  static constexpr std::array<const char*, 6> kNames{
      "Ed25519, X25519, ECVRF", "ML-DSA-44", "SLH-DSA-128s", "ML-KEM-512", "XVRF",
      "hash-chain lottery"};
  if (id >= 1 && id <= kNames.size()) return kNames[id - 1U];
  return "unknown suite " + std::to_string(id);
}

Result<Json> extended_version(ByteView data) {
  const auto v = decode<l1::ExtendedVersion>(data);
  if (!v) return fail(v);
  return Json{{"version", number_of({v->major, v->minor})}};
}

Json suites(ByteView data) {
  Json list = Json::array();
  for (const std::uint8_t id : data) list.push_back(name_of_suite(id));
  return {{"suites", std::move(list)}};
}

Result<Json> votes(ByteView data) {
  const auto signal = l1::decode_version_signal(data);
  if (!signal) return fail(signal);
  Json list = Json::array();
  for (const l1::MepVote& vote : *signal) {
    list.push_back({{"mep", vote.mep_number}, {"vote", name_of(vote.support)}});
  }
  return Json{{"votes", std::move(list)}};
}

Result<Json> presence(ByteView data) {
  static constexpr std::array<const char*, 8> kNames{
      "relay", "gateway", "storage", "compute byte", "compute wasm", "pubsub", "dht", "naming"};
  const auto v = decode<l1::Presence>(data);
  if (!v) return fail(v);
  Json offers = Json::array();
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (v->offers(static_cast<l1::Capability>(i))) offers.push_back(kNames[i]);
  }
  return Json{{"offers", std::move(offers)}, {"cost_tier", v->cost_tier}, {"load", v->load}};
}

Json versions(ByteView data) {
  Json list = Json::array();
  for (const std::uint8_t version : data) list.push_back(version_text(version));
  return {{"versions", std::move(list)}};
}

const char* name_of_item(std::uint8_t kind) {
  struct Name {
    std::uint8_t kind;
    const char* name;
  };
  // spec: README/4.3
  static constexpr Name kNames[] = {{0x01, "announce"},
                                    {0x40, "service debit summary"},
                                    {0x41, "income challenge"},
                                    {0x43, "mint summary"},
                                    {0x44, "attestation chain"},
                                    {0x46, "audit summary"},
                                    {0x47, "trust proof"},
                                    {0x60, "settlement"},
                                    {0x61, "unilateral settlement"},
                                    {0x62, "epoch proposal"},
                                    {0x63, "epoch acknowledgement"},
                                    {0x64, "settlement proof"},
                                    {0x65, "relay win summary"},
                                    {0x66, "key compromise advisory"},
                                    {0x67, "next key commitment"},
                                    {0x69, "overdraft notice"},
                                    {0x90, "fork evidence"},
                                    {0xC0, "trust link"},
                                    {0xD0, "name binding"},
                                    {0xD1, "identity claim"},
                                    {0xD2, "vouch"}};
  for (const Name& known : kNames) {
    if (known.kind == kind) return known.name;
  }
  return "unknown; skipped, neither stored nor passed on";
}

}  // namespace

// ---- Extension fields
// ----------------------------------------------------------------------------

const char* name_of_tlv(std::uint8_t type) {
  switch (type) {
    case l1::tlv::kExtendedVersion:
      return "extended version";
    case l1::tlv::kCryptoSupport:
      return "crypto support";
    case l1::tlv::kVersionSignal:
      return "version signal";
    case l1::tlv::kPresence:
      return "presence";
    case l1::tlv::kSupportedVersions:
      return "supported versions";
    default:
      return type >= 0x80 ? "experiment; kept and skipped" : "unknown; kept and skipped";
  }
}

Result<Json> meaning_of_tlv(std::uint8_t type, ByteView data) {
  switch (type) {
    case l1::tlv::kExtendedVersion:
      return extended_version(data);
    case l1::tlv::kCryptoSupport:
      return suites(data);
    case l1::tlv::kVersionSignal:
      return votes(data);
    case l1::tlv::kPresence:
      return presence(data);
    case l1::tlv::kSupportedVersions:
      return versions(data);
    default:
      return Json(nullptr);
  }
}

Json tlv_list(ByteView tlvs) {
  Json list = Json::array();
  l1::TlvReader reader(tlvs);
  while (const auto tlv = reader.next()) {
    Json out{
        {"type", tlv->type}, {"name", name_of_tlv(tlv->type)}, {"data", common::to_hex(tlv->data)}};
    const auto meaning = meaning_of_tlv(tlv->type, tlv->data);
    if (!meaning) {
      out["ignored"] = meaning.error().text;
    } else if (!meaning->is_null()) {
      out["meaning"] = *meaning;
    }
    list.push_back(std::move(out));
  }
  return list;
}

Result<Json> show_tlvs(ByteView bytes) {
  l1::TlvReader reader(bytes);
  while (reader.next()) {
  }
  if (reader.malformed()) return fail(Errc::truncated, "a field runs past the end");
  return Json{{"fields", {{"tlvs", tlv_list(bytes)}}}};
}

Result<Json> show_tlv_data(std::uint8_t type, ByteView bytes) {
  auto meaning = meaning_of_tlv(type, bytes);
  if (!meaning) return fail(meaning);
  return Json{{"fields", {{"data", common::to_hex(bytes)}}}, {"meaning", std::move(*meaning)}};
}

// ---- Messages
// ------------------------------------------------------------------------------------

Result<Json> show_peer_exchange(ByteView bytes) {
  auto reader = l1::PeerExchangeReader::open(bytes);
  if (!reader) return fail(reader);
  Json peers = Json::array();
  while (const auto entry = reader->next()) {
    peers.push_back(
        {{"address", address_text(entry->at)},
         {"node", entry->node.is_zero() ? Json(nullptr) : Json(common::to_text(entry->node))},
         {"age_minutes", entry->age_minutes}});
  }
  return Json{{"fields",
               {{"type", l1::kPeerExchangeType},
                {"flags", bytes[1]},
                {"count", reader->count()},
                {"peers", std::move(peers)}}},
              {"meaning", {{"wants_reply", reader->wants_reply()}}}};
}

Result<Json> show_probe_request(ByteView bytes) {
  const auto v = l1::decode_probe_request(bytes);
  if (!v) return fail(v);
  return Json{{"fields",
               {{"sub_type", l1::kProbeRequestType},
                {"probe_id", v->probe_id},
                {"payload_size", v->payload_size},
                {"timestamp", v->timestamp}}},
              {"meaning",
               {{"packet_bytes", v->payload_size},
                {"padding_bytes", v->payload_size - l1::kProbeMin},
                {"timestamp", "only its sender can read it"}}}};
}

Result<Json> show_mep(ByteView bytes) {
  const auto v = l1::decode_mep(bytes);
  if (!v) return fail(v);
  Json fields{{"mep_number", v->number},
              {"title", std::string(v->title)},
              {"author", common::to_text(v->author)},
              {"status", static_cast<unsigned>(v->status)},
              {"category", static_cast<unsigned>(v->category)},
              {"target_major", v->target_major},
              {"target_minor", v->target_minor},
              {"spec_hash", common::to_hex(v->spec_hash.view())},
              {"reference_impl_hash", nullptr},
              {"created", v->created},
              {"signature", common::to_hex(v->signature.view())}};
  if (v->reference_impl_hash) {
    fields["reference_impl_hash"] = common::to_hex(v->reference_impl_hash->view());
  }
  return Json{{"fields", std::move(fields)},
              {"meaning",
               {{"status", name_of(v->status)},
                {"category", name_of(v->category)},
                {"target_version", number_of({v->target_major, v->target_minor})},
                {"rejected_at_epoch", v->created + l1::kMepSunset},
                {"signature", "needs the author's key, which is not here: not checked"}}}};
}

Json gossip_item(std::uint8_t kind, ByteView body) {
  Json out{{"kind", kind},
           {"name", name_of_item(kind)},
           {"tier", static_cast<unsigned>(tier_of(kind))},
           {"size", body.size()}};
  const auto id = l1::received_item_id({kind, body});
  if (id) out["id"] = common::to_hex(id->view());
  if (kind == l1::kAnnounceKind) {
    const auto item = decode<l1::AnnounceItem>(body);
    const auto announce = item ? decode<l1::Announce>(item->data.bytes) : fail(item);
    if (announce) {
      out["hops"] = item->hops;
      out["destination"] = common::to_text(item->destination);
      out["announce"] = {{"fields", fields_of(*announce)},
                         {"meaning", meaning_of(*announce, item->data.bytes)}};
      return out;
    }
    out["undecodable"] = announce.error().text;
  }
  out["body"] = common::to_hex(body);
  return out;
}

}  // namespace mehr::cli
