#include "mehr/stack/node.h"

#include <algorithm>

namespace mehr::stack {

namespace {
// Prekeys live for days: looking once an hour erases them on time enough. spec: L2/4
constexpr Millis kUpkeep = Millis::seconds(3600);
}  // namespace

Node::Node(const NodeConfig& config, const Signer& signer, const World& world)
    : signer_(signer),
      timers_(world.timers),
      links_({{Mtu{std::min(config.max_frame_size.bytes, config.limits.packet_bytes)},
               config.features},
              config.limits},
             signer, world.clock, world.timers, world.random),
      between_(config.between ? config.between(links_) : nullptr),
      network_(between_ ? *between_ : static_cast<l0::LinkLayer&>(links_), world.clock,
               world.timers, world.random, signer, world.storage, config.limits, config.policy),
      messages_(network_, network_, signer, world.random, world.clock, config.limits) {
  network_.set_announcing(config.announces);
  timers_.wake_at(*this, world.clock.now() + kUpkeep);
}

Node::~Node() { timers_.wake_at(*this, Millis::never()); }

void Node::on_wake(Millis now) {
  messages_.expire();
  timers_.wake_at(*this, now + kUpkeep);
}

}  // namespace mehr::stack
