// Links, routes, ways and probes as JSON: raw numbers, null for what is not known.
#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <tuple>

#include "mehr/common/text.h"
#include "views.h"

namespace mehr::daemon {
namespace {

using common::to_text;

/// In a route's cost: the neighbour does not say. spec: L1/2 0xFFFF
constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();

Json known_or_null(std::uint64_t value, std::uint64_t unknown) {
  return value == unknown ? Json(nullptr) : Json(value);
}

// What is known of one way; the same of a route, whose best way it is.
Json way_fields(const l1::RouteInfo& r) {
  return {{"next_hop", r.foreign ? Json(nullptr) : Json(to_text(r.next_hop))},
          {"relays", r.hop_count},
          {"state", r.state == l1::RouteState::fresh ? "fresh" : "stale"},
          {"link", known_or_null(r.link.value, 0)},
          {"cost_per_byte", known_or_null(r.cost, kUnknown)},
          {"latency_ms", r.foreign ? Json(nullptr) : Json(r.latency.count)},
          {"bandwidth_bps", r.foreign ? Json(nullptr) : Json(r.bandwidth.count)},
          {"mtu", r.mtu.bytes},
          {"reliability", known_or_null(r.reliability, 0)},
          {"age_ms", r.age.count},
          {"reticulum", r.foreign}};
}

const char* name_of(l1::NextHop::Way way) {
  switch (way) {
    case l1::NextHop::Way::neighbour:
      return "neighbour";
    case l1::NextHop::Way::feasible:
      return "feasible";
    case l1::NextHop::Way::unsafe:
      return "unsafe";
    case l1::NextHop::Way::stale:
      return "stale";
    case l1::NextHop::Way::ring:
      return "ring";
  }
  return "?";
}

const char* name_of(l1::Severity severity) {
  static constexpr std::array<const char*, l1::kSeverities> kNames{"moderate", "severe",
                                                                   "saturated"};
  return kNames[static_cast<std::size_t>(severity)];
}

std::uint64_t sum(const std::array<std::uint64_t, l1::kPriorities>& levels) {
  return std::accumulate(levels.begin(), levels.end(), std::uint64_t{0});
}

// Packets and messages that did not leave, by why.
Json drops_view(const l1::LinkFigures& f) {
  return {{"aged", f.drops.age},
          {"full", f.drops.full},
          {"of_full_for_memory", f.drops.pool},
          {"channel", f.dropped_channel},
          {"failed", f.dropped_failed},
          {"gossip_displaced", f.gossip_drops.displaced},
          {"gossip_refused", f.gossip_drops.refused},
          {"control_refused", f.urgent_refused}};
}

Json figures_view(const l1::LinkFigures& f) {
  const std::uint64_t lost =
      sum(f.drops.age) + sum(f.drops.full) + f.dropped_channel + f.dropped_failed;
  return {{"configured_bps", f.configured.count},
          {"measured_bps", f.measured.count},
          {"queue_bytes", f.fill.queued},
          {"queue_capacity", f.fill.capacity},
          {"packets_queued", f.packets_queued},
          {"gossip_queued", f.gossip_queued},
          {"packets_in", f.packets_in},
          {"packets_out", f.packets_out},
          {"packets_lost", lost},
          {"dropped", drops_view(f)},
          {"user_bytes", f.user_bytes},
          {"gossip_bytes", f.gossip_bytes},
          {"control_bytes", f.control_bytes},
          {"gossip_mode", f.mode == l1::GossipMode::normal ? "normal" : "recovery"},
          {"recoveries", f.recoveries},
          {"signalled", f.signalled ? Json(name_of(*f.signalled)) : Json(nullptr)},
          {"signals_sent", f.signals_sent},
          {"signals_received", f.signals_received},
          {"backoffs", f.backoffs}};
}

}  // namespace

Json links_view(const ApiParts& p) {
  const Millis now = p.loop.now();
  auto links = p.node.network().links();
  std::sort(links.begin(), links.end(), [](const l1::LinkView& a, const l1::LinkView& b) {
    return std::tie(a.info.peer, a.info.id.value) < std::tie(b.info.peer, b.info.id.value);
  });
  Json list = Json::array();
  for (const l1::LinkView& l : links) {
    Json link{{"node", to_text(l.info.peer)},
              {"address", p.media.address_of(l.info.id)},
              {"role", l.info.role == l0::LinkRole::initiator ? "initiator" : "responder"},
              {"link", l.info.id.value},
              {"since_ms", (now - l.info.since).count},
              {"rtt_us", known_or_null(l.rtt_micros, 0)},
              {"mtu", l.info.mtu.bytes},
              {"half_duplex", l.info.half_duplex},
              {"price_per_byte", l.price},
              {"conduct", l.conduct},
              {"rounds_good", l.rounds_good},
              {"rounds_failed", l.rounds_failed}};
    link.update(figures_view(l.figures));
    list.push_back(std::move(link));
  }
  return {{"links", std::move(list)}};
}

Json routes_view(const ApiParts& p) {
  auto routes = p.node.network().routes();
  std::sort(routes.begin(), routes.end(), [](const l1::RouteInfo& a, const l1::RouteInfo& b) {
    return std::tie(a.state, a.hop_count, a.cost, a.destination) <
           std::tie(b.state, b.hop_count, b.cost, b.destination);
  });
  Json list = Json::array();
  for (const l1::RouteInfo& r : routes) {
    Json route{{"node", to_text(r.destination)}};
    route.update(way_fields(r));
    route["ways"] = r.ways;
    route["emitted"] = r.emitted;
    list.push_back(std::move(route));
  }
  return {{"routes", std::move(list)}};
}

Json path_view(const ApiParts& p, const PathQuestion& q) {
  const l1::Network& network = p.node.network();
  const l1::RoutingTable& table = network.table();
  const auto choice =
      table.choose({q.node, l1::kNoLink, 0, q.policy, q.min_mtu, false}, network.node_id());
  const bool abroad = network.goes_abroad(q.node);
  const bool has_route = abroad || (choice && choice->way != l1::NextHop::Way::ring);
  const auto chosen = choice ? table.link(choice->link).info.id : l0::LinkId{};
  Json ways = Json::array();
  for (const l1::WayInfo& w : network.ways(q.node)) {
    const bool up = w.info.link.value != 0;
    const bool taken = abroad ? w.info.foreign : up && w.info.link == chosen;
    Json way{{"chosen", has_route && taken},
             {"way", w.info.foreign ? "reticulum" : (up ? name_of(w.way) : "down")},
             {"avoided", w.avoided}};
    way.update(way_fields(w.info));
    ways.push_back(std::move(way));
  }
  Json out{{"node", to_text(q.node)},
           {"policy", name_of(q.policy.kind())},
           {"weights",
            {{"ring", PathPolicy::ring().real},
             {"cost", q.policy.cost().real},
             {"latency", q.policy.latency().real},
             {"reliability", q.policy.reliability().real}}},
           {"min_mtu", known_or_null(q.min_mtu, 0)},
           {"route", has_route},
           {"links", table.active_links()},
           {"next_hop",
            choice && !abroad ? Json(to_text(table.link(choice->link).info.peer)) : Json(nullptr)},
           {"way", choice && !abroad ? Json(name_of(choice->way)) : Json(nullptr)}};
  if (abroad) out["way"] = "reticulum";
  if (has_route && !abroad && choice->violation)
    out["best_mtu"] = choice->violation->best_usable.bytes;
  out["ways"] = std::move(ways);
  return out;
}

Json probe_view(const ApiParts& p, const NodeId& node) {
  const l1::ProbeReport* r = p.node.network().probed(node);
  if (r == nullptr) return nullptr;
  Json out{{"node", to_text(node)},
           {"answered", r->answered},
           {"failed", r->failed},
           {"searching", r->searching},
           {"searched", r->searched},
           {"largest_passed", known_or_null(r->largest_passed.bytes, 0)},
           {"smallest_failed", known_or_null(r->smallest_failed.bytes, 0xFFFF)}};
  if (r->answered > 0) {
    out["age_ms"] = (p.loop.now() - r->at).count;
    out["rtt_ms"] = r->rtt.count;
    out["throughput_bps"] = r->throughput.count;
    out["responder_mtu"] = r->responder_mtu.bytes;
    out["measured_bps"] = known_or_null(r->measured.count, 0);
  }
  return out;
}

}  // namespace mehr::daemon
