// Invariants of routing tables, looked at once a round. spec: L1/4.2 to L1/6
#include <algorithm>

#include "invariant_memory.h"
#include "invariant_view.h"

namespace mehr::sim {

namespace {

constexpr std::size_t kLookupsPerRound = std::size_t{1} << 18;
/// Timers of a node that stood still, or whose disk is slow, come late.
constexpr Millis kLate = Millis::seconds(30);

/// What the protocol promises of loops, exactly. A candidate is feasible when it is fresh, of the
/// newest `emitted`, better than all that this node ever sent for that, and no packet came back
/// from it. What a neighbour sent is never better than what it ever sent, so along feasible next
/// hops the least metric sent falls strictly and no circle closes: at every moment, while no node
/// forgot what it sent. A node forgets by a restart, which ends its links, and when it evicts more
/// destinations than it remembers (Limits::evicted_routes). Next hops that are not feasible may
/// loop, and come only after those that are. spec: L1/4.3, L1/6 step 4
class RoutesLeadOn final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "feasible next hops go first, over links that are up, and never in a circle";
  }
  [[nodiscard]] WhatSet wants() const override {
    WhatSet wanted = LinkTimes::wants();
    wanted.bits |= WhatSet::of({What::route_appeared, What::route_lost}).bits;
    return wanted;
  }
  void on_happening(const Happening& h) override {
    if (h.what == What::route_appeared) return note_destination(h.peer);
    if (lost_.size() <= h.node) lost_.resize(h.node + std::size_t{1});
    if (h.what == What::route_lost) {
      ++lost_[h.node];
    } else {
      if (h.what == What::booted) lost_[h.node] = 0;
      links_.take(h);
    }
  }
  void look() override {
    lost_.resize(std::max(lost_.size(), view_.size()));
    const std::size_t most = std::max<std::size_t>(1, kLookupsPerRound / (view_.size() + 1));
    for (std::size_t n = std::min(destinations_.size(), most); n > 0 && !broken(); --n) {
      look_towards(destinations_[cursor_++ % destinations_.size()]);
    }
  }

 private:
  void note_destination(NodeIndex node) {
    if (node == kNoNode) return;
    if (is_destination_.size() <= node) is_destination_.resize(node + std::size_t{1});
    if (is_destination_[node]) return;
    is_destination_[node] = true;
    destinations_.push_back(node);
  }

  static bool is_feasible(const l1::Route& route, const l1::Candidate& c) {
    return c.state == l1::RouteState::fresh && c.emitted == route.emitted && !c.behind &&
           (!route.any_sent || c.received.metric() < route.feasible);
  }

  // The neighbour that feasibly leads on, kNoNode where nothing is promised.
  NodeIndex next_of(NodeIndex node, NodeIndex to) {
    const l1::RoutingTable* table = view_.table(node);
    if (table == nullptr || node == to) return kNoNode;
    const auto hop = view_.choose(node, view_.id(to));
    if (!hop) return kNoNode;
    const NodeId& peer = table->link(hop->link).info.peer;
    const std::string way = view_.name(node) + "'s next hop to " + view_.name(to);
    if (!view_.is_linked(node, peer)) {
      fail(node, way + " is a neighbour that it has no link to");
      return kNoNode;
    }
    const Slot slot = table->find(view_.id(to));
    if (peer == view_.id(to) || slot == kNoSlot) return kNoNode;
    const l1::Route& route = table->route(slot);
    bool feasible = false;
    bool other = false;
    for (const l1::Candidate& c : table->candidates(slot)) {
      if (c.link == l1::kNoLink || !is_feasible(route, c)) continue;
      (c.link == hop->link ? feasible : other) |= table->is_up(c.link);
    }
    using Way = l1::NextHop::Way;
    if (feasible != (hop->way == Way::feasible)) {
      fail(node,
           way + (feasible ? " is feasible and not called so" : " is called feasible, and is not"));
      return kNoNode;
    }
    if (!feasible && other) {
      fail(node, way + " is not feasible, though it has one that is");
      return kNoNode;
    }
    const NodeIndex next = view_.find(peer);
    return feasible && next != kNoNode && !route.opaque && remembers(node) && knows(node, next)
               ? next
               : kNoNode;
  }
  // Nothing that this node sent for a destination is forgotten.
  bool remembers(NodeIndex node) const {
    return view_.was_always_honest(node) && lost_[node] <= view_.limits(node).evicted_routes;
  }
  // What @p node heard from @p next it heard from what runs there now.
  bool knows(NodeIndex node, NodeIndex next) const {
    const Instant since = links_.up_since(node, next);
    return since != kNever && since > links_.booted_at(next);
  }

