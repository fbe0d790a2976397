#include "mehr/l2/onion_router.h"

#include "mehr/core/messenger.h"

namespace mehr::l2 {

namespace {

constexpr int kDraws = 32;  // of whole routes, before one relay is replaced by one outside

// What carries envelopes (README/3): this node is not to be made to say anything else, such as a
// probe or another onion, in its own name.
bool leaves_onions(std::uint8_t c) {
  constexpr std::uint8_t kBareEnvelope = 0;
  return c == kBareEnvelope || (c >= context::kRealTime && c <= context::kBulk) ||
         context::carries_messages(c);
}

}  // namespace

OnionRouter::OnionRouter(const Signer& me, PeerKeys& keys, Random& random, const Floor& floor,
                         std::size_t replays)
    : me_(me), keys_(keys), random_(random), floor_(floor), replays_(replays) {}

bool OnionRouter::is_candidate(const NodeId& node, const NodeId& destination) const {
  return node != me_.node_id() && node != destination;
}

bool OnionRouter::is_outside(const NodeId& node) const {
  return floor_.trust == nullptr || floor_.trust->distance(node) > 2;
}

template <class Want>
std::size_t OnionRouter::count(const NodeId& destination, Want want) const {
  std::size_t out = 0;
  floor_.paths->destinations([&](const NodeId& node) {
    if (is_candidate(node, destination) && want(node)) ++out;
  });
  return out;
}

// Places are drawn first, one after the other among those not drawn yet; then one walk finds whom
// they stand for. Order on the way is the order of drawing.
template <class Want>
OnionRouter::Picks OnionRouter::pick(const NodeId& destination, std::size_t known, std::size_t hops,
                                     Want want) {
  Bounded<std::size_t, kMostOnionHops> places;
  while (places.size() < hops) {
    const auto place = static_cast<std::size_t>(random_.below(known));
    if (std::find(places.begin(), places.end(), place) == places.end()) places.must_push(place);
  }
  Picks out;
  for (std::size_t i = 0; i < hops; ++i) out.must_push({});
  std::size_t at = 0;
  floor_.paths->destinations([&](const NodeId& node) {
    if (!is_candidate(node, destination) || !want(node)) return;
    const auto found = std::find(places.begin(), places.end(), at++);
    if (found != places.end()) out[static_cast<std::size_t>(found - places.begin())] = node;
  });
  return out;
}

Result<OnionRouter::Route> OnionRouter::choose(const NodeId& destination, std::size_t hops) {
  if (floor_.paths == nullptr) {
    return fail(Errc::unsupported, "this node knows no paths, so it can choose no relays");
  }
  if (hops < 1 || hops > kMostOnionHops) {
    return fail(Errc::bad_value, "an onion has 1 to 8 relays");
  }
  const auto anyone = [](const NodeId&) { return true; };
  const auto outside = [this](const NodeId& node) { return is_outside(node); };
  const std::size_t known = count(destination, anyone);
  const std::size_t strangers = count(destination, outside);
  if (known < hops) {
    return fail(Errc::not_found, "too few relays are known for an onion of that many hops");
  }
  if (strangers == 0) {
    return fail(Errc::not_found,
                "no relay outside the two-hop trust neighbourhood is known; an onion needs one");
  }
  Picks picks;
  for (int draw = 0; draw < kDraws; ++draw) {
    picks = pick(destination, known, hops, anyone);
    if (!std::any_of(picks.begin(), picks.end(), outside)) continue;
    auto route = complete(picks, destination);
    if (route) return route;
  }
  // Strangers are rare here: one takes the place of any. Or what was drawn could not be used.
  if (!std::any_of(picks.begin(), picks.end(), outside)) {
    picks[static_cast<std::size_t>(random_.below(hops))] =
        pick(destination, strangers, 1, outside)[0];
  }
  return complete(picks, destination);
}

std::optional<Mtu> OnionRouter::mtu_to(const NodeId& node) const {
  const auto facts = floor_.paths->path(node, PathPolicy{});
  return facts ? std::optional(facts->mtu) : std::nullopt;
}

// The onion's size is fixed for the whole way, so the narrowest known path decides.
Result<OnionRouter::Route> OnionRouter::complete(const Picks& picks, const NodeId& destination) {
  Route route;
  Mtu narrowest{4096};
  for (const NodeId& node : picks) {
    auto relay = keys_.recipient_once(node);
    const auto mtu = mtu_to(node);
    if (!relay || !mtu) {
      return fail(Errc::not_found, "a relay that was drawn cannot be used now; try again");
    }
    narrowest = std::min(narrowest, *mtu);
    route.relays.must_push(*relay);
  }
  if (const auto mtu = mtu_to(destination)) narrowest = std::min(narrowest, *mtu);
  // Every native link takes the smallest class. spec: L0/6
  route.size = onion_class(narrowest).value_or(OnionClass::constrained);
  return route;
}

Result<MutableBytes> OnionRouter::wrap(const Route& route, const OnionExit& exit,
                                       MutableBytes out) {
  const std::span relays(route.relays.begin(), route.relays.end());
  auto made = build_onion(route.size, relays, exit, Ephemeral::draw(random_), out);
  if (made) ++counters_.built;
  return made;
}

std::optional<Peeled> OnionRouter::peel(MutableBytes packet, Millis now) {
  if (!seen_) seen_.emplace(replays_, random_, kOnionMemory);
  const auto peeled = peel_onion(me_, packet, *seen_, now);
  if (!peeled) {
    switch (peeled.error().code) {
      case Errc::bad_seal:
        ++counters_.dropped_unopened;
        break;
      case Errc::replayed:
        ++counters_.dropped_replayed;
        break;
      default:
        ++counters_.dropped_malformed;
    }
    return std::nullopt;
  }
  switch (peeled->kind) {
    case Peeled::Kind::cover:
      ++counters_.covered;
      return std::nullopt;
    case Peeled::Kind::forward:
      ++counters_.forwarded;
      break;
    case Peeled::Kind::exit:
      if (!leaves_onions(peeled->context)) {
        ++counters_.dropped_malformed;
        return std::nullopt;
      }
      ++counters_.exited;
      break;
  }
  return *peeled;
}

void OnionRouter::set_cover(bool on, Millis now) {
  if (on == covers()) return;
  cover_at_ = on ? now + kCoverEvery : Millis::never();
}

std::optional<std::pair<NodeId, MutableBytes>> OnionRouter::cover(MutableBytes out, Millis now) {
  if (cover_at_ > now) return std::nullopt;
  cover_at_ = now + kCoverEvery;
  const auto route = choose(NodeId{}, kDefaultOnionHops);
  if (!route) return std::nullopt;
  const auto onion = wrap(*route, {}, out);
  if (!onion) return std::nullopt;
  ++counters_.cover_sent;
  return std::pair{route->relays[0].id, *onion};
}

OnionCounters OnionRouter::counters() const {
  OnionCounters now = counters_;
  now.replays_forgotten = seen_ ? seen_->evicted() : 0;
  return now;
}

}  // namespace mehr::l2
