// Nodes on a LoRa channel that scan before they speak: spec L1/10.1 from the port up.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <map>

#include "mehr/l0/link_frames.h"
#include "mehr/l1/congestion_signal.h"
#include "mehr/sim/sim.h"

namespace mehr::sim::test {

namespace {

constexpr std::size_t kOverhead = 24;
constexpr Mtu kMtu{484};

Media radio(bool scans) {
  Media media = Media::lora().named("air").spreading(7).duty_cycle(1);
  media.lora_radio.region = Region::unlimited;
  media.scans = scans;
  return media;
}

/// n0 behind n1, and n1, n2, n3 within range of each other.
Topology three_on_the_air(const Media& air) {
  Topology t;
  t.media = {{"tcp", Media::tcp().named("tcp")}, {"air", air}};
  t.nodes.resize(4);
  for (std::size_t i = 0; i < 4; ++i) {
    t.nodes[i].name = "n" + std::to_string(i);
    t.nodes[i].at = {static_cast<double>(i) * 100, 0};
  }
  t.links = {{0, 1, "tcp"}, {1, 2, "air"}, {1, 3, "air"}, {2, 3, "air"}};
  return t;
}

/// Sends P2 messages, by default more than the channel takes.
class Flood final : public Program {
 public:
  explicit Flood(NodeIndex to, Millis every = Millis{200}) {
    timer_.to = to;
    timer_.every = every;
  }
  void start(Node& node) override {
    timer_.node = &node;
    node.wake_at(timer_, node.now() + Millis::seconds(1));
  }
  void stop(Node& node) override { node.wake_at(timer_, Millis::never()); }

 private:
  struct Timer final : Wakeable {
    void on_wake(Millis now) override {
      Bytes body(300, 0x55);
      Writer(body).put(++said);  // equal packets would be taken for one
      const NodeId whom = node->sim().node(to).id();
      static_cast<void>(node->stack().network().send(whom, {context::kStandard, 0}, body, {}));
      node->wake_at(*this, now + every);
    }
    Node* node = nullptr;
    NodeIndex to = kNoNode;
    Millis every;
    std::uint64_t said = 0;
  };
  Timer timer_;
};

/// A transmitter that speaks whenever the rules let it, and to nobody.
class Jammer final : public Host, private EventSink {
 public:
  Jammer(Sim& sim, Channel& channel) : sim_(sim), index_(static_cast<NodeIndex>(sim.size())) {
    channel.add(*this);
    channel.node_up(index_);
  }
  ~Jammer() override { sim_.queue().cancel(event_); }
  Jammer(const Jammer&) = delete;
  Jammer& operator=(const Jammer&) = delete;
  [[nodiscard]] NodeIndex index() const override { return index_; }
  [[nodiscard]] Position position() const override { return {150, 50}; }
  [[nodiscard]] bool may_move() const override { return false; }
  void opened(Medium& medium, ChannelId, NodeIndex, bool) override { medium_ = &medium; }
  void arrived(Medium&, ChannelId, const FrameInfo&, Bytes) override {}
  void writable(Medium&) override { speak(); }
  void closed(Medium&) override {}
  void speak() {
    const Bytes noise(kMtu.bytes + kOverhead, 0x7F);
    const Status sent = medium_->send(Remote{}, noise);
    const bool again = sent || sent.error().code == Errc::busy;
    if (!again) return;  // it will be told
    sim_.queue().cancel(event_);
    event_ = sim_.queue().after(1ms, *this);
  }

