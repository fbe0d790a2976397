#include <algorithm>
#include <gsl/assert>

#include "mehr/sim/channel.h"

namespace mehr::sim {
namespace {

template <class T>
void insert_sorted(std::vector<T>& sorted, const T& value) {
  const auto place = std::lower_bound(sorted.begin(), sorted.end(), value);
  if (place == sorted.end() || *place != value) sorted.insert(place, value);
}

template <class T>
bool contains(const std::vector<T>& sorted, const T& value) {
  return std::binary_search(sorted.begin(), sorted.end(), value);
}

}  // namespace

std::size_t Barrier::add(BarrierWatcher& watcher) {
  watchers_.push_back(&watcher);
  return watchers_.size() - 1;
}

void Barrier::remove(std::size_t place) {
  Expects(place < watchers_.size());
  watchers_[place] = nullptr;
}

bool Barrier::passes(ChannelId channel, NodeIndex from, NodeIndex to) const {
  if (!any_) return true;
  if (contains(channels_, channel) || contains(pairs_, {from, to})) return false;
  const auto side_of = [this](NodeIndex node) { return node < side_.size() ? side_[node] : 0; };
  return side_of(from) == side_of(to);
}

void Barrier::changed() {
  any_ = !channels_.empty() || !pairs_.empty() || !side_.empty();
  for (BarrierWatcher* watcher : watchers_) {
    if (watcher != nullptr) watcher->barrier_changed();
  }
}

void Barrier::cut(ChannelId channel) {
  insert_sorted(channels_, channel);
  changed();
}

void Barrier::cut_one_way(NodeIndex from, NodeIndex to) {
  insert_sorted(pairs_, {from, to});
  changed();
}

void Barrier::cut_between(NodeIndex a, NodeIndex b) {
  insert_sorted(pairs_, {a, b});
  insert_sorted(pairs_, {b, a});
  changed();
}

void Barrier::restore(ChannelId channel) {
  std::erase(channels_, channel);
  changed();
}

void Barrier::restore_between(NodeIndex a, NodeIndex b) {
  std::erase_if(
      pairs_, [&](const auto& pair) { return pair == std::pair(a, b) || pair == std::pair(b, a); });
  changed();
}

void Barrier::partition(std::vector<std::uint8_t> side) {
  side_ = std::move(side);
  changed();
}

void Barrier::heal() {
  channels_.clear();
  pairs_.clear();
  side_.clear();
  changed();
}

}  // namespace mehr::sim
