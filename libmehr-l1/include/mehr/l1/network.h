// L1's facade: routed datagrams over the links of L0. spec: L1/4 to L1/6
//
// Place: offers the `Messenger` and `KeyTable` of core upward, listens to a `LinkLayer` below. It
// owns L1's machines, asks the clock for them and spends what they have ready.
// Machine: link events and packets come from L0, time from `Timers`; packets for this node go to
// the handler of their context, others to the neighbour with the least metric. Announces are
// checked, stored and passed on. Nothing here names a source: no packet carries one.
// Threads: the node's. Handlers and observers run from here and may call anything here.
// Bounds: `Limits` (links, routes, candidates, packet ids, evictions); at most 16 messages to this
// node itself wait; 64 announces leave per step, the rest in the next. Relaying a packet allocates
// nothing.
// Failure: a stranger's nonsense is dropped and counted in `NetworkCounters`; a full link drops the
// packet; a storage that fails is counted and the node goes on.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "mehr/core/clock.h"
#include "mehr/core/key_table.h"
#include "mehr/core/limits.h"
#include "mehr/core/messenger.h"
#include "mehr/core/random.h"
#include "mehr/core/signer.h"
#include "mehr/core/storage.h"
#include "mehr/core/timers.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l1/announce_flow.h"
#include "mehr/l1/duplicate_filter.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

/// What became of packets and announces since the start.
struct NetworkCounters {
  std::uint64_t sent = 0;         ///< packets of this node
  std::uint64_t delivered = 0;    ///< packets for this node, handed to a handler
  std::uint64_t forwarded = 0;    ///< packets of others
  std::uint64_t no_handler = 0;   ///< for this node, context without handler
  std::uint64_t malformed = 0;    ///< short, wrong header, 128 hops, oversize
  std::uint64_t unsupported = 0;  ///< link requests, proofs, group and plain packets
  std::uint64_t duplicate = 0;
  std::uint64_t not_in_transport = 0;  ///< for another node with bit 4 = 0
  std::uint64_t hop_limit = 0;
  std::uint64_t no_route = 0;
  std::uint64_t too_big = 0;  ///< over the egress MTU; the neighbour was told
  std::uint64_t link_full = 0;
  std::uint64_t link_failed = 0;      ///< the link went away underneath
  std::uint64_t mtu_lowered = 0;      ///< PacketTooBig that applied
  std::uint64_t mtu_ignored = 0;      ///< PacketTooBig that did not
  std::uint64_t control_ignored = 0;  ///< control messages of unknown type
  std::uint64_t announces_stored = 0;
  std::uint64_t announces_malformed = 0;
  std::uint64_t announces_own = 0;
  std::uint64_t announces_older = 0;
  std::uint64_t announces_repeated = 0;
  std::uint64_t announces_replayed = 0;
  std::uint64_t announces_bad_signature = 0;
  std::uint64_t announces_no_room = 0;
  std::uint64_t announces_sent = 0;
  std::uint64_t routes_evicted = 0;  ///< for want of room
  std::uint64_t links_refused = 0;   ///< over `Limits::links`
  std::uint64_t storage_failed = 0;
};

/// A route as people see it. spec: L1/5
struct RouteInfo {
  NodeId destination;
  l0::LinkId link;  ///< 0 while its link is down
  NodeId next_hop;
  std::uint8_t hop_count = 0;  ///< relays on the way
  std::uint64_t cost = 0;      ///< uMHR per byte, 2^64 - 1 unknown
  Millis latency;              ///< largest of any hop, one way
  BitsPerSecond bandwidth;     ///< of the narrowest hop
  Mtu mtu;                     ///< longest packet the path takes
  RouteState state = RouteState::fresh;
  Millis age;  ///< since the announce came
  std::uint64_t emitted = 0;
};

struct RouteEvent {
  enum class Kind : std::uint8_t { appeared, changed, lost };
  Kind kind = Kind::appeared;
  NodeId destination;
  NodeId next_hop;  ///< zero when lost
};