  void look_towards(NodeIndex to) {
    const std::size_t nodes = view_.size();
    next_.assign(nodes, kNoNode);
    for (NodeIndex n = 0; n < nodes && !broken(); ++n) next_[n] = next_of(n, to);
    walked_.assign(nodes, kNoNode);  // from where a node was reached first
    for (NodeIndex from = 0; from < nodes && !broken(); ++from) {
      NodeIndex at = from;
      while (at != kNoNode && walked_[at] == kNoNode) {
        walked_[at] = from;
        at = next_[at];
      }
      if (at != kNoNode && walked_[at] == from) fail_circle(at, to);
    }
  }
  void fail_circle(NodeIndex at, NodeIndex to) {
    std::string circle = view_.name(at);
    std::size_t shown = 1;
    NodeIndex n = next_[at];
    for (; n != at && shown < 16; n = next_[n], ++shown) circle += " -> " + view_.name(n);
    circle += n == at ? " -> " + view_.name(at) : " -> ...";
    fail(at, "feasible next hops to " + view_.name(to) + " run in a circle: " + circle);
  }

  LinkTimes links_;
  std::vector<std::uint64_t> lost_;  // routes since the boot, by node
  std::vector<bool> is_destination_;
  std::vector<NodeIndex> destinations_;
  std::size_t cursor_ = 0;
  std::vector<NodeIndex> next_;
  std::vector<NodeIndex> walked_;
};

/// spec: L1/5, entry lifetimes
class NothingOutlives final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "no route and no gone neighbour outlives its time";
  }
  void look() override {
    const std::size_t nodes = view_.size();
    std::size_t looked = 0;
    for (std::size_t n = 0; n < nodes && looked < kLookupsPerRound && !broken(); ++n) {
      const auto node = static_cast<NodeIndex>(cursor_++ % nodes);
      const l1::RoutingTable* table = view_.table(node);
      if (table == nullptr || view_.is_paused(node)) continue;
      looked += table->route_slots();
      look_into(node, *table);
    }
  }

 private:
  void look_into(NodeIndex node, const l1::RoutingTable& table) {
    constexpr Millis kLife = l1::kRouteFresh + l1::kRouteStale + kLate;
    const Millis now = view_.now(node);
    for (std::size_t i = 0; i < table.link_slots(); ++i) {
      const l1::LinkEntry& link = table.link(static_cast<l1::LinkSlot>(i));
      if (link.state != l1::LinkEntry::State::down || now <= link.gone_at + kLate) continue;
      return fail(node, view_.name(node) + " still remembers a neighbour that is gone for over " +
                            std::to_string(l1::kNeighbourGone.count / 1000) + " s");
    }
    for (Slot slot = 0; slot < table.route_slots(); ++slot) {
      if (!table.is_live(slot)) continue;
      for (const l1::Candidate& c : table.candidates(slot)) {
        if (c.link == l1::kNoLink || now <= c.updated + kLife) continue;
        return fail(node, view_.name(node) + " keeps a route that nobody renewed for " +
                              std::to_string((now - c.updated).count / 1000) + " s");
      }
    }
  }

  std::size_t cursor_ = 0;
};

}  // namespace

Watcher routes_lead_on(Seen view) { return std::make_unique<RoutesLeadOn>(std::move(view)); }
Watcher nothing_outlives(Seen view) { return std::make_unique<NothingOutlives>(std::move(view)); }

}  // namespace mehr::sim
