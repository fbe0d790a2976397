#include <chrono>
#include <thread>

#include "mehr/l0/hdlc.h"
#include "raw_socket.h"
#include "support.h"

namespace mehr::linux_port::test {
namespace {

// A listener and a dialler that have found each other.
struct Pair {
  explicit Pair(TcpConfig config = fast()) : loop(make_loop()) {
    server = std::make_unique<TcpInterface>(*loop, server_host, random, config);
    client = std::make_unique<TcpInterface>(*loop, client_host, random, config);
    at = must_listen(*server);
    client->dial({at, std::nullopt});
    REQUIRE(loop->run_until([&] { return !server_host.open.empty() && !client_host.open.empty(); },
                            kLong));
  }
  Medium& client_medium() { return *client_host.open.front().medium; }
  Medium& server_medium() { return *server_host.open.front().medium; }

  SystemRandom random;
  FakeHost server_host, client_host;
  std::unique_ptr<Loop> loop;
  std::unique_ptr<TcpInterface> server, client;
  Endpoint at;
};

Bytes random_frame(Random& random, std::size_t most) {
  Bytes frame(1 + random.below(most));
  random.fill(frame);
  for (std::uint8_t& byte : frame) {
    if (random.below(8) == 0) byte = random.below(2) == 0 ? 0x7E : 0x7D;  // what needs escaping
  }
  return frame;
}

}  // namespace

TEST_CASE("L0 4: ten thousand random frames pass over TCP and come back", "[linux][tcp]") {
  Pair pair;
  pair.server_host.keep = pair.client_host.keep = false;
  std::vector<Bytes> echoes;  // what the server could not send at once
  std::size_t echoed = 0;
  const auto retry = [&](Medium& medium) {
    while (echoed < echoes.size() && medium.send(Remote{}, echoes[echoed])) ++echoed;
  };
  pair.server_host.when_frame = [&](Medium& medium, MutableBytes frame) {
    echoes.emplace_back(frame.begin(), frame.end());
    retry(medium);
  };
  pair.server_host.when_writable = retry;

  std::vector<Bytes> sent;
  std::size_t next = 0, wrong = 0, back = 0;
  for (int i = 0; i < 10'000; ++i) {
    sent.push_back(random_frame(pair.random, i % 10 == 0 ? l0::kNativeFrameLimit : 300));
  }
  pair.client_host.when_frame = [&](Medium&, MutableBytes frame) {
    if (!same_bytes(frame, sent[back++])) ++wrong;
  };
  const auto feed = [&](Medium& medium) {
    while (next < sent.size() && medium.send(Remote{}, sent[next])) ++next;
  };
  pair.client_host.when_writable = feed;
  feed(pair.client_medium());
  REQUIRE(pair.loop->run_until([&] { return back == sent.size(); }, kLong));
  CHECK(wrong == 0);
  CHECK(pair.server->counters().traffic.frames_in == sent.size());
  CHECK(pair.server->counters().traffic.frames_out == sent.size());
  CHECK(pair.client->counters().traffic.bytes_out == pair.server->counters().traffic.bytes_in);
}

TEST_CASE("linux tcp: source key, info and snapshot of a connection", "[linux][tcp]") {
  Pair pair;
  REQUIRE(pair.server_host.open.size() == 1);
  SourceKey expected;
  expected.bytes[10] = expected.bytes[11] = 0xFF;
  expected.bytes[12] = 127;
  expected.bytes[15] = 1;
  CHECK(pair.server_host.open[0].source == expected);
  CHECK_FALSE(pair.server_host.open[0].dialled);
  CHECK(pair.client_host.open[0].dialled);
  CHECK(pair.server_medium().info().stream);
  CHECK_FALSE(pair.server_medium().send(Remote{}, Bytes(l0::kNativeFrameLimit + 1)));
  const auto list = pair.client->connections();
  REQUIRE(list.size() == 1);
  CHECK(list[0].peer == to_string(pair.at));
  CHECK(list[0].state == ConnectionState::open);
  CHECK(pair.client->targets().at(0).state == TargetState::connected);
}

TEST_CASE("linux tcp: a peer that does not read meets a full queue, then room again",
          "[linux][tcp]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpInterface tcp(*loop, host, random, fast());
  const RawSocket peer(must_listen(tcp).port);
  REQUIRE(loop->run_until([&] { return host.opens == 1; }, kLong));
  Medium& medium = *host.open[0].medium;
  const Bytes frame(4000, 0x55);
  std::size_t queued = 0;
  Errc refusal{};
  Millis next_word;
  // The kernel's buffers fill; then the peer, who goes on talking, is read from only now and then.
  REQUIRE(loop->run_until(
      [&] {
        Status sent;
        while ((sent = medium.send(Remote{}, frame))) ++queued;
        refusal = sent.error().code;
        if (loop->now() > next_word) {
          next_word = loop->now() + Millis{10};
          peer.write(Bytes{0x7E, 1, 0x7E});
        }
        loop->post([] {});
        return tcp.connections().at(0).counters.pauses > 0;
      },
      kLong));
  CHECK(refusal == Errc::full);
  CHECK(host.is_open(medium));
  CHECK(tcp.connections().at(0).queued <= tcp.config().send_high_water + 2 * frame.size());
  const std::size_t writable_before = host.writable;
  std::size_t read = 0;
  REQUIRE(loop->run_until(
      [&] {
        loop->post([] {});  // the peer is no part of the loop: keep it turning
        read += peer.read_some().size();
        return host.writable > writable_before;
      },
      kLong));
  CHECK(medium.send(Remote{}, frame));
  ++queued;
  REQUIRE(loop->run_until(
      [&] {
        loop->post([] {});
        read += peer.read_some().size();
        return read == queued * (frame.size() + 2);
      },
      kLong));
}

TEST_CASE("linux tcp: two ends that wait for each other to read come loose again", "[linux][tcp]") {
  Pair pair;
  pair.server_host.keep = pair.client_host.keep = false;
  const Bytes frame(4000, 0x55);
  const auto flood = [&](Medium& medium) {
    while (medium.send(Remote{}, frame)) {
    }
  };
  pair.server_host.when_writable = pair.client_host.when_writable = flood;
  flood(pair.server_medium());
  flood(pair.client_medium());
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // now each looks stalled
  CHECK(pair.loop->run_until(
      [&] { return pair.server_host.frames > 10'000 && pair.client_host.frames > 10'000; }, kLong));
}

TEST_CASE("linux tcp: garbage is counted and the next connection works", "[linux][tcp]") {
  Pair pair;
  RawSocket stranger(pair.at.port);
  Bytes garbage(100'000);
  pair.random.fill(garbage);
  garbage[10] = 0x7E;
  garbage[11] = 0x7D;
  garbage[12] = 0x00;
  stranger.write(garbage);
  REQUIRE(pair.loop->run_until(
      [&] { return pair.server->counters().traffic.bytes_in == garbage.size(); }, kLong));
  CHECK(pair.server->counters().traffic.bad_frames > 0);
  pair.server_host.received.clear();
  const Bytes frame{1, 2, 3};
  REQUIRE(pair.client_medium().send(Remote{}, frame));
  CHECK(pair.loop->run_until(
      [&] { return !pair.server_host.received.empty() && pair.server_host.received[0] == frame; },
      kLong));
}

TEST_CASE("linux tcp: a peer that closes in mid-frame yields no frame", "[linux][tcp]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpInterface tcp(*loop, host, random, fast());
  RawSocket peer(must_listen(tcp).port);
  peer.write(Bytes{0x7E, 1, 2, 3, 0x7E, 4, 5});
  peer.end();
  REQUIRE(loop->run_until([&] { return host.closes == 1; }, kLong));
  CHECK(host.received == std::vector<Bytes>{{1, 2, 3}});
  CHECK(tcp.connection_count() == 0);
}

TEST_CASE("linux tcp: connections over the limit are closed and counted", "[linux][tcp]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpConfig config = fast();
  config.max_connections = 2;
  TcpInterface tcp(*loop, host, random, config);
  const std::uint16_t port = must_listen(tcp).port;
  RawSocket a(port);
  RawSocket b(port);
  REQUIRE(loop->run_until([&] { return host.opens == 2; }, kLong));
  RawSocket c(port);
  REQUIRE(loop->run_until([&] { return tcp.counters().over_limit == 1; }, kLong));
  REQUIRE(loop->run_until([&] { return loop->post([] {}), c.at_end(); }, kLong));
  CHECK(host.opens == 2);
  a.end();
  REQUIRE(loop->run_until([&] { return host.closes == 1; }, kLong));
  RawSocket d(port);
  CHECK(loop->run_until([&] { return host.opens == 3; }, kLong));
  CHECK_FALSE(d.at_end());
}

TEST_CASE("linux tcp: a host may close from within a frame, and what is queued still leaves",
          "[linux][tcp]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpInterface tcp(*loop, host, random, fast());
  RawSocket peer(must_listen(tcp).port);
  const Bytes farewell{9, 8, 7};
  host.when_frame = [&](Medium& medium, MutableBytes) {
    CHECK(medium.send(Remote{}, farewell));
    medium.close();
    medium.close();
    CHECK(medium.send(Remote{}, farewell).error().code == Errc::io);
    CHECK(host.is_open(medium));  // on_closed comes later
  };
  peer.write(Bytes{0x7E, 1, 0x7E, 2, 0x7E, 3, 0x7E});
  Bytes got;
  REQUIRE(loop->run_until(
      [&] {
        loop->post([] {});
        const Bytes more = peer.read_some();
        got.insert(got.end(), more.begin(), more.end());
        return got.size() >= 5;
      },
      kLong));
  CHECK(got == Bytes{0x7E, 9, 8, 7, 0x7E});
  CHECK(host.frames == 1);
  REQUIRE(loop->run_until([&] { return host.closes == 1; }, kLong));  // after the linger
}

TEST_CASE("linux tcp: a port in use is told in one sentence", "[linux][tcp]") {
  Pair pair;
  const auto again = pair.client->listen(pair.at);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error() == "cannot listen on " + to_string(pair.at) +
                             ": address already in use; choose another listen address or stop the "
                             "program that uses it");
  const auto elsewhere = pair.client->listen({"192.0.2.1", 0});
  REQUIRE_FALSE(elsewhere.has_value());
  CHECK(elsewhere.error().find("this machine has no such address") != std::string::npos);
  const auto nowhere = pair.client->listen({"no-such-host.invalid", 0});
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().find("neither an address nor a known host name") != std::string::npos);
}

TEST_CASE("linux tcp: shutting down tells the host of every connection's end", "[linux][tcp]") {
  Pair pair;
  pair.server->shut_down();
  pair.client->shut_down();
  REQUIRE(pair.loop->run_until(
      [&] { return pair.server_host.closes == 1 && pair.client_host.closes == 1; }, kLong));
  CHECK(pair.server->connection_count() == 0);
  CHECK(pair.client->targets().empty());
}

}  // namespace mehr::linux_port::test
