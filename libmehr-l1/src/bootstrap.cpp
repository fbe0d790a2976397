#include "mehr/l1/bootstrap.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::l1 {

namespace {

constexpr Millis kMinute = Millis::seconds(60);
constexpr std::size_t kListed = 256;
constexpr std::size_t kMessageBytes = wire_size<PeerExchangeHead> + Bootstrap::kTold * kPeerEntryV6;

bool holds(std::span<const PeerAddress> list, const PeerAddress& at) {
  return std::find(list.begin(), list.end(), at) != list.end();
}

}  // namespace

Bootstrap::Bootstrap(const NodeId& self, const Config& config, std::span<const PeerAddress> list,
                     std::span<const PeerAddress> reserved, std::uint64_t seed)
    : self_(self),
      config_(config),
      list_(list.begin(),
            list.begin() + static_cast<std::ptrdiff_t>(std::min(list.size(), kListed))),
      reserved_(reserved.begin(), reserved.end()),
      chance_(seed),
      book_(config.stored),
      learned_(config.learned),
      slots_(config.links),
      message_(kMessageBytes) {
  named_.reserve(kNamed);
  dialling_.reserve(kParallelDials);
  told_.reserve(kTold);
}

// SplitMix64: spreads retries and picks, nothing secret.
std::uint64_t Bootstrap::chance() {
  chance_ += 0x9E3779B97F4A7C15;
  std::uint64_t z = chance_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

Millis Bootstrap::spread(Millis span) { return span - Millis{chance() % (span.count / 4 + 1)}; }

void Bootstrap::start(Now now) {
  if (phase_ != Phase::stopped) return;
  phase_ = Phase::resting;
  pass_at_ = now.steady;
}

// ---- Links ------------------------------------------------------------------------------------

Bootstrap::Slot* Bootstrap::find(l0::LinkId id) {
  const auto found =
      std::find_if(slots_.begin(), slots_.end(), [&](const Slot& s) { return s.link.id == id; });
  return found == slots_.end() ? nullptr : &*found;
}

bool Bootstrap::is_linked(const NodeId& node) const {
  return std::any_of(slots_.begin(), slots_.end(), [&](const Slot& s) {
    return s.link.id != l0::LinkId{} && s.link.peer == node;
  });
}

void Bootstrap::on_link_up(const Link& link, Now now) {
  Slot* const slot = find(l0::LinkId{});
  if (slot == nullptr) return;
  *slot = Slot{};
  slot->link = link;
  slot->send_at = slot->probe_at = now.steady;
  if (config_.discover) slot->ask_at = now.steady;
  ++links_;
  backoff_ = kRetryFirst;
  stored_next_ = 0;
  if (!link.outbound) return;
  ++outbound_;
  if (!link.where || link.where->port == 0) return;
  book_.prove(link.peer, *link.where, now.node);
  learned_.forget(link.peer, *link.where);
  unsaved_ = true;
}

void Bootstrap::on_link_down(l0::LinkId id, Now now) {
  Slot* const slot = find(id);
  if (slot == nullptr || id == l0::LinkId{}) return;
  --links_;
  if (slot->link.outbound) --outbound_;
  if (book_.find(slot->link.peer) != nullptr) {
    book_.touch(slot->link.peer, now.node);
    unsaved_ = true;
  }
  if (slot->claim == Claim::accepts) {
    learned_.add({slot->claim_at, slot->link.peer, slot->link.peer}, now.steady);
  }
  *slot = Slot{};
  if (phase_ == Phase::resting && outbound_ < kFewestOutbound) {
    pass_at_ = std::min(pass_at_, now.steady + spread(kRetryFirst));
  }
}

// ---- Passes -----------------------------------------------------------------------------------

void Bootstrap::begin_pass(Now) {
  ++counters_.passes;
  phase_ = Phase::known;
  stored_left_ = kStoredPerPass;
  if (stored_next_ >= book_.peers().size()) stored_next_ = 0;
}

// spec: L1/12 steps 2 to 4
void Bootstrap::end_phase(Now now) {
  address_next_ = 0;
  if (links_ > 0 || phase_ == Phase::listed) return rest(now);
  phase_ = phase_ == Phase::known && config_.has_name ? Phase::resolving : Phase::listed;
}

void Bootstrap::rest(Now now) {
  phase_ = Phase::resting;
  if (outbound_ >= kFewestOutbound) {
    backoff_ = kRetryFirst;
    pass_at_ = Millis::never();
    return;
  }
  pass_at_ = now.steady + spread(backoff_);
  backoff_ = std::min(backoff_ * 2, kRetryMax);
}

bool Bootstrap::may_dial(const PeerAddress& at, const NodeId& node) const {
  if (at.port == 0 || reach_of(at.host) == Reach::none) return false;
  if (node == self_ || holds(reserved_, at) || holds(dialling_, at)) return false;
  return std::none_of(slots_.begin(), slots_.end(), [&](const Slot& s) {
    if (s.link.id == l0::LinkId{}) return false;
    return s.link.peer == node || (s.link.outbound && s.link.where == at);
  });
}

bool Bootstrap::learned_budget(Now now) {
  if (now.steady - learned_window_ >= kMinute) {
    learned_window_ = now.steady;
    learned_dials_ = 0;
  }
  return learned_dials_ < kLearnedDialsPerMinute;
}

std::optional<Bootstrap::Dial> Bootstrap::known_candidate(Now now) {
  if (outbound_ >= kFewestOutbound) return std::nullopt;
  const auto peers = book_.peers();
  while (stored_left_ > 0 && stored_next_ < peers.size()) {
    const KnownPeer& peer = peers[stored_next_++];
    if (!may_dial(peer.at, peer.node)) continue;
    --stored_left_;
    return Dial{peer.at, peer.node, false, kDialLimit};
  }
  while (!learned_.empty() && learned_budget(now)) {
    const auto peer = learned_.take(chance());
    if (!peer || !may_dial(peer->at, peer->node)) continue;
    ++learned_dials_;
    const auto expected = peer->node.is_zero() ? std::nullopt : std::optional(peer->node);
    return Dial{peer->at, expected, false, kDialLimit};
  }
  return std::nullopt;
}

std::optional<Bootstrap::Dial> Bootstrap::candidate(Now now) {
  if (phase_ == Phase::known) return known_candidate(now);
  const auto& addresses = phase_ == Phase::named ? named_ : list_;
  while (address_next_ < addresses.size()) {
    const PeerAddress& at = addresses[address_next_++];
    if (may_dial(at, NodeId{})) return Dial{at, std::nullopt, false, kDialLimit};
  }
  return std::nullopt;
}

std::optional<Bootstrap::Action> Bootstrap::next_dial(Now now) {
  if (!config_.discover) return std::nullopt;
  if (phase_ == Phase::resting && pass_at_ <= now.steady) {
    if (outbound_ >= kFewestOutbound) {
      rest(now);
    } else {
      begin_pass(now);
    }
  }
  while (phase_ == Phase::known || phase_ == Phase::named || phase_ == Phase::listed) {
    const std::size_t wanted = kMostOutbound - std::min(outbound_, kMostOutbound);
    const std::size_t room = std::min(wanted, kParallelDials);
    if (dialling_.size() < room) {
      if (const auto dial = candidate(now)) {
        dialling_.push_back(dial->to);
        ++counters_.dials;
        return *dial;
      }
    }
    if (!dialling_.empty()) return std::nullopt;
    if (room == 0) {
      rest(now);
    } else {
      end_phase(now);
    }
    if (phase_ == Phase::resolving) {
      ++counters_.resolved;
      return Resolve{kDialLimit};
    }
  }
  return std::nullopt;
}

void Bootstrap::on_dialled(const PeerAddress& to, bool only_connect, bool reached, Now now) {
  if (only_connect) {
    for (Slot& slot : slots_) {
      if (slot.claim != Claim::probing || slot.claim_at != to) continue;
      slot.claim = reached ? Claim::accepts : Claim::refuses;
      slot.claim_until = now.steady + (reached ? kExchangeRefresh : kClaimRetry);
    }
    return;
  }
  if (std::erase(dialling_, to) == 0 || reached) return;
  ++counters_.dials_failed;
  learned_.failed(to, now.steady);
}

void Bootstrap::on_resolved(std::span<const PeerAddress> addresses, Now) {
  if (phase_ != Phase::resolving) return;
  named_.clear();
  for (const PeerAddress& at : addresses) {
    if (named_.size() < kNamed && !holds(named_, at)) named_.push_back(at);
  }
  address_next_ = 0;
  phase_ = Phase::named;
}

// ---- What is to be done -----------------------------------------------------------------------

std::optional<Bootstrap::Action> Bootstrap::next(Now now) {
  if (phase_ == Phase::stopped) return std::nullopt;
  if (auto send = next_send(now)) return send;
  if (auto probe = next_probe(now)) return probe;
  if (unsaved_ && store_at_ <= now.steady) {
    store_at_ = now.steady + kStoreSpacing;
    return Store{unsaved(now)};
  }
  return next_dial(now);
}

ByteView Bootstrap::unsaved(Now now) {
  if (!unsaved_) return {};
  unsaved_ = false;
  touch_linked(now);
  return book_.serialise();
}

void Bootstrap::touch_linked(Now now) {
  for (const Slot& slot : slots_) {
    if (slot.link.id != l0::LinkId{} && slot.link.outbound) {
      book_.touch(slot.link.peer, now.node);
    }
  }
}

Millis Bootstrap::next_deadline() const {
  if (phase_ == Phase::stopped) return Millis::never();
  Millis at = Millis::never();
  if (config_.discover && phase_ == Phase::resting && outbound_ < kFewestOutbound) at = pass_at_;
  if (unsaved_) at = std::min(at, store_at_);
  std::size_t probing = 0;
  Millis probe_at = Millis::never();
  for (const Slot& slot : slots_) {
    if (slot.link.id == l0::LinkId{}) continue;
    at = std::min(at, send_due(slot));
    if (slot.claim == Claim::probing) ++probing;
    if (slot.claim == Claim::told) probe_at = std::min(probe_at, slot.probe_at);
  }
  return probing < kProbes ? std::min(at, probe_at) : at;
}

}  // namespace mehr::l1
