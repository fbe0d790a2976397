// More than two: what one node says reaches all by gossip alone.
#include <catch2/catch.hpp>

#include "support.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using test::Node;

namespace {

/// Ten nodes in a ring with chords, each with four neighbours, three hops across.
struct Mesh {
  static constexpr std::size_t kNodes = 10;
  static constexpr std::array<std::size_t, 4> kSteps{1, 3, 7, 9};  // to whom slot 0..3 leads

  Mesh() {
    for (std::size_t i = 0; i < kNodes; ++i) {
      nodes.push_back(std::make_unique<Node>(i + 1, std::set<std::uint8_t>{0x01, 0x60}));
    }
    for (std::size_t i = 0; i < kNodes; ++i) {
      for (LinkSlot slot = 0; slot < 4; ++slot) {
        const NodeId peer = nodes[(i + kSteps[slot]) % kNodes]->id;
        nodes[i]->gossip.link_up(slot, {peer, Mtu{484}, BitsPerSecond{50'000}}, now);
      }
    }
  }
  /// True while somebody had something to say.
  bool step() {
    bool said = false;
    std::array<std::uint8_t, 4096> buffer{};
    for (std::size_t i = 0; i < kNodes; ++i) {
      Gossip& gossip = nodes[i]->gossip;
      for (LinkSlot slot = gossip.next_ready(0); slot != kNoLink;
           slot = gossip.next_ready(static_cast<LinkSlot>(slot + 1))) {
        const auto message = gossip.make(slot, kAllTiers, buffer, now);
        if (!message) continue;
        nodes[i]->count(gossip.sent(now));
        // The way back is the slot with the opposite step.
        nodes[(i + kSteps[slot]) % kNodes]->take(static_cast<LinkSlot>(3 - slot), message->bytes,
                                                 now);
        said = true;
      }
    }
    return said;
  }
  void pass(Millis span) {
    for (const Millis end = now + span; now < end; now = now + 1_s) {
      for (auto& node : nodes) node->on_time(now);
      while (step()) {
      }
    }
  }

  Millis now{5000};
  std::vector<std::unique_ptr<Node>> nodes;
};

}  // namespace

TEST_CASE("L1 property 31: ten nodes are level after three rounds", "[l1][gossip]") {
  Mesh mesh;
  for (std::size_t i = 0; i < Mesh::kNodes; ++i) {
    mesh.nodes[i]->source.put(0x01, test::announce_body(i, 1));
    for (std::uint64_t n = 0; n < 20; ++n)
      mesh.nodes[i]->source.put(0x60, test::body_of(100 * i + n));
  }
  mesh.pass(181_s);
  for (const auto& node : mesh.nodes) {
    CHECK(node->source.ids().size() == 210);
    CHECK(node->failed + node->missed + node->faults == 0);
  }
  // Level nodes say Beats and nothing else.
  const std::uint64_t sent = mesh.nodes[0]->gossip.counters().items_sent;
  mesh.pass(120_s);
  CHECK(mesh.nodes[0]->gossip.counters().items_sent == sent);
}
