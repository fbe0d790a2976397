// The standard invariants over a Sim.
#include <algorithm>
#include <unordered_set>

#include "invariant_memory.h"
#include "invariant_view.h"
#include "mehr/sim/sim.h"

namespace mehr::sim {

namespace {

class SimView final : public View {
 public:
  explicit SimView(Sim& sim) : sim_(sim) {}
  [[nodiscard]] std::size_t size() const override { return sim_.size(); }
  [[nodiscard]] NodeIndex find(const NodeId& id) const override { return sim_.find(id); }
  [[nodiscard]] const NodeId& id(NodeIndex node) const override { return sim_.node(node).id(); }
  [[nodiscard]] std::string name(NodeIndex node) const override {
    return node < sim_.size() ? sim_.node(node).name() : "a stranger";
  }
  [[nodiscard]] const Limits& limits(NodeIndex node) const override {
    return sim_.node(node).limits();
  }
  [[nodiscard]] bool is_honest(NodeIndex node) const override {
    if (sim_.node(node).is_honest()) return true;
    if (lied_.size() <= node) lied_.resize(node + std::size_t{1});
    lied_[node] = true;
    return false;
  }
  [[nodiscard]] bool was_always_honest(NodeIndex node) const override {
    return is_honest(node) && (node >= lied_.size() || !lied_[node]);
  }
  [[nodiscard]] bool is_stream(NodeIndex a, NodeIndex b) const override {
    read_topology();
    return streams_.count(pair_key(std::min(a, b), std::max(a, b))) != 0 &&
           (!is_in_air(a) || !is_in_air(b));
  }
  [[nodiscard]] bool disk_is_sound(NodeIndex node) const override {
    const DiskFaults& faults = sim_.node(node).disk().faults;
    const stack::Node* stack = sim_.node(node).stack_if_up();
    return !faults.full && faults.read_error_rate <= 0 && faults.write_error_rate <= 0 &&
           faults.lying_sync_rate <= 0 && stack != nullptr &&
           stack->network().counters().storage_failed == 0;
  }
  [[nodiscard]] bool is_paused(NodeIndex node) const override {
    return sim_.node(node).is_paused();
  }
  [[nodiscard]] bool is_linked(NodeIndex node, const NodeId& peer) const override {
    return sim_.node(node).is_linked(peer);
  }
  [[nodiscard]] const l1::RoutingTable* table(NodeIndex node) const override {
    const stack::Node* stack = sim_.node(node).stack_if_up();
    return stack == nullptr ? nullptr : &stack->network().table();
  }
  [[nodiscard]] std::optional<l1::NextHop> choose(NodeIndex node, const NodeId& to) const override {
    // From inside, so that a planted defect of the choice shows.
    const l1::RouteQuery query{to, l1::kNoLink, 0, PathPolicy{}, 0, false};
    return sim_.node(node).enter([&] { return table(node)->choose(query, id(node)); });
  }
  [[nodiscard]] Millis now(NodeIndex node) const override { return sim_.node(node).now(); }
  [[nodiscard]] LineRate line_rate(NodeIndex a, NodeIndex b) const override {
    LineRate out;
    out.mtu = Mtu{0};
    std::size_t joints = 0;
    for (const Channel* channel : sim_.joints(a, b)) {
      ++joints;
      out.rate.count += channel->media().rate.count;
      out.mtu = std::max(out.mtu, channel->media().mtu);
      out.shared = channel->media().half_duplex ? channel->id() : ChannelId{};
    }
    if (joints != 1) out.shared = ChannelId{};
    return out;
  }
  [[nodiscard]] std::vector<Waiting> waiting(NodeIndex node) const override {
    std::vector<Waiting> out;
    const stack::Node* stack = sim_.node(node).stack_if_up();
    if (stack == nullptr) return out;
    for (const l1::LinkView& link : stack->network().links()) {
      out.push_back({link.info.peer, link.figures.queued_bytes});
    }
    return out;
  }
  [[nodiscard]] std::size_t peak_bytes(NodeIndex node) const override {
    return sim_.node(node).memory().peak;
  }

 private:
  // Nodes of a shared medium that links whoever is in range.
  bool is_in_air(NodeIndex node) const { return node < in_air_.size() && in_air_[node]; }
  // Sim may be built upon later.
  void read_topology() const {
    const Topology& topology = sim_.topology();
    if (links_read_ == topology.links.size()) return;
    links_read_ = topology.links.size();
    streams_.clear();
    in_air_.assign(sim_.size(), false);
    for (const auto& [key, members] : topology.members) {
      for (const NodeIndex node : members) in_air_[node] = true;
    }
    std::unordered_set<std::uint64_t> others;
    for (const LinkSpec& link : topology.links) {
      const std::uint64_t pair = pair_key(std::min(link.a, link.b), std::max(link.a, link.b));
      const bool stream = topology.media.at(link.media).kind == MediaKind::stream;
      (stream ? streams_ : others).insert(pair);
    }
    for (const LinkSpec& link : topology.links) {
      const std::uint64_t pair = pair_key(std::min(link.a, link.b), std::max(link.a, link.b));
      if (others.count(pair) != 0) streams_.erase(pair);
    }
  }

  Sim& sim_;
  mutable std::vector<bool> lied_;
  mutable std::size_t links_read_ = 0;
  mutable std::unordered_set<std::uint64_t> streams_;  // looked up only
  mutable std::vector<bool> in_air_;
};

}  // namespace

std::vector<std::unique_ptr<Invariant>> standard_invariants(Sim& sim) {
  const auto view = std::make_shared<const SimView>(sim);
  std::vector<std::unique_ptr<Invariant>> out;
  for (const auto make :
       {links_deliver, counters_are_fresh, relays_pass_on, announces_improve, announces_are_genuine,
        emitted_rises, messages_arrive_once, routes_lead_on, nothing_outlives, news_is_heeded,
        signals_are_heeded, budgets_hold, tables_stay_within}) {
    out.push_back(make(view));
  }
  if (is_counting_memory()) out.push_back(memory_stays_within(view));
  return out;
}

}  // namespace mehr::sim
