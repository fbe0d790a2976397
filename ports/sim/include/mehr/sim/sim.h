// A simulated world: nodes, what joins them, what happens to them, and what must hold.
//
// Place: ports/sim, the facade that tests, scenarios and `mehr-sim` use.
// Machine: build (a topology, by hand) -> the safety phase: `run_for` under faults, invariants
// after every event and every round -> `heal` -> the liveness phase: `reaches` with a bound.
// Determinism: the seed decides everything; `fingerprint` of equal runs is equal on every build.
// Failure: a broken invariant throws Violation out of run_for and reaches; the world may still be
// looked at then. Bad construction (a link to a node that is not there) is a broken contract;
// files are checked by their loaders.
// Bounds: those of its parts. Threads: one; separate Sims may run on separate threads.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mehr/sim/channel.h"
#include "mehr/sim/faults.h"
#include "mehr/sim/invariant.h"
#include "mehr/sim/node.h"
#include "mehr/sim/topology.h"

namespace mehr::sim {

using namespace std::chrono_literals;

struct SimOptions {
  Limits limits = Limits::small();  ///< of nodes that have none of their own
  /// Raises Limits::routes of every node to announcers x max(4, its links), so that one link may
  /// lead to all of them: its share of the table is that part. spec: README/9 clarification 5
  bool room_for_all = false;
  Duration round = std::chrono::seconds(10);  ///< between dear checks
  bool standard_invariants = true;
  bool taps = true;                 ///< packets are recorded; behaviours need it
  bool hazards = true;              ///< rare paths are made common, by seed (hazard.h)
  std::vector<std::string> plants;  ///< known defects switched on, by name (hazard.h)
  Duration boot_spread = std::chrono::milliseconds(500);  ///< nodes boot within it
  std::uint64_t wall_clock_ms = 1'700'000'000'000;        ///< when the world begins, Unix
};

/// What a medium between two nodes is like.
struct LinkTruth {
  Mtu mtu;              ///< longest message
  BitsPerSecond rate;   ///< of the channel, whoever shares it
  Duration one_way{0};  ///< on the way, once it was sent
  bool half_duplex = false;
  /// A message of @p size there and an answer of the same size back over an idle channel, at
  /// least: jitter, queues and whoever answers later come on top.
  [[nodiscard]] Duration round_trip(std::size_t size) const;
};

/// Several nodes in their order; borrowed from the Sim.
class Nodes {
 public:
  explicit Nodes(std::vector<Node*> nodes) : nodes_(std::move(nodes)) {}
  [[nodiscard]] Node& front() const { return *nodes_.front(); }
  [[nodiscard]] Node& back() const { return *nodes_.back(); }
  [[nodiscard]] Node& operator[](std::size_t i) const { return *nodes_[i]; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] auto begin() const { return nodes_.begin(); }
  [[nodiscard]] auto end() const { return nodes_.end(); }

 private:
  std::vector<Node*> nodes_;
};

class Sim {
 public:
  explicit Sim(std::uint64_t seed, SimOptions options = {});
  ~Sim();
  Sim(const Sim&) = delete;
  Sim& operator=(const Sim&) = delete;

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] const SimOptions& options() const { return options_; }

  // ---- Building, before time moves. May be called more than once; indices go on.
  Nodes build(const Topology& topology);
  Nodes line(std::size_t nodes, const Media& media) { return build(sim::line(nodes, media)); }
  Nodes ring(std::size_t nodes, const Media& media) { return build(sim::ring(nodes, media)); }
  void add(std::unique_ptr<Invariant> invariant);

  // ---- Time
  [[nodiscard]] Instant now() const { return queue_.now(); }
  /// Lets everything happen that is due within @p span.
  void run_for(Duration span);
  /// Runs until @p goal holds, asked once per 100 ms of virtual time; false when it does not within
  /// @p bound.
  bool reaches(Duration bound, const std::function<bool()>& goal);
  /// Called between events, at least every 4,096 of them; false stops the run (run_for returns).
  void on_progress(std::function<bool()> watch) { progress_ = std::move(watch); }
  [[nodiscard]] bool was_stopped() const { return stopped_; }

