#include "mehr/l1/reservations.h"

#include <algorithm>
#include <bit>
#include <gsl/assert>

#include "reservation_parts.h"

namespace mehr::l1 {

namespace {

// A neighbour may ask at this pace.
constexpr std::uint32_t kRequestsPerSecond = 2;
constexpr std::uint32_t kRequestsAtOnce = kReservationsPerUpstream;
// One upstream has at most one part in so many of the table; one such part is the application's
// own.
constexpr std::size_t kShares = 4;
// Of the 16 that a neighbour grants us, as many are others' at most.
constexpr std::size_t kOthersDownstream = kReservationsPerUpstream * 3 / 4;
// Two of the longest packets are within any promise.
constexpr std::uint32_t kClaimLeast = 8'192;
// The most that one reservation has to say at a time: a receipt, a release each way, news.
constexpr std::size_t kActionsEach = 5;

}  // namespace

Reservations::Reservations(const ReservationConfig& config, const ReservationView& view,
                           RelayPolicy& policy, Random& random)
    : config_(config),
      view_(view),
      policy_(policy),
      entries_(config.capacity),
      slot_bits_(static_cast<unsigned>(std::bit_width(config.capacity - 1))),
      last_generation_(random.draw<std::uint16_t>()),
      lanes_(config.links + 1, kNoSlot),
      lane_size_(config.links + 1),
      buckets_(config.links, RequestBucket(kRequestsPerSecond, kRequestsAtOnce)),
      fenced_(config.links),
      leaving_(std::max<std::size_t>(config.capacity, kReservationsPerUpstream)),
      deadlines_(config.capacity),
      actions_(config.capacity * kActionsEach + kReservationsPerUpstream) {
  Expects(config.capacity > 0 && config.capacity <= 1024);
  Expects(config.link_percent <= 100 && config.upstream_percent <= config.link_percent);
  free_.reserve(config.capacity);
  for (std::size_t i = config.capacity; i > 0; --i) free_.push_back(static_cast<Slot>(i - 1));
}

// ---- Finding ------------------------------------------------------------------------------------

std::size_t Reservations::lane(LinkSlot upstream) const {
  return upstream == kNoLink ? config_.links : upstream;
}

std::size_t Reservations::size_of(LinkSlot upstream) const { return lane_size_[lane(upstream)]; }

Slot Reservations::find_upstream(LinkSlot from, std::uint16_t id) const {
  for (Slot s = lanes_[lane(from)]; s != kNoSlot; s = entries_[s].next) {
    if (entries_[s].upstream_id == id && !entries_[s].upstream_done) return s;
  }
  return kNoSlot;
}

// Ids of ours hold the slot, so there is nothing to search.
Slot Reservations::find_downstream(LinkSlot from, std::uint16_t id) const {
  const Slot slot = id & ((1U << slot_bits_) - 1);
  if (slot >= entries_.size() || entries_[slot].state == State::free) return kNoSlot;
  const auto is = [&](const Down& d) { return d.asked && d.link == from && d.id == id; };
  return is(entries_[slot].down) || is(entries_[slot].better) ? slot : kNoSlot;
}

std::optional<Reserved> Reservations::find(LinkSlot upstream, const NodeId& destination) const {
  for (Slot s = lanes_[lane(upstream)]; s != kNoSlot; s = entries_[s].next) {
    const Entry& e = entries_[s];
    if (e.destination != destination || e.state != State::active) continue;
    if (e.carried < e.estimated) return Reserved{s, e.down.link, {e.committed}};
  }
  return std::nullopt;
}

BitsPerSecond Reservations::committed(LinkSlot egress) const { return {fenced_[egress]}; }

// ---- The application ----------------------------------------------------------------------------

Result<ReservationKey> Reservations::request(const ReservationOrder& order, Millis now) {
  ReservationRequest form;
  form.estimated_bytes = order.estimated_bytes;
  form.valid_for_seconds = order.valid_for_seconds;
  form.flags = order.flags;
  if (const auto good = form.check(); !good) return fail(good);
  if (const auto good = order.flags.check(); !good) return fail(good);
  if (order.estimated_bytes < config_.minimum_bytes) {
    return fail(Errc::bad_value, "too few bytes for a reservation; send them without one");
  }
  if (view_.is_self(order.destination)) {
    return fail(Errc::bad_value, "the destination of a reservation must be another node");
  }
  if (size_of(kNoLink) >= std::min(kReservationsPerUpstream, entries_.size()) || free_.empty()) {
    return fail(Errc::full, "too many reservations at once");
  }
  const auto route =
      view_.route(order.destination, kNoLink, order.estimated_bytes > kLargestMtuAbove);
  if (!route) return fail(Errc::no_route, "no route leads to the destination");
  const std::uint32_t rate =
      grant(kNoLink, route->egress, route->path.bottleneck_bps, order.min_throughput);
  if (rate == 0) return fail(Errc::denied, "the path has not so much bandwidth free");
  const Slot slot = make(kNoLink, now);
  Entry& e = entries_[slot];
  e.destination = order.destination;
  e.estimated = order.estimated_bytes;
  e.flags = order.flags;
  e.min_throughput = order.min_throughput;
  e.max_cost = order.max_cost_per_byte;
  set_term(e, order.valid_for_seconds, now);
  const ReservationKey key{slot, e.incarnation};
  start(slot, *route, rate, e.max_cost, now);
  return key;
}

Status Reservations::release(const ReservationKey& key, ReleaseReason reason, Millis now) {
  if (key.slot >= entries_.size() || entries_[key.slot].incarnation != key.incarnation ||
      entries_[key.slot].state == State::free) {
    return fail(Errc::not_found, "that reservation is over");
  }
  Ending ending;
  ending.reason = reason;
  ending.tell_application = false;
  end(key.slot, ending, now);
  return {};
}

// ---- A request of an upstream neighbour ---------------------------------------------------------

void Reservations::on_request(LinkSlot from, const ReservationRequest& request, Millis now) {
  const Slot known = find_upstream(from, request.reservation_id);
  if (known != kNoSlot) {
    // Asked again: while the answer is pending it will come, later it is repeated.
    if (entries_[known].state == State::active) send_commitment(known);
    return;
  }
  if (!acceptable(from, request, now)) {
    refuse_request(from, request.reservation_id, ReservationStatus::bandwidth_insufficient);
  } else if (view_.is_self(request.destination)) {
    answer_as_destination(from, request, now);
  } else {
    relay_request(from, request, now);
  }
}

// spec: L1/8 step 1
bool Reservations::acceptable(LinkSlot from, const ReservationRequest& request, Millis now) {
  if (!buckets_[from].take(now)) return false;
  const std::size_t share = std::max<std::size_t>(entries_.size() / kShares, 1);
  if (size_of(from) >= std::min(kReservationsPerUpstream, share)) return false;
  const std::size_t others = size_ - size_of(kNoLink);
  if (free_.empty() || others >= entries_.size() - share) return false;
  // An id has one meaning on a link, or a Release would not say what it ends.
  if (find_downstream(from, request.reservation_id) != kNoSlot) return false;
  return request.estimated_bytes >= config_.minimum_bytes && policy_.may_escrow(view_.peer(from));
}

Slot Reservations::take_request(LinkSlot from, const ReservationRequest& request, Millis now) {
  const Slot slot = make(from, now);
  Entry& e = entries_[slot];
  e.destination = request.destination;
  e.estimated = request.estimated_bytes;
  e.flags = request.flags;
  e.upstream_id = request.reservation_id;
  e.upstream_peer = view_.peer(from);
  e.min_throughput = request.min_throughput;
  e.max_cost = request.max_cost_per_byte;
  set_term(e, request.valid_for_seconds, now);
  return slot;
}

// spec: L1/8 step 2
void Reservations::answer_as_destination(LinkSlot from, const ReservationRequest& request,
                                         Millis now) {
  const Slot slot = take_request(from, request, now);
  const std::uint32_t rate = saturate32(view_.rate(from).count);
  if (!commit(slot, ReservationStatus::accepted, rate, now)) {
    refuse(slot, ReservationStatus::bandwidth_insufficient);
  }
}

// A neighbour grants us so many; what others ask of us must not take the last of them.
std::size_t Reservations::others_over(LinkSlot egress) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(), [&](const Entry& e) {
        return e.state != State::free && e.upstream != kNoLink && e.down.link == egress;
      }));
}