 private:
  void on_event(Instant, std::uint64_t) override { speak(); }
  Sim& sim_;
  NodeIndex index_;
  Medium* medium_ = nullptr;
  EventId event_;
};

/// What L1 tried on each link of the channel: frames of L0 itself are shorter than its own.
class Tries final : public Observer {
 public:
  struct Try {
    enum class How : std::uint8_t { sent, busy, full } how;
    Instant at;
  };
  explicit Tries(Recorder& recorder) : recorder_(recorder) {
    recorder.add(*this, WhatSet::of({What::frame_sent, What::frame_refused}));
  }
  ~Tries() override { recorder_.remove(*this); }
  Tries(const Tries&) = delete;
  Tries& operator=(const Tries&) = delete;
  void on_happening(const Happening& h) override {
    constexpr std::size_t kLeastOfL1 = 22 + kOverhead;
    if (h.bytes.size() < kLeastOfL1 || !l0::is_data_frame(h.bytes[0])) return;
    if (h.what == What::frame_refused && h.text == "the channel is busy") {
      by_link[key(h)].push_back({Try::How::busy, h.at});
    } else if (h.what == What::frame_refused) {
      by_link[key(h)].push_back({Try::How::full, h.at});
    } else {
      by_link[key(h)].push_back({Try::How::sent, h.at});
    }
  }
  /// By node and the link id in the frame.
  std::map<std::pair<NodeIndex, unsigned>, std::vector<Try>> by_link;

 private:
  static std::pair<NodeIndex, unsigned> key(const Happening& h) {
    return {h.node, unsigned{h.bytes[1]} << 8 | h.bytes[2]};
  }
  Recorder& recorder_;
};

/// Congestion signals that a node sent, by severity.
class Signals final : public Observer {
 public:
  Signals(Recorder& recorder, NodeIndex from, NodeIndex to)
      : recorder_(recorder), from_(from), to_(to) {
    recorder.add(*this, WhatSet::of({What::control_out}));
  }
  ~Signals() override { recorder_.remove(*this); }
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  void on_happening(const Happening& h) override {
    if (h.node != from_ || h.peer != to_) return;
    const auto signal = decode<l1::CongestionSignal>(h.bytes);
    if (signal) ++sent[static_cast<std::size_t>(signal->severity())];
  }
  std::array<std::size_t, l1::kSeverities> sent{};

