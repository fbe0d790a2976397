#include "views.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "mehr/common/text.h"

namespace mehr::daemon {
namespace {

using common::to_hex;
using common::to_text;

std::uint64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// A moment of the steady clock as Unix time.
std::uint64_t unix_ms_of(Millis when, Millis now) { return unix_ms() - (now - when).count; }

Json counters_view(const l0::LinkCounters& c) {
  return {{"frames_in", c.frames_in},
          {"frames_out", c.frames_out},
          {"empty_frame", c.empty_frame},
          {"clear_packet", c.clear_packet},
          {"unknown_type", c.unknown_type},
          {"init_rate", c.init_rate},
          {"init_half_open", c.init_half_open},
          {"init_malformed", c.init_malformed},
          {"handshake_refused", c.handshake_refused},
          {"handshake_timeout", c.handshake_timeout},
          {"unknown_link", c.unknown_link},
          {"data_replayed", c.data_replayed},
          {"data_bad_seal", c.data_bad_seal},
          {"data_malformed", c.data_malformed},
          {"control_malformed", c.control_malformed},
          {"peer_at_fault", c.peer_at_fault},
          {"duplicate_links", c.duplicate_links},
          {"too_big_sent", c.too_big_sent},
          {"too_big_received", c.too_big_received},
          {"neighbour_frame_rate", c.neighbour_frame_rate}};
}

Json counters_view(const l1::NetworkCounters& c) {
  return {{"sent", c.sent},
          {"delivered", c.delivered},
          {"forwarded", c.forwarded},
          {"no_handler", c.no_handler},
          {"malformed", c.malformed},
          {"unsupported", c.unsupported},
          {"duplicate", c.duplicate},
          {"not_in_transport", c.not_in_transport},
          {"hop_limit", c.hop_limit},
          {"no_route", c.no_route},
          {"too_big", c.too_big},
          {"link_full", c.link_full},
          {"link_failed", c.link_failed},
          {"mtu_lowered", c.mtu_lowered},
          {"mtu_ignored", c.mtu_ignored},
          {"control_ignored", c.control_ignored},
          {"announces_stored", c.announces_stored},
          {"announces_malformed", c.announces_malformed},
          {"announces_own", c.announces_own},
          {"announces_older", c.announces_older},
          {"announces_repeated", c.announces_repeated},
          {"announces_replayed", c.announces_replayed},
          {"announces_bad_signature", c.announces_bad_signature},
          {"announces_no_room", c.announces_no_room},
          {"announces_sent", c.announces_sent},
          {"routes_evicted", c.routes_evicted},
          {"links_refused", c.links_refused},
          {"storage_failed", c.storage_failed}};
}

Json counters_view(const l2::SealedMessenger::Counters& c) {
  return {{"sealed", c.sealed},
          {"opened", c.opened},
          {"streamed", c.streamed},
          {"dropped_short", c.dropped_short},
          {"dropped_zero_dh", c.dropped_zero_dh},
          {"dropped_unopened", c.dropped_unopened},
          {"dropped_too_big", c.dropped_too_big},
          {"dropped_replayed", c.dropped_replayed},
          {"dropped_no_port", c.dropped_no_port},
          {"dropped_unhandled", c.dropped_unhandled},
          {"dropped_unproven", c.dropped_unproven},
          {"replays_forgotten", c.replays_forgotten}};
}

Json counters_view(const linux_port::TcpCounters& c) {
  return {{"bytes_in", c.traffic.bytes_in},
          {"bytes_out", c.traffic.bytes_out},
          {"full", c.traffic.full},
          {"bad_frames", c.traffic.bad_frames},
          {"pauses", c.traffic.pauses},
          {"accepted", c.accepted},
          {"connected", c.connected},
          {"over_limit", c.over_limit},
          {"refused", c.refused},
          {"accept_failures", c.accept_failures},
          {"dial_failures", c.dial_failures},
          {"redials", c.redials}};
}

Json counters_view(const transfer::TransferCounters& c) {
  return {{"bad_control", c.bad_control},
          {"unknown_control", c.unknown_control},
          {"refused_offers", c.refused_offers},
          {"repeated_offers", c.repeated_offers},
          {"bad_data", c.bad_data},
          {"repeated_data", c.repeated_data},
          {"data_outside", c.data_outside},
          {"bad_acks", c.bad_acks},
          {"stale_acks", c.stale_acks},
          {"chunks_sent", c.chunks_sent},
          {"chunks_lost", c.chunks_lost},
          {"acks_sent", c.acks_sent}};
}

const char* name_of(linux_port::TargetState state) {
  switch (state) {
    case linux_port::TargetState::resolving:
      return "resolving";
    case linux_port::TargetState::connecting:
      return "connecting";
    case linux_port::TargetState::connected:
      return "connected";
    case linux_port::TargetState::waiting:
      return "waiting";
  }
  return "?";
}

Json target_view(const linux_port::TargetInfo& target, Millis now) {
  Json out{{"address", linux_port::to_string(target.target.where)},
           {"state", name_of(target.state)},
           {"attempts", target.attempts}};
  if (target.target.expected) out["node"] = to_text(*target.target.expected);
  if (target.state == linux_port::TargetState::waiting && target.next_attempt != Millis::never()) {
    out["next_attempt_ms"] = (target.next_attempt - now).count;
  }
  if (!target.last_error.empty()) out["last_error"] = target.last_error;
  return out;
}

bool is_over(transfer::State state) {
  return state == transfer::State::done || state == transfer::State::failed;
}

}  // namespace

Json status_view(const ApiParts& p) {
  Json listening = Json::array();
  for (const auto& where : p.listening) listening.push_back(linux_port::to_string(where));
  std::size_t under_way = 0;
  for (const auto& t : p.transfers.list()) {
    if (!is_over(t.state)) ++under_way;
  }
  return {{"version", MEHR_VERSION},
          {"node", to_text(p.node.id())},
          {"uptime_ms", p.loop.now().count},
          {"listening", std::move(listening)},
          {"data_dir", p.config.data_dir},
          {"inbox", p.config.inbox},
          {"links", p.node.links().status().size()},
          {"half_open", p.node.links().half_open()},
          {"connections", p.tcp.connection_count()},
          {"routes", p.node.network().routes().size()},
          {"transfers_under_way", under_way},
          {"files_received", p.received.files().size()},
          {"counters",
           {{"links", counters_view(p.node.links().counters())},
            {"network", counters_view(p.node.network().counters())},
            {"messages", counters_view(p.node.messages().counters())},
            {"tcp", counters_view(p.tcp.counters())},
            {"transfers", counters_view(p.transfers.counters())}}}};
}

Json id_view(const ApiParts& p) {
  return {{"node", to_text(p.signer.node_id())},
          {"public_key", to_hex(p.signer.public_key().view())},
          {"x25519_key", to_hex(p.signer.x25519_key().view())}};
}

Json peers_view(const ApiParts& p) {
  const Millis now = p.loop.now();
  Json links = Json::array();
  for (const l0::LinkStatus& s : p.node.links().status()) {
    Json link{{"node", to_text(s.info.peer)},
              {"address", p.media.address_of(s.info.id)},
              {"role", s.info.role == l0::LinkRole::initiator ? "initiator" : "responder"},
              {"link", s.info.id.value},
              {"mtu", s.info.mtu.bytes},
              {"since_ms", (now - s.info.since).count},
              {"heard_ms", (now - s.last_heard).count},
              {"rtt_ms", s.rtt ? Json(s.rtt->count) : Json(nullptr)},
              {"key_epoch", s.key_epoch},
              {"frames_in", s.frames_in},
              {"frames_out", s.frames_out},
              {"bytes_in", s.bytes_in},
              {"bytes_out", s.bytes_out}};
    links.push_back(std::move(link));
  }
  Json targets = Json::array();
  for (const auto& target : p.tcp.targets()) targets.push_back(target_view(target, now));
  return {{"links", std::move(links)}, {"configured", std::move(targets)}};
}

Json routes_view(const ApiParts& p) {
  auto routes = p.node.network().routes();
  std::sort(routes.begin(), routes.end(), [](const l1::RouteInfo& a, const l1::RouteInfo& b) {
    return std::tie(a.hop_count, a.destination) < std::tie(b.hop_count, b.destination);
  });
  constexpr std::uint64_t kUnknown = std::numeric_limits<std::uint64_t>::max();
  Json list = Json::array();
  for (const l1::RouteInfo& r : routes) {
    list.push_back({{"node", to_text(r.destination)},
                    {"next_hop", to_text(r.next_hop)},
                    {"relays", r.hop_count},
                    {"state", r.state == l1::RouteState::fresh ? "fresh" : "stale"},
                    {"link", r.link.value == 0 ? Json(nullptr) : Json(r.link.value)},
                    {"cost_per_byte", r.cost == kUnknown ? Json(nullptr) : Json(r.cost)},
                    {"latency_ms", r.latency.count},
                    {"bandwidth_bps", r.bandwidth.count},
                    {"mtu", r.mtu.bytes},
                    {"age_ms", r.age.count}});
  }
  return {{"routes", std::move(list)}};
}

Json transfer_view(const transfer::TransferStatus& t, Millis now) {
  const Millis end = is_over(t.state) ? t.changed : now;
  Json out{{"transfer", t.id.number},
           {"direction", t.direction == transfer::Direction::out ? "out" : "in"},
           {"peer", to_text(t.peer)},
           {"name", t.name},
           {"size", t.size},
           {"bytes_done", t.bytes_done},
           {"state", transfer::name_of(t.state)},
           {"started_ms", unix_ms_of(t.started, now)},
           {"elapsed_ms", (end - t.started).count}};
  if (t.data_started.count != 0) {
    const std::uint64_t span = std::max<std::uint64_t>((end - t.data_started).count, 1);
    out["data_ms"] = span;
    out["bytes_per_second"] = static_cast<std::uint64_t>(static_cast<double>(t.bytes_done) * 1000 /
                                                         static_cast<double>(span));
  }
  if (!t.hash.is_zero()) out["blake3"] = to_hex(t.hash.view());
  if (!t.path.empty()) out["path"] = t.path;
  if (!t.error.empty()) out["error"] = t.error;
  return out;
}

Json transfers_view(const ApiParts& p) {
  auto transfers = p.transfers.list();
  std::sort(transfers.begin(), transfers.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  Json list = Json::array();
  for (const auto& t : transfers) list.push_back(transfer_view(t, p.loop.now()));
  return {{"transfers", std::move(list)}};
}

Json inbox_view(const ApiParts& p) {
  Json list = Json::array();
  for (const ReceivedFile& f : p.received.files()) {
    list.push_back({{"from", to_text(f.from)},
                    {"name", f.name},
                    {"path", f.path},
                    {"size", f.size},
                    {"blake3", to_hex(f.hash.view())},
                    {"received_ms", f.received_ms}});
  }
  return {{"inbox", p.config.inbox}, {"files", std::move(list)}};
}

}  // namespace mehr::daemon
