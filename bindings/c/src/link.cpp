// The link machine of mehr/l0.h, over mehr/l0/link.h.
#include "mehr/l0/link.h"

#include <gsl/assert>
#include <optional>
#include <vector>

#include "handles.h"
#include "link_handle.h"
#include "mehr/l0/packet.h"

namespace mehr::capi {
namespace {

using l0::Link;

constexpr std::uint64_t kUsualBandwidth = 1'000'000'000;
constexpr std::uint32_t kLargestU16 = 0xFFFF;

Link::Now now_of(const mehr_now& now) { return {Millis{now.steady_ms}, NodeTime{now.node_ms}}; }

mehr_status read_link_opts(const mehr_link_opts* in, mehr_link_opts& out) {
  out = MEHR_LINK_OPTS_INIT;
  if (in != nullptr) {
    if (auto good = read_struct(in, sizeof(out.struct_size), out); good < 0) return good;
  }
  if (out.mtu == 0) out.mtu = l0::kBulkMtu.bytes;
  if (out.bandwidth_bps == 0) out.bandwidth_bps = kUsualBandwidth;
  const bool good = out.mtu >= l0::kConstrainedMtu.bytes && out.mtu <= kLargestU16 &&
                    out.medium <= MEHR_MEDIUM_DATAGRAM && out.link_id <= kLargestU16 &&
                    out.reserved == 0;
  return good ? MEHR_OK : MEHR_E_INVALID;
}

// What initiating and responding have in common: arguments checked, entropy at hand.
struct Prepared {
  std::unique_ptr<mehr_link> handle;
  mehr_link_opts opts;
  mehr_now now;
};

mehr_status prepare(const mehr_identity* identity, const mehr_random* random,
                    const mehr_link_opts* opts, const mehr_now* now, mehr_link** out,
                    Prepared& prepared) {
  if (identity == nullptr || out == nullptr) return MEHR_E_INVALID;
  mehr_random source;
  if (auto good = read_random(random, source); good < 0) return good;
  if (auto good = read_link_opts(opts, prepared.opts); good < 0) return good;
  if (auto good = read_now(now, prepared.now); good < 0) return good;
  prepared.handle = std::make_unique<mehr_link>(identity->signer, source, prepared.opts);
  if (auto good = prepared.handle->random.refill(); good < 0) return good;
  prepared.handle->settle_id();
  return MEHR_OK;
}

mehr_status start(Prepared& prepared, mehr_link** out) {
  mehr_link& handle = *prepared.handle;
  const Link::Actions actions = handle.link->start(now_of(prepared.now));
  for (const Link::Action& action : actions) {
    // Only a degenerate key in INIT ends a link before it has begun: no handle is worth keeping.
    if (const auto* closed = std::get_if<Link::Closed>(&action)) return status_of(closed->why);
  }
  handle.actions.push(actions);
  *out = prepared.handle.release();
  return MEHR_OK;
}

// ---- Events ----

mehr_status event_of(const mehr_event* in, mehr_event& given, Link::Event& out) {
  if (auto good = read_struct(in, MEHR_COVERS(mehr_event, kind), given); good < 0) return good;
  if (!is_valid(given.frame) || given.reserved != 0) return MEHR_E_INVALID;
  switch (given.kind) {
    case MEHR_EVENT_FRAME:
      if (given.frame.size != 0 && l0::is_data_frame(given.frame.data[0])) return MEHR_E_INVALID;
      out = Link::HandshakeFrame{view_of(given.frame)};
      return MEHR_OK;
    case MEHR_EVENT_TIMER:
      out = Link::Timer{};
      return MEHR_OK;
    case MEHR_EVENT_CLOSE:
      if (given.reason > MEHR_CLOSE_IDLE) return MEHR_E_INVALID;
      out = Link::CloseRequest{static_cast<l0::CloseReason>(given.reason)};
      return MEHR_OK;
    case MEHR_EVENT_MEDIUM_LOST:
      out = Link::MediumLost{};
      return MEHR_OK;
    default:
      return MEHR_E_INVALID;
  }
}

// Before anything happens: room for what the machine may want done, and entropy for it.
mehr_status make_ready(mehr_link& handle) {
  if (handle.link->is_closed()) return MEHR_OK;
  if (!handle.actions.has_room()) return MEHR_E_FULL;
  return handle.random.refill();
}

// ---- Actions ----

struct Describe {
  mehr_action& out;

