#include "mehr/l1/counter_names.h"

#include <array>

namespace mehr::l1 {

namespace {

constexpr auto kNetworkCounters = std::to_array<NamedCounter<NetworkCounters>>({
    {"sent", &NetworkCounters::sent},
    {"delivered", &NetworkCounters::delivered},
    {"forwarded", &NetworkCounters::forwarded},
    {"no_handler", &NetworkCounters::no_handler},
    {"malformed", &NetworkCounters::malformed},
    {"unsupported", &NetworkCounters::unsupported},
    {"duplicate", &NetworkCounters::duplicate},
    {"loops", &NetworkCounters::loops},
    {"not_in_transport", &NetworkCounters::not_in_transport},
    {"hop_limit", &NetworkCounters::hop_limit},
    {"no_route", &NetworkCounters::no_route},
    {"ring_steps", &NetworkCounters::ring_steps},
    {"unsafe_ways", &NetworkCounters::unsafe_ways},
    {"not_admitted", &NetworkCounters::not_admitted},
    {"too_big", &NetworkCounters::too_big},
    {"link_full", &NetworkCounters::link_full},
    {"link_failed", &NetworkCounters::link_failed},
    {"mtu_lowered", &NetworkCounters::mtu_lowered},
    {"mtu_ignored", &NetworkCounters::mtu_ignored},
    {"proofs_passed", &NetworkCounters::proofs_passed},
    {"proofs_unasked", &NetworkCounters::proofs_unasked},
    {"control_malformed", &NetworkCounters::control_malformed},
    {"control_ignored", &NetworkCounters::control_ignored},
    {"announces_stored", &NetworkCounters::announces_stored},
    {"announces_malformed", &NetworkCounters::announces_malformed},
    {"announces_own", &NetworkCounters::announces_own},
    {"announces_older", &NetworkCounters::announces_older},
    {"announces_repeated", &NetworkCounters::announces_repeated},
    {"announces_replayed", &NetworkCounters::announces_replayed},
    {"announces_bad_signature", &NetworkCounters::announces_bad_signature},
    {"announces_wrong_version", &NetworkCounters::announces_wrong_version},
    {"announces_too_many", &NetworkCounters::announces_too_many},
    {"announces_no_room", &NetworkCounters::announces_no_room},
    {"announces_sent", &NetworkCounters::announces_sent},
    {"updates_sent", &NetworkCounters::updates_sent},
    {"updates_taken", &NetworkCounters::updates_taken},
    {"updates_ignored", &NetworkCounters::updates_ignored},
    {"path_requests_sent", &NetworkCounters::path_requests_sent},
    {"path_requests_passed", &NetworkCounters::path_requests_passed},
    {"path_requests_answered", &NetworkCounters::path_requests_answered},
    {"path_requests_dropped", &NetworkCounters::path_requests_dropped},
    {"probes_answered", &NetworkCounters::probes_answered},
    {"probes_passed", &NetworkCounters::probes_passed},
    {"probes_dropped", &NetworkCounters::probes_dropped},
    {"gossip_items_taken", &NetworkCounters::gossip_items_taken},
    {"gossip_items_refused", &NetworkCounters::gossip_items_refused},
    {"rounds_succeeded", &NetworkCounters::rounds_succeeded},
    {"rounds_failed", &NetworkCounters::rounds_failed},
    {"routes_evicted", &NetworkCounters::routes_evicted},
    {"links_refused", &NetworkCounters::links_refused},
    {"storage_failed", &NetworkCounters::storage_failed},
    {"foreign_sent", &NetworkCounters::foreign_sent},
});

constexpr auto kGossipCounters = std::to_array<NamedCounter<GossipCounters>>({
    {"beats_refused", &GossipCounters::beats_refused},
    {"out_of_turn", &GossipCounters::out_of_turn},
    {"unasked", &GossipCounters::unasked},
    {"malformed", &GossipCounters::malformed},
    {"unknown_kind", &GossipCounters::unknown_kind},
    {"refused_again", &GossipCounters::refused_again},
    {"taken", &GossipCounters::taken},
    {"known", &GossipCounters::known},
    {"refused", &GossipCounters::refused},
    {"invalid", &GossipCounters::invalid},
    {"items_sent", &GossipCounters::items_sent},
    {"rounds_ok", &GossipCounters::rounds_ok},
    {"rounds_failed", &GossipCounters::rounds_failed},
    {"rounds_missed", &GossipCounters::rounds_missed},
    {"busy", &GossipCounters::busy},
});

constexpr auto kReservationCounters = std::to_array<NamedCounter<ReservationCounters>>({
    {"granted", &ReservationCounters::granted},
    {"refused", &ReservationCounters::refused},
    {"unknown", &ReservationCounters::unknown},
    {"broken_promise", &ReservationCounters::broken_promise},
    {"idle", &ReservationCounters::idle},
    {"rerouted", &ReservationCounters::rerouted},
});

// The structs hold counters and nothing else, so their size says how many there are.
template <class Counters, std::size_t kNames>
constexpr bool names_all(const std::array<NamedCounter<Counters>, kNames>&) {
  return kNames * sizeof(std::uint64_t) == sizeof(Counters);
}
static_assert(names_all(kNetworkCounters));
static_assert(names_all(kGossipCounters));
static_assert(names_all(kReservationCounters));

}  // namespace

CounterNames<NetworkCounters> names_of(const NetworkCounters&) { return kNetworkCounters; }
CounterNames<GossipCounters> names_of(const GossipCounters&) { return kGossipCounters; }
CounterNames<ReservationCounters> names_of(const ReservationCounters&) {
  return kReservationCounters;
}

}  // namespace mehr::l1
