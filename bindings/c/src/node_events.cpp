// What a node tells its caller: the events of mehr/l1.h.
#include "node_handle.h"

namespace mehr::capi {
namespace {

using l1::ProbeEvent;
using l1::ReservationNews;
using l1::RouteEvent;

mehr_node_event event_of(std::uint32_t kind) {
  mehr_node_event event{};
  event.struct_size = sizeof event;
  event.kind = kind;
  return event;
}

mehr_node_event event_of(std::uint32_t kind, const NodeId& node) {
  mehr_node_event event = event_of(kind);
  copy_bytes(node.view(), event.node.bytes);
  return event;
}

std::uint32_t kind_of(RouteEvent::Kind kind) {
  if (kind == RouteEvent::Kind::appeared) return MEHR_NODE_ROUTE_APPEARED;
  return kind == RouteEvent::Kind::changed ? MEHR_NODE_ROUTE_CHANGED : MEHR_NODE_ROUTE_LOST;
}

std::uint32_t kind_of(ReservationNews::What what) {
  switch (what) {
    case ReservationNews::What::committed:
      return MEHR_NODE_RESERVATION_COMMITTED;
    case ReservationNews::What::refused:
      return MEHR_NODE_RESERVATION_REFUSED;
    case ReservationNews::What::slow:
      return MEHR_NODE_RESERVATION_SLOW;
    default:
      return MEHR_NODE_RESERVATION_ENDED;
  }
}

}  // namespace

void NodeEvents::watch(l1::Network& network) {
  network.on_route([this](const RouteEvent& route) { on_route(route); });
  network.on_probe([this](const ProbeEvent& probe) { on_probe(probe); });
  network.on_violation([this](const PathConstraintViolation& v) { on_violation(v); });
  network.on_reservation([this](const ReservationNews& news) { on_reservation(news); });
  network.on_writable([this] { tell(event_of(MEHR_NODE_WRITABLE)); });
}

void NodeEvents::watch(l2::SealedMessenger& door) {
  door.on_writable([this] { tell(event_of(MEHR_NODE_WRITABLE)); });
}

void NodeEvents::tell(const mehr_node_event& event) {
  if (handler_ == nullptr) return;
  (void)node_.passage.call([&] { handler_(user_, &event); });
}

// ---- Links ----

void NodeEvents::on_link_up(const l0::LinkInfo& link, const Medium& medium) {
  const auto& over = static_cast<const NodeMedium&>(medium);  // no others are attached
  node_.link_media.emplace_back(link.id, over.id());
  mehr_node_event event = event_of(MEHR_NODE_LINK_UP, link.peer);
  event.link = link.id.value;
  event.medium = over.id();
  tell(event);
}

void NodeEvents::on_link_down(const l0::LinkInfo& link, l0::CloseReason reason) {
  mehr_node_event event = event_of(MEHR_NODE_LINK_DOWN, link.peer);
  event.link = link.id.value;
  event.medium = node_.medium_of(link.id);
  event.reason = static_cast<std::uint32_t>(reason);
  std::erase_if(node_.link_media, [&](const auto& entry) { return entry.first == link.id; });
  tell(event);
}

void NodeEvents::on_refused(const MediumInfo& medium, const SourceKey&, const Error& why) {
  mehr_node_event event = event_of(MEHR_NODE_REFUSED);
  for (const auto& attached : node_.media) {
    if (attached != nullptr && &attached->info() == &medium) event.medium = attached->id();
  }
  event.why = status_of(why);
  event.text = why.text;
  tell(event);
}

void NodeEvents::on_malformed(const l0::LinkInfo& link, std::uint64_t count) {
  mehr_node_event event = event_of(MEHR_NODE_MALFORMED, link.peer);
  event.link = link.id.value;
  event.medium = node_.medium_of(link.id);
  event.count = count;
  tell(event);
}

// ---- Routes, probes, messages, reservations ----

void NodeEvents::on_route(const RouteEvent& route) {
  mehr_node_event event = event_of(kind_of(route.kind), route.destination);
  copy_bytes(route.next_hop.view(), event.next_hop.bytes);
  tell(event);
}

void NodeEvents::on_probe(const ProbeEvent& probe) {
  if (probe.kind == ProbeEvent::Kind::send) return;
  const bool answered = probe.kind == ProbeEvent::Kind::answered;
  mehr_node_event event =
      event_of(answered ? MEHR_NODE_PROBE_ANSWERED : MEHR_NODE_PROBE_FAILED, probe.destination);
  event.mtu = probe.size.bytes;
  if (probe.kind == ProbeEvent::Kind::search_finished) {
    const l1::ProbeReport* report = node_.network->probed(probe.destination);
    event.kind = MEHR_NODE_SEARCH_FINISHED;
    event.mtu = report == nullptr ? 0 : report->largest_passed.bytes;
  }
  tell(event);
}

void NodeEvents::on_violation(const PathConstraintViolation& violation) {
  mehr_node_event event = event_of(MEHR_NODE_VIOLATION, violation.destination);
  event.mtu = violation.required.bytes;
  event.best_mtu = violation.best_usable.bytes;
  tell(event);
}

void NodeEvents::on_reservation(const ReservationNews& news) {
  const bool over = news.what == ReservationNews::What::ended;
  mehr_node_event event = event_of(kind_of(news.what));
  event.reservation = {news.key.incarnation, news.key.slot, 0};
  event.reason =
      over ? static_cast<std::uint32_t>(news.reason) : static_cast<std::uint32_t>(news.status);
  event.count = news.bytes;
  event.rate_bps = news.rate.count;
  event.cost = news.cost_per_byte;
  tell(event);
}

}  // namespace mehr::capi

using namespace mehr;
using namespace mehr::capi;

mehr_status mehr_node_on_event(mehr_node* node, mehr_node_event_fn handler, void* user) noexcept {
  return enter(node, Entry::nested, [&](mehr_node& n) -> mehr_status {
    n.events.set(handler, user);
    return MEHR_OK;
  });
}
