// Which nodes belong together: disjoint sets with path halving. Private to ports/sim.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "mehr/sim/recorder.h"

namespace mehr::sim {

class NodeSets {
 public:
  explicit NodeSets(std::size_t nodes) : parent_(nodes), size_(nodes, 1), sets_(nodes) {
    for (std::size_t i = 0; i < nodes; ++i) parent_[i] = static_cast<NodeIndex>(i);
  }
  /// Some member of the set of @p node; the same for all of the set.
  [[nodiscard]] NodeIndex find(NodeIndex node) {
    while (parent_[node] != node) node = parent_[node] = parent_[parent_[node]];
    return node;
  }
  /// False when they were together already.
  bool join(NodeIndex a, NodeIndex b) {
    a = find(a);
    b = find(b);
    if (a == b) return false;
    if (size_[a] < size_[b]) std::swap(a, b);
    parent_[b] = a;
    size_[a] += size_[b];
    --sets_;
    return true;
  }
  [[nodiscard]] std::size_t sets() const { return sets_; }
  [[nodiscard]] std::size_t size_of(NodeIndex node) { return size_[find(node)]; }

 private:
  std::vector<NodeIndex> parent_;
  std::vector<std::uint32_t> size_;
  std::size_t sets_;
};

}  // namespace mehr::sim
