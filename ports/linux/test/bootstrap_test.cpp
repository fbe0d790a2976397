// The parts of bootstrap that touch the world: single dials, names, routers, and all together.
#include <condition_variable>
#include <map>
#include <mutex>

#include "mehr/l0/identity.h"
#include "mehr/linux/bootstrapper.h"
#include "mehr/linux/port_mapper.h"
#include "mehr/linux/sqlite_storage.h"
#include "raw_socket.h"
#include "support.h"

namespace mehr::linux_port::test {
namespace {

l1::PeerAddress at(const Endpoint& where) {
  const auto peer = literal_peer(where);
  REQUIRE(peer.has_value());
  return *peer;
}

OneDial once(const Endpoint& where, Millis limit = kLong) {
  OneDial out;
  out.host = at(where).host;
  out.port = where.port;
  out.limit = limit;
  return out;
}

// A port where nobody listens.
Endpoint nobody() {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpInterface tcp(*loop, host, random, fast());
  return must_listen(tcp);
}

/// A router that grants what a test lets it.
class FakeRouter final : public PortMethod {
 public:
  struct State {
    std::optional<Granted> grant;
    std::vector<std::pair<std::uint16_t, std::uint16_t>> asked;
    int unmapped = 0;
  };
  explicit FakeRouter(State& state) : state_(state) {}
  [[nodiscard]] std::string_view name() const override { return "a fake"; }
  std::optional<Granted> map(std::uint16_t port, std::uint16_t wished) override {
    state_.asked.emplace_back(port, wished);
    return state_.grant;
  }
  void unmap() override { ++state_.unmapped; }

