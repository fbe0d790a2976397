#include "tcp_one_dial.h"

#include <utility>

#include "socket_address.h"

namespace mehr::linux_port {

OneDialler* OneDialler::create(TcpCore& core, const OneDial& dial, Over over) {
  auto* const made = new OneDialler(core, dial, std::move(over));  // deletes itself: end, stop
  made->timer(Millis{0}, [](OneDialler& d) { d.connect(); });
  return made;
}

OneDialler::OneDialler(TcpCore& core, const OneDial& dial, Over over)
    : core_(&core), dial_(dial), over_(std::move(over)) {
  uv_timer_init(core.loop.uv(), &timer_);
  timer_.data = this;
}

void OneDialler::timer(Millis after, void (*fire)(OneDialler&)) {
  fire_ = fire;
  const auto call = [](uv_timer_t* t) {
    auto& self = *static_cast<OneDialler*>(t->data);
    self.fire_(self);
  };
  uv_timer_start(&timer_, call, after.count, 0);
}

void OneDialler::connect() {
  connection_ = Connection::create(*core_);
  connection_->on_ended([this](Connection&, int, bool) {
    connection_ = nullptr;
    end(false);
  });
  timer(dial_.limit, [](OneDialler& d) {
    if (d.connection_ != nullptr) d.connection_->finish(UV_ETIMEDOUT);
  });
  // libuv answers a connect that is cut off by closing; this object may be gone by then.
  const auto done = [](uv_connect_t* r, int why) {
    if (why != UV_ECANCELED) static_cast<OneDialler*>(r->data)->on_connected(why);
    delete r;
  };
  const sockaddr_storage address = address_of(dial_.host, dial_.port);
  auto* const request = new uv_connect_t{};
  request->data = this;
  const int failed = uv_tcp_connect(request, connection_->tcp(), as_sockaddr(address), done);
  if (failed == 0) return;
  delete request;
  connection_->finish(failed);
}

void OneDialler::on_connected(int error) {
  if (connection_ == nullptr) return;
  if (error != 0) {
    connection_->finish(error);
    return;
  }
  if (!dial_.only_connect) {
    ++core_->counters.connected;
    connection_->start(true, dial_.expected);
    return;
  }
  Connection* const mine = std::exchange(connection_, nullptr);
  mine->on_ended(nullptr);
  mine->finish(0);
  end(true);
}

bool OneDialler::authenticated(const Connection& connection) {
  if (&connection != connection_) return false;
  std::exchange(connection_, nullptr)->on_ended(nullptr);
  end(true);
  return true;
}

void OneDialler::end(bool reached) {
  if (!reached) ++core_->counters.dial_failures;
  const Over over = std::exchange(over_, nullptr);
  stop();
  if (over) over(*this, reached);
}

void OneDialler::stop() {
  over_ = nullptr;
  if (Connection* const mine = std::exchange(connection_, nullptr)) {
    mine->on_ended(nullptr);
    if (!mine->is_open()) mine->finish(UV_ECANCELED);
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&timer_),
           [](uv_handle_t* h) { delete static_cast<OneDialler*>(h->data); });
}

}  // namespace mehr::linux_port
