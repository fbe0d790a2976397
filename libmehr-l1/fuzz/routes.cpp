// The routing table and what spreads announces, driven by operations; invariants after each.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "mehr/l1/announce_flow.h"
#include "mehr/l1/routing_table.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

class FixedRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (auto& byte : out) byte = next_ = static_cast<std::uint8_t>(next_ * 5 + 3);
  }

 private:
  std::uint8_t next_ = 1;
};

NodeId node_id(std::uint8_t n) {
  NodeId id;
  id.bytes[0] = n;
  return id;
}

void require(bool holds) {
  if (!holds) __builtin_trap();
}

Limits small() {
  Limits l = Limits::small();
  l.routes = 12;
  l.links = 5;
  l.candidates = 2;
  l.evicted_routes = 8;
  return l;
}

struct Machine {
  FixedRandom random;
  RoutingTable table{small(), random};
  AnnounceFlow flow{table, node_id(0xFF), 1, 10};
  Millis now{1000};

  void link_up(std::uint8_t n) {
    if (table.find_link(l0::LinkId{n}) != kNoLink) return;
    l0::LinkInfo info;
    info.id = l0::LinkId{n};
    info.peer = node_id(static_cast<std::uint8_t>(200 + n % 8));
    info.mtu = n % 3 == 0 ? Mtu{484} : Mtu{4096};
    info.half_duplex = n % 4 == 0;
    const LinkSlot slot = table.link_up(info);
    if (slot != kNoLink) flow.link_up(slot, true, n % 2 == 0);
  }
  void link_down(std::uint8_t n) {
    const auto reason = n % 2 == 0 ? l0::CloseReason::idle : l0::CloseReason::medium_lost;
    const LinkSlot slot = table.link_down(l0::LinkId{n}, reason, now);
    if (slot != kNoLink) flow.link_down(slot, now);
  }
  void pass(std::uint64_t seconds) {
    now = now + Millis::seconds(seconds);
    while (const auto change = table.on_time(now)) {
      if (!change->lost) flow.changed(change->route, now);
    }
    flow.on_time(now);
    require(table.next_deadline() > now && flow.next_deadline() > now);
  }
  // The signature check stands before the table, so the table is fed behind it.
  void offer(std::uint8_t n, std::uint8_t to, std::uint8_t emitted, std::uint8_t hops) {
    const LinkSlot link = table.find_link(l0::LinkId{n});
    if (link == kNoLink) return;
    Announce a;
    a.emitted = emitted;
    a.extension.path_cost.hop_count = hops % 8;
    a.extension.version = hops > 250 ? 0x20 : 0x10;
    std::array<std::uint8_t, kAnnounceFixed + kExtensionMin> data{};
    require(encode(a, data).has_value());
    if (table.novelty(node_id(to), a.emitted, a.extension.path_cost, link, now) != Novelty::fresh) {
      return;
    }
    const Accepted got = table.accept({node_id(to), a, data, link, hops}, now);
    require(got.route == kNoSlot || table.is_live(got.route));
    if (got.route != kNoSlot) flow.changed(got.route, now);
  }
  void send(std::uint8_t n, std::uint8_t outcome) {
    const LinkSlot link = table.find_link(l0::LinkId{n});
    if (link == kNoLink || !flow.waits(link)) return;
    std::array<std::uint8_t, 1500> buffer{};
    const auto room = MutableBytes(buffer).first(outcome % 2 == 0 ? 484 : 1500);
    const auto next = flow.make(link, room);
    require(next.has_value() || !flow.waits(link));
    if (next && outcome % 3 != 0) flow.sent();
  }
  void update(std::uint8_t n, std::uint8_t to, std::uint8_t emitted, std::uint8_t cost) {
    const LinkSlot link = table.find_link(l0::LinkId{n});
    if (link == kNoLink) return;
    PathUpdateItem item{node_id(to), emitted, {}};
    item.path_cost.cost.value = cost > 200 ? CostCode::kUnknown : cost;
    item.path_cost.hop_count = cost % 8;
    flow.updated(link, item, now);
  }
  void check() const {
    std::size_t live = 0;
    for (Slot slot = 0; slot < table.route_slots(); ++slot) {
      if (!table.is_live(slot)) continue;
      ++live;
      require(table.find(table.route(slot).destination) == slot);
      require(table.best(slot) != nullptr);
      for (const Candidate& c : table.candidates(slot)) {
        if (c.link == kNoLink) continue;
        require(table.link(c.link).state != LinkEntry::State::free);
        require(table.is_up(c.link) || c.state == RouteState::stale);
      }
      for (std::size_t link = 0; link < table.link_slots(); ++link) {
        require(flow.sends(slot, static_cast<LinkSlot>(link)) <= kSendsPerLink);
      }
    }
    require(live == table.size());
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine m;
  for (std::size_t i = 0; i + 3 < size && i < 4000; i += 4) {
    const std::uint8_t n = static_cast<std::uint8_t>(1 + data[i + 1] % 9);
    switch (data[i] % 11) {
      case 0:
        m.link_up(n);
        break;
      case 1:
        m.link_down(n);
        break;
      case 2:
        m.pass(std::uint64_t{data[i + 1]} * 20);
        break;
      case 3:
        m.send(n, data[i + 2]);
        break;
      case 4:
        m.update(n, data[i + 2] % 40, data[i + 3] % 6, data[i + 2]);
        break;
      case 5: {
        const RouteQuery query{node_id(data[i + 2] % 40), kNoLink,     data[i + 3] * 16U,
                               PathPolicy::largest_mtu(), data[i + 2], data[i + 3] % 2 == 0};
        const auto hop = m.table.choose(query, node_id(0xFF));
        require(!hop || m.table.is_up(hop->link));
        break;
      }
      case 6:
        m.table.mark_behind(m.table.find_link(l0::LinkId{n}), node_id(data[i + 2] % 40));
        break;
      case 7: {
        const LinkSlot link = m.table.find_link(l0::LinkId{n});
        if (link != kNoLink) m.flow.set_price(link, data[i + 2], m.now);
        break;
      }
      default:
        m.offer(n, data[i + 2] % 40, data[i + 3] % 6, data[i + 3]);
    }
    m.check();
  }
  return 0;
}
