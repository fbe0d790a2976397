// What the tests of L1 in simulation share: rounds, packets that are followed, links that are seen.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "mehr/core/codec.h"
#include "mehr/l0/packet.h"
#include "mehr/sim/sim.h"

namespace mehr::sim::test {

/// Gossip rounds. spec: L1/9
constexpr Duration rounds(int count) { return std::chrono::seconds(60) * count; }

/// A world that is measured: rare paths are as rare as in the field.
inline SimOptions measured() {
  SimOptions options;
  options.hazards = false;
  return options;
}

/// Which way packets took: each body begins with a number of its own, eight bytes.
class Trails final : public Observer {
 public:
  struct Trail {
    std::vector<NodeIndex> nodes;    ///< the sender first
    std::optional<Instant> arrived;  ///< at its destination
  };

  explicit Trails(Sim& sim) : sim_(sim) {
    sim_.recorder().add(*this, WhatSet::of({What::packet_out, What::packet_in}));
  }
  ~Trails() override { sim_.recorder().remove(*this); }
  Trails(const Trails&) = delete;
  Trails& operator=(const Trails&) = delete;

  /// Sends @p size bytes of body from @p from to @p to; the number to ask by, or why not.
  Result<std::uint64_t> send(NodeIndex from, NodeIndex to, std::uint8_t context = 0xE2,
                             const SendOptions& options = {}, std::size_t size = 64) {
    Bytes body(std::max(size, sizeof(last_)));
    Writer(body).put(++last_);
    Node& node = sim_.node(from);
    const Status sent = node.enter([&] {
      return node.stack().network().send(sim_.node(to).id(), {context, 0}, body, options);
    });
    if (!sent) return fail(sent);
    return last_;
  }
  [[nodiscard]] const Trail& of(std::uint64_t number) { return trails_[number]; }

  void on_happening(const Happening& h) override {
    const auto packet = decode<l0::Packet>(h.bytes);
    if (!packet || packet->flags.type() != l0::PacketType::data) return;
    std::uint64_t number = 0;
    Reader(packet->data.bytes).get(number);
    if (number == 0 || number > last_) return;
    Trail& trail = trails_[number];
    if (h.what == What::packet_out) {
      if (trail.nodes.empty()) trail.nodes.push_back(h.node);
      trail.nodes.push_back(h.peer);
    } else if (packet->destination == sim_.node(h.node).id() && !trail.arrived) {
      trail.arrived = h.at;
    }
  }

 private:
  Sim& sim_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, Trail> trails_;
};

}  // namespace mehr::sim::test
