// Ids of items that were not kept, so that neighbours do not send them again. spec: L1/9
//
// Place: under the gossip engine. An id in here counts as held: it is in digest and filter.
// Shapes: an id counts towards the link whose neighbour offered it, since nobody else is known to
// hold it: otherwise one neighbour's rubbish would part this node's digest from everybody's. An id
// that was held and expired counts towards all.
// Bounds: `capacity` entries, made at construction; the oldest goes. One link fills at most
// capacity / 4, beyond that its own oldest goes, so a flood forgets only what the flooder offered.
// An entry counts for 24 h. Finding a place walks all entries: it is a small part of what judging
// the item has cost.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "mehr/core/replicated.h"
#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"
#include "mehr/l1/routing_table.h"

namespace mehr::l1 {

class RefusedIds {
 public:
  static constexpr Millis kKept = Millis::seconds(24 * 3600);
  /// In place of a link: counts towards all of them.
  static constexpr LinkSlot kEveryLink = kNoLink;

  /// Room for @p capacity ids (4 or more) from @p links links.
  RefusedIds(std::size_t capacity, std::size_t links, const HashSalt& salt);

  /// Remembers @p item towards @p link, anew if it was remembered before.
  void remember(const ItemRef& item, LinkSlot link, Millis now);
  /// True when @p id counts as held towards @p link.
  [[nodiscard]] bool holds(const ItemId& id, LinkSlot link, Millis now) const;
  /// The item is held after all: no longer counted towards @p link, nor towards all.
  void forget(const ItemId& id, LinkSlot link);
  /// Another neighbour stands behind @p link.
  void forget_link(LinkSlot link);
  /// Entries in use, those older than 24 h included until their place is taken.
  [[nodiscard]] std::size_t size() const { return index_.size(); }

  /// Calls @p visit with each item that counts towards @p link, once.
  template <class Visit>
  void each(LinkSlot link, Millis now, const Visit& visit) const {
    if (size() == 0) return;
    for (const Entry& entry : entries_) {
      if (!entry.used || now - entry.at >= kKept) continue;
      if (entry.link != link && entry.link != kEveryLink) continue;
      // Refused on this link first, then held, then expired: the entry for all links stands for it.
      if (entry.link == link && holds(entry.item.id, kEveryLink, now)) continue;
      visit(entry.item);
    }
  }

 private:
  struct Entry {
    ItemRef item;
    LinkSlot link = kEveryLink;
    bool used = false;
    Millis at;
  };
  [[nodiscard]] static NodeId key(const ItemId& id, LinkSlot link);
  void drop(Entry& entry);
  /// A free place, or one that was made free.
  [[nodiscard]] std::size_t make_room(LinkSlot link);
  [[nodiscard]] std::size_t& held_by(LinkSlot link);

  std::vector<Entry> entries_;
  std::vector<std::size_t> held_;  // by link; the last one counts kEveryLink
  SlotIndex index_;                // id and link -> place among the entries
};

}  // namespace mehr::l1
