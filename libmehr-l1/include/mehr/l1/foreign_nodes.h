// Nodes of ours that are reached across a network of another kind. spec: L0/8.3, L1/5
//
// Place: L1, owned by the facade. A way there is no candidate of the routing table: nobody between
// measures, prices or announces it, and the floor below knows how to send. It is taken when no link
// leads to the destination by a way that is fresh and feasible. docs/decisions/0020
// Machine: each announce that came across makes or refreshes an entry; it ends when the floor below
// says so or after 14,640 s (three refreshes of 3,660 s and one more). Deadline: the earliest end.
// Bounds: 256 nodes, made with the first of them, so that who is on no such network pays nothing.
// Full: the one heard of longest ago goes. Failure: what does not parse as an extension is foreign
// app_data and no node of ours. Threads: the node's.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "mehr/core/random.h"
#include "mehr/core/slot_index.h"
#include "mehr/core/units.h"
#include "mehr/l0/link_layer.h"
#include "mehr/l1/announce.h"

namespace mehr::l1 {

class ForeignNodes {
 public:
  static constexpr std::size_t kMost = 256;
  static constexpr Millis kLife = Millis::seconds(10'980 + 3'660);  // spec: L1/5

  struct Node {
    NodeId id;
    PublicKey key;
    std::uint8_t hops = 0;
    Millis heard;
    std::uint16_t size = 0;  // of the extension
    std::array<std::uint8_t, kExtensionMax> extension{};

    /// Data of the first field of @p type in what the node says of itself.
    [[nodiscard]] std::optional<ByteView> tlv(std::uint8_t type) const;
  };
  /// What hearing of a node changed.
  struct Heard {
    bool is_new = false;
    std::optional<NodeId> evicted;
  };

  explicit ForeignNodes(Random& random) : random_(random) {}

  /// Nothing: what was announced is no extension.
  [[nodiscard]] std::optional<Heard> hear(const l0::ForeignNode& node, Millis now);
  /// True when it was known.
  bool forget(const NodeId& node);
  [[nodiscard]] const Node* find(const NodeId& node) const;
  /// One node whose time is over, forgotten; call until there is none.
  [[nodiscard]] std::optional<NodeId> on_time(Millis now);
  /// Never late; it may be early when the node it was for was heard of again.
  [[nodiscard]] Millis next_deadline() const { return due_; }
  /// In the order of their places.
  void each(const std::function<void(const Node&)>& visit) const;
  [[nodiscard]] std::size_t size() const { return index_ ? index_->size() : 0; }

 private:
  [[nodiscard]] Node* oldest();

  Random& random_;
  std::vector<Node> nodes_;  // zero id: free
  std::optional<SlotIndex> index_;
  Millis due_ = Millis::never();
};

}  // namespace mehr::l1
