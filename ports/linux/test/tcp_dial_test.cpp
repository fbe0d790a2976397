#include "raw_socket.h"
#include "support.h"

namespace mehr::linux_port::test {
namespace {

NodeId some_node() {
  NodeId id;
  id.bytes[0] = 7;
  return id;
}

}  // namespace

TEST_CASE("L0 7: a target is dialled again after the peer restarts", "[linux][tcp][dial]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host, first, second;
  TcpInterface client(*loop, host, random, fast());
  auto server = std::make_unique<TcpInterface>(*loop, first, random, fast());
  const Endpoint at = must_listen(*server);
  client.dial({at, some_node()});
  REQUIRE(loop->run_until([&] { return host.opens == 1; }, kLong));
  CHECK(host.open[0].expected == some_node());

  server.reset();
  REQUIRE(loop->run_until([&] { return client.counters().dial_failures >= 2; }, kLong));
  CHECK(host.closes == 1);
  CHECK(client.targets()[0].last_error == "connection refused");

  server = std::make_unique<TcpInterface>(*loop, second, random, fast());
  must_listen(*server, at);
  REQUIRE(loop->run_until([&] { return host.opens == 2 && second.opens == 1; }, kLong));
  CHECK(client.counters().redials >= 3);
  CHECK(client.targets()[0].last_error.empty());
}

TEST_CASE("linux tcp: a name is resolved, a name that does not exist is told",
          "[linux][tcp][dial]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host, peer_host;
  TcpInterface server(*loop, peer_host, random, fast());
  TcpInterface client(*loop, host, random, fast());
  const Endpoint at = must_listen(server);
  client.dial({{"localhost", at.port}, std::nullopt});
  REQUIRE(loop->run_until([&] { return host.opens == 1; }, kLong));
  client.dial({{"no-such-host.invalid", at.port}, std::nullopt});
  REQUIRE(loop->run_until([&] { return client.counters().dial_failures > 0; }, kLong));
  CHECK_FALSE(client.targets()[1].last_error.empty());
}

TEST_CASE("linux tcp: a connection that the host refuses is closed and never mentioned again",
          "[linux][tcp][dial]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  host.refuse = true;
  TcpInterface tcp(*loop, host, random, fast());
  const RawSocket peer(must_listen(tcp).port);
  REQUIRE(loop->run_until([&] { return loop->post([] {}), peer.at_end(); }, kLong));
  CHECK(tcp.counters().refused == 1);
  CHECK(host.closes == 0);
  CHECK(tcp.connection_count() == 0);
}

TEST_CASE("linux tcp: a target that the host does not want is left alone", "[linux][tcp][dial]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host, peer_host;
  TcpInterface server(*loop, peer_host, random, fast());
  TcpInterface client(*loop, host, random, fast());
  const Endpoint at = must_listen(server);
  host.wants = false;
  client.dial({at, some_node()});
  REQUIRE(loop->run_until([&] { return host.asked.size() >= 3; }, kLong));
  CHECK(host.asked[0] == some_node());
  CHECK(peer_host.opens == 0);
  host.wants = true;
  CHECK(loop->run_until([&] { return peer_host.opens == 1; }, kLong));
}

TEST_CASE("linux endpoint: addresses as people write them", "[linux][endpoint]") {
  CHECK(parse_endpoint("127.0.0.1:80") == Endpoint{"127.0.0.1", 80});
  CHECK(parse_endpoint("node.example") == Endpoint{"node.example", 4247});
  CHECK(parse_endpoint("[::1]:9") == Endpoint{"::1", 9});
  CHECK(parse_endpoint("[::1]") == Endpoint{"::1", 4247});
  CHECK(parse_endpoint("2001:db8::1") == Endpoint{"2001:db8::1", 4247});
  CHECK(to_string(Endpoint{"::1", 9}) == "[::1]:9");
  for (const char* bad : {"", ":80", "host:", "host:x", "host:70000", "host:-1", "[::1", "[::1]80",
                          "a b:1", "http://x:1"}) {
    INFO(bad);
    CHECK_FALSE(parse_endpoint(bad).has_value());
  }
}

}  // namespace mehr::linux_port::test
