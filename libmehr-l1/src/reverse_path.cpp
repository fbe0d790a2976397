#include "mehr/l1/reverse_path.h"

#include <bit>
#include <gsl/assert>

namespace mehr::l1 {

namespace {
std::uint32_t second_of(Millis now) { return static_cast<std::uint32_t>(now.count / 1000); }
}  // namespace

ReversePath::ReversePath(std::size_t capacity, Random& random)
    : salt_(HashSalt::draw(random)), ring_(capacity) {
  Expects(capacity < std::size_t{1} << 31);
  if (capacity == 0) return;
  places_.resize(std::bit_ceil(capacity * 2));
  mask_ = places_.size() - 1;
}

std::size_t ReversePath::place(const PacketId& id, std::uint32_t hash) const {
  std::size_t at = hash & mask_;
  while (places_[at].note != kNoSlot &&
         (places_[at].hash != hash || ring_[places_[at].note].id != id)) {
    at = (at + 1) & mask_;
  }
  return at;
}

void ReversePath::erase(std::size_t hole) {
  --used_;
  // Whoever would be found only by passing the hole moves into it.
  for (std::size_t at = (hole + 1) & mask_; places_[at].note != kNoSlot; at = (at + 1) & mask_) {
    const std::size_t from_home = (at - places_[at].hash) & mask_;
    if (from_home < ((at - hole) & mask_)) continue;
    places_[hole] = places_[at];
    hole = at;
  }
  places_[hole].note = kNoSlot;
}

void ReversePath::drop_oldest() {
  Note& note = ring_[first_];
  if (note.ingress != kNoLink) erase(place(note.id, hash_of(note.id)));
  note.ingress = kNoLink;
  first_ = first_ + 1 == ring_.size() ? 0 : first_ + 1;
  --in_ring_;
}

void ReversePath::record(const PacketId& id, LinkSlot ingress, LinkSlot egress, Millis now) {
  if (!enabled()) return;
  Expects(ingress != kNoLink);
  const std::uint32_t second = second_of(now);
  // Two leave for one that comes, so what is over goes in a while and no call has to sweep.
  for (int i = 0; i < 2 && in_ring_ != 0; ++i) {
    const Note& oldest = ring_[first_];
    if (oldest.ingress != kNoLink && second - oldest.second <= kKeptSeconds) break;
    drop_oldest();
  }
  const std::uint32_t hash = hash_of(id);
  std::size_t at = place(id, hash);
  if (places_[at].note != kNoSlot) {
    Note& before = ring_[places_[at].note];
    if (second - before.second <= kKeptSeconds) return;
    before.ingress = kNoLink;
    erase(at);
  }
  if (in_ring_ == ring_.size()) drop_oldest();
  std::size_t next = first_ + in_ring_;
  if (next >= ring_.size()) next -= ring_.size();
  ring_[next] = {id, second, ingress, egress};
  ++in_ring_;
  at = place(id, hash);  // the erasures may have moved it
  places_[at] = {static_cast<std::uint32_t>(next), hash};
  ++used_;
}

std::optional<ReversePath::Way> ReversePath::find(const PacketId& id) const {
  if (!enabled()) return std::nullopt;
  const Place& at = places_[place(id, hash_of(id))];
  if (at.note == kNoSlot) return std::nullopt;
  return Way{ring_[at.note].ingress, ring_[at.note].egress};
}

std::optional<LinkSlot> ReversePath::take(const PacketId& id, LinkSlot from, Millis now) {
  if (!enabled()) return std::nullopt;
  const std::size_t at = place(id, hash_of(id));
  if (places_[at].note == kNoSlot) return std::nullopt;
  Note& note = ring_[places_[at].note];
  if (second_of(now) - note.second > kKeptSeconds || note.egress != from) return std::nullopt;
  const LinkSlot ingress = note.ingress;
  note.ingress = kNoLink;
  erase(at);
  return ingress;
}

void ReversePath::link_down(LinkSlot link) {
  for (Note& note : ring_) {
    if (note.ingress == kNoLink || (note.ingress != link && note.egress != link)) continue;
    erase(place(note.id, hash_of(note.id)));
    note.ingress = kNoLink;
  }
}

}  // namespace mehr::l1
