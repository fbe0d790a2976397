// The sending half of AnnounceFlow: what waits for a link, and the message made of it.
#include <algorithm>
#include <bit>
#include <gsl/assert>

#include "mehr/core/hazard.h"
#include "mehr/l1/announce_flow.h"
#include "mehr/l1/dynamic_cost.h"

namespace mehr::l1 {

namespace {

constexpr std::size_t kWordBits = 64;
constexpr std::size_t kLinksPerByte = 4;
constexpr unsigned kGossipAlone = 3;
static_assert(kSendsPerLink < kGossipAlone);
// Below it gossip's tenth has no room for second ways. spec: L1/9 constrained links
constexpr BitsPerSecond kRoomForAll{10'000};

}  // namespace

// ---- Links
// ---------------------------------------------------------------------------------------

void AnnounceFlow::link_up(LinkSlot link, bool with_own, bool gossips) {
  forget_waits(link);
  Queue& q = queues_[link];
  q = Queue{};
  q.own = with_own && !own_.empty();
  q.untold = gossips && !(table_.link(link).info.bandwidth < kRoomForAll);
  q.checks = checks_per_second_;
  q.said_price = table_.link(link).price;
  price_deadlines_.set(link, Millis::never());
  for (Slot route = 0; route < table_.route_slots(); ++route) {
    set_told(route, link, 0);
    if (gossips || !table_.is_live(route) || !spread(route).decided) continue;
    set(announces_, q.announces, link, route);
  }
}

void AnnounceFlow::link_down(LinkSlot link, Millis now) {
  forget_waits(link);
  price_deadlines_.set(link, Millis::never());
  table_.for_each_over(link, [&](Slot route) { consider(route, now); });
}

void AnnounceFlow::set_own(const AnnounceBytes& announce, std::uint8_t first_hops) {
  own_ = announce;
  own_hops_ = first_hops;
  for (std::size_t i = 0; i < queues_.size(); ++i) {
    if (table_.is_up(static_cast<LinkSlot>(i))) queues_[i].own = true;
  }
}

// ---- What waits
// ----------------------------------------------------------------------------------

void AnnounceFlow::tell(LinkSlot link, Slot route) {
  Queue& q = queues_[link];
  if (sends(route, link) < kSendsPerLink) {
    set(announces_, q.announces, link, route);
  } else if (!table_.route(route).opaque) {
    set(updates_, q.updates, link, route);  // spec: L1/4.3 rule 4
  }
}

// The two sends are for what a node says unasked; a question is limited where it is asked.
void AnnounceFlow::answer(LinkSlot link, Slot route) {
  if (sends(route, link) >= kSendsPerLink) set_told(route, link, kSendsPerLink - 1);
  set(announces_, queues_[link].announces, link, route);
}

CompactPathCost AnnounceFlow::cost_for(LinkSlot link, Slot route, const Candidate& way) const {
  // An announce of an unknown major version is passed on as it came. spec: L1/13.3
  if (table_.route(route).opaque) return way.received;
  // As it was told last: a queue fills and empties within seconds, and what is said meanwhile for
  // other reasons, to whoever asks, must not say otherwise.
  const LinkLoad& load = queues_[way.link].said_load;
  return relay_step(way.entry, dynamic_cost(table_.link(link).price, load.queued, load.capacity));
}

std::optional<AnnounceFlow::Onward> AnnounceFlow::onward(LinkSlot link, Slot route) const {
  const Candidate* way = best(route);
  if (way == nullptr || came_from(*way, link)) return std::nullopt;
  return Onward{cost_for(link, route, *way), static_cast<std::uint8_t>(way->hops + 1)};
}

void AnnounceFlow::gossiped(Slot route, LinkSlot link, const Metric& metric) {
  if (told(route, link) == 0) set_told(route, link, kGossipAlone);
  lower_feasible(route, metric);
}

void AnnounceFlow::levelled(LinkSlot link) {
  Queue& q = queues_[link];
  if (!q.untold) return;
  q.untold = false;
  for (Slot route = 0; route < table_.route_slots(); ++route) {
    const bool decided = table_.is_live(route) && spread(route).decided;
    if (decided && told(route, link) == 0) set(announces_, q.announces, link, route);
  }
}

unsigned AnnounceFlow::told(Slot route, LinkSlot link) const {
  const unsigned packed = sends_[route * sends_per_route_ + link / kLinksPerByte];
  return packed >> (link % kLinksPerByte) * 2 & 3U;
}

void AnnounceFlow::set_told(Slot route, LinkSlot link, unsigned times) {
  const unsigned shift = (link % kLinksPerByte) * 2;
  std::uint8_t& packed = sends_[route * sends_per_route_ + link / kLinksPerByte];
  packed = static_cast<std::uint8_t>((packed & ~(3U << shift)) | times << shift);
}

std::uint8_t AnnounceFlow::sends(Slot route, LinkSlot link) const {
  const unsigned times = told(route, link);
  return times == kGossipAlone ? std::uint8_t{0} : static_cast<std::uint8_t>(times);
}

void AnnounceFlow::lower_feasible(Slot route, const Metric& metric) {
  // An opaque announce leaves with the metric it came with, so it cannot order anything.
  if (!table_.route(route).opaque) table_.announced(route, metric);
}

// ---- Making
// --------------------------------------------------------------------------------------

Slot AnnounceFlow::next(const Bits& bits, LinkSlot link, std::size_t& cursor) const {
  const auto row = std::span(bits).subspan(link * words_per_link_, words_per_link_);
  while (row[cursor] == 0) cursor = cursor + 1 == words_per_link_ ? 0 : cursor + 1;
  const auto bit = static_cast<std::size_t>(std::countr_zero(row[cursor]));
  return static_cast<Slot>(cursor * kWordBits + bit);
}

std::size_t AnnounceFlow::next_size(LinkSlot link) {
  std::array<std::uint8_t, kAnnouncePacketMax> buffer;
  const auto next = make(link, buffer);
  if (!next) return 0;
  return next->is_packet ? next->bytes.size() : kPathUpdateHead + kPathUpdateItem;
}

std::optional<Ready> AnnounceFlow::make(LinkSlot link, MutableBytes buffer) {
  made_.what = Made::What::nothing;
  made_.link = link;
  made_.items.clear();
  if (const auto updates = make_updates(link, buffer)) return updates;
  if (!queues_[link].own) return make_announce(link, buffer);
  const auto packet = write_announce_packet(self_, own_.view(), own_hops_, false, buffer);
  if (!packet) return std::nullopt;
  made_.what = Made::What::own;
  return Ready{true, *packet};
}

// Changed ways come first: traffic already goes wrong.
std::optional<Ready> AnnounceFlow::make_updates(LinkSlot link, MutableBytes buffer) {
  Queue& q = queues_[link];
  if (q.updates == 0 || buffer.size() < kPathUpdateHead) return std::nullopt;
  const std::size_t room = (buffer.size() - kPathUpdateHead) / kPathUpdateItem;
  const std::size_t most = std::min<std::size_t>(room, kUpdatesPerMessage);
  std::array<PathUpdateItem, kUpdatesPerMessage> items;
  for (std::size_t cursor = 0; q.updates != 0 && made_.items.size() < most;) {
    const Slot route = next(updates_, link, cursor);
    clear(updates_, q.updates, link, route);
    if (!table_.is_live(route) || table_.route(route).opaque) continue;
    const Route& r = table_.route(route);
    const Candidate* way = any_way(route);
    if (way != nullptr && came_from(*way, link)) continue;
    CompactPathCost cost;
    cost.cost = CostCode{CostCode::kUnknown};
    if (way != nullptr) cost = cost_for(link, route, *way);
    items[made_.items.size()] = {r.destination, r.emitted, cost};
    made_.items.must_push({route, cost.metric()});
  }
  if (made_.items.empty()) return std::nullopt;
  made_.what = Made::What::updates;
  for (const Made::Item& item : made_.items) set(updates_, q.updates, link, item.route);
  Writer w(buffer);
  w.put(PathUpdate{{}, static_cast<std::uint8_t>(made_.items.size()), {}});
  for (std::size_t i = 0; i < made_.items.size(); ++i) w.put(items[i]);
  Expects(w.ok());
  return Ready{false, w.written()};
}

std::optional<Ready> AnnounceFlow::make_announce(LinkSlot link, MutableBytes buffer) {
  Queue& q = queues_[link];
  while (q.announces != 0) {
    const Slot route = next(announces_, link, q.cursor);
    const auto on = table_.is_live(route) && sends(route, link) < kSendsPerLink
                        ? onward(link, route)
                        : std::nullopt;
    if (!on) {
      clear(announces_, q.announces, link, route);
      continue;
    }
    const Route& r = table_.route(route);
    const auto packet =
        write_announce_packet(r.destination, r.announce.view(), on->hops, true, buffer);
    if (!packet) return std::nullopt;
    set_path_cost(packet->subspan(l0::kHeaderSize), on->cost);
    made_.what = Made::What::announce;
    made_.items.must_push({route, on->cost.metric()});
    return Ready{true, *packet};
  }
  return std::nullopt;
}

void AnnounceFlow::sent() {
  Queue& q = queues_[made_.link];
  if (made_.what == Made::What::own) q.own = false;
  for (const Made::Item& item : made_.items) {
    lower_feasible(item.route, item.metric);
    if (made_.what == Made::What::updates) {
      clear(updates_, q.updates, made_.link, item.route);
      continue;
    }
    clear(announces_, q.announces, made_.link, item.route);
    set_told(item.route, made_.link, sends(item.route, made_.link) + 1U);
  }
  made_.what = Made::What::nothing;
}

}  // namespace mehr::l1
