#include "fd_line.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace mehr::linux_port {
namespace {

constexpr std::size_t kReadAtOnce = 16 * 1024;

void make_nonblocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

uv_poll_t* make_poll(Loop& loop, int fd, FdLine* line) {
  auto* const poll = new uv_poll_t{};
  uv_poll_init(loop.uv(), poll, fd);
  poll->data = line;
  return poll;
}

void end_poll(uv_poll_t* poll) {
  poll->data = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(poll),
           [](uv_handle_t* handle) { delete reinterpret_cast<uv_poll_t*>(handle); });
}

}  // namespace

FdLine::FdLine(Loop& loop, Owner& owner, BlockPool& pool, int read_fd, int write_fd)
    : loop_(loop),
      owner_(owner),
      read_fd_(read_fd),
      write_fd_(write_fd),
      reader_(make_poll(loop, read_fd, this)),
      writer_(read_fd == write_fd ? reader_ : make_poll(loop, write_fd, this)),
      queue_(pool) {
  make_nonblocking(read_fd_);
  if (write_fd_ != read_fd_) make_nonblocking(write_fd_);
  watch();
}

FdLine::~FdLine() {
  loop_.wake_at(*this, Millis::never());
  end_poll(reader_);
  if (writer_ != reader_) end_poll(writer_);
  ::close(read_fd_);
  if (write_fd_ != read_fd_) ::close(write_fd_);
}

void FdLine::watch() {
  const auto fire = [](uv_poll_t* poll, int status, int events) {
    if (poll->data != nullptr) static_cast<FdLine*>(poll->data)->on_poll(status, events);
  };
  const int write = wants_write_ ? UV_WRITABLE : 0;
  const bool one = reader_ == writer_;
  uv_poll_start(reader_, UV_READABLE | UV_DISCONNECT | (one ? write : 0), fire);
  if (one) return;
  if (wants_write_) {
    uv_poll_start(writer_, UV_WRITABLE, fire);
  } else {
    uv_poll_stop(writer_);
  }
}

void FdLine::commit(std::size_t size) {
  queue_.commit(size);
  if (!wants_write_) write_some();
}

void FdLine::on_poll(int status, int events) {
  if (error_ == 0 && status < 0) broke(status);
  if (error_ == 0 && (events & UV_READABLE) != 0) read_some();
  if (error_ == 0 && (events & UV_WRITABLE) != 0) {
    write_some();
    if (error_ == 0) owner_.on_progress();
  }
  // What came before a hang-up was read above: a level-triggered poll brings the rest again.
  if (error_ == 0 && (events & UV_DISCONNECT) != 0 && (events & UV_READABLE) == 0) broke(UV_EOF);
}

void FdLine::read_some() {
  const MutableBytes buffer = loop_.read_buffer().first(kReadAtOnce);
  const ssize_t n = ::read(read_fd_, buffer.data(), buffer.size());
  if (n > 0) {
    bytes_in_ += static_cast<std::uint64_t>(n);
    owner_.on_bytes(buffer.first(static_cast<std::size_t>(n)));
  } else if (n == 0) {
    broke(UV_EOF);
  } else if (errno != EAGAIN && errno != EINTR) {
    broke(uv_translate_sys_error(errno));
  }
}

void FdLine::write_some() {
  while (error_ == 0 && !queue_.empty()) {
    std::array<ByteView, 8> views;
    std::array<iovec, 8> vectors{};
    const std::size_t count = queue_.gather(views);
    for (std::size_t i = 0; i < count; ++i) {
      vectors[i] = {const_cast<std::uint8_t*>(views[i].data()), views[i].size()};
    }
    const ssize_t n = ::writev(write_fd_, vectors.data(), static_cast<int>(count));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) broke(uv_translate_sys_error(errno));
    if (n <= 0) break;
    bytes_out_ += static_cast<std::uint64_t>(n);
    queue_.consume(static_cast<std::size_t>(n));
  }
  const bool wants = !queue_.empty();
  if (wants == wants_write_) return;
  wants_write_ = wants;
  watch();
}

void FdLine::broke(int error) {
  if (error_ != 0) return;
  error_ = error;
  uv_poll_stop(reader_);
  if (writer_ != reader_) uv_poll_stop(writer_);
  loop_.wake_at(*this, loop_.now());
}

void FdLine::on_wake(Millis) { owner_.on_broken(error_); }

}  // namespace mehr::linux_port
