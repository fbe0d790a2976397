// What a node of mehr/l1.h does: announce, send, receive, probe, reserve. Over mehr/l1/network.h.
#include "mehr/l1/probe_messages.h"
#include "node_handle.h"
#include "node_policy.h"

namespace mehr::capi {
namespace {

using l1::ReservationKey;
using l1::ReservationOrder;

constexpr std::uint32_t kUsualReservation = 3600;

bool is_context(std::uint32_t context) { return context <= 0xFF && context != l1::kProbeContext; }

// Whose messages the sealed door takes while it is open.
bool is_of_door(std::uint8_t context) {
  return (context >= context::kRealTime && context <= context::kOnion) ||
         context::carries_messages(context);
}

mehr_status read_order(const mehr_reservation_order* in, ReservationOrder& out) {
  mehr_reservation_order given;
  const auto good = read_struct(in, MEHR_COVERS(mehr_reservation_order, estimated_bytes), given);
  if (good < 0) return good;
  if (given.allow_reroute > 1) return MEHR_E_INVALID;
  out.estimated_bytes = given.estimated_bytes;
  out.min_throughput = given.min_throughput_bps;
  out.max_cost_per_byte = given.max_cost_per_byte;
  out.valid_for_seconds =
      given.valid_for_seconds == 0 ? kUsualReservation : given.valid_for_seconds;
  if (given.allow_reroute != 0) out.flags.bits = l1::ReservationFlags::kAllowReroute;
  return MEHR_OK;
}

// A handler of the caller's, as the network calls it.
MessageHandler handler_of(Passage& passage, mehr_message_fn handler, void* user) {
  if (handler == nullptr) return {};
  return [&passage, handler, user](const Message& message) {
    mehr_message out{};
    out.struct_size = sizeof out;
    out.context = message.protocol.context;
    out.body = {message.body.data(), message.body.size()};
    (void)passage.call([&] { handler(user, &out); });
  };
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

// ---- Announcing ----

mehr_status mehr_node_announce_now(mehr_node* node) noexcept {
  return enter(node, Entry::nested, [](mehr_node& n) -> mehr_status {
    n.network->announce_now();
    return MEHR_OK;
  });
}

mehr_status mehr_node_set_announcing(mehr_node* node, std::uint32_t announcing) noexcept {
  if (announcing > 1) return MEHR_E_INVALID;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    n.network->set_announcing(announcing == 1);
    return MEHR_OK;
  });
}

mehr_status mehr_node_set_max_hops(mehr_node* node, std::uint32_t max_hops) noexcept {
  if (max_hops < 1 || max_hops > l0::kMaxHops) return MEHR_E_INVALID;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    n.network->set_max_hops(static_cast<std::uint8_t>(max_hops));
    return MEHR_OK;
  });
}

mehr_status mehr_node_set_tlvs(mehr_node* node, mehr_bytes tlvs) noexcept {
  if (!is_valid(tlvs)) return MEHR_E_INVALID;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    return status_of(n.network->set_tlvs(view_of(tlvs)));
  });
}

// ---- Messages ----

mehr_status mehr_node_on_message(mehr_node* node, std::uint32_t context, mehr_message_fn handler,
                                 void* user) noexcept {
  if (!is_context(context)) return MEHR_E_INVALID;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    const Protocol protocol{static_cast<std::uint8_t>(context), 0};
    if (n.door && is_of_door(protocol.context)) return MEHR_E_WRONG_STATE;
    n.network->on(protocol, handler_of(n.passage, handler, user));
    return MEHR_OK;
  });
}

mehr_status mehr_node_send(mehr_node* node, const mehr_id* to, std::uint32_t context,
                           mehr_bytes body, const mehr_send_opts* opts) noexcept {
  if (to == nullptr || !is_context(context) || !is_valid(body)) return MEHR_E_INVALID;
  SendOptions options;
  if (auto good = read_send_opts(opts, options, MEHR_SEND_PAD_TO_MTU); good < 0) return good;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    const Protocol protocol{static_cast<std::uint8_t>(context), 0};
    return status_of(n.network->send(node_id_of(*to), protocol, view_of(body), options));
  });
}

mehr_status mehr_node_seek(mehr_node* node, const mehr_id* to) noexcept {
  if (to == nullptr) return MEHR_E_INVALID;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    return n.network->seek(node_id_of(*to)) ? MEHR_OK : MEHR_E_DENIED;
  });
}

std::size_t mehr_node_max_body(const mehr_node* node, const mehr_id* to) noexcept {
  std::size_t longest = 0;
  const mehr_status asked = ask(node, [&](const mehr_node& n) -> mehr_status {
    if (to != nullptr) longest = n.network->max_body(node_id_of(*to));
    return MEHR_OK;
  });
  return asked == MEHR_OK ? longest : 0;
}

// ---- Probes ----

mehr_status mehr_node_probe(mehr_node* node, const mehr_id* to, std::uint32_t size) noexcept {
  if (to == nullptr) return MEHR_E_INVALID;
  if (size < l1::kProbeMin || size > l1::kProbeMax) return MEHR_E_BAD_VALUE;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    return status_of(n.network->probe(node_id_of(*to), Mtu{static_cast<std::uint16_t>(size)}));
  });
}

mehr_status mehr_node_search_mtu(mehr_node* node, const mehr_id* to) noexcept {
  if (to == nullptr) return MEHR_E_INVALID;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    return status_of(n.network->search_mtu(node_id_of(*to)));
  });
}

// ---- Reservations ----

mehr_status mehr_node_reserve(mehr_node* node, const mehr_id* to,
                              const mehr_reservation_order* order, mehr_reservation* out) noexcept {
  if (to == nullptr || out == nullptr) return MEHR_E_INVALID;
  ReservationOrder given;
  if (auto good = read_order(order, given); good < 0) return good;
  given.destination = node_id_of(*to);
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    const auto key = n.network->reserve(given);
    if (!key) return status_of(key.error());
    *out = {key->incarnation, key->slot, 0};
    return MEHR_OK;
  });
}

mehr_status mehr_node_release(mehr_node* node, const mehr_reservation* reservation,
                              std::uint32_t complete) noexcept {
  if (reservation == nullptr || complete > 1) return MEHR_E_INVALID;
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    const ReservationKey key{reservation->place, reservation->number};
    const auto reason =
        complete == 1 ? l1::ReleaseReason::complete : l1::ReleaseReason::sender_cancel;
    return status_of(n.network->release(key, reason));
  });
}