  void operator()(const Link::SendFrame& send) const {
    out.kind = MEHR_ACTION_SEND;
    out.frame = mehr_bytes{send.bytes.data(), send.size};
  }
  void operator()(const Link::SendLarge&) const {
    Expects(false);  // of hybrid links, which these are not: no KEM is given
  }
  void operator()(const Link::Opened&) const { out.kind = MEHR_ACTION_OPENED; }
  void operator()(const Link::RoundTrip& trip) const {
    out.kind = MEHR_ACTION_ROUND_TRIP;
    out.rtt_ms = trip.rtt.count;
  }
  void operator()(const Link::Malformed&) const { out.kind = MEHR_ACTION_MALFORMED; }
  void operator()(const Link::Refused& refused) const {
    out.kind = MEHR_ACTION_REFUSED;
    explain(refused.why);
  }
  void operator()(const Link::Closed& closed) const {
    out.kind = MEHR_ACTION_CLOSED;
    out.reason = static_cast<std::uint32_t>(closed.reason);
    explain(closed.why);
  }
  void explain(const Error& why) const {
    out.why = status_of(why);
    out.text = why.text;
  }
};

// ---- Sealed messages ----

// spec: L0/5.5, README/9 item 16
std::size_t padded_size(ByteView message, std::uint32_t padding, Mtu mtu) {
  if (padding == MEHR_PAD_NONE) return 0;
  if (padding == MEHR_PAD_TO_MTU) return mtu.bytes;
  const bool announce = message.size() >= l0::kHeaderSize &&
                        l0::PacketFlags{message[0]}.type() == l0::PacketType::announce;
  const bool user_packet = message[0] < 0x80 && !announce;
  return user_packet && l0::class_of(mtu) == l0::MtuClass::constrained ? mtu.bytes : 0;
}

bool is_own_control(std::uint8_t type) {
  return type >= l0::control::kRekeyRequest && type <= l0::control::kPong;
}

// A frame that does not open ends a handshake on a stream, as every stray frame does there.
// spec: README/9 item 11
mehr_status unopened(mehr_link& handle, const Error& why, const Link::Now& now) {
  if (handle.link->is_half_open())
    handle.actions.push(handle.link->step(Link::HandshakeFrame{}, now));
  return status_of(why);
}

mehr_status open_frame(mehr_link& handle, ByteView frame, const Link::Now& now, const mehr_buf& out,
                       std::size_t* written) {
  const MutableBytes copy = MutableBytes(handle.scratch).first(frame.size());
  copy_bytes(frame, copy);
  const auto message = handle.link->open(copy, now.steady);
  if (!message) return unopened(handle, message.error(), now);
  if (!is_own_control((*message)[0])) return deliver(*message, out, written);
  handle.actions.push(handle.link->step(Link::ControlMessage{*message}, now));
  *written = 0;
  return MEHR_OK;
}

mehr_link_info describe(const mehr_link& handle) {
  mehr_link_info out = MEHR_LINK_INFO_INIT;
  const Link& link = *handle.link;
  const auto& peer = link.peer();
  out.state = MEHR_LINK_HANDSHAKE;
  if (link.is_active()) out.state = MEHR_LINK_ACTIVE;
  if (link.is_closed()) out.state = MEHR_LINK_CLOSED;
  out.role = link.role() == l0::LinkRole::initiator ? MEHR_ROLE_INITIATOR : MEHR_ROLE_RESPONDER;
  out.link_id = handle.opts.link_id;
  out.peer_link_id = peer.peer_link;
  out.mtu = peer.mtu.bytes;
  out.peer_features = peer.peer_tail.features;
  out.key_epoch = link.key_epoch();
  out.clock_offset_ms = link.clock_offset_ms();
  copy_bytes(peer.peer.view(), out.peer.bytes);
  copy_bytes(peer.peer_key.view(), out.peer_key.bytes);
  return out;
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

mehr_status mehr_frame_inspect(mehr_bytes frame, mehr_frame_info* out) noexcept {
  return guard([&]() -> mehr_status {
    if (!is_valid(frame)) return MEHR_E_INVALID;
    const auto good = check_struct(out, MEHR_COVERS(mehr_frame_info, kind));
    if (good < 0) return good;
    Reader r(view_of(frame));
    std::uint8_t type = 0;
    r.get(type);
    mehr_frame_info found = MEHR_FRAME_INFO_INIT;
    found.kind = MEHR_FRAME_OTHER;
    if (type == l0::kInitType) found.kind = MEHR_FRAME_INIT;
    if (type == l0::kRespType) found.kind = MEHR_FRAME_RESP;
    if (type == l0::kAuthType) found.kind = MEHR_FRAME_AUTH;
    if (l0::is_data_frame(type)) found.kind = MEHR_FRAME_DATA;
    if (found.kind != MEHR_FRAME_OTHER && found.kind != MEHR_FRAME_INIT) {
      std::uint8_t version = 0;
      if (found.kind == MEHR_FRAME_RESP) r.get(version);
      std::uint16_t link_id = 0;
      r.get(link_id);
      found.link_id = link_id;
    }
    if (!r.ok()) return MEHR_E_TRUNCATED;
    write_struct(found, out);
    return MEHR_OK;
  });
}

mehr_status mehr_link_initiate(const mehr_identity* identity, const mehr_random* random,
                               const mehr_link_opts* opts, const mehr_now* now,
                               mehr_link** out) noexcept {
  return guard([&]() -> mehr_status {
    Prepared prepared;
    const auto good = prepare(identity, random, opts, now, out, prepared);
    if (good < 0) return good;
    const NodeId peer = NodeId::from(prepared.opts.expected_peer.bytes);
    mehr_link& handle = *prepared.handle;
    handle.link.emplace(handle.config(), peer.is_zero() ? std::nullopt : std::optional(peer),
                        now_of(prepared.now));
    return start(prepared, out);
  });
}

mehr_status mehr_link_respond(const mehr_identity* identity, const mehr_random* random,
                              const mehr_link_opts* opts, mehr_bytes init, const mehr_now* now,
                              mehr_link** out) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || !is_valid(init)) return MEHR_E_INVALID;
    Prepared prepared;
    const auto good = prepare(identity, random, opts, now, out, prepared);
    if (good < 0) return good;
    if (!all_zero(prepared.opts.expected_peer.bytes)) return MEHR_E_INVALID;
    const auto accepted =
        l0::ResponderHandshake::accepts(view_of(init), identity->signer->node_id());
    if (!accepted) return status_of(accepted.error());
    mehr_link& handle = *prepared.handle;
    handle.link.emplace(handle.config(), view_of(init), now_of(prepared.now));
    return start(prepared, out);
  });
}