// spec: L1/8 steps 3 to 5
void Reservations::relay_request(LinkSlot from, const ReservationRequest& request, Millis now) {
  const std::uint64_t fee = view_.fee(from);
  const auto no = [&](ReservationStatus status) {
    refuse_request(from, request.reservation_id, status);
  };
  if (fee > request.max_cost_per_byte) return no(ReservationStatus::cost_exceeded);
  const auto route =
      view_.route(request.destination, from, request.estimated_bytes > kLargestMtuAbove);
  if (!route) return no(ReservationStatus::no_route);
  const std::uint32_t rate =
      grant(from, route->egress, route->path.bottleneck_bps, request.min_throughput);
  if (rate == 0 || others_over(route->egress) >= kOthersDownstream)
    return no(ReservationStatus::bandwidth_insufficient);
  const Slot slot = take_request(from, request, now);
  entries_[slot].fee = fee;
  start(slot, *route, rate, request.max_cost_per_byte - fee, now);
}

// ---- The answer of a downstream neighbour -------------------------------------------------------

void Reservations::on_commitment(LinkSlot from, const ReservationCommitment& commitment,
                                 Millis now) {
  const Slot slot = find_downstream(from, commitment.reservation_id);
  if (slot == kNoSlot) {
    ++counters_.unknown;
    return;
  }
  Entry& e = entries_[slot];
  if (e.better.asked && e.better.link == from && e.better.id == commitment.reservation_id) {
    take_better(slot, commitment, now);
  } else if (e.state == State::pending) {
    take_answer(slot, commitment, now);
  }
}

