#include "kinds.h"

#include <algorithm>

#include "l1_structures.h"
#include "l2_structures.h"
#include "meanings.h"
#include "mehr/l0/hdlc.h"
#include "mehr/l0/kiss.h"
#include "mehr/l0/pq_rekey.h"
#include "mehr/l1/peer_exchange.h"
#include "mehr/l2/envelope.h"
#include "mehr/l2/key_exchange.h"

namespace mehr::cli {
namespace {

template <class T>
Result<Json> show(ByteView bytes) {
  const auto value = decode<T>(bytes);
  if (!value) return fail(value);
  Json out{{"fields", fields_of(*value)}};
  Json meaning = meaning_of(*value, bytes);
  if (!meaning.empty()) out["meaning"] = std::move(meaning);
  return out;
}

// A structure without a mark of its own that a signature makes certain.
Result<Json> show_certain_bundle(ByteView bytes) {
  const auto value = decode<l2::PrekeyBundle>(bytes);
  if (!value) return fail(value);
  if (auto holds = l2::verify(*value); !holds) return fail(holds);
  return show<l2::PrekeyBundle>(bytes);
}

template <class Decoder>
Result<Json> show_stream(ByteView bytes, std::uint8_t flag) {
  if (std::count(bytes.begin(), bytes.end(), flag) < 2) {
    return fail(Errc::bad_value, "no frame lies between two flags");
  }
  Bytes copy(bytes.begin(), bytes.end());
  MutableBytes rest(copy);
  Decoder decoder;
  Json frames = Json::array();
  while (!rest.empty()) {
    const MutableBytes body = decoder.next(rest);
    if (!body.empty()) frames.push_back(identify_frame(body));
  }
  const auto c = decoder.counters();
  if (frames.empty()) return fail(Errc::bad_value, "no whole frame is in the stream");
  return Json{{"fields", {{"frames", std::move(frames)}}},
              {"meaning",
               {{"frames", c.frames},
                {"dropped_bad_escape", c.bad_escape},
                {"dropped_oversize", c.oversize}}}};
}

Result<Json> show_hdlc(ByteView bytes) {
  return show_stream<l0::HdlcDecoder>(bytes, l0::kHdlcAlphabet.flag);
}
Result<Json> show_kiss(ByteView bytes) {
  return show_stream<l0::KissDecoder>(bytes, l0::kKissAlphabet.flag);
}
// Unasked, only a stream that begins with its flag is taken for one.
Result<Json> show_certain_hdlc(ByteView bytes) {
  if (bytes.front() != l0::kHdlcAlphabet.flag) return fail(Errc::bad_value, "no flag comes first");
  return show_hdlc(bytes);
}
Result<Json> show_certain_kiss(ByteView bytes) {
  if (bytes.front() != l0::kKissAlphabet.flag) return fail(Errc::bad_value, "no flag comes first");
  return show_kiss(bytes);
}

// The order of trying: what is told by most bytes comes first.
constexpr Kind kKinds[] = {
    {"hdlc", "byte stream of frames between 7e flags, as on TCP", Family::stream, Mark::marked,
     &show_certain_hdlc},
    {"kiss", "byte stream of frames between c0 flags, as on a TNC", Family::stream, Mark::marked,
     &show_certain_kiss},
    {"init", "handshake, first frame", Family::frame, Mark::marked, &show<l0::Init>, l0::kInitType},
    {"resp", "handshake, second frame", Family::frame, Mark::marked, &show<l0::Resp>,
     l0::kRespType},
    {"auth", "handshake, third frame", Family::frame, Mark::marked, &show<l0::Auth>, l0::kAuthType},
    {"rekey-request", "control message: a new link key is wanted", Family::control, Mark::marked,
     &show<l0::RekeyRequest>, l0::control::kRekeyRequest},
    {"rekey-ack", "control message: the new link key's other half", Family::control, Mark::marked,
     &show<l0::RekeyAck>, l0::control::kRekeyAck},
    {"close", "control message: the link ends", Family::control, Mark::marked, &show<l0::Close>,
     l0::control::kClose},
    {"ping", "control message", Family::control, Mark::marked, &show<l0::Ping>, l0::control::kPing},
    {"pong", "control message", Family::control, Mark::marked, &show<l0::Pong>, l0::control::kPong},
    {"packet-too-big", "control message: packets must be smaller", Family::control, Mark::marked,
     &show<l0::PacketTooBig>, l0::control::kPacketTooBig},
    {"congestion-signal", "control message: slow down", Family::control, Mark::marked,
     &show<l1::CongestionSignal>, l1::kCongestionSignalType},
    {"path-update", "control message: what paths cost now", Family::control, Mark::marked,
     &show<l1::PathUpdate>, l1::control::kPathUpdate},
    {"path-request", "control message: who knows a way?", Family::control, Mark::marked,
     &show<l1::PathRequest>, l1::control::kPathRequest},
    {"reservation-request", "control message: may I have bandwidth?", Family::control, Mark::marked,
     &show<l1::ReservationRequest>, l1::control::kReservationRequest},
    {"reservation-commitment", "control message: yes, or why not", Family::control, Mark::marked,
     &show<l1::ReservationCommitment>, l1::control::kReservationCommitment},
    {"reservation-release", "control message: a reservation ends", Family::control, Mark::marked,
     &show<l1::ReservationRelease>, l1::control::kReservationRelease},
    {"delivery-receipt", "control message: a reserved chunk was carried", Family::control,
     Mark::marked, &show<l1::DeliveryReceipt>, l1::control::kDeliveryReceipt},
    {"gossip-beat", "control message: a round of gossip starts, or the answer", Family::control,
     Mark::marked, &show<l1::GossipBeat>, l1::control::kGossipBeat},
    {"gossip-summary", "control message: a filter of the items held", Family::control, Mark::marked,
     &show<l1::GossipSummary>, l1::control::kGossipSummary},
    {"gossip-delta", "control message: items that the other side lacks", Family::control,
     Mark::marked, &show<l1::GossipDelta>, l1::control::kGossipDelta},
    {"gossip-pull", "control message: items of these tiers are wanted", Family::control,
     Mark::marked, &show<l1::GossipPull>, l1::control::kGossipPull},
    {"peer-exchange", "control message: addresses of nodes to dial", Family::control, Mark::marked,
     &show_peer_exchange, l1::kPeerExchangeType},
    {"pq-request", "control message: a rekey with ML-KEM", Family::control, Mark::marked,
     &show<l0::PqRequest>, l0::control::kPqRequest},
    {"pq-ack", "control message: its answer", Family::control, Mark::marked, &show<l0::PqAck>,
     l0::control::kPqAck},
    {"key-message", "control message: whose key is it, or the key", Family::control, Mark::marked,
     &show_key_message, l2::kKeyExchangeType},
    {"beacon", "clear presence hint of a neighbour", Family::frame, Mark::marked,
     &show<BeaconFrame>, l0::kBeaconType},
    {"broadcast", "clear message to all neighbours", Family::frame, Mark::marked,
     &show<BroadcastFrame>, l0::kBroadcastType},
    {"data-frame", "sealed link frame", Family::frame, Mark::marked, &show<DataFrame>},
    {"transfer-offer", "file transfer: may I send this?", Family::data, Mark::marked,
     &show<transfer::Offer>},
    {"transfer-answer", "file transfer: the receiver's word", Family::data, Mark::marked,
     &show<transfer::Answer>},
    {"transfer-done", "file transfer: the receiver's last word", Family::data, Mark::marked,
     &show<transfer::Done>},
    {"transfer-cancel", "file transfer: the sender gives up", Family::data, Mark::marked,
     &show<transfer::Cancel>},
    {"prekey-bundle", "a node's published prekey", Family::data, Mark::marked,
     &show_certain_bundle},
    {"key-file", "a seed under a passphrase", Family::data, Mark::marked, &show_key_file},
    {"key-advisory", "notice that a key is compromised", Family::data, Mark::loose,
     &show_key_advisory},
    {"next-key-commitment", "promise of the key that comes next", Family::data, Mark::loose,
     &show_commitment},
    {"probe-request", "DATA of a route probe", Family::probe, Mark::marked, &show_probe_request},
    {"probe-response", "DATA of the answer to a route probe", Family::probe, Mark::marked,
     &show<l1::ProbeResponse>},
    {"extension", "the part of an announce behind its signature", Family::data, Mark::marked,
     &show<l1::MehrExtension>},
    {"announce", "DATA of an announce packet", Family::data, Mark::marked, &show<l1::Announce>},
    {"mep", "proposal to change the protocol", Family::data, Mark::marked, &show_mep},
    {"packet", "header, destination, context and DATA", Family::packet, Mark::marked,
     &show<l0::Packet>},
    {"path-cost", "what a path costs, 7 bytes", Family::data, Mark::loose,
     &show<l1::CompactPathCost>},
    {"auth-tail", "what a node says of itself in a handshake", Family::data, Mark::loose,
     &show<l0::AuthTail>},
    {"auth-body", "plaintext of the sealed part of resp and auth", Family::data, Mark::loose,
     &show<l0::AuthBody>},
    {"signed-body", "plaintext that proves its sender", Family::data, Mark::loose,
     &show<l2::SignedBody>},
    {"envelope-e1", "message sealed to an identity", Family::data, Mark::loose,
     &show<l2::EnvelopeE1>},
    {"envelope-e2", "message sealed to a prekey", Family::data, Mark::loose, &show<l2::EnvelopeE2>},
    {"transfer-ack", "file transfer: plaintext of an acknowledgement", Family::data, Mark::loose,
     &show<transfer::Ack>},
    {"tlvs", "fields of an announce's extension: type, length, data", Family::data, Mark::by_name,
     &show_tlvs},
    {"extended-version", "data of TLV 01: a major version above 14", Family::data, Mark::by_name,
     &show_tlv<l1::tlv::kExtendedVersion>},
    {"crypto-support", "data of TLV 02: suites that a node supports", Family::data, Mark::by_name,
     &show_tlv<l1::tlv::kCryptoSupport>},
    {"version-signal", "data of TLV 03: votes on proposals", Family::data, Mark::by_name,
     &show_tlv<l1::tlv::kVersionSignal>},
    {"presence", "data of TLV 04: what a node offers", Family::data, Mark::by_name,
     &show_tlv<l1::tlv::kPresence>},
    {"supported-versions", "data of TLV 05: versions that a node speaks", Family::data,
     Mark::by_name, &show_tlv<l1::tlv::kSupportedVersions>},
};

Json dressed(const Kind& kind, ByteView bytes, const Json& shown) {
  Json out{{"kind", kind.name}, {"size", bytes.size()}};
  out.update(shown);
  return out;
}

std::vector<const Kind*> fitting(ByteView bytes, Mark mark) {
  std::vector<const Kind*> out;
  for (const Kind& kind : kKinds) {
    if (kind.mark == mark && kind.show(bytes)) out.push_back(&kind);
  }
  return out;
}

std::string joined(const std::vector<const Kind*>& list) {
  std::string out;
  for (const Kind* kind : list) out += (out.empty() ? "" : ", ") + std::string(kind->name);
  return out;
}

std::string these(ByteView bytes) {
  return bytes.size() == 1 ? "this byte" : "these " + std::to_string(bytes.size()) + " bytes";
}

std::string all_names() {
  std::string out;
  for (const Kind& kind : kKinds) out += (out.empty() ? "" : ", ") + std::string(kind.name);
  return out + "; mehr inspect --help says what they are";
}

// Why the kinds that the first byte names do not fit.
std::string nearest_reason(ByteView bytes) {
  const std::uint8_t first = bytes.front();
  std::string out;
  const auto named = [first](const Kind& kind) {
    return kind.first == first || (first < 0x80 && kind.family == Family::packet);
  };
  for (const Kind& kind : kKinds) {
    if (!named(kind)) continue;
    const auto shown = kind.show(bytes);
    if (!shown) out += std::string("; as ") + kind.name + ": " + shown.error().text;
  }
  return out;
}

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

tl::expected<Json, std::string> identify(ByteView bytes) {
  auto marked = fitting(bytes, Mark::marked);
  auto loose = fitting(bytes, Mark::loose);
  if (marked.empty() && loose.empty()) {
    return tl::unexpected("nothing that mehr knows looks like " + these(bytes) +
                          nearest_reason(bytes) + "\nkinds: " + all_names());
  }
  if (marked.empty() && loose.size() > 1) {
    return tl::unexpected("nothing marks " + these(bytes) + " as one kind; they could be " +
                          joined(loose) + "; say which with --as");
  }
  const Kind& best = marked.empty() ? *loose.front() : *marked.front();
  Json out = dressed(best, bytes, *best.show(bytes));
  marked.insert(marked.end(), loose.begin(), loose.end());
  Json others = Json::array();
  for (const Kind* kind : marked) {
    if (kind != &best) others.push_back(kind->name);
  }
  if (!others.empty()) out["could_also_be"] = std::move(others);
  return out;
}

tl::expected<Json, std::string> show_as(ByteView bytes, const std::string& name) {
  for (const Kind& kind : kKinds) {
    if (name != kind.name) continue;
    // Asked for by name, a structure needs no certainty.
    auto shown = name == "prekey-bundle" ? show<l2::PrekeyBundle>(bytes)
                 : name == "hdlc"        ? show_hdlc(bytes)
                 : name == "kiss"        ? show_kiss(bytes)
                                         : kind.show(bytes);
    if (!shown) {
      return tl::unexpected("no " + name + " in " + these(bytes) + ": " + shown.error().text);
    }
    return dressed(kind, bytes, *shown);
  }
  return tl::unexpected("there is no kind \"" + common::printable(name) +
                        "\"; kinds: " + all_names());
}

Json identify_among(ByteView bytes, Family family) {
  for (const Kind& kind : kKinds) {
    if (kind.family != family || kind.mark != Mark::marked) continue;
    if (auto shown = kind.show(bytes)) return dressed(kind, bytes, *shown);
  }
  return {{"kind", nullptr}, {"size", bytes.size()}, {"bytes", common::to_hex(bytes)}};
}

Json identify_frame(ByteView bytes) {
  Json frame = identify_among(bytes, Family::frame);
  return frame["kind"].is_null() ? identify_among(bytes, Family::packet) : frame;
}

}  // namespace mehr::cli
