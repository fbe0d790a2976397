#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>

#include "mehr/linux/tcp.h"
#include "socket_address.h"
#include "tcp_connection.h"
#include "tcp_dialler.h"
#include "tcp_listener.h"
#include "tcp_one_dial.h"

namespace mehr::linux_port {
namespace {

constexpr std::size_t kIdleBlocks = 64;
constexpr std::size_t kSpareDescriptors = 64;  // what else a daemon has open
constexpr Millis kTellEvery = Millis::seconds(60);

// Asks the system for as many descriptors as the configured connections need.
bool enough_descriptors(std::size_t connections) {
  const rlim_t need = connections + kSpareDescriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= need) return true;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, need);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= need;
}

std::string cannot_listen(const Endpoint& where, int error) {
  std::string_view advice = "check the listen address";
  if (error == UV_EADDRINUSE) {
    advice = "choose another listen address or stop the program that uses it";
  } else if (error == UV_EADDRNOTAVAIL) {
    advice = "this machine has no such address; 0.0.0.0 or [::] listens on all it has";
  } else if (error == UV_EACCES) {
    advice = "choose a port of 1024 or above, or give the program the right to use this one";
  } else if (error == UV_EMFILE || error == UV_ENFILE) {
    advice = "raise the limit on open files (ulimit -n)";
  }
  return fmt::format("cannot listen on {}: {}; {}", to_string(where), uv_strerror(error), advice);
}

MediumInfo medium_info(const TcpConfig& config) {
  MediumInfo info;
  info.interface = config.interface;
  info.mode = config.mode;
  info.bandwidth = config.bandwidth;
  info.latency = config.latency;
  info.mtu = config.mtu;
  info.cost = config.cost;
  return info;
}

}  // namespace

