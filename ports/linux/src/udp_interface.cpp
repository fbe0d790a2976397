#include <fmt/format.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <utility>

#include "mehr/l0/link_frames.h"
#include "mehr/linux/resolver.h"
#include "mehr/linux/udp.h"
#include "socket_address.h"
#include "udp_socket.h"

namespace mehr::linux_port {
namespace {

constexpr Millis kReopen = Millis::seconds(5);
constexpr Millis kResolveFirst = Millis::seconds(5);
constexpr Millis kResolveMost = Millis::seconds(300);
constexpr Millis kResolveLimit = Millis::seconds(10);
constexpr Millis kOwnEvery = Millis::seconds(60);

Remote remote_of(const SourceKey& host, std::uint16_t port) {
  Remote out;
  const MutableBytes rest = copy_bytes(host.view(), out.mutable_view());
  rest[0] = static_cast<std::uint8_t>(port >> 8);
  rest[1] = static_cast<std::uint8_t>(port);
  return out;
}

SourceKey host_of(const Remote& remote) { return SourceKey::from(remote.view()); }

std::uint16_t port_of(const Remote& remote) {
  return static_cast<std::uint16_t>((remote.bytes[16] << 8) | remote.bytes[17]);
}

class Udp final : public UdpInterface, public Medium, private UdpSocket::Owner, private Wakeable {
 public:
  Udp(Loop& loop, MediumHost& host, UdpConfig config, LogSink log)
      : loop_(loop),
        host_(host),
        log_(std::move(log)),
        config_(std::move(config)),
        frame_limit_(config_.info.mtu.bytes + l0::kLinkOverhead),
        resolver_(loop) {
    for (DialTarget& target : config_.peers) known_.push_back({target, {}, {}, kResolveFirst});
  }
  ~Udp() override {
    loop_.wake_at(*this, Millis::never());
    if (up_) host_.on_closed(*this);  // never shut down, as when a start fails half-way
  }

  // Interface
  void start() override { open(loop_.now()); }
  [[nodiscard]] InterfaceStatus status() const override;
  void shut_down() override;
  [[nodiscard]] bool is_idle() const override { return main_ == nullptr; }

  // UdpInterface
  [[nodiscard]] std::vector<Peer> peers() const override;
  [[nodiscard]] std::optional<Endpoint> listening() const override;

  // Medium
  [[nodiscard]] const MediumInfo& info() const override { return config_.info; }
  Status send(const Remote& to, ByteView frame) override;
  void close() override {}

 private:
  struct Known {
    DialTarget target;
    std::optional<Remote> at;
    Millis next;
    Millis wait;
  };

  void on_datagram(const sockaddr_storage& from, MutableBytes bytes) override;
  void on_room() override;
  void on_socket_error(int error) override;
  void on_wake(Millis now) override;
  void open(Millis now);
  [[nodiscard]] std::string open_sockets();
  void down(const std::string& why, Millis now);
  void resolve(Millis now);
  void learn_own(Millis now);
  [[nodiscard]] bool is_own(const sockaddr_storage& from) const;
  Status send_to(const sockaddr_storage& to, ByteView frame);
  void rearm();
  void tell(LogLevel level, std::string_view event, const std::string& text) const {
    if (log_) log_(level, event, fmt::format("{}: {}", config_.name, text));
  }

