// What decoded structures mean, in words and units; overloads found by kinds.cpp.
//
// Place: examples/mehr. Each takes the structure and the bytes it came from and answers an object;
// a structure without an overload has nothing to add.
#pragma once

#include "json_describer.h"
#include "mehr/l0/link_frames.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/announce.h"
#include "mehr/l1/congestion_signal.h"
#include "mehr/l1/gossip_messages.h"
#include "mehr/l1/path_messages.h"
#include "mehr/l1/probe_messages.h"
#include "mehr/l1/reservation_messages.h"
#include "mehr/l2/prekey.h"
#include "mehr/l2/signed_body.h"
#include "mehr/transfer/messages.h"

namespace mehr::cli {

/// A DATA frame: the clear head, and what only the two ends of the link can open.
struct DataFrame {
  l0::DataHead head;
  Tail sealed;
  static constexpr auto wire =
      std::tuple{field("head", &DataFrame::head), field("sealed", &DataFrame::sealed)};
  [[nodiscard]] constexpr Status check() const {
    if (!l0::is_data_frame(head.type)) {
      return fail(Errc::bad_value, "a DATA frame begins with 90 to 9f");
    }
    if (sealed.bytes.size() + l0::kDataHeadSize < l0::kLinkOverhead) {
      return fail(Errc::truncated, "a DATA frame has at least 24 bytes");
    }
    return {};
  }
};

/// BEACON: a clear hint of a neighbour, opaque to L0. spec: L0/5.1
struct BeaconFrame {
  Constant<l0::kBeaconType> type;
  FixedBytes<l0::kBeaconFrameSize - 1, struct BeaconBodyTag> body;
  static constexpr auto wire =
      std::tuple{field("type", &BeaconFrame::type), field("body", &BeaconFrame::body)};
};

/// BROADCAST: a clear message to all neighbours. spec: L0/5.1
struct BroadcastFrame {
  Constant<l0::kBroadcastType> type;
  std::uint8_t context = 0;
  Tail message;
  static constexpr auto wire =
      std::tuple{field("type", &BroadcastFrame::type), field("context", &BroadcastFrame::context),
                 field("message", &BroadcastFrame::message)};
  [[nodiscard]] constexpr Status check() const {
    if (message.bytes.size() > l0::kMaxBroadcastMessage) {
      return fail(Errc::too_big, "a BROADCAST message has at most 482 bytes");
    }
    return {};
  }
};

[[nodiscard]] const char* name_of(l0::PacketType type);
/// What a packet's context byte says, for people.
[[nodiscard]] const char* name_of_context(std::uint8_t context);
/// Why a link was closed.
[[nodiscard]] const char* name_of_reason(std::uint8_t reason);
[[nodiscard]] const char* name_of(l1::Severity severity);
[[nodiscard]] const char* name_of(l1::SignalScope scope);
[[nodiscard]] const char* name_of(l1::ReservationStatus status);
[[nodiscard]] const char* name_of(l1::ReleaseReason reason);
/// "1.0".
[[nodiscard]] std::string version_text(std::uint8_t version);
/// "free", "unknown" or a price per byte.
[[nodiscard]] std::string price_text(const l1::CostCode& code);
/// Names of the tiers in a mask.
[[nodiscard]] Json tier_names(std::uint8_t mask);

inline Json meaning_of(const auto&, ByteView) { return Json::object(); }
Json meaning_of(const l0::Init& v, ByteView);
Json meaning_of(const l0::Resp& v, ByteView);
Json meaning_of(const l0::AuthTail& v, ByteView);
Json meaning_of(const l0::AuthBody& v, ByteView);
Json meaning_of(const DataFrame& v, ByteView);
Json meaning_of(const l0::Close& v, ByteView);
Json meaning_of(const l0::Packet& v, ByteView bytes);
Json meaning_of(const l1::CompactPathCost& v, ByteView);
Json meaning_of(const l1::CongestionSignal& v, ByteView);
Json meaning_of(const l1::PathUpdate& v, ByteView);
Json meaning_of(const l1::ReservationRequest& v, ByteView);
Json meaning_of(const l1::ReservationCommitment& v, ByteView);
Json meaning_of(const l1::ReservationRelease& v, ByteView);
Json meaning_of(const l1::DeliveryReceipt& v, ByteView);
Json meaning_of(const l1::GossipBeat& v, ByteView);
Json meaning_of(const l1::GossipSummary& v, ByteView);
Json meaning_of(const l1::GossipDelta& v, ByteView);
Json meaning_of(const l1::GossipPull& v, ByteView);
Json meaning_of(const l1::ProbeResponse& v, ByteView);
Json meaning_of(const l1::MehrExtension& v, ByteView);
Json meaning_of(const l1::Announce& v, ByteView);
Json meaning_of(const l2::PrekeyBundle& v, ByteView);
Json meaning_of(const l2::SignedBody& v, ByteView);
Json meaning_of(const transfer::Offer& v, ByteView);
Json meaning_of(const transfer::Answer& v, ByteView);
Json meaning_of(const transfer::Done& v, ByteView);

}  // namespace mehr::cli
