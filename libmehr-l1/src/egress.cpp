#include "mehr/l1/egress.h"

#include <algorithm>
#include <gsl/assert>
#include <utility>

#include "mehr/l0/link_frames.h"
#include "mehr/l0/packet.h"

namespace mehr::l1 {

namespace {
constexpr std::uint32_t frame_of(std::size_t message) {
  return static_cast<std::uint32_t>(message + l0::kLinkOverhead);
}
}  // namespace

void Egress::SlotRing::push(LinkSlot slot) {
  if (inside_[slot]) return;
  inside_[slot] = true;
  ring_[(first_ + count_++) % ring_.size()] = slot;
}

LinkSlot Egress::SlotRing::pop() {
  const LinkSlot slot = ring_[first_];
  first_ = (first_ + 1) % ring_.size();
  --count_;
  inside_[slot] = false;
  return slot;
}

Egress::Egress(const EgressConfig& config, std::uint64_t seed)
    : pool_(config.pool_bytes, config.block_bytes),
      weights_(config.links + 1, kWeightOne),
      due_(config.links),
      ready_(config.links),
      events_(config.links),
      seed_(seed) {
  Expects(config.links >= 1 && config.links < kNoLink);
  links_.reserve(config.links);
  for (std::size_t i = 0; i < config.links; ++i) links_.emplace_back(pool_, config.flows);
}

std::size_t Egress::memory(const EgressConfig& config) {
  const std::size_t blocks = std::max<std::size_t>(16, config.pool_bytes / config.block_bytes);
  const std::size_t heap = 2 * sizeof(Slot) + sizeof(Millis);
  const std::size_t rings = 2 * sizeof(LinkSlot) + 1 + sizeof(std::uint16_t);
  constexpr std::size_t kBitWords = 2 * sizeof(std::uint64_t);  // vectors of bool come in words
  return sizeof(Egress) + kBitWords + blocks * (config.block_bytes + sizeof(MessageRecord)) +
         config.links * (sizeof(Link) + LinkQueue::memory(config.flows) + heap + rings);
}

// ---- Links
// ---------------------------------------------------------------------------------------

void Egress::link_up(LinkSlot slot, const LinkShape& shape, Millis now) {
  Expects(slot < links_.size());
  if (links_[slot].up) link_down(slot, now);
  Link& l = links_[slot];
  l.up = true;
  weights_[slot] = kWeightOne;  // another neighbour's may have been here
  l.blocked = l.waits = l.avoided = l.refused_own = false;
  l.shape = shape;
  if (l.shape.bandwidth.count == 0) l.shape.bandwidth = {bounded_rate(shape.channel)};
  l.scans = shape.half_duplex && shape.scans;
  l.pads = l0::class_of(shape.mtu) == l0::MtuClass::constrained;  // spec: L0/5.5
  l.full_frame = frame_of(shape.mtu.bytes);
  l.figures = LinkFigures{};
  l.pull_least = {};
  l.gossip_credit = NinthCredit{};
  l.rate.reset(l.shape.bandwidth, now);
  l.queue.start(l.full_frame, 0);
  l.budget.start(l.shape.bandwidth, l.full_frame, now);
  if (!shape.gossips) l.budget.received(Millis::never());
  l.received.start(now);
  l.signal.start();
  // spec: L1/10.1: the slot is a full frame's time on the whole channel.
  l.csma.start(BitsPerSecond{bounded_rate(shape.channel)}.airtime(l.full_frame), seed_ + slot);
  retune(slot, now);
  l.user.fill(now);
  l.half.fill(now);
  ++up_count_;
  refresh(slot, now);
}

void Egress::link_down(LinkSlot slot, Millis now) {
  Expects(slot < links_.size());
  Link& l = links_[slot];
  if (!l.up) return;
  l.figures.dropped_failed += l.queue.clear();
  l.gossip.clear();
  while (!l.urgent.empty()) drop_urgent(l, l.urgent.front());
  note_level(slot);
  l.up = false;
  --up_count_;
  refresh(slot, now);
}

void Egress::set_bandwidth(LinkSlot slot, BitsPerSecond bandwidth, Millis now) {
  Link& l = links_[slot];
  if (!l.up || l.shape.bandwidth == bandwidth) return;
  l.shape.bandwidth = bandwidth;
  l.rate.reset(bandwidth, now);
  l.budget.set_rate(bandwidth, now);
  retune(slot, now);
  refresh(slot, now);
}

void Egress::set_weight(LinkSlot upstream, std::uint16_t weight) {
  weights_[std::min<std::size_t>(upstream, links_.size())] = std::max(weight, kWeightOne);
}

// Rates of the user buckets and the queue's capacity. spec: L1/10.2, L1/10.3, L1/10.4
void Egress::retune(LinkSlot slot, Millis now) {
  constexpr Millis kBurst = Millis::seconds(2);
  constexpr std::uint64_t kQueueSeconds = 5;
  constexpr std::uint64_t kQueueMost = 16 * 1'048'576;
  Link& l = links_[slot];
  const std::uint64_t bps = l.rate.measured().count;
  const std::uint64_t base = l.budget.mode() == GossipMode::recovery ? 800 : 900;
  std::uint64_t permille = base;
  if (l.received.active() == Severity::moderate) permille = base * 3 / 4;
  if (l.received.active() == Severity::severe) permille = base / 2;
  l.user.set(TokenBucket::share(bps, permille), kBurst, 2 * l.full_frame, now);
  l.half.set(TokenBucket::share(bps, base / 2), kBurst, 2 * l.full_frame, now);
  const std::uint64_t most = bps * base / 8000 * kQueueSeconds;
  l.queue.set_capacity(static_cast<std::uint32_t>(
      std::clamp<std::uint64_t>(most, std::uint64_t{16} * l.full_frame, kQueueMost)));
}

// ---- User packets
// ----------------------------------------------------------------------------------

Verdict Egress::offer(LinkSlot slot, const PacketOffer& packet, Millis now) {
  Link& l = links_[slot];
  if (!l.up) return Verdict::no_link;
  const std::uint32_t frame = packet_frame(l, packet);
  const bool stops = l.received.active() == Severity::saturated && packet.priority != Priority::p0;
  if (!l.waits && !l.blocked && !l.scans && !stops && l.user.has(frame, now)) return Verdict::pass;
  l.queue.expire(now);
  const std::size_t from = std::min<std::size_t>(packet.upstream, links_.size());
  const bool kept = l.queue.push(packet, frame, weights_[from], now);
  ++l.figures.packets_in;
  if (!kept && packet.upstream == kNoLink) l.refused_own = true;
  note_level(slot);
  if (l.level > 0) {
    tell_upstream(packet.upstream, slot, static_cast<Severity>(l.level - 1), now);
  }
  refresh(slot, now);
  return kept ? Verdict::queued : Verdict::full;
}

void Egress::passed(LinkSlot slot, const PacketOffer& packet, Millis now) {
  Link& l = links_[slot];
  const std::uint32_t frame = packet_frame(l, packet);
  l.user.take(frame, now);
  l.rate.sent(frame, now);
  l.queue.passed(packet.priority, frame);
  l.gossip_credit.earn(frame, l.full_frame);
  ++l.figures.packets_in;
  ++l.figures.packets_out;
  l.figures.user_bytes += frame;
}

std::uint32_t Egress::packet_frame(const Link& l, const PacketOffer& packet) {
  return l.pads || packet.pad ? l.full_frame : frame_of(packet.bytes.size());
}

// ---- Gossip and control
// ----------------------------------------------------------------------------

GossipQueued Egress::gossip(LinkSlot slot, Tier tier, const GossipKey& key, ByteView message,
                            Millis now) {
  Expects(tier >= 1 && tier <= kTiers);
  Link& l = links_[slot];
  if (!l.up) return GossipQueued::refused;
  Expects(message.size() <= l.shape.mtu.bytes);
  const GossipQueued result = l.gossip.push(tier, key, message, frame_of(message.size()), now);
  refresh(slot, now);
  return result;
}

std::size_t Egress::gossip_room(LinkSlot slot, std::size_t size) const {
  const Link& l = links_[slot];
  return l.up ? l.gossip.room(size) : 0;
}

void Egress::want_pull(LinkSlot slot, Tier tier, std::uint16_t least, Millis now) {
  Expects(tier >= 1 && tier <= kTiers);
  Link& l = links_[slot];
  if (!l.up) return;
  l.pull_least[tier - 1U] = std::min(least, l.shape.mtu.bytes);
  refresh(slot, now);
}

std::uint32_t Egress::gossip_allowance(LinkSlot slot, Tier tier, Millis now) {
  Expects(tier >= 1 && tier <= kTiers);
  Link& l = links_[slot];
  if (!l.up || l.blocked || l.scans) return 0;
  const std::uint32_t frame = l.budget.allowance(tier, now);
  return frame > l0::kLinkOverhead ? frame - static_cast<std::uint32_t>(l0::kLinkOverhead) : 0;
}

void Egress::sent_gossip(LinkSlot slot, Tier tier, std::size_t size, Millis now) {
  if (!links_[slot].up) return;
  links_[slot].rate.sent(frame_of(size), now);
  count_gossip(slot, tier, frame_of(size), now);
  refresh(slot, now);
}

void Egress::count_gossip(LinkSlot slot, Tier tier, std::uint32_t frame, Millis now) {
  Link& l = links_[slot];
  l.budget.take(tier, frame, now);
  l.gossip_credit.spend(frame);
  l.figures.gossip_bytes += frame;
}

bool Egress::urgent(LinkSlot slot, ByteView message, Millis now) {
  Link& l = links_[slot];
  if (!l.up) return false;
  Expects(message.size() <= l.shape.mtu.bytes);
  const Ticket t = l.urgent_count < kUrgentMax ? pool_.put({}, message, false) : kNoTicket;
  if (t == kNoTicket) {
    ++l.figures.urgent_refused;
    return false;
  }
  l.urgent.push_back(pool_, t);
  ++l.urgent_count;
  refresh(slot, now);
  return true;
}

void Egress::drop_urgent(Link& l, Ticket ticket) {
  l.urgent.remove(pool_, ticket);
  pool_.drop(ticket);
  --l.urgent_count;
}

// ---- What became of a send
// -------------------------------------------------------------------------

void Egress::sent(const EgressItem& item, std::size_t size, Millis now) {
  using Place = EgressItem::Place;
  Link& l = links_[item.link];
  const std::uint32_t frame =
      item.place == Place::user ? pool_.record(item.ticket).frame : frame_of(size);
  l.rate.sent(frame, now);
  l.csma.clear();
  switch (item.place) {
    case Place::signal:
      l.signal.sent(now);
      ++l.figures.signals_sent;
      l.figures.control_bytes += frame;
      break;
    case Place::urgent:
      drop_urgent(l, item.ticket);
      l.figures.control_bytes += frame;
      break;
    case Place::gossip:
      l.gossip.pop(item.ticket);
      count_gossip(item.link, item.tier, frame, now);
      break;
    case Place::pull:
      count_gossip(item.link, item.tier, frame, now);
      break;
    case Place::user: {
      const bool is_p1 = pool_.record(item.ticket).level == level_of(Priority::p1);
      l.user.take(frame, now);
      if (is_p1 && l.received.active() == Severity::saturated) l.half.take(frame, now);
      l.queue.pop(item.ticket, true);
      l.gossip_credit.earn(frame, l.full_frame);
      ++l.figures.packets_out;
      l.figures.user_bytes += frame;
    }
  }
  refresh(item.link, now);
}

void Egress::blocked(LinkSlot slot, Millis now) {
  Link& l = links_[slot];
  if (!l.up) return;
  l.blocked = true;
  if (l.rate.blocked(now)) retune(slot, now);
  refresh(slot, now);
}

void Egress::writable(LinkSlot slot, Millis now) {
  links_[slot].blocked = false;
  refresh(slot, now);
}

void Egress::busy(const EgressItem& item, Millis now) {
  Link& l = links_[item.link];
  if (l.csma.busy(now)) {
    ++l.figures.backoffs;
    if (l.rate.blocked(now)) retune(item.link, now);
  } else if (item.place == EgressItem::Place::user) {
    // spec: L1/10.1 step 3. Control has no upstream and keeps its place.
    const LinkSlot upstream = pool_.record(item.ticket).upstream;
    l.queue.pop(item.ticket, false);
    ++l.figures.dropped_channel;
    tell_upstream(upstream, item.link, Severity::severe, now);
  }
  refresh(item.link, now);
}

void Egress::refused(const EgressItem& item, Millis now) {
  using Place = EgressItem::Place;
  Link& l = links_[item.link];
  switch (item.place) {
    case Place::signal:
      l.signal.sent(now);
      break;
    case Place::urgent:
      drop_urgent(l, item.ticket);
      break;
    case Place::gossip:
      l.gossip.pop(item.ticket);
      break;
    case Place::pull:
      l.pull_least[item.tier - 1U] = 0;
      break;
    case Place::user:
      l.queue.pop(item.ticket, false);
      ++l.figures.dropped_failed;
  }
  refresh(item.link, now);
}

// ---- Signals
// ---------------------------------------------------------------------------------------

// spec: L1/10.4: to those that feed the queue, which are those whose packets come while it is full.
void Egress::tell_upstream(LinkSlot upstream, LinkSlot egress, Severity severity, Millis now) {
  if (upstream == kNoLink || upstream == egress || !is_up(upstream)) return;
  const Link& from = links_[egress];
  const std::size_t level = static_cast<std::size_t>(severity);
  // All other ways out of here are as full: no way through this node is better.
  const std::size_t others = up_count_ - 1;
  const std::size_t loaded = at_least_[level] - (links_[upstream].level > level ? 1 : 0);
  const SignalScope scope = loaded >= others ? SignalScope::all_outbound : SignalScope::this_link;
  const std::uint64_t bytes_per_second =
      std::max<std::uint64_t>(1, from.rate.measured().count * 9 / 80);
  const Millis drain{std::uint64_t{from.queue.bytes()} * 1000 / bytes_per_second};
  Link& to = links_[upstream];
  to.signal.want(severity, scope, drain, now);
  if (!to.signal.pending()) return;
  to.waits = true;
  if (!to.blocked) ready_.push(upstream);
}

void Egress::received_signal(LinkSlot from, const CongestionSignal& signal, Millis now) {
  if (!is_up(from)) return;
  ++links_[from].figures.signals_received;
  if (signal.scope() == SignalScope::this_link) return receive(from, signal, now);
  for (std::size_t slot = 0; slot < links_.size(); ++slot) {
    if (links_[slot].up && links_[slot].shape.peer == links_[from].shape.peer) {
      receive(static_cast<LinkSlot>(slot), signal, now);
    }
  }
}

void Egress::receive(LinkSlot slot, const CongestionSignal& signal, Millis now) {
  links_[slot].received.receive(signal, now);
  note_signal(slot, now);
  refresh(slot, now);
}

void Egress::note_signal(LinkSlot slot, Millis now) {
  Link& l = links_[slot];
  retune(slot, now);
  if (l.received.take_unreliable()) add_event(slot, EgressEvent::kUnreliable);
  const bool avoided = l.received.active() && *l.received.active() >= Severity::severe;
  if (std::exchange(l.avoided, avoided) != avoided) add_event(slot, EgressEvent::kAvoided);
}

void Egress::gossip_received(LinkSlot from, Millis now) {
  if (is_up(from)) links_[from].budget.received(now);
}

void Egress::round_ended(LinkSlot with, bool success, Millis now) {
  if (!is_up(with)) return;
  GossipBudget& budget = links_[with].budget;
  if (!success) return budget.round_failed();
  if (!budget.round_succeeded(now)) return;
  add_event(with, EgressEvent::kMode);
  retune(with, now);
  refresh(with, now);
}

// ---- For people
// ------------------------------------------------------------------------------------

QueueFill Egress::fill(LinkSlot slot) const {
  const LinkQueue& queue = links_[slot].queue;
  const QueueFill bytes{queue.bytes(), std::max<std::uint32_t>(1, queue.capacity())};
  // What the pool lets one link hold, were it to fill: half of what it has and what is free.
  const std::uint64_t held = queue.blocks();
  const std::uint64_t most = (held + pool_.free_for_packets()) / 2;
  if (held * bytes.capacity <= most * bytes.queued) return bytes;
  const auto in_bytes = [&](std::uint64_t blocks) {
    constexpr std::uint64_t kMax = 0x7FFFFFFF;
    return static_cast<std::uint32_t>(std::min(kMax, blocks * pool_.block_bytes()));
  };
  return {in_bytes(held), std::max<std::uint32_t>(1, in_bytes(most))};
}

LinkFigures Egress::figures(LinkSlot slot) const {
  const Link& l = links_[slot];
  LinkFigures f = l.figures;
  f.configured = l.shape.bandwidth;
  f.measured = l.rate.measured();
  f.fill = fill(slot);
  f.queued_bytes = l.queue.bytes();
  f.packets_queued = l.queue.packets();
  f.gossip_queued = l.gossip.size();
  f.mode = l.budget.mode();
  f.signalled = l.received.active();
  f.drops = l.queue.drops();
  f.gossip_drops = l.gossip.drops();
  return f;
}

}  // namespace mehr::l1
