#include "mehr/l1/prober.h"

#include <algorithm>
#include <gsl/assert>

namespace mehr::l1 {

namespace {

// What speaks against a probe of this size by this path.
Status fits(const ProbePath& path, std::uint16_t size) {
  if (size < kProbeMin || size > kProbeMax) {
    return fail(Errc::bad_value, "a probe has from 32 to 4,096 bytes");
  }
  if (size > path.egress_mtu.bytes) {
    return fail(Errc::too_big, "the probe is larger than the first link takes");
  }
  if (RateCode::encode(path.egress_rate) < kProbeLeastRate ||
      path.path.bottleneck_bps < kProbeLeastRate) {
    return fail(Errc::unsupported, "paths slower than 10 kbps are not probed");
  }
  return {};
}

}  // namespace

Millis probe_wait(const CompactPathCost& path, std::uint16_t size) {
  const std::uint64_t links = std::uint64_t{path.hop_count} + 1;
  const Millis there_and_back =
      Millis{path.worst_latency_ms} * std::max<std::uint64_t>(3, 2 * links + 1);
  const Millis wait = std::max(Millis::seconds(1), there_and_back) +
                      path.bottleneck_bps.decode().airtime(size) * links;
  return std::min(wait, kProbeLongestWait);
}

Prober::Prober(std::size_t destinations, Random& random)
    : random_(random),
      entries_(destinations),
      index_(destinations, HashSalt::draw(random)),
      deadlines_(destinations) {
  Expects(destinations > 0);
}

Prober::Entry* Prober::entry_of(const NodeId& destination) {
  const auto slot = index_.find(destination);
  return slot ? &entries_[*slot] : nullptr;
}

// Who probed within 60 s stays, else forgetting it would lift the rate.
Slot Prober::victim(Millis now) const {
  Slot oldest = kNoSlot;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Entry& e = entries_[i];
    if (!e.used) return static_cast<Slot>(i);
    if (e.waiting || e.report.searching) continue;
    if (e.sent != Millis::never() && now < e.sent + kProbeSpacing) continue;
    if (oldest == kNoSlot || e.asked < entries_[oldest].asked) oldest = static_cast<Slot>(i);
  }
  return oldest;
}

Slot Prober::take(const NodeId& destination, Millis now) {
  Slot slot = kNoSlot;
  if (const auto known = index_.find(destination)) {
    slot = *known;
  } else {
    slot = victim(now);
    if (slot == kNoSlot) return kNoSlot;
    if (entries_[slot].used) index_.erase(entries_[slot].destination);
    entries_[slot] = Entry{};
    entries_[slot].destination = destination;
    entries_[slot].used = true;
    index_.put(destination, slot);
    deadlines_.set(slot, Millis::never());
  }
  entries_[slot].asked = now;
  return slot;
}

Result<ProbeEvent> Prober::start(const NodeId& destination, const ProbePath& path, Mtu size,
                                 Millis now) {
  if (const auto good = fits(path, size.bytes); !good) return fail(good);
  if (const Entry* e = entry_of(destination)) {
    if (e->waiting || e->report.searching) {
      return fail(Errc::wrong_state, "a probe of this destination is under way");
    }
    if (e->sent != Millis::never() && now < e->sent + kProbeSpacing) {
      return fail(Errc::denied, "this destination was probed less than 60 seconds ago");
    }
  }
  const Slot slot = take(destination, now);
  if (slot == kNoSlot) return fail(Errc::full, "too many destinations are being probed");
  return send(slot, path, size.bytes, now);
}

Status Prober::search(const NodeId& destination, const ProbePath& path, Millis now) {
  if (const auto good = fits(path, kProbeMin); !good) return fail(good);
  if (const Entry* e = entry_of(destination); e != nullptr && (e->waiting || e->report.searching)) {
    return fail(Errc::wrong_state, "a probe of this destination is under way");
  }
  const Slot slot = take(destination, now);
  if (slot == kNoSlot) return fail(Errc::full, "too many destinations are being probed");
  Entry& e = entries_[slot];
  e.search = MtuSearch(path.egress_mtu);
  e.report.searching = true;
  rest(slot, now);
  return {};
}