void mehr_link_free(mehr_link* link) noexcept { delete link; }

mehr_status mehr_link_step(mehr_link* link, const mehr_event* event, const mehr_now* now) noexcept {
  return guard([&]() -> mehr_status {
    if (link == nullptr) return MEHR_E_INVALID;
    mehr_event given;
    mehr_now at;
    Link::Event what;
    if (auto good = event_of(event, given, what); good < 0) return good;
    if (auto good = read_now(now, at); good < 0) return good;
    if (auto good = make_ready(*link); good < 0) return good;
    if (given.kind == MEHR_EVENT_TIMER) link->rekey_due = false;
    link->actions.push(link->link->step(what, now_of(at)));
    return MEHR_OK;
  });
}

mehr_status mehr_link_poll(mehr_link* link, mehr_action* out) noexcept {
  return guard([&]() -> mehr_status {
    if (link == nullptr) return MEHR_E_INVALID;
    if (auto good = check_struct(out, MEHR_COVERS(mehr_action, frame)); good < 0) return good;
    mehr_action action = MEHR_ACTION_INIT;
    if (const Link::Action* next = link->actions.pop()) std::visit(Describe{action}, *next);
    write_struct(action, out);
    return MEHR_OK;
  });
}

std::uint64_t mehr_link_next_deadline_ms(const mehr_link* link) noexcept {
  if (link == nullptr) return UINT64_MAX;
  const Millis deadline = link->link->next_deadline();
  return link->rekey_due && deadline != Millis::never() ? 0 : deadline.count;
}

