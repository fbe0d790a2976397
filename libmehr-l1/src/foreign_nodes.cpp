#include "mehr/l1/foreign_nodes.h"

#include <algorithm>

namespace mehr::l1 {

std::optional<ByteView> ForeignNodes::Node::tlv(std::uint8_t type) const {
  const auto read = decode<MehrExtension>(ByteView(extension).first(size));
  return read ? read->find(type) : std::nullopt;
}

std::optional<ForeignNodes::Heard> ForeignNodes::hear(const l0::ForeignNode& node, Millis now) {
  if (node.extension.size() > kExtensionMax || !decode<MehrExtension>(node.extension)) {
    return std::nullopt;
  }
  if (!index_) {
    nodes_.resize(kMost);
    index_.emplace(kMost, HashSalt::draw(random_));
  }
  Heard out;
  auto slot = index_->find(node.node);
  if (!slot) {
    out.is_new = true;
    Node* const place = oldest();
    if (!place->id.is_zero()) {
      out.evicted = place->id;
      index_->erase(place->id);
    }
    slot = static_cast<Slot>(place - nodes_.data());
    index_->put(node.node, *slot);
  }
  Node& kept = nodes_[*slot];
  kept.id = node.node;
  kept.key = node.key;
  kept.hops = node.hops;
  kept.heard = now;
  due_ = std::min(due_, now + kLife);
  kept.size = static_cast<std::uint16_t>(node.extension.size());
  copy_bytes(node.extension, kept.extension);
  return out;
}

bool ForeignNodes::forget(const NodeId& node) {
  const auto slot = index_ ? index_->find(node) : std::nullopt;
  if (!slot) return false;
  index_->erase(node);
  nodes_[*slot] = Node{};
  return true;
}

const ForeignNodes::Node* ForeignNodes::find(const NodeId& node) const {
  const auto slot = index_ ? index_->find(node) : std::nullopt;
  return slot ? &nodes_[*slot] : nullptr;
}

// A free place, or the one that was heard of longest ago.
ForeignNodes::Node* ForeignNodes::oldest() {
  return &*std::min_element(nodes_.begin(), nodes_.end(), [](const Node& a, const Node& b) {
    if (a.id.is_zero() != b.id.is_zero()) return a.id.is_zero();
    return a.heard < b.heard;
  });
}

std::optional<NodeId> ForeignNodes::on_time(Millis now) {
  if (due_ > now) return std::nullopt;
  due_ = Millis::never();
  std::optional<NodeId> gone;
  each([&](const Node& node) {
    const Millis end = node.heard + kLife;
    if (end <= now && !gone) {
      gone = node.id;
    } else {
      due_ = std::min(due_, end);
    }
  });
  if (gone) (void)forget(*gone);
  return gone;
}

void ForeignNodes::each(const std::function<void(const Node&)>& visit) const {
  if (size() == 0) return;
  for (const Node& node : nodes_) {
    if (!node.id.is_zero()) visit(node);
  }
}

}  // namespace mehr::l1
