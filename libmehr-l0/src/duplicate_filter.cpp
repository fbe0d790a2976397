#include "mehr/core/duplicate_filter.h"

#include <gsl/assert>
#include <utility>

namespace mehr {

namespace {
// A quarter of the places stays empty, so runs of occupied places stay short.
std::size_t places_for(std::size_t capacity) { return capacity + capacity / 3 + 1; }
}  // namespace

DuplicateFilter::DuplicateFilter(std::size_t capacity, Random& random)
    : capacity_(capacity), salt_(HashSalt::draw(random)) {
  Expects(capacity > 0);
  young_.entries.resize(places_for(capacity));
  old_.entries.resize(places_for(capacity));
  young_.stamp = last_stamp_;
}

std::size_t DuplicateFilter::home(const PacketId& id) const {
  return static_cast<std::size_t>(salted_hash(salt_, id.bytes) % young_.entries.size());
}

std::size_t DuplicateFilter::place(const Generation& in, const PacketId& id, std::size_t at) {
  const std::size_t count = in.entries.size();
  while (in.entries[at].stamp == in.stamp && in.entries[at].id != id) {
    at = at + 1 == count ? 0 : at + 1;
  }
  return at;
}

bool DuplicateFilter::insert(const PacketId& id, Millis now) {
  if (young_.used == capacity_ || now - turned_at_ >= kGeneration) turn(now);
  const std::size_t first = home(id);
  // Neither table is in the cache of a busy relay: both are asked for before either is waited for.
  __builtin_prefetch(&old_.entries[first]);
  __builtin_prefetch(&young_.entries[first], 1);
  Entry& entry = young_.entries[place(young_, id, first)];
  if (entry.stamp == young_.stamp) return false;
  if (old_.used != 0 && old_.entries[place(old_, id, first)].stamp == old_.stamp) return false;
  entry = {id, young_.stamp};
  ++young_.used;
  return true;
}

void DuplicateFilter::turn(Millis now) {
  const Millis age = now - turned_at_;
  // After a silence both generations are too old to keep.
  const bool both_old = age >= kGeneration * 2;
  std::swap(young_, old_);
  young_.stamp = ++last_stamp_;
  young_.used = 0;
  if (both_old) {
    old_.stamp = ++last_stamp_;
    old_.used = 0;
  }
  // Turns by time keep step with the clock, however late the packet that brings them.
  turned_at_ = age >= kGeneration && !both_old ? turned_at_ + kGeneration : now;
}

}  // namespace mehr
