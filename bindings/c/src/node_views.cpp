// What a node of mehr/l1.h shows: paths, routes, links, results of probes, announces of others.
#include "node_handle.h"
#include "node_policy.h"

namespace mehr::capi {
namespace {

mehr_path describe(const PathFacts& facts) {
  mehr_path out = MEHR_PATH_INIT;
  out.fresh = facts.fresh ? 1 : 0;
  copy_bytes(facts.next_hop.view(), out.next_hop.bytes);
  out.cost = facts.cost;
  out.latency_ms = facts.latency.count;
  out.bandwidth_bps = facts.bandwidth.count;
  out.age_ms = facts.age.count;
  out.mtu = facts.mtu.bytes;
  out.hops = facts.hops;
  out.reliability = facts.reliability;
  return out;
}

mehr_route describe(const l1::RouteInfo& route) {
  mehr_route out{};
  out.struct_size = sizeof out;
  out.link = route.link.value;
  copy_bytes(route.destination.view(), out.destination.bytes);
  copy_bytes(route.next_hop.view(), out.next_hop.bytes);
  out.cost = route.cost;
  out.latency_ms = route.latency.count;
  out.bandwidth_bps = route.bandwidth.count;
  out.age_ms = route.age.count;
  out.emitted = route.emitted;
  out.mtu = route.mtu.bytes;
  out.hops = route.hop_count;
  out.reliability = route.reliability;
  out.fresh = route.state == l1::RouteState::fresh ? 1 : 0;
  out.ways = static_cast<std::uint32_t>(route.ways);
  return out;
}

mehr_neighbour describe(const l1::LinkView& link, std::uint32_t medium) {
  mehr_neighbour out{};
  out.struct_size = sizeof out;
  out.link = link.info.id.value;
  out.medium = medium;
  out.role = link.info.role == l0::LinkRole::initiator ? MEHR_ROLE_INITIATOR : MEHR_ROLE_RESPONDER;
  copy_bytes(link.info.peer.view(), out.peer.bytes);
  copy_bytes(link.info.peer_key.view(), out.key.bytes);
  out.bandwidth_bps = link.info.bandwidth.count;
  out.latency_ms = link.info.latency.count;
  out.rtt_us = link.rtt_micros;
  out.price = link.price;
  out.clock_offset_ms = link.info.clock_offset_ms;
  out.since_ms = link.info.since.count;
  out.user_bytes = link.figures.user_bytes;
  out.gossip_bytes = link.figures.gossip_bytes;
  out.control_bytes = link.figures.control_bytes;
  out.waiting = link.figures.packets_queued;
  out.rounds_good = link.rounds_good;
  out.rounds_failed = link.rounds_failed;
  out.mtu = link.info.mtu.bytes;
  out.features = link.info.peer_features;
  out.conduct = link.conduct;
  out.half_duplex = link.info.half_duplex ? 1 : 0;
  return out;
}

mehr_probe_report describe(const l1::ProbeReport& report, Millis now) {
  constexpr Mtu kNoneFailed{0xFFFF};
  mehr_probe_report out = MEHR_PROBE_REPORT_INIT;
  out.answered = report.answered;
  out.failed = report.failed;
  out.smallest_failed = report.smallest_failed == kNoneFailed ? 0 : report.smallest_failed.bytes;
  out.searching = report.searching ? 1 : 0;
  out.searched = report.searched ? 1 : 0;
  if (report.answered == 0) return out;
  out.responder_mtu = report.responder_mtu.bytes;
  out.rtt_ms = report.rtt.count;
  out.throughput_bps = report.throughput.count;
  out.measured_bps = report.measured.count;
  out.age_ms = (now - report.at).count;
  out.largest_passed = report.largest_passed.bytes;
  return out;
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

// ---- Paths ----

mehr_status mehr_node_path(const mehr_node* node, const mehr_id* to, const mehr_send_opts* opts,
                           mehr_path* out) noexcept {
  if (to == nullptr) return MEHR_E_INVALID;
  if (auto good = check_struct(out, MEHR_COVERS(mehr_path, fresh)); good < 0) return good;
  mehr_send_opts given;
  PathPolicy policy;
  if (auto good = read_policy(opts, given, policy); good < 0) return good;
  return ask(node, [&](const mehr_node& n) -> mehr_status {
    const auto facts = n.network->path(node_id_of(*to), policy);
    if (!facts) return MEHR_E_NO_ROUTE;
    write_struct(describe(*facts), out);
    return MEHR_OK;
  });
}

mehr_status mehr_node_routes(const mehr_node* node, mehr_route_fn visit, void* user) noexcept {
  if (visit == nullptr) return MEHR_E_INVALID;
  return ask(node, [&](const mehr_node& n) -> mehr_status {
    for (const l1::RouteInfo& route : n.network->routes()) {
      const mehr_route shown = describe(route);
      if (visit(user, &shown) != 0) break;
    }
    return MEHR_OK;
  });
}

mehr_status mehr_node_links(const mehr_node* node, mehr_neighbour_fn visit, void* user) noexcept {
  if (visit == nullptr) return MEHR_E_INVALID;
  return ask(node, [&](const mehr_node& n) -> mehr_status {
    for (const l1::LinkView& link : n.network->links()) {
      const mehr_neighbour shown = describe(link, n.medium_of(link.info.id));
      if (visit(user, &shown) != 0) break;
    }
    return MEHR_OK;
  });
}

mehr_status mehr_node_probed(const mehr_node* node, const mehr_id* to,
                             mehr_probe_report* out) noexcept {
  if (to == nullptr) return MEHR_E_INVALID;
  if (auto good = check_struct(out, MEHR_COVERS(mehr_probe_report, answered)); good < 0) {
    return good;
  }
  return ask(node, [&](const mehr_node& n) -> mehr_status {
    const l1::ProbeReport* report = n.network->probed(node_id_of(*to));
    if (report == nullptr) return MEHR_E_NOT_FOUND;
    write_struct(describe(*report, n.clock.at()), out);
    return MEHR_OK;
  });
}

// ---- Announces of others ----

mehr_status mehr_node_tlv(const mehr_node* node, const mehr_id* of, std::uint32_t type,
                          mehr_buf out, std::size_t* written) noexcept {
  const bool valid = of != nullptr && type <= 0xFF && is_valid(out) && written != nullptr;
  if (!valid) return MEHR_E_INVALID;
  return ask(node, [&](const mehr_node& n) -> mehr_status {
    const auto data = n.network->tlv(node_id_of(*of), static_cast<std::uint8_t>(type));
    return data ? deliver(*data, out, written) : MEHR_E_NOT_FOUND;
  });
}

mehr_status mehr_node_key_of(const mehr_node* node, const mehr_id* of,
                             mehr_public_key* out) noexcept {
  if (of == nullptr || out == nullptr) return MEHR_E_INVALID;
  return ask(node, [&](const mehr_node& n) -> mehr_status {
    const auto key = n.network->key_of(node_id_of(*of));
    if (!key) return MEHR_E_NO_KEY;
    copy_bytes(key->view(), out->bytes);
    return MEHR_OK;
  });
}
