// Two nodes and one secure link in one process: the shortest whole use of libmehr's layer 0.
//
// A node is an Identity and a Links. The world comes in through four seams, here a few lines each:
// Clock, Timers, Random, Medium. A port puts an event loop, sockets and the system's entropy there.
// Prints what each node received from the other; exit code 1 when something did not arrive.
#include <cstdio>
#include <deque>
#include <random>
#include <string>

#include "mehr/l0/identity.h"
#include "mehr/l0/links.h"
#include "mehr/l0/packet.h"

using namespace mehr;

// Time stands still: everything below happens within one millisecond, so no timer ever rings.
struct StillClock final : Clock {
  Millis now() override { return {}; }
  NodeTime node_time() override { return {}; }
};
struct NoTimers final : Timers {
  void wake_at(Wakeable&, Millis) override {}
};
struct SystemRandom final : Random {
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = static_cast<std::uint8_t>(device());
  }
  std::random_device device;
};

// One end of a cable: what is sent waits until main carries it to the other end.
struct CableEnd final : Medium {
  const MediumInfo& info() const override { return properties; }
  Status send(const Remote&, ByteView frame) override {
    return queue.emplace_back(frame.begin(), frame.end()), Status{};
  }
  void close() override {}
  MediumInfo properties;
  std::deque<Bytes> queue;
};

// The floor above L0: greets whoever a link comes up to, prints what arrives.
struct Greeter final : l0::LinkListener {
  Greeter(const char* own_name, l0::Links& own) : name(own_name), links(own) {}
  void on_link_up(const l0::LinkInfo& link) override {
    const l0::Packet hello{l0::PacketFlags::of(l0::PacketType::data, true), 0, link.peer, 0,
                           Tail{as_bytes("hello over a sealed link")}};
    std::array<std::uint8_t, 64> buffer{};
    const auto packet = encode(hello, buffer);
    if (!packet || !links.send_packet(link.id, *packet, l0::Padding::by_class)) {
      std::printf("%s could not send\n", name);
    }
  }
  void on_packet(l0::LinkId, MutableBytes bytes) override {
    const auto packet = decode<l0::Packet>(bytes);
    if (!packet) return;
    const std::string text(packet->data.bytes.begin(), packet->data.bytes.end());
    received = std::printf("%s received: %s\n", name, text.c_str()) > 0;
  }
  void on_link_down(l0::LinkId, l0::CloseReason) override {}
  void on_control(l0::LinkId, ByteView) override {}
  void on_packet_too_big(l0::LinkId, const NodeId&, Mtu) override {}
  void on_link_writable(l0::LinkId) override {}
  const char* name;
  l0::Links& links;
  bool received = false;
};

struct Node {
  Node(const char* name, StillClock& clock, NoTimers& timers, SystemRandom& random)
      : identity(l0::Identity::generate(random)),
        links({{}, Limits::minimal()}, identity, clock, timers, random),
        greeter(name, links) {
    links.set_listener(&greeter);
  }
  l0::Identity identity;
  CableEnd cable;
  l0::Links links;
  Greeter greeter;
};

void carry(Node& from, Node& to) {
  for (auto& queue = from.cable.queue; !queue.empty(); queue.pop_front()) {
    to.links.on_frame(to.cable, {}, queue.front());
  }
}

int main() {
  StillClock clock;
  NoTimers timers;
  SystemRandom random;
  Node alice("alice", clock, timers, random), bob("bob", clock, timers, random);
  if (!alice.links.attach(alice.cable) || !bob.links.attach(bob.cable)) return 1;

  // Alice dials and insists that bob, by his NodeID, answers: INIT, RESP, AUTH cross the cable,
  // then the greetings in sealed DATA frames.
  if (!alice.links.establish(alice.cable, Remote{}, bob.identity.node_id())) return 1;
  while (!alice.cable.queue.empty() || !bob.cable.queue.empty()) {
    carry(alice, bob);
    carry(bob, alice);
  }
  return alice.greeter.received && bob.greeter.received ? 0 : 1;
}
