#include "segment.h"

#include <algorithm>
#include <gsl/assert>
#include <iterator>
#include <utility>

#include "channel_fate.h"

namespace mehr::sim {
namespace {

// Tags: an arrival is its slot, an opening the member's place above this bit.
constexpr std::uint64_t kOpening = std::uint64_t{1} << 32;
constexpr std::uint32_t kEverybody = 0xFFFFFFFF;

}  // namespace

Segment::Segment(const Media& media, ChannelId id, const Surroundings& around)
    : base_(media, id, around),
      is_line_(!media.shared),
      keeps_order_(media.kind == MediaKind::ble || media.kind == MediaKind::serial) {
  if (media.half_duplex)
    common_air_.emplace(around.queue, media.rate, static_cast<AirUser&>(*this));
}

Segment::~Segment() {
  for (auto& member : members_) base_.around.queue.cancel(member->opening);
  for (UnderWay& frame : under_way_) base_.around.queue.cancel(frame.arrival);
}

Segment::Member::Member(Segment& segment, Host& at, std::uint32_t place)
    : host(at),
      node(at.index()),
      chance(segment.base_.around.seed, segment.is_line_ ? "line" : "segment",
             segment.base_.id.index, segment.is_line_ ? place : node),
      speaker(segment.common_air_
                  ? *segment.common_air_
                  : own_air.emplace(segment.base_.around.queue, segment.base_.media.rate,
                                    static_cast<AirUser&>(segment)),
              place, segment.base_.media.queue_bytes),
      segment_(segment),
      place_(place) {}

Status Segment::Member::send(const Remote& to, ByteView frame) {
  return segment_.send(place_, to, frame);
}

// ---- Nodes
// --------------------------------------------------------------------------------------

void Segment::add(Host& host) {
  Expects(!is_line_ || members_.size() < 2);
  const auto place = static_cast<std::uint32_t>(members_.size());
  members_.push_back(std::make_unique<Member>(*this, host, place));
  const std::pair entry(host.index(), place);
  const auto where = std::lower_bound(places_.begin(), places_.end(), entry);
  Expects(where == places_.end() || where->first != entry.first);
  places_.insert(where, entry);
}

std::optional<std::uint32_t> Segment::place_of(NodeIndex node) const {
  const auto found =
      std::lower_bound(places_.begin(), places_.end(), std::pair(node, std::uint32_t{0}));
  if (found == places_.end() || found->first != node) return std::nullopt;
  return found->second;
}

void Segment::node_up(NodeIndex node) {
  const auto place = place_of(node);
  Expects(place.has_value());
  Member& member = *members_[*place];
  if (member.is_up || base_.around.queue.is_pending(member.opening)) return;
  member.opening = base_.around.queue.after(Duration{0}, *this, kOpening | *place);
}

void Segment::open(std::uint32_t place) {
  Member& member = *members_[place];
  member.is_up = true;
  member.receiver_handle = 0;
  const bool speaks_first = is_line_ && place == 0;
  NodeIndex peer = kNoNode;
  if (is_line_ && members_.size() == 2) peer = members_[1 - place]->node;
  member.host.opened(member, base_.id, peer, speaks_first);
}

void Segment::node_down(NodeIndex node) {
  const auto place = place_of(node);
  Expects(place.has_value());
  Member& member = *members_[*place];
  base_.around.queue.cancel(member.opening);
  member.is_up = false;
  for (Ring<Outgoing> queued = member.speaker.drop(); !queued.empty();) {
    const Outgoing frame = queued.pop();
    const NodeIndex peer = frame.to == kEverybody ? kNoNode : members_[frame.to]->node;
    base_.lost(member.node, peer, frame.frame, "the sender went down");
  }
  for (std::uint32_t slot = 0; slot < under_way_.size(); ++slot) {
    const UnderWay& frame = under_way_[slot];
    if (!frame.is_used || (frame.from != *place && frame.to != *place)) continue;
    base_.around.queue.cancel(under_way_[slot].arrival);
    const UnderWay gone = take(slot);
    base_.lost(members_[gone.from]->node, members_[gone.to]->node, gone.frame,
               gone.from == *place ? "the sender went down" : "the receiver went down");
  }
}

bool Segment::reaches(const Member& from, const Member& to) const {
  if (base_.media.range_m <= 0) return true;
  return distance(from.host.position(), to.host.position()) <= base_.media.range_m;
}

const std::vector<std::uint32_t>& Segment::hearers_of(std::uint32_t from) {
  if (standing_.size() + movable_.size() != members_.size()) look_around();
  const auto add_from = [&](const std::vector<std::uint32_t>& places,
                            std::vector<std::uint32_t>& out) {
    std::copy_if(places.begin(), places.end(), std::back_inserter(out), [&](std::uint32_t to) {
      return to != from && reaches(*members_[from], *members_[to]);
    });
  };
  Member& sender = *members_[from];
  hearers_.clear();
  if (sender.host.may_move()) {
    add_from(standing_, hearers_);
  } else {
    if (!sender.standing_near) add_from(standing_, sender.standing_near.emplace());
    hearers_ = *sender.standing_near;
  }
  if (movable_.empty()) return hearers_;
  const auto standing = static_cast<std::ptrdiff_t>(hearers_.size());
  add_from(movable_, hearers_);
  std::inplace_merge(hearers_.begin(), hearers_.begin() + standing, hearers_.end());
  return hearers_;
}

void Segment::look_around() {
  standing_.clear();
  movable_.clear();
  for (std::uint32_t place = 0; place < members_.size(); ++place) {
    members_[place]->standing_near.reset();
    (members_[place]->host.may_move() ? movable_ : standing_).push_back(place);
  }
}

bool Segment::in_range(NodeIndex from, NodeIndex to) const {
  const auto a = place_of(from);
  const auto b = place_of(to);
  return a && b && *a != *b && reaches(*members_[*a], *members_[*b]);
}

Remote Segment::address_of(NodeIndex to) const { return is_line_ ? Remote{} : remote_of(to); }

void Segment::heal() { take_faults_away(base_.media); }

// ---- Frames
// -------------------------------------------------------------------------------------

Status Segment::send(std::uint32_t from, const Remote& to, ByteView frame) {
  const AccountScope scope(base_.account);
  Member& member = *members_[from];
  if (!member.is_up) return fail(Errc::io, "the medium is not open");
  std::uint32_t target = kEverybody;
  if (is_line_) {
    target = 1 - from;
  } else if (!to.is_zero()) {
    const auto place = place_of(node_of(to));
    if (!place) return fail(Errc::not_found, "nobody has that address on this segment");
    target = *place;
  }
  if (target != kEverybody && target >= members_.size()) {
    return fail(Errc::not_found, "the line has no other end");
  }
  const NodeIndex peer = target == kEverybody ? kNoNode : members_[target]->node;
  if (const Status fits = base_.check_size(frame); !fits) {
    base_.refused(member.node, peer, frame, fits.error().text);
    return fits;
  }
  if (!member.speaker.has_room(frame.size())) {
    base_.refused(member.node, peer, frame, "the send queue is full");
    return fail(Errc::full, "the send queue is full");
  }
  base_.sent(member.node, peer, frame);
  member.speaker.push({target, false, Bytes(frame.begin(), frame.end())});
  return {};
}

void Segment::speaks(std::uint32_t who, Outgoing out, Instant until) {
  base_.counters.airtime += until - base_.around.queue.now();
  Member& from = *members_[who];
  const std::uint64_t word = has_chance(base_.media) ? from.chance.next() : 0;
  if (out.to != kEverybody) {
    if (!reaches(from, *members_[out.to])) {
      return base_.lost(from.node, members_[out.to]->node, out.frame, "out of range");
    }
    return speak_to(who, out.to, std::move(out.frame), until, word);
  }
  for (const std::uint32_t to : hearers_of(who)) speak_to(who, to, out.frame, until, word);
}

void Segment::speak_to(std::uint32_t from, std::uint32_t to, Bytes frame, Instant until,
                       std::uint64_t word) {
  Member& sender = *members_[from];
  const NodeIndex peer = members_[to]->node;
  if (!base_.around.barrier.passes(base_.id, sender.node, peer)) {
    return base_.lost(sender.node, peer, frame, "cut");
  }
  Fate fate;
  Bytes second;
  if (has_chance(base_.media)) {
    Chance chance = Chance::child(word, peer);
    fate = draw_fate(base_.media, chance);
    if (fate.is_lost) return base_.lost(sender.node, peer, frame, "loss");
    if (fate.is_doubled) {
      second = frame;
      ++base_.counters.frames_doubled;
      base_.record(What::frame_doubled, sender.node, peer, frame);
    }
    if (fate.is_corrupted) {
      turn_bits(frame, chance);
      ++base_.counters.frames_corrupted;
      base_.record(What::frame_corrupted, sender.node, peer, frame);
    }
  }
  Instant at = later(until, base_.media.delay + fate.late);
  if (keeps_order_ && !fate.is_held_back) {
    at = std::max(at, sender.last_arrival);
    sender.last_arrival = at;
  }
  deliver_at(at, from, to, std::move(frame));
  if (!fate.is_doubled) return;
  deliver_at(later(until, base_.media.delay + fate.double_late), from, to, std::move(second));
}

void Segment::deliver_at(Instant at, std::uint32_t from, std::uint32_t to, Bytes frame) {
  if (free_ == 0) {
    under_way_.emplace_back();
    free_ = static_cast<std::uint32_t>(under_way_.size());
  }
  const std::uint32_t slot = free_ - 1;
  UnderWay& used = under_way_[slot];
  free_ = used.next_free;
  used = {std::move(frame), from, to, base_.around.queue.at(at, *this, slot), 0, true};
}

Segment::UnderWay Segment::take(std::uint32_t slot) {
  UnderWay out = std::exchange(under_way_[slot], UnderWay{});
  under_way_[slot].next_free = free_;
  free_ = slot + 1;
  return out;
}

void Segment::arrive(UnderWay under_way) {
  const Member& from = *members_[under_way.from];
  Member& to = *members_[under_way.to];
  if (!to.is_up) return base_.lost(from.node, to.node, under_way.frame, "the receiver is down");
  if (!base_.around.barrier.passes(base_.id, from.node, to.node)) {
    return base_.lost(from.node, to.node, under_way.frame, "cut");
  }
  base_.arrived(to.node, from.node, under_way.frame);
  FrameInfo info;
  if (!is_line_) info.from = remote_of(from.node);
  if (base_.media.kind != MediaKind::serial) info.source = source_of(from.node);
  to.host.arrived(to, base_.id, info, std::move(under_way.frame));
}

void Segment::room(std::uint32_t who) {
  Member& member = *members_[who];
  if (member.is_up) member.host.writable(member);
}

void Segment::on_event(Instant, std::uint64_t tag) {
  if ((tag & kOpening) != 0) return open(static_cast<std::uint32_t>(tag & 0xFFFFFFFF));
  arrive(take(static_cast<std::uint32_t>(tag)));
}

std::unique_ptr<Channel> make_segment(const Media& media, ChannelId id,
                                      const Surroundings& around) {
  return std::make_unique<Segment>(media, id, around);
}

}  // namespace mehr::sim
