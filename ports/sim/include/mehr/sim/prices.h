// What a simulated node asks for relaying, and what it earned: a RelayPolicy that tests turn.
//
// Place: ports/sim; each Node has one and hands it to its stack. Everything is free at first, as
// without a policy. It moves no money: reservations are escrowed for nothing.
// Shapes: prices in uMHR per byte by neighbour, weights as RelayPolicy has them; what it counts is
// never taken back.
// Bounds: one entry per neighbour that was ever named or relayed for. Threads: one.
#pragma once

#include <map>

#include "mehr/core/relay_policy.h"
#include "mehr/sim/memory.h"

namespace mehr::sim {

class Prices final : public RelayPolicy {
 public:
  /// What was relayed for a neighbour.
  struct Carried {
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;
  };

  /// For everybody who has no price of his own.
  void set_all(std::uint64_t micro_mhr_per_byte) { for_all_ = micro_mhr_per_byte; }
  void set(const NodeId& peer, std::uint64_t micro_mhr_per_byte) {
    const AccountScope world;
    prices_[peer] = micro_mhr_per_byte;
  }
  /// Its share of links that several want, in parts of kWeightOne.
  void set_weight(const NodeId& peer, std::uint32_t weight) {
    const AccountScope world;
    weights_[peer] = weight;
  }
  /// Nothing of @p peer is carried any more, or again.
  void refuse(const NodeId& peer, bool refused = true) {
    const AccountScope world;
    refused_[peer] = refused;
  }
  [[nodiscard]] Carried carried(const NodeId& peer) const { return of(carried_, peer, Carried{}); }

  [[nodiscard]] std::uint64_t price(const NodeId& peer) const override {
    return of(prices_, peer, for_all_);
  }
  [[nodiscard]] std::uint32_t weight(const NodeId& peer) const override {
    return of(weights_, peer, kWeightOne);
  }
  [[nodiscard]] bool admit(const NodeId& peer, ByteView) override {
    return !of(refused_, peer, false);
  }
  void forwarded(const NodeId& peer, ByteView packet) override {
    const AccountScope world;
    Carried& carried = carried_[peer];
    ++carried.packets;
    carried.bytes += packet.size();
  }

 private:
  template <class Value>
  static Value of(const std::map<NodeId, Value>& all, const NodeId& peer, Value otherwise) {
    const auto at = all.find(peer);
    return at == all.end() ? otherwise : at->second;
  }

  std::uint64_t for_all_ = 0;
  std::map<NodeId, std::uint64_t> prices_;
  std::map<NodeId, std::uint32_t> weights_;
  std::map<NodeId, bool> refused_;
  std::map<NodeId, Carried> carried_;
};

}  // namespace mehr::sim
