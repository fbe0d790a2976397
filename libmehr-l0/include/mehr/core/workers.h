// Work that may run on several cores at once and joins before the call returns.
//
// Place: core seam; a port supplies threads, the simulator and firmware run the jobs in place.
// Results do not depend on the number of workers or their order, so runs stay deterministic.
#pragma once

#include <cstddef>
#include <functional>

namespace mehr {

class WorkerPool {
 public:
  virtual ~WorkerPool() = default;
  /// Calls @p job(i) once for every i in [0, count), on any thread, and returns when all are done.
  /// Jobs touch only their own index. Not re-entrant.
  virtual void run(std::size_t count, const std::function<void(std::size_t)>& job) = 0;
};

/// Runs every job on the calling thread, in order.
class InlineWorkers final : public WorkerPool {
 public:
  void run(std::size_t count, const std::function<void(std::size_t)>& job) override {
    for (std::size_t i = 0; i < count; ++i) job(i);
  }
};

}  // namespace mehr
