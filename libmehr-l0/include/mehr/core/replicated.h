// What gossip carries: a set of items that two neighbours bring level. spec: L1/9, README/4.3
//
// Place: core seam. L1 runs the rounds and knows nothing of what is inside an item; each owner of
// items (announces in L1, advisories in L2, ledger records in L3, ...) implements this.
// Bounds: `delta` stops when the sink answers false; an item body is at most 65,535 bytes.
#pragma once

#include <cstdint>
#include <functional>

#include "mehr/core/bytes.h"
#include "mehr/core/ids.h"
#include "mehr/core/result.h"

namespace mehr {

/// Budget class of gossip. spec: README/4.9
enum class GossipTier : std::uint8_t { routing = 1, payment = 2, capabilities = 3, trust = 4 };

struct GossipItem {
  std::uint8_t kind = 0;  ///< spec: README/4.3
  ByteView body;          ///< borrowed for the call
};

class Replicated {
 public:
  using Contains = std::function<bool(ByteView item_id)>;
  using Sink = std::function<bool(const GossipItem&)>;
  virtual ~Replicated() = default;
  [[nodiscard]] virtual GossipTier tier() const = 0;
  /// Feeds the id of every held item to @p each, for digest and filter.
  virtual void summary(const std::function<void(ByteView item_id)>& each) const = 0;
  /// Offers the items the other side lacks, most wanted first, until @p sink answers false.
  virtual void delta(const Contains& other_has, const Sink& sink) const = 0;
  /// Takes an item from a neighbour; a refusal is that neighbour's fault.
  virtual Status merge(const GossipItem& item) = 0;
};

}  // namespace mehr