// spec: L1/8 step 6
void Reservations::take_answer(Slot slot, const ReservationCommitment& commitment, Millis now) {
  Entry& e = entries_[slot];
  if (!holds_capacity(commitment.status)) {
    e.down.asked = false;  // it keeps nothing there
    return refuse(slot, commitment.status);
  }
  const std::uint32_t rate = std::min(commitment.committed_bps, e.down.fenced);
  if (commitment.actual_cost_per_byte > e.down.limit) {
    ++counters_.broken_promise;
    return refuse(slot, ReservationStatus::cost_exceeded);
  }
  if (rate == 0 || rate < e.min_throughput) {
    ++counters_.broken_promise;
    return refuse(slot, ReservationStatus::bandwidth_insufficient);
  }
  e.down.cost = commitment.actual_cost_per_byte;
  e.down.agreed = true;
  fence(e.down, rate);
  shorten_term(e, commitment.valid_until, now);
  if (!commit(slot, commitment.status, rate, now)) {
    refuse(slot, ReservationStatus::bandwidth_insufficient);
  }
}

// A better path said something; `down` carries until it is agreed.
void Reservations::take_better(Slot slot, const ReservationCommitment& commitment, Millis now) {
  Entry& e = entries_[slot];
  const std::uint32_t least = e.upstream == kNoLink ? e.min_throughput : e.committed;
  const std::uint32_t rate = std::min(commitment.committed_bps, e.better.fenced);
  if (!holds_capacity(commitment.status)) {
    e.better.asked = false;
    return drop_better(slot);
  }
  e.better.cost = commitment.actual_cost_per_byte;
  // A partial promise is no better one.
  const bool kept = commitment.status == ReservationStatus::accepted && rate != 0 &&
                    rate >= least && e.better.cost <= e.better.limit;
  if (!kept || !policy_.escrow(payer_hop(e.better))) {
    return drop_better(slot);
  }
  ++counters_.rerouted;
  e.better.agreed = true;
  e.better.start = e.carried;
  fence(e.better, rate);
  Down old = e.down;
  e.down = e.better;
  e.better = Down{};
  Ending ending;
  ending.reason = ReleaseReason::sender_cancel;
  end_downstream(e, old, ending, now);
  shorten_term(e, commitment.valid_until, now);
  if (e.upstream == kNoLink) {
    e.cost = e.down.cost;
    e.committed = rate;
    e.window = now;
    e.slow = 0;
    tell_committed(slot);
  }
  schedule(slot);
}

