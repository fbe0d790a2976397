#include "mehr/core/slot_index.h"

#include <algorithm>

#include "mehr/core/codec.h"

namespace mehr {

namespace {

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t salted_hash(const HashSalt& salt, const std::array<std::uint8_t, 16>& key) {
  SipState s{salt.a ^ 0x736f6d6570736575, salt.b ^ 0x646f72616e646f6d, salt.a ^ 0x6c7967656e657261,
             salt.b ^ 0x7465646279746573};
  Reader r(key);
  std::uint64_t word = 0;
  r.get(word);
  s.absorb(word);
  r.get(word);
  s.absorb(word);
  s.absorb(std::uint64_t{16} << 56);
  s.v2 ^= 0xFF;
  s.round();
  s.round();
  s.round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

SlotIndex::SlotIndex(std::size_t capacity, const HashSalt& salt)
    : salt_(salt),
      capacity_(capacity),
      mask_(std::bit_ceil(std::max<std::size_t>(capacity * 2, 2)) - 1),
      entries_(mask_ + 1) {}

std::size_t SlotIndex::place(const NodeId& key) const {
  std::size_t at = home(key);
  while (entries_[at].slot != kNoSlot && entries_[at].key != key) at = (at + 1) & mask_;
  return at;
}

std::optional<Slot> SlotIndex::find(const NodeId& key) const {
  const Entry& entry = entries_[place(key)];
  if (entry.slot == kNoSlot) return std::nullopt;
  return entry.slot;
}

void SlotIndex::put(const NodeId& key, Slot slot) {
  Expects(slot != kNoSlot);
  Entry& entry = entries_[place(key)];
  if (entry.slot == kNoSlot) {
    Expects(size_ < capacity_);
    ++size_;
  }
  entry = {key, slot};
}

void SlotIndex::erase(const NodeId& key) {
  std::size_t hole = place(key);
  if (entries_[hole].slot == kNoSlot) return;
  --size_;
  // Whoever would be found only by passing the hole moves into it.
  for (std::size_t at = (hole + 1) & mask_; entries_[at].slot != kNoSlot; at = (at + 1) & mask_) {
    const std::size_t from_home = (at - home(entries_[at].key)) & mask_;
    if (from_home < ((at - hole) & mask_)) continue;
    entries_[hole] = entries_[at];
    hole = at;
  }
  entries_[hole].slot = kNoSlot;
}

}  // namespace mehr
