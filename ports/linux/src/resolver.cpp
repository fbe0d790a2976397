#include "mehr/linux/resolver.h"

#include <netdb.h>
#include <uv.h>

#include <algorithm>
#include <gsl/gsl>
#include <utility>

#include "socket_address.h"

namespace mehr::linux_port {

// Lives until libuv has let go of both the timer and the request.
struct Resolver::Question {
  Question(Loop& loop, Answer to) : answer(std::move(to)) {
    uv_timer_init(loop.uv(), &timer);
    timer.data = request.data = this;
  }
  void say(const std::vector<l1::PeerAddress>& found) {
    if (const Answer told = std::exchange(answer, nullptr)) told(found);
  }
  void close_timer() {
    if (std::exchange(closing, true)) return;
    uv_close(reinterpret_cast<uv_handle_t*>(&timer), [](uv_handle_t* h) {
      auto& self = *static_cast<Question*>(h->data);
      self.timer_gone = true;
      self.let_go();
    });
  }
  void let_go() {
    if (!timer_gone || asking) return;
    if (owner != nullptr && owner->question_ == this) owner->question_ = nullptr;
    delete this;
  }
  void on_found(int error, const addrinfo* list) {
    asking = false;
    std::vector<l1::PeerAddress> found;
    for (const addrinfo* a = error == 0 ? list : nullptr; a != nullptr; a = a->ai_next) {
      sockaddr_storage address{};
      if (!copy_address(a->ai_addr, address)) continue;
      const l1::PeerAddress peer{source_of(address), port_of(address)};
      if (std::find(found.begin(), found.end(), peer) == found.end()) found.push_back(peer);
    }
    if (owner != nullptr && owner->question_ == this) owner->question_ = nullptr;
    say(found);
    close_timer();
    let_go();
  }

  Resolver* owner = nullptr;
  Answer answer;
  uv_timer_t timer{};
  uv_getaddrinfo_t request{};
  bool asking = false;
  bool closing = false;
  bool timer_gone = false;
};

Resolver::Resolver(Loop& loop) : loop_(loop) {}

Resolver::~Resolver() {
  if (question_ == nullptr) return;
  question_->owner = nullptr;
  question_->answer = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&question_->request));
  question_->close_timer();
}

void Resolver::ask(const Endpoint& name, Millis limit, Answer answer) {
  auto* const question = new Question(loop_, std::move(answer));  // deletes itself: let_go
  const auto late = [](uv_timer_t* t) {
    auto& self = *static_cast<Question*>(t->data);
    self.say({});
    self.close_timer();
  };
  if (question_ != nullptr) {  // the system still owes an answer to an earlier one
    uv_timer_start(&question->timer, late, 0, 0);
    return;
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_protocol = IPPROTO_TCP;
  const auto done = [](uv_getaddrinfo_t* r, int error, addrinfo* list) {
    static_cast<Question*>(r->data)->on_found(error, list);
    uv_freeaddrinfo(list);
  };
  const std::string port = std::to_string(name.port);
  const int error =
      uv_getaddrinfo(loop_.uv(), &question->request, done, name.host.c_str(), port.c_str(), &hints);
  question->asking = error == 0;
  if (question->asking) {
    question->owner = this;
    question_ = question;
  }
  uv_timer_start(&question->timer, late, error == 0 ? limit.count : 0, 0);
}

std::optional<l1::PeerAddress> literal_peer(const Endpoint& endpoint) {
  sockaddr_storage address{};
  if (!literal_address(endpoint.host, endpoint.port, address)) return std::nullopt;
  return l1::PeerAddress{source_of(address), endpoint.port};
}

Endpoint to_endpoint(const l1::PeerAddress& address) {
  const sockaddr_storage at = address_of(address.host, address.port);
  auto out = parse_endpoint(address_text(at));
  Ensures(out.has_value());
  return *out;
}

}  // namespace mehr::linux_port
