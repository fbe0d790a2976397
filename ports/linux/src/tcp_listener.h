// One listening socket, with accept(2) in our own hands.
//
// Place: private to the TCP medium. libuv's own accept closes whoever waits when descriptors run
// out, without a word, and turns without end when it cannot do that either.
// Bounds: 64 accepts per turn, so that a flood of strangers leaves room for everybody else.
// Failure: an accept that fails is told to the owner; whoever waits stays in the system's backlog,
// and the next try is 250 ms later. Ownership: owns itself from `stop` on, until libuv has let go
// of it. Threads: the loop's.
#pragma once

#include <sys/socket.h>
#include <uv.h>

namespace mehr::linux_port {

class Listener {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    /// @p fd is the owner's from here on. `stop` may be called from within.
    virtual void on_accepted(int fd) = 0;
    /// @p error is libuv's number of it.
    virtual void on_accept_failed(int error) = 0;
  };

  /// Listens on @p address and writes there where it really is. 0, or libuv's number of the error.
  static int open(uv_loop_t* loop, Owner& owner, sockaddr_storage& address, Listener*& made);
  void stop();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

 private:
  Listener(uv_loop_t* loop, Owner& owner, int fd);
  ~Listener() = default;
  void watch();
  void on_ready();
  void handle_gone();

  Owner* owner_;
  int fd_;
  uv_poll_t poll_{};
  uv_timer_t timer_{};  // the end of a pause
  int handles_ = 2;
};

}  // namespace mehr::linux_port
