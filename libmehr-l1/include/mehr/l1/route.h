// What a routing table is made of: links, routes, candidates, and what is asked and answered.
//
// Place: L1's vocabulary, between the table (routing_table.h), the spreading of announces
// (announce_flow.h) and the facade. Plain values, no behaviour.
// Shapes: a Route per destination with up to `Limits::candidates` Candidates, one per link; a
// LinkEntry per neighbour and interface. Units: prices in uMHR per byte, times on the steady clock.
// Ownership: everything lives in the table; who reads it borrows until the next change.
// spec: L1/4.2 state per destination, L1/5 table
#pragma once

#include <cstdint>
#include <optional>

#include "mehr/core/path_policy.h"
#include "mehr/core/replicated.h"
#include "mehr/core/slot_index.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l1/announce.h"
#include "mehr/l1/path_cost.h"

namespace mehr::l1 {

/// Place of a link in the table, 0..Limits::links - 1; stable while the link or its memory lives.
using LinkSlot = std::uint16_t;
inline constexpr LinkSlot kNoLink = 0xFFFF;

inline constexpr Millis kRouteFresh = Millis::seconds(5400);
inline constexpr Millis kRouteStale = Millis::seconds(1800);
inline constexpr Millis kNeighbourGone = Millis::seconds(600);
inline constexpr Millis kNeighbourSilent = Millis::seconds(180);
/// A route that came within this time is displaced by nobody: a table too small for a network then
/// turns over slowly instead of passing the same announces around for ever.
inline constexpr Millis kRouteResidence = Millis::seconds(300);

enum class RouteState : std::uint8_t { fresh, stale };

/// One way to a destination. spec: L1/5 table
struct Candidate {
  CompactPathCost received;  ///< as the neighbour sent it
  CompactPathCost entry;     ///< after the link step
  std::uint64_t cost = 0;    ///< `entry.cost` decoded, uMHR per byte
  std::uint64_t emitted = 0;
  Millis updated;
  Millis expires;        ///< of the current state
  Slot newer = kNoSlot;  ///< neighbours in the list of its link, most recent first
  Slot older = kNoSlot;
  LinkSlot link = kNoLink;  ///< kNoLink: this place is free
  Mtu usable;               ///< of the path, as announced
  Mtu limit{0xFFFF};        ///< from PacketTooBig, until a newer announce. spec: L0/6
  RouteState state = RouteState::fresh;
  std::uint8_t reliability = 0;  ///< 0 unknown, 255 perfect
  std::uint8_t hops = 0;         ///< of the announce packet, for the hop limit
  bool link_was_lost = false;    ///< stale because its link went down
  bool behind = false;           ///< a packet sent this way came back. spec: L1/6 step 1
};

/// All that is known of a destination.
struct Route {
  NodeId destination;
  PublicKey public_key;
  std::uint64_t emitted = 0;             ///< E
  Millis since;                          ///< when the destination became known
  Metric feasible = Metric::infinite();  ///< FD: least metric sent for E
  bool any_sent = false;                 ///< FD is finite
  bool opaque = false;                   ///< of a major version unknown here. spec: L1/13.3
  LinkSlot charged_to = kNoLink;         ///< the link whose share it takes
  std::uint64_t incarnation = 0;         ///< differs whenever the slot holds another route; 0 free
  ItemId item;                           ///< of the announce in gossip
  AnnounceBytes announce;                ///< DATA, for forwarding
};

/// How much waits for a link, and how much may.
struct LinkLoad {
  std::uint32_t queued = 0;
  std::uint32_t capacity = 1;
};

/// A neighbour and the link to it.
struct LinkEntry {
  enum class State : std::uint8_t { free, up, down };
  State state = State::free;
  bool avoided = false;     ///< P2 and P3 go elsewhere while they can. spec: L1/6 step 4
  l0::LinkInfo info;        ///< latency and bandwidth as measured
  std::uint64_t price = 0;  ///< what it pays for a byte that it hands over, uMHR, load apart
  LinkLoad load;            ///< raises the price of what leaves here. spec: L1/10.5
  Millis gone_at;           ///< while down
  Slot newest = kNoSlot;    ///< candidates over this link, most recently updated first
  Slot oldest = kNoSlot;
  std::size_t charged = 0;  ///< destinations it introduced
};

/// A verified announce on its way into the table.
struct Offer {
  NodeId destination;
  Announce announce;
  ByteView data;  ///< the encoded form of `announce`
  LinkSlot link = kNoLink;
  std::uint8_t hops = 0;
  bool opaque = false;  ///< of a version that is passed on unread. spec: L1/13.3
};

/// What became of an Offer.
struct Accepted {
  Slot route = kNoSlot;            ///< kNoSlot: no room, nothing changed
  bool created = false;            ///< a destination not known before
  bool newer = false;              ///< E rose; feasible distance starts anew
  std::optional<ItemRef> evicted;  ///< the announce that had to go for it
};

/// Whether an announce is worth its signature check. spec: L1/4.2 step 3, L1/5 eviction
enum class Novelty : std::uint8_t { fresh, older, repeated, replayed };

struct RouteChange {
  NodeId destination;
  Slot route = kNoSlot;  ///< free when the destination is lost
  bool lost = false;
  ItemRef item;  ///< the announce that went, when lost
};

/// What a packet asks of its next hop.
struct RouteQuery {
  NodeId destination;
  LinkSlot ingress = kNoLink;  ///< never the next hop; kNoLink: this node's own packet
  std::size_t size = 0;        ///< of the whole packet
  PathPolicy policy;
  std::uint16_t min_mtu = 0;  ///< 0: any
  bool may_wait = false;      ///< P2 or P3: a congested link is left out while others remain
};

/// Where a packet goes.
struct NextHop {
  enum class Way : std::uint8_t {
    neighbour,  ///< the destination is at the other end
    feasible,   ///< fresh, and free of loops
    unsafe,     ///< fresh, but it may lead in a circle
    stale,      ///< of a route that is running out
    ring,       ///< no route: a neighbour whose id is closer. spec: L1/6 step 7
  };
  LinkSlot link = kNoLink;
  Way way = Way::feasible;
  Mtu limit;   ///< longest packet it takes as far as is known here: link MTU, PacketTooBig
  Mtu usable;  ///< longest packet the whole path takes, as announced
  std::optional<PathConstraintViolation> violation;  ///< spec: L1/6.2 step 5
};

}  // namespace mehr::l1
