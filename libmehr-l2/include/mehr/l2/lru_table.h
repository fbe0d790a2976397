// A table from 16-byte keys to values that forgets the least recently used when full.
//
// Place: L2 internals: replay cache and key cache. Keys are chosen by strangers, so places are
// found by a keyed hash under a salt of the node's own; no stranger can pile keys onto one place.
// Shapes: entries in one array, each on a hash chain and on the order-of-use list; 32-bit indices.
// Machine: none. Bounds: all memory is taken at construction from the capacity; a capacity of 0 is
// a table that remembers nothing. Nothing allocates afterwards.
// Full: `insert` overwrites the least recently used entry and says so.
// Threads: one at a time.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <gsl/assert>
#include <vector>

#include "mehr/core/codec.h"
#include "mehr/core/crypto.h"
#include "mehr/core/random.h"

namespace mehr::l2 {

/// @tparam Value copied in and overwritten in place; it owns nothing that must be released when an
/// entry is forgotten.
template <class Value>
class LruTable {
 public:
  /// Public data only: comparing and hashing keys takes a time that tells about them.
  using Key = std::array<std::uint8_t, 16>;

  /// Takes all memory, and 32 bytes of @p random for the salt.
  LruTable(std::size_t capacity, Random& random)
      : entries_(capacity), chains_(std::bit_ceil(capacity + 1), kNone) {
    Expects(capacity < kNone);
    random.fill(salt_);
  }

  /// The value of @p key, or null; its place in the order of use stays.
  [[nodiscard]] const Value* find(const Key& key) const {
    const Index at = index_of(key);
    return at == kNone ? nullptr : &entries_[at].value;
  }
  /// The value of @p key, now the most recently used, or null.
  Value* touch(const Key& key) {
    const Index at = index_of(key);
    if (at == kNone) return nullptr;
    unlink_use(at);
    link_newest(at);
    return &entries_[at].value;
  }
  /// Stores @p value under @p key, which must not be there yet, as the most recently used.
  /// True when the least recently used entry had to go.
  /// A key stored twice would leave a shadow behind: `touch` first.
  bool insert(const Key& key, const Value& value) {
    if (entries_.empty()) return false;  // a capacity of 0
    const bool evicts = size_ == entries_.size();
    if (evicts) drop_oldest();
    const Index at = take_free();
    entries_[at].key = key;
    entries_[at].value = value;
    Index& chain = chains_[chain_of(key)];
    entries_[at].chain = chain;
    chain = at;
    link_newest(at);
    ++size_;
    return evicts;
  }
  /// The value least recently used, or null when the table is empty.
  [[nodiscard]] const Value* oldest() const {
    return oldest_ == kNone ? nullptr : &entries_[oldest_].value;
  }
  /// Forgets the entry least recently used; the table must not be empty.
  void drop_oldest() {
    Expects(oldest_ != kNone);
    const Index at = oldest_;
    // A chain is linked one way only, so whatever points at the entry is looked for.
    Index* link = &chains_[chain_of(entries_[at].key)];
    while (*link != at) link = &entries_[*link].chain;
    *link = entries_[at].chain;
    unlink_use(at);
    entries_[at].chain = free_;
    free_ = at;
    --size_;
  }
  /// Entries remembered now.
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Entries there is room for.
  [[nodiscard]] std::size_t capacity() const { return entries_.size(); }

 private:
  // A place in `entries_`; half the size of a pointer, which is what most of an entry is made of.
  using Index = std::uint32_t;
  static constexpr Index kNone = 0xFFFF'FFFF;

  // Neither key nor value is cleared when an entry is given back; nothing reads it then.
  struct Entry {
    Key key{};
    Value value{};
    Index chain = kNone;  // next of the same hash, or next free
    Index newer = kNone;  // neighbour used later
    Index older = kNone;  // neighbour used earlier
  };

  // Four bytes of a keyed BLAKE2b: about 0.2 us, next to nothing beside the exchange that precedes.
  [[nodiscard]] std::size_t chain_of(const Key& key) const {
    const Hash256 h = crypto::b2_keyed(salt_, key);
    std::uint32_t place = 0;
    Reader(h.view()).get(place);
    return place & (chains_.size() - 1);
  }
  // Chains are one entry long on average: there are more chains than entries.
  [[nodiscard]] Index index_of(const Key& key) const {
    if (size_ == 0) return kNone;
    Index at = chains_[chain_of(key)];
    while (at != kNone && entries_[at].key != key) at = entries_[at].chain;
    return at;
  }
  // There is one whenever `size_` is below the capacity.
  // Entries never used yet follow those that were given back.
  Index take_free() {
    if (free_ == kNone) return fresh_++;
    const Index at = free_;
    free_ = entries_[at].chain;
    return at;
  }
  // Takes an entry out of the order of use; its neighbours close up.
  void unlink_use(Index at) {
    const Entry& e = entries_[at];
    (e.newer == kNone ? newest_ : entries_[e.newer].older) = e.older;
    (e.older == kNone ? oldest_ : entries_[e.older].newer) = e.newer;
  }
  // Puts an entry that is in no order at the newest end.
  void link_newest(Index at) {
    entries_[at].newer = kNone;
    entries_[at].older = newest_;
    (newest_ == kNone ? oldest_ : entries_[newest_].newer) = at;
    newest_ = at;
  }

  std::vector<Entry> entries_;
  std::vector<Index> chains_;            // first entry of each hash; a power of two of them
  std::array<std::uint8_t, 32> salt_{};  // strangers cannot aim at a chain
  Index newest_ = kNone;                 // ends of the order of use
  Index oldest_ = kNone;
  Index free_ = kNone;    // entries given back, linked by `chain`
  Index fresh_ = 0;       // entries from here on were never used
  std::size_t size_ = 0;  // entries in use
};

}  // namespace mehr::l2
