// What a node tells its neighbours about others, and what it believes of what they tell.
#include <algorithm>

#include "mehr/l1/bootstrap.h"

namespace mehr::l1 {

namespace {

constexpr std::size_t kToldClaims = Bootstrap::kTold / 2;
constexpr std::size_t kToldPerHost = 4;
constexpr std::uint8_t kMessagesPerWindow = 2;  // a request and an answer may come together
// spec: L1/12, authenticated within 24 h
constexpr std::uint64_t kDayMinutes = 24 * 60;
constexpr std::uint64_t kMinuteMs = 60'000;

std::uint64_t minutes_since(NodeTime then, NodeTime now) {
  return now.millis > then.millis ? (now.millis - then.millis) / kMinuteMs : 0;
}

// The nearest address that means the same at both ends of a link to @p neighbour.
Reach least_reach(const std::optional<PeerAddress>& neighbour) {
  if (!neighbour) return Reach::world;
  const Reach reach = reach_of(neighbour->host);
  return reach == Reach::none ? Reach::world : reach;
}

}  // namespace

void Bootstrap::set_accepting(std::uint16_t port, Now now) {
  if (accepting_ == port) return;
  accepting_ = port;
  if (!config_.discover) return;
  for (Slot& slot : slots_) {
    if (slot.link.id != l0::LinkId{} && slot.link.outbound) slot.ask_at = now.steady;
  }
}

// ---- Telling ----------------------------------------------------------------------------------

Millis Bootstrap::send_due(const Slot& slot) {
  const Millis wanted = slot.owes_reply ? Millis{0} : slot.ask_at;
  return std::max(wanted, slot.send_at);
}

std::optional<Bootstrap::Action> Bootstrap::next_send(Now now) {
  for (Slot& slot : slots_) {
    if (slot.link.id == l0::LinkId{} || send_due(slot) > now.steady) continue;
    const bool ask = slot.ask_at <= now.steady;
    if (ask) {
      const bool few = outbound_ < kFewestOutbound;
      slot.ask_at = now.steady + (few ? slot.ask_every : kExchangeRefresh);
      slot.ask_every = std::min(slot.ask_every * 2, kExchangeRefresh);
    }
    slot.owes_reply = false;
    slot.send_at = now.steady + kExchangeSpacing;
    ++counters_.exchanges_sent;
    return Send{slot.link.id, compose(slot, ask, now)};
  }
  return std::nullopt;
}

ByteView Bootstrap::compose(const Slot& to, bool please_reply, Now now) {
  told_.clear();
  touch_linked(now);
  const std::size_t room = std::min<std::size_t>(message_.size(), to.link.mtu.bytes);
  PeerExchangeWriter out(MutableBytes(message_).first(room));
  if (to.link.outbound) tell_own(out);
  tell_claims(out, to);
  tell_book(out, to, now);
  return out.finish(please_reply);
}

// The neighbour knows better than we do at which host it sees us.
void Bootstrap::tell_own(PeerExchangeWriter& out) {
  if (accepting_ == 0) return;
  if (out.add({{kUnspecifiedHost, accepting_}, self_, 0})) told_.push_back({});
}

// False when no further entry fits.
bool Bootstrap::tell(PeerExchangeWriter& out, const Slot& to, const PeerEntry& entry) {
  if (told_.size() == kTold) return false;
  const Reach reach = reach_of(entry.at.host);
  if (entry.node == to.link.peer || reach < least_reach(to.link.where)) return true;
  const auto same_host = std::count_if(
      told_.begin(), told_.end(), [&](const PeerAddress& at) { return at.host == entry.at.host; });
  if (reach != Reach::host && same_host >= static_cast<std::ptrdiff_t>(kToldPerHost)) return true;
  if (!out.add(entry)) return false;
  told_.push_back(entry.at);
  return true;
}

void Bootstrap::tell_claims(PeerExchangeWriter& out, const Slot& to) {
  const std::size_t start = static_cast<std::size_t>(chance() % slots_.size());
  for (std::size_t i = 0; i < slots_.size() && told_.size() < kToldClaims; ++i) {
    const Slot& slot = slots_[(start + i) % slots_.size()];
    if (slot.link.id == l0::LinkId{} || slot.claim != Claim::accepts) continue;
    if (!tell(out, to, {slot.claim_at, slot.link.peer, 0})) return;
  }
}

void Bootstrap::tell_book(PeerExchangeWriter& out, const Slot& to, Now now) {
  const auto peers = book_.peers();
  const auto stale = std::find_if(peers.begin(), peers.end(), [&](const KnownPeer& p) {
    return minutes_since(p.seen, now.node) >= kDayMinutes;
  });
  const auto fresh = static_cast<std::size_t>(stale - peers.begin());
  if (fresh == 0) return;
  const std::size_t start = static_cast<std::size_t>(chance() % fresh);
  for (std::size_t i = 0; i < fresh; ++i) {
    const KnownPeer& peer = peers[(start + i) % fresh];
    const auto age = static_cast<std::uint16_t>(minutes_since(peer.seen, now.node));
    if (!tell(out, to, {peer.at, peer.node, age})) return;
  }
}

// ---- Hearing ----------------------------------------------------------------------------------

Status Bootstrap::on_message(l0::LinkId from, ByteView message, Now now) {
  auto reader = PeerExchangeReader::open(message);
  if (!reader) {
    ++counters_.exchanges_malformed;
    return fail(reader);
  }
  Slot* const slot = find(from);
  if (slot == nullptr || from == l0::LinkId{}) return {};
  if (too_often(*slot, now)) {
    ++counters_.exchanges_too_often;
    return {};
  }
  ++counters_.exchanges_received;
  if (reader->wants_reply()) slot->owes_reply = true;
  while (const auto entry = reader->next()) take_entry(*slot, *entry, now);
  // What was learned is tried at once; later only with the next pass.
  if (phase_ == Phase::resting && outbound_ < kFewestOutbound && !learned_.empty()) {
    pass_at_ = now.steady;
  }
  return {};
}

bool Bootstrap::too_often(Slot& from, Now now) {
  if (now.steady - from.window_start >= kExchangeSpacing) {
    from.window_start = now.steady;
    from.in_window = 0;
  }
  if (from.in_window == kMessagesPerWindow) return true;
  ++from.in_window;
  return false;
}

void Bootstrap::take_entry(Slot& from, const PeerEntry& entry, Now now) {
  if (entry.node == from.link.peer) return take_claim(from, entry.at.port, now);
  const KnownPeer* const known = book_.find(entry.node);
  const Reach reach = reach_of(entry.at.host);
  const bool good = entry.age_minutes < kDayMinutes && reach != Reach::none &&
                    reach >= least_reach(from.link.where) && may_dial(entry.at, entry.node) &&
                    (known == nullptr || known->at != entry.at);
  if (good && learned_.add({entry.at, entry.node, from.link.peer}, now.steady)) {
    ++counters_.told_taken;
  } else {
    ++counters_.told_refused;
  }
}

// Whom we dialled has been proven where we dialled it; of the others only the port is taken.
void Bootstrap::take_claim(Slot& from, std::uint16_t port, Now now) {
  if (from.link.outbound || !from.link.where) return;
  const PeerAddress at{from.link.where->host, port};
  const bool settled = from.claim == Claim::accepts || from.claim == Claim::refuses;
  const bool open = from.claim == Claim::told || from.claim == Claim::probing;
  if (from.claim_at == at && (open || (settled && now.steady < from.claim_until))) return;
  from.claim_at = at;
  from.claim = Claim::told;
}

std::optional<Bootstrap::Action> Bootstrap::next_probe(Now now) {
  std::size_t under_way = 0;
  for (const Slot& slot : slots_) {
    if (slot.claim == Claim::probing) ++under_way;
  }
  if (under_way >= kProbes) return std::nullopt;
  for (Slot& slot : slots_) {
    if (slot.claim != Claim::told || slot.probe_at > now.steady) continue;
    slot.claim = Claim::probing;
    slot.probe_at = now.steady + kExchangeSpacing;
    ++counters_.probes;
    return Dial{slot.claim_at, std::nullopt, true, kDialLimit};
  }
  return std::nullopt;
}

}  // namespace mehr::l1
