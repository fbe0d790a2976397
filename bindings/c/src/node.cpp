// The node of mehr/l1.h as a whole: its life, its time, its media. Over mehr/l0/links.h.
#include <algorithm>
#include <gsl/assert>

#include "mehr/l0/packet.h"
#include "mehr/l1/announce.h"
#include "node_handle.h"

namespace mehr::capi {
namespace {

constexpr std::uint32_t kLargestU16 = 0xFFFF;
constexpr std::size_t kFrameMax = l0::kBulkMtu.bytes + l0::kLinkOverhead;

std::optional<Limits> limits_of(std::uint32_t limits) {
  if (limits == MEHR_LIMITS_STANDARD) return Limits::standard();
  if (limits == MEHR_LIMITS_SMALL) return Limits::small();
  if (limits == MEHR_LIMITS_MINIMAL) return Limits::minimal();
  return std::nullopt;
}

bool is_mtu(std::uint32_t mtu) { return mtu >= l0::kConstrainedMtu.bytes && mtu <= kLargestU16; }

mehr_status read_node_opts(const mehr_node_opts* in, mehr_node_opts& out) {
  out = MEHR_NODE_OPTS_INIT;
  if (in != nullptr) {
    if (auto good = read_struct(in, sizeof(out.struct_size), out); good < 0) return good;
  }
  if (out.mtu == 0) out.mtu = l0::kBulkMtu.bytes;
  if (out.features == 0) out.features = MEHR_FEATURE_L1_RELAY | MEHR_FEATURE_GOSSIP;
  if (out.max_hops == 0) out.max_hops = l0::kMaxHops;
  const bool good = limits_of(out.limits) && is_mtu(out.mtu) && out.max_hops <= l0::kMaxHops;
  if (!good) return MEHR_E_INVALID;
  return (out.flags & ~std::uint32_t{MEHR_NODE_SILENT}) == 0 ? MEHR_OK : MEHR_E_UNSUPPORTED;
}

mehr_status read_storage(const mehr_storage* in, mehr_storage& out) {
  if (auto good = read_struct(in, MEHR_COVERS(mehr_storage, user), out); good < 0) return good;
  const bool good = out.get != nullptr && out.put != nullptr && out.reserved == 0;
  return good ? MEHR_OK : MEHR_E_INVALID;
}

mehr_status read_medium_opts(const mehr_medium_opts* in, mehr_medium_opts& out) {
  if (auto good = read_struct(in, MEHR_COVERS(mehr_medium_opts, send), out); good < 0) return good;
  const bool good = out.kind <= MEHR_MEDIUM_DATAGRAM && out.mode <= MEHR_MODE_DUAL &&
                    out.interface_id <= kLargestU16 && out.half_duplex <= 2 &&
                    (out.mtu == 0 || is_mtu(out.mtu)) && out.latency_ms <= UINT32_MAX &&
                    out.send != nullptr;
  return good ? MEHR_OK : MEHR_E_INVALID;
}

mehr_status read_frame_from(const mehr_frame_from* in, FrameInfo& out) {
  if (in == nullptr) return MEHR_OK;
  mehr_frame_from from;
  if (auto good = read_struct(in, MEHR_COVERS(mehr_frame_from, remote), from); good < 0)
    return good;
  if (from.reserved != 0) return MEHR_E_INVALID;
  out.from = Remote::from(from.remote.bytes);
  out.source = SourceKey::from(from.source.bytes);
  return MEHR_OK;
}

// What every call about one medium begins with.
template <class Body>
mehr_status with_medium(mehr_node* node, Entry entry, std::uint32_t id, Body&& body) noexcept {
  return enter(node, entry, [&](mehr_node& n) -> mehr_status {
    NodeMedium* medium = n.medium(id);
    return medium == nullptr ? MEHR_E_NOT_FOUND : body(n, *medium);
  });
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

// ---- The handle ----

mehr_node::mehr_node(std::shared_ptr<const Signer> own, const mehr_random& source)
    : identity(std::move(own)), random(source), events(*this), scratch(kFrameMax) {}

mehr_node::~mehr_node() {
  door.reset();
  network.reset();
  links.reset();
}

void mehr_node::build(const mehr_node_opts& opts) {
  limits = *limits_of(opts.limits);
  const l0::LocalTerms terms{Mtu{static_cast<std::uint16_t>(opts.mtu)}, opts.features};
  media.resize(limits.media);
  link_media.reserve(limits.links);
  links.emplace(l0::Links::Config{terms, limits}, *identity, clock, clock, random);
  network.emplace(*links, clock, clock, random, *identity, storage ? &*storage : nullptr, limits);
  links->set_observer(&events);
  network->set_max_hops(static_cast<std::uint8_t>(opts.max_hops));
  network->set_announcing((opts.flags & MEHR_NODE_SILENT) == 0);
  events.watch(*network);
}

NodeMedium* mehr_node::medium(std::uint32_t id) const {
  if (id == 0) return nullptr;
  NodeMedium* found = media[(id - 1) % media.size()].get();
  return found != nullptr && found->id() == id ? found : nullptr;
}

std::uint32_t mehr_node::medium_of(l0::LinkId id) const {
  for (const auto& [link, over] : link_media) {
    if (link == id) return over;
  }
  return 0;
}

mehr_status mehr_node_new(const mehr_identity* identity, const mehr_random* random,
                          const mehr_node_opts* opts, const mehr_now* now,
                          mehr_node** out) noexcept {
  return guard([&]() -> mehr_status {
    if (identity == nullptr || out == nullptr) return MEHR_E_INVALID;
    mehr_random source;
    mehr_node_opts given;
    mehr_now at;
    if (auto good = read_random(random, source); good < 0) return good;
    if (auto good = read_node_opts(opts, given); good < 0) return good;
    if (auto good = read_now(now, at); good < 0) return good;
    mehr_storage storage = MEHR_STORAGE_INIT;
    if (given.storage != nullptr) {
      if (auto good = read_storage(given.storage, storage); good < 0) return good;
    }
    auto node = std::make_unique<mehr_node>(identity->signer, source);
    if (auto good = node->random.freshen(); good < 0) return good;
    node->clock.set(at);
    if (given.storage != nullptr) node->storage.emplace(node->passage, storage);
    node->build(given);
    if (node->passage.thrown < 0) return node->passage.thrown;
    *out = node.release();
    return MEHR_OK;
  });
}

void mehr_node_free(mehr_node* node) noexcept { delete node; }

// ---- Time ----

mehr_status mehr_node_step(mehr_node* node, const mehr_now* now) noexcept {
  mehr_now at;
  if (auto good = read_now(now, at); good < 0) return good;
  return enter(node, Entry::fresh, [&](mehr_node& n) -> mehr_status {
    if (Millis{at.steady_ms} < n.clock.now()) return MEHR_E_INVALID;
    n.clock.set(at);
    n.clock.run();
    return MEHR_OK;
  });
}

std::uint64_t mehr_node_next_deadline_ms(const mehr_node* node) noexcept {
  return node == nullptr ? UINT64_MAX : node->clock.next().count;
}

// ---- Media ----

mehr_status mehr_node_attach(mehr_node* node, const mehr_medium_opts* opts,
                             std::uint32_t* medium) noexcept {
  if (medium == nullptr) return MEHR_E_INVALID;
  mehr_medium_opts given;
  if (auto good = read_medium_opts(opts, given); good < 0) return good;
  return enter(node, Entry::outermost, [&](mehr_node& n) -> mehr_status {
    // The next id that has never been given and whose place is free.
    std::uint32_t id = 0;
    for (std::size_t i = 0; i < n.media.size() && id == 0; ++i) {
      const std::uint32_t next = ++n.attached;
      if (next != 0 && n.media[(next - 1) % n.media.size()] == nullptr) id = next;
    }
    if (id == 0) return MEHR_E_FULL;
    auto made = std::make_unique<NodeMedium>(n.passage, id, given);
    if (const Status attached = n.links->attach(*made); !attached) return status_of(attached);
    n.media[(id - 1) % n.media.size()] = std::move(made);
    *medium = id;
    return MEHR_OK;
  });
}

mehr_status mehr_node_detach(mehr_node* node, std::uint32_t medium) noexcept {
  return with_medium(node, Entry::outermost, medium,
                     [&](mehr_node& n, NodeMedium& gone) -> mehr_status {
                       n.links->detach(gone);
                       n.media[(medium - 1) % n.media.size()] = nullptr;
                       return MEHR_OK;
                     });
}

mehr_status mehr_node_frame_in(mehr_node* node, std::uint32_t medium, const mehr_frame_from* from,
                               mehr_bytes frame) noexcept {
  FrameInfo info;
  if (!is_valid(frame)) return MEHR_E_INVALID;
  if (auto good = read_frame_from(from, info); good < 0) return good;
  return with_medium(node, Entry::fresh, medium, [&](mehr_node& n, NodeMedium& on) -> mehr_status {
    if (frame.size > n.scratch.size()) return MEHR_E_TOO_BIG;
    const MutableBytes copy = MutableBytes(n.scratch).first(frame.size);
    copy_bytes(view_of(frame), copy);
    n.links->on_frame(on, info, copy);
    return MEHR_OK;
  });
}

mehr_status mehr_node_writable(mehr_node* node, std::uint32_t medium) noexcept {
  return with_medium(node, Entry::outermost, medium,
                     [](mehr_node& n, NodeMedium& on) -> mehr_status {
                       n.links->on_writable(on);
                       return MEHR_OK;
                     });
}

// ---- Links ----

mehr_status mehr_node_establish(mehr_node* node, std::uint32_t medium, const mehr_remote* to,
                                const mehr_id* expected, std::uint32_t* link) noexcept {
  return with_medium(node, Entry::fresh, medium, [&](mehr_node& n, NodeMedium& on) -> mehr_status {
    const Remote remote = to == nullptr ? Remote{} : Remote::from(to->bytes);
    const auto peer = expected == nullptr ? std::nullopt : std::optional(node_id_of(*expected));
    const auto made = n.links->establish(on, remote, peer);
    if (!made) return status_of(made.error());
    if (link != nullptr) *link = made->value;
    return MEHR_OK;
  });
}

mehr_status mehr_node_close(mehr_node* node, std::uint32_t link, std::uint32_t reason) noexcept {
  if (reason > MEHR_CLOSE_IDLE) return MEHR_E_INVALID;
  const auto why = static_cast<l0::CloseReason>(reason);
  if (link == 0) {
    return enter(node, Entry::outermost, [&](mehr_node& n) -> mehr_status {
      n.links->close_all(why);
      return MEHR_OK;
    });
  }
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    if (link <= kLargestU16) n.links->close({static_cast<std::uint16_t>(link)}, why);
    return MEHR_OK;
  });
}

// ---- Sizes ----

std::size_t mehr_l1_remote_bytes() noexcept { return sizeof(mehr_remote); }
std::size_t mehr_l1_source_bytes() noexcept { return sizeof(mehr_source); }
std::size_t mehr_l1_frame_bytes() noexcept { return kFrameMax; }
std::size_t mehr_l1_body_bytes() noexcept { return l0::max_data(l0::MtuClass::bulk); }
std::size_t mehr_l1_tlvs_bytes() noexcept { return l1::kTlvsMax; }

std::size_t mehr_l1_links_max(std::uint32_t limits) noexcept {
  const auto known = limits_of(limits);
  return known ? known->links : 0;
}

std::size_t mehr_l1_routes_max(std::uint32_t limits) noexcept {
  const auto known = limits_of(limits);
  return known ? known->routes : 0;
}
