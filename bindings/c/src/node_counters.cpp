// The counters of a node by name. A list names every member of the structs behind it: one that is
// missing does not compile.
#include <iterator>
#include <string_view>

#include "node_handle.h"

namespace mehr::capi {
namespace {

template <class Counters>
struct Named {
  const char* name;
  std::uint64_t Counters::*value;
};

constexpr Named<l0::LinkCounters> kOfLinks[] = {
    {"l0.frames_in", &l0::LinkCounters::frames_in},
    {"l0.frames_out", &l0::LinkCounters::frames_out},
    {"l0.empty_frame", &l0::LinkCounters::empty_frame},
    {"l0.clear_packet", &l0::LinkCounters::clear_packet},
    {"l0.unknown_type", &l0::LinkCounters::unknown_type},
    {"l0.init_rate", &l0::LinkCounters::init_rate},
    {"l0.init_half_open", &l0::LinkCounters::init_half_open},
    {"l0.init_malformed", &l0::LinkCounters::init_malformed},
    {"l0.handshake_refused", &l0::LinkCounters::handshake_refused},
    {"l0.handshake_timeout", &l0::LinkCounters::handshake_timeout},
    {"l0.unknown_link", &l0::LinkCounters::unknown_link},
    {"l0.data_replayed", &l0::LinkCounters::data_replayed},
    {"l0.data_bad_seal", &l0::LinkCounters::data_bad_seal},
    {"l0.data_malformed", &l0::LinkCounters::data_malformed},
    {"l0.control_malformed", &l0::LinkCounters::control_malformed},
    {"l0.peer_at_fault", &l0::LinkCounters::peer_at_fault},
    {"l0.duplicate_links", &l0::LinkCounters::duplicate_links},
    {"l0.too_big_sent", &l0::LinkCounters::too_big_sent},
    {"l0.too_big_received", &l0::LinkCounters::too_big_received},
    {"l0.held_lost", &l0::LinkCounters::held_lost},
    {"l0.neighbour_frame_rate", &l0::LinkCounters::neighbour_frame_rate},
};
static_assert(std::size(kOfLinks) * sizeof(std::uint64_t) == sizeof(l0::LinkCounters));

constexpr Named<l1::NetworkCounters> kOfNetwork[] = {
    {"l1.sent", &l1::NetworkCounters::sent},
    {"l1.delivered", &l1::NetworkCounters::delivered},
    {"l1.forwarded", &l1::NetworkCounters::forwarded},
    {"l1.no_handler", &l1::NetworkCounters::no_handler},
    {"l1.malformed", &l1::NetworkCounters::malformed},
    {"l1.unsupported", &l1::NetworkCounters::unsupported},
    {"l1.duplicate", &l1::NetworkCounters::duplicate},
    {"l1.loops", &l1::NetworkCounters::loops},
    {"l1.not_in_transport", &l1::NetworkCounters::not_in_transport},
    {"l1.hop_limit", &l1::NetworkCounters::hop_limit},
    {"l1.no_route", &l1::NetworkCounters::no_route},
    {"l1.ring_steps", &l1::NetworkCounters::ring_steps},
    {"l1.unsafe_ways", &l1::NetworkCounters::unsafe_ways},
    {"l1.not_admitted", &l1::NetworkCounters::not_admitted},
    {"l1.too_big", &l1::NetworkCounters::too_big},
    {"l1.link_full", &l1::NetworkCounters::link_full},
    {"l1.link_failed", &l1::NetworkCounters::link_failed},
    {"l1.mtu_lowered", &l1::NetworkCounters::mtu_lowered},
    {"l1.mtu_ignored", &l1::NetworkCounters::mtu_ignored},
    {"l1.proofs_passed", &l1::NetworkCounters::proofs_passed},
    {"l1.proofs_unasked", &l1::NetworkCounters::proofs_unasked},
    {"l1.control_malformed", &l1::NetworkCounters::control_malformed},
    {"l1.control_ignored", &l1::NetworkCounters::control_ignored},
    {"l1.announces_stored", &l1::NetworkCounters::announces_stored},
    {"l1.announces_malformed", &l1::NetworkCounters::announces_malformed},
    {"l1.announces_own", &l1::NetworkCounters::announces_own},
    {"l1.announces_older", &l1::NetworkCounters::announces_older},
    {"l1.announces_repeated", &l1::NetworkCounters::announces_repeated},
    {"l1.announces_replayed", &l1::NetworkCounters::announces_replayed},
    {"l1.announces_bad_signature", &l1::NetworkCounters::announces_bad_signature},
    {"l1.announces_wrong_version", &l1::NetworkCounters::announces_wrong_version},
    {"l1.announces_too_many", &l1::NetworkCounters::announces_too_many},
    {"l1.announces_no_room", &l1::NetworkCounters::announces_no_room},
    {"l1.announces_sent", &l1::NetworkCounters::announces_sent},
    {"l1.updates_sent", &l1::NetworkCounters::updates_sent},
    {"l1.updates_taken", &l1::NetworkCounters::updates_taken},
    {"l1.updates_ignored", &l1::NetworkCounters::updates_ignored},
    {"l1.path_requests_sent", &l1::NetworkCounters::path_requests_sent},
    {"l1.path_requests_passed", &l1::NetworkCounters::path_requests_passed},
    {"l1.path_requests_answered", &l1::NetworkCounters::path_requests_answered},
    {"l1.path_requests_dropped", &l1::NetworkCounters::path_requests_dropped},
    {"l1.probes_answered", &l1::NetworkCounters::probes_answered},
    {"l1.probes_passed", &l1::NetworkCounters::probes_passed},
    {"l1.probes_dropped", &l1::NetworkCounters::probes_dropped},
    {"l1.gossip_items_taken", &l1::NetworkCounters::gossip_items_taken},
    {"l1.gossip_items_refused", &l1::NetworkCounters::gossip_items_refused},
    {"l1.rounds_succeeded", &l1::NetworkCounters::rounds_succeeded},
    {"l1.rounds_failed", &l1::NetworkCounters::rounds_failed},
    {"l1.routes_evicted", &l1::NetworkCounters::routes_evicted},
    {"l1.links_refused", &l1::NetworkCounters::links_refused},
    {"l1.storage_failed", &l1::NetworkCounters::storage_failed},
    {"l1.foreign_sent", &l1::NetworkCounters::foreign_sent},
};
static_assert(std::size(kOfNetwork) * sizeof(std::uint64_t) == sizeof(l1::NetworkCounters));

constexpr Named<l1::GossipCounters> kOfGossip[] = {
    {"l1.gossip.beats_refused", &l1::GossipCounters::beats_refused},
    {"l1.gossip.out_of_turn", &l1::GossipCounters::out_of_turn},
    {"l1.gossip.unasked", &l1::GossipCounters::unasked},
    {"l1.gossip.malformed", &l1::GossipCounters::malformed},
    {"l1.gossip.unknown_kind", &l1::GossipCounters::unknown_kind},
    {"l1.gossip.refused_again", &l1::GossipCounters::refused_again},
    {"l1.gossip.taken", &l1::GossipCounters::taken},
    {"l1.gossip.known", &l1::GossipCounters::known},
    {"l1.gossip.refused", &l1::GossipCounters::refused},
    {"l1.gossip.invalid", &l1::GossipCounters::invalid},
    {"l1.gossip.items_sent", &l1::GossipCounters::items_sent},
    {"l1.gossip.rounds_ok", &l1::GossipCounters::rounds_ok},
    {"l1.gossip.rounds_failed", &l1::GossipCounters::rounds_failed},
    {"l1.gossip.rounds_missed", &l1::GossipCounters::rounds_missed},
    {"l1.gossip.busy", &l1::GossipCounters::busy},
};
static_assert(std::size(kOfGossip) * sizeof(std::uint64_t) == sizeof(l1::GossipCounters));

constexpr Named<l1::ReservationCounters> kOfReservations[] = {
    {"l1.reservations.granted", &l1::ReservationCounters::granted},
    {"l1.reservations.refused", &l1::ReservationCounters::refused},
    {"l1.reservations.unknown", &l1::ReservationCounters::unknown},
    {"l1.reservations.broken_promise", &l1::ReservationCounters::broken_promise},
    {"l1.reservations.idle", &l1::ReservationCounters::idle},
    {"l1.reservations.rerouted", &l1::ReservationCounters::rerouted},
};
static_assert(std::size(kOfReservations) * sizeof(std::uint64_t) ==
              sizeof(l1::ReservationCounters));

using DoorCounters = l2::SealedMessenger::Counters;
constexpr Named<DoorCounters> kOfDoor[] = {
    {"l2.sealed", &DoorCounters::sealed},
    {"l2.sealed_forward", &DoorCounters::sealed_forward},
    {"l2.opened", &DoorCounters::opened},
    {"l2.streamed", &DoorCounters::streamed},
    {"l2.hopped_out", &DoorCounters::hopped_out},
    {"l2.hopped_in", &DoorCounters::hopped_in},
    {"l2.segments_out", &DoorCounters::segments_out},
    {"l2.hops_given_up", &DoorCounters::hops_given_up},
    {"l2.dropped_short", &DoorCounters::dropped_short},
    {"l2.dropped_zero_dh", &DoorCounters::dropped_zero_dh},
    {"l2.dropped_unopened", &DoorCounters::dropped_unopened},
    {"l2.dropped_too_big", &DoorCounters::dropped_too_big},
    {"l2.dropped_replayed", &DoorCounters::dropped_replayed},
    {"l2.dropped_no_port", &DoorCounters::dropped_no_port},
    {"l2.dropped_unhandled", &DoorCounters::dropped_unhandled},
    {"l2.dropped_unproven", &DoorCounters::dropped_unproven},
    {"l2.dropped_form", &DoorCounters::dropped_form},
    {"l2.dropped_keyless", &DoorCounters::dropped_keyless},
    {"l2.replays_forgotten", &DoorCounters::replays_forgotten},
};
static_assert(std::size(kOfDoor) * sizeof(std::uint64_t) == sizeof(DoorCounters));

constexpr Named<l2::OnionCounters> kOfOnions[] = {
    {"l2.onions.built", &l2::OnionCounters::built},
    {"l2.onions.forwarded", &l2::OnionCounters::forwarded},
    {"l2.onions.exited", &l2::OnionCounters::exited},
    {"l2.onions.covered", &l2::OnionCounters::covered},
    {"l2.onions.cover_sent", &l2::OnionCounters::cover_sent},
    {"l2.onions.dropped_malformed", &l2::OnionCounters::dropped_malformed},
    {"l2.onions.dropped_unopened", &l2::OnionCounters::dropped_unopened},
    {"l2.onions.dropped_replayed", &l2::OnionCounters::dropped_replayed},
    {"l2.onions.dropped_unsent", &l2::OnionCounters::dropped_unsent},
    {"l2.onions.replays_forgotten", &l2::OnionCounters::replays_forgotten},
};
static_assert(std::size(kOfOnions) * sizeof(std::uint64_t) == sizeof(l2::OnionCounters));

constexpr std::size_t kLists[] = {std::size(kOfLinks),  std::size(kOfNetwork),
                                  std::size(kOfGossip), std::size(kOfReservations),
                                  std::size(kOfDoor),   std::size(kOfOnions)};

template <class Counters, std::size_t kSize>
bool find(const Named<Counters> (&list)[kSize], const Counters& counters, std::string_view name,
          std::uint64_t& out) {
  for (const Named<Counters>& entry : list) {
    if (entry.name != name) continue;
    out = counters.*entry.value;
    return true;
  }
  return false;
}

const char* name_of(std::size_t list, std::size_t index) {
  switch (list) {
    case 0:
      return kOfLinks[index].name;
    case 1:
      return kOfNetwork[index].name;
    case 2:
      return kOfGossip[index].name;
    case 3:
      return kOfReservations[index].name;
    case 4:
      return kOfDoor[index].name;
    default:
      return kOfOnions[index].name;
  }
}

}  // namespace
}  // namespace mehr::capi

using namespace mehr::capi;

const char* mehr_node_counter_name(std::size_t index) noexcept {
  for (std::size_t list = 0; list < std::size(kLists); ++list) {
    if (index < kLists[list]) return name_of(list, index);
    index -= kLists[list];
  }
  return nullptr;
}

mehr_status mehr_node_counter(const mehr_node* node, const char* name,
                              std::uint64_t* out) noexcept {
  if (name == nullptr || out == nullptr) return MEHR_E_INVALID;
  return ask(node, [&](const mehr_node& n) -> mehr_status {
    const mehr::l1::Network& network = *n.network;
    const bool found =
        find(kOfLinks, n.links->counters(), name, *out) ||
        find(kOfNetwork, network.counters(), name, *out) ||
        find(kOfGossip, network.gossip_counters(), name, *out) ||
        find(kOfReservations, network.reservation_counters(), name, *out) ||
        find(kOfDoor, n.door ? n.door->counters() : DoorCounters{}, name, *out) ||
        find(kOfOnions, n.door ? n.door->onion_counters() : mehr::l2::OnionCounters{}, name, *out);
    return found ? MEHR_OK : MEHR_E_NOT_FOUND;
  });
}
