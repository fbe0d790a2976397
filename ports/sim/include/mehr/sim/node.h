// One simulated node: the same stack::Node as in a daemon, with a clock, disk and chance of its
// own.
//
// Place: ports/sim. Implements Clock and Timers for the stack, Host for the channels. It survives
// its own crashes: identity, disk and programs stay, the stack is built anew.
// Machine: down -> boot -> up -> (pause <-> resume) -> crash -> down. Deadlines: the earliest wake
// of its stack and programs, one pending event; while it is paused, or its disk keeps it busy,
// events wait and come late, as on a stopped process. Links that the topology asks for are asked
// for again 5 s after they fail, doubling to 300 s. Clocks: `now` is milliseconds since boot, too
// fast by `skew_ppm`; the node clock begins at the wall clock, which jumps bend, and follows `now`.
// Bounds: Limits of its stack; at most 4,096 frames wait for a paused node, then they are lost.
// Everything that runs inside is charged to `memory()`.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "mehr/core/clock.h"
#include "mehr/l0/identity.h"
#include "mehr/sim/channel.h"
#include "mehr/sim/disk.h"
#include "mehr/sim/hazards.h"
#include "mehr/sim/memory.h"
#include "mehr/sim/prices.h"
#include "mehr/sim/program.h"
#include "mehr/sim/tap.h"
#include "mehr/sim/topology.h"
#include "mehr/stack/node.h"

