#include "channel_air.h"

namespace mehr::sim {

std::size_t Speaker::queued() const {
  return waiting_bytes_ + (left_at_ > air_.queue_.now() ? leaving_bytes_ : 0);
}

bool Speaker::has_room(std::size_t bytes) {
  const std::size_t queue = queued();
  if (queue == 0 || queue + bytes <= limit_) return true;
  wants_room_ = true;
  air_.arm();
  return false;
}

void Speaker::push(Outgoing frame) {
  waiting_bytes_ += frame.frame.size();
  waiting_.push(std::move(frame));
  air_.list(*this);
  air_.pump();
}

void Speaker::hold() {
  is_held_ = true;
  air_.unlist(*this);
}

void Speaker::release() {
  is_held_ = false;
  air_.list(*this);
  air_.pump();
}

Ring<Outgoing> Speaker::drop() {
  air_.unlist(*this);
  if (air_.speaking_ == this) air_.speaking_ = nullptr;
  waiting_bytes_ = 0;
  leaving_bytes_ = 0;
  wants_room_ = false;
  is_held_ = false;
  return std::exchange(waiting_, {});
}

void Air::list(Speaker& speaker) {
  if (speaker.is_listed_ || speaker.is_held_ || speaker.waiting_.empty()) return;
  speaker.is_listed_ = true;
  turns_.push(&speaker);
}

void Air::unlist(Speaker& speaker) {
  if (!speaker.is_listed_) return;
  speaker.is_listed_ = false;
  for (std::size_t n = turns_.size(); n > 0; --n) {
    Speaker* first = turns_.pop();
    if (first != &speaker) turns_.push(first);
  }
}

// Begins whatever may begin now. While a turn is due its event goes first: it owes room to whoever
// spoke last. A user that holds its speaker from within ends the loop.
void Air::pump() {
  if (queue_.is_pending(turn_)) return;
  while (!turns_.empty() && free_at_ <= queue_.now()) {
    Speaker& next = *turns_.pop();
    next.is_listed_ = false;
    begin(next);
  }
  arm();
}

void Air::begin(Speaker& speaker) {
  Outgoing frame = speaker.waiting_.pop();
  const std::size_t size = frame.frame.size();
  free_at_ = later(queue_.now(), time_to_send(size, rate_));
  speaker.waiting_bytes_ -= size;
  speaker.leaving_bytes_ = size;
  speaker.left_at_ = free_at_;
  speaking_ = &speaker;
  list(speaker);
  user_.speaks(speaker.who_, std::move(frame), free_at_);
}

void Air::arm() {
  const bool is_awaited = !turns_.empty() || (speaking_ != nullptr && speaking_->wants_room_);
  if (is_awaited && !queue_.is_pending(turn_)) turn_ = queue_.at(free_at_, *this);
}

void Air::on_event(Instant, std::uint64_t) {
  Speaker* const done = std::exchange(speaking_, nullptr);
  pump();
  if (done == nullptr || !done->wants_room_ || done->queued() > done->limit_ / 2) return;
  done->wants_room_ = false;
  user_.room(done->who_);
}

}  // namespace mehr::sim
