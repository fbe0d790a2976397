// UDP as a medium, and neighbours found on it. spec: L0/4, L0/5.1, L0/7
#include "mehr/linux/udp.h"

#include "mehr/l0/identity.h"
#include "mehr/l0/links.h"
#include "mehr/linux/neighbour_finder.h"
#include "support.h"

namespace mehr::linux_port::test {
namespace {

UdpConfig config(std::uint16_t index = 1) {
  UdpConfig out;
  out.name = "udp";
  out.info.interface = InterfaceId{index};
  out.info.stream = false;
  out.info.mtu = Mtu{1500};
  out.listen = local();
  return out;
}

TEST_CASE("L0 4: a frame is a datagram, to one or to everyone configured", "[linux][udp]") {
  auto loop = make_loop();
  FakeHost host_a;
  FakeHost host_b;
  auto a = UdpInterface::make(*loop, host_a, config());
  a->start();
  REQUIRE(a->listening().has_value());
  UdpConfig with_peer = config();
  with_peer.peers.push_back({*a->listening(), std::nullopt});
  auto b = UdpInterface::make(*loop, host_b, with_peer);
  b->start();
  REQUIRE(host_b.open.size() == 1);
  REQUIRE(b->peers().size() == 1);
  CHECK(address_text(b->peers()[0].at) == to_string(*a->listening()));
  CHECK(address_text(Remote{}).empty());
  Remote from_b;
  host_a.when_frame = [&](Medium& medium, MutableBytes frame) {
    CHECK(medium.send(from_b, frame).has_value());
  };
  const auto port = b->listening()->port;
  const Remote back{{0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0,
                     0xFF,
                     0xFF,
                     127,
                     0,
                     0,
                     1,
                     static_cast<std::uint8_t>(port >> 8),
                     static_cast<std::uint8_t>(port),
                     0,
                     0}};
  from_b = back;
  REQUIRE(host_b.open[0].medium->send(Remote{}, Bytes{0x91, 1, 2}));  // everyone: the one peer
  REQUIRE(loop->run_until([&] { return host_b.frames == 1; }, kLong));
  CHECK(host_a.received[0] == Bytes{0x91, 1, 2});
  CHECK(host_b.received[0] == Bytes{0x91, 1, 2});
  CHECK_FALSE(host_a.last_source.is_zero());
  CHECK(host_b.open[0].medium->send(Remote{}, Bytes(1525)).error().code == Errc::too_big);
  REQUIRE(host_b.open[0].medium->send(Remote{}, Bytes(1524, 0x91)));  // in fragments, if need be
  REQUIRE(loop->run_until([&] { return host_a.frames == 2; }, kLong));
  CHECK(a->status().frames_in == 2);
  a->shut_down();
  REQUIRE(loop->run_until([&] { return a->is_idle(); }, kLong));
  CHECK(host_a.closes == 1);
}

TEST_CASE("L0 7: an address that cannot be had is a sentence", "[linux][udp]") {
  auto loop = make_loop();
  FakeHost host;
  UdpConfig wrong = config();
  wrong.listen = {"192.0.2.1", 4247};
  auto port = UdpInterface::make(*loop, host, wrong);
  port->start();
  CHECK_FALSE(port->status().up);
  CHECK(port->status().state.find("cannot listen on 192.0.2.1:4247") != std::string::npos);
  UdpConfig device = config();
  device.multicast = Endpoint{"239.77.72.82", 4247};
  device.device = "nosuch0";
  auto other = UdpInterface::make(*loop, host, device);
  other->start();
  CHECK(other->status().state.find("cannot join the group 239.77.72.82 on nosuch0") !=
        std::string::npos);
  CHECK(host.opens == 0);
}

/// A node with L0 alone on a UDP interface, with what finds its neighbours.
struct Node final : MediumHost, l0::LinkObserver {
  Node(Loop& loop, Random& random, const UdpConfig& udp)
      : identity(l0::Identity::generate(random)),
        links({{Mtu{1500}, 0}, Limits::small()}, identity, loop, loop, random),
        finder(loop, links, identity.node_id(), random),
        port(UdpInterface::make(loop, *this, udp)) {
    links.set_observer(this);
    port->start();
  }
  ~Node() override {
    links.set_observer(nullptr);
    port.reset();
  }
  Status opened(Medium& medium, const SourceKey&, bool, std::optional<NodeId>) override {
    if (auto attached = links.attach(medium); !attached) return attached;
    finder.attached(medium, [this] {
      std::vector<NeighbourFinder::Target> out;
      for (const auto& p : port->peers()) out.push_back({p.at, p.expected});
      return out;
    });
    return {};
  }
  void on_frame(Medium& m, const FrameInfo& i, MutableBytes f) override { links.on_frame(m, i, f); }
  void on_writable(Medium& m) override { links.on_writable(m); }
  void on_closed(Medium& m) override {
    finder.detached(m);
    links.on_closed(m);
  }
  void on_link_up(const l0::LinkInfo& link, const Medium& medium) override {
    finder.on_link_up(link, medium);
    ++ups;
  }
  void on_link_down(const l0::LinkInfo& link, l0::CloseReason) override {
    finder.on_link_down(link);
  }
  void on_refused(const MediumInfo&, const SourceKey&, const Error&) override {}
  void on_heard(Medium& medium, const l0::NeighbourFrame& frame) override {
    finder.on_heard(medium, frame);
  }

  l0::Identity identity;
  l0::Links links;
  NeighbourFinder finder;
  std::unique_ptr<UdpInterface> port;
  std::size_t ups = 0;
};

TEST_CASE("L0 5.1: a configured peer is linked, and only once", "[linux][udp]") {
  auto loop = make_loop();
  SystemRandom random;
  Node a(*loop, random, config());
  UdpConfig with_peer = config();
  with_peer.peers.push_back({*a.port->listening(), a.identity.node_id()});
  Node b(*loop, random, with_peer);
  REQUIRE(loop->run_until([&] { return a.ups == 1 && b.ups == 1; }, kLong));
  CHECK(b.links.status()[0].info.peer == a.identity.node_id());
  CHECK(address_text(b.links.status()[0].info.remote) == to_string(*a.port->listening()));
  (void)loop->run_until([] { return false; }, Millis{6'000});
  CHECK(a.links.status().size() == 1);
  CHECK(a.ups == 1);
}

TEST_CASE("L0 7: three nodes of one network find each other by the group", "[linux][udp]") {
  auto loop = make_loop();
  SystemRandom random;
  UdpConfig grouped = config();
  grouped.listen = {"0.0.0.0", 0};
  grouped.multicast = Endpoint{"239.77.72.83", 14'247};
  std::vector<std::unique_ptr<Node>> nodes;
  for (int i = 0; i < 3; ++i) nodes.push_back(std::make_unique<Node>(*loop, random, grouped));
  if (!nodes[0]->port->status().up) {
    WARN("skipped: " << nodes[0]->port->status().state);
    return;
  }
  REQUIRE(loop->run_until(
      [&] {
        return std::all_of(nodes.begin(), nodes.end(),
                           [](const auto& n) { return n->links.status().size() == 2; });
      },
      kLong));
}

}  // namespace
}  // namespace mehr::linux_port::test