  // ---- Faults
  void schedule(const Fault& fault);
  void schedule(std::span<const Fault> faults);
  /// Ends every fault: all cuts, disk faults, misbehaviour and media faults; nodes that are down
  /// boot.
  void heal();

  // ---- Looking
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  [[nodiscard]] Node& node(NodeIndex index) { return *nodes_[index]; }
  [[nodiscard]] const Node& node(NodeIndex index) const { return *nodes_[index]; }
  /// By id; kNoNode for an identity that is nobody's.
  [[nodiscard]] NodeIndex find(const NodeId& id) const;
  [[nodiscard]] NodeIndex find(std::string_view name) const;
  [[nodiscard]] const std::vector<std::unique_ptr<Channel>>& channels() const { return channels_; }
  [[nodiscard]] const Topology& topology() const { return topology_; }  ///< all that was built
  /// The channels over which two nodes hear each other.
  [[nodiscard]] std::vector<const Channel*> joints(NodeIndex a, NodeIndex b) const;
  /// What is true of the best of them, to compare with what nodes measure; none: not joined.
  [[nodiscard]] std::optional<LinkTruth> truth(NodeIndex a, NodeIndex b) const;
  /// The nodes that a packet of @p from passes now, both ends among them, as far as next hops lead:
  /// it arrives when the last one is @p to.
  [[nodiscard]] std::vector<NodeIndex> way(NodeIndex from, NodeIndex to) const;
  [[nodiscard]] Recorder& recorder() { return recorder_; }
  [[nodiscard]] const Recorder& recorder() const { return recorder_; }
  [[nodiscard]] EventQueue& queue() { return queue_; }
  [[nodiscard]] Barrier& barrier() { return barrier_; }
  [[nodiscard]] ContentHash fingerprint() const { return recorder_.fingerprint(); }
  [[nodiscard]] std::size_t peak_bytes(const Node& node) const { return node.memory().peak; }

  // ---- Common goals, over honest nodes that are up
  /// Every node has all the links that the topology asks for.
  [[nodiscard]] bool is_linked() const;
  /// Every node knows a route to every node in @p announcers (empty: to all that announce).
  [[nodiscard]] bool is_converged(std::span<const NodeIndex> announcers = {}) const;
  /// Following next hops from every node leads to every announcer: the first that does not, in
  /// words, or nothing.
  [[nodiscard]] std::optional<std::string> check_routes(
      std::span<const NodeIndex> announcers = {}) const;
  /// Every installed program is done.
  [[nodiscard]] bool is_done() const;

 private:
  class Rounds;
  class FaultClock;
  void add_channels(const Topology& topology, NodeIndex first);
  void add_shared(const Topology& topology, const std::string& key, NodeIndex first);
  Channel& new_channel(const Media& media);
  void step_until(Instant until);
  void throw_if_broken();
  void apply(const Fault& fault);
  void undo(const Fault& fault);
  void say_fault(What what, const Fault& fault);
  [[nodiscard]] bool counts(NodeIndex node) const;
  [[nodiscard]] std::vector<NodeIndex> announcers_or_all(std::span<const NodeIndex> some) const;

  std::uint64_t seed_;
  SimOptions options_;
  EventQueue queue_;
  Recorder recorder_;
  Barrier barrier_;
  Topology topology_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::pair<NodeId, NodeIndex>> by_id_;  // sorted
  std::vector<std::pair<NodeIndex, NodeIndex>> wanted_;
  std::vector<std::unique_ptr<Invariant>> invariants_;
  std::unique_ptr<Rounds> rounds_;
  std::unique_ptr<FaultClock> faults_;
  std::function<bool()> progress_;
  bool stopped_ = false;
  // Where the last question ended: what did not hold there is asked first.
  mutable std::size_t linked_cursor_ = 0;
  mutable std::pair<NodeIndex, std::size_t> converged_cursor_{0, 0};
};

}  // namespace mehr::sim
