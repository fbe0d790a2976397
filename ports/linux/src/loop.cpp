#include "mehr/linux/loop.h"

#include <fmt/format.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <gsl/gsl>
#include <mutex>
#include <vector>

// Every socket of this port needs this file, and the simulator's stand-in cipher defines the same
// name: a program with both does not link.
extern "C" {
extern const char mehr_real_crypto_only_programs_open_sockets[];
[[gnu::used]] const char mehr_real_crypto_only_programs_open_sockets[] = "and this one may";
}

namespace mehr::linux_port {
namespace {

constexpr std::size_t kReadBufferSize = 256 * 1024;
constexpr std::uint64_t kPersistEveryMs = 10'000;
constexpr std::string_view kClockKey = "node/clock";

std::uint64_t unix_millis() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  return ms > 0 ? static_cast<std::uint64_t>(ms) : 0;
}

std::array<std::uint8_t, 8> to_le(std::uint64_t value) {
  std::array<std::uint8_t, 8> out{};
  for (std::uint8_t& byte : out) {
    byte = static_cast<std::uint8_t>(value & 0xFF);
    value >>= 8;
  }
  return out;
}

std::uint64_t from_le(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = (value << 8) | bytes[i];
  return value;
}

template <class Handle>
uv_handle_t* as_handle(Handle& handle) {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

}  // namespace

struct Loop::Impl {
  struct Entry {
    Wakeable* who;
    Millis at;
  };

  uv_loop_t loop{};
  uv_timer_t timer{};
  uv_timer_t persist_timer{};
  uv_prepare_t prepare{};
  uv_check_t check{};
  uv_idle_t idle{};  // active: the loop does not wait
  uv_async_t async{};
  std::array<uv_signal_t, 2> signals{};
  bool signals_on = false;
  std::function<void(int)> signal_handler;

  Storage* storage = nullptr;
  LogSink log;
  std::uint64_t start = 0;      // loop time at construction
  std::uint64_t node_base = 0;  // node time at construction
  bool persist_failed = false;

  std::vector<Entry> entries;
  std::vector<Entry> due;  // this pass; a null `who` was cancelled or asked again meanwhile
  bool dispatching = false;
  Millis armed = Millis::never();

  std::vector<TurnEnd*> hooks;
  std::vector<std::uint8_t> read_buffer = std::vector<std::uint8_t>(kReadBufferSize);
  std::uint64_t turn = 0;

  std::mutex posted_mutex;
  std::vector<std::function<void()>> posted;
  bool stop_asked = false;  // under posted_mutex

