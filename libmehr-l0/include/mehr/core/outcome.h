// How dealings with another node ended: what reputation is made of. spec: TR/6
//
// Place: core seam. Whoever runs an agreement says how it ended (L3 to L5); the reputation of L2
// listens. Nothing of it leaves the node but as an answer to a trusted peer's question.
// Shapes: one event for each agreement and service. Threads: the node's.
// Bounds: the listener keeps what its `Limits` allow. Failure: none; an event cannot be refused.
// The default listens to nothing.
#pragma once

#include <cstdint>

#include "mehr/core/ids.h"

namespace mehr {

/// What is judged separately. The order is that of the stored layout. spec: TR/6
enum class Service : std::uint8_t { relay, storage, compute };
inline constexpr std::uint8_t kServices = 3;
constexpr bool is_valid(Service s) { return static_cast<std::uint8_t>(s) < kServices; }

/// The end of one agreement.
struct Outcome {
  NodeId peer;
  Service service = Service::relay;
  bool success = false;  ///< false: it failed, or is disputed
};

class OutcomeListener {
 public:
  virtual ~OutcomeListener() = default;
  virtual void on_outcome(const Outcome&) {}
};

/// Epochs as this node knows them. Owned by L3's ledger; 0 before the first. spec: README/2.4
class EpochSource {
 public:
  virtual ~EpochSource() = default;
  /// Number of the latest activated epoch.
  [[nodiscard]] virtual std::uint64_t now() const { return 0; }
};

}  // namespace mehr