// ---- The end of a reservation, said by a neighbour ----------------------------------------------

void Reservations::on_release(LinkSlot from, const ReservationRelease& release, Millis now) {
  Ending ending;
  ending.reason = release.reason;
  if (const Slot slot = find_upstream(from, release.reservation_id); slot != kNoSlot) {
    ending.tell_upstream = false;
    return end_of_upstream(slot, ending, now);
  }
  const Slot slot = find_downstream(from, release.reservation_id);
  if (slot == kNoSlot) {
    ++counters_.unknown;
    return;
  }
  Entry& e = entries_[slot];
  if (e.better.asked && e.better.link == from && e.better.id == release.reservation_id) {
    e.better.asked = false;
    return drop_better(slot);
  }
  if (e.state == State::pending) {
    e.down.asked = false;
    return refuse(slot, ReservationStatus::no_route);
  }
  ending.tell_downstream = false;
  end(slot, ending, now);
}

// A release overtakes data. When all went through here, downstream is released only after it
// counted the last of it, else it would miss bytes that are paid for on this side.
void Reservations::end_of_upstream(Slot slot, const Ending& ending, Millis now) {
  Entry& e = entries_[slot];
  const bool under_way = ending.reason == ReleaseReason::complete && e.carried == e.estimated &&
                         e.down.agreed && e.down.receipted < e.carried - e.down.start;
  if (!under_way) return end(slot, ending, now);
  end_upstream(e, ending);
  e.upstream_done = true;
}

void Reservations::link_down(LinkSlot link, Millis now) {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].state != State::free) link_down_for(static_cast<Slot>(i), link, now);
  }
  for (Leaving& l : leaving_) {
    if (l.until != Millis::never() && l.hop.link == link) settle(l);
  }
  buckets_[link] = RequestBucket(kRequestsPerSecond, kRequestsAtOnce);
}

void Reservations::link_down_for(Slot slot, LinkSlot link, Millis now) {
  Entry& e = entries_[slot];
  if (e.better.link == link) {
    e.better.asked = false;
    drop_better(slot);
  }
  Ending ending;
  ending.reason = ReleaseReason::path_failure;
  if (e.upstream == link) {
    ending.tell_upstream = false;
    ending.upstream_gone = true;
    return end(slot, ending, now);
  }
  if (e.down.link != link) return;
  if (e.state == State::pending) {
    e.down.asked = false;  // nobody is left to be told
    return refuse(slot, ReservationStatus::no_route);
  }
  ending.tell_downstream = false;
  end(slot, ending, now);
}

// ---- Packets and receipts -----------------------------------------------------------------------

bool Reservations::claims(const Reserved& reserved, std::size_t bytes, Millis now) {
  Entry& e = entries_[reserved.slot];
  if (e.state != State::active) return false;
  if (e.claimed != e.committed) {
    e.claimed = e.committed;
    e.claim.set(TokenBucket::share(e.committed, 1000), Millis::seconds(1), kClaimLeast, now);
    e.claim.fill(now);
  }
  const auto size = static_cast<std::uint32_t>(bytes);
  if (!e.claim.has(size, now)) return false;
  e.claim.take(size, now);
  return true;
}

bool Reservations::count(const Reserved& reserved, std::size_t data_bytes, Millis now) {
  Entry& e = entries_[reserved.slot];
  if (e.state != State::active) return false;
  // At an origin a chunk begins when everything before it is receipted.
  if (e.carried == e.down.start + e.down.receipted) e.window = now;
  e.carried = std::min(e.estimated, saturating_add(e.carried, data_bytes));
  e.heard = now;
  if (e.upstream == kNoLink) {
    // All was sent under it. Where receipts come it ends with the last of them.
    if (e.carried < e.estimated || e.down.agreed) return false;
    end(reserved.slot, Ending{}, now);
    return true;
  }
  bool said = false;
  while (e.carried - e.up_receipted >= kChunkBytes) {
    receipt_upstream(e, kChunkBytes);
    said = true;
  }
  if (e.carried == e.estimated && e.up_receipted < e.carried) {
    receipt_upstream(e, e.carried - e.up_receipted);
    said = true;
  }
  return said;
}

