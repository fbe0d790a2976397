// Worker threads that verify signatures side by side.
//
// Place: ports/linux; implements the core seam `WorkerPool` as fork and join.
// Machine: `run` offers the batch, takes jobs itself, and returns when every job is done; threads
// that did not wake in time are not waited for. Idle threads sleep; nobody spins.
// Bounds: the threads made at construction, no queue. Failure: when the system gives fewer threads
// the rest of the work falls to the caller; a job that throws ends the program.
// Threads: `run` from one thread at a time, never from within a job.
#pragma once

#include <memory>

#include "mehr/core/workers.h"

namespace mehr::linux_port {

class ThreadWorkers final : public WorkerPool {
 public:
  /// One thread per core, less the caller's.
  static std::size_t default_threads();
  /// @p threads besides the caller; 0 runs everything on the caller.
  explicit ThreadWorkers(std::size_t threads = default_threads());
  ~ThreadWorkers() override;
  ThreadWorkers(const ThreadWorkers&) = delete;
  ThreadWorkers& operator=(const ThreadWorkers&) = delete;

  void run(std::size_t count, const std::function<void(std::size_t)>& job) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mehr::linux_port
