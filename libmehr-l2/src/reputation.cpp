#include "mehr/l2/reputation.h"

#include <gsl/assert>
#include <limits>

namespace mehr::l2 {

namespace {

constexpr std::string_view kStoredKey = "l2/reputation";

template <class T>
void count_up(T& number) {
  if (number != std::numeric_limits<T>::max()) ++number;
}

}  // namespace

Status PeerReputation::check() const {
  if (relay > kMostReputation || storage > kMostReputation || compute > kMostReputation ||
      failed > total) {
    return fail(Errc::bad_value, "a score is 0 to 10,000, and no more fail than there were");
  }
  return {};
}

std::uint8_t PeerReputation::successes(Service service) const {
  const PerService<std::uint8_t> all{relay_successes, storage_successes, compute_successes};
  return all[static_cast<std::size_t>(service)];
}

Reputation::Reputation(std::size_t capacity, Clock& clock, const EpochSource& epochs,
                       Storage* storage, const TrustView* trust)
    : capacity_(capacity), clock_(clock), epochs_(epochs), storage_(storage), trust_(trust) {
  peers_.reserve(capacity);
  load();
}

const PeerReputation* Reputation::find(const NodeId& node) const {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const PeerReputation& p) { return p.node == node; });
  return found == peers_.end() ? nullptr : &*found;
}

// The entry stands last afterwards: it is the one judged most recently.
PeerReputation& Reputation::entry(const NodeId& node) {
  const auto found = std::find_if(peers_.begin(), peers_.end(),
                                  [&](const PeerReputation& p) { return p.node == node; });
  if (found != peers_.end()) {
    std::rotate(found, found + 1, peers_.end());
    return peers_.back();
  }
  if (peers_.size() == capacity_) {
    const auto stranger = std::find_if(peers_.begin(), peers_.end(), [&](const PeerReputation& p) {
      return trust_ == nullptr || trust_->distance(p.node) > 1;
    });
    peers_.erase(stranger == peers_.end() ? peers_.begin() : stranger);
    ++evicted_;
  }
  PeerReputation fresh;
  fresh.node = node;
  fresh.first_seen_epoch = epochs_.now();
  peers_.push_back(fresh);
  return peers_.back();
}

void Reputation::on_outcome(const Outcome& outcome) {
  Expects(is_valid(outcome.service));
  if (capacity_ == 0) return;
  PeerReputation& p = entry(outcome.peer);
  const PerService<std::uint16_t*> scores{&p.relay, &p.storage, &p.compute};
  const PerService<std::uint8_t*> successes{&p.relay_successes, &p.storage_successes,
                                            &p.compute_successes};
  const auto at = static_cast<std::size_t>(outcome.service);
  *scores[at] = score_after(*scores[at], outcome.success);
  count_up(p.total);
  if (outcome.success) {
    count_up(*successes[at]);
  } else {
    count_up(p.failed);
  }
  p.last_updated = clock_.node_time().millis;
  make_dirty();
}

void Reputation::each(const std::function<void(const PeerReputation&)>& visit) const {
  for (const PeerReputation& p : peers_) visit(p);
}

void Reputation::load() {
  if (storage_ == nullptr) return;
  const auto stored = storage_->get(kStoredKey);
  if (!stored) return;
  Reader r(*stored);
  while (r.ok() && r.left() > 0 && peers_.size() < capacity_) {
    PeerReputation p;
    r.get(p);
    if (r.ok() && find(p.node) == nullptr) peers_.push_back(p);
  }
}

void Reputation::make_dirty() {
  if (std::exchange(dirty_, true) || !dirty_observer_) return;
  dirty_observer_();
}

void Reputation::save() {
  if (storage_ == nullptr || !dirty_) return;
  Bytes all(peers_.size() * wire_size<PeerReputation>);
  Writer w(all);
  for (const PeerReputation& p : peers_) w.put(p);
  const Storage::Put put{kStoredKey, all};
  if (storage_->put({&put, 1})) dirty_ = false;
}

void Reputation::on_time(Millis now) {
  if (next_deadline() > now) return;
  save();
  saved_ = now;
}

Millis Reputation::next_deadline() const {
  if (storage_ == nullptr || !dirty_) return Millis::never();
  return saved_ + kReputationSave;
}

}  // namespace mehr::l2