// spec: CH/9 step 3: the next index, not more than was handed over, only the last may be short.
bool Reservations::take_receipt(Down& down, std::uint64_t handed, bool last,
                                const DeliveryReceipt& receipt) {
  const std::uint64_t open = handed - down.receipted;
  if (receipt.chunk_index != down.next_chunk || receipt.chunk_bytes == 0) return false;
  if (receipt.chunk_bytes > open || receipt.chunk_bytes > kChunkBytes) return false;
  if (receipt.chunk_bytes < kChunkBytes && !last) return false;
  down.receipted += receipt.chunk_bytes;
  ++down.next_chunk;
  return true;
}

void Reservations::on_receipt(LinkSlot from, const DeliveryReceipt& receipt, Millis now) {
  const Slot slot = find_downstream(from, receipt.reservation_id);
  if (slot == kNoSlot) return receipt_of_closed(from, receipt);
  Entry& e = entries_[slot];
  const bool ours = e.state == State::active && e.down.agreed && e.down.link == from &&
                    e.down.id == receipt.reservation_id;
  const std::uint64_t handed = e.carried - e.down.start;
  if (!ours || !take_receipt(e.down, handed, e.carried == e.estimated, receipt)) {
    ++counters_.unknown;
    return;
  }
  policy_.chunk(payer_hop(e.down), receipt.chunk_bytes);
  const bool own = e.upstream == kNoLink;
  if ((own || e.upstream_done) && e.carried == e.estimated && e.down.receipted == handed) {
    end(slot, Ending{}, now);
  } else if (own) {
    judge_chunk(slot, receipt.chunk_bytes, now);
  }
}

void Reservations::receipt_of_closed(LinkSlot from, const DeliveryReceipt& receipt) {
  for (Leaving& l : leaving_) {
    if (l.until == Millis::never() || l.hop.link != from || l.hop.id != receipt.reservation_id) {
      continue;
    }
    if (!take_receipt(l.hop, l.handed, true, receipt)) break;
    policy_.chunk(payer_hop(l.hop), receipt.chunk_bytes);
    if (receipt.chunk_bytes < kChunkBytes || l.hop.receipted == l.handed) settle(l);
    return;
  }
  ++counters_.unknown;
}

// spec: L1/8, 3 chunks in a row under half the committed rate
void Reservations::judge_chunk(Slot slot, std::uint64_t bytes, Millis now) {
  Entry& e = entries_[slot];
  const Millis took = now - e.window;
  e.window = now;
  if (bytes < kChunkBytes) return;
  const bool is_slow = took > BitsPerSecond{e.committed}.airtime(bytes) * 2;
  e.slow = is_slow ? static_cast<std::uint8_t>(e.slow + 1) : std::uint8_t{0};
  if (e.slow >= kSlowChunks) start_over(slot, now);
}

// ---- Time and answers ---------------------------------------------------------------------------

Millis Reservations::next_deadline() const { return std::min(deadlines_.next(), leaving_due_); }

void Reservations::on_time(Millis now) {
  while (deadlines_.next() <= now) on_deadline(deadlines_.first(), now);
  if (leaving_due_ > now) return;
  leaving_due_ = Millis::never();
  for (Leaving& l : leaving_) {
    if (l.until <= now) settle(l);
    leaving_due_ = std::min(leaving_due_, l.until);
  }
}

std::optional<ReservationAction> Reservations::poll() {
  if (action_count_ == 0) return std::nullopt;
  const ReservationAction action = actions_[first_action_];
  first_action_ = first_action_ + 1 == actions_.size() ? 0 : first_action_ + 1;
  --action_count_;
  return action;
}

}  // namespace mehr::l1