ProbeEvent Prober::send(Slot slot, const ProbePath& path, std::uint16_t size, Millis now) {
  Entry& e = entries_[slot];
  e.waiting = true;
  e.sent = now;
  e.timestamp = random_.draw<std::uint64_t>();
  e.probe_id = random_.draw<std::uint16_t>();
  e.probe_size = size;
  e.egress = path.egress;
  deadlines_.set(slot, now + probe_wait(path.path, size));
  return {ProbeEvent::Kind::send,
          e.destination,
          Mtu{size},
          {e.probe_id, size, e.timestamp},
          path.egress};
}

void Prober::rest(Slot slot, Millis now) {
  Entry& e = entries_[slot];
  e.waiting = false;
  if (!e.report.searching) {
    deadlines_.set(slot, Millis::never());
  } else if (!e.search.next() || e.sent == Millis::never()) {
    deadlines_.set(slot, now);
  } else {
    deadlines_.set(slot, std::max(now, e.sent + kProbeSpacing));
  }
}

void Prober::withdraw(const NodeId& destination, Millis now) {
  const auto slot = index_.find(destination);
  if (slot && entries_[*slot].waiting) rest(*slot, now);
}

std::optional<ProbeEvent> Prober::on_response(const NodeId& destination,
                                              const ProbeResponse& response, LinkSlot from,
                                              Millis now) {
  const auto slot = index_.find(destination);
  if (!slot) return std::nullopt;
  Entry& e = entries_[*slot];
  if (!e.waiting || response.probe_id != e.probe_id || response.timestamp_echo != e.timestamp ||
      response.received_size != e.probe_size || from != e.egress) {
    return std::nullopt;
  }
  ProbeReport& r = e.report;
  ++r.answered;
  r.at = now;
  r.rtt = now - e.sent;
  // Over half a round trip: bits x 2 x 1000 per second.
  r.throughput = {std::uint64_t{e.probe_size} * 8 * 2000 / std::max<std::uint64_t>(r.rtt.count, 1)};
  r.responder_mtu = Mtu{response.responder_mtu};
  r.measured = BitsPerSecond{response.measured_bps};
  r.largest_passed = std::max(r.largest_passed, Mtu{e.probe_size});
  if (r.searching) e.search.passed();
  const ProbeEvent event{ProbeEvent::Kind::answered, destination, Mtu{e.probe_size}, {}, from};
  rest(*slot, now);
  return event;
}

std::optional<ProbeEvent> Prober::poll(const ProbePaths& paths, Millis now) {
  while (deadlines_.next() <= now) {
    const Slot slot = deadlines_.first();
    Entry& e = entries_[slot];
    if (e.waiting) {
      ++e.report.failed;
      e.report.smallest_failed = std::min(e.report.smallest_failed, Mtu{e.probe_size});
      if (e.report.searching) e.search.failed();
      rest(slot, now);
      return ProbeEvent{ProbeEvent::Kind::failed, e.destination, Mtu{e.probe_size}, {}, e.egress};
    }
    if (auto event = search_step(slot, paths, now)) return event;
  }
  return std::nullopt;
}

std::optional<ProbeEvent> Prober::search_step(Slot slot, const ProbePaths& paths, Millis now) {
  Entry& e = entries_[slot];
  const auto size = e.search.next();
  if (!size) return finish_search(slot, true);
  const auto path = paths.probe_path(e.destination, *size);
  // Without a path, or with one grown too slow, there is nothing to search for.
  if (!path || !fits(*path, kProbeMin)) return finish_search(slot, false);
  if (size->bytes <= path->egress_mtu.bytes) return send(slot, *path, size->bytes, now);
  // The first link became narrower since: what it cannot carry fails without a probe.
  e.search.failed();
  return std::nullopt;
}

ProbeEvent Prober::finish_search(Slot slot, bool found) {
  Entry& e = entries_[slot];
  e.report.searching = false;
  e.report.searched = found && e.search.largest() != Mtu{0};
  deadlines_.set(slot, Millis::never());
  return {ProbeEvent::Kind::search_finished, e.destination, e.search.largest(), {}, kNoLink};
}

void Prober::forget(const NodeId& destination, Millis now) {
  const auto slot = index_.find(destination);
  if (!slot) return;
  Entry& e = entries_[*slot];
  e.report = ProbeReport{};
  rest(*slot, now);
}

const ProbeReport* Prober::find(const NodeId& destination) const {
  const auto slot = index_.find(destination);
  if (!slot) return nullptr;
  const ProbeReport& r = entries_[*slot].report;
  return r.answered == 0 && r.failed == 0 && !r.searching ? nullptr : &r;
}

}  // namespace mehr::l1
