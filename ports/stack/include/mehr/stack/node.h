// A whole node: every floor wired to the one below.
//
// Place: ports/stack, the only place where all floors are seen at once. The same Node runs in a
// daemon, in a test and in a simulator; only the world handed to it differs.
// Seams: Clock, Timers, Random, Storage, Signer by reference; they outlive the node.
// Machine: none; it wakes when something of L2 waits to be stored, within a minute of the change.
// Bounds: `Limits`, read once. Failure: none of its own; each floor says what it does.
// Threads: one, the one that steps the world.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "mehr/core/clock.h"
#include "mehr/core/kem.h"
#include "mehr/core/limits.h"
#include "mehr/core/outcome.h"
#include "mehr/core/random.h"
#include "mehr/core/relay_policy.h"
#include "mehr/core/signer.h"
#include "mehr/core/storage.h"
#include "mehr/core/timers.h"
#include "mehr/core/trust_view.h"
#include "mehr/l0/links.h"
#include "mehr/l0/rns/bridge.h"
#include "mehr/l1/network.h"
#include "mehr/l2/advisory_store.h"
#include "mehr/l2/referrals.h"
#include "mehr/l2/reputation.h"
#include "mehr/l2/sealed_messenger.h"

namespace mehr::stack {

/// What a node needs of the world around it.
struct World {
  Clock& clock;
  Timers& timers;
  Random& random;
  Storage* storage = nullptr;  ///< none: nothing survives a restart
};

struct NodeConfig {
  Limits limits = Limits::standard();
  Mtu max_frame_size{4096};
  /// What this node says it can do. spec: L0/5.3
  std::uint32_t features = l0::feature::kL1Relay | l0::feature::kL2Node | l0::feature::kGossip;
  /// False: a silent node, see l1::Network::set_announcing.
  bool announces = true;
  /// What relaying costs and who pays; borrowed, outlives the node. None: everything is free.
  RelayPolicy* policy = nullptr;
  /// What the post-quantum hybrid of links is offered with; borrowed likewise. None: not offered,
  /// so that a simulation is the same on every platform.
  const Kem* kem = nullptr;
  /// Whom this node trusts; borrowed, outlives the node. None: nobody.
  const TrustView* trust = nullptr;
  /// Epochs of the ledger; borrowed likewise. None: epoch 0 for ever.
  const EpochSource* epochs = nullptr;
  /// Relays for Reticulum peers, on interfaces of mode dual or rns and within native links whose
  /// peer does the same. None: clear packets are L1's.
  std::optional<l0::rns::Relay::Config> reticulum;
  /// Makes what stands between L0 and L1 and sees all that passes; empty: nothing does. It becomes
  /// the listener of @p below and L1 becomes its; it dies after L1 and before L0.
  std::function<std::unique_ptr<l0::LinkLayer>(l0::LinkLayer& below)> between;
};

class Node final : private Wakeable {
 public:
  Node(const NodeConfig& config, const Signer& signer, const World& world);
  ~Node() override;
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  [[nodiscard]] const NodeId& id() const { return signer_.node_id(); }
  /// Stores what would be stored within a minute: before an orderly end. Going without it is what a
  /// crash does.
  void save();
  /// L0: attach media here.
  [[nodiscard]] l0::Links& links() { return links_; }
  /// What speaks to Reticulum peers; none unless configured.
  [[nodiscard]] const l0::rns::Bridge* reticulum() const { return reticulum_.get(); }
  /// L1: routed datagrams.
  [[nodiscard]] l1::Network& network() { return network_; }
  [[nodiscard]] const l1::Network& network() const { return network_; }
  /// L2: sealed messages and caller-sealed streams; the door for services.
  [[nodiscard]] l2::SealedMessenger& messages() { return messages_; }
  /// L2: compromised keys and which follow them, kept level by gossip.
  [[nodiscard]] l2::AdvisoryStore& advisories() { return advisories_; }
  /// L2: how far others can be relied on; tell it how dealings ended.
  [[nodiscard]] l2::Reputation& reputation() { return reputation_; }
  /// L2: what trusted peers say of nodes that this one has not dealt with.
  [[nodiscard]] l2::Referrals& referrals() { return referrals_; }

 private:
  void on_wake(Millis now) override;
  [[nodiscard]] l0::LinkLayer& below();

  void set_wake();

  TrustView nobody_;       // when none is given
  EpochSource no_epochs_;  // likewise
  const Signer& signer_;
  Timers& timers_;
  l0::Links links_;
  std::unique_ptr<l0::rns::Bridge> reticulum_;
  std::unique_ptr<l0::LinkLayer> between_;  // none: L1 stands on what is below
  l1::Network network_;
  l2::SealedMessenger messages_;
  l2::AdvisoryStore advisories_;
  l2::Reputation reputation_;
  l2::Referrals referrals_;
};

}  // namespace mehr::stack
