#include "mehr/stack/node.h"

namespace mehr::stack {

namespace {
// Prekeys live for days: looking once an hour erases them on time enough. spec: L2/4
constexpr Millis kUpkeep = Millis::seconds(3600);
}  // namespace

Node::Node(const NodeConfig& config, const Signer& signer, const World& world)
    : signer_(signer),
      timers_(world.timers),
      links_({{config.max_frame_size, config.features}, config.limits}, signer, world.clock,
             world.timers, world.random),
      network_(links_, world.clock, world.timers, world.random, signer, world.storage,
               config.limits),
      messages_(network_, network_, signer, world.random, world.clock, config.limits) {
  timers_.wake_at(*this, world.clock.now() + kUpkeep);
}

Node::~Node() { timers_.wake_at(*this, Millis::never()); }

void Node::on_wake(Millis now) {
  messages_.expire();
  timers_.wake_at(*this, now + kUpkeep);
}

}  // namespace mehr::stack
