#include "mehr/linux/port_mapper.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "port_methods.h"

namespace mehr::linux_port {
namespace {

using std::chrono::seconds;
constexpr seconds kRetryFirst{60};
constexpr seconds kRetryMax{1'800};
constexpr seconds kFarewell{5};  // a router that hangs does not hold the node's end up

}  // namespace

struct PortMapper::Impl {
  // What runs on the loop; words that come after the mapper's end find it gone.
  struct Told {
    Changed changed;
    LogSink log;
  };
  Impl(Loop& on, std::uint16_t to, std::vector<std::unique_ptr<PortMethod>> by,
       std::shared_ptr<Told> ears)
      : loop(on), port(to), methods(std::move(by)), told(std::move(ears)) {}

  Loop& loop;
  std::uint16_t port;
  std::vector<std::unique_ptr<PortMethod>> methods;
  std::shared_ptr<Told> told;
  std::mutex mutex;
  std::condition_variable ending;
  bool stop = false;   // under `mutex`
  bool ended = false;  // under `mutex`
  std::thread thread;

  // The rest is the thread's.
  PortMethod* granted_by = nullptr;
  std::optional<std::uint16_t> external;
  bool refusal_told = false;
  seconds retry = kRetryFirst;

  void serve() {
    std::unique_lock lock(mutex);
    while (!stop) {
      lock.unlock();
      const seconds wait = ask();
      lock.lock();
      ending.wait_for(lock, wait, [this] { return stop; });
    }
    lock.unlock();
    if (granted_by != nullptr) granted_by->unmap();
    lock.lock();
    ended = true;
    ending.notify_all();
  }

  // How long to wait before asking again.
  seconds ask() {
    if (granted_by != nullptr) {
      const auto at = std::find_if(methods.begin(), methods.end(),
                                   [this](const auto& m) { return m.get() == granted_by; });
      std::rotate(methods.begin(), at, at + 1);
    }
    for (const auto& method : methods) {
      const auto granted = method->map(port, external.value_or(port));
      if (!granted) continue;
      if (granted_by != nullptr && granted_by != method.get()) granted_by->unmap();
      granted_by = method.get();
      retry = kRetryFirst;
      say(granted->external_port);
      return granted->seconds == 0 ? kRetryMax
                                   : std::max(seconds(granted->seconds / 2), seconds(1));
    }
    granted_by = nullptr;
    say(std::nullopt);
    return std::exchange(retry, std::min(retry * 2, kRetryMax));
  }

  void say(std::optional<std::uint16_t> now) {
    const bool news = now != external || (!now && !refusal_told);
    if (!news) return;
    refusal_told = !now;
    external = now;
    const std::string via(granted_by != nullptr ? granted_by->name() : "");
    const std::lock_guard lock(mutex);
    if (stop) return;  // the loop may be gone
    const std::weak_ptr<Told> ears = told;
    loop.post([ears, now, via, inside = port] {
      const auto to = ears.lock();
      if (!to) return;
      if (to->log && now) {
        to->log(
            LogLevel::info, "port.mapped",
            fmt::format("port {} of the router leads to port {} here, by {}", *now, inside, via));
      } else if (to->log) {
        to->log(LogLevel::warning, "port.not_mapped",
                fmt::format("no router grants a port that leads to port {} here (asked by {})",
                            inside, built_in()));
      }
      if (to->changed) to->changed(now);
    });
  }
};

std::vector<std::unique_ptr<PortMethod>> PortMapper::methods() {
  std::vector<std::unique_ptr<PortMethod>> out;
  if (auto method = make_nat_pmp()) out.push_back(std::move(method));
  if (auto method = make_upnp()) out.push_back(std::move(method));
  return out;
}

std::string PortMapper::built_in() {
  std::string out;
  for (const auto& method : methods()) {
    if (!out.empty()) out += ", ";
    out += method->name();
  }
  return out.empty() ? "none" : out;
}

PortMapper::PortMapper(Loop& loop, std::uint16_t port, Changed changed, LogSink log,
                       std::vector<std::unique_ptr<PortMethod>> methods)
    : impl_(std::make_shared<Impl>(
          loop, port, std::move(methods),
          std::make_shared<Impl::Told>(Impl::Told{std::move(changed), std::move(log)}))) {
  impl_->thread = std::thread([impl = impl_] { impl->serve(); });
}

PortMapper::~PortMapper() {
  std::unique_lock lock(impl_->mutex);
  impl_->stop = true;
  impl_->ending.notify_all();
  const bool over = impl_->ending.wait_for(lock, kFarewell, [this] { return impl_->ended; });
  lock.unlock();
  impl_->told.reset();
  if (over) {
    impl_->thread.join();
  } else {
    impl_->thread.detach();  // it owns all that it still uses
  }
}

}  // namespace mehr::linux_port
