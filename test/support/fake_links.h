// Two or more L0 nodes in memory: virtual time, seeded chance, media as queues that tests can bend.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "mehr/l0/identity.h"
#include "mehr/l0/links.h"

namespace mehr::l0::test {

class FakeClock final : public Clock {
 public:
  Millis now() override { return at; }
  NodeTime node_time() override { return NodeTime{node_base + at.count}; }
  Millis at{1000};
  std::uint64_t node_base = 1'700'000'000'000;
};

class FakeTimers final : public Timers {
 public:
  explicit FakeTimers(FakeClock& clock) : clock_(clock) {}
  void wake_at(Wakeable& who, Millis at) override {
    std::erase_if(wakes_, [&](const auto& w) { return w.first == &who; });
    if (at != Millis::never()) wakes_.emplace_back(&who, at);
  }
  /// Moves time to @p until, waking everybody due on the way, in order.
  void run_until(Millis until, const std::function<void()>& settle) {
    for (;;) {
      auto next = std::min_element(wakes_.begin(), wakes_.end(),
                                   [](auto& a, auto& b) { return a.second < b.second; });
      if (next == wakes_.end() || next->second > until) break;
      Wakeable* who = next->first;
      clock_.at = std::max(clock_.at, next->second);
      wakes_.erase(next);
      who->on_wake(clock_.at);
      settle();
    }
    clock_.at = std::max(clock_.at, until);
  }

 private:
  FakeClock& clock_;
  std::vector<std::pair<Wakeable*, Millis>> wakes_;
};

/// xorshift: good enough to be different, the same for the same seed.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  void fill(MutableBytes out) override {
    for (auto& b : out) {
      state_ ^= state_ << 13;
      state_ ^= state_ >> 7;
      state_ ^= state_ << 17;
      b = static_cast<std::uint8_t>(state_ >> 24);
    }
  }

 private:
  std::uint64_t state_;
};

/// Hands out the byte strings it was given, one per fill, then falls back to a seed.
class ScriptedRandom final : public Random {
 public:
  std::deque<Bytes> script;
  SeededRandom rest{1};
  void fill(MutableBytes out) override {
    if (script.empty()) return rest.fill(out);
    copy_bytes(ByteView(script.front()).first(out.size()), out);
    script.pop_front();
  }
};

/// One end of a pipe. What is sent waits in the other end's `inbox` until the test delivers it.
class FakeMedium final : public Medium {
 public:
  MediumInfo details;
  FakeMedium* other = nullptr;
  std::deque<Bytes> inbox;
  std::vector<Bytes> sent;  // everything that left here, for inspection
  SourceKey source;         // of frames that arrive here
  Remote address;           // of this end, told to the other end with every frame
  bool closed = false;
  bool full = false;
  bool busy = false;  // somebody else speaks

  [[nodiscard]] const MediumInfo& info() const override { return details; }
  Status send(const Remote&, ByteView frame) override {
    if (closed) return fail(Errc::io, "closed");
    if (full) return fail(Errc::full, "full");
    if (busy) return fail(Errc::busy, "busy");
    sent.emplace_back(frame.begin(), frame.end());
    if (other != nullptr && !other->closed) other->inbox.emplace_back(frame.begin(), frame.end());
    return {};
  }
  void close() override {
    if (details.stream) closed = true;
  }
};

/// A listener that remembers.
class Heard final : public LinkListener, public LinkObserver {
 public:
  std::vector<LinkInfo> up;
  std::vector<std::pair<LinkId, CloseReason>> down;
  std::vector<Bytes> packets;
  std::vector<Bytes> controls;
  std::vector<std::pair<NodeId, Mtu>> too_big;
  std::vector<Bytes> clear;
  std::vector<Bytes> neighbour;
  std::vector<std::string> refused;
  std::vector<Millis> round_trips;
  std::vector<std::uint64_t> malformed;
  int writable = 0;
  std::function<void(LinkId, MutableBytes)> packet_hook;

  void on_link_up(const LinkInfo& link) override { up.push_back(link); }
  void on_link_down(LinkId link, CloseReason reason) override { down.emplace_back(link, reason); }
  void on_packet(LinkId from, MutableBytes packet) override {
    packets.emplace_back(packet.begin(), packet.end());
    if (packet_hook) packet_hook(from, packet);
  }
  void on_control(LinkId, ByteView m) override { controls.emplace_back(m.begin(), m.end()); }
  void on_packet_too_big(LinkId, const NodeId& d, Mtu m) override { too_big.emplace_back(d, m); }
  void on_link_writable(LinkId) override { ++writable; }
  void on_round_trip(LinkId, Millis rtt) override { round_trips.push_back(rtt); }
  void on_clear_packet(MediumHandle, MutableBytes p) override {
    clear.emplace_back(p.begin(), p.end());
  }
  void on_neighbour_frame(const NeighbourFrame& f) override {
    neighbour.emplace_back(f.body.begin(), f.body.end());
  }
  void on_link_up(const LinkInfo&, const Medium&) override {}
  void on_link_down(const LinkInfo&, CloseReason) override {}
  void on_refused(const MediumInfo&, const SourceKey&, const Error& why) override {
    refused.emplace_back(why.text);
  }
  void on_malformed(const LinkInfo&, std::uint64_t count) override { malformed.push_back(count); }
};

