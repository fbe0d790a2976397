#include "invariant_memory.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace mehr::sim {

namespace {

// In the machine's own order: these hashes are compared and never told.
std::uint64_t word_of(std::span<const std::uint8_t, 8> bytes) {
  std::array<std::uint8_t, 8> word;
  std::copy_n(bytes.begin(), word.size(), word.begin());
  return std::bit_cast<std::uint64_t>(word);
}
std::uint64_t word_of_rest(ByteView bytes) {
  std::array<std::uint8_t, 8> word{};
  copy_bytes(bytes, word);
  return std::bit_cast<std::uint64_t>(word);
}

}  // namespace

std::uint64_t hash_of(ByteView bytes, std::uint64_t salt) {
  std::uint64_t hash = mix(salt, bytes.size());
  while (bytes.size() >= 8) {
    hash = mix(hash, word_of(bytes.first<8>()));
    bytes = bytes.subspan(8);
  }
  return bytes.empty() ? hash : mix(hash, word_of_rest(bytes));
}

LinkTimes::Life& LinkTimes::life(NodeIndex node) {
  if (node >= lives_.size()) lives_.resize(node + std::size_t{1});
  return lives_[node];
}

void LinkTimes::forget_links(NodeIndex node) {
  for (const NodeIndex peer : life(node).peers) links_[pair_key(node, peer)] = Up{};
}

void LinkTimes::take(const Happening& h) {
  if (h.what == What::booted) {
    life(h.node).booted_at = h.at;
    ++life(h.node).boots;
    forget_links(h.node);
  } else if (h.what == What::crashed) {
    forget_links(h.node);
  } else if (h.peer == kNoNode) {
    return;
  } else if (h.what == What::link_up) {
    const auto [up, fresh] = links_.try_emplace(pair_key(h.node, h.peer));
    if (fresh) life(h.node).peers.push_back(h.peer);
    ++up->second.ever;
    if (up->second.count++ == 0) up->second.since = h.at;
  } else if (h.what == What::link_down) {
    const auto up = links_.find(pair_key(h.node, h.peer));
    if (up == links_.end() || up->second.count == 0) return;
    if (--up->second.count == 0) up->second.since = kNever;
  }
}

std::uint32_t LinkTimes::count(NodeIndex node, NodeIndex peer) const {
  const auto up = links_.find(pair_key(node, peer));
  return up == links_.end() ? 0 : up->second.count;
}

Instant LinkTimes::up_since(NodeIndex node, NodeIndex peer) const {
  const auto up = links_.find(pair_key(node, peer));
  return up == links_.end() ? kNever : up->second.since;
}

std::uint32_t LinkTimes::ever(NodeIndex node, NodeIndex peer) const {
  const auto up = links_.find(pair_key(node, peer));
  return up == links_.end() ? 0 : up->second.ever;
}

Instant LinkTimes::booted_at(NodeIndex node) const {
  return node < lives_.size() ? lives_[node].booted_at : Instant{};
}

std::uint32_t LinkTimes::boots(NodeIndex node) const {
  return node < lives_.size() ? lives_[node].boots : 0;
}

}  // namespace mehr::sim
