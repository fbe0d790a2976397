// Nine honest nodes and one that is not: what the honest ones still have of each other.
#pragma once

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../load/flow.h"
#include "mehr/sim/byzantine.h"
#include "mehr/sim/test.h"
#include "mehr/sim/traffic.h"

namespace mehr::sim::test {

/// n0 to n8 on a ring with three spokes; n9, the adversary, is linked to n0, n3 and n6. So there
/// is always a way round n9, and n9 is the shortest way between the three.
class Crowd {
 public:
  static constexpr NodeIndex kHonest = 9;
  static constexpr NodeIndex kAdversary = 9;

  explicit Crowd(std::uint64_t seed, const Media& media = Media::tcp(), SimOptions options = calm())
      : sim(seed, options) {
    Topology t;
    t.media = {{media.name, media}};
    for (NodeIndex i = 0; i <= kAdversary; ++i) {
      NodeSpec node;
      node.name = "n" + std::to_string(i);
      t.nodes.push_back(node);
    }
    for (NodeIndex i = 0; i < kHonest; ++i) t.links.push_back({i, (i + 1) % kHonest, media.name});
    for (NodeIndex i = 1; i < 4; ++i) t.links.push_back({i, i + 4, media.name});
    for (NodeIndex i = 0; i < kHonest; i += 3) t.links.push_back({kAdversary, i, media.name});
    sim.build(t);
    for (NodeIndex i = 0; i < kHonest; ++i) sinks.push_back(&add_sink(sim.node(i)));
  }

  static SimOptions calm() {
    SimOptions options;
    options.hazards = false;
    return options;
  }

  /// Every honest node sends to every other, each at @p rate, from now on.
  void speak(std::uint8_t context, BitsPerSecond rate, std::size_t body = 100) {
    for (NodeIndex from = 0; from < kHonest; ++from) {
      for (NodeIndex to = 0; to < kHonest; ++to) {
        if (from == to) continue;
        flows.push_back(&add_flow(sim.node(from), from, {to, context, body, rate}));
      }
    }
  }
  void forget() {
    for (Sink* sink : sinks) sink->clear();
    for (const Flow* flow : flows) before[flow] = flow->sent();
  }
  /// Of what was sent since `forget`, the share that arrived.
  [[nodiscard]] double arrived() {
    std::uint64_t sent = 0, came = 0;
    for (const Flow* flow : flows) sent += flow->sent() - before[flow];
    for (Sink* sink : sinks) {
      for (NodeIndex from = 0; from < kHonest; ++from) came += sink->of(from).latency.size();
    }
    return static_cast<double>(came) / static_cast<double>(std::max<std::uint64_t>(sent, 1));
  }
  [[nodiscard]] Duration slowest() {
    Duration out{0};
    for (Sink* sink : sinks) {
      for (NodeIndex from = 0; from < kHonest; ++from) {
        out = std::max(out, sink->of(from).latency_at(1));
      }
    }
    return out;
  }

  /// Pairs of honest nodes whose packets pass the adversary.
  [[nodiscard]] unsigned by_adversary() const {
    unsigned out = 0;
    each_pair([&](NodeIndex from, NodeIndex to) {
      const auto way = sim.way(from, to);
      out += std::count(way.begin(), way.end(), kAdversary) != 0 ? 1U : 0U;
    });
    return out;
  }
  /// The first pair of honest nodes whose way does not lead where it should; empty: all do.
  [[nodiscard]] std::string lost() const {
    std::string out;
    each_pair([&](NodeIndex from, NodeIndex to) {
      if (out.empty() && sim.way(from, to).back() != to) {
        out = "n" + std::to_string(from) + " to n" + std::to_string(to);
      }
    });
    return out;
  }
  /// Longest way between honest nodes, in links.
  [[nodiscard]] std::size_t longest() const {
    std::size_t out = 0;
    each_pair(
        [&](NodeIndex from, NodeIndex to) { out = std::max(out, sim.way(from, to).size() - 1); });
    return out;
  }
  template <class Each>
  void each_pair(Each each) const {
    for (NodeIndex from = 0; from < kHonest; ++from) {
      for (NodeIndex to = 0; to < kHonest; ++to) {
        if (from != to) each(from, to);
      }
    }
  }
  void misbehave(std::string_view how) {
    sim.node(kAdversary).behave(make_behaviour(how, sim.seed(), kAdversary));
  }
  [[nodiscard]] const l1::Network& network(NodeIndex node) {
    return sim.node(node).stack().network();
  }
  /// Seconds since the run began.
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(sim.now().time_since_epoch()).count();
  }

  Sim sim;
  std::vector<Sink*> sinks;
  std::vector<Flow*> flows;
  std::map<const Flow*, std::uint64_t> before;
};

}  // namespace mehr::sim::test