 private:
  Recorder& recorder_;
  NodeIndex from_;
  NodeIndex to_;
};

std::uint64_t total(const l1::QueueDrops& drops) {
  std::uint64_t sum = 0;
  for (std::size_t l = 0; l < l1::kPriorities; ++l) sum += drops.age[l] + drops.full[l];
  return sum;
}

l1::LinkFigures figures(Sim& sim, NodeIndex from, NodeIndex to) {
  for (const l1::LinkView& link : sim.node(from).stack().network().links()) {
    if (link.info.peer == sim.node(to).id()) return link.figures;
  }
  FAIL("no such link");
  return {};
}

}  // namespace

TEST_CASE("L1 property 19: nodes of one channel back off in slots, at most seven times",
          "[sim][csma]") {
  Sim sim{19};
  sim.build(three_on_the_air(radio(true)));
  REQUIRE(sim.reaches(10min, [&] { return sim.is_linked() && sim.is_converged(); }));
  Tries tries(sim.recorder());
  sim.node(0).install(std::make_unique<Flood>(2));
  sim.node(3).install(std::make_unique<Flood>(2));
  sim.node(2).install(std::make_unique<Flood>(3));
  sim.run_for(30min);

  const Duration slot = to_duration(radio(true).rate.airtime(kMtu.bytes + kOverhead));
  constexpr Duration kTick = 2ms;
  constexpr Duration kNews = 200ms;
  std::size_t backoffs = 0;
  std::size_t given_up = 0;
  unsigned longest = 0;
  for (const auto& [link, list] : tries.by_link) {
    unsigned k = 0;
    bool counts = false;  // from the first frame on that left
    for (std::size_t i = 0; i + 1 < list.size(); ++i) {
      const Tries::Try& now = list[i];
      if (now.how == Tries::Try::How::sent) {
        k = 0;
        counts = true;
      }
      if (now.how != Tries::Try::How::busy || !counts) continue;
      if (++k > l1::kBackoffsMax) {
        ++given_up;
        k = 0;
        continue;
      }
      ++backoffs;
      longest = std::max(longest, k);
      const Duration wait = list[i + 1].at - now.at;
      INFO("node " << link.first << " backoff " << k << " at "
                   << now.at.time_since_epoch().count());
      CHECK(wait >= slot - kTick);
      // A relay may find nothing left to send; who floods has something new soon.
      if (link.first != 1) CHECK(wait <= slot * (std::int64_t{1} << k) + kTick + kNews);
    }
  }
  CHECK(backoffs > 100);
  CHECK(longest >= 5);
  CAPTURE(backoffs, given_up, longest);
  std::uint64_t counted = 0;
  for (const auto& [from, to] : std::vector<std::pair<NodeIndex, NodeIndex>>{
           {1, 2}, {1, 3}, {2, 1}, {2, 3}, {3, 1}, {3, 2}}) {
    counted += figures(sim, from, to).backoffs;
  }
  CHECK(counted >= backoffs);
}

TEST_CASE("L1 property 33: a channel that stays busy costs the packet, and its upstream hears",
          "[sim][csma]") {
  SimOptions options;
  options.standard_invariants = false;  // they know nobody but nodes
  Sim sim{33, options};
  sim.build(three_on_the_air(radio(true)));
  REQUIRE(sim.reaches(10min, [&] { return sim.is_linked() && sim.is_converged(); }));
  Signals signals(sim.recorder(), 1, 0);
  // One packet every ten seconds is far from filling a queue: what n0 hears is the channel.
  sim.node(0).install(std::make_unique<Flood>(2, Millis::seconds(10)));
  sim.run_for(5min);
  CHECK(figures(sim, 1, 2).packets_out > 20);
  CHECK(figures(sim, 1, 2).dropped_channel == 0);
  CHECK(signals.sent == std::array<std::size_t, l1::kSeverities>{});
  Jammer jammer(sim, const_cast<Channel&>(*sim.joints(1, 2).front()));
  sim.run_for(1ms);
  jammer.speak();
  const bool dropped = sim.reaches(2h, [&] { return figures(sim, 1, 2).dropped_channel > 0; });
  CHECK(dropped);
  CHECK(sim.reaches(
      1s, [&] { return signals.sent[static_cast<std::size_t>(l1::Severity::severe)] > 0; }));
  // Every packet that came is accounted for.
  const l1::LinkFigures relay = figures(sim, 1, 2);
  CHECK(relay.packets_in == relay.packets_out + relay.packets_queued + total(relay.drops) +
                                relay.dropped_channel + relay.dropped_failed);
}

TEST_CASE("L1/10.1: links of one radio share what it has room for", "[sim][csma]") {
  Sim sim{21};
  sim.build(three_on_the_air(radio(true)));
  REQUIRE(sim.reaches(10min, [&] { return sim.is_linked() && sim.is_converged(); }));
  sim.node(1).install(std::make_unique<Flood>(2));
  sim.node(1).install(std::make_unique<Flood>(3));
  sim.run_for(20min);
  const std::uint64_t one = figures(sim, 1, 2).packets_out;
  const std::uint64_t other = figures(sim, 1, 3).packets_out;
  CHECK(one + other > 500);
  CHECK(std::min(one, other) * 3 > std::max(one, other) * 2);
}

TEST_CASE("L1/10.1: a channel whose radio waits by itself is never found busy", "[sim][csma]") {
  Sim sim{20};
  sim.build(three_on_the_air(radio(false)));
  REQUIRE(sim.reaches(10min, [&] { return sim.is_linked() && sim.is_converged(); }));
  sim.node(0).install(std::make_unique<Flood>(2));
  sim.node(3).install(std::make_unique<Flood>(2));
  sim.run_for(10min);
  CHECK(figures(sim, 1, 2).backoffs == 0);
  CHECK(figures(sim, 3, 2).backoffs == 0);
  CHECK(figures(sim, 1, 2).packets_out > 100);
}

}  // namespace mehr::sim::test
