// Invariants of what a node may hold. spec: README/2.7
#include "invariant_view.h"

namespace mehr::sim {

namespace {

class TablesStayWithin final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override { return "tables stay within Limits"; }
  void look() override {
    for (NodeIndex node = 0; node < view_.size() && !broken(); ++node) {
      const l1::RoutingTable* table = view_.table(node);
      if (table == nullptr) continue;
      const Limits& limits = view_.limits(node);
      check(node, "routes", table->size(), limits.routes);
      check(node, "active links", table->active_links(), limits.links);
    }
  }

 private:
  void check(NodeIndex node, const char* what, std::size_t has, std::size_t most) {
    if (has <= most) return;
    fail(node, view_.name(node) + " has " + std::to_string(has) + " " + what + ", Limits says " +
                   std::to_string(most));
  }
};

class MemoryStaysWithin final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "a node's memory stays within what its Limits promise";
  }
  void look() override {
    for (NodeIndex node = 0; node < view_.size() && !broken(); ++node) {
      const std::size_t peak = view_.peak_bytes(node);
      const std::size_t most = view_.limits(node).total_bytes();
      if (peak <= most) continue;
      fail(node, view_.name(node) + " held " + std::to_string(peak) +
                     " bytes, its Limits promise " + std::to_string(most));
    }
  }
};

}  // namespace

Watcher tables_stay_within(Seen view) {
  return std::make_unique<TablesStayWithin>(std::move(view));
}
Watcher memory_stays_within(Seen view) {
  return std::make_unique<MemoryStaysWithin>(std::move(view));
}

}  // namespace mehr::sim