namespace mehr::sim {

class Sim;

/// The identity of node @p index in a run of @p seed: that of `Sim{seed}.node(index)`.
[[nodiscard]] l0::Identity identity_of(std::uint64_t seed, NodeIndex index);

/// What a node tells of L1 beside routes.
struct NodeObservers {
  std::function<void(const l1::ProbeEvent&)> probe;
  std::function<void(const l1::ReservationNews&)> reservation;
  std::function<void(const PathConstraintViolation&)> violation;
};

class Node final : public Host, public Clock, public Timers, private EventSink {
 public:
  Node(Sim& sim, NodeIndex index, const NodeSpec& spec, const Limits& limits);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] const NodeId& id() const { return identity_.node_id(); }
  [[nodiscard]] const std::string& name() const { return spec_.name; }
  [[nodiscard]] const NodeSpec& spec() const { return spec_; }
  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] Sim& sim() { return sim_; }

  // ---- What it runs
  [[nodiscard]] bool is_up() const { return stack_ != nullptr; }
  /// Its first boot is yet to come.
  [[nodiscard]] bool is_unborn() const { return unborn_; }
  /// The stack; only while `is_up`. Calls into it from outside go through `enter`.
  [[nodiscard]] stack::Node& stack();
  [[nodiscard]] const stack::Node* stack_if_up() const { return stack_.get(); }
  [[nodiscard]] Random& random() { return random_; }
  [[nodiscard]] Disk& disk() { return disk_; }
  /// What the stack holds, programs and the simulation around it apart.
  [[nodiscard]] const MemoryAccount& memory() const { return memory_; }
  /// For a program that calls down from within its own account.
  [[nodiscard]] MemoryAccount& memory() { return memory_; }
  /// What programs hold: their entry points put an AccountScope on it.
  [[nodiscard]] MemoryAccount& program_memory() { return program_memory_; }
  void install(std::unique_ptr<Program> program);
  [[nodiscard]] const std::vector<std::unique_ptr<Program>>& programs() const { return programs_; }
  /// Nothing misbehaves when empty. Takes effect at once.
  void behave(std::unique_ptr<Behaviour> behaviour);
  [[nodiscard]] bool is_honest() const { return behaviour_ == nullptr; }

  /// What it asks for relaying: everything is free unless somebody sets a price. Survives crashes;
  /// L1 hears of another price within a minute.
  [[nodiscard]] Prices& prices() { return prices_; }
  /// Who hears of probes, reservations and ways that are not what was asked for, from every boot
  /// on. Takes effect at once.
  void observe(NodeObservers observers);

  // ---- What happens to it
  void boot();
  void crash();
  void pause();
  void resume();
  [[nodiscard]] bool is_paused() const { return paused_; }
  /// Steps the wall clock; the node clock sees it at the next boot, as on a real machine.
  void jump_clock(std::int64_t milliseconds);

  // ---- What it can be asked
  void announce();
  [[nodiscard]] bool knows(const NodeId& other) const;
  /// Whether its routing table has a usable next hop towards @p other, and which.
  [[nodiscard]] std::optional<NodeId> next_hop(const NodeId& other) const;
  [[nodiscard]] bool is_linked(const NodeId& peer) const;
  [[nodiscard]] std::size_t active_links() const { return links_up_.size(); }
  /// Where it sits, joined or not.
  [[nodiscard]] std::span<Channel* const> channels() const { return channels_; }

  /// Asks @p peer for a link over a segment that both sit on, once; false when there is none. What
  /// the topology asks for is asked for without this.
  bool dial(NodeIndex peer);

  // ---- For programs: what they sent and got, by a tag that names the message
  void sent(NodeIndex to, ByteView tag);
  void delivered(NodeIndex from, ByteView tag);
  void note(std::string_view text);

  // ---- Clock, Timers
  Millis now() override;
  NodeTime node_time() override;
  void wake_at(Wakeable& who, Millis at) override;

  // ---- Host
  [[nodiscard]] NodeIndex index() const override { return index_; }
  [[nodiscard]] Position position() const override;
  [[nodiscard]] bool may_move() const override { return !spec_.path.empty(); }
  void opened(Medium& medium, ChannelId channel, NodeIndex peer, bool dialled) override;
  void arrived(Medium& medium, ChannelId channel, const FrameInfo& info, Bytes frame) override;
  void writable(Medium& medium) override;
  void closed(Medium& medium) override;

  /// Runs @p what as if inside the node: charged to it, hazards armed, its wakes asked for after.
  template <class F>
  decltype(auto) enter(F&& what) {
    const Entered inside(*this);
    return std::forward<F>(what)();
  }

  // ---- For Sim, while it builds
  /// On the shared @p channel this node asks @p peer for a link.
  void want_link(ChannelId channel, NodeIndex peer);
  /// This node sits on @p channel.
  void join(Channel& channel) { channels_.push_back(&channel); }
  /// Boots at @p when, unless it did before.
  void boot_at(Instant when);

 private:
  /// An entry into the node's code; the outermost arms its timer when it ends.
  class Entered {
   public:
    explicit Entered(Node& node);
    ~Entered();
    Entered(const Entered&) = delete;
    Entered& operator=(const Entered&) = delete;

   private:
    Node& node_;
    AccountScope account_;
    HazardScope hazards_;
  };
  /// Hears of links for the node: what it wants, has and records.
  class LinkWatch;
  struct Wake {
    Wakeable* who = nullptr;
    Millis at;
  };
  /// A link the topology asks this node for, over a medium that does not dial by itself.
  struct Wanted {
    ChannelId channel;
    NodeIndex peer = kNoNode;
    Medium* medium = nullptr;  // while it is open
    Duration backoff{0};
    EventId retry;
  };
  struct LinkUp {
    l0::LinkId id;
    NodeId peer;
    const Medium* medium = nullptr;
  };
  /// What came while the node stood still.
  struct Waiting {
    enum class Kind : std::uint8_t { opened, arrived, writable };
    Kind kind = Kind::arrived;
    Medium* medium = nullptr;
    ChannelId channel;
    NodeIndex peer = kNoNode;
    bool dialled = false;
    FrameInfo info;
    Bytes frame;
  };

  void on_event(Instant now, std::uint64_t tag) override;
  void run_wakes();
  void arm();
  [[nodiscard]] bool stands_still() const;
  [[nodiscard]] Instant real_time_of(Millis local) const;
  void drain();
  void take(Waiting& item);
  void deliver(Waiting& item);
  void build_stack();
  void tear_down();
  void hand_observers();
  void load_clock();
  void save_clock();
  void ask_for_link(Wanted& wanted);
  void retry_later(Wanted& wanted);
  void link_up(const l0::LinkInfo& link, const Medium& medium);
  void link_down(const l0::LinkInfo& link);
  void record_route(const l1::RouteEvent& event);
  void record(What what, NodeIndex peer = kNoNode, ByteView bytes = {}, std::string_view text = {});

  Sim& sim_;
  NodeIndex index_;
  NodeSpec spec_;
  Limits limits_;
  l0::Identity identity_;
  Chance random_;  // the stack's entropy
  Chance chance_;  // the simulation's own: backoffs
  Disk disk_;
  HazardSource hazards_;
  MemoryAccount memory_;
  MemoryAccount program_memory_;
  std::vector<Channel*> channels_;
  std::vector<Wanted> wanted_;
  std::unique_ptr<Behaviour> behaviour_;
  Prices prices_;
  NodeObservers observers_;
  std::vector<std::unique_ptr<Program>> programs_;
  std::int64_t clock_offset_ms_ = 0;  // of the wall clock

  // While it is up.
  std::unique_ptr<DiskStorage> storage_;
  std::unique_ptr<LinkWatch> link_watch_;
  std::unique_ptr<stack::Node> stack_;
  Tap* tap_ = nullptr;  // owned by the stack
  std::vector<LinkUp> links_up_;
  std::vector<std::pair<ChannelId, Medium*>> segments_;  // datagram media that are open
  std::vector<Wake> wakes_;
  std::deque<Waiting> waiting_;
  Instant booted_at_;
  NodeTime node_base_;
  Instant busy_until_;
  Instant armed_at_ = kNever;
  EventId timer_;
  EventId drain_;
  EventId clock_save_;
  EventId boot_;
  unsigned depth_ = 0;
  bool paused_ = false;
  bool unborn_ = true;
};

}  // namespace mehr::sim
