#include "mehr/l0/rns/link_table.h"

#include <gsl/assert>
#include <tuple>

namespace mehr::l0::rns {

namespace {
NodeId key_of(const Address& id) { return NodeId{id.bytes}; }
}  // namespace

LinkTable::LinkTable(std::size_t capacity, Random& random)
    : links_(capacity), index_(capacity, HashSalt::draw(random)) {
  Expects(capacity > 0);
  free_.reserve(capacity);
  while (free_.size() < capacity) free_.push_back(static_cast<Slot>(capacity - free_.size() - 1));
}

RelayedLink* LinkTable::find(const Address& id, Millis now) {
  const auto slot = index_.find(key_of(id));
  if (!slot) return nullptr;
  if (links_[*slot].due >= now) return &links_[*slot];
  erase(*slot);
  return nullptr;
}

void LinkTable::put(const RelayedLink& link, Millis now) {
  Expects(link.ingress != kNoPort);
  if (const auto known = index_.find(key_of(link.id))) {
    links_[*known] = link;
    return;
  }
  if (free_.empty()) erase(victim(now));
  const Slot slot = free_.back();
  free_.pop_back();
  links_[slot] = link;
  index_.put(key_of(link.id), slot);
}

void LinkTable::port_down(PortId port) {
  for (Slot slot = 0; slot < links_.size(); ++slot) {
    const RelayedLink& l = links_[slot];
    if (l.ingress != kNoPort && (l.ingress == port || l.egress == port)) erase(slot);
  }
}

void LinkTable::erase(Slot slot) {
  index_.erase(key_of(links_[slot].id));
  links_[slot] = RelayedLink{};
  free_.push_back(slot);
}

Slot LinkTable::victim(Millis now) const {
  const auto rank = [now](const RelayedLink& l) {
    const int worth = l.due < now ? 0 : (l.valid ? 2 : 1);
    return std::tuple(worth, l.due);
  };
  Slot out = 0;
  for (Slot slot = 1; slot < links_.size(); ++slot) {
    if (rank(links_[slot]) < rank(links_[out])) out = slot;
  }
  return out;
}

}  // namespace mehr::l0::rns
