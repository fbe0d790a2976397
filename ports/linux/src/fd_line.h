// A pair of descriptors as a line of bytes on the loop: a serial device, or pipes to a program.
//
// Place: private to the line interfaces (line_port.h). Ownership: it owns the descriptors; libuv's
// handles outlive it by a turn and free themselves.
// Machine: open -> broken (end of file, hang-up, an error of either direction), told once, from the
// loop and never from within `write`.
// Bounds: none of its own: the owner looks at `queued` before it writes.
// Threads: the loop's.
#pragma once

#include <uv.h>

#include "mehr/core/timers.h"
#include "mehr/linux/loop.h"
#include "send_queue.h"

namespace mehr::linux_port {

class FdLine final : private Wakeable {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// The bytes may be overwritten. The line may not be destroyed from here.
    virtual void on_bytes(MutableBytes bytes) = 0;
    /// Something that was queued has left.
    virtual void on_progress() = 0;
    /// The line is over; @p error is a libuv error, UV_EOF for its regular end. It may be destroyed
    /// from here.
    virtual void on_broken(int error) = 0;
  };

  /// Takes the descriptors, which are made non-blocking; they may be one and the same.
  FdLine(Loop& loop, Owner& owner, BlockPool& pool, int read_fd, int write_fd);
  ~FdLine() override;
  FdLine(const FdLine&) = delete;
  FdLine& operator=(const FdLine&) = delete;

  /// At least @p need writable bytes behind what is queued; then `commit` says how many count.
  MutableBytes room(std::size_t need) { return queue_.room(need); }
  void commit(std::size_t size);
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }
  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }
  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }

 private:
  void on_wake(Millis now) override;
  void on_poll(int status, int events);
  void read_some();
  void write_some();
  void watch();
  void broke(int error);

  Loop& loop_;
  Owner& owner_;
  int read_fd_;
  int write_fd_;
  uv_poll_t* reader_;
  uv_poll_t* writer_;  // the same as `reader_` where the descriptors are
  SendQueue queue_;
  bool wants_write_ = false;
  int error_ = 0;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace mehr::linux_port
