#include "mehr/linux/thread_workers.h"

#include <atomic>
#include <condition_variable>
#include <gsl/gsl>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace mehr::linux_port {

struct ThreadWorkers::Impl {
  std::mutex mutex;
  std::condition_variable offered;
  std::condition_variable done;
  const std::function<void(std::size_t)>* job = nullptr;
  std::size_t count = 0;
  std::size_t seats = 0;   // threads that may still join the batch
  std::size_t active = 0;  // threads that joined and have not left
  bool stopping = false;
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;

  void take_jobs(const std::function<void(std::size_t)>& what, std::size_t n) {
    for (std::size_t i = next.fetch_add(1); i < n; i = next.fetch_add(1)) what(i);
  }

  void serve() noexcept {
    std::unique_lock lock(mutex);
    while (true) {
      offered.wait(lock, [&] { return stopping || seats > 0; });
      if (stopping) return;
      --seats;
      ++active;
      const auto* const what = job;
      const std::size_t n = count;
      lock.unlock();
      take_jobs(*what, n);
      lock.lock();
      if (--active == 0) done.notify_one();
    }
  }
};

std::size_t ThreadWorkers::default_threads() {
  const unsigned cores = std::thread::hardware_concurrency();
  return cores > 1 ? cores - 1 : 0;
}

ThreadWorkers::ThreadWorkers(std::size_t threads) : impl_(std::make_unique<Impl>()) {
  impl_->threads.reserve(threads);
  try {
    for (std::size_t i = 0; i < threads; ++i) {
      impl_->threads.emplace_back([impl = impl_.get()] { impl->serve(); });
    }
  } catch (const std::system_error&) {
    // The system gives no more threads: those that are there, and the caller, do the work.
  }
}

ThreadWorkers::~ThreadWorkers() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->offered.notify_all();
  for (std::thread& thread : impl_->threads) thread.join();
}

void ThreadWorkers::run(std::size_t count, const std::function<void(std::size_t)>& job) {
  if (count < 2 || impl_->threads.empty()) {
    for (std::size_t i = 0; i < count; ++i) job(i);
    return;
  }
  const std::size_t helpers = std::min(count - 1, impl_->threads.size());
  {
    const std::lock_guard lock(impl_->mutex);
    Expects(impl_->job == nullptr);  // not re-entrant
    impl_->job = &job;
    impl_->count = count;
    impl_->next = 0;
    impl_->seats = helpers;
  }
  for (std::size_t i = 0; i < helpers; ++i) impl_->offered.notify_one();
  impl_->take_jobs(job, count);
  std::unique_lock lock(impl_->mutex);
  impl_->seats = 0;  // whoever wakes only now finds nothing to join
  impl_->done.wait(lock, [&] { return impl_->active == 0; });
  impl_->job = nullptr;
}

}  // namespace mehr::linux_port
