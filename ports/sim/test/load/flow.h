// Streams of datagrams at a fixed rate, and what became of them.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "mehr/core/codec.h"
#include "mehr/core/messenger.h"
#include "mehr/l0/packet.h"
#include "mehr/sim/sim.h"

namespace mehr::sim::test {

/// What arrived of one flow.
struct Arrivals {
  std::vector<Duration> latency;  ///< of each datagram, in order of arrival
  std::uint64_t bytes = 0;        ///< bodies

  /// Of those that came at @p share of all, the fastest first; zero when none came.
  [[nodiscard]] Duration latency_at(double share) const {
    if (latency.empty()) return Duration{0};
    std::vector<Duration> sorted = latency;
    std::sort(sorted.begin(), sorted.end());
    const auto last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<std::size_t>(last * share)];
  }
};

/// What a flow carries, and how much.
struct FlowPlan {
  NodeIndex to = kNoNode;
  std::uint8_t context = context::kStandard;  ///< 0xE0 to 0xE3: P0 to P3
  std::size_t body = 400;
  BitsPerSecond rate;  ///< of bodies
  Duration from{0};    ///< since the run began
  Duration until = std::chrono::hours(1000);
  PathPolicy policy{};
};

/// Sends what its plan says, as fast as its plan says, whatever becomes of it.
class Flow final : public Program, private Wakeable {
 public:
  /// @p flow names it among those that @p sink hears.
  Flow(std::uint32_t flow, FlowPlan plan) : flow_(flow), plan_(plan) {}
  [[nodiscard]] std::uint64_t sent() const { return sent_; }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

  void start(Node& node) override {
    node_ = &node;
    node.wake_at(*this, node.now() + Millis{1});
  }
  void stop(Node& node) override { node.wake_at(*this, Millis::never()); }

 private:
  void on_wake(Millis now) override {
    const Duration since = node_->sim().now().time_since_epoch();
    const std::uint64_t gap = plan_.body * 8000 / plan_.rate.count;  // milliseconds
    node_->wake_at(*this, now + Millis{std::max<std::uint64_t>(gap, 1)});
    if (since < plan_.from || since >= plan_.until) return;
    const AccountScope world;
    Bytes body(plan_.body, 0x55);
    Writer head(body);
    head.put(flow_);
    head.put(static_cast<std::uint64_t>(since.count()));
    head.put(++sent_);  // equal packets would be taken for one
    const NodeId whom = node_->sim().node(plan_.to).id();
    SendOptions options;
    options.policy = plan_.policy;
    const AccountScope inside(node_->memory());
    if (!node_->stack().network().send(whom, {plan_.context, 0}, body, options)) ++refused_;
  }

  std::uint32_t flow_;
  FlowPlan plan_;
  Node* node_ = nullptr;
  std::uint64_t sent_ = 0;
  std::uint64_t refused_ = 0;
};

/// Hears everything that flows bring to its node, in place of L2.
class Sink final : public Program {
 public:
  void start(Node& node) override {
    for (const std::uint8_t context : kContexts) {
      node.stack().network().on({context, 0}, [this, &node](const Message& message) {
        take(node.sim().now().time_since_epoch(), message.body);
      });
    }
  }
  void stop(Node& node) override {
    for (const std::uint8_t context : kContexts) node.stack().network().on({context, 0}, {});
  }
  [[nodiscard]] const Arrivals& of(std::uint32_t flow) { return flows_[flow]; }
  /// Forgets what came so far: for measuring once a world has settled.
  void clear() { flows_.clear(); }

 private:
  static constexpr std::array<std::uint8_t, 4> kContexts{context::kRealTime, context::kInteractive,
                                                         context::kStandard, context::kBulk};

  void take(Duration now, ByteView body) {
    const AccountScope world;
    Reader head(body);
    std::uint32_t flow = 0;
    std::uint64_t sent = 0;
    head.get(flow);
    head.get(sent);
    Arrivals& arrivals = flows_[flow];
    arrivals.latency.push_back(now - Duration{static_cast<Duration::rep>(sent)});
    arrivals.bytes += body.size();
  }

  std::map<std::uint32_t, Arrivals> flows_;
};

/// Bytes of user packets that leave by each link, by level.
class LevelMeter final : public Observer {
 public:
  using Levels = std::array<std::uint64_t, 4>;
  explicit LevelMeter(Recorder& recorder) : recorder_(recorder) {
    recorder_.add(*this, WhatSet::of({What::packet_out}));
  }
  ~LevelMeter() override { recorder_.remove(*this); }
  LevelMeter(const LevelMeter&) = delete;
  LevelMeter& operator=(const LevelMeter&) = delete;
  void on_happening(const Happening& h) override {
    const std::uint8_t context = h.bytes[l0::kHeaderSize - 1];
    if (context < context::kRealTime || context > context::kBulk) return;
    links[{h.node, h.peer}][context - context::kRealTime] += h.bytes.size() + 24;
  }
  std::map<std::pair<NodeIndex, NodeIndex>, Levels> links;

 private:
  Recorder& recorder_;
};

inline Flow& add_flow(Node& node, std::uint32_t flow, const FlowPlan& plan) {
  auto made = std::make_unique<Flow>(flow, plan);
  Flow& out = *made;
  node.install(std::move(made));
  return out;
}

inline Sink& add_sink(Node& node) {
  auto made = std::make_unique<Sink>();
  Sink& out = *made;
  node.install(std::move(made));
  return out;
}

}  // namespace mehr::sim::test
