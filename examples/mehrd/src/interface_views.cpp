// Interfaces, and what is relayed for Reticulum peers, as JSON.
#include <algorithm>

#include "mehr/common/text.h"
#include "views.h"

namespace mehr::daemon {
namespace {

using common::to_hex;
using l0::rns::RelayCounters;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

struct Counter {
  const char* name;
  std::uint64_t RelayCounters::*value;
};
constexpr auto kCounters = std::to_array<Counter>({
    {"packets_in", &RelayCounters::packets_in},
    {"forwarded", &RelayCounters::forwarded},
    {"link_packets", &RelayCounters::link_packets},
    {"links", &RelayCounters::links},
    {"proofs", &RelayCounters::proofs},
    {"delivered", &RelayCounters::delivered},
    {"announces_accepted", &RelayCounters::announces_accepted},
    {"announces_sent", &RelayCounters::announces_sent},
    {"path_requests", &RelayCounters::path_requests},
    {"path_responses", &RelayCounters::path_responses},
    {"malformed", &RelayCounters::malformed},
    {"duplicate", &RelayCounters::duplicate},
    {"not_for_us", &RelayCounters::not_for_us},
    {"no_path", &RelayCounters::no_path},
    {"unknown_link", &RelayCounters::unknown_link},
    {"bad_proof", &RelayCounters::bad_proof},
    {"too_long", &RelayCounters::too_long},
    {"hop_limit", &RelayCounters::hop_limit},
    {"announces_known", &RelayCounters::announces_known},
    {"announces_rate", &RelayCounters::announces_rate},
    {"announces_forged", &RelayCounters::announces_forged},
    {"announces_dropped", &RelayCounters::announces_dropped},
});

Json counters_of(const l0::rns::Bridge& bridge) {
  Json out = Json::object();
  for (const Counter& c : kCounters) out[c.name] = bridge.relay().counters().*c.value;
  const l0::rns::BridgeCounters& more = bridge.counters();
  out["full"] = more.full;
  out["failed"] = more.failed;
  out["no_port"] = more.no_port;
  out["foreign_out"] = more.foreign_out;
  out["foreign_in"] = more.foreign_in;
  out["announced"] = more.announced;
  out["requests"] = more.requests;
  return out;
}

}  // namespace

Json interfaces_view(const ApiParts& p) {
  const auto links = p.node.links().status();
  Json list = Json::array();
  for (const InterfaceView& one : p.interfaces.views()) {
    const linux_port::InterfaceStatus& s = one.status;
    const auto linked = std::count_if(links.begin(), links.end(), [&s](const l0::LinkStatus& l) {
      return l.info.interface == s.info.interface;
    });
    list.push_back({{"name", one.name},
                    {"type", one.type},
                    {"mode", name_of(s.info.mode)},
                    {"up", s.up},
                    {"state", s.state},
                    {"bitrate", s.info.bandwidth.count},
                    {"latency_ms", s.info.latency.count},
                    {"mtu", s.info.mtu.bytes},
                    {"cost", s.info.cost},
                    {"half_duplex", s.info.half_duplex},
                    {"media", s.media},
                    {"links", linked},
                    {"frames_in", s.frames_in},
                    {"frames_out", s.frames_out},
                    {"bytes_in", s.bytes_in},
                    {"bytes_out", s.bytes_out},
                    {"full", s.full},
                    {"bad_frames", s.bad_frames},
                    {"lost", s.lost},
                    {"airtime_used", or_null(s.airtime_used)},
                    {"airtime_limit", or_null(s.airtime_limit)},
                    {"rssi_dbm", or_null(s.rssi_dbm)},
                    {"snr_db", or_null(s.snr_db)}});
  }
  return {{"interfaces", std::move(list)}};
}

Json reticulum_view(const ApiParts& p) {
  const l0::rns::Bridge* const bridge = p.node.reticulum();
  if (bridge == nullptr) return {{"address", nullptr}, {"transport", nullptr}};
  auto paths = bridge->paths();
  std::sort(paths.begin(), paths.end(), [](const auto& a, const auto& b) {
    return std::tie(a.hops, a.destination) < std::tie(b.hops, b.destination);
  });
  Json list = Json::array();
  for (const l0::rns::PathStatus& one : paths) {
    list.push_back({{"destination", to_hex(one.destination.view())},
                    {"node", one.node ? Json(common::to_text(*one.node)) : Json(nullptr)},
                    {"hops", one.hops},
                    {"native", one.native},
                    {"age_ms", one.age.count}});
  }
  return {{"address", to_hex(bridge->address().view())},
          {"transport", to_hex(bridge->relay().transport().view())},
          {"links", bridge->relay().links().size()},
          {"paths", std::move(list)},
          {"counters", counters_of(*bridge)}};
}

}  // namespace mehr::daemon
