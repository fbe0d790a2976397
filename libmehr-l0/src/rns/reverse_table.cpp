#include "mehr/l0/rns/reverse_table.h"

#include <gsl/assert>

namespace mehr::l0::rns {

namespace {
NodeId key_of(const Address& packet) { return NodeId{packet.bytes}; }
}  // namespace

ReverseTable::ReverseTable(std::size_t capacity, Random& random)
    : entries_(capacity), index_(capacity, HashSalt::draw(random)) {
  Expects(capacity > 0);
}

void ReverseTable::record(const Address& packet, PortId ingress, PortId egress, Millis now) {
  if (const auto known = index_.find(key_of(packet))) {
    entries_[*known] = {packet, ingress, egress, now};
    return;
  }
  Entry& place = entries_[next_];
  if (place.ingress != kNoPort) index_.erase(key_of(place.packet));
  place = {packet, ingress, egress, now};
  index_.put(key_of(packet), static_cast<Slot>(next_));
  next_ = next_ + 1 == entries_.size() ? 0 : next_ + 1;
}

bool ReverseTable::knows(const Address& packet) const {
  return index_.find(key_of(packet)).has_value();
}

std::optional<PortId> ReverseTable::take(const Address& packet, PortId from, Millis now) {
  const auto slot = index_.find(key_of(packet));
  if (!slot) return std::nullopt;
  Entry& entry = entries_[*slot];
  if (entry.egress != from || now - entry.at > kLife) return std::nullopt;
  const PortId out = entry.ingress;
  index_.erase(key_of(packet));
  entry = Entry{};
  return out;
}

}  // namespace mehr::l0::rns
