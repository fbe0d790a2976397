#include "line_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace mehr::linux_port {

namespace {
constexpr std::size_t kIdleBlocks = 2;
}  // namespace

LinePort::LinePort(Parts parts)
    : loop_(parts.loop),
      host_(parts.host),
      log_(std::move(parts.log)),
      name_(std::move(parts.name)),
      what_(std::move(parts.what)),
      info_(parts.info),
      frame_limit_(parts.frame_limit),
      pool_(kIdleBlocks) {}

LinePort::~LinePort() {
  loop_.wake_at(*this, Millis::never());
  line_.reset();
  if (up_) host_.on_closed(*this);  // never shut down, as when a start fails half-way
}

void LinePort::tell(LogLevel level, std::string_view event, const std::string& text) const {
  if (log_) log_(level, event, fmt::format("{} ({}): {}", name_, what_, text));
}

void LinePort::try_open(Millis now) {
  reopen_at_ = Millis::never();
  auto opened = open_line();
  if (!opened) return down(opened.error(), now);
  line_ = std::make_unique<FdLine>(loop_, *this, pool_, opened->read_fd, opened->write_fd);
  on_open();
  rearm();
}

void LinePort::raise() {
  if (up_ || line_ == nullptr) return;
  up_ = true;
  state_.clear();
  tell(LogLevel::info, "interface.up", "ready");
  if (const Status taken = host_.opened(*this, SourceKey{}, false, std::nullopt); !taken) {
    up_ = false;
    fail_line(taken.error().text);
  }
}

void LinePort::fail_line(std::string why) {
  if (!failing_) failing_ = std::move(why);
  rearm();
}

// The reason is told when it is a new one: a line that stays away is not worth a word each 5 s.
void LinePort::down(const std::string& why, Millis now) {
  if (line_) {
    past_.bytes_in += line_->bytes_in();
    past_.bytes_out += line_->bytes_out();
    line_.reset();
  }
  failing_.reset();
  wants_writable_ = false;
  if (why != state_ && !over_) tell(LogLevel::warning, "interface.down", why);
  state_ = why;
  on_gone();
  if (std::exchange(up_, false)) {
    ++past_.lost;
    host_.on_closed(*this);
  }
  reopen_at_ = over_ ? Millis::never() : now + kReopen;
  rearm();
}

void LinePort::shut_down() {
  if (std::exchange(over_, true)) return;
  fail_line("shut down");
}

void LinePort::on_broken(int error) {
  down(error == UV_EOF ? "the line ended" : fmt::format("the line broke: {}", uv_strerror(error)),
       loop_.now());
}

Status LinePort::send(const Remote&, ByteView frame) {
  if (!up_ || failing_) return fail(Errc::io, "the line is down");
  if (frame.size() > frame_limit_) {
    return fail(Errc::too_big, "the frame is over the interface's limit");
  }
  Status may = may_send(frame);
  if (may && line_->queued() >= kHighWater) may = fail(Errc::full, "the line's queue is full");
  if (!may) {
    if (may.error().code == Errc::full) {
      wants_writable_ = true;
      ++past_.full;
    }
    return may;
  }
  line_->commit(encode(frame, line_->room(most_encoded(frame.size()))));
  ++past_.frames_out;
  on_sent(frame);
  rearm();
  return {};
}

void LinePort::write(ByteView bytes) {
  if (!line_) return;
  copy_bytes(bytes, line_->room(bytes.size()));
  line_->commit(bytes.size());
}

void LinePort::give(const FrameInfo& info, MutableBytes frame) {
  if (!up_ || failing_) return;
  ++past_.frames_in;
  past_.rssi_dbm = info.rssi_dbm;
  past_.snr_db = info.snr_db;
  host_.on_frame(*this, info, frame);
}

void LinePort::on_progress() {
  if (line_->queued() <= kLowWater) tell_writable();
}

void LinePort::tell_writable() {
  if (up_ && !failing_ && std::exchange(wants_writable_, false)) host_.on_writable(*this);
}

void LinePort::on_wake(Millis now) {
  if (failing_) {
    const std::string why = *failing_;
    down(why, now);
  } else if (reopen_at_ <= now) {
    try_open(now);
  }
  if (line_) on_time(now);
  rearm();
}

void LinePort::rearm() {
  Millis at = std::min(reopen_at_, line_ ? next_deadline() : Millis::never());
  if (failing_) at = loop_.now();
  loop_.wake_at(*this, at);
}

InterfaceStatus LinePort::status() const {
  InterfaceStatus out = past_;
  out.info = info_;
  out.up = up_;
  out.state = state_;
  out.media = up_ ? 1 : 0;
  if (line_) {
    out.bytes_in += line_->bytes_in();
    out.bytes_out += line_->bytes_out();
  }
  add_to(out);
  return out;
}

}  // namespace mehr::linux_port
