// The names of L1's counters, once, for whoever shows them: daemons, reports, the C ABI.
//
// Place: beside network_events.h; reads nothing, decides nothing.
// Shapes: for each struct of counters a table of name and member, in the order of declaration. A
// name is what JSON, metrics and scripts call the counter: it may be removed, never changed.
// Completeness: the structs hold counters and nothing else; one that is missing in its table does
// not compile.
// Ownership: names and tables have static lifetime. Bounds: constants; nothing allocates.
// Failure: none. Threads: any.
#pragma once

#include <cstdint>
#include <span>

#include "mehr/l1/gossip.h"
#include "mehr/l1/network_events.h"
#include "mehr/l1/reservations.h"

namespace mehr::l1 {

/// One counter of @p Counters.
template <class Counters>
struct NamedCounter {
  const char* name;
  std::uint64_t Counters::*value;
};
template <class Counters>
using CounterNames = std::span<const NamedCounter<Counters>>;

/// The facade's: what became of packets, announces and messages.
[[nodiscard]] CounterNames<NetworkCounters> names_of(const NetworkCounters&);
/// Gossip's: rounds, and the items they carry.
[[nodiscard]] CounterNames<GossipCounters> names_of(const GossipCounters&);
/// Those of bandwidth reservations.
[[nodiscard]] CounterNames<ReservationCounters> names_of(const ReservationCounters&);

/// Calls @p each with the name and the value of every counter, in the order of declaration.
template <class Counters, class Each>
void for_each_counter(const Counters& counters, Each each) {
  for (const NamedCounter<Counters>& c : names_of(counters)) each(c.name, counters.*c.value);
}

}  // namespace mehr::l1
