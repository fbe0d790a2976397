// How the engine looks at items: one walk over the places of all sources for each question.
#include <algorithm>
#include <bit>
#include <gsl/assert>

#include "mehr/core/hazard.h"
#include "mehr/l1/gossip.h"

namespace mehr::l1 {

namespace {

bool in_mask(std::uint8_t mask, std::uint8_t kind) { return (mask & bit_of(tier_of(kind))) != 0; }

std::size_t index_of(GossipTier tier) { return static_cast<std::size_t>(tier) - 1; }

/// Keeps the lowest that were offered, in order.
template <class Picks, class Pick>
void keep_lowest(Picks& picks, const Pick& pick) {
  if (!picks.push(pick)) {
    if (!(pick < picks[picks.size() - 1])) return;
    picks[picks.size() - 1] = pick;
  }
  const auto end = picks.begin() + static_cast<std::ptrdiff_t>(picks.size());
  std::rotate(std::upper_bound(picks.begin(), end - 1, pick), end - 1, end);
}

}  // namespace

std::uint8_t Gossip::own_mask(const Link& link) const {
  return link.filter.one_part ? carried_ & kUrgentTiers : carried_ & kAllTiers;
}

ItemSource* Gossip::owner_of(std::uint8_t kind) const {
  for (const Owned& owned : sources_) {
    if (owned.source->owns(kind)) return owned.source;
  }
  return nullptr;
}

const Gossip::Owned& Gossip::owned_at(std::uint32_t place) const {
  Expects(place < places_);
  std::size_t i = sources_.size() - 1;
  while (sources_[i].first > place) --i;
  return sources_[i];
}

/// Calls @p visit(owner, place among its own, item) for all held items that fit @p link.
template <class Visit>
void Gossip::each_place(const Link& link, std::uint8_t mask, const Visit& visit) const {
  for (const Owned& owned : sources_) {
    if ((owned.source->tiers() & mask) == 0) continue;
    const std::size_t places = std::min(owned.source->places(), owned.source->capacity());
    for (std::size_t place = 0; place < places; ++place) {
      ItemRef item;
      if (!owned.source->item(place, item)) continue;
      if (item.size <= link.limit && in_mask(mask, item.kind)) visit(owned, place, item);
    }
  }
}

/// Calls @p visit(item) for all that counts as held towards @p slot.
template <class Visit>
void Gossip::each_held(LinkSlot slot, std::uint8_t mask, Millis now, const Visit& visit) const {
  const Link& link = links_[slot];
  each_place(link, mask, [&](const Owned&, std::size_t, const ItemRef& item) { visit(item); });
  refused_.each(slot, now, [&](const ItemRef& item) {
    if (item.size <= link.limit && in_mask(mask, item.kind)) visit(item);
  });
}

std::uint64_t Gossip::digest(LinkSlot slot, std::uint8_t mask, Millis now) const {
  if (planted("l1.false_digest")) return 0;
  std::uint64_t sum = 0;
  each_held(slot, mask, now, [&](const ItemRef& item) {
    std::uint64_t first = 0;
    Reader(item.id.view()).get(first);
    sum ^= first;
  });
  return sum;
}

std::size_t Gossip::count_held(LinkSlot slot, std::uint16_t part, std::uint16_t parts,
                               Millis now) const {
  std::size_t count = 0;
  each_held(slot, links_[slot].mask, now,
            [&](const ItemRef& item) { count += part_of(item.id, parts) == part ? 1U : 0U; });
  return count;
}

void Gossip::insert_held(LinkSlot slot, MutableBytes bits, Millis now) const {
  const Link& link = links_[slot];
  const std::uint16_t part = link.round.part();
  const std::uint16_t parts = link.round.parts();
  each_held(slot, link.mask, now, [&](const ItemRef& item) {
    if (part_of(item.id, parts) == part) bloom_insert(bits, item.id, link.salt);
  });
}

void Gossip::want(LinkSlot slot, const GossipSummary& summary) {
  const Link& link = links_[slot];
  Exchange& exchange = exchanges_[link.exchange];
  const auto mask = static_cast<std::uint8_t>(link.mask & summary.mask);
  each_place(link, mask, [&](const Owned& owned, std::size_t place, const ItemRef& item) {
    if (part_of(item.id, summary.parts) != summary.part || !owned.source->offered(place, slot) ||
        bloom_holds(summary.bits.bytes, item.id, summary.salt, summary.hashes)) {
      return;
    }
    const std::size_t at = owned.first + place;
    const std::uint64_t bit = std::uint64_t{1} << (at % 64);
    if ((exchange.wanted[at / 64] & bit) != 0) return;
    exchange.wanted[at / 64] |= bit;
    ++exchange.waiting[index_of(tier_of(item.kind))];
  });
}

void Gossip::unwant(const Link& link, std::uint32_t place, GossipTier tier) {
  if (link.exchange == kNoExchange) return;
  Exchange& exchange = exchanges_[link.exchange];
  const std::uint64_t bit = std::uint64_t{1} << (place % 64);
  if ((exchange.wanted[place / 64] & bit) == 0) return;
  exchange.wanted[place / 64] &= ~bit;
  std::uint32_t& waiting = exchange.waiting[index_of(tier)];
  if (waiting != 0) --waiting;
}

void Gossip::pick_wanted(LinkSlot slot, GossipTier tier, const std::optional<Pick>& after,
                         Picks& out) const {
  const Link& link = links_[slot];
  const auto& wanted = exchanges_[link.exchange].wanted;
  for (std::size_t word = 0; word < wanted.size(); ++word) {
    for (std::uint64_t bits = wanted[word]; bits != 0; bits &= bits - 1) {
      const auto place =
          static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
      const Owned& owned = owned_at(place);
      ItemRef item;
      // The place may hold another item by now, or none.
      if (!owned.source->item(place - owned.first, item) || tier_of(item.kind) != tier ||
          item.size > link.limit || !owned.source->offered(place - owned.first, slot)) {
        continue;
      }
      const Pick pick{owned.source->rank(place - owned.first), place};
      if (!after || *after < pick) keep_lowest(out, pick);
    }
  }
}

void Gossip::pick_pulled(LinkSlot slot, GossipTier tier, const std::optional<Pick>& after,
                         Picks& out) const {
  each_place(
      links_[slot], bit_of(tier), [&](const Owned& owned, std::size_t place, const ItemRef&) {
        if (!owned.source->offered(place, slot)) return;
        const Pick pick{owned.source->rank(place), static_cast<std::uint32_t>(owned.first + place)};
        if (!after || *after < pick) keep_lowest(out, pick);
      });
}

void Gossip::find_answer(LinkSlot slot) {
  Answer& answer = links_[slot].answer;
  if (answer.left == 0) return;
  for (auto t = static_cast<unsigned>(answer.tier); t <= 4; ++t) {
    const auto tier = static_cast<GossipTier>(t);
    if (tier != answer.tier) answer.after.reset();
    answer.tier = tier;
    if ((answer.mask & bit_of(tier)) == 0) continue;
    Picks picks;
    pick_pulled(slot, tier, answer.after, picks);
    if (!picks.empty()) return;
  }
  // All was sent; the next Pull begins anew.
  answer.left = 0;
  answer.after.reset();
}

void Gossip::forget_held(LinkSlot slot) {
  if (refused_.size() == 0) return;
  each_place(links_[slot], kAllTiers, [&](const Owned&, std::size_t, const ItemRef& item) {
    refused_.forget(item.id, slot);
  });
}

}  // namespace mehr::l1
