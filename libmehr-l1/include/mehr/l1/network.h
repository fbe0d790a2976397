// L1's facade: routed datagrams over the links of L0. spec: L1
//
// Place: offers the `Messenger`, `KeyTable` and `PathInfo` of core upward, listens to a `LinkLayer`
// below. It owns L1's machines, asks the clock for them and spends what they have ready: announces
// (announce_flow.h), gossip rounds (gossip.h), queues and budgets (egress.h), probes (prober.h),
// reservations (reservations.h), questions for ways (path_requests.h).
// Machine: link events and packets come from L0, time from `Timers`; packets for this node go to
// the handler of their context, others to the neighbour that the route score names. Everything that
// leaves passes Egress. Nothing here names a source: no packet carries one.
// Threads: the node's. Handlers and observers run from here and may call anything here.
// Bounds: `Limits`; at most 16 messages to this node itself wait; 256 messages leave per step, the
// rest in the next. Relaying a packet allocates nothing.
// Failure: a stranger's nonsense is dropped and counted in `NetworkCounters`, and its sender's
// share shrinks (neighbour_conduct.h); a full queue drops the packet; a storage that fails is
// counted and the node goes on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "mehr/core/clock.h"
#include "mehr/core/duplicate_filter.h"
#include "mehr/core/key_table.h"
#include "mehr/core/limits.h"
#include "mehr/core/messenger.h"
#include "mehr/core/path_info.h"
#include "mehr/core/random.h"
#include "mehr/core/relay_policy.h"
#include "mehr/core/replicated.h"
#include "mehr/core/signer.h"
#include "mehr/core/storage.h"
#include "mehr/core/timers.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l1/announce_items.h"
#include "mehr/l1/control_door.h"
#include "mehr/l1/egress.h"
#include "mehr/l1/foreign_nodes.h"
#include "mehr/l1/gossip.h"
#include "mehr/l1/neighbour_clock.h"
#include "mehr/l1/neighbour_conduct.h"
#include "mehr/l1/network_events.h"
#include "mehr/l1/path_requests.h"
#include "mehr/l1/probe_relay.h"
#include "mehr/l1/prober.h"
#include "mehr/l1/reservations.h"
#include "mehr/l1/reverse_path.h"
#include "mehr/l1/routing_table.h"
#include "mehr/l1/smoothed_rtt.h"