class TcpInterface::Impl final : public TurnEnd, private Listener::Owner {
 public:
  Impl(Loop& loop, MediumHost& host, Random& random, TcpConfig config, LogSink log)
      : core_{
            loop,
            host,
            random,
            std::move(log),
            config,
            medium_info(config),
            config.mode == InterfaceMode::native ? l0::kNativeFrameLimit : l0::kReticulumFrameLimit,
            BlockPool(kIdleBlocks),
            {},
            {},
            {}} {
    core_.connections.reserve(config.max_connections + 1);
    core_.dirty.reserve(config.max_connections + 1);
    scratch_.reserve(config.max_connections + 1);
    loop.add_turn_end(*this);
    if (!enough_descriptors(config.max_connections)) {
      core_.tell(LogLevel::warning, "tcp.few_descriptors",
                 fmt::format("the system allows fewer open files than {} connections need; raise "
                             "the limit (ulimit -n)",
                             config.max_connections));
    }
  }
  ~Impl() override {
    core_.loop.remove_turn_end(*this);
    stop_starting();
    for (Connection* const c : core_.connections) c->abandon();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  OrMessage<Endpoint> listen(const Endpoint& where);
  void stop_starting();
  void on_turn_end() override;
  void on_accepted(int fd) override;
  void on_accept_failed(int error) override;
  /// Tells at most once a minute.
  void tell_rarely(Millis& last, std::string_view event, std::string_view text);

  TcpCore core_;
  std::vector<Listener*> listeners_;
  std::vector<Dialler*> diallers_;
  std::vector<OneDialler*> once_;
  std::vector<Connection*> scratch_;
  Millis told_failure_ = Millis::never();
  Millis told_limit_ = Millis::never();
};

void TcpInterface::Impl::on_turn_end() {
  scratch_.swap(core_.dirty);
  for (std::size_t i = 0; i < scratch_.size(); ++i) scratch_[i]->end_of_turn();
  scratch_.clear();
}

void TcpInterface::Impl::stop_starting() {
  for (Listener* const listener : std::exchange(listeners_, {})) listener->stop();
  for (Dialler* const dialler : std::exchange(diallers_, {})) dialler->stop();
  for (OneDialler* const dialler : std::exchange(once_, {})) dialler->stop();
}

OrMessage<Endpoint> TcpInterface::Impl::listen(const Endpoint& where) {
  sockaddr_storage address{};
  if (!literal_address(where.host, where.port, address)) {
    // Without a callback libuv resolves at once; starting up may wait for that.
    uv_getaddrinfo_t request{};
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    const std::string port = std::to_string(where.port);
    const int error = uv_getaddrinfo(core_.loop.uv(), &request, nullptr, where.host.c_str(),
                                     port.c_str(), &hints);
    const bool found = error == 0 && copy_address(request.addrinfo->ai_addr, address);
    if (error == 0) uv_freeaddrinfo(request.addrinfo);
    if (!found) {
      return tl::unexpected(
          fmt::format("cannot listen on {}: \"{}\" is neither an address nor a known host name; "
                      "write an address of this machine, such as 127.0.0.1 or [::]",
                      to_string(where), where.host));
    }
  }
  Listener* listener = nullptr;
  if (const int error = Listener::open(core_.loop.uv(), *this, address, listener); error != 0) {
    return tl::unexpected(cannot_listen(where, error));
  }
  listeners_.push_back(listener);
  core_.tell(LogLevel::info, "tcp.listening", address_text(address));
  return Endpoint{where.host, port_of(address)};
}

void TcpInterface::Impl::on_accepted(int fd) {
  if (core_.connections.size() >= core_.config.max_connections) {
    ::close(fd);  // left in the backlog it would only come back
    ++core_.counters.over_limit;
    tell_rarely(told_limit_, "tcp.over_limit",
                fmt::format("{} connections are open, further ones are closed",
                            core_.config.max_connections));
    return;
  }
  Connection* const connection = Connection::create(core_);
  if (const int error = uv_tcp_open(connection->tcp(), fd); error != 0) {
    ::close(fd);
    ++core_.counters.accept_failures;
    connection->finish(error);
    return;
  }
  ++core_.counters.accepted;
  connection->start(false, std::nullopt);
}

void TcpInterface::Impl::on_accept_failed(int error) {
  ++core_.counters.accept_failures;
  const bool descriptors = error == UV_EMFILE || error == UV_ENFILE;
  tell_rarely(
      told_failure_, "tcp.accept_failed",
      fmt::format("cannot accept a connection: {}; who connects waits{}", uv_strerror(error),
                  descriptors ? "; raise the limit on open files (ulimit -n)" : ""));
}

void TcpInterface::Impl::tell_rarely(Millis& last, std::string_view event, std::string_view text) {
  const Millis now = core_.loop.now();
  if (last != Millis::never() && now - last < kTellEvery) return;
  last = now;
  core_.tell(LogLevel::warning, event, text);
}

TcpInterface::TcpInterface(Loop& loop, MediumHost& host, Random& random, TcpConfig config,
                           LogSink log)
    : impl_(std::make_unique<Impl>(loop, host, random, config, std::move(log))) {}

TcpInterface::~TcpInterface() = default;

OrMessage<Endpoint> TcpInterface::listen(const Endpoint& where) { return impl_->listen(where); }

void TcpInterface::dial(DialTarget target) {
  impl_->diallers_.push_back(Dialler::create(impl_->core_, std::move(target)));
}

void TcpInterface::dial_once(const OneDial& dial, DialOver over) {
  Impl& impl = *impl_;
  impl.once_.push_back(OneDialler::create(
      impl.core_, dial, [&impl, over = std::move(over)](OneDialler& dialler, bool reached) {
        std::erase(impl.once_, &dialler);
        over(reached);
      }));
}

void TcpInterface::authenticated(const Medium& medium, std::optional<NodeId> peer) {
  for (Connection* const connection : impl_->core_.connections) {
    if (connection != &medium) continue;
    connection->authenticated(peer);
    for (Dialler* const dialler : impl_->diallers_) dialler->authenticated(*connection);
    // The one that is over leaves the list.
    for (std::size_t i = 0; i < impl_->once_.size(); ++i) {
      if (impl_->once_[i]->authenticated(*connection)) break;
    }
    return;
  }
}

void TcpInterface::shut_down() {
  impl_->stop_starting();
  for (Connection* const connection : impl_->core_.connections) connection->close();
}

const TcpConfig& TcpInterface::config() const { return impl_->core_.config; }

TcpCounters TcpInterface::counters() const {
  TcpCounters out = impl_->core_.counters;
  for (const Connection* const connection : impl_->core_.connections) {
    out.traffic += connection->counters();
  }
  return out;
}

std::vector<ConnectionInfo> TcpInterface::connections() const {
  std::vector<ConnectionInfo> out;
  out.reserve(impl_->core_.connections.size());
  for (const Connection* const c : impl_->core_.connections) out.push_back(c->snapshot());
  return out;
}

std::optional<ConnectionInfo> TcpInterface::connection_of(const Medium& medium) const {
  for (const Connection* const c : impl_->core_.connections) {
    if (c == &medium) return c->snapshot();
  }
  return std::nullopt;
}

std::vector<TargetInfo> TcpInterface::targets() const {
  std::vector<TargetInfo> out;
  out.reserve(impl_->diallers_.size());
  for (const Dialler* const dialler : impl_->diallers_) out.push_back(dialler->snapshot());
  return out;
}

std::size_t TcpInterface::connection_count() const { return impl_->core_.connections.size(); }

}  // namespace mehr::linux_port
