#include "mehr/stack/node.h"

#include <algorithm>

namespace mehr::stack {

namespace {
std::uint32_t features_of(const NodeConfig& config) {
  return config.features | (config.reticulum ? l0::feature::kReticulum : 0);
}

std::unique_ptr<l0::rns::Bridge> make_reticulum(const NodeConfig& config, l0::Links& links,
                                                const Signer& signer, const World& world) {
  if (!config.reticulum) return nullptr;
  return std::make_unique<l0::rns::Bridge>(
      *config.reticulum, links, signer,
      l0::rns::Bridge::World{world.clock, world.timers, world.random, world.storage});
}

}  // namespace

l0::LinkLayer& Node::below() {
  if (reticulum_) return *reticulum_;
  return links_;
}

Node::Node(const NodeConfig& config, const Signer& signer, const World& world)
    : signer_(signer),
      timers_(world.timers),
      links_({{Mtu{std::min(config.max_frame_size.bytes, config.limits.packet_bytes)},
               features_of(config), config.kem},
              config.limits},
             signer, world.clock, world.timers, world.random),
      reticulum_(make_reticulum(config, links_, signer, world)),
      between_(config.between ? config.between(below()) : nullptr),
      network_(between_ ? *between_ : below(), world.clock, world.timers, world.random, signer,
               world.storage, config.limits, config.policy),
      messages_(network_, network_, signer, world.random, world.clock, config.limits,
                {&network_, &network_, config.trust, &world.timers}),
      advisories_(config.limits.advisories, signer.node_id(), world.storage, config.trust),
      reputation_(config.limits.reputations, world.clock,
                  config.epochs != nullptr ? *config.epochs : no_epochs_, world.storage,
                  config.trust),
      referrals_(messages_, reputation_, config.trust != nullptr ? *config.trust : nobody_,
                 world.random, world.clock, config.limits.referrals) {
  network_.set_announcing(config.announces);
  network_.replicate(advisories_);
  advisories_.on_dirty([this] { set_wake(); });
  reputation_.on_dirty([this] { set_wake(); });
}

Node::~Node() { timers_.wake_at(*this, Millis::never()); }

void Node::save() {
  advisories_.save();
  reputation_.save();
}

void Node::set_wake() {
  timers_.wake_at(*this, std::min(advisories_.next_deadline(), reputation_.next_deadline()));
}

void Node::on_wake(Millis now) {
  advisories_.on_time(now);
  reputation_.on_time(now);
  set_wake();
}

}  // namespace mehr::stack