namespace mehr::l1 {

class Network final : public Messenger,
                      public KeyTable,
                      public PathInfo,
                      public ControlDoor,
                      private l0::LinkListener,
                      private ProbePaths,
                      private ReservationView,
                      private Wakeable {
 public:
  /// Takes the place of the listener of @p links. @p storage may be null: then `emitted` follows
  /// the node clock alone. @p policy may be null: everything is free. What is given must outlive
  /// the Network.
  Network(l0::LinkLayer& links, Clock& clock, Timers& timers, Random& random, const Signer& signer,
          Storage* storage, const Limits& limits, RelayPolicy* policy = nullptr);
  ~Network() override;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // ---- Messenger: bodies are DATA as it travels; the port of a protocol must be 0
  // -----------------
  /// unsupported with `onion_route`: onions are made above.
  Status send(const NodeId& to, Protocol protocol, ByteView body,
              const SendOptions& options) override;
  void on(Protocol protocol, MessageHandler handler) override;
  [[nodiscard]] std::size_t max_body(const NodeId& to) const override;
  void on_writable(std::function<void()> handler) override;

  // ---- KeyTable: keys from announces and handshakes
  // -----------------------------------------------
  [[nodiscard]] std::optional<PublicKey> key_of(const NodeId& node) const override;

  // ---- PathInfo
  // ----------------------------------------------------------------------------------
  [[nodiscard]] std::optional<PathFacts> path(const NodeId& to,
                                              const PathPolicy& policy) const override;
  [[nodiscard]] std::optional<ByteView> tlv(const NodeId& node, std::uint8_t type) const override;
  void destinations(const std::function<void(const NodeId&)>& each) const override;
  void neighbours(const std::function<void(const NeighbourFacts&)>& each) const override;

  // ---- ControlDoor: messages of one hop that belong to somebody else
  // ------------------------------
  void on_control_type(std::uint8_t type, ControlHandler* handler) override;
  Status send_control(l0::LinkId link, std::uint8_t tier, ByteView message) override;
  [[nodiscard]] std::size_t room_for(l0::LinkId link, std::size_t bytes) const override;
  /// Facts of the link table: who is at the other end, and how long a message may be.
  [[nodiscard]] std::optional<LinkEnd> end_of(l0::LinkId link) const override;
  /// Of several links the widest.
  [[nodiscard]] std::optional<l0::LinkId> link_to(const NodeId& neighbour) const override;

  // ---- Announcing
  // --------------------------------------------------------------------------------
  /// Announces this node on every active link, with a new `emitted`.
  void announce_now();
  /// False: a silent node. It relays and learns like any other, but never says who it is at a new
  /// link or by refresh, so that others reach it as a neighbour only. `announce_now` still
  /// announces it, once. True, as from the start: it speaks again from its next link or refresh on.
  void set_announcing(bool announcing);
  /// How far own announces travel, 1..128 links. spec: L1/4 max_hops
  void set_max_hops(std::uint8_t max_hops);
  /// Which versions are understood besides this one. spec: L1/13.3
  void set_versions(const SpokenVersions& versions) { flow_.set_versions(versions); }
  /// Extension fields of own announces from the next one on; copied. Errors: too_big, bad_value.
  Status set_tlvs(ByteView tlvs);

  // ---- Gossip
  // ------------------------------------------------------------------------------------
  /// What floors above keep level with their neighbours' through gossip; at start, borrowed for
  /// good.
  void replicate(Replicated& what);
  /// Called with an item taken up here that is too large for gossip on some link: whoever owns its
  /// kind hands it over there as a message, once. spec: L1/9 item limit
  void on_left_out(std::function<void(const GossipItem&)> observer) {
    left_out_observer_ = std::move(observer);
  }
  [[nodiscard]] const GossipCounters& gossip_counters() const { return gossip_.counters(); }

  // ---- Probes
  // ------------------------------------------------------------------------------------
  /// Sends one probe of @p size bytes on the way to @p to; what became of it comes by `on_probe`.
  /// Errors: no_route, as Prober::start, full or not_found when the link did not take it.
  Status probe(const NodeId& to, Mtu size);
  /// Searches the largest packet that passes, in the background. Errors: no_route, Prober::search.
  Status search_mtu(const NodeId& to);
  /// What probing found out; nothing when nothing is known. Borrowed until the next call.
  [[nodiscard]] const ProbeReport* probed(const NodeId& to) const { return prober_.find(to); }
  /// Called after a probe of this node was answered or not, and when a search is over.
  void on_probe(std::function<void(const ProbeEvent&)> observer) {
    probe_observer_ = std::move(observer);
  }

  // ---- Reservations
  // ------------------------------------------------------------------------------
  /// Errors: as Reservations::request. What follows comes as news.
  Result<ReservationKey> reserve(const ReservationOrder& order);
  Status release(const ReservationKey& key, ReleaseReason reason);
  void on_reservation(std::function<void(const ReservationNews&)> observer) {
    reservation_observer_ = std::move(observer);
  }

  // ---- For people, and for looking into
  // ----------------------------------------------------------
  /// Called after a route appeared, changed its next hop or was lost; an empty function ends it.
  void on_route(std::function<void(const RouteEvent&)> observer) {
    observer_ = std::move(observer);
  }
  /// Called when a message went a way that has not the MTU it asked for. spec: L1/6.2
  void on_violation(std::function<void(const PathConstraintViolation&)> observer) {
    violation_observer_ = std::move(observer);
  }
  /// All routes, in no particular order. Allocates: for people, not for the packet path.
  [[nodiscard]] std::vector<RouteInfo> routes() const;
  /// Every way that is known to @p to, the direct link first when there is one. Allocates likewise.
  [[nodiscard]] std::vector<WayInfo> ways(const NodeId& to) const;
  /// Asks the neighbours for a way to @p to; false: that was done within the last 20 s. Whoever
  /// knows one answers within about 15 s, and `on_route` tells. spec: L1/4.3 PathRequest
  bool seek(const NodeId& to) override;
  /// All active links. Allocates likewise.
  [[nodiscard]] std::vector<LinkView> links() const;
  /// The neighbour that a packet to @p to would go to now; none without a usable route, or for this
  /// node itself.
  [[nodiscard]] std::optional<NodeId> next_hop(const NodeId& to) const;
  /// True when that packet would leave across a network of another kind instead: one leads there,
  /// and no link does by a way that is fresh and feasible. docs/decisions/0020
  [[nodiscard]] bool goes_abroad(const NodeId& to) const;
  [[nodiscard]] const NetworkCounters& counters() const { return counters_; }
  /// Single routes, without the copies that `routes` makes.
  [[nodiscard]] const RoutingTable& table() const { return table_; }
  [[nodiscard]] const ReservationCounters& reservation_counters() const {
    return reservations_.counters();
  }
  [[nodiscard]] const NodeId& node_id() const { return self_; }

 private:
  // The facade decides nothing that a machine could: it hands events down, spends what comes back
  // on the link layer and the timers, counts, and tells observers. Which file holds what stands
  // beside each group.

  /// What the facade itself keeps of a neighbour, by link slot.
  struct Neighbour {
    NodeId peer;
    NeighbourClock clock;  // of a neighbour that comes back it is the same one
    SmoothedRtt rtt;
    NeighbourConduct conduct;
    BitsPerSecond channel;  ///< nominal, of the medium
    Millis nominal;         ///< latency of the medium, until the first Pong
    std::uint64_t rounds_good = 0;
    std::uint64_t rounds_failed = 0;
  };
  /// A message of this node to itself, waiting for the next wake.
  struct Loopback {
    std::uint8_t context = 0;
    Bytes body;
  };
  struct Handler {
    std::uint8_t context = 0;
    std::shared_ptr<const MessageHandler> call;  // none: removed
  };
  struct Told {
    NodeId destination;
    NodeId next_hop;
    std::uint64_t incarnation = 0;
  };

  // LinkListener: packets and control messages of links that are no longer known are dropped.
  // Clear packets are judged like any other, but came by no link, so they teach no route.
  void on_link_up(const l0::LinkInfo& link) override;
  void on_link_down(l0::LinkId link, l0::CloseReason reason) override;
  void on_packet(l0::LinkId from, MutableBytes packet) override;
  void on_clear_packet(l0::MediumHandle from, MutableBytes packet) override;
  void on_foreign_node(const l0::ForeignNode& node) override;
  void on_foreign_lost(const NodeId& node) override;
  void on_foreign_packet(MutableBytes packet) override;
  void on_foreign_writable() override;
  void on_control(l0::LinkId from, ByteView message) override;
  void on_packet_too_big(l0::LinkId from, const NodeId& destination, Mtu mtu) override;
  void on_link_writable(l0::LinkId link) override;
  void on_round_trip(l0::LinkId link, Millis rtt) override;
  void on_wake(Millis now) override;

  // ProbePaths: what the table says of the way that a probe would take now.
  [[nodiscard]] std::optional<ProbePath> probe_path(const NodeId& destination,
                                                    Mtu size) const override;
  // ReservationView: routes, prices, rates and clocks as reservations need them.
  [[nodiscard]] bool is_self(const NodeId& destination) const override {
    return destination == self_;
  }
  [[nodiscard]] std::optional<ReservationRoute> route(const NodeId& destination, LinkSlot ingress,
                                                      bool largest_mtu) const override;
  [[nodiscard]] std::uint64_t fee(LinkSlot upstream) const override;
  [[nodiscard]] BitsPerSecond rate(LinkSlot link) const override;
  [[nodiscard]] NodeId peer(LinkSlot link) const override { return table_.link(link).info.peer; }
  [[nodiscard]] std::int64_t clock_offset_ms(LinkSlot link) const override {
    return neighbours_[link].clock.offset_ms();
  }
  [[nodiscard]] NodeTime node_time() const override { return clock_.node_time(); }

  // Packets: network_packets.cpp
  void take_packet(LinkSlot from, MutableBytes bytes);
  void on_announce(LinkSlot from, const l0::Packet& packet, Millis now);
  void on_data(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now);
  void on_proof(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now);
  void deliver(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now);
  [[nodiscard]] Handler* handler_of(std::uint8_t context);
  /// To the handler of @p context, which may do anything here, even replace itself.
  void hand_up(LinkSlot from, std::uint8_t context, MutableBytes body);
  void forward(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, const PacketId& id,
               Millis now);
  [[nodiscard]] bool may_pass(LinkSlot from, const l0::Packet& packet, MutableBytes bytes,
                              const std::optional<NextHop>& hop, Millis now);
  /// A duplicate: when it came by another link than before, its way is no longer first choice.
  void loop_seen(LinkSlot from, const NodeId& destination, const PacketId& id);
  void count(LinkSlot from, const Received& received, Millis now);

  // Across networks of another kind: network_foreign.cpp. The floor below finds the nodes there and
  // carries the packets; here they are known by NodeID, and taken when no link is a good way.
  void introduce_abroad();
  void expire_foreign(Millis now);
  [[nodiscard]] bool goes_abroad(const NodeId& to, const std::optional<NextHop>& hop) const;
  [[nodiscard]] Status send_own_abroad(const NodeId& to, std::uint8_t context, ByteView body);
  void forward_abroad(LinkSlot from, const l0::Packet& packet, MutableBytes bytes);
  [[nodiscard]] RouteInfo info_of(const ForeignNodes::Node& node, Millis now) const;
  [[nodiscard]] PathFacts facts_of(const ForeignNodes::Node& node) const;

  // Probes: network_probes.cpp. Those of others are passed on and answered without knowing whose.
  bool pass_probe(LinkSlot from, const l0::Packet& packet, const NextHop& hop, Millis now);
  void answer_probe(LinkSlot from, const l0::Packet& packet, std::size_t size, Millis now);
  void on_probe_response(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now);
  Status send_probe(const ProbeEvent& event, Millis now);
  void poll_probes(Millis now);
  void tell_probe(const ProbeEvent& event);

  // Control messages: network_control.cpp. An error is a malformed message: the neighbour is at
  // fault, its share shrinks, and five in 60 s close the link.
  [[nodiscard]] Status take_control(l0::LinkId id, LinkSlot from, ByteView message, Millis now);
  [[nodiscard]] Status take_updates(LinkSlot from, ByteView message, Millis now);
  [[nodiscard]] Status take_gossip(LinkSlot from, ByteView message, Millis now);
  [[nodiscard]] Status take_reservation(LinkSlot from, ByteView message, Millis now);
  void take_path_request(LinkSlot from, const PathRequest& request, Millis now);
  void pass_path_request(LinkSlot from, const PathRequest& request, Millis now);
  void answer_for_self(LinkSlot from, Millis now);
  void round_ended(LinkSlot link, RoundOutcome outcome, Millis now);
  bool ask_for_path(const NodeId& destination, Millis now);
  /// The neighbour told of a better way than is held: it says it again as an announce.
  void ask_again(LinkSlot from, const PathUpdateItem& told, Millis now);
  void poll_reservations();
  void note_fault(LinkSlot from, Fault fault, Millis now);

  // Sending: network_sending.cpp. Nothing is sent but from here: Egress says what and when.
  /// Everything of users that leaves passes here. full: dropped; not_found: the link is gone.
  [[nodiscard]] Status hand(LinkSlot link, const PacketOffer& packet, Millis now);
  Status send_to_self(std::uint8_t context, ByteView body);
  [[nodiscard]] std::uint8_t start_hops(const NodeId& to) const;
  /// Sends what may leave now, 256 messages at most, and hears what Egress has to say.
  void pump();
  void spend(const EgressItem& item, Millis now);
  void spend_pull(const EgressItem& item, Millis now);
  /// True when the message left; else Egress knows why not.
  bool settle(const EgressItem& item, std::size_t size, const Status& sent, Millis now);
  void want_pulls(Millis now);
  void want_pulls_on(LinkSlot link, Millis now);
  void hear_egress(Millis now);
  /// Asks for the next wake, when it changed.
  void set_wake();
  /// Calls the writable handler when a send found a queue full since the last call.
  void tell_writable();

  // Links: network_links.cpp. What changes with a link is told to every machine that knows it.
  [[nodiscard]] LinkShape shape_of(const l0::LinkInfo& link) const;
  void share_channel(InterfaceId interface, Millis now);
  void weigh(LinkSlot link, Millis now);
  /// Rises, and is stored before it is used.
  std::uint64_t next_emitted();

  // Views: network_views.cpp. The observer hears of next hops, not of every changed cost.
  [[nodiscard]] RouteInfo info_of(Slot route, const Candidate& candidate, Millis now) const;
  /// Tells the observer what changed about a route slot since it was last told.
  void observe(Slot route);
  void observe_all();
  void tell(const RouteEvent& event);

  // The world and the floors; then the machines, in the order in which they stand on each other;
  // then what is the facade's own.
  l0::LinkLayer& links_;
  Clock& clock_;
  Timers& timers_;
  Random& random_;
  const Signer& signer_;
  Storage* storage_;
  RelayPolicy free_;  // when none is given
  RelayPolicy& policy_;
  NodeId self_;
  HashSalt start_salt_;
  RoutingTable table_;
  AnnounceFlow flow_;
  DuplicateFilter seen_;
  ReversePath reverse_;
  Egress egress_;
  Gossip gossip_;
  AnnounceItems items_;
  std::vector<std::unique_ptr<ReplicatedSource>> sources_;
  PathRequests requests_;
  Prober prober_;
  ProbeRelay probe_relay_;
  Reservations reservations_;
  ForeignNodes foreign_;
  std::vector<Neighbour> neighbours_;
  NetworkCounters counters_;
  std::uint64_t emitted_ = 0;
  std::uint8_t first_hops_ = 0;
  Millis announced_at_;
  Millis announce_at_ = Millis::never();
  Millis wake_at_ = Millis::never();
  bool send_blocked_ = false;
  bool announcing_ = true;
  bool gossip_moved_ = false;  // what may be pulled has changed
  std::array<std::uint8_t, kTlvsMax> tlvs_{};
  std::size_t tlvs_size_ = 0;
  std::vector<Handler> handlers_;  // few: a node that runs everything has some ten
  std::vector<std::pair<std::uint8_t, ControlHandler*>> control_handlers_;  // by type
  std::function<void()> writable_;
  std::function<void(const RouteEvent&)> observer_;
  std::function<void(const PathConstraintViolation&)> violation_observer_;
  std::function<void(const ProbeEvent&)> probe_observer_;
  std::function<void(const ReservationNews&)> reservation_observer_;
  std::function<void(const GossipItem&)> left_out_observer_;
  std::vector<Told> told_;  // by route slot: what the observer knows
  std::vector<Loopback> loopback_;
  std::vector<std::uint8_t> scratch_;  // the longest packet
};

}  // namespace mehr::l1
