// What invariants ask of a world, and what they are. Private to ports/sim.
//
// Place: between the standard invariants and Sim, so that a test can stand in for the world with a
// few lines and feed a history by hand.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mehr/core/limits.h"
#include "mehr/core/units.h"
#include "mehr/l1/routing_table.h"
#include "mehr/sim/invariant.h"
#include "mehr/sim/memory.h"

namespace mehr::sim {

/// What joins two nodes.
struct LineRate {
  BitsPerSecond rate;  ///< of all media between them together
  Mtu mtu{4096};       ///< the largest of theirs
  ChannelId shared;    ///< the one channel that they share half-duplex, if it is that
};
/// User packets of a node that wait for a neighbour.
struct Waiting {
  NodeId peer;
  std::uint32_t bytes = 0;
};

class View {
 public:
  virtual ~View() = default;
  [[nodiscard]] virtual std::size_t size() const = 0;
  [[nodiscard]] virtual NodeIndex find(const NodeId& id) const = 0;
  [[nodiscard]] virtual const NodeId& id(NodeIndex node) const = 0;
  [[nodiscard]] virtual std::string name(NodeIndex node) const = 0;
  [[nodiscard]] virtual const Limits& limits(NodeIndex node) const = 0;
  /// Behaves now; has behaved as often as anybody looked.
  [[nodiscard]] virtual bool is_honest(NodeIndex node) const = 0;
  [[nodiscard]] virtual bool was_always_honest(NodeIndex node) const = 0;
  /// Every line that the topology draws between the two is a stream.
  [[nodiscard]] virtual bool is_stream(NodeIndex a, NodeIndex b) const = 0;
  /// Its disk kept all that it was given, as far as can be seen now.
  [[nodiscard]] virtual bool disk_is_sound(NodeIndex node) const = 0;
  [[nodiscard]] virtual bool is_paused(NodeIndex node) const = 0;
  [[nodiscard]] virtual bool is_linked(NodeIndex node, const NodeId& peer) const = 0;
  /// Its routes; null while it is down.
  [[nodiscard]] virtual const l1::RoutingTable* table(NodeIndex node) const = 0;
  /// Where the node, which is up, would send a packet of its own to @p to now.
  [[nodiscard]] virtual std::optional<l1::NextHop> choose(NodeIndex node,
                                                          const NodeId& to) const = 0;
  /// Its steady clock, while it is up.
  [[nodiscard]] virtual Millis now(NodeIndex node) const = 0;
  /// What joins the two in the topology.
  [[nodiscard]] virtual LineRate line_rate(NodeIndex a, NodeIndex b) const = 0;
  /// What waits in the queues of a node; nothing while it is down.
  [[nodiscard]] virtual std::vector<Waiting> waiting(NodeIndex node) const = 0;
  /// Most bytes its stack ever held.
  [[nodiscard]] virtual std::size_t peak_bytes(NodeIndex node) const = 0;
};

/// An invariant that looks at the world through a View.
class WorldInvariant : public Invariant {
 public:
  explicit WorldInvariant(std::shared_ptr<const View> view)
      : owned_(std::move(view)), view_(*owned_) {}
  /// The dear check.
  virtual void look() {}
  void on_happening(const Happening&) override {}
  void check_round(Sim&) final { look(); }

 private:
  std::shared_ptr<const View> owned_;

 protected:
  const View& view_;
};
using Watcher = std::unique_ptr<WorldInvariant>;
using Seen = std::shared_ptr<const View>;

/// What comes in over a link was put into it by the neighbour, at most as often; on a stream in the
/// same order and without gaps while the link stays.
[[nodiscard]] Watcher links_deliver(Seen view);
/// No two frames of a link are sealed under one counter.
[[nodiscard]] Watcher counters_are_fresh(Seen view);
/// DATA of others leaves one hop further, once, never to where it came from, below 128 hops.
[[nodiscard]] Watcher relays_pass_on(Seen view);
/// What a node says of a destination gets newer or better, is said twice at most unless it is
/// asked, and not to its only source.
[[nodiscard]] Watcher announces_improve(Seen view);
/// What is passed on as an announce of a node was made by that node.
[[nodiscard]] Watcher announces_are_genuine(Seen view);
/// Announces of one origin leave with strictly rising `emitted`, across restarts.
[[nodiscard]] Watcher emitted_rises(Seen view);
/// What is delivered was sent, to that node, and comes once in a node's life.
[[nodiscard]] Watcher messages_arrive_once(Seen view);
/// Ways that cannot loop go first and do not, and no next hop is behind a dead link.
[[nodiscard]] Watcher routes_lead_on(Seen view);
/// Routes and gone neighbours go when their time is over.
[[nodiscard]] Watcher nothing_outlives(Seen view);
/// PathUpdates count from the moment they came.
[[nodiscard]] Watcher news_is_heeded(Seen view);
/// Saturated neighbours are left alone.
[[nodiscard]] Watcher signals_are_heeded(Seen view);
/// Gossip stays within a tenth of every link, and queues within their capacity.
[[nodiscard]] Watcher budgets_hold(Seen view);
[[nodiscard]] Watcher tables_stay_within(Seen view);
[[nodiscard]] Watcher memory_stays_within(Seen view);

}  // namespace mehr::sim
