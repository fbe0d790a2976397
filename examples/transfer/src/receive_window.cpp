#include "receive_window.h"

#include <algorithm>

#include "mehr/core/hazard.h"

namespace mehr::transfer {

ReceiveWindow::ReceiveWindow(std::uint32_t count, const TransferLimits& limits)
    : count_(count),
      size_(limits.window),
      ack_every_(limits.ack_every),
      ack_delay_(limits.ack_delay),
      bits_((limits.window + 63u) / 64u) {}

bool ReceiveWindow::has(std::uint32_t index) const {
  const std::uint32_t bit = index % size_;
  return (bits_[bit / 64] >> (bit % 64) & 1u) != 0;
}

void ReceiveWindow::set(std::uint32_t index, bool there) {
  const std::uint32_t bit = index % size_;
  const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
  bits_[bit / 64] = there ? bits_[bit / 64] | mask : bits_[bit / 64] & ~mask;
}

ReceiveWindow::Kind ReceiveWindow::sort(std::uint32_t index) const {
  if (index < next_) return Kind::repeated;
  if (index >= count_ || index - next_ >= size_) return Kind::outside;
  return has(index) ? Kind::repeated : Kind::fresh;
}

void ReceiveWindow::take(const DataHeader& header, Kind kind, Millis now) {
  if (!any_ || header.packet > newest_) {
    any_ = true;
    newest_ = header.packet;
    newest_at_ = now;
  }
  ack_at_ = std::min(ack_at_, now + ack_delay_);
  ++unacked_;
  if (kind == Kind::fresh) {
    const bool was_whole = end_ <= next_;
    set(header.index, true);
    end_ = std::max(end_, header.index + 1);
    while (next_ < end_ && has(next_)) set(next_++, false);
    if (was_whole && end_ > next_) ack_at_ = now;
  }
  if (unacked_ >= ack_every_ || complete()) ack_at_ = now;
}

Ack ReceiveWindow::ack(Millis now, MutableBytes room) const {
  Ack ack;
  ack.next = next_;
  ack.packet = newest_;
  ack.held = static_cast<std::uint16_t>(std::min<std::uint64_t>((now - newest_at_).count, 0xFFFF));
  ack.window = hazard("transfer.window_small") ? std::uint16_t{1} : window();
  if (end_ <= next_ + 1) return ack;
  const std::size_t bytes = std::min<std::size_t>((end_ - next_ - 1 + 7) / 8, room.size());
  const MutableBytes map = room.first(bytes);
  std::fill(map.begin(), map.end(), std::uint8_t{0});
  std::size_t used = 0;
  for (std::uint32_t i = next_ + 1; i < end_; ++i) {
    const std::uint32_t bit = i - next_ - 1;
    if (bit / 8 >= bytes) break;
    if (!has(i)) continue;
    map[bit / 8] = static_cast<std::uint8_t>(map[bit / 8] | 1u << (bit % 8));
    used = bit / 8 + 1;
  }
  ack.bitmap.bytes = map.first(used);
  return ack;
}

void ReceiveWindow::ack_sent() {
  unacked_ = 0;
  ack_at_ = Millis::never();
}

}  // namespace mehr::transfer
