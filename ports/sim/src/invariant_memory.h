// What invariants remember: bounded, and blind rather than wrong when it was not enough.
//
// Private to ports/sim. Keys are 64-bit hashes; two packets that share one are taken for the same,
// which with a million remembered happens once in ten million runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mehr/sim/recorder.h"

namespace mehr::sim {

/// Good enough to tell packets apart; nobody attacks it.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t z = (a ^ (b * 0x9E3779B97F4A7C15)) + 0x2545F4914F6CDD1D;
  z = (z ^ (z >> 32)) * 0xD6E8FEB86659FD93;
  z = (z ^ (z >> 29)) * 0xBF58476D1CE4E5B9;
  return z ^ (z >> 32);
}
[[nodiscard]] std::uint64_t hash_of(ByteView bytes, std::uint64_t salt = 0);

[[nodiscard]] constexpr std::uint64_t pair_key(NodeIndex a, NodeIndex b) {
  return std::uint64_t{a} << 32 | b;
}

/// The last `most` values by key; the oldest is forgotten for a new one.
template <class Value>
class Recent {
 public:
  explicit Recent(std::size_t most) : most_(most), places_(kFirst) {}

  [[nodiscard]] Value* find(std::uint64_t key) {
    Place& place = places_[at(key)];
    return place.order != 0 ? &place.value : nullptr;
  }
  /// The value of @p key, a fresh one when there is none. Borrowed until the next call.
  Value& put(std::uint64_t key) {
    if (Value* known = find(key)) return *known;
    while (used_ == most_ || ring_.size() >= 2 * most_) pop_oldest();
    if (2 * (used_ + 1) > places_.size()) grow();
    Place& place = places_[at(key)];
    place = Place{key, ++last_order_, Value{}};
    ++used_;
    ring_.emplace_back(key, last_order_);
    return place.value;
  }
  void erase(std::uint64_t key) {
    std::size_t hole = at(key);
    if (places_[hole].order == 0) return;
    --used_;
    // Closes the gap, so that there are no tombstones.
    for (std::size_t i = next(hole); places_[i].order != 0; i = next(i)) {
      const std::size_t home = places_[i].key & (places_.size() - 1);
      if (((i - home) & (places_.size() - 1)) < ((i - hole) & (places_.size() - 1))) continue;
      places_[hole] = std::move(places_[i]);
      hole = i;
    }
    places_[hole] = Place{};
  }
  /// Whether anything had to go for want of room.
  [[nodiscard]] bool has_forgotten() const { return forgotten_; }
  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  struct Place {
    std::uint64_t key = 0;
    std::uint64_t order = 0;  // 0: free
    Value value{};
  };
  static constexpr std::size_t kFirst = 1024;  // a power of two

  [[nodiscard]] std::size_t next(std::size_t i) const { return (i + 1) & (places_.size() - 1); }
  [[nodiscard]] std::size_t at(std::uint64_t key) const {
    std::size_t i = key & (places_.size() - 1);
    while (places_[i].order != 0 && places_[i].key != key) i = next(i);
    return i;
  }
  // An entry of the ring whose value was erased since stands for nothing.
  void pop_oldest() {
    const auto [key, order] = ring_.front();
    ring_.pop_front();
    if (places_[at(key)].order != order) return;
    erase(key);
    forgotten_ = true;
  }
  void grow() {
    std::vector<Place> former(places_.size() * 2);
    former.swap(places_);
    for (Place& place : former) {
      if (place.order != 0) places_[at(place.key)] = std::move(place);
    }
  }

  std::size_t most_;
  std::vector<Place> places_;
  std::size_t used_ = 0;
  std::uint64_t last_order_ = 0;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> ring_;
  bool forgotten_ = false;
};

/// Which links are up as their ends see it, and when nodes booted.
class LinkTimes {
 public:
  static constexpr WhatSet wants() {
    return WhatSet::of({What::link_up, What::link_down, What::booted, What::crashed});
  }
  void take(const Happening& happening);
  /// Links that @p node has to @p peer.
  [[nodiscard]] std::uint32_t count(NodeIndex node, NodeIndex peer) const;
  /// Since when there was always one; `kNever` when there is none.
  [[nodiscard]] Instant up_since(NodeIndex node, NodeIndex peer) const;
  /// How many there were since the node booted.
  [[nodiscard]] std::uint32_t ever(NodeIndex node, NodeIndex peer) const;
  [[nodiscard]] Instant booted_at(NodeIndex node) const;
  /// How often @p node booted.
  [[nodiscard]] std::uint32_t boots(NodeIndex node) const;

 private:
  struct Up {
    std::uint32_t count = 0;
    std::uint32_t ever = 0;
    Instant since = kNever;
  };
  struct Life {
    Instant booted_at;
    std::uint32_t boots = 0;
    std::vector<NodeIndex> peers;  // ever linked
  };
  Life& life(NodeIndex node);
  void forget_links(NodeIndex node);

  std::unordered_map<std::uint64_t, Up> links_;  // looked up only
  std::vector<Life> lives_;
};

}  // namespace mehr::sim
