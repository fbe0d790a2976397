#include "mehr/l1/probe_relay.h"

#include <gsl/assert>

#include "mehr/core/codec.h"

namespace mehr::l1 {

ProbeRelay::ProbeRelay(std::size_t entries, std::size_t links, Random& random)
    : entries_(entries),
      buckets_(links, RequestBucket(kPerSecond, kBurst)),
      salt_(HashSalt::draw(random)),
      index_(entries, HashSalt::draw(random)),
      deadlines_(entries) {
  Expects(entries > 0);
  free_.reserve(entries);
  for (std::size_t i = entries; i > 0; --i) free_.push_back(static_cast<Slot>(i - 1));
}

// Both parts in 16 bytes: a hash of the destination that nobody can aim at, and the id.
NodeId ProbeRelay::key_of(const NodeId& destination, std::uint16_t probe_id) const {
  NodeId key;
  Writer w(key.mutable_view());
  w.put(salted_hash(salt_, destination.bytes));
  w.put(probe_id);
  return key;
}

bool ProbeRelay::allow(LinkSlot ingress, Millis now) { return buckets_[ingress].take(now); }

bool ProbeRelay::on_request(const NodeId& destination, std::uint16_t probe_id, LinkSlot ingress,
                            LinkSlot egress, Millis wait, Millis now) {
  on_time(now);
  const NodeId key = key_of(destination, probe_id);
  const auto known = index_.find(key);
  if (known) {
    const Entry& entry = entries_[*known];
    if (entry.destination != destination || entry.ingress != ingress) return false;
  } else if (free_.empty()) {
    remove(deadlines_.first());
  }
  Slot slot = kNoSlot;
  if (known) {
    slot = *known;
  } else {
    slot = free_.back();
    free_.pop_back();
    index_.put(key, slot);
  }
  entries_[slot] = {destination, probe_id, ingress, egress};
  deadlines_.set(slot, now + wait);
  return true;
}

std::optional<LinkSlot> ProbeRelay::on_response(const NodeId& destination, std::uint16_t probe_id,
                                                LinkSlot from, Millis now) {
  on_time(now);
  const auto known = index_.find(key_of(destination, probe_id));
  if (!known) return std::nullopt;
  const Entry& entry = entries_[*known];
  if (entry.destination != destination || entry.egress != from) return std::nullopt;
  const LinkSlot ingress = entry.ingress;
  remove(*known);
  return ingress;
}

void ProbeRelay::link_down(LinkSlot link) {
  buckets_[link] = RequestBucket(kPerSecond, kBurst);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const auto slot = static_cast<Slot>(i);
    if (deadlines_.due(slot) == Millis::never()) continue;
    if (entries_[i].ingress == link || entries_[i].egress == link) remove(slot);
  }
}

void ProbeRelay::on_time(Millis now) {
  while (deadlines_.next() <= now) remove(deadlines_.first());
}

void ProbeRelay::remove(Slot slot) {
  const Entry& entry = entries_[slot];
  index_.erase(key_of(entry.destination, entry.probe_id));
  deadlines_.set(slot, Millis::never());
  free_.push_back(slot);
}

}  // namespace mehr::l1
