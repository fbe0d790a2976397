#include "mehr/l1/path_requests.h"

namespace mehr::l1 {

namespace {

constexpr Millis kSecond = Millis::seconds(1);

// A tag is told apart by half of what it asks for as well.
NodeId tag_key(const PathRequest& request) {
  NodeId key = request.destination;
  Writer(key.mutable_view()).put(request.tag);
  return key;
}

}  // namespace

RecentKeys::RecentKeys(std::size_t capacity, Random& random)
    : ring_(capacity), index_(capacity, HashSalt::draw(random)) {}

std::optional<Millis> RecentKeys::find(const NodeId& key) const {
  const auto slot = index_.find(key);
  if (!slot) return std::nullopt;
  return ring_[*slot].at;
}

void RecentKeys::put(const NodeId& key, Millis now) {
  if (const auto slot = index_.find(key)) {
    ring_[*slot].at = now;
    return;
  }
  Entry& entry = ring_[next_];
  if (entry.used) index_.erase(entry.key);
  entry = {key, now, true};
  index_.put(key, static_cast<Slot>(next_));
  next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
}

PathRequests::PathRequests(const Config& config, Random& random)
    : random_(random),
      tags_(config.tags, random),
      asked_(config.asked, random),
      rates_(config.links),
      single_(config.links) {}

std::optional<PathRequest> PathRequests::ask(const NodeId& destination, Millis now) {
  return question(destination, PathRequest::kMaxTtl, own_, now);
}

std::optional<PathRequest> PathRequests::ask_one(LinkSlot link, const NodeId& destination,
                                                 Millis now) {
  return question(destination, 1, single_[link], now);
}

std::optional<PathRequest> PathRequests::question(const NodeId& destination, std::uint8_t ttl,
                                                  Rate& rate, Millis now) {
  const auto asked = asked_.find(destination);
  if (asked && now - *asked < kSpacing) return std::nullopt;
  if (!spend(rate, kOwnPerSecond, now)) return std::nullopt;
  asked_.put(destination, now);
  const PathRequest request{{}, destination, random_.draw<std::uint64_t>(), ttl};
  tags_.put(tag_key(request), now);
  return request;
}

PathRequests::Verdict PathRequests::take(LinkSlot from, const PathRequest& request, Millis now) {
  if (!spend(rates_[from], kPerSecond, now)) return Verdict::too_many;
  const NodeId key = tag_key(request);
  if (tags_.find(key)) return Verdict::repeated;
  tags_.put(key, now);
  return Verdict::unseen;
}

bool PathRequests::spend(Rate& rate, std::size_t per_second, Millis now) {
  if (now - rate.second >= kSecond) rate = {now, 0};
  if (rate.count == per_second) return false;
  ++rate.count;
  return true;
}

void PathRequests::link_up(LinkSlot link) { rates_[link] = single_[link] = Rate{}; }

}  // namespace mehr::l1
