#include "mehr/l1/learned_peers.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::l1 {

LearnedPeers::LearnedPeers(const Config& config) : config_(config) {
  Expects(config.capacity >= 1 && config.per_teller >= 1 && config.failures >= 1);
  peers_.reserve(config.capacity);
  failures_.reserve(config.failures);
}

bool LearnedPeers::add(const LearnedPeer& peer, Millis now) {
  const bool refused = std::any_of(failures_.begin(), failures_.end(), [&](const Failure& f) {
    return f.at == peer.at && now < f.until;
  });
  if (refused) return false;
  std::size_t of_teller = 0;
  auto oldest = peers_.end();
  for (auto it = peers_.begin(); it != peers_.end(); ++it) {
    if (it->at == peer.at) return false;
    if (it->teller != peer.teller) continue;
    if (of_teller++ == 0) oldest = it;
  }
  if (of_teller >= config_.per_teller) peers_.erase(oldest);
  if (peers_.size() == config_.capacity) peers_.erase(peers_.begin());
  peers_.push_back(peer);
  return true;
}

std::optional<LearnedPeer> LearnedPeers::take(std::uint64_t drawn) {
  if (peers_.empty()) return std::nullopt;
  const auto at = peers_.begin() + static_cast<std::ptrdiff_t>(drawn % peers_.size());
  const LearnedPeer out = *at;
  peers_.erase(at);
  return out;
}

void LearnedPeers::failed(const PeerAddress& at, Millis now) {
  std::erase_if(failures_, [&](const Failure& f) { return f.at == at; });
  if (failures_.size() == config_.failures) failures_.erase(failures_.begin());
  failures_.push_back({at, now + kRefused});
}

void LearnedPeers::forget(const NodeId& node, const PeerAddress& at) {
  std::erase_if(peers_, [&](const LearnedPeer& p) { return p.node == node || p.at == at; });
  std::erase_if(failures_, [&](const Failure& f) { return f.at == at; });
}

}  // namespace mehr::l1
