#include "invariant_memory.h"

namespace mehr::sim {

namespace {

std::uint64_t word_at(ByteView bytes, std::size_t size) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) word |= std::uint64_t{bytes[i]} << (8 * i);
  return word;
}

}  // namespace

std::uint64_t hash_of(ByteView bytes, std::uint64_t salt) {
  std::uint64_t hash = mix(salt, bytes.size());
  while (bytes.size() >= 8) {
    hash = mix(hash, word_at(bytes, 8));
    bytes = bytes.subspan(8);
  }
  return bytes.empty() ? hash : mix(hash, word_at(bytes, bytes.size()));
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

Instant LinkTimes::booted_at(NodeIndex node) const {
  return node < lives_.size() ? lives_[node].booted_at : Instant{};
}

std::uint32_t LinkTimes::boots(NodeIndex node) const {
  return node < lives_.size() ? lives_[node].boots : 0;
}

}  // namespace mehr::sim