 private:
  State& state_;
};

std::vector<std::unique_ptr<PortMethod>> routers(std::initializer_list<FakeRouter::State*> states) {
  std::vector<std::unique_ptr<PortMethod>> out;
  for (FakeRouter::State* const s : states) out.push_back(std::make_unique<FakeRouter>(*s));
  return out;
}

}  // namespace

TEST_CASE("L1/12: a single dial is over when the peer has proven who it is", "[linux][bootstrap]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host, peer_host;
  TcpInterface server(*loop, peer_host, random, fast());
  TcpInterface client(*loop, host, random, fast());
  const Endpoint where = must_listen(server);
  std::optional<bool> reached;
  OneDial dial = once(where);
  NodeId expected;
  expected.bytes[1] = 9;
  dial.expected = expected;
  client.dial_once(dial, [&](bool r) { reached = r; });
  CHECK(host.opens == 0);
  REQUIRE(loop->run_until([&] { return host.opens == 1 && peer_host.opens == 1; }, kLong));
  CHECK(host.open[0].dialled);
  CHECK(host.open[0].expected == expected);
  CHECK_FALSE(reached.has_value());
  const auto info = client.connection_of(*host.open[0].medium);
  REQUIRE(info.has_value());
  CHECK(info->host == dial.host);
  CHECK(info->port == dial.port);
  CHECK_FALSE(server.connection_of(*host.open[0].medium).has_value());
  client.authenticated(*host.open[0].medium, expected);
  CHECK(reached == true);
  // The connection is nobody's to redial.
  host.open[0].medium->close();
  REQUIRE(loop->run_until([&] { return host.closes == 1 && peer_host.closes == 1; }, kLong));
  CHECK_FALSE(loop->run_until([&] { return host.opens > 1; }, Millis{200}));
  CHECK(client.connection_count() == 0);
}

TEST_CASE("L1/12: a single dial that nobody answers is over without success",
          "[linux][bootstrap]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host;
  TcpInterface client(*loop, host, random, fast());
  std::vector<bool> over;
  client.dial_once(once(nobody()), [&](bool r) { over.push_back(r); });
  REQUIRE(loop->run_until([&] { return !over.empty(); }, kLong));
  // Somebody who accepts and says nothing is no peer either.
  FakeHost silent;
  TcpInterface server(*loop, silent, random, fast());
  const Endpoint where = must_listen(server);
  client.dial_once(once(where, Millis{100}), [&](bool r) { over.push_back(r); });
  REQUIRE(loop->run_until([&] { return over.size() == 2; }, kLong));
  CHECK(host.closes == 1);
  // One that hangs up at once.
  silent.refuse = true;
  client.dial_once(once(where), [&](bool r) { over.push_back(r); });
  REQUIRE(loop->run_until([&] { return over.size() == 3; }, kLong));
  CHECK(over == std::vector{false, false, false});
  CHECK(client.counters().dial_failures == 3);
  REQUIRE(loop->run_until([&] { return client.connection_count() == 0; }, kLong));
}

TEST_CASE("L1/12: a connection to see whether somebody accepts is never a medium",
          "[linux][bootstrap]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host, peer_host;
  TcpInterface server(*loop, peer_host, random, fast());
  TcpInterface client(*loop, host, random, fast());
  OneDial dial = once(must_listen(server));
  dial.only_connect = true;
  std::vector<bool> over;
  client.dial_once(dial, [&](bool r) { over.push_back(r); });
  REQUIRE(loop->run_until([&] { return over.size() == 1 && peer_host.closes == 1; }, kLong));
  dial = once(nobody());
  dial.only_connect = true;
  client.dial_once(dial, [&](bool r) { over.push_back(r); });
  REQUIRE(loop->run_until([&] { return over.size() == 2; }, kLong));
  CHECK(over == std::vector{true, false});
  CHECK(host.opens == 0);
  CHECK(client.connection_count() == 0);
}

TEST_CASE("L1/12: a single dial is cut off when the interface is", "[linux][bootstrap]") {
  auto loop = make_loop();
  SystemRandom random;
  FakeHost host, peer_host;
  TcpInterface server(*loop, peer_host, random, fast());
  const Endpoint where = must_listen(server);
  bool told = false;
  {
    TcpInterface client(*loop, host, random, fast());
    client.dial_once(once(where), [&](bool) { told = true; });  // before its first turn
    client.shut_down();
    client.dial_once(once(where), [&](bool) { told = true; });
    REQUIRE(loop->run_until([&] { return host.opens == 1; }, kLong));
  }  // while it shakes hands
  loop->run_until([] { return false; }, Millis{50});
  CHECK_FALSE(told);
}

TEST_CASE("L1/12: names are resolved within a limit", "[linux][bootstrap]") {
  auto loop = make_loop();
  Resolver resolver(*loop);
  std::optional<std::vector<l1::PeerAddress>> found;
  const auto answer = [&](const auto& list) { found = list; };
  resolver.ask({"localhost", 4711}, kLong, answer);
  CHECK_FALSE(found.has_value());
  REQUIRE(loop->run_until([&] { return found.has_value(); }, kLong));
  REQUIRE_FALSE(found->empty());
  for (const auto& address : *found) {
    CHECK(l1::reach_of(address.host) == l1::Reach::host);
    CHECK(address.port == 4711);
  }
  found.reset();
  resolver.ask({"no-such-name.invalid", 1}, kLong, answer);
  REQUIRE(loop->run_until([&] { return found.has_value(); }, kLong));
  CHECK(found->empty());
  // The limit passes first; and the next question finds the thread busy or free, but is answered.
  found.reset();
  resolver.ask({"no-such-name.invalid", 1}, Millis{0}, answer);
  REQUIRE(loop->run_until([&] { return found.has_value(); }, kLong));
  CHECK(found->empty());
  found.reset();
  resolver.ask({"127.0.0.2", 5}, kLong, answer);
  REQUIRE(loop->run_until([&] { return found.has_value(); }, kLong));
  // Nobody is told after the end.
  found.reset();
  {
    Resolver short_lived(*loop);
    short_lived.ask({"localhost", 1}, kLong, answer);
  }
  loop->run_until([] { return false; }, Millis{50});
  CHECK_FALSE(found.has_value());
}

TEST_CASE("L1/12: addresses as text and as bytes", "[linux][bootstrap]") {
  CHECK(at({"192.0.2.7", 80}).host == l1::host_of_v4(std::array<std::uint8_t, 4>{192, 0, 2, 7}));
  CHECK(to_endpoint(at({"192.0.2.7", 80})) == Endpoint{"192.0.2.7", 80});
  CHECK(to_endpoint(at({"2001:db8::5", 4247})) == Endpoint{"2001:db8::5", 4247});
  CHECK_FALSE(literal_peer({"node.example", 1}).has_value());
}

TEST_CASE("README/8 13: a router's port is asked for, renewed and given back",
          "[linux][bootstrap]") {
  auto loop = make_loop();
  FakeRouter::State refuses, grants;
  grants.grant = PortMethod::Granted{5000, 2};
  std::vector<std::optional<std::uint16_t>> changes;
  {
    PortMapper mapper(
        *loop, 4247, [&](auto port) { changes.push_back(port); }, {}, routers({&refuses, &grants}));
    REQUIRE(loop->run_until([&] { return !changes.empty(); }, kLong));
    CHECK(changes == std::vector{std::optional<std::uint16_t>(5000)});
    // Asked again at half of two seconds.
    loop->run_until([] { return false; }, Millis{1'500});
  }
  CHECK(refuses.asked.size() == 1);  // whoever granted comes first from then on
  CHECK(refuses.unmapped == 0);
  REQUIRE(grants.asked.size() >= 2);
  CHECK(grants.asked[0] == std::pair<std::uint16_t, std::uint16_t>{4247, 4247});
  CHECK(grants.asked[1] == std::pair<std::uint16_t, std::uint16_t>{4247, 5000});
  CHECK(grants.unmapped == 1);
  CHECK(changes.size() == 1);
}

TEST_CASE("README/8 13: a router that hangs does not hold the end up", "[linux][bootstrap]") {
  // All that the thread touches lives as long as it does.
  struct Gate {
    std::mutex mutex;
    std::condition_variable changed;
    bool entered = false;
    bool open = false;
  };
  class Hanging final : public PortMethod {
   public:
    explicit Hanging(std::shared_ptr<Gate> gate) : gate_(std::move(gate)) {}
    [[nodiscard]] std::string_view name() const override { return "a fake"; }
    std::optional<Granted> map(std::uint16_t, std::uint16_t) override {
      std::unique_lock lock(gate_->mutex);
      gate_->entered = true;
      gate_->changed.notify_all();
      gate_->changed.wait(lock, [this] { return gate_->open; });
      return Granted{1, 1};
    }
    void unmap() override {}

   private:
    std::shared_ptr<Gate> gate_;
  };
  const auto gate = std::make_shared<Gate>();
  bool told = false;
  {
    auto loop = make_loop();
    std::vector<std::unique_ptr<PortMethod>> methods;
    methods.push_back(std::make_unique<Hanging>(gate));
    const PortMapper mapper(
        *loop, 4247, [&](auto) { told = true; }, {}, std::move(methods));
    std::unique_lock lock(gate->mutex);
    gate->changed.wait(lock, [&] { return gate->entered; });
  }
  std::unique_lock lock(gate->mutex);
  gate->open = true;
  gate->changed.notify_all();
  CHECK_FALSE(told);
}

TEST_CASE("README/8 13: without a router that grants the node goes on", "[linux][bootstrap]") {
  auto loop = make_loop();
  FakeRouter::State refuses;
  std::vector<std::optional<std::uint16_t>> changes;
  std::vector<std::string> told;
  {
    PortMapper mapper(
        *loop, 4247, [&](auto port) { changes.push_back(port); },
        [&](LogLevel, std::string_view event, std::string_view) { told.emplace_back(event); },
        routers({&refuses}));
    REQUIRE(loop->run_until([&] { return !changes.empty(); }, kLong));
  }
  CHECK(changes == std::vector{std::optional<std::uint16_t>()});
  CHECK(told == std::vector<std::string>{"port.not_mapped"});
  CHECK(refuses.unmapped == 0);
  PortMapper none(*loop, 4247, {}, {}, {});  // nothing built in
}

namespace {

/// The door of a node: messages go to whoever is at the other end of the link.
class FakeDoor final : public l1::ControlDoor {
 public:
  void on_control_type(std::uint8_t type, l1::ControlHandler* handler) override {
    CHECK(type == l1::kPeerExchangeType);
    handler_ = handler;
  }
  Status send_control(l0::LinkId link, std::uint8_t tier, ByteView message) override {
    CHECK(tier == 1);
    sent[link].emplace_back(message.begin(), message.end());
    return {};
  }
  [[nodiscard]] std::size_t room_for(l0::LinkId, std::size_t) const override { return 50; }
  [[nodiscard]] std::optional<l1::LinkEnd> end_of(l0::LinkId) const override { return {}; }
  [[nodiscard]] std::optional<l0::LinkId> link_to(const NodeId&) const override { return {}; }
  bool seek(const NodeId&) override { return false; }
  std::map<l0::LinkId, std::vector<Bytes>> sent;
  l1::ControlHandler* handler_ = nullptr;
};

NodeId node(std::uint8_t n) {
  NodeId id;
  id.bytes[0] = n;
  return id;
}

l0::LinkInfo link_info(std::uint16_t id, std::uint8_t peer, l0::LinkRole role) {
  l0::LinkInfo info;
  info.id = {id};
  info.peer = node(peer);
  info.role = role;
  info.mtu = Mtu{4096};
  return info;
}

}  // namespace

TEST_CASE("L1/12: what was dialled is remembered over a restart, and dialled first",
          "[linux][bootstrap]") {
  TempDir dir;
  SystemRandom random;
  auto loop = make_loop();
  auto storage = SqliteStorage::open(dir.path());
  REQUIRE(storage.has_value());
  FakeHost peer_host;
  TcpInterface server(*loop, peer_host, random, fast());
  const Endpoint where = must_listen(server);
  const auto run = [&](const BootstrapConfig& config, bool up) {
    FakeHost host;
    FakeDoor door;
    TcpInterface tcp(*loop, host, random, fast());
    Bootstrapper boot(node(1), config, {*loop, tcp, **storage, random, door, {}});
    REQUIRE(door.handler_ == &boot);
    boot.start();
    REQUIRE(loop->run_until([&] { return host.opens == 1; }, kLong));
    CHECK(host.open[0].expected == (up ? std::optional<NodeId>() : node(2)));
    Medium& medium = *host.open[0].medium;
    const auto info = link_info(7, 2, l0::LinkRole::initiator);
    boot.on_link_up(info, medium);
    tcp.authenticated(medium, node(2));
    REQUIRE(loop->run_until([&] { return !door.sent[{7}].empty(); }, kLong));
    CHECK(door.handler_->on_control({7}, door.sent[{7}].front()).has_value());
    CHECK_FALSE(door.handler_->on_control({7}, Bytes{0x98, 9, 9}).has_value());
    boot.on_link_down({7});
    boot.stop();
  };
  BootstrapConfig config;
  config.discover = true;
  config.list = {where};
  run(config, true);
  config.list = {nobody()};
  run(config, false);
  // A damaged book is an empty one, and is told.
  const Bytes bad{1, 2, 3, 4};
  const std::array<Storage::Put, 1> batch{Storage::Put{l1::kPeersKey, bad}};
  REQUIRE((*storage)->put(batch).has_value());
  config.list = {where};
  run(config, true);
}

}  // namespace mehr::linux_port::test
