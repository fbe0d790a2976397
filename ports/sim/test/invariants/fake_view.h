// A world of words for invariants: nodes that exist as names, and a Recorder fed by hand.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../../src/invariant_view.h"
#include "mehr/l0/identity.h"
#include "mehr/l0/packet.h"
#include "mehr/l1/announce.h"
#include "mehr/sim/chance.h"

namespace mehr::sim::test {

using namespace std::chrono_literals;

/// Six nodes n0 to n5. All lines are streams unless `streams` says no.
struct FakeView final : View {
  static constexpr std::size_t kNodes = 6;
  FakeView() {
    for (std::uint8_t n = 0; n < kNodes; ++n) {
      std::array<std::uint8_t, 32> seed{};
      seed.fill(static_cast<std::uint8_t>(n + 1));
      people.push_back(l0::Identity::from_seed(crypto::Seed::copy_of(seed)));
    }
  }
  [[nodiscard]] std::size_t size() const override { return kNodes; }
  [[nodiscard]] NodeIndex find(const NodeId& id) const override {
    for (NodeIndex n = 0; n < kNodes; ++n) {
      if (people[n].node_id() == id) return n;
    }
    return kNoNode;
  }
  [[nodiscard]] const NodeId& id(NodeIndex n) const override { return people[n].node_id(); }
  [[nodiscard]] std::string name(NodeIndex n) const override { return "n" + std::to_string(n); }
  [[nodiscard]] const Limits& limits(NodeIndex) const override { return all_limits; }
  [[nodiscard]] bool is_honest(NodeIndex n) const override { return n != liar; }
  [[nodiscard]] bool was_always_honest(NodeIndex n) const override { return n != liar; }
  [[nodiscard]] bool is_stream(NodeIndex, NodeIndex) const override { return streams; }
  [[nodiscard]] bool disk_is_sound(NodeIndex) const override { return disks; }
  [[nodiscard]] bool is_paused(NodeIndex n) const override { return n == paused; }
  [[nodiscard]] bool is_linked(NodeIndex n, const NodeId& peer) const override {
    return !(n == unlinked.first && find(peer) == unlinked.second);
  }
  [[nodiscard]] const l1::RoutingTable* table(NodeIndex n) const override {
    return tables.empty() || !tables[n] ? nullptr : &*tables[n];
  }
  [[nodiscard]] std::optional<l1::NextHop> choose(NodeIndex n, const NodeId& to) const override {
    if (n == stubborn) {
      return l1::NextHop{stubborn_link, stubborn_way, Mtu{4096}, Mtu{4096}, std::nullopt};
    }
    return tables[n]->choose({to, l1::kNoLink, 0, PathPolicy{}, 0, false}, id(n));
  }
  [[nodiscard]] Millis now(NodeIndex) const override { return clock; }
  [[nodiscard]] LineRate line_rate(NodeIndex, NodeIndex) const override { return lines; }
  [[nodiscard]] std::vector<Waiting> waiting(NodeIndex n) const override {
    return n == 0 ? queues : std::vector<Waiting>{};
  }
  [[nodiscard]] std::size_t peak_bytes(NodeIndex) const override { return peak; }

  std::vector<l0::Identity> people;
  Limits all_limits = Limits::small();
  NodeIndex liar = kNoNode;
  NodeIndex paused = kNoNode;
  NodeIndex stubborn = kNoNode;  // always takes `stubborn_link`
  l1::LinkSlot stubborn_link = 0;
  l1::NextHop::Way stubborn_way = l1::NextHop::Way::unsafe;
  LineRate lines{BitsPerSecond{80'000}, Mtu{484}, {}};
  std::vector<Waiting> queues;  // of n0
  std::pair<NodeIndex, NodeIndex> unlinked{kNoNode, kNoNode};
  bool streams = true;
  bool disks = true;
  std::vector<std::optional<l1::RoutingTable>> tables;
  Millis clock{1000};
  std::size_t peak = 0;
};

/// An invariant and the history it is told.
struct Told {
  explicit Told(Watcher (*make)(Seen)) : watcher(make(view)) {
    recorder.add(*watcher, watcher->wants());
  }
  Told& say(What what, NodeIndex node, NodeIndex peer = kNoNode, const Bytes& bytes = {}) {
    recorder.record({at, what, node, peer, {}, bytes, {}});
    return *this;
  }
  Told& out(NodeIndex from, NodeIndex to, const Bytes& b) {
    return say(What::packet_out, from, to, b);
  }
  Told& in(NodeIndex at_node, NodeIndex from, const Bytes& b) {
    return say(What::packet_in, at_node, from, b);
  }
  /// A packet leaves and arrives.
  Told& pass(NodeIndex from, NodeIndex to, const Bytes& b) {
    return out(from, to, b).in(to, from, b);
  }
  Told& link(NodeIndex a, NodeIndex b) { return say(What::link_up, a, b).say(What::link_up, b, a); }
  Told& unlink(NodeIndex a, NodeIndex b) {
    return say(What::link_down, a, b).say(What::link_down, b, a);
  }
  Told& wait(Duration span) {
    at = later(at, span);
    return *this;
  }
  /// What is wrong, or nothing.
  [[nodiscard]] std::string broken() const {
    return watcher->broken() ? watcher->broken()->text : std::string();
  }
  [[nodiscard]] bool is_sound() const { return !watcher->broken(); }

  std::shared_ptr<FakeView> view = std::make_shared<FakeView>();
  Recorder recorder;
  Watcher watcher;
  Instant at = Instant{} + 1s;
};

inline Bytes data_packet(const NodeId& to, std::uint8_t hops, std::uint8_t fill) {
  Bytes out(l0::kHeaderSize + 20);
  const Bytes body(20, fill);
  const auto done = encode(
      l0::Packet{l0::PacketFlags::of(l0::PacketType::data, true), hops, to, 0xE1, Tail{body}}, out);
  Expects(done.has_value());
  return out;
}

/// An announce of @p who as it leaves its origin, or as a relay passes it on.
inline Bytes announce_packet(const l0::Identity& who, std::uint64_t emitted, bool relayed = false,
                             std::uint8_t hop_count = 0) {
  auto announce = l1::build_announce(who, emitted, {});
  Expects(announce.has_value());
  l1::CompactPathCost cost;
  cost.hop_count = hop_count;
  l1::set_path_cost(announce->mutable_view(), cost);
  Bytes out(l1::kAnnouncePacketMax);
  const auto size =
      l1::write_announce_packet(who.node_id(), announce->view(), hop_count, relayed, out)->size();
  out.resize(size);
  return out;
}

}  // namespace mehr::sim::test
