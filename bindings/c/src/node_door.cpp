// The sealed door of a node, of mehr/l2.h. Over mehr/l2/sealed_messenger.h.
#include <algorithm>

#include "mehr/l2.h"
#include "node_handle.h"
#include "node_policy.h"

namespace mehr::capi {
namespace {

constexpr std::uint32_t kLargestU16 = 0xFFFF;
constexpr std::uint32_t kLargestSubType = 0xFF;
constexpr std::uint32_t kPad = MEHR_SEND_PAD_TO_MTU;  // of another enumeration than the others
constexpr std::uint32_t kFlags = kPad | MEHR_SEND_PROVEN | MEHR_SEND_ONE_HOP | MEHR_SEND_ONION;

mehr_status read_door_opts(const mehr_door_opts* in, mehr_door_opts& out) {
  out = MEHR_DOOR_OPTS_INIT;
  if (in != nullptr) {
    if (auto good = read_struct(in, sizeof(out.struct_size), out); good < 0) return good;
  }
  if (out.onion_hops == 0) out.onion_hops = l2::kDefaultOnionHops;
  return out.onion_hops <= l2::kMostOnionHops && out.cover <= 1 ? MEHR_OK : MEHR_E_INVALID;
}

/// What messages are told apart by; nothing when there is none of those numbers.
std::optional<Protocol> protocol_of(std::uint32_t context, std::uint32_t port) {
  const Protocol out{static_cast<std::uint8_t>(context), static_cast<std::uint16_t>(port)};
  const bool datagram = context >= context::kRealTime && context <= context::kBulk;
  if (datagram && port <= kLargestU16) return out;
  const bool message = context <= 0xFF && context::carries_messages(out.context);
  return message && port >= 1 && port <= kLargestSubType ? std::optional(out) : std::nullopt;
}

MessageHandler handler_of(Passage& passage, mehr_sealed_fn handler, void* user) {
  if (handler == nullptr) return {};
  return [&passage, handler, user](const Message& message) {
    mehr_sealed_message out{};
    out.struct_size = sizeof out;
    out.context = message.protocol.context;
    out.port = message.protocol.port;
    out.link = message.link;
    out.body = {message.body.data(), message.body.size()};
    if (message.sender) {
      out.proven = 1;
      copy_bytes(message.sender->view(), out.sender.bytes);
    }
    (void)passage.call([&] { handler(user, &out); });
  };
}

// What every call on the door begins with.
template <class Body>
mehr_status with_door(mehr_node* node, Entry entry, Body&& body) noexcept {
  return enter(node, entry, [&](mehr_node& n) -> mehr_status {
    return n.door ? body(*n.door, n) : MEHR_E_WRONG_STATE;
  });
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

mehr_status mehr_node_open_door(mehr_node* node, const mehr_door_opts* opts) noexcept {
  mehr_door_opts given;
  if (auto good = read_door_opts(opts, given); good < 0) return good;
  return enter(node, Entry::fresh, [&](mehr_node& n) -> mehr_status {
    if (n.door) return MEHR_E_WRONG_STATE;
    l1::Network& network = *n.network;
    n.door.emplace(network, network, *n.identity, n.random, n.clock, n.limits,
                   l2::SealedMessenger::Beside{&network, &network, nullptr, &n.clock});
    n.events.watch(*n.door);
    n.door->set_onion_hops(given.onion_hops);
    n.door->resume_prekeys(given.last_prekey);
    n.door->set_cover(given.cover == 1);
    return MEHR_OK;
  });
}

mehr_status mehr_node_on_sealed(mehr_node* node, std::uint32_t context, std::uint32_t port,
                                mehr_sealed_fn handler, void* user) noexcept {
  const auto protocol = protocol_of(context, port);
  if (!protocol) return MEHR_E_INVALID;
  return with_door(node, Entry::nested, [&](l2::SealedMessenger& door, mehr_node& n) {
    door.on(*protocol, handler_of(n.passage, handler, user));
    return MEHR_OK;
  });
}

mehr_status mehr_node_send_sealed(mehr_node* node, const mehr_id* to, std::uint32_t context,
                                  std::uint32_t port, mehr_bytes body,
                                  const mehr_send_opts* opts) noexcept {
  const auto protocol = protocol_of(context, port);
  if (to == nullptr || !protocol || !is_valid(body)) return MEHR_E_INVALID;
  SendOptions options;
  if (auto good = read_send_opts(opts, options, kFlags); good < 0) return good;
  const bool datagram = !context::carries_messages(protocol->context);
  // Of a datagram the port says whether it is proven, and none goes one hop.
  if (datagram && (options.proven || options.one_hop)) return MEHR_E_INVALID;
  if (options.one_hop && options.onion_route) return MEHR_E_INVALID;
  return with_door(node, Entry::nested, [&](l2::SealedMessenger& door, mehr_node&) {
    return status_of(door.send(node_id_of(*to), *protocol, view_of(body), options));
  });
}

std::size_t mehr_node_max_sealed(const mehr_node* node, const mehr_id* to) noexcept {
  std::size_t longest = 0;
  const mehr_status asked = ask(node, [&](const mehr_node& n) -> mehr_status {
    if (to != nullptr && n.door) longest = n.door->max_body(node_id_of(*to));
    return MEHR_OK;
  });
  return asked == MEHR_OK ? longest : 0;
}

mehr_status mehr_node_set_cover(mehr_node* node, std::uint32_t cover) noexcept {
  if (cover > 1) return MEHR_E_INVALID;
  return with_door(node, Entry::nested, [&](l2::SealedMessenger& door, mehr_node&) {
    door.set_cover(cover == 1);
    return MEHR_OK;
  });
}

mehr_status mehr_node_rotate_prekey(mehr_node* node, mehr_buf out, std::size_t* written) noexcept {
  if (written == nullptr || !is_valid(out)) return MEHR_E_INVALID;
  return with_door(node, Entry::fresh, [&](l2::SealedMessenger& door, mehr_node&) -> mehr_status {
    *written = wire_size<l2::PrekeyBundle>;
    if (is_size_query(out)) return MEHR_OK;
    if (out.size < *written) return MEHR_E_TOO_BIG;  // before the old one is replaced
    const auto bundle = door.rotate_prekey();
    if (!bundle) return status_of(bundle.error());
    return deliver(encode_fixed(*bundle), out, written);
  });
}

mehr_status mehr_node_learn_prekey(mehr_node* node, mehr_bytes bundle) noexcept {
  if (!is_valid(bundle)) return MEHR_E_INVALID;
  return with_door(node, Entry::nested, [&](l2::SealedMessenger& door, mehr_node&) -> mehr_status {
    const auto given = decode<l2::PrekeyBundle>(view_of(bundle));
    return given ? status_of(door.learn_prekey(*given)) : status_of(given.error());
  });
}
