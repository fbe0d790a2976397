// The life of one reservation: what it fences, promises, pays and gives back.
#include <algorithm>
#include <gsl/assert>

#include "mehr/l1/reservations.h"
#include "reservation_parts.h"

namespace mehr::l1 {

namespace {
// Clock offsets are good to half a round trip. A downstream that ends so little earlier is taken to
// end when we do, else the errors of all clocks would add up to a measure of the path's length.
constexpr std::uint64_t kClockErrorMs = 1000;
}  // namespace

// ---- Making and freeing -------------------------------------------------------------------------

Slot Reservations::make(LinkSlot upstream, Millis now) {
  Expects(!free_.empty());
  const Slot slot = free_.back();
  free_.pop_back();
  Entry& e = entries_[slot];
  e = Entry{};
  e.state = State::pending;
  e.upstream = upstream;
  e.incarnation = ++last_incarnation_;
  e.heard = now;
  // At the end of its list: those asked for earlier are used up earlier.
  Slot* last = &lanes_[lane(upstream)];
  while (*last != kNoSlot) last = &entries_[*last].next;
  *last = slot;
  ++lane_size_[lane(upstream)];
  ++size_;
  return slot;
}

void Reservations::discard(Slot slot) {
  Entry& e = entries_[slot];
  Expects(e.better.link == kNoLink);  // whoever ends it has dropped it, or never asked
  unfence(e.down);
  Slot* at = &lanes_[lane(e.upstream)];
  while (*at != slot) at = &entries_[*at].next;
  *at = e.next;
  --lane_size_[lane(e.upstream)];
  --size_;
  e.state = State::free;
  deadlines_.set(slot, Millis::never());
  free_.push_back(slot);
}

void Reservations::set_term(Entry& e, std::uint32_t seconds, Millis now) {
  const Millis term = Millis::seconds(seconds);
  e.ends = now + term;
  e.valid_until = {saturating_add(view_.node_time().millis, term.count)};
}

void Reservations::shorten_term(Entry& e, std::uint64_t theirs, Millis now) {
  const std::uint64_t until = to_our_clock(theirs, view_.clock_offset_ms(e.down.link));
  if (saturating_add(until, kClockErrorMs) >= e.valid_until.millis) return;
  const std::uint64_t node_now = view_.node_time().millis;
  e.valid_until = {until};
  e.ends = now + Millis{until > node_now ? until - node_now : 0};
}

// ---- Capacity -----------------------------------------------------------------------------------

std::uint32_t Reservations::grant(LinkSlot upstream, LinkSlot link, RateCode path,
                                  std::uint32_t min_throughput) const {
  const std::uint64_t percent = view_.rate(link).count / 100;
  const std::uint64_t all = percent * config_.link_percent;
  std::uint64_t left = all > fenced_[link] ? all - fenced_[link] : 0;
  std::uint64_t share = all;
  if (upstream != kNoLink) {
    share = percent * config_.upstream_percent;
    std::uint64_t used = 0;
    for (Slot s = lanes_[lane(upstream)]; s != kNoSlot; s = entries_[s].next) {
      if (entries_[s].down.link == link) used += entries_[s].down.fenced;
      if (entries_[s].better.link == link) used += entries_[s].better.fenced;
    }
    left = std::min(left, share > used ? share - used : 0);
  }
  if (min_throughput == 0) {
    // Nothing is demanded: so much that all reservations of one upstream find room.
    const std::uint64_t each = share / kReservationsPerUpstream;
    return saturate32(std::min({left, each, path.decode().count}));
  }
  if (left < min_throughput) return 0;
  return path < RateCode::encode(BitsPerSecond{min_throughput}) ? 0 : min_throughput;
}

void Reservations::fence(Down& down, std::uint32_t rate) {
  fenced_[down.link] = fenced_[down.link] - down.fenced + rate;
  down.fenced = rate;
}

void Reservations::unfence(Down& down) {
  if (down.link == kNoLink) return;
  fence(down, 0);
  down.link = kNoLink;
}

// ---- Asking downstream --------------------------------------------------------------------------

// The slot in the low bits, so that answers need no search; never an id that the neighbour uses for
// a reservation of its own on this link.
std::uint16_t Reservations::fresh_id(Slot slot, LinkSlot link) {
  for (;;) {
    ++last_generation_;
    const auto id = static_cast<std::uint16_t>((unsigned{last_generation_} << slot_bits_) | slot);
    const bool taken = find_upstream(link, id) != kNoSlot || find_downstream(link, id) != kNoSlot;
    if (!taken) return id;
  }
}

// spec: L1/8 steps 5 and 7
void Reservations::start(Slot slot, const ReservationRoute& route, std::uint32_t rate,
                         std::uint64_t limit, Millis now) {
  Entry& e = entries_[slot];
  e.state = State::pending;
  e.down = towards(e, route, limit);
  fence(e.down, rate);
  if (!route.speaks_l1) {
    if (!commit(slot, ReservationStatus::partial, rate, now)) {
      refuse(slot, ReservationStatus::bandwidth_insufficient);
    }
    return;
  }
  e.down.id = fresh_id(slot, route.egress);
  e.down.asked = true;
  e.give_up = now + (e.upstream == kNoLink ? kReservationAnswerAtOrigin : kReservationAnswer);
  e.asked_at = now;
  send_request(e, e.down, e.min_throughput, now);
  schedule(slot);
}

Reservations::Down Reservations::towards(const Entry& e, const ReservationRoute& route,
                                         std::uint64_t limit) const {
  Down d;
  d.link = route.egress;
  d.peer = view_.peer(route.egress);
  d.path_rate = route.path.bottleneck_bps;
  d.path_cost = route.path.cost.decode();
  d.limit = limit;
  d.estimated = e.estimated - e.carried;
  d.start = e.carried;
  return d;
}

void Reservations::send_request(const Entry& e, const Down& down, std::uint32_t min_throughput,
                                Millis now) {
  ReservationRequest r;
  r.reservation_id = down.id;
  r.destination = e.destination;
  r.estimated_bytes = down.estimated;
  r.min_throughput = min_throughput;
  r.max_cost_per_byte = down.limit;
  const std::uint64_t seconds = ((e.ends - now).count + 999) / 1000;
  r.valid_for_seconds =
      static_cast<std::uint32_t>(std::clamp<std::uint64_t>(seconds, 1, kLongestReservation));
  r.flags = e.flags;
  send(down.link, r);
}

// ---- Promising upstream -------------------------------------------------------------------------

bool Reservations::commit(Slot slot, ReservationStatus status, std::uint32_t rate, Millis now) {
  Entry& e = entries_[slot];
  e.status = status;
  e.committed = rate;
  e.cost = saturating_add(e.down.agreed ? e.down.cost : 0, e.fee);
  const bool relayed = e.upstream != kNoLink;
  if (relayed && !policy_.escrow(payee_hop(e))) {
    e.down.agreed = false;  // nothing was paid downstream
    return false;
  }
  if (e.down.agreed && !policy_.escrow(payer_hop(e.down))) {
    e.down.agreed = false;
    if (relayed) policy_.refund(payee_hop(e), {});
    return false;
  }
  e.state = State::active;
  e.heard = now;
  e.window = now;
  const bool may_move = e.flags.allow_reroute() && e.down.agreed;
  e.look_at = may_move ? now + kReservationIdle : Millis::never();
  schedule(slot);
  if (relayed) {
    ++counters_.granted;
    send_commitment(slot);
  } else {
    tell_committed(slot);
  }
  return true;
}

void Reservations::send_commitment(Slot slot) {
  const Entry& e = entries_[slot];
  ReservationCommitment c;
  c.reservation_id = e.upstream_id;
  c.status = e.status;
  c.committed_bps = e.committed;
  c.actual_cost_per_byte = e.cost;
  c.valid_until = e.valid_until.millis;
  send(e.upstream, c);
}

// A refusal says nothing but its status.
void Reservations::refuse_request(LinkSlot from, std::uint16_t id, ReservationStatus status) {
  ++counters_.refused;
  ReservationCommitment c;
  c.reservation_id = id;
  c.status = status;
  send(from, c);
}

// PENDING ends without a promise.
void Reservations::refuse(Slot slot, ReservationStatus status) {
  Entry& e = entries_[slot];
  if (e.down.asked) {
    ReservationRelease r;
    r.reservation_id = e.down.id;
    r.reason = ReleaseReason::sender_cancel;
    send(e.down.link, r);
  }
  if (e.upstream == kNoLink) {
    ReservationNews news;
    news.what = ReservationNews::What::refused;
    news.status = status;
    tell(slot, news);
  } else {
    refuse_request(e.upstream, e.upstream_id, status);
  }
  discard(slot);
}

// Downstream is silent. spec: L1/8 step 7
void Reservations::give_up(Slot slot, Millis now) {
  Entry& e = entries_[slot];
  if (e.upstream == kNoLink) return refuse(slot, ReservationStatus::no_route);
  ReservationRelease r;
  r.reservation_id = e.down.id;
  r.reason = ReleaseReason::timeout;
  send(e.down.link, r);
  e.down.asked = false;
  if (!commit(slot, ReservationStatus::partial, e.down.fenced, now)) {
    refuse(slot, ReservationStatus::bandwidth_insufficient);
  }
}

// ---- Other paths --------------------------------------------------------------------------------

// An origin whose path is too slow asks anew for the rest; by which path is the table's choice.
void Reservations::start_over(Slot slot, Millis now) {
  Entry& e = entries_[slot];
  Ending ending;
  ending.reason = ReleaseReason::path_failure;
  drop_better(slot);
  end_downstream(e, e.down, ending, now);
  e.slow = 0;
  ReservationNews news;
  news.what = ReservationNews::What::slow;
  news.bytes = e.carried;
  tell(slot, news);
  const std::uint64_t rest = e.estimated - e.carried;
  const auto route = view_.route(e.destination, kNoLink, e.estimated > kLargestMtuAbove);
  const std::uint32_t rate =
      rest < config_.minimum_bytes || !route
          ? 0
          : grant(kNoLink, route->egress, route->path.bottleneck_bps, e.min_throughput);
  if (rate == 0) return end(slot, ending, now);
  start(slot, *route, rate, e.max_cost, now);
}

// spec: L1/8 table, last row: >= 25 % cheaper or >= 50 % faster
bool Reservations::is_better(const Down& now, const ReservationRoute& other, bool& faster) {
  const std::uint64_t cost = other.path.cost.decode();
  const std::uint64_t saved = now.path_cost > cost ? now.path_cost - cost : 0;
  const std::uint64_t quarter = now.path_cost / 4 + (now.path_cost % 4 != 0 ? 1 : 0);
  const std::uint64_t old_rate = now.path_rate.decode().count;
  faster = other.path.bottleneck_bps.decode().count >= old_rate + old_rate / 2;
  return faster || (saved != 0 && saved >= quarter);
}

void Reservations::look_for_better(Slot slot, Millis now) {
  Entry& e = entries_[slot];
  e.look_at = now + kReservationIdle;
  if (e.better.link != kNoLink || e.estimated - e.carried < config_.minimum_bytes) return;
  const auto route = view_.route(e.destination, e.upstream, e.estimated > kLargestMtuAbove);
  bool faster = false;
  if (!route || !route->speaks_l1 || route->egress == e.down.link ||
      !is_better(e.down, *route, faster)) {
    return;
  }
  // What was promised upstream holds, whatever the path.
  const bool own = e.upstream == kNoLink;
  const std::uint64_t allowed = own ? e.max_cost : e.cost - e.fee;
  const std::uint32_t least = own ? e.min_throughput : e.committed;
  const std::uint32_t rate = grant(e.upstream, route->egress, route->path.bottleneck_bps, least);
  if (rate == 0) return;
  e.better = towards(e, *route, faster ? allowed : std::min(allowed, e.down.cost));
  fence(e.better, rate);
  e.better.id = fresh_id(slot, route->egress);
  e.better.asked = true;
  e.better_until = now + kReservationAnswer;
  send_request(e, e.better, least, now);
}

void Reservations::drop_better(Slot slot) {
  Entry& e = entries_[slot];
  if (e.better.asked) {
    ReservationRelease r;
    r.reservation_id = e.better.id;
    r.reason = ReleaseReason::sender_cancel;
    send(e.better.link, r);
  }
  unfence(e.better);
  e.better = Down{};
}

// ---- Ending -------------------------------------------------------------------------------------

void Reservations::end(Slot slot, const Ending& ending, Millis now) {
  Entry& e = entries_[slot];
  drop_better(slot);
  end_downstream(e, e.down, ending, now);
  if (e.upstream != kNoLink) {
    if (e.state == State::active && !e.upstream_done) end_upstream(e, ending);
  } else if (ending.tell_application) {
    ReservationNews news;
    news.what = ReservationNews::What::ended;
    news.reason = ending.reason;
    news.bytes = e.carried;
    tell(slot, news);
  }
  discard(slot);
}

void Reservations::end_upstream(Entry& e, const Ending& ending) {
  const bool failed = ending.tell_upstream && ending.reason == ReleaseReason::path_failure;
  // Of a path that failed only whole chunks count. spec: L1/8 table "bytes to last chunk"
  if (!failed && !ending.upstream_gone && e.up_receipted < e.carried) {
    receipt_upstream(e, e.carried - e.up_receipted);
  }
  if (ending.tell_upstream) {
    ReservationRelease r;
    r.reservation_id = e.upstream_id;
    r.bytes_transferred = e.up_receipted;
    r.reason = ending.reason;
    send(e.upstream, r);
  }
  policy_.refund(payee_hop(e), {e.up_receipted, keeps_floor(e, ending)});
}

void Reservations::end_downstream(Entry& e, Down& down, const Ending& ending, Millis now) {
  if (down.link == kNoLink) return;
  const std::uint64_t handed = e.carried - down.start;
  if (down.asked && ending.tell_downstream) {
    ReservationRelease r;
    r.reservation_id = down.id;
    r.bytes_transferred = handed;
    r.reason = ending.reason;
    send(down.link, r);
  }
  if (down.agreed) {
    Leaving l;
    l.hop = down;
    l.handed = handed;
    l.floor_kept = keeps_floor(e, ending);
    l.until = now + kReservationIdle;
    // Its last receipts come after our Release, but before its own.
    if (ending.tell_downstream && down.receipted < handed) {
      keep_leaving(l);
    } else {
      settle(l);
    }
  }
  unfence(down);
  down = Down{};
}

// spec: CH/9.5
bool Reservations::keeps_floor(const Entry& e, const Ending& ending) {
  return e.carried == 0 && ending.reason == ReleaseReason::timeout;
}

void Reservations::keep_leaving(const Leaving& leaving) {
  Leaving* place = &leaving_.front();
  for (Leaving& l : leaving_) {
    if (l.until == Millis::never()) {
      place = &l;
      break;
    }
    if (l.until < place->until) place = &l;
  }
  if (place->until != Millis::never()) settle(*place);  // full: the one nearest its end goes
  *place = leaving;
  leaving_due_ = std::min(leaving_due_, leaving.until);
}

void Reservations::settle(Leaving& leaving) {
  policy_.refund(payer_hop(leaving.hop), {leaving.hop.receipted, leaving.floor_kept});
  leaving.until = Millis::never();
}

void Reservations::receipt_upstream(Entry& e, std::uint64_t bytes) {
  DeliveryReceipt r;
  r.reservation_id = e.upstream_id;
  r.chunk_index = e.up_chunk++;
  r.chunk_bytes = static_cast<std::uint32_t>(bytes);
  r.time = view_.node_time().millis;
  e.up_receipted += bytes;
  send(e.upstream, r);
  policy_.chunk(payee_hop(e), bytes);
}

// ---- Time ---------------------------------------------------------------------------------------

// Packets only note when they came: a deadline that was put off is found out when it is reached.
void Reservations::schedule(Slot slot) {
  const Entry& e = entries_[slot];
  Millis due = e.ends;
  if (e.state == State::pending) {
    due = std::min({due, e.give_up, e.asked_at + kReservationResend});
  } else {
    due = std::min({due, e.heard + kReservationIdle, e.look_at});
    if (e.better.asked) due = std::min(due, e.better_until);
  }
  deadlines_.set(slot, due);
}

void Reservations::on_deadline(Slot slot, Millis now) {
  Entry& e = entries_[slot];
  if (e.state == State::pending) {
    if (now >= e.ends) return refuse(slot, ReservationStatus::no_route);
    if (now >= e.give_up) return give_up(slot, now);
    if (now >= e.asked_at + kReservationResend) {
      e.asked_at = now;
      send_request(e, e.down, e.min_throughput, now);
    }
    return schedule(slot);
  }
  Ending ending;
  ending.reason = ReleaseReason::timeout;
  if (now >= e.ends) return end(slot, ending, now);
  if (now >= e.heard + kReservationIdle) {
    ++counters_.idle;
    if (e.carried == e.estimated) ending.reason = ReleaseReason::complete;
    return end(slot, ending, now);
  }
  if (e.better.asked && now >= e.better_until) drop_better(slot);
  if (now >= e.look_at) look_for_better(slot, now);
  schedule(slot);
}

// ---- Saying -------------------------------------------------------------------------------------

ReservedHop Reservations::payee_hop(const Entry& e) {
  return {ReservedHop::Side::payee, e.upstream_peer, e.upstream_id, e.cost, e.estimated};
}

ReservedHop Reservations::payer_hop(const Down& down) {
  return {ReservedHop::Side::payer, down.peer, down.id, down.cost, down.estimated};
}

void Reservations::tell_committed(Slot slot) {
  const Entry& e = entries_[slot];
  ReservationNews news;
  news.what = ReservationNews::What::committed;
  news.status = e.status;
  news.rate = {e.committed};
  news.cost_per_byte = e.cost;
  news.bytes = e.carried;
  tell(slot, news);
}

void Reservations::tell(Slot slot, ReservationNews news) {
  news.key = {slot, entries_[slot].incarnation};
  ReservationAction action;
  action.news = news;
  push(action);
}

void Reservations::push(const ReservationAction& action) {
  Expects(action_count_ < actions_.size());  // poll is to be called until it is empty
  std::size_t at = first_action_ + action_count_;
  if (at >= actions_.size()) at -= actions_.size();
  actions_[at] = action;
  ++action_count_;
}

template <class Message>
void Reservations::send(LinkSlot link, const Message& message) {
  ReservationAction action;
  action.link = link;
  const auto written = encode(message, action.bytes);
  action.size = static_cast<std::uint8_t>(written->size());
  push(action);
}

}  // namespace mehr::l1
