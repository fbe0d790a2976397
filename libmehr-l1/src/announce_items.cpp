#include "mehr/l1/announce_items.h"

#include <algorithm>

namespace mehr::l1 {

namespace {

Slot route_at(std::size_t place) { return static_cast<Slot>(place - 1); }

}  // namespace

MergeVerdict verdict_of(Intake intake) {
  switch (intake) {
    case Intake::stored:
      return MergeVerdict::taken;
    case Intake::own:
    case Intake::repeated:
    case Intake::too_many:  // it may come again
      return MergeVerdict::known;
    case Intake::older:
      return MergeVerdict::superseded;
    case Intake::replayed:
    case Intake::wrong_version:
    case Intake::no_room:
      return MergeVerdict::refused;
    case Intake::malformed:
    case Intake::bad_signature:
      break;
  }
  return MergeVerdict::invalid;
}

Received AnnounceItems::take(const GossipItem& item, LinkSlot from, Millis now) {
  const auto body = decode<AnnounceItem>(item.body);
  if (!body) return {};
  const l0::Packet packet{l0::PacketFlags::of(l0::PacketType::announce, true), body->hops,
                          body->destination, 0, body->data};
  return flow_.receive(from, packet, now);
}

MergeVerdict AnnounceItems::merge(const GossipItem& item, LinkSlot from, Millis now) {
  return verdict_of(take(item, from, now).intake);
}

bool AnnounceItems::item(std::size_t place, ItemRef& out) const {
  out.kind = kAnnounceKind;
  if (place == 0) {
    out.id = own_;
    out.size = static_cast<std::uint16_t>(kAnnounceItemHead + flow_.own().view().size());
    return !flow_.own().empty();
  }
  const Slot slot = route_at(place);
  if (!table_.is_live(slot)) return false;
  const Route& route = table_.route(slot);
  out.id = route.item;
  out.size = static_cast<std::uint16_t>(kAnnounceItemHead + route.announce.view().size());
  // What came over the last of 127 links goes no further. README/9 clarification 6
  const auto all = table_.candidates(slot);
  return std::any_of(all.begin(), all.end(), [](const Candidate& c) {
    return c.link != kNoLink && c.hops + 1 < kItemHopsEnd;
  });
}

bool AnnounceItems::offered(std::size_t place, LinkSlot link) const {
  if (place == 0) return true;
  const auto onward = flow_.onward(link, route_at(place));
  return onward && onward->hops < kItemHopsEnd;
}

std::uint64_t AnnounceItems::rank(std::size_t place) const {
  if (place == 0) return 0;
  constexpr unsigned kTimeBits = 52;
  const Candidate& best = *table_.best(route_at(place));
  const std::uint64_t newest_first =
      (std::uint64_t{1} << kTimeBits) - 1 -
      std::min<std::uint64_t>(best.updated.count, (std::uint64_t{1} << kTimeBits) - 1);
  return (std::uint64_t{best.entry.hop_count} + 1) << kTimeBits | newest_first;
}

std::size_t AnnounceItems::write(std::size_t place, LinkSlot link, MutableBytes out) const {
  Writer w(out);
  if (place == 0) {
    w.put(AnnounceItem{flow_.own_hops(), self_, Tail{flow_.own().view()}});
    return w.ok() ? w.written().size() : 0;
  }
  const auto onward = flow_.onward(link, route_at(place));
  if (!onward || onward->hops >= kItemHopsEnd) return 0;
  const Route& route = table_.route(route_at(place));
  w.put(AnnounceItem{onward->hops, route.destination, Tail{route.announce.view()}});
  if (!w.ok()) return 0;
  set_path_cost(w.written().subspan(kAnnounceItemHead), onward->cost);
  return w.written().size();
}

void AnnounceItems::sent(std::size_t place, LinkSlot link) {
  if (place == 0) return;
  const auto onward = flow_.onward(link, route_at(place));
  if (onward) flow_.gossiped(route_at(place), link, onward->cost.metric());
}

}  // namespace mehr::l1
