#include "line.h"

#include <algorithm>
#include <gsl/assert>

#include "channel_fate.h"

namespace mehr::sim {
namespace {

using namespace std::chrono_literals;

// spec: L0/7
constexpr Duration kConnectTimeout = 5s;
constexpr Duration kFirstWait = 5s;
constexpr Duration kLongestWait = 300s;
constexpr Duration kFirstSynRepeat = 1s;
constexpr Duration kStableAfter = 15s;

enum Tag : std::uint64_t { kDial, kAnswer, kNoAnswer, kSweep };

}  // namespace

Line::Line(const Media& media, ChannelId id, const Surroundings& around)
    : base_(media, id, around),
      dial_chance_(around.seed, "dial", id.index),
      watch_place_(around.barrier.add(*this)) {}

Line::~Line() {
  base_.around.queue.cancel(dial_);
  base_.around.queue.cancel(sweep_);
  base_.around.barrier.remove(watch_place_);
}

void Line::add(Host& host) {
  const std::size_t seat = base_.seats[0].host == nullptr ? 0 : 1;
  Expects(base_.seats[seat].host == nullptr);
  base_.seats[seat].host = &host;
}

std::size_t Line::seat_of(NodeIndex node) const {
  for (std::size_t seat = 0; seat < 2; ++seat) {
    if (base_.seats[seat].host != nullptr && base_.seats[seat].host->index() == node) return seat;
  }
  return 2;
}

bool Line::in_range(NodeIndex from, NodeIndex to) const {
  return from != to && seat_of(from) < 2 && seat_of(to) < 2;
}

void Line::heal() { take_faults_away(base_.media); }

void Line::node_up(NodeIndex node) {
  const std::size_t seat = seat_of(node);
  Expects(seat < 2 && base_.seats[1].host != nullptr);
  LineBase::Seat& mine = base_.seats[seat];
  if (mine.is_up) return;
  mine.is_up = true;
  const bool is_first_boot = !std::exchange(mine.was_up, true);
  for (auto& connection : connections_) connection->node_up(seat);
  if (seat == 0) {
    wait_ = kFirstWait;
    if (base_.seats[1].was_up) dial();
  } else if (is_first_boot && base_.seats[0].is_up) {
    dial();
  }
}

void Line::node_down(NodeIndex node) {
  const std::size_t seat = seat_of(node);
  Expects(seat < 2);
  if (!base_.seats[seat].is_up) return;
  base_.seats[seat].is_up = false;
  if (seat == 0) base_.around.queue.cancel(dial_);
  for (auto& connection : connections_) connection->node_down(seat);
  over();
}

void Line::barrier_changed() {
  for (auto& connection : connections_) connection->barrier_changed();
}

// ---- Dialling
// -----------------------------------------------------------------------------------

void Line::dial() {
  const Duration late = base_.draw_lateness(0, kFirstSynRepeat, kConnectTimeout);
  const bool is_late = late > kConnectTimeout || base_.round_trip() + late > kConnectTimeout;
  dial_ = base_.around.queue.after(is_late ? kConnectTimeout : base_.round_trip() + late, *this,
                                   is_late ? kNoAnswer : kAnswer);
}

void Line::answer() {
  const NodeIndex here = base_.seats[0].host->index();
  const NodeIndex there = base_.seats[1].host->index();
  const Barrier& barrier = base_.around.barrier;
  if (!base_.seats[1].is_up || !barrier.passes(base_.id, here, there) ||
      !barrier.passes(base_.id, there, here)) {
    return retry();
  }
  connections_.push_back(std::make_unique<Connection>(base_, static_cast<ConnectionOwner&>(*this)));
  connections_.back()->open();
}

void Line::retry() {
  const Duration wait = wait_ - dial_chance_.between(Duration{0}, wait_ / 4);
  wait_ = std::min(2 * wait_, kLongestWait);
  dial_ = base_.around.queue.after(wait, *this, kDial);
}

void Line::left(Connection& connection, std::size_t seat) {
  over();
  if (seat != 0 || !base_.seats[0].is_up || base_.around.queue.is_pending(dial_)) return;
  if (base_.around.queue.now() - connection.opened_at() >= kStableAfter) wait_ = kFirstWait;
  retry();
}

// Mediums outlive the call that ended them.
void Line::over() {
  EventQueue& queue = base_.around.queue;
  if (!queue.is_pending(sweep_)) sweep_ = queue.after(Duration{0}, *this, kSweep);
}

void Line::sweep() {
  std::erase_if(connections_, [](const auto& connection) { return connection->is_over(); });
}

void Line::on_event(Instant, std::uint64_t tag) {
  switch (tag) {
    case kDial:
      return dial();
    case kAnswer:
      return answer();
    case kNoAnswer:
      return retry();
    default:
      return sweep();
  }
}

std::unique_ptr<Channel> make_line(const Media& media, ChannelId id, const Surroundings& around) {
  return std::make_unique<Line>(media, id, around);
}

}  // namespace mehr::sim
