// Two nodes and a hostile wire, driven by operations drawn from the input: handshakes, traffic,
// time, and everything a wire can do to frames. spec: L0/5, L0/6, L2/3
//
// Held after every step: nothing arrives that was not sent, nothing arrives twice on one link, and
// no table grows past its limit.
#include <cstdlib>
#include <set>

#include "fake_links.h"

namespace {

using namespace mehr;
using namespace mehr::l0;
using namespace mehr::l0::test;

void require(bool held) {
  if (!held) std::abort();
}

class Drive {
 public:
  explicit Drive(ByteView script)
      : script_(script), a_(world_, 0, config()), b_(world_, 32, config()) {
    watch(a_);
    watch(b_);
    MediumInfo info = take() & 1 ? MediumInfo{} : datagrams();
    info.bandwidth = BitsPerSecond{1000};  // a key is due after 1 MB or an hour
    pipe_ = &world_.join(a_, b_, info);
  }

  void run() {
    for (int steps = 0; !script_.empty() && steps < 200; ++steps) {
      operate(take());
      check(a_);
      check(b_);
    }
  }

 private:
  static Links::Config config() {
    Links::Config config;
    config.limits = Limits::small();
    return config;
  }
  std::uint8_t take() {
    if (script_.empty()) return 0;
    const std::uint8_t byte = script_.front();
    script_ = script_.subspan(1);
    return byte;
  }
  void watch(FakeNode& node) {
    node.heard.packet_hook = [this](LinkId from, MutableBytes packet) {
      require(packet.size() >= 4);
      const std::uint32_t number = static_cast<std::uint32_t>(packet[1]) |
                                   static_cast<std::uint32_t>(packet[2]) << 8 |
                                   static_cast<std::uint32_t>(packet[3]) << 16;
      require(sent_.contains(number));
      require(arrived_.insert({from.value, number}).second);
    };
  }
  void operate(std::uint8_t op) {
    FakeNode& node = op & 0x80 ? a_ : b_;
    FakeMedium& inbound = op & 0x80 ? pipe_->a : pipe_->b;
    switch (op & 0x0F) {
      case 0:
      case 1:
      case 2:
        return (void)world_.deliver_one(inbound, node);
      case 3:
        if (!inbound.inbox.empty()) inbound.inbox.pop_front();
        return;
      case 4:
        if (!inbound.inbox.empty()) inbound.inbox.push_back(inbound.inbox.front());
        return;
      case 5:
        return flip(inbound);
      case 6:
        return inject(inbound, node);
      case 7:
      case 8:
        return say(node);
      case 9:
        return pass(Millis{static_cast<std::uint64_t>(take()) * 100});
      case 10:
        return pass(Millis::seconds(static_cast<std::uint64_t>(take()) * 20));
      case 11:
        if (node.links.establish(inbound, Remote{}, std::nullopt)) return;
        return;
      case 12:
        if (!node.heard.up.empty()) {
          node.links.close(node.heard.up.back().id, static_cast<CloseReason>(take() & 7));
        }
        return;
      case 13:
        if (!inbound.inbox.empty())
          std::rotate(inbound.inbox.begin(), inbound.inbox.begin() + 1, inbound.inbox.end());
        return;
      case 14:
        inbound.full = !inbound.full;
        if (!inbound.full) node.links.on_writable(inbound);
        return;
      default:
        return reflect(inbound, node);
    }
  }
  void flip(FakeMedium& inbound) {
    if (inbound.inbox.empty() || inbound.inbox.front().empty()) return;
    Bytes& frame = inbound.inbox.front();
    frame[take() % frame.size()] ^= static_cast<std::uint8_t>(take() | 1);
  }
  void inject(FakeMedium& inbound, FakeNode& node) {
    Bytes frame(std::min<std::size_t>(take(), script_.size()));
    for (auto& byte : frame) byte = take();
    node.links.on_frame(inbound, {}, frame);
  }
  // Gives a node what it sent itself.
  void reflect(FakeMedium& inbound, FakeNode& node) {
    if (inbound.sent.empty()) return;
    Bytes frame = inbound.sent[take() % inbound.sent.size()];
    node.links.on_frame(inbound, {}, frame);
  }
  void say(FakeNode& node) {
    if (node.heard.up.empty()) return;
    Bytes packet(4 + take(), 0x33);
    ++counter_;
    packet[0] = 0x10;
    packet[1] = static_cast<std::uint8_t>(counter_);
    packet[2] = static_cast<std::uint8_t>(counter_ >> 8);
    packet[3] = static_cast<std::uint8_t>(counter_ >> 16);
    sent_.insert(counter_);
    if (node.links.send_packet(node.heard.up.back().id, packet, Padding::by_class)) return;
  }
  void pass(Millis span) {
    world_.timers.run_until(world_.clock.at + span, [] {});
  }
  static void check(FakeNode& node) {
    const Limits limits = Limits::small();
    require(node.links.half_open() <= limits.half_open_links);
    require(node.links.status().size() <= limits.links);
  }

  ByteView script_;
  World world_;
  FakeNode a_, b_;
  World::Pipe* pipe_ = nullptr;
  std::uint32_t counter_ = 0;
  std::set<std::uint32_t> sent_;
  std::set<std::pair<std::uint16_t, std::uint32_t>> arrived_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Drive(ByteView(data, size)).run();
  return 0;
}
