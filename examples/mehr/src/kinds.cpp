#include "kinds.h"

#include <algorithm>

#include "meanings.h"
#include "mehr/l0/hdlc.h"
#include "mehr/l0/kiss.h"
#include "mehr/l2/envelope.h"

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
    {"hdlc", "byte stream of frames between 7e flags, as on TCP", true, &show_certain_hdlc},
    {"kiss", "byte stream of frames between c0 flags, as on a TNC", true, &show_certain_kiss},
    {"init", "handshake, first frame", true, &show<l0::Init>},
    {"resp", "handshake, second frame", true, &show<l0::Resp>},
    {"auth", "handshake, third frame", true, &show<l0::Auth>},
    {"rekey-request", "control message: a new link key is wanted", true, &show<l0::RekeyRequest>},
    {"rekey-ack", "control message: the new link key's other half", true, &show<l0::RekeyAck>},
    {"close", "control message: the link ends", true, &show<l0::Close>},
    {"ping", "control message", true, &show<l0::Ping>},
    {"pong", "control message", true, &show<l0::Pong>},
    {"packet-too-big", "control message: packets must be smaller", true, &show<l0::PacketTooBig>},
    {"beacon", "clear presence hint of a neighbour", true, &show<BeaconFrame>},
    {"broadcast", "clear message to all neighbours", true, &show<BroadcastFrame>},
    {"data-frame", "sealed link frame", true, &show<DataFrame>},
    {"transfer-offer", "file transfer: may I send this?", true, &show<transfer::Offer>},
    {"transfer-answer", "file transfer: the receiver's word", true, &show<transfer::Answer>},
    {"transfer-done", "file transfer: the receiver's last word", true, &show<transfer::Done>},
    {"transfer-cancel", "file transfer: the sender gives up", true, &show<transfer::Cancel>},
    {"prekey-bundle", "a node's published prekey", true, &show_certain_bundle},
    {"extension", "the part of an announce behind its signature", true, &show<l1::MehrExtension>},
    {"announce", "DATA of an announce packet", true, &show<l1::Announce>},
    {"packet", "header, destination, context and DATA", true, &show<l0::Packet>},
    {"path-cost", "what a path costs, 7 bytes", false, &show<l1::CompactPathCost>},
    {"auth-tail", "what a node says of itself in a handshake", false, &show<l0::AuthTail>},
    {"auth-body", "plaintext of the sealed part of resp and auth", false, &show<l0::AuthBody>},
    {"signed-body", "plaintext that proves its sender", false, &show<l2::SignedBody>},
    {"envelope-e1", "message sealed to an identity", false, &show<l2::EnvelopeE1>},
    {"envelope-e2", "message sealed to a prekey", false, &show<l2::EnvelopeE2>},
    {"transfer-ack", "file transfer: plaintext of an acknowledgement", false, &show<transfer::Ack>},
};

Json dressed(const Kind& kind, ByteView bytes, const Json& shown) {
  Json out{{"kind", kind.name}, {"size", bytes.size()}};
  out.update(shown);
  return out;
}

std::vector<const Kind*> fitting(ByteView bytes, bool marked) {
  std::vector<const Kind*> out;
  for (const Kind& kind : kKinds) {
    if (kind.marked == marked && kind.show(bytes)) out.push_back(&kind);
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

// Why the kind that the first byte names does not fit, or nothing.
std::string nearest_reason(ByteView bytes) {
  const std::uint8_t first = bytes.front();
  const char* name = nullptr;
  if (first < 0x80) name = "packet";
  if (first == l0::kInitType) name = "init";
  if (first == l0::kRespType) name = "resp";
  if (first == l0::kAuthType) name = "auth";
  if (l0::is_data_frame(first)) name = "data-frame";
  for (const Kind& kind : kKinds) {
    if (name == nullptr || std::string_view(kind.name) != name) continue;
    if (auto shown = kind.show(bytes); !shown) {
      return std::string("; as ") + name + ": " + shown.error().text;
    }
  }
  return "";
}

}  // namespace

std::span<const Kind> kinds() { return kKinds; }

tl::expected<Json, std::string> identify(ByteView bytes) {
  auto marked = fitting(bytes, true);
  auto loose = fitting(bytes, false);
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

Json identify_among(ByteView bytes, std::span<const std::string_view> names) {
  for (const Kind& kind : kKinds) {
    if (std::find(names.begin(), names.end(), kind.name) == names.end()) continue;
    if (auto shown = kind.show(bytes)) return dressed(kind, bytes, *shown);
  }
  return {{"kind", nullptr}, {"size", bytes.size()}, {"bytes", common::to_hex(bytes)}};
}

Json identify_frame(ByteView bytes) {
  static constexpr std::string_view kFrames[] = {"init",   "resp",      "auth",  "data-frame",
                                                 "beacon", "broadcast", "packet"};
  return identify_among(bytes, kFrames);
}

}  // namespace mehr::cli
