#include "mehr/l2/hop_sender.h"

#include <utility>

#include "messenger_parts.h"

namespace mehr::l2 {

namespace {

constexpr std::size_t kFront = 2;  // control type and form

}  // namespace

Status HopSender::start(l1::ControlDoor& links, const Job& job, ByteView message, Millis now) {
  const std::size_t piece = less(job.mtu.bytes, kFront + kSegmentHead);
  const std::size_t count = segments_of(message.size(), piece);
  if (count == 0 || count > kMostSegments || message.size() > kMostJoined) {
    return fail(Errc::too_big, "the message is longer than its segments may be together");
  }
  const bool on_link = std::any_of(under_.begin(), under_.end(),
                                   [&](const Under& u) { return u.job.link == job.link; });
  if (on_link || under_.size() == kMost || bytes_ + message.size() > kMostJoined) {
    refused_ = true;
    return fail(Errc::full, "other long messages to neighbours are under way");
  }
  Under fresh{job, Bytes(message.begin(), message.end()), piece,
              0,   static_cast<std::uint16_t>(count),     now + kSegmentMemory,
              now};
  if (!move(links, fresh, now)) return fail(Errc::not_found, "no active link to that node");
  if (fresh.is_over()) return {};
  if (under_.empty()) look_at_ = now + kPace;
  bytes_ += fresh.message.size();
  under_.push_back(std::move(fresh));
  return {};
}

bool HopSender::on_time(l1::ControlDoor& links, Millis now) {
  if (next_deadline() > now) return false;
  look_at_ = now + kPace;
  const auto over = std::remove_if(under_.begin(), under_.end(), [&](Under& u) {
    const bool goes_on = move(links, u, now);
    if (goes_on && !u.is_over()) return false;
    if (!goes_on) ++given_up_;
    bytes_ -= u.message.size();
    return true;
  });
  if (over == under_.end()) return false;
  under_.erase(over, under_.end());
  return std::exchange(refused_, false);
}

bool HopSender::move(l1::ControlDoor& links, Under& what, Millis now) {
  const auto end = links.end_of(what.job.link);
  if (!end || end->peer != what.job.peer) return false;
  std::size_t room = links.room_for(what.job.link, what.job.mtu.bytes);
  while (room > 0 && !what.is_over() && send_next(links, what)) {
    --room;
    what.moved = now;
  }
  return what.is_over() || (now < what.until && now < what.moved + kStalled);
}

bool HopSender::send_next(l1::ControlDoor& links, Under& what) {
  const std::size_t at = what.next * what.piece;
  const std::size_t size = std::min(what.piece, what.message.size() - at);
  const Segment segment{what.job.id, what.next, what.count,
                        Tail{ByteView(what.message).subspan(at, size)}};
  segment_.resize(what.job.mtu.bytes);
  segment_[0] = what.job.type;
  segment_[1] = form::kSegment;
  const auto encoded = encode(segment, MutableBytes(segment_).subspan(kFront));
  if (!encoded) return false;
  const ByteView whole = ByteView(segment_).first(kFront + encoded->size());
  if (!links.send_control(what.job.link, what.job.tier, whole)) return false;
  ++what.next;
  ++segments_;
  return true;
}

}  // namespace mehr::l2