class Network final : public Messenger,
                      public KeyTable,
                      private l0::LinkListener,
                      private Wakeable {
 public:
  /// Takes the place of the listener of @p links. @p storage may be null: then `emitted` follows
  /// the node clock alone. All references must outlive the Network.
  Network(l0::LinkLayer& links, Clock& clock, Timers& timers, Random& random, const Signer& signer,
          Storage* storage, const Limits& limits);
  ~Network() override;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // ---- Messenger: bodies are DATA as it travels; the port of a protocol must be 0
  // -----------------
  Status send(const NodeId& to, Protocol protocol, ByteView body,
              const SendOptions& options) override;
  void on(Protocol protocol, MessageHandler handler) override;
  [[nodiscard]] std::size_t max_body(const NodeId& to) const override;
  void on_writable(std::function<void()> handler) override { writable_ = std::move(handler); }

  // ---- KeyTable: keys from announces and handshakes
  // -----------------------------------------------
  [[nodiscard]] std::optional<PublicKey> key_of(const NodeId& node) const override;

  /// Announces this node on every active link, with a new `emitted`.
  void announce_now();
  /// False: a silent node. It relays and learns like any other, but never says who it is at a new
  /// link or by refresh, so that others reach it as a neighbour only. `announce_now` still
  /// announces it, once. True, as from the start: it speaks again from its next link or refresh on.
  void set_announcing(bool announcing);
  /// How far own announces travel, 1..128 links. spec: L1/4 max_hops
  void set_max_hops(std::uint8_t max_hops);
  /// Called after a route appeared, changed its next hop or was lost; an empty function ends it.
  void on_route(std::function<void(const RouteEvent&)> observer) {
    observer_ = std::move(observer);
  }
  /// All routes, in no particular order. Allocates: for people, not for the packet path.
  [[nodiscard]] std::vector<RouteInfo> routes() const;
  /// The neighbour that a packet to @p to would go to now; none without a usable route, or for this
  /// node itself.
  [[nodiscard]] std::optional<NodeId> next_hop(const NodeId& to) const;
  [[nodiscard]] const NetworkCounters& counters() const { return counters_; }
  /// For looking into: single routes without the copies that `routes` makes.
  [[nodiscard]] const RoutingTable& table() const { return table_; }
  [[nodiscard]] const NodeId& node_id() const { return self_; }

 private:
  void on_link_up(const l0::LinkInfo& link) override;
  void on_link_down(l0::LinkId link, l0::CloseReason reason) override;
  void on_packet(l0::LinkId from, MutableBytes packet) override;
  void on_clear_packet(InterfaceId from, MutableBytes packet) override;
  void on_control(l0::LinkId from, ByteView message) override;
  void on_packet_too_big(l0::LinkId from, const NodeId& destination, Mtu mtu) override;
  void on_link_writable(l0::LinkId link) override;
  void on_wake(Millis now) override;

  // Counts, observer calls and timers are the facade's; everything else is a machine's.

  /// A message of this node to itself, waiting for the next wake.
  struct Loopback {
    std::uint8_t context = 0;
    Bytes body;
  };

  void take_packet(LinkSlot from, MutableBytes bytes);
  void on_data(LinkSlot from, const l0::Packet& packet, MutableBytes bytes, Millis now);
  void on_announce(LinkSlot from, const l0::Packet& packet, Millis now);
  void deliver(std::uint8_t context, MutableBytes body);
  void forward(LinkSlot from, const l0::Packet& packet, MutableBytes bytes);
  Status send_to_self(std::uint8_t context, ByteView body);
  [[nodiscard]] std::uint8_t start_hops(const NodeId& to) const;
  /// Rises, and is stored before it is used.
  std::uint64_t next_emitted();
  void count(const Received& received);
  /// Tells the observer what changed about a route slot since it was last told.
  void observe(Slot route);
  void observe_all();
  void tell(const RouteEvent& event);
  /// Calls the writable handler when a send found a queue full since the last call.
  void tell_writable();
  /// Sends announces that are ready, 64 at most.
  void pump();
  /// Asks for the next wake, when it changed.
  void set_wake();

  l0::LinkLayer& links_;
  Clock& clock_;
  Timers& timers_;
  Random& random_;
  const Signer& signer_;
  Storage* storage_;
  NodeId self_;
  HashSalt start_salt_;
  RoutingTable table_;
  AnnounceFlow flow_;
  DuplicateFilter seen_;
  NetworkCounters counters_;
  std::uint64_t emitted_ = 0;
  std::uint8_t first_hops_ = 0;
  Millis announced_at_;
  Millis announce_at_ = Millis::never();
  Millis wake_at_ = Millis::never();
  bool send_blocked_ = false;
  bool announcing_ = true;
  std::array<std::shared_ptr<const MessageHandler>, 256> handlers_;  // by context
  std::function<void()> writable_;
  std::function<void(const RouteEvent&)> observer_;
  struct Told {
    NodeId destination;
    NodeId next_hop;
    std::uint64_t incarnation = 0;
  };
  std::vector<Told> told_;  // by route slot: what the observer knows
  std::vector<Loopback> loopback_;
  std::array<std::uint8_t, 4096> scratch_{};
};

}  // namespace mehr::l1
