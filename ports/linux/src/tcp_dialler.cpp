#include "tcp_dialler.h"

#include <fmt/format.h>
#include <netdb.h>

#include <algorithm>
#include <utility>

#include "socket_address.h"

namespace mehr::linux_port {
namespace {

constexpr std::size_t kAddresses = 8;

}  // namespace

Dialler* Dialler::create(TcpCore& core, DialTarget target) {
  auto* const made = new Dialler(core, std::move(target));  // deletes itself: maybe_delete
  made->timer(Millis{0}, [](Dialler& d) { d.attempt(); });
  return made;
}

Dialler::Dialler(TcpCore& core, DialTarget target)
    : core_(&core), target_(std::move(target)), backoff_(core.config.redial_first) {
  uv_timer_init(core.loop.uv(), &timer_);
  timer_.data = resolve_.data = this;
  info_.target = target_;
}

void Dialler::timer(Millis after, void (*fire)(Dialler&)) {
  fire_ = fire;
  const auto call = [](uv_timer_t* t) {
    auto& self = *static_cast<Dialler*>(t->data);
    self.fire_(self);
  };
  uv_timer_start(&timer_, call, after.count, 0);
}

void Dialler::attempt() {
  const std::optional<NodeId>& peer = target_.expected ? target_.expected : learned_;
  if (!core_->host.wants_dial(peer)) {
    backoff_ = core_->config.redial_first;
    info_.last_error.clear();
    wait();
    return;
  }
  if (info_.attempts++ > 0) ++core_->counters.redials;
  info_.state = TargetState::resolving;
  info_.next_attempt = Millis::never();
  addresses_.clear();
  next_address_ = 0;
  sockaddr_storage literal{};
  if (literal_address(target_.where.host, target_.where.port, literal)) {
    addresses_.push_back(literal);
    connect_next(0);
  } else {
    resolve();
  }
}

void Dialler::resolve() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_TCP;
  const auto done = [](uv_getaddrinfo_t* r, int error, addrinfo* list) {
    static_cast<Dialler*>(r->data)->on_resolved(error, list);
  };
  const std::string port = std::to_string(target_.where.port);
  const int error = uv_getaddrinfo(core_->loop.uv(), &resolve_, done, target_.where.host.c_str(),
                                   port.c_str(), &hints);
  resolving_ = error == 0;
  if (error != 0) give_up_attempt(error);
}

void Dialler::on_resolved(int error, addrinfo* list) {
  resolving_ = false;
  if (stopped_) {
    uv_freeaddrinfo(list);
    maybe_delete();
    return;
  }
  for (const addrinfo* a = list; a != nullptr && addresses_.size() < kAddresses; a = a->ai_next) {
    sockaddr_storage address{};
    if (copy_address(a->ai_addr, address)) addresses_.push_back(address);
  }
  uv_freeaddrinfo(list);
  connect_next(error != 0 ? error : UV_EAI_NODATA);
}

// Tries the next address; @p error is why the one before failed.
void Dialler::connect_next(int error) {
  if (next_address_ == addresses_.size()) {
    give_up_attempt(error);
    return;
  }
  info_.state = TargetState::connecting;
  const sockaddr_storage address = addresses_[next_address_++];
  connection_ = Connection::create(*core_);
  connection_->on_ended(
      [this](Connection& c, int why, bool was_open) { on_over(c, why, was_open); });
  // libuv answers a connect that is cut off by closing; by then another may be under way, so each
  // request knows its connection.
  const auto done = [](uv_connect_t* r, int why) {
    if (why != UV_ECANCELED) static_cast<Dialler*>(r->data)->on_connected(why);
    delete r;
  };
  auto* const request = new uv_connect_t{};
  request->data = this;
  const int failed = uv_tcp_connect(request, connection_->tcp(), as_sockaddr(address), done);
  if (failed != 0) {
    delete request;
    connection_->finish(failed);
    return;
  }
  timer(core_->config.connect_timeout, [](Dialler& d) {
    if (d.connection_ != nullptr) d.connection_->finish(UV_ETIMEDOUT);
  });
}

void Dialler::on_connected(int error) {
  if (connection_ == nullptr) return;
  uv_timer_stop(&timer_);
  if (error != 0) {
    connection_->finish(error);
    return;
  }
  info_.state = TargetState::connected;
  info_.last_error.clear();
  ++core_->counters.connected;
  connection_->start(true, target_.expected);
}

void Dialler::on_over(Connection& connection, int error, bool was_open) {
  connection_ = nullptr;
  if (stopped_) return;
  uv_timer_stop(&timer_);
  if (info_.state == TargetState::connecting) {
    connect_next(error);
    return;
  }
  if (was_open &&
      (connection.was_authenticated() || connection.age() > core_->config.stable_after)) {
    backoff_ = core_->config.redial_first;
  }
  info_.last_error = error == 0 ? "the peer closed the connection" : uv_strerror(error);
  core_->tell(LogLevel::info, "tcp.connection_lost",
              fmt::format("{}: {}", to_string(target_.where), info_.last_error));
  wait();
}

void Dialler::give_up_attempt(int error) {
  ++core_->counters.dial_failures;
  const std::string why = uv_strerror(error);
  // The same reason again is news for nobody.
  const LogLevel level = why == info_.last_error ? LogLevel::debug : LogLevel::warning;
  info_.last_error = why;
  wait();
  core_->tell(
      level, "tcp.dial_failed",
      fmt::format("cannot connect to {}: {}; next attempt in {} s", to_string(target_.where), why,
                  ((info_.next_attempt - core_->loop.now()).count + 999) / 1000));
}

void Dialler::wait() {
  const Millis spread{core_->random.below(backoff_.count / 4 + 1)};
  const Millis after = backoff_ - spread;
  backoff_ = std::min(backoff_ * 2, core_->config.redial_max);
  info_.state = TargetState::waiting;
  info_.next_attempt = core_->loop.now() + after;
  timer(after, [](Dialler& d) { d.attempt(); });
}

void Dialler::authenticated(const Connection& connection) {
  if (&connection != connection_) return;
  if (connection.peer_id()) learned_ = connection.peer_id();
  backoff_ = core_->config.redial_first;
}

void Dialler::stop() {
  stopped_ = true;
  if (resolving_) uv_cancel(reinterpret_cast<uv_req_t*>(&resolve_));
  if (connection_ != nullptr) {
    Connection* const mine = std::exchange(connection_, nullptr);
    mine->on_ended(nullptr);
    if (info_.state == TargetState::connecting) mine->finish(UV_ECANCELED);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_), [](uv_handle_t* h) {
    auto& self = *static_cast<Dialler*>(h->data);
    self.timer_gone_ = true;
    self.maybe_delete();
  });
}

// libuv holds the timer, and the resolver's request, until their last callbacks.
void Dialler::maybe_delete() {
  if (timer_gone_ && !resolving_) delete this;
}

TargetInfo Dialler::snapshot() const { return info_; }

}  // namespace mehr::linux_port