  Loop& loop_;
  MediumHost& host_;
  LogSink log_;
  UdpConfig config_;
  std::size_t frame_limit_;
  Resolver resolver_;
  std::vector<Known> known_;
  bool resolving_ = false;
  std::unique_ptr<UdpSocket> main_;
  std::unique_ptr<UdpSocket> group_;
  std::optional<sockaddr_storage> group_address_;
  std::vector<SourceKey> own_;
  Millis own_at_ = Millis::never();
  bool up_ = false;
  bool over_ = false;
  bool wants_writable_ = false;
  std::optional<std::string> failing_;
  Millis reopen_at_ = Millis::never();
  std::string state_ = "not opened yet";
  InterfaceStatus counters_;
};

// ---- Open and down
// -------------------------------------------------------------------------------

void Udp::open(Millis now) {
  reopen_at_ = Millis::never();
  const std::string trouble = open_sockets();
  if (!trouble.empty()) return down(trouble, now);
  learn_own(now);
  up_ = true;
  state_.clear();
  const std::string where = to_string(*listening());
  tell(LogLevel::info, "interface.up",
       config_.multicast ? fmt::format("{}, neighbours are looked for at {}", where,
                                       to_string(*config_.multicast))
                         : where);
  if (const Status taken = host_.opened(*this, SourceKey{}, false, std::nullopt); !taken) {
    up_ = false;
    return down(taken.error().text, now);
  }
  resolve(now);
  rearm();
}

// A sentence when something cannot be had.
std::string Udp::open_sockets() {
  sockaddr_storage where{};
  if (!literal_address(config_.listen.host, config_.listen.port, where)) {
    return fmt::format("\"{}\" is no address of this machine; write one, such as 0.0.0.0",
                       config_.listen.host);
  }
  auto main = UdpSocket::open(loop_, *this, where, false);
  if (!main) return fmt::format("cannot listen on {}: {}", to_string(config_.listen), main.error());
  main_ = std::move(*main);
  if (!config_.multicast) return {};
  sockaddr_storage group{};
  if (!literal_address(config_.multicast->host, config_.multicast->port, group)) {
    return fmt::format("\"{}\" is no multicast group", config_.multicast->host);
  }
  auto joined = UdpSocket::open(loop_, *this, group, true);
  if (!joined) {
    return fmt::format("cannot listen on {}: {}", to_string(*config_.multicast), joined.error());
  }
  const int error = (*joined)->join(config_.multicast->host, config_.device);
  const int sends = error != 0 ? error : main_->multicast_from(config_.device);
  if (sends != 0) {
    return fmt::format("cannot join the group {}{}{}: {}", config_.multicast->host,
                       config_.device.empty() ? "" : " on ", config_.device, uv_strerror(sends));
  }
  group_ = std::move(*joined);
  group_address_ = group;
  return {};
}

void Udp::down(const std::string& why, Millis now) {
  main_.reset();
  group_.reset();
  group_address_.reset();
  failing_.reset();
  wants_writable_ = false;
  if (why != state_ && !over_) tell(LogLevel::warning, "interface.down", why);
  state_ = why;
  if (std::exchange(up_, false)) {
    ++counters_.lost;
    host_.on_closed(*this);
  }
  reopen_at_ = over_ ? Millis::never() : now + kReopen;
  rearm();
}

void Udp::shut_down() {
  if (std::exchange(over_, true)) return;
  failing_ = "shut down";
  rearm();
}

void Udp::on_socket_error(int error) {
  if (!failing_) failing_ = fmt::format("the socket failed: {}", uv_strerror(error));
  rearm();
}

void Udp::on_wake(Millis now) {
  if (failing_) {
    const std::string why = *failing_;
    return down(why, now);
  }
  if (reopen_at_ <= now) return open(now);
  if (own_at_ <= now) learn_own(now);
  if (up_) resolve(now);
  rearm();
}

void Udp::rearm() {
  Millis at = reopen_at_;
  if (up_) at = std::min(at, own_at_);
  for (const Known& k : known_) {
    if (up_ && !k.at && !resolving_) at = std::min(at, k.next);
  }
  if (failing_) at = loop_.now();
  loop_.wake_at(*this, at);
}

// ---- Who is who
// ----------------------------------------------------------------------------------

// One name at a time; what is written out needs no asking.
void Udp::resolve(Millis now) {
  for (std::size_t i = 0; i < known_.size(); ++i) {
    Known& k = known_[i];
    if (k.at) continue;
    if (const auto literal = literal_peer(k.target.where)) {
      k.at = remote_of(literal->host, literal->port);
      continue;
    }
    if (resolving_ || k.next > now) continue;
    resolving_ = true;
    resolver_.ask(k.target.where, kResolveLimit, [this, i](const auto& found) {
      resolving_ = false;
      Known& asked = known_[i];
      if (!found.empty()) asked.at = remote_of(found.front().host, found.front().port);
      asked.next = loop_.now() + asked.wait;
      asked.wait = std::min(asked.wait * 2, kResolveMost);
      rearm();
    });
  }
}

std::vector<UdpInterface::Peer> Udp::peers() const {
  std::vector<Peer> out;
  for (const Known& k : known_) {
    if (k.at) out.push_back({*k.at, k.target.expected});
  }
  return out;
}

std::optional<Endpoint> Udp::listening() const {
  if (!main_) return std::nullopt;
  return Endpoint{config_.listen.host, main_->port()};
}

// This machine's addresses: what comes from one of them and our port is our own voice.
void Udp::learn_own(Millis now) {
  own_at_ = group_ ? now + kOwnEvery : Millis::never();
  own_.clear();
  uv_interface_address_t* list = nullptr;
  int count = 0;
  if (uv_interface_addresses(&list, &count) != 0) return;
  for (const auto& one : std::span(list, static_cast<std::size_t>(count))) {
    sockaddr_storage address{};
    if (copy_address(reinterpret_cast<const sockaddr*>(&one.address), address)) {
      own_.push_back(source_of(address));
    }
  }
  uv_free_interface_addresses(list, count);
}

bool Udp::is_own(const sockaddr_storage& from) const {
  if (linux_port::port_of(from) != main_->port()) return false;
  return std::find(own_.begin(), own_.end(), source_of(from)) != own_.end();
}

// ---- Frames
// --------------------------------------------------------------------------------------

void Udp::on_datagram(const sockaddr_storage& from, MutableBytes bytes) {
  if (!up_ || failing_) return;
  if (group_ && is_own(from)) return;
  counters_.bytes_in += bytes.size();
  if (bytes.empty() || bytes.size() > frame_limit_) {
    ++counters_.bad_frames;
    return;
  }
  ++counters_.frames_in;
  FrameInfo info;
  info.source = source_of(from);
  info.from = remote_of(info.source, linux_port::port_of(from));
  host_.on_frame(*this, info, bytes);
}

Status Udp::send(const Remote& to, ByteView frame) {
  if (!up_ || failing_) return fail(Errc::io, "the socket is closed");
  if (frame.size() > frame_limit_) {
    return fail(Errc::too_big, "the frame is over the interface's limit");
  }
  if (!to.is_zero()) return send_to(address_of(host_of(to), port_of(to)), frame);
  // Whoever does not get it misses what everyone gets, and will get the next.
  Status any;
  if (group_address_) any = send_to(*group_address_, frame);
  for (const Known& k : known_) {
    if (k.at) (void)send_to(address_of(host_of(*k.at), port_of(*k.at)), frame);
  }
  return any;
}

Status Udp::send_to(const sockaddr_storage& to, ByteView frame) {
  const int error = main_->send(to, frame);
  if (error == UV_EAGAIN) {
    wants_writable_ = true;
    ++counters_.full;
    return fail(Errc::full, "the socket has no room");
  }
  // An address that cannot be reached, or not now, is as a datagram lost.
  if (error == 0) {
    ++counters_.frames_out;
    counters_.bytes_out += frame.size();
  }
  return {};
}

void Udp::on_room() {
  if (up_ && !failing_ && std::exchange(wants_writable_, false)) host_.on_writable(*this);
}

InterfaceStatus Udp::status() const {
  InterfaceStatus out = counters_;
  out.info = config_.info;
  out.up = up_;
  out.state = state_;
  out.media = up_ ? 1 : 0;
  return out;
}

}  // namespace

std::unique_ptr<UdpInterface> UdpInterface::make(Loop& loop, MediumHost& host, UdpConfig config,
                                                 LogSink log) {
  return std::make_unique<Udp>(loop, host, std::move(config), std::move(log));
}

std::string address_text(const Remote& remote) {
  if (remote.is_zero()) return {};
  return address_text(address_of(host_of(remote), port_of(remote)));
}

}  // namespace mehr::linux_port
