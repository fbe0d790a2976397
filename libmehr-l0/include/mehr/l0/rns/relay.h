// A transport node among unmodified Reticulum peers. spec: L0/8.3, L0/8.4
//
// Place: L0, the machine under rns/bridge.h. Seams: Random; no clock, no medium.
// Machine: events are ports that come and go, one received packet, time. A packet is passed on to
// one port, handed to this node, or dropped (`take`); accepted announces and answers to path
// requests wait in the queue of each port and leave when it may speak (`next`). Deadlines: the
// first of those, and of announces that are said a second time.
// Shapes: packets are rewritten where they lie; only one that gains a transport ID is copied.
// Bounds: `Config`; each table says what goes when it is full. Signatures checked per port and
// second are limited, so that made-up announces cost their port its own say only. Passing a packet
// on allocates nothing.
// Failure: what is malformed, not asked for, or not ours is dropped and counted.
// Threads: the node's.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "mehr/core/duplicate_filter.h"
#include "mehr/core/random.h"
#include "mehr/l0/rns/announce_queue.h"
#include "mehr/l0/rns/link_table.h"
#include "mehr/l0/rns/paths.h"
#include "mehr/l0/rns/reverse_table.h"

namespace mehr::l0::rns {

/// Destination of path requests, a plain one. spec: L0/8.1
inline constexpr Address kPathRequests{{0x6b, 0x9f, 0x66, 0x01, 0x4d, 0x98, 0x53, 0xfa, 0xab, 0x22,
                                        0x0f, 0xba, 0x47, 0xd0, 0x27, 0x61}};

/// What the relay did and refused. Only ever rising.
struct RelayCounters {
  std::uint64_t packets_in = 0;
  std::uint64_t forwarded = 0;  ///< single packets and link requests in transport
  std::uint64_t link_packets = 0;
  std::uint64_t links = 0;   ///< link requests passed on
  std::uint64_t proofs = 0;  ///< of links and of packets
  std::uint64_t delivered = 0;
  std::uint64_t announces_accepted = 0;
  std::uint64_t announces_sent = 0;
  std::uint64_t path_requests = 0;   ///< seen for the first time
  std::uint64_t path_responses = 0;  ///< sent
  std::uint64_t malformed = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t not_for_us = 0;  ///< for another relay, or for nobody here
  std::uint64_t no_path = 0;
  std::uint64_t unknown_link = 0;  ///< no such link, wrong port, wrong hops
  std::uint64_t bad_proof = 0;
  std::uint64_t too_long = 0;  ///< for the port that it would leave by
  std::uint64_t hop_limit = 0;
  std::uint64_t announces_known = 0;  ///< nothing new in them
  std::uint64_t announces_rate = 0;   ///< over a port's signature checks
  std::uint64_t announces_forged = 0;
  std::uint64_t announces_dropped = 0;  ///< no room in a port's queue
};

/// A node of ours that no path leads to any more.
struct LostNode {
  NodeId node;
  Address destination;
};

class Relay {
 public:
  struct Config {
    std::size_t ports = 1024;
    std::size_t paths = 4096;
    std::size_t links = 4096;
    std::size_t reverse = 16'384;
    std::size_t packet_hashes = 100'000;  ///< in each of two generations
    std::size_t tags = 1024;              ///< of path requests, likewise
    std::size_t announce_checks = 100;    ///< signatures per port and second
  };

  /// @p transport is who this relay is to its peers; unlinked to any NodeID. spec: L0/8.4
  Relay(const Config& config, const Address& transport, Random& random);

  // ---- Ports
  /// None: all places are taken.
  [[nodiscard]] std::optional<PortId> port_up(const PortInfo& info, Millis now);
  /// Paths and links over it go; the nodes of ours among them are answered one by one by `lost`.
  void port_down(PortId port);
  /// Whether announces are sent there; false while a better port leads to the same peer.
  void set_announces(PortId port, bool announces);
  [[nodiscard]] const PortInfo& port(PortId port) const { return ports_[port].info; }

  // ---- Packets
  /// To be sent on a port, the packet borrowed until the next call.
  struct Send {
    PortId port = kNoPort;
    MutableBytes packet;
  };
  /// For this node's own destination: its DATA and context, unchanged.
  struct Deliver {
    std::uint8_t hops = 0;
    std::uint8_t context = 0;
    ByteView data;
  };
  /// An announce was accepted and is in the table.
  struct Heard {
    Path* path = nullptr;
    Announce announce;  ///< borrowed from the packet
  };
  using Outcome = std::variant<std::monostate, Send, Deliver, Heard>;
  /// One received packet, which is overwritten.
  [[nodiscard]] Outcome take(PortId from, MutableBytes packet, Millis now);
  /// True for what came over a native link and is Reticulum's, not the floor's above. spec: L0/8.5
  [[nodiscard]] bool is_ours(ByteView packet);

