#include "mehr/l0/rns/announce_queue.h"

#include <algorithm>

namespace mehr::l0::rns {

bool AnnounceQueue::push(const QueuedAnnounce& item) {
  const auto same = std::find_if(items_.begin(), items_.end(), [&item](const QueuedAnnounce& q) {
    return q.path == item.path && q.heard == item.heard && q.is_response == item.is_response;
  });
  if (same != items_.end()) return true;
  if (items_.size() == kMost) {
    const auto farthest = std::max_element(
        items_.begin(), items_.end(),
        [](const QueuedAnnounce& a, const QueuedAnnounce& b) { return a.hops < b.hops; });
    if (farthest->hops <= item.hops) return false;
    items_.erase(farthest);
  }
  items_.push_back(item);
  return true;
}

std::optional<QueuedAnnounce> AnnounceQueue::pop(Millis now) {
  if (now < rests_until_) return std::nullopt;
  auto best = items_.end();
  for (auto it = items_.begin(); it != items_.end(); ++it) {
    if (it->not_before <= now && (best == items_.end() || it->hops < best->hops)) best = it;
  }
  if (best == items_.end()) return std::nullopt;
  const QueuedAnnounce out = *best;
  items_.erase(best);
  return out;
}

void AnnounceQueue::sent(std::size_t bytes, BitsPerSecond bitrate, Millis now) {
  rests_until_ = now + std::max(kSpacing, bitrate.airtime(bytes * kShare));
}

Millis AnnounceQueue::next_deadline() const {
  Millis out = Millis::never();
  for (const QueuedAnnounce& q : items_) out = std::min(out, q.not_before);
  return out == Millis::never() ? out : std::max(out, rests_until_);
}

void AnnounceQueue::clear() { items_.clear(); }

}  // namespace mehr::l0::rns
