// Between L0 and L1 of every simulated node: what is seen there, and what a liar does there.
//
// Place: ports/sim; a LinkLayer over the node's Links and a LinkListener under its Network, put
// between them by stack::NodeConfig::between. It reports packets and control messages in the clear,
// links up and down, and lets at most one Behaviour bend them.
// What is reported: what L0 took to send, after the Behaviour, and what L0 delivered, before it. So
// a report tells what the link carried, whoever lies about it.
// A Behaviour is a node's dishonesty in small hooks; byzantine.h has the usual ones.
// Machine: a hook's packet passes, vanishes or waits; what waits goes on at its time, unless its
// link went down or the Behaviour was taken away. Deadlines: those, and the Behaviour's period.
// Bounds: a delayed packet waits in the event queue; at most 1,024 per node, beyond it they are
// dropped. Failure: none; what L0 refuses is refused. Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "mehr/l0/link_layer.h"
#include "mehr/sim/chance.h"
#include "mehr/sim/event_queue.h"
#include "mehr/sim/recorder.h"

namespace mehr::sim {

class Tap;

/// What becomes of a packet at the tap.
struct Verdict {
  bool pass = true;   ///< false: it vanishes
  Duration delay{0};  ///< it goes on so much later
};

/// A way to misbehave. Every hook may change the bytes it is given.
class Behaviour {
 public:
  virtual ~Behaviour() = default;
  /// A packet of this node on its way out over @p link.
  virtual Verdict outgoing(Tap& tap, l0::LinkId link, Bytes& packet);
  /// A packet that came in, before L1 sees it.
  virtual Verdict incoming(Tap& tap, l0::LinkId link, Bytes& packet);
  /// A control message on its way out, or before L1 sees it; false: it vanishes.
  virtual bool outgoing_control(Tap& tap, l0::LinkId link, Bytes& message);
  virtual bool incoming_control(Tap& tap, l0::LinkId link, Bytes& message);
  /// Asked every `period`, for mischief without cause; zero: never.
  [[nodiscard]] virtual Duration period() const { return Duration{0}; }
  virtual void on_period(Tap& tap);
};

/// What a tap needs of the world.
struct TapConfig {
  NodeIndex node = kNoNode;
  Recorder& recorder;
  EventQueue& queue;
  std::uint64_t seed = 0;
  /// The place of a neighbour in the simulation, kNoNode for a stranger.
  std::function<NodeIndex(const NodeId&)> find;
  NodeId id{};  ///< of the node, so that a Behaviour tells its own packets from others'
  /// Runs what the event queue brings as if inside the node; empty: just runs it.
  std::function<void(const std::function<void()>& what)> enter{};
};

class Tap final : public l0::LinkLayer, public l0::LinkListener, private EventSink {
 public:
  static constexpr std::size_t kMostDelayed = 1024;
  /// An active link of the node.
  struct Neighbour {
    l0::LinkId link;
    NodeIndex peer = kNoNode;
    NodeId id;
  };

  /// Becomes the listener of @p below, which must outlive it.
  Tap(l0::LinkLayer& below, TapConfig config);
  ~Tap() override;
  Tap(const Tap&) = delete;
  Tap& operator=(const Tap&) = delete;

  /// Borrowed; none: honest. What an earlier one held back is dropped.
  void set_behaviour(Behaviour* behaviour);

  // ---- For Behaviours
  [[nodiscard]] const NodeId& id() const { return config_.id; }
  [[nodiscard]] Chance& chance() { return chance_; }
  [[nodiscard]] Instant now() const { return config_.queue.now(); }
  /// Active links, by link id. Borrowed until a link comes or goes.
  [[nodiscard]] std::span<const Neighbour> links() const { return links_; }
  /// Sends @p packet as if L1 had, past the hooks.
  void inject_out(l0::LinkId link, ByteView packet);
  /// The same for a control message.
  void inject_control(l0::LinkId link, ByteView message);
  /// Gives @p packet to L1 as if it had come over @p link: by the next event, and unreported.
  void inject_in(l0::LinkId link, Bytes packet);

  // ---- LinkLayer
  void set_listener(l0::LinkListener* listener) override { above_ = listener; }
  Status send_packet(l0::LinkId link, ByteView packet, l0::Padding padding) override;
  Status send_control(l0::LinkId link, ByteView message) override;
  void signal_too_big(l0::LinkId upstream, const NodeId& destination, Mtu egress_mtu) override;
  void report_malformed(l0::LinkId link) override;
  void close(l0::LinkId link, l0::CloseReason reason) override;
  Status send_clear(l0::MediumHandle medium, ByteView packet) override;
  Status send_foreign(const NodeId& node, ByteView packet) override;
  void set_foreign_extension(ByteView extension) override;

  // ---- LinkListener
  void on_link_up(const l0::LinkInfo& link) override;
  void on_link_down(l0::LinkId link, l0::CloseReason reason) override;
  void on_packet(l0::LinkId from, MutableBytes packet) override;
  void on_control(l0::LinkId from, ByteView message) override;
  void on_packet_too_big(l0::LinkId from, const NodeId& destination, Mtu mtu) override;
  void on_link_writable(l0::LinkId link) override;
  void on_round_trip(l0::LinkId link, Millis rtt) override;
  void on_clear_medium_up(l0::MediumHandle medium, const MediumInfo& info) override;
  void on_clear_medium_down(l0::MediumHandle medium) override;
  void on_clear_packet(l0::MediumHandle from, MutableBytes packet) override;
  void on_clear_writable(l0::MediumHandle medium) override;
  void on_foreign_node(const l0::ForeignNode& node) override;
  void on_foreign_lost(const NodeId& node) override;
  void on_foreign_packet(MutableBytes packet) override;
  void on_foreign_writable() override;
  void on_neighbour_frame(const l0::NeighbourFrame& frame) override;

 private:
  enum class Way : std::uint8_t { out, in };
  struct Delayed {
    Way way = Way::out;
    l0::LinkId link;
    l0::Padding padding = l0::Padding::by_class;
    Bytes packet;
    EventId event;  // none: the place is free
  };

  void on_event(Instant now, std::uint64_t tag) override;
  void run(std::uint64_t tag);
  void delay(Way way, l0::LinkId link, Bytes packet, l0::Padding padding, Duration span);
  void drop_delayed(std::size_t place);
  Status pass_control(l0::LinkId link, ByteView message);
  Status pass_out(l0::LinkId link, ByteView packet, l0::Padding padding);
  void record(What what, l0::LinkId link, ByteView bytes);
  [[nodiscard]] NodeIndex peer_on(l0::LinkId link) const;

  l0::LinkLayer& below_;
  l0::LinkListener* above_ = nullptr;
  TapConfig config_;
  Chance chance_;
  Behaviour* behaviour_ = nullptr;
  EventId period_;
  std::vector<Neighbour> links_;  // sorted by link
  std::vector<Delayed> delayed_;
  std::vector<std::size_t> free_;
};

}  // namespace mehr::sim
