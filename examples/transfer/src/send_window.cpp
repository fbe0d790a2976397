#include "send_window.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "mehr/core/hazard.h"

namespace mehr::transfer {

SendWindow::SendWindow(std::uint32_t count, const TransferLimits& limits)
    : count_(count),
      rto_min_(limits.rto_min),
      rto_max_(limits.rto_max),
      ack_delay_(limits.ack_delay),
      max_window_(limits.window),
      slots_(limits.window),
      times_(kTimes),
      congestion_(limits.initial_window),
      threshold_(limits.window) {}

void SendWindow::restart(std::uint32_t next, std::uint16_t remote_window) {
  std::fill(slots_.begin(), slots_.end(), Slot{});
  base_ = top_ = lost_from_ = std::min(next, count_);
  remote_window_ = remote_window;
  in_flight_ = lost_ = timeouts_ = 0;
  recovery_ = largest_ = next_packet_;
  loss_at_ = Millis::never();
}

std::optional<std::uint32_t> SendWindow::next() {
  if (in_flight_ >= congestion_) return std::nullopt;
  if (lost_ > 0 && !planted("transfer.never_resends")) {
    lost_from_ = std::max(lost_from_, base_);
    while (slot(lost_from_).state != Chunk::lost) ++lost_from_;
    return lost_from_;
  }
  const std::uint32_t room = std::min(max_window_, remote_window_);
  if (top_ < count_ && top_ - base_ < room) return top_;
  return std::nullopt;
}

void SendWindow::sent(std::uint32_t index, Millis now) {
  Slot& s = slot(index);
  if (index == top_) {
    ++top_;
  } else {
    --lost_;
  }
  if (in_flight_++ == 0) heard_ = now;
  s = Slot{now, next_packet_, Chunk::in_flight};
  times_[next_packet_ % kTimes] = now;
  ++next_packet_;
}

Status SendWindow::check(const Ack& ack) const {
  std::uint64_t reach = ack.next;
  if (!ack.bitmap.bytes.empty()) {
    const ByteView map = ack.bitmap.bytes;
    reach += 8 * (map.size() - 1) + static_cast<std::uint64_t>(std::bit_width(map.back())) + 1;
  }
  if (ack.next < base_ || reach > top_ || ack.packet >= next_packet_) {
    return fail(Errc::bad_value, "an acknowledgement of what was never sent");
  }
  return {};
}

void SendWindow::acknowledge(std::uint32_t index) {
  Slot& s = slot(index);
  if (s.state == Chunk::in_flight) --in_flight_;
  if (s.state == Chunk::lost) --lost_;
  s.state = Chunk::acked;
}

void SendWindow::sample(const Ack& ack, Millis now) {
  const bool news = ack.packet >= largest_;
  if (news && next_packet_ - ack.packet <= kTimes) {
    rtt_.sample(now - times_[ack.packet % kTimes] - Millis{ack.held});
  }
  largest_ = std::max(largest_, ack.packet + 1);
}

void SendWindow::grow(std::uint32_t acked, std::uint32_t was_in_flight) {
  if (was_in_flight * 2 < congestion_) return;  // the path was not tried at this rate
  if (congestion_ < threshold_) {
    congestion_ += acked;
  } else {
    credit_ += acked;
    if (credit_ >= congestion_) {
      credit_ -= congestion_;
      ++congestion_;
    }
  }
  congestion_ = std::min(congestion_, max_window_);
}

Status SendWindow::on_ack(const Ack& ack, Millis now) {
  if (auto good = check(ack); !good) return good;
  const std::uint32_t was_in_flight = in_flight_;
  for (std::uint32_t i = base_; i < ack.next; ++i) acknowledge(i);
  base_ = ack.next;
  for (std::size_t byte = 0; byte < ack.bitmap.bytes.size(); ++byte) {
    for (std::uint32_t bits = ack.bitmap.bytes[byte]; bits != 0; bits &= bits - 1) {
      const auto bit =
          static_cast<std::uint32_t>(8 * byte) + static_cast<std::uint32_t>(std::countr_zero(bits));
      acknowledge(base_ + 1 + bit);
    }
  }
  remote_window_ = ack.window;
  sample(ack, now);
  timeouts_ = 0;
  heard_ = now;
  if (in_flight_ < was_in_flight) grow(was_in_flight - in_flight_, was_in_flight);
  detect_losses(now);
  return {};
}

void SendWindow::lose(std::uint32_t index) {
  slot(index).state = Chunk::lost;
  --in_flight_;
  ++lost_;
  ++lost_total_;
  lost_from_ = std::min(lost_from_, index);
}

Millis SendWindow::patience() const {
  return rtt_.smoothed() + Millis{rtt_.smoothed().count / 4} + ack_delay_ * 2;
}

void SendWindow::detect_losses(Millis now) {
  loss_at_ = Millis::never();
  bool congested = false;
  const Millis wait = patience();
  for (std::uint32_t i = base_; i < top_; ++i) {
    const Slot& s = slot(i);
    if (s.state != Chunk::in_flight || s.packet >= largest_) continue;
    if (largest_ - s.packet > kReordering || s.sent + wait <= now) {
      congested |= s.packet >= recovery_;
      lose(i);
    } else {
      loss_at_ = std::min(loss_at_, s.sent + wait);
    }
  }
  if (congested) {
    congestion_ = std::max(kMinCongestion, congestion_ * 7 / 10);
    threshold_ = congestion_;
    recovery_ = next_packet_;
  }
}

void SendWindow::on_timer(Millis now) {
  if (in_flight_ == 0) return;
  if (loss_at_ <= now) detect_losses(now);
  if (in_flight_ == 0 || heard_ + rto() > now) return;
  for (std::uint32_t i = base_; i < top_; ++i) {
    if (slot(i).state == Chunk::in_flight) lose(i);
  }
  threshold_ = std::max(kMinCongestion * 2, congestion_ / 2);
  congestion_ = kMinCongestion;
  recovery_ = next_packet_;
  loss_at_ = Millis::never();
  ++timeouts_;
}

Millis SendWindow::rto() const {
  const Millis base = std::clamp(rtt_.timeout() + ack_delay_, rto_min_, rto_max_);
  // A path that comes back after a silence is found within seconds, however long the silence.
  const Millis most = std::clamp(base * 4, Millis::seconds(2), std::max(rto_max_, base));
  return std::min(base * (std::uint64_t{1} << std::min(timeouts_, 6u)), most);
}

Millis SendWindow::deadline() const {
  if (in_flight_ == 0) return Millis::never();
  return std::min(loss_at_, heard_ + rto());
}

}  // namespace mehr::transfer