  /// What is due now, one announce a call; nothing: all is said.
  [[nodiscard]] std::optional<Send> next(Millis now);
  /// Never late; it may be early after a packet that changed what is due.
  [[nodiscard]] Millis next_deadline() const { return due_; }

  // ---- This node
  /// The destination and the announce of this node, copied; it is said on every port, and answers
  /// path requests. @p data of at most 465 bytes.
  void announce(const Address& own, ByteView data, Millis now);
  /// A packet of this node to @p path. Errors: not_found (its port is gone), too_big.
  [[nodiscard]] Result<Send> originate(const Path& path, std::uint8_t hops, std::uint8_t context,
                                       ByteView data);
  /// A question for a path, to be sent on every port for clear packets.
  [[nodiscard]] MutableBytes path_request(const Address& destination, Random& random);
  /// A node of ours whose path went with its port or for want of room; call until there is none.
  [[nodiscard]] std::optional<LostNode> lost();
  [[nodiscard]] Paths& paths() { return paths_; }
  [[nodiscard]] const Paths& paths() const { return paths_; }
  [[nodiscard]] const LinkTable& links() const { return links_; }
  [[nodiscard]] const RelayCounters& counters() const { return counters_; }
  [[nodiscard]] const Address& transport() const { return transport_; }

 private:
  struct Port {
    PortInfo info;
    bool up = false;
    AnnounceQueue queue;
    // Signature checks left of this second.
    Millis second;
    std::size_t checks = 0;
  };

  // The constructor saw to it that they can be counted so.
  [[nodiscard]] PortId port_count() const { return static_cast<PortId>(ports_.size()); }
  [[nodiscard]] bool is_up(PortId port) const { return port < ports_.size() && ports_[port].up; }
  [[nodiscard]] Outcome drop(std::uint64_t RelayCounters::*why) {
    ++(counters_.*why);
    return {};
  }
  [[nodiscard]] bool is_duplicate(MutableBytes packet, const PacketView& view, Millis now);
  // relay.cpp: what goes through. Views are of packets as received, with hops one more.
  [[nodiscard]] Outcome take_single(PortId from, MutableBytes packet, const PacketView& view,
                                    Millis now);
  [[nodiscard]] Outcome take_link_request(PortId from, MutableBytes packet, const PacketView& view,
                                          Path& path, Millis now);
  [[nodiscard]] Outcome take_link_packet(PortId from, MutableBytes packet, const PacketView& view,
                                         Millis now);
  [[nodiscard]] Outcome take_link_proof(PortId from, MutableBytes packet, const PacketView& view,
                                        Millis now);
  [[nodiscard]] Outcome take_proof(PortId from, MutableBytes packet, const PacketView& view,
                                   Millis now);
  [[nodiscard]] Outcome forward(const Path& path, MutableBytes packet, const PacketView& view);
  [[nodiscard]] Outcome pass(PortId to, MutableBytes packet, std::uint8_t hops,
                             std::uint64_t RelayCounters::*as);
  void fit_mtu(PortId from, PortId to, MutableBytes& packet) const;
  void mark_transport(MutableBytes packet, PortId to) const;
  [[nodiscard]] bool is_good_proof(const RelayedLink& link, const PacketView& view);
  // relay_announces.cpp
  [[nodiscard]] Outcome take_announce(PortId from, const PacketView& view, Millis now);
  [[nodiscard]] Outcome take_path_request(PortId from, const PacketView& view, Millis now);
  [[nodiscard]] bool may_check(Port& port, Millis now);
  void note_echo(const PacketView& view, std::uint8_t hops);
  void resend_due(Millis now);
  void queue(PortId port, const QueuedAnnounce& item);
  [[nodiscard]] Millis earliest() const;
  [[nodiscard]] std::optional<Send> say(PortId port, const QueuedAnnounce& item, Millis now);

  Config config_;
  Address transport_;
  Random& random_;
  std::vector<Port> ports_;
  Paths paths_;
  LinkTable links_;
  ReverseTable reverse_;
  DuplicateFilter seen_;
  DuplicateFilter tags_;
  std::vector<Slot> resending_;  // paths whose announce is to be said again
  std::vector<LostNode> lost_;
  std::optional<Address> own_;
  std::uint16_t own_size_ = 0;
  std::array<std::uint8_t, kMostForwarded> own_data_{};
  Millis due_ = Millis::never();
  std::vector<std::uint8_t> scratch_;
  RelayCounters counters_;
};

}  // namespace mehr::l0::rns