mehr_status mehr_link_seal(mehr_link* link, mehr_bytes message, std::uint32_t padding,
                           const mehr_now* now, mehr_buf out, std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    const bool valid = link != nullptr && message.data != nullptr && message.size != 0 &&
                       padding <= MEHR_PAD_NONE && is_valid(out) && written != nullptr;
    if (!valid || is_own_control(message.data[0])) return MEHR_E_INVALID;
    mehr_now at;
    if (auto good = read_now(now, at); good < 0) return good;
    if (!link->link->is_active()) return MEHR_E_WRONG_STATE;
    const Mtu mtu = link->link->peer().mtu;
    if (message.size > mtu.bytes) return MEHR_E_TOO_BIG;
    const std::size_t padded = padded_size(view_of(message), padding, mtu);
    const std::size_t needed = std::max(message.size, padded) + l0::kLinkOverhead;
    if (is_size_query(out) || out.size < needed) {
      *written = needed;
      return is_size_query(out) ? MEHR_OK : MEHR_E_TOO_BIG;
    }
    const auto frame = link->link->seal(view_of(message), padded, room_of(out));
    link->rekey_due = link->link->wants_rekey(Millis{at.steady_ms});
    if (!frame) return status_of(frame.error());
    *written = frame->size();
    return MEHR_OK;
  });
}

mehr_status mehr_link_open(mehr_link* link, mehr_bytes frame, const mehr_now* now, mehr_buf out,
                           std::size_t* written) noexcept {
  return guard([&]() -> mehr_status {
    if (link == nullptr || !is_valid(frame) || !is_valid(out) || written == nullptr) {
      return MEHR_E_INVALID;
    }
    mehr_now at;
    if (auto good = read_now(now, at); good < 0) return good;
    if (frame.size < l0::kLinkOverhead) {
      if (auto good = make_ready(*link); good < 0) return good;
      return unopened(*link, {Errc::truncated, "a DATA frame has at least 24 bytes"}, now_of(at));
    }
    const std::size_t needed = frame.size - l0::kLinkOverhead;
    if (is_size_query(out) || out.size < needed) {
      *written = needed;
      return is_size_query(out) ? MEHR_OK : MEHR_E_TOO_BIG;
    }
    if (frame.size > link->scratch.size()) return MEHR_E_TOO_BIG;
    if (auto good = make_ready(*link); good < 0) return good;
    return open_frame(*link, view_of(frame), now_of(at), out, written);
  });
}

mehr_status mehr_link_get_info(const mehr_link* link, mehr_link_info* out) noexcept {
  return guard([&]() -> mehr_status {
    if (link == nullptr) return MEHR_E_INVALID;
    const auto good = check_struct(out, MEHR_COVERS(mehr_link_info, state));
    if (good < 0) return good;
    write_struct(describe(*link), out);
    return MEHR_OK;
  });
}
