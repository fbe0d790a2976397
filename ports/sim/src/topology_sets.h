// Which nodes belong together: disjoint sets with path halving. Private to ports/sim.
#pragma once

#include <algorithm>
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

/// Who is linked to whom while a network is drawn.
class Neighbours {
 public:
  explicit Neighbours(std::size_t nodes) : of_(nodes) {}
  [[nodiscard]] bool has(std::size_t a, std::size_t b) const {
    const auto& fewer = of_[a].size() < of_[b].size() ? of_[a] : of_[b];
    const auto other = static_cast<NodeIndex>(&fewer == &of_[a] ? b : a);
    return std::find(fewer.begin(), fewer.end(), other) != fewer.end();
  }
  void add(std::size_t a, std::size_t b) {
    of_[a].push_back(static_cast<NodeIndex>(b));
    of_[b].push_back(static_cast<NodeIndex>(a));
  }
  void remove(std::size_t a, std::size_t b) {
    drop(of_[a], static_cast<NodeIndex>(b));
    drop(of_[b], static_cast<NodeIndex>(a));
  }
  [[nodiscard]] std::size_t degree(std::size_t node) const { return of_[node].size(); }

 private:
  static void drop(std::vector<NodeIndex>& list, NodeIndex node) {
    list.erase(std::find(list.begin(), list.end(), node));
  }
  std::vector<std::vector<NodeIndex>> of_;
};

}  // namespace mehr::sim
