// Makes a node one of Reticulum's transport nodes, and lets native packets cross their networks.
// spec: L0/8
//
// Place: L0, between `Links` and the floor above: LinkListener of the one, LinkLayer to the other.
// Seams: Signer, Clock, Timers, Random, Storage (may be null: a new transport ID each start).
// What it does: clear packets, and those packets in native links that are Reticulum's, go to
// rns/relay.h; everything else passes untouched. This node announces itself as `mehr.node`; nodes
// heard of under that name are told upward, and native packets to them go to their Reticulum
// address, context and DATA unchanged.
// Ports: one per medium for clear packets, one per native link whose peer says it relays Reticulum
// too (feature::kReticulum). While such a link is up on a stream, the clear port beside it, which
// leads to the same peer, is not announced on.
// Deadlines: those of the relay; own announce every 3,660 s; a lost node is asked for again when a
// port comes up, one request per 500 ms.
// Bounds: Relay::Config; at most 64 lost nodes are remembered, the oldest goes.
// Failure: a full medium drops a packet of others, which is counted; for own ones it answers full.
// Threads: the node's.
#pragma once

#include <vector>

#include "mehr/core/clock.h"
#include "mehr/core/signer.h"
#include "mehr/core/storage.h"
#include "mehr/core/timers.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l0/rns/relay.h"

namespace mehr::l0::rns {

struct BridgeCounters {
  std::uint64_t full = 0;         ///< packets of others dropped, the port was full
  std::uint64_t failed = 0;       ///< likewise for other reasons
  std::uint64_t no_port = 0;      ///< media and links for which there was no place
  std::uint64_t foreign_out = 0;  ///< native packets sent to a Reticulum address
  std::uint64_t foreign_in = 0;
  std::uint64_t announced = 0;  ///< own announces made
  std::uint64_t requests = 0;   ///< paths asked for
};

/// A path as people see it.
struct PathStatus {
  Address destination;
  std::optional<NodeId> node;
  std::uint8_t hops = 0;
  bool native = false;  ///< by a native link
  Millis age;
};

class Bridge final : public LinkLayer, private LinkListener, private Wakeable {
 public:
  static constexpr Millis kRefresh = Millis::seconds(3660);  // spec: L0/8.2
  static constexpr Millis kRequestSpacing{500};
  static constexpr std::size_t kMostLost = 64;

  /// What the bridge needs around it.
  struct World {
    Clock& clock;
    Timers& timers;
    Random& random;
    Storage* storage = nullptr;
  };
  /// Takes the place of the listener of @p below. All given must outlive the Bridge.
  Bridge(const Relay::Config& config, LinkLayer& below, const Signer& signer, const World& world);
  ~Bridge() override;
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  // ---- LinkLayer
  void set_listener(LinkListener* listener) override { above_ = listener; }
  Status send_packet(LinkId link, ByteView packet, Padding padding) override {
    return below_.send_packet(link, packet, padding);
  }
  Status send_control(LinkId link, ByteView message) override {
    return below_.send_control(link, message);
  }
  void signal_too_big(LinkId upstream, const NodeId& destination, Mtu egress_mtu) override {
    below_.signal_too_big(upstream, destination, egress_mtu);
  }
  void report_malformed(LinkId link) override { below_.report_malformed(link); }
  void close(LinkId link, CloseReason reason) override { below_.close(link, reason); }
  Status send_foreign(const NodeId& node, ByteView packet) override;
  void set_foreign_extension(ByteView extension) override;

  // ---- For people
  /// Who this node is to Reticulum peers: its `mehr.node` destination.
  [[nodiscard]] const Address& address() const { return own_; }
  [[nodiscard]] const Relay& relay() const { return relay_; }
  [[nodiscard]] const BridgeCounters& counters() const { return counters_; }
  /// All paths. Allocates: not for the packet path.
  [[nodiscard]] std::vector<PathStatus> paths() const;

 private:
  // A port's other side: a medium for clear packets, or a native link on some medium.
  struct Port {
    PortId id = kNoPort;
    MediumHandle medium;   // of a link: the medium it lies on
    LinkId link;           // 0: a medium for clear packets
    bool covers = false;   // a stream's link: the clear port on the same medium is silent
    bool blocked = false;  // an own packet found it full
  };

  void on_link_up(const LinkInfo& link) override;
  void on_link_down(LinkId link, CloseReason reason) override;
  void on_packet(LinkId from, MutableBytes packet) override;
  void on_control(LinkId from, ByteView message) override;
  void on_packet_too_big(LinkId from, const NodeId& destination, Mtu mtu) override;
  void on_link_writable(LinkId link) override;
  void on_round_trip(LinkId link, Millis rtt) override;
  void on_clear_medium_up(MediumHandle medium, const MediumInfo& info) override;
  void on_clear_medium_down(MediumHandle medium) override;
  void on_clear_packet(MediumHandle from, MutableBytes packet) override;
  void on_clear_writable(MediumHandle medium) override;
  void on_neighbour_frame(const NeighbourFrame& frame) override;
  void on_wake(Millis now) override;

  [[nodiscard]] const Port* port_of(LinkId link) const;
  [[nodiscard]] const Port* port_of(MediumHandle medium) const;
  PortId add_port(const PortInfo& info, Port port);
  void remove_port(PortId port);
  void unblock(PortId port);
  void cover(MediumHandle medium, bool covered);
  void take(const Port& from, MutableBytes packet);
  void heard(const Relay::Heard& heard);
  void deliver(const Relay::Deliver& packet);
  void tell_lost();
  void ask_again(Millis now);
  [[nodiscard]] Status send(const Relay::Send& send);
  void announce(Millis now);
  void pump(Millis now);
  void rearm();

  LinkLayer& below_;
  const Signer& signer_;
  Clock& clock_;
  Timers& timers_;
  Random& random_;
  LinkListener* above_ = nullptr;
  NameHash name_;
  Address own_;
  Relay relay_;
  std::vector<Port> ports_;        // by port id
  std::vector<PortId> by_medium_;  // by medium handle: its clear port
  std::vector<PortId> by_link_;    // by link id: its port
  std::vector<Address> lost_;      // nodes of ours to ask for, oldest first
  Millis ask_at_ = Millis::never();
  std::size_t ask_next_ = 0;
  std::array<std::uint8_t, kMostAppData> extension_{};
  std::size_t extension_size_ = 0;
  std::uint64_t emitted_ = 0;
  Millis announce_at_ = Millis::never();  // never: nobody was there to hear it
  Millis armed_ = Millis::never();
  std::vector<std::uint8_t> scratch_;
  BridgeCounters counters_;
};

}  // namespace mehr::l0::rns
