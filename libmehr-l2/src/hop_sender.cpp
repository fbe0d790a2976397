#include "mehr/l2/hop_sender.h"

#include "messenger_parts.h"

namespace mehr::l2 {

namespace {

constexpr std::size_t kFront = 2;  // control type and form

}  // namespace

Status HopSender::start(l1::ControlDoor& links, const Job& job, ByteView message, Millis now) {
  if (busy()) return fail(Errc::full, "another long message to a neighbour is under way");
  const std::size_t piece = less(job.mtu.bytes, kFront + kSegmentHead);
  const std::size_t count = segments_of(message.size(), piece);
  if (count == 0 || count > kMostSegments || message.size() > kMostJoined) {
    return fail(Errc::too_big, "the message is longer than its segments may be together");
  }
  job_ = job;
  if (message_.size() < message.size()) message_.resize(message.size());
  copy_bytes(message, message_);
  segment_.resize(job.mtu.bytes);
  size_ = message.size();
  piece_ = piece;
  next_ = 0;
  count_ = static_cast<std::uint16_t>(count);
  until_ = now + kSegmentMemory;
  on_time(links, now);
  return {};
}

void HopSender::on_time(l1::ControlDoor& links, Millis now) {
  if (!busy()) return;
  const bool gone = !links.end_of(job_.link);
  std::size_t room = gone ? 0 : links.room_for(job_.link, segment_.size());
  while (room > 0 && next_ < count_ && send_next(links)) --room;
  look_at_ = now + kPace;
  const bool late = now >= until_;
  if (next_ < count_ && !gone && !late) return;
  if (next_ < count_) ++given_up_;
  count_ = 0;
}

bool HopSender::send_next(l1::ControlDoor& links) {
  const std::size_t at = next_ * piece_;
  const Segment segment{job_.id, next_, count_,
                        Tail{ByteView(message_).subspan(at, std::min(piece_, size_ - at))}};
  segment_[0] = job_.type;
  segment_[1] = form::kSegment;
  const auto encoded = encode(segment, MutableBytes(segment_).subspan(kFront));
  if (!encoded) return false;
  const ByteView whole = ByteView(segment_).first(kFront + encoded->size());
  if (!links.send_control(job_.link, job_.tier, whole)) return false;
  ++next_;
  ++segments_;
  return true;
}

}  // namespace mehr::l2
