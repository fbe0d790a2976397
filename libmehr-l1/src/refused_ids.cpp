#include "mehr/l1/refused_ids.h"

#include <algorithm>

#include "mehr/core/codec.h"

namespace mehr::l1 {

RefusedIds::RefusedIds(std::size_t capacity, std::size_t links, const HashSalt& salt)
    : entries_(capacity), held_(links + 1), index_(capacity, salt) {
  Expects(capacity >= 4);
}

NodeId RefusedIds::key(const ItemId& id, LinkSlot link) {
  // An id is a hash, so what is left of it tells ids apart; the link takes two bytes of it.
  NodeId key = NodeId::from(id.view());
  Writer(key.mutable_view()).put(link);
  return key;
}

std::size_t& RefusedIds::held_by(LinkSlot link) {
  return held_[std::min<std::size_t>(link, held_.size() - 1)];
}

void RefusedIds::drop(Entry& entry) {
  index_.erase(key(entry.item.id, entry.link));
  --held_by(entry.link);
  entry.used = false;
}

std::size_t RefusedIds::make_room(LinkSlot link) {
  const bool own = link != kEveryLink && held_by(link) >= entries_.size() / 4;
  Entry* oldest = nullptr;
  for (Entry& entry : entries_) {
    if (!entry.used && !own) return static_cast<std::size_t>(&entry - entries_.data());
    if (!entry.used || (own && entry.link != link)) continue;
    if (oldest == nullptr || entry.at < oldest->at) oldest = &entry;
  }
  Expects(oldest != nullptr);
  drop(*oldest);
  return static_cast<std::size_t>(oldest - entries_.data());
}

void RefusedIds::remember(const ItemRef& item, LinkSlot link, Millis now) {
  if (link != kEveryLink && holds(item.id, kEveryLink, now)) return;
  if (const auto at = index_.find(key(item.id, link))) drop(entries_[*at]);
  const std::size_t place = make_room(link);
  entries_[place] = {item, link, true, now};
  index_.put(key(item.id, link), static_cast<Slot>(place));
  ++held_by(link);
}

bool RefusedIds::holds(const ItemId& id, LinkSlot link, Millis now) const {
  if (size() == 0) return false;
  for (const LinkSlot towards : {link, kEveryLink}) {
    const auto at = index_.find(key(id, towards));
    if (at && entries_[*at].item.id == id && now - entries_[*at].at < kKept) return true;
  }
  return false;
}

void RefusedIds::forget(const ItemId& id, LinkSlot link) {
  if (size() == 0) return;
  for (const LinkSlot towards : {link, kEveryLink}) {
    const auto at = index_.find(key(id, towards));
    if (at && entries_[*at].item.id == id) drop(entries_[*at]);
  }
}

void RefusedIds::forget_link(LinkSlot link) {
  if (held_by(link) == 0) return;
  for (Entry& entry : entries_) {
    if (entry.used && entry.link == link) drop(entry);
  }
}

}  // namespace mehr::l1
