#include <fcntl.h>
#include <sys/resource.h>

#include <cerrno>

#include "raw_socket.h"
#include "support.h"

namespace mehr::linux_port::test {
namespace {

// Takes every free descriptor below a lowered limit; gives all back on `release`.
class NoDescriptors {
 public:
  NoDescriptors() {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const int top = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    REQUIRE(top >= 0);
    taken_.push_back(top);
    rlimit low = before_;
    low.rlim_cur = static_cast<rlim_t>(top) + 16;  // those above `top` may be in use too
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    while (true) {
      const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      if (fd < 0) break;
      taken_.push_back(fd);
    }
  }
  ~NoDescriptors() { release(); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;
  void release() {
    for (const int fd : std::exchange(taken_, {})) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

// Draws zeros: redial waits keep their full length.
struct ZeroRandom final : Random {
  void fill(MutableBytes out) override { std::fill(out.begin(), out.end(), std::uint8_t{0}); }
};

// Sends a frame from a turn-end hook, once, when told to.
struct LateSender final : TurnEnd {
  void on_turn_end() override {
    if (Medium* const to = std::exchange(medium, nullptr)) CHECK(to->send(Remote{}, Bytes{1, 2}));
  }
  Medium* medium = nullptr;
};

struct At final : Wakeable {
  void on_wake(Millis) override { then(); }
  std::function<void()> then;
};

bool has_ipv6() {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpInterface probe(*loop, host, random, fast());
  return probe.listen({"::1", 0}).has_value();
}

SourceKey loopback_v6() {
  SourceKey key;
  key.bytes[15] = 1;
  return key;
}

}  // namespace

TEST_CASE("linux tcp: without descriptors strangers wait, are counted, and come in later",
          "[linux][tcp][limits]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  std::size_t told = 0;
  TcpInterface tcp(*loop, host, random, fast(),
                   [&](LogLevel, std::string_view event, std::string_view) {
                     if (event == "tcp.accept_failed") ++told;
                   });
  const std::uint16_t port = must_listen(tcp).port;
  const RawSocket a(port), b(port), c(port);
  NoDescriptors none;
  const std::uint64_t turn = loop->turn();
  REQUIRE(loop->run_until([&] { return tcp.counters().accept_failures >= 3; }, kLong));
  CHECK(told == 1);
  CHECK(loop->turn() - turn < 20);  // it sleeps between its tries
  CHECK(host.opens == 0);
  CHECK_FALSE(a.at_end());
  none.release();
  CHECK(loop->run_until([&] { return host.opens == 3; }, kLong));
}

TEST_CASE("linux tcp: a frame sent after the turn's flush does not wait for the next event",
          "[linux][tcp]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpInterface tcp(*loop, host, random, fast());
  const RawSocket peer(must_listen(tcp).port);
  REQUIRE(loop->run_until([&] { return host.opens == 1; }, kLong));
  LateSender late;
  loop->add_turn_end(late);
  At soon;
  soon.then = [&] { late.medium = host.open[0].medium; };  // its hook runs, then the loop waits
  loop->wake_at(soon, loop->now() + Millis{5});
  const Millis start = loop->now();
  REQUIRE(loop->run_until([&] { return tcp.counters().traffic.bytes_out > 0; }, kLong));
  CHECK(loop->now() - start < Millis::seconds(20));
  loop->remove_turn_end(late);
}

TEST_CASE("L0 7: the wait before a redial doubles up to its limit", "[linux][tcp][dial]") {
  auto loop = make_loop();
  ZeroRandom random;
  FakeHost host;
  Endpoint nobody;
  {
    TcpInterface brief(*loop, host, random, fast());
    nobody = must_listen(brief);
  }
  TcpInterface tcp(*loop, host, random, fast());
  tcp.dial({nobody, std::nullopt});
  Millis since;
  for (const std::uint64_t wait : {20U, 40U, 80U, 80U}) {
    const std::uint64_t failures = tcp.counters().dial_failures;
    REQUIRE(loop->run_until([&] { return tcp.counters().dial_failures > failures; }, kLong));
    const TargetInfo info = tcp.targets().at(0);
    REQUIRE(info.state == TargetState::waiting);
    INFO("wait " << wait);
    CHECK(info.next_attempt - loop->now() <= Millis{wait});
    CHECK(info.next_attempt >= since + Millis{wait});
    since = info.next_attempt;
  }
}

TEST_CASE("L0 7: only a peer that proved itself, or lasted, starts the wait over",
          "[linux][tcp][dial]") {
  auto loop = make_loop();
  ZeroRandom random;
  FakeHost host, peer_host;
  TcpConfig config = fast();
  config.redial_max = Millis{1'000'000};
  Endpoint at;
  {
    TcpInterface brief(*loop, peer_host, random, fast());
    at = must_listen(brief);
  }
  TcpInterface client(*loop, host, random, config);
  client.dial({at, std::nullopt});
  REQUIRE(loop->run_until([&] { return client.counters().dial_failures >= 4; }, kLong));
  TcpInterface server(*loop, peer_host, random, fast());
  must_listen(server, at);
  REQUIRE(loop->run_until([&] { return host.opens == 1 && peer_host.opens == 1; }, kLong));
  const bool proven = GENERATE(false, true);
  NodeId peer;
  peer.bytes[0] = 7;
  if (proven) client.authenticated(*host.open[0].medium, peer);
  CHECK(client.connections().at(0).peer_id == (proven ? std::optional(peer) : std::nullopt));
  const Millis before = loop->now();
  peer_host.open[0].medium->close();
  REQUIRE(loop->run_until([&] { return host.closes == 1; }, kLong));
  const TargetInfo info = client.targets().at(0);
  REQUIRE(info.state == TargetState::waiting);
  if (proven) {
    CHECK(info.next_attempt - loop->now() <= config.redial_first);
  } else {
    CHECK(info.next_attempt >= before + Millis{320});
  }
}

TEST_CASE("linux tcp: IPv6 listens, dials and has its own source key", "[linux][tcp][ipv6]") {
  if (!has_ipv6()) {
    WARN("this machine has no ::1; nothing to see");
    return;
  }
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host, peer_host;
  TcpInterface server(*loop, peer_host, random, fast());
  TcpInterface client(*loop, host, random, fast());
  const Endpoint at = must_listen(server, {"::1", 0});
  client.dial({at, std::nullopt});
  REQUIRE(loop->run_until([&] { return host.opens == 1 && peer_host.opens == 1; }, kLong));
  CHECK(peer_host.open[0].source == loopback_v6());
  CHECK(client.connections().at(0).peer == to_string(at));
  REQUIRE(host.open[0].medium->send(Remote{}, Bytes{1, 2, 3}));
  REQUIRE(loop->run_until([&] { return peer_host.frames == 1; }, kLong));
  CHECK(peer_host.last_source == loopback_v6());
}

TEST_CASE("linux tcp: [::] takes IPv4 too, under the IPv4 source key", "[linux][tcp][ipv6]") {
  if (!has_ipv6()) {
    WARN("this machine has no ::1; nothing to see");
    return;
  }
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpInterface tcp(*loop, host, random, fast());
  const RawSocket peer(must_listen(tcp, {"::", 0}).port);
  REQUIRE(loop->run_until([&] { return host.opens == 1; }, kLong));
  SourceKey expected;
  expected.bytes[10] = expected.bytes[11] = 0xFF;
  expected.bytes[12] = 127;
  expected.bytes[15] = 1;
  CHECK(host.open[0].source == expected);
}

}  // namespace mehr::linux_port::test