  Millis now() { return Millis{uv_now(&loop) - start}; }
  void arm();
  void dispatch();
  void run_posted();
  void turn_end();
  void start_node_clock();
  void persist();
};

void Loop::Impl::arm() {
  Millis next = Millis::never();
  for (const Entry& entry : entries) next = std::min(next, entry.at);
  if (next == armed) return;
  armed = next;
  if (next == Millis::never()) {
    uv_timer_stop(&timer);
    return;
  }
  const auto fire = [](uv_timer_t* t) { static_cast<Impl*>(t->data)->dispatch(); };
  // Within a pass a deadline already past waits one millisecond: libuv would run it at once, and
  // sockets would starve.
  const std::uint64_t wait = std::max<std::uint64_t>((next - now()).count, dispatching ? 1 : 0);
  uv_timer_start(&timer, fire, wait, 0);
}

void Loop::Impl::dispatch() {
  armed = Millis::never();
  const Millis at = now();
  due.clear();
  std::copy_if(entries.begin(), entries.end(), std::back_inserter(due),
               [&](const Entry& e) { return e.at <= at; });
  std::stable_sort(due.begin(), due.end(),
                   [](const Entry& a, const Entry& b) { return a.at < b.at; });
  std::erase_if(entries, [&](const Entry& e) { return e.at <= at; });
  dispatching = true;
  for (std::size_t i = 0; i < due.size(); ++i) {  // the vector keeps its size, entries may go null
    if (Wakeable* const who = std::exchange(due[i].who, nullptr)) who->on_wake(at);
  }
  arm();
  dispatching = false;
}

void Loop::Impl::run_posted() {
  std::vector<std::function<void()>> batch;
  bool stop = false;
  {
    const std::lock_guard lock(posted_mutex);
    batch.swap(posted);
    stop = std::exchange(stop_asked, false);
  }
  for (const auto& what : batch) what();
  if (stop) uv_stop(&loop);
}

void Loop::Impl::turn_end() {
  uv_idle_stop(&idle);
  for (std::size_t i = 0; i < hooks.size(); ++i) hooks[i]->on_turn_end();
}

void Loop::Impl::start_node_clock() {
  node_base = unix_millis();
  if (storage == nullptr) return;
  const Result<Bytes> stored = storage->get(kClockKey);
  if (stored && stored->size() == sizeof(std::uint64_t)) {
    node_base = std::max(node_base, from_le(*stored));
  } else if (log && (stored || stored.error().code != Errc::not_found)) {
    log(LogLevel::warning, "clock.not_loaded",
        stored ? "the stored node clock is damaged; it starts at Unix time" : stored.error().text);
  }
  persist_timer.data = this;
  const auto fire = [](uv_timer_t* t) { static_cast<Impl*>(t->data)->persist(); };
  uv_timer_start(&persist_timer, fire, kPersistEveryMs, kPersistEveryMs);
  uv_unref(as_handle(persist_timer));
}

void Loop::Impl::persist() {
  if (storage == nullptr) return;
  const auto value = to_le(node_base + now().count);
  const std::array<Storage::Put, 1> batch{Storage::Put{kClockKey, value}};
  const Status stored = storage->put(batch);
  if (!stored && !persist_failed && log) {
    log(LogLevel::warning, "clock.not_persisted", stored.error().text);
  }
  persist_failed = !stored;
}

OrMessage<std::unique_ptr<Loop>> Loop::create(Storage* storage, LogSink log) {
  auto impl = std::make_unique<Impl>();
  if (const int error = uv_loop_init(&impl->loop); error != 0) {
    return tl::unexpected(
        fmt::format("cannot make an event loop: {}; raise the limit on open files (ulimit -n)",
                    uv_strerror(error)));
  }
  std::signal(SIGPIPE, SIG_IGN);
  impl->storage = storage;
  impl->log = std::move(log);
  impl->start = uv_now(&impl->loop);
  uv_timer_init(&impl->loop, &impl->timer);
  uv_timer_init(&impl->loop, &impl->persist_timer);
  uv_prepare_init(&impl->loop, &impl->prepare);
  uv_check_init(&impl->loop, &impl->check);
  uv_idle_init(&impl->loop, &impl->idle);
  const auto wake = [](uv_async_t* a) { static_cast<Impl*>(a->data)->run_posted(); };
  const int async_error = uv_async_init(&impl->loop, &impl->async, wake);
  Ensures(async_error == 0);
  impl->timer.data = impl->prepare.data = impl->check.data = impl->async.data = impl.get();
  uv_prepare_start(&impl->prepare, [](uv_prepare_t* p) {
    static_cast<Impl*>(p->data)->turn_end();
    ++static_cast<Impl*>(p->data)->turn;
  });
  uv_check_start(&impl->check, [](uv_check_t* c) { static_cast<Impl*>(c->data)->turn_end(); });
  uv_unref(as_handle(impl->prepare));
  uv_unref(as_handle(impl->check));
  impl->start_node_clock();
  return std::unique_ptr<Loop>(new Loop(std::move(impl)));
}

Loop::Loop(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Loop::~Loop() {
  impl_->persist();
  uv_close(as_handle(impl_->timer), nullptr);
  uv_close(as_handle(impl_->persist_timer), nullptr);
  uv_close(as_handle(impl_->prepare), nullptr);
  uv_close(as_handle(impl_->check), nullptr);
  uv_close(as_handle(impl_->idle), nullptr);
  uv_close(as_handle(impl_->async), nullptr);
  if (impl_->signals_on) {
    for (uv_signal_t& signal : impl_->signals) uv_close(as_handle(signal), nullptr);
  }
  uv_run(&impl_->loop, UV_RUN_DEFAULT);
  const int error = uv_loop_close(&impl_->loop);
  Ensures(error == 0);  // a part of the port outlived its loop
}

Millis Loop::now() { return impl_->now(); }
NodeTime Loop::node_time() { return NodeTime{impl_->node_base + now().count}; }

void Loop::wake_at(Wakeable& who, Millis at) {
  auto& entries = impl_->entries;
  for (auto& entry : impl_->due) {
    if (entry.who == &who) entry.who = nullptr;  // asking again replaces what was due
  }
  const auto it = std::find_if(entries.begin(), entries.end(),
                               [&](const Impl::Entry& e) { return e.who == &who; });
  if (it == entries.end()) {
    if (at == Millis::never()) return;
    entries.push_back({&who, at});
  } else if (it->at == at) {
    return;
  } else if (at == Millis::never()) {
    entries.erase(it);
  } else {
    it->at = at;
  }
  // A later deadline leaves the timer as it is: waking early is harmless and settles it.
  if (at < impl_->armed && !impl_->dispatching) impl_->arm();
}

void Loop::run() { uv_run(&impl_->loop, UV_RUN_DEFAULT); }

bool Loop::run_until(const std::function<bool()>& done, Millis limit) {
  uv_timer_t guard;
  bool late = false;
  uv_timer_init(&impl_->loop, &guard);
  guard.data = &late;
  uv_update_time(&impl_->loop);
  uv_timer_start(
      &guard, [](uv_timer_t* t) { *static_cast<bool*>(t->data) = true; }, limit.count, 0);
  bool answer = done();
  while (!answer && !late) {
    uv_run(&impl_->loop, UV_RUN_ONCE);
    answer = done();
  }
  bool closed = false;
  guard.data = &closed;
  uv_close(as_handle(guard), [](uv_handle_t* h) { *static_cast<bool*>(h->data) = true; });
  while (!closed) uv_run(&impl_->loop, UV_RUN_NOWAIT);
  return answer;
}

void Loop::stop() {
  {
    const std::lock_guard lock(impl_->posted_mutex);
    impl_->stop_asked = true;
  }
  uv_async_send(&impl_->async);
}

void Loop::post(std::function<void()> what) {
  {
    const std::lock_guard lock(impl_->posted_mutex);
    impl_->posted.push_back(std::move(what));
  }
  uv_async_send(&impl_->async);
}

void Loop::on_signal(std::function<void(int)> handler) {
  impl_->signal_handler = std::move(handler);
  if (impl_->signals_on) return;
  impl_->signals_on = true;
  const std::array<int, 2> numbers{SIGINT, SIGTERM};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    uv_signal_t& signal = impl_->signals[i];
    uv_signal_init(&impl_->loop, &signal);
    signal.data = impl_.get();
    const auto fire = [](uv_signal_t* s, int number) {
      const auto& call = static_cast<Impl*>(s->data)->signal_handler;
      if (call) call(number);
    };
    uv_signal_start(&signal, fire, numbers[i]);
    uv_unref(as_handle(signal));
  }
}

void Loop::turn_again() {
  uv_idle_start(&impl_->idle, [](uv_idle_t*) {});
}

void Loop::add_turn_end(TurnEnd& hook) { impl_->hooks.push_back(&hook); }
void Loop::remove_turn_end(TurnEnd& hook) { std::erase(impl_->hooks, &hook); }
uv_loop_t* Loop::uv() { return &impl_->loop; }
MutableBytes Loop::read_buffer() { return impl_->read_buffer; }
std::uint64_t Loop::turn() const { return impl_->turn; }

}  // namespace mehr::linux_port