inline crypto::Seed seed_of(std::uint8_t first) {
  crypto::Seed seed;
  for (std::size_t i = 0; i < 32; ++i) {
    seed.expose_mutable()[i] = static_cast<std::uint8_t>(first + i);
  }
  return seed;
}

struct World;

/// A node of the fake world: identity, Links, listener.
struct FakeNode {
  FakeNode(World& world, std::uint8_t seed, Links::Config config = {});
  Identity identity;
  SeededRandom random;
  Heard heard;
  Links links;
};

struct World {
  FakeClock clock;
  FakeTimers timers{clock};
  struct Pipe {
    FakeMedium a, b;
    FakeNode* node_a;
    FakeNode* node_b;
  };
  std::vector<std::unique_ptr<Pipe>> pipes;
  /// Decides the fate of a frame on its way; false loses it. It may change the bytes.
  std::function<bool(Bytes&)> fate;

  /// Joins two nodes by a medium, attached on both ends.
  Pipe& join(FakeNode& x, FakeNode& y, const MediumInfo& info = {}) {
    auto& pipe = *pipes.emplace_back(std::make_unique<Pipe>());
    pipe.a.details = pipe.b.details = info;
    pipe.a.other = &pipe.b;
    pipe.b.other = &pipe.a;
    pipe.node_a = &x;
    pipe.node_b = &y;
    (void)x.links.attach(pipe.a);
    (void)y.links.attach(pipe.b);
    return pipe;
  }
  /// The same, and x asks y for a link; delivered until quiet.
  Pipe& link(FakeNode& x, FakeNode& y, const MediumInfo& info = {}) {
    Pipe& pipe = join(x, y, info);
    (void)x.links.establish(pipe.a, Remote{}, std::nullopt);
    settle();
    return pipe;
  }
  bool deliver_one(FakeMedium& to, FakeNode& node) {
    if (to.inbox.empty()) return false;
    Bytes frame = std::move(to.inbox.front());
    to.inbox.pop_front();
    if (to.closed) return true;
    if (fate && !fate(frame)) return true;
    FrameInfo info;
    info.source = to.source;
    if (to.other != nullptr) info.from = to.other->address;
    node.links.on_frame(to, info, frame);
    return true;
  }
  void close_ends(Pipe& pipe) {
    if (!pipe.a.closed && !pipe.b.closed) return;
    if (!pipe.a.inbox.empty() || !pipe.b.inbox.empty()) return;
    pipe.a.closed = pipe.b.closed = true;
    if (pipe.a.receiver_handle != 0) pipe.node_a->links.on_closed(pipe.a);
    if (pipe.b.receiver_handle != 0) pipe.node_b->links.on_closed(pipe.b);
  }
  /// Delivers frames, and what they cause, until nothing moves.
  void settle() {
    for (bool moved = true; moved;) {
      moved = false;
      for (auto& pipe : pipes) {
        moved = deliver_one(pipe->a, *pipe->node_a) || moved;
        moved = deliver_one(pipe->b, *pipe->node_b) || moved;
        close_ends(*pipe);
      }
    }
  }
  void run_for(Millis span) {
    timers.run_until(clock.at + span, [this] { settle(); });
    settle();
  }
};

inline FakeNode::FakeNode(World& world, std::uint8_t seed, Links::Config config)
    : identity(Identity::from_seed(seed_of(seed))),
      random(seed),
      links(config, identity, world.clock, world.timers, random) {
  links.set_listener(&heard);
  links.set_observer(&heard);
}

/// A datagram medium of the Constrained class, slow and half-duplex.
inline MediumInfo radio() {
  MediumInfo info;
  info.stream = false;
  info.half_duplex = true;
  info.bandwidth = BitsPerSecond{20'000};
  info.latency = Millis{1000};
  info.mtu = Mtu{484};
  return info;
}
inline MediumInfo datagrams(Mtu mtu = Mtu{1500}) {
  MediumInfo info;
  info.stream = false;
  info.mtu = mtu;
  return info;
}

/// A packet of type data for @p destination with @p n bytes of DATA.
inline Bytes data_packet(const NodeId& destination, std::size_t n, std::uint8_t fill = 0x61) {
  Bytes out(19 + n, fill);
  out[0] = 0x10;
  out[1] = 0;
  std::copy(destination.bytes.begin(), destination.bytes.end(), out.begin() + 2);
  out[18] = 0xE2;
  return out;
}

inline std::string hex(ByteView bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const auto b : bytes) {
    out += kDigits[b >> 4];
    out += kDigits[b & 15];
  }
  return out;
}

}  // namespace mehr::l0::test
