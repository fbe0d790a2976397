// The event loop of a node: its one thread, its clocks and its one timer.
//
// Place: ports/linux; implements the core seams `Clock` and `Timers` over libuv. TCP and whatever
// else waits for the world hangs on it.
// Machine: one turn = due timers, turn-end hooks, wait for sockets, their callbacks, turn-end
// hooks. Clocks: `now` is libuv's loop time since construction, taken once per turn. `node_time`
// starts at max(persisted, Unix ms, 0), follows `now`, and is persisted every 10 s and on
// destruction under the storage key "node/clock" (u64, little-endian). spec: README/2.3
//
// Bounds: one entry per timer client, one per hook. `post` queues what this process's own threads
// ask for.
//
// Failure: a clock that cannot be loaded or persisted is told once to the log; persisting is tried
// again.
//
// Threads: everything on the thread that calls `run`, except `post` and `stop`.
#pragma once

#include <functional>
#include <memory>

#include "mehr/core/clock.h"
#include "mehr/core/storage.h"
#include "mehr/core/timers.h"
#include "mehr/linux/log.h"

typedef struct uv_loop_s uv_loop_t;

namespace mehr::linux_port {

/// Is told before the loop waits and after it has served its sockets: where batches are flushed.
class TurnEnd {
 public:
  virtual ~TurnEnd() = default;
  virtual void on_turn_end() = 0;
};

class Loop final : public Clock, public Timers {
 public:
  /// A loop; SIGPIPE is ignored from here on, for the whole process. Without @p storage (borrowed)
  /// the node clock starts at Unix time and is not persisted.
  static OrMessage<std::unique_ptr<Loop>> create(Storage* storage = nullptr, LogSink log = {});
  /// Everything hung on the loop must be gone, or be waiting for its last callback only.
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Millis now() override;
  NodeTime node_time() override;
  /// Cheap while the earliest deadline stays: a vector scan, no call into libuv.
  void wake_at(Wakeable& who, Millis at) override;

  /// Turns until `stop`.
  void run();
  /// Turns until @p done answers true (asked once per turn) or @p limit has passed; the last
  /// answer.
  bool run_until(const std::function<bool()>& done, Millis limit);
  /// Ends `run` after the current turn. From any thread.
  void stop();
  /// Runs @p what on the loop's thread, in order of posting. From any thread; the one way in.
  void post(std::function<void()> what);
  /// Calls @p handler with SIGINT or SIGTERM on the loop's thread instead of ending the process.
  void on_signal(std::function<void(int)> handler);

  /// Hooks are borrowed until removed; the order of calls is that of adding.
  void add_turn_end(TurnEnd& hook);
  void remove_turn_end(TurnEnd& hook);
  /// For a hook with work that came up after it was called: all hooks run again before the loop
  /// waits.
  void turn_again();
  /// For the port's own parts: libuv's loop, and the read buffer that all streams share. Its
  /// contents last until the read callback returns.
  uv_loop_t* uv();
  MutableBytes read_buffer();
  /// Rises by one each turn; lets a stream take one read per turn.
  [[nodiscard]] std::uint64_t turn() const;

 private:
  struct Impl;
  explicit Loop(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mehr::linux_port
