// What L1 counts, shows and tells: the views of the facade. spec: L1/5, L1/10
//
// Place: L1's vocabulary beside network.h; daemons, the C ABI and reports read it.
// Shapes: counters only ever rise. Views are copies for people, in no particular but repeatable
// order; events come after what they tell of, from the facade's entry points.
// Units: prices in uMHR per byte, times on the steady clock, rates in bits per second.
// Ownership: everything is a value. Failure: none.
#pragma once

#include <cstdint>
#include <optional>

#include "mehr/core/ids.h"
#include "mehr/core/path_policy.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l1/egress.h"
#include "mehr/l1/route.h"

namespace mehr::l1 {

/// What became of packets, announces and control messages since the start.
struct NetworkCounters {
  std::uint64_t sent = 0;         ///< packets of this node
  std::uint64_t delivered = 0;    ///< packets for this node, handed to a handler
  std::uint64_t forwarded = 0;    ///< packets of others
  std::uint64_t no_handler = 0;   ///< for this node, context without handler
  std::uint64_t malformed = 0;    ///< short, wrong header, 128 hops, oversize
  std::uint64_t unsupported = 0;  ///< link requests, group and plain packets
  std::uint64_t duplicate = 0;
  std::uint64_t loops = 0;             ///< of the duplicates: came back by another link
  std::uint64_t not_in_transport = 0;  ///< for another node with bit 4 = 0
  std::uint64_t hop_limit = 0;
  std::uint64_t no_route = 0;
  std::uint64_t ring_steps = 0;    ///< packets sent to a neighbour nearer on the ring
  std::uint64_t unsafe_ways = 0;   ///< packets sent by ways that are not feasible or stale
  std::uint64_t not_admitted = 0;  ///< refused by the relay policy
  std::uint64_t too_big = 0;       ///< over the egress MTU; the neighbour was told
  std::uint64_t link_full = 0;     ///< queues and pool full
  std::uint64_t link_failed = 0;   ///< the link went away underneath
  std::uint64_t mtu_lowered = 0;   ///< PacketTooBig that applied
  std::uint64_t mtu_ignored = 0;   ///< PacketTooBig that did not
  std::uint64_t proofs_passed = 0;
  std::uint64_t proofs_unasked = 0;  ///< type-3 packets that answer nothing that went by here
  std::uint64_t control_malformed = 0;
  std::uint64_t control_ignored = 0;  ///< control messages of unknown type
  std::uint64_t announces_stored = 0;
  std::uint64_t announces_malformed = 0;
  std::uint64_t announces_own = 0;
  std::uint64_t announces_older = 0;
  std::uint64_t announces_repeated = 0;
  std::uint64_t announces_replayed = 0;
  std::uint64_t announces_bad_signature = 0;
  std::uint64_t announces_wrong_version = 0;  ///< of a major that is not passed on
  std::uint64_t announces_too_many = 0;       ///< over a link's signature checks
  std::uint64_t announces_no_room = 0;
  std::uint64_t announces_sent = 0;  ///< as packets
  std::uint64_t updates_sent = 0;    ///< PathUpdates
  std::uint64_t updates_taken = 0;   ///< items that changed a candidate
  std::uint64_t updates_ignored = 0;
  std::uint64_t path_requests_sent = 0;  ///< own
  std::uint64_t path_requests_passed = 0;
  std::uint64_t path_requests_answered = 0;
  std::uint64_t path_requests_dropped = 0;  ///< seen before, or over the rate
  std::uint64_t probes_answered = 0;        ///< for others
  std::uint64_t probes_passed = 0;
  std::uint64_t probes_dropped = 0;
  std::uint64_t gossip_items_taken = 0;
  std::uint64_t gossip_items_refused = 0;
  std::uint64_t rounds_succeeded = 0;
  std::uint64_t rounds_failed = 0;
  std::uint64_t routes_evicted = 0;  ///< for want of room
  std::uint64_t links_refused = 0;   ///< over `Limits::links`
  std::uint64_t storage_failed = 0;
  std::uint64_t foreign_sent = 0;  ///< packets that left across a network of another kind
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
  std::uint8_t reliability = 0;  ///< 0 unknown, 255 perfect
  std::size_t ways = 0;          ///< links that lead there
  Millis age;                    ///< since the announce came
  std::uint64_t emitted = 0;
  bool foreign = false;  ///< across a network of another kind: no next hop and no cost are known
};

/// One of the ways to a destination; `info.ways` counts them all. spec: L1/6 step 4
struct WayInfo {
  RouteInfo info;
  NextHop::Way way = NextHop::Way::feasible;  ///< what it counts as while its link is up
  bool avoided = false;  ///< a congestion signal keeps P2 and P3 away while there is another
};

/// A neighbour and its link as people see it.
struct LinkView {
  l0::LinkInfo info;  ///< latency and bandwidth as measured
  LinkFigures figures;
  std::uint64_t price = 0;        ///< what the neighbour pays, uMHR per byte
  unsigned conduct = 0;           ///< points held against it. neighbour_conduct.h
  std::uint64_t rtt_micros = 0;   ///< smoothed round trip; 0 before the first Pong
  std::uint64_t rounds_good = 0;  ///< gossip rounds since the link is up
  std::uint64_t rounds_failed = 0;
};

struct RouteEvent {
  enum class Kind : std::uint8_t { appeared, changed, lost };
  Kind kind = Kind::appeared;
  NodeId destination;
  NodeId next_hop;  ///< zero when lost, and across a network of another kind
};

}  // namespace mehr::l1
