// Finding neighbours in a simulated town: L1's machine, and the world that it dials into.
//
// Place: a Program on a sim::Node, where ports/linux has its Bootstrapper. The numbers of nodes are
// their addresses; a segment that two nodes share is the network between them.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <variant>
#include <vector>

#include "mehr/l1/bootstrap.h"
#include "mehr/sim/sim.h"

namespace mehr::sim::test {

inline constexpr std::uint16_t kPort = 4247;

/// A public address for each node.
inline l1::PeerAddress address_of(NodeIndex node, std::uint16_t port = kPort) {
  const std::array<std::uint8_t, 4> four{203, 0, static_cast<std::uint8_t>(node >> 8),
                                         static_cast<std::uint8_t>(node)};
  return {l1::host_of_v4(four), port};
}

/// What the world looks like to those who dial.
struct Town {
  std::set<NodeIndex> closed;            ///< they cannot be connected to
  std::vector<l1::PeerAddress> by_name;  ///< what the DNS name gives; empty: it does not resolve
};

class Joiner final : public Program, public l1::ControlHandler, private Wakeable {
 public:
  struct Config {
    std::vector<l1::PeerAddress> list;
    bool has_name = false;
    bool accepts = true;
  };
  Joiner(const Town& town, Config config) : town_(town), config_(std::move(config)) {}

  [[nodiscard]] const l1::Bootstrap& machine() const { return *machine_; }
  /// From the next boot on.
  void set_config(Config config) { config_ = std::move(config); }

  void start(Node& node) override {
    const AccountScope world;
    node_ = &node;
    links_.clear();
    dials_.clear();
    l1::Bootstrap::Config config;
    config.has_name = config_.has_name;
    config.links = node.limits().links;
    machine_.emplace(node.id(), config, config_.list, std::vector<l1::PeerAddress>{},
                     node.sim().seed() + node.index());
    if (!stored_.empty()) static_cast<void>(machine_->load(stored_));
    node.stack().network().on_control_type(l1::kPeerExchangeType, this);
    machine_->start(now());
    if (config_.accepts) machine_->set_accepting(kPort, now());
    node.wake_at(*this, node.now() + Millis{1});
  }
  void stop(Node& node) override { node.wake_at(*this, Millis::never()); }
  Status on_control(l0::LinkId from, ByteView message) override {
    const AccountScope world;
    return machine_->on_message(from, message, now());
  }

 private:
  static constexpr Millis kLook{250};  // how often links and dials are looked at
  struct Open {
    l1::Bootstrap::Dial dial;
    NodeIndex peer;
    Millis until;
  };

  void on_wake(Millis at) override {
    const AccountScope world;
    hear_links();
    std::erase_if(dials_, [&](const Open& open) {
      const bool reached = open.dial.only_connect
                               ? connects(open.peer)
                               : node_->is_linked(node_->sim().node(open.peer).id());
      if (!reached && at < open.until) return false;
      machine_->on_dialled(open.dial.to, open.dial.only_connect, reached, now());
      return true;
    });
    while (const auto action = machine_->next(now())) {
      std::visit([&](const auto& what) { spend(what); }, *action);
    }
    node_->wake_at(*this, at + kLook);
  }
  void hear_links() {
    const std::vector<l1::LinkView> views = node_->stack().network().links();
    const auto is_there = [&](l0::LinkId id) {
      return std::any_of(views.begin(), views.end(),
                         [&](const l1::LinkView& v) { return v.info.id == id; });
    };
    std::erase_if(links_, [&](l0::LinkId id) {
      if (is_there(id)) return false;
      machine_->on_link_down(id, now());
      return true;
    });
    for (const l1::LinkView& view : views) {
      if (std::find(links_.begin(), links_.end(), view.info.id) != links_.end()) continue;
      links_.push_back(view.info.id);
      const bool outbound = view.info.role == l0::LinkRole::initiator;
      const NodeIndex peer = node_->sim().find(view.info.peer);
      const std::uint16_t port = outbound ? kPort : std::uint16_t{50'000};
      machine_->on_link_up(
          {view.info.id, view.info.peer, outbound, address_of(peer, port), view.info.mtu}, now());
    }
  }
  [[nodiscard]] bool connects(NodeIndex peer) const {
    return peer != kNoNode && node_->sim().node(peer).is_up() && town_.closed.count(peer) == 0 &&
           !node_->sim().joints(node_->index(), peer).empty();
  }
  [[nodiscard]] NodeIndex node_at(const l1::PeerAddress& where) const {
    for (NodeIndex i = 0; i < node_->sim().size(); ++i) {
      if (address_of(i) == where) return i;
    }
    return kNoNode;
  }
  void spend(const l1::Bootstrap::Dial& dial) {
    const NodeIndex peer = node_at(dial.to);
    if (!dial.only_connect && connects(peer)) static_cast<void>(node_->dial(peer));
    dials_.push_back({dial, peer == kNoNode ? node_->index() : peer, node_->now() + dial.limit});
  }
  void spend(const l1::Bootstrap::Resolve&) { machine_->on_resolved(town_.by_name, now()); }
  void spend(const l1::Bootstrap::Send& send) {
    const AccountScope inside(node_->memory());
    static_cast<void>(node_->stack().network().send_control(send.link, 1, send.message));
  }
  void spend(const l1::Bootstrap::Store& store) {
    stored_.assign(store.value.begin(), store.value.end());
  }
  [[nodiscard]] l1::Bootstrap::Now now() { return {node_->now(), node_->node_time()}; }

  const Town& town_;
  Config config_;
  Node* node_ = nullptr;
  std::optional<l1::Bootstrap> machine_;
  std::vector<l0::LinkId> links_;
  std::vector<Open> dials_;
  Bytes stored_;  // what a disk would keep
};

}  // namespace mehr::sim::test
