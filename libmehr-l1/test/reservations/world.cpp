// A ring of nodes that ask, send, release, lose frames and links, at random.
#include <rapidcheck/catch.h>

#include <catch2/catch.hpp>

#include "mesh.h"

using namespace mehr;
using namespace mehr::l1;
using namespace mehr::literals;
using namespace mehr::l1::test;

namespace {

constexpr std::size_t kNodes = 5;
constexpr std::uint64_t kRate = 10'000'000;

struct World {
  Mesh m;
  std::uint32_t chance = 1;
  std::vector<std::pair<std::size_t, ReservationKey>> keys;

  World() {
    ReservationConfig config = Mesh::small();
    config.capacity = 24;
    for (std::size_t i = 0; i < kNodes; ++i) m.add(config);
    for (std::size_t i = 0; i < kNodes; ++i) join(i);
    for (std::size_t i = 0; i < kNodes; ++i) m[i].own_fee = i;
    m.latency = 50_ms;
    m.lose = [this] { return (chance = chance * 1'664'525 + 1'013'904'223) >> 29 == 0; };
    turn_routes(0);
  }
  void join(std::size_t i) { m.join({i, 1}, {(i + 1) % kNodes, 0}); }
  // Routes go one way round or the other; the prices say which is better.
  void turn_routes(std::uint8_t how) {
    for (std::size_t i = 0; i < kNodes; ++i) {
      for (std::size_t to = 0; to < kNodes; ++to) {
        ReservationRoute r;
        r.egress = ((how >> i) & 1) != 0 ? 0 : 1;
        r.speaks_l1 = how != 0xFF;
        r.path.cost = CostCode::encode(how);
        r.path.bottleneck_bps = RateCode::encode({kRate + how * 100'000U});
        m[i].routes[m[to].id] = r;
      }
    }
  }
  void act(std::uint8_t what, std::uint8_t a, std::uint8_t b) {
    const std::size_t n = a % kNodes;
    const NodeId to = m[b % kNodes].id;
    switch (what % 8) {
      case 0:
      case 1: {
        ReservationOrder o = order(to, (1 + b / 8) * kChunkBytes);
        o.min_throughput = a % 3 == 0 ? 0 : b * 20'000U;
        o.max_cost_per_byte = b;
        o.valid_for_seconds = 1 + a * 4U;
        o.flags = {static_cast<std::uint8_t>(a % 2 * 2)};
        if (const auto key = m[n].machine.request(o, m.now)) keys.emplace_back(n, *key);
        break;
      }
      case 2:
        for (int i = 0; i < b; ++i) carry(n, to);
        break;
      case 3:
        if (!keys.empty()) {
          const auto& [node, key] = keys[a % keys.size()];
          (void)m[node].machine.release(
              key, b % 2 == 0 ? ReleaseReason::complete : ReleaseReason::sender_cancel, m.now);
        }
        break;
      case 4:
        if (m.wires.count({n, 1}) != 0) m.cut({n, 1});
        break;
      case 5:
        join(n);
        break;
      case 6:
        turn_routes(b);
        break;
      default:
        m.pass(Millis{b * 100U});
    }
    m.settle();
  }
  // Packets follow reservations; where one ends on the way they ride on without.
  void carry(std::size_t from, const NodeId& to) {
    std::size_t n = from;
    LinkSlot ingress = kNoLink;
    for (int hops = 0; hops < 8; ++hops) {
      const auto r = m[n].machine.find(ingress, to);
      if (!r) return;
      m[n].machine.count(*r, 50'000, m.now);
      m.drain(n);
      const auto wire = m.wires.find({n, r->egress});
      if (r->egress == kNoLink || wire == m.wires.end()) return;
      n = wire->second.node;
      ingress = wire->second.link;
    }
  }
  void check() const {
    for (const auto& node : m.nodes) {
      for (LinkSlot link = 0; link < 2; ++link) {
        RC_ASSERT(node->machine.committed(link).count <= kRate / 4 * 3);
      }
      std::size_t all = 0;
      for (const LinkSlot up : {LinkSlot{0}, LinkSlot{1}, LinkSlot{2}, LinkSlot{3}, kNoLink}) {
        RC_ASSERT(node->machine.size_of(up) <= kReservationsPerUpstream);
        all += node->machine.size_of(up);
      }
      RC_ASSERT(all == node->machine.size());
      RC_ASSERT(node->machine.size() == 0 || node->machine.next_deadline() != Millis::never());
    }
  }
};

}  // namespace

TEST_CASE("L1 8: never over capacity, and everything ends with its money settled",
          "[l1][reservations]") {
  rc::prop("random worlds", [] {
    World w;
    const auto ops =
        *rc::gen::container<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>>>(
            rc::gen::arbitrary<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>>());
    for (const auto& [what, a, b] : ops) {
      w.act(what, a, b);
      w.check();
    }
    // Nobody sends any more: the 35 s of PENDING, 60 s idle, 60 s of last receipts, and that again
    // for what started over.
    w.m.pass(300_s);
    for (const auto& node : w.m.nodes) {
      RC_ASSERT(node->machine.size() == 0);
      RC_ASSERT(node->purse.open.empty());
      RC_ASSERT(node->machine.next_deadline() == Millis::never());
      for (LinkSlot link = 0; link < 4; ++link) {
        RC_ASSERT(node->machine.committed(link) == BitsPerSecond{0});
      }
    }
  });
}
