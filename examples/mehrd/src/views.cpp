#include "views.h"

#include <algorithm>
#include <chrono>

#include "mehr/common/text.h"
#include "mehr/l1/counter_names.h"

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

// Counters of L1, by the names that L1 gives them.
template <class Counters>
Json named_view(const Counters& counters) {
  Json out = Json::object();
  l1::for_each_counter(counters,
                       [&out](const char* name, std::uint64_t value) { out[name] = value; });
  return out;
}

Json counters_view(const l2::SealedMessenger::Counters& c) {
  return {{"sealed", c.sealed},
          {"sealed_forward", c.sealed_forward},
          {"opened", c.opened},
          {"streamed", c.streamed},
          {"hopped_out", c.hopped_out},
          {"hopped_in", c.hopped_in},
          {"segments_out", c.segments_out},
          {"dropped_short", c.dropped_short},
          {"dropped_zero_dh", c.dropped_zero_dh},
          {"dropped_unopened", c.dropped_unopened},
          {"dropped_too_big", c.dropped_too_big},
          {"dropped_replayed", c.dropped_replayed},
          {"dropped_no_port", c.dropped_no_port},
          {"dropped_unhandled", c.dropped_unhandled},
          {"dropped_unproven", c.dropped_unproven},
          {"dropped_form", c.dropped_form},
          {"dropped_keyless", c.dropped_keyless},
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

Json counters_view(const l1::Bootstrap::Counters& c) {
  return {{"passes", c.passes},
          {"dials", c.dials},
          {"dials_failed", c.dials_failed},
          {"probes", c.probes},
          {"resolved", c.resolved},
          {"exchanges_sent", c.exchanges_sent},
          {"exchanges_received", c.exchanges_received},
          {"exchanges_too_often", c.exchanges_too_often},
          {"exchanges_malformed", c.exchanges_malformed},
          {"told_taken", c.told_taken},
          {"told_refused", c.told_refused}};
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

std::string address_text(const l1::PeerAddress& at) {
  return linux_port::to_string(linux_port::to_endpoint(at));
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
          {"connections", p.interfaces.main().connection_count()},
          {"routes", p.node.network().routes().size()},
          {"transfers_under_way", under_way},
          {"files_received", p.received.files().size()},
          {"counters",
           {{"links", counters_view(p.node.links().counters())},
            {"network", named_view(p.node.network().counters())},
            {"gossip", named_view(p.node.network().gossip_counters())},
            {"reservations", named_view(p.node.network().reservation_counters())},
            {"messages", counters_view(p.node.messages().counters())},
            {"onions", onion_view(p)},
            {"tcp", counters_view(p.interfaces.main().counters())},
            {"bootstrap", counters_view(p.bootstrap.counters())},
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
  for (const auto& target : p.interfaces.main().targets())
    targets.push_back(target_view(target, now));
  const NodeTime node_now = p.loop.node_time();
  Json remembered = Json::array();
  for (const l1::KnownPeer& k : p.bootstrap.book().peers()) {
    const bool linked = p.media.is_linked(k.node);
    const std::uint64_t ago = node_now > k.seen ? node_now.millis - k.seen.millis : 0;
    remembered.push_back({{"node", to_text(k.node)},
                          {"address", address_text(k.at)},
                          {"seen_ms", linked ? 0 : ago},
                          {"linked", linked}});
  }
  Json told = Json::array();
  for (const l1::LearnedPeer& l : p.bootstrap.learned().peers()) {
    told.push_back({{"node", l.node.is_zero() ? Json(nullptr) : Json(to_text(l.node))},
                    {"address", address_text(l.at)},
                    {"by", to_text(l.teller)}});
  }
  return {{"links", std::move(links)},
          {"configured", std::move(targets)},
          {"remembered", std::move(remembered)},
          {"told", std::move(told)}};
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
