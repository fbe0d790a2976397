// Everything that leaves a link, driven by operations; invariants after each.
#include "mehr/l1/egress.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>

using namespace mehr;
using namespace mehr::l1;

namespace {

constexpr std::size_t kLinks = 4;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

// What is known of a link without asking it.
struct Watch {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  std::uint64_t bps = 0;  // the largest since it came up
  std::uint32_t full = 0;
  bool recovered = false;
  std::uint64_t p3_kept = 0;
  std::uint64_t p3_refused = 0;
  std::uint64_t p3_sent = 0;
  std::uint64_t others_since_p3 = 0;  // bytes of P0 to P2 while a P3 waited
  std::deque<std::pair<Millis, std::uint64_t>> gossip;
};

struct Machine {
  static EgressConfig config() {
    EgressConfig c;
    c.links = kLinks;
    c.pool_bytes = 64 * 256;
    c.block_bytes = 256;
    c.flows = 3;
    return c;
  }
  Egress egress{config(), 7};
  std::array<Watch, kLinks> watch{};
  Millis now{1000};
  std::array<std::uint8_t, 4096> buffer{};

  void link(LinkSlot slot, std::uint8_t how) {
    if (how % 4 == 0) return egress.link_down(slot, now);
    LinkShape shape;
    shape.peer.bytes[0] = slot % 2;
    shape.channel = BitsPerSecond{how % 4 == 1 ? 1000U : how * 5000U + 1};
    shape.mtu = Mtu{static_cast<std::uint16_t>(how % 3 == 0 ? 1500 : 484)};
    shape.half_duplex = shape.scans = how % 5 == 0;
    egress.link_up(slot, shape, now);
    watch[slot] = Watch{};
    watch[slot].bps = shape.channel.count;
    watch[slot].full = shape.mtu.bytes + 24U;
  }
  void offer(LinkSlot slot, std::uint8_t a, std::uint8_t b) {
    if (!egress.is_up(slot)) return;
    Watch& w = watch[slot];
    Bytes bytes(40 + std::size_t{a} * (w.full > 508 ? 5 : 1), 0);
    bytes[0] = b % 4;
    Writer(MutableBytes(bytes).subspan(1)).put(now.count);
    const auto upstream = static_cast<LinkSlot>(b / 4 % 8 == 7 ? kNoLink : b / 4 % 8);
    const PacketOffer packet{static_cast<Priority>(b % 4), upstream, bytes, b > 250};
    const Verdict verdict = egress.offer(slot, packet, now);
    ++w.in;
    if (packet.priority == Priority::p3 && verdict == Verdict::full) ++w.p3_refused;
    if (packet.priority == Priority::p3 && verdict == Verdict::queued) ++w.p3_kept;
    if (verdict != Verdict::pass) return;
    const LinkFigures before = egress.figures(slot);
    require(before.packets_queued == 0 && !before.gossip_drops.refused);
    egress.passed(slot, packet, now);
    ++w.out;
  }
  void gossip_left(LinkSlot slot, std::uint64_t frame) {
    Watch& w = watch[slot];
    w.recovered |= egress.figures(slot).recoveries > 0;
    w.gossip.emplace_back(now, frame);
    while (w.gossip.front().first + kBudgetWindow <= now) w.gossip.pop_front();
    std::uint64_t sum = 0;
    for (const auto& [at, bytes] : w.gossip) sum += bytes;
    require(sum <= w.bps * 60 / 80 * (w.recovered ? 2 : 1) + 1 + w.full);
  }
  [[nodiscard]] bool p3_waits(const Watch& w, const LinkFigures& f) const {
    return w.p3_kept > w.p3_sent + (f.drops.full[3] - w.p3_refused) + f.dropped_channel;
  }
  void packet_left(const EgressItem& item, const LinkFigures& before) {
    Watch& w = watch[item.link];
    const LinkFigures after = egress.figures(item.link);
    ++w.out;
    std::uint64_t born = 0;
    Reader(item.bytes.subspan(1, 8)).get(born);
    const std::uint8_t level = item.bytes[0];
    require(now - Millis{born} <= kAgeLimit[level]);
    if (level == 3) {
      ++w.p3_sent;
      w.others_since_p3 = 0;
    } else if (p3_waits(w, after) && !after.signalled) {
      w.others_since_p3 += after.user_bytes - before.user_bytes;
      require(w.others_since_p3 <= 10 * std::uint64_t{w.full});
    } else {
      w.others_since_p3 = 0;
    }
  }
  void next(std::uint8_t outcome) {
    auto item = egress.next(now, buffer);
    if (!item) return;
    require(egress.is_up(item->link));
    const LinkFigures before = egress.figures(item->link);
    if (item->kind == EgressItem::Kind::pull) {
      require(item->limit + 24 <= watch[item->link].full);
      if (outcome % 7 == 0) return egress.nothing(*item, now);
      item->bytes = MutableBytes(buffer).first(1 + outcome % item->limit);
    }
    require(item->bytes.size() + 24 <= watch[item->link].full);
    if (outcome % 8 == 1) return egress.blocked(item->link, now);
    if (outcome % 8 == 2) return egress.busy(*item, now);
    if (outcome % 16 == 3) {
      if (item->kind == EgressItem::Kind::packet && item->bytes[0] == 3)
        ++watch[item->link].p3_sent;
      return egress.refused(*item, now);
    }
    egress.sent(*item, item->bytes.size(), now);
    const std::uint64_t gossip = egress.figures(item->link).gossip_bytes - before.gossip_bytes;
    if (gossip > 0) gossip_left(item->link, gossip);
    if (item->kind == EgressItem::Kind::packet) packet_left(*item, before);
  }
  void gossip(LinkSlot slot, std::uint8_t a, std::uint8_t b) {
    const Tier tier = 1 + a % 4;
    if (a > 200) {
      const std::uint32_t most = egress.gossip_allowance(slot, tier, now);
      if (most == 0) return;
      const std::uint32_t size = 1 + b % most;
      egress.sent_gossip(slot, tier, size, now);
      gossip_left(slot, size + 24);
    } else if (a > 100) {
      egress.want_pull(slot, tier, b, now);
    } else if (a > 90) {
      egress.urgent(slot, ByteView(buffer).first(b), now);
    } else {
      GossipKey key;
      key.bytes[0] = b % 16;
      (void)egress.gossip(slot, tier, key, ByteView(buffer).first(1 + b), now);
    }
  }
  void pass(std::uint64_t ms) {
    now = now + Millis{ms};
    egress.on_time(now);
    require(egress.next_deadline() > now || egress.next_deadline() == Millis{0});
    for (std::size_t i = 0; i < kLinks; ++i) {
      if (egress.figures(static_cast<LinkSlot>(i)).signalled) watch[i].others_since_p3 = 0;
    }
  }
  void hear(LinkSlot slot, ByteView bytes) {
    const std::array<std::uint8_t, 4> message{kCongestionSignalType, bytes[0], bytes[1], 4};
    const auto signal = decode<CongestionSignal>(message);
    if (signal) egress.received_signal(slot, *signal, now);
    if (bytes[0] % 16 == 1) egress.gossip_received(slot, now);
    if (bytes[0] % 16 >= 14) egress.round_ended(slot, bytes[0] % 2 == 0, now);
    if (bytes[0] % 16 == 2) {
      const std::uint64_t bps = bytes[1] * 1000U;
      egress.set_bandwidth(slot, BitsPerSecond{bps}, now);
      watch[slot].bps = std::max(watch[slot].bps, bps == 0 ? 1'000'000'000 : bps);
      watch[slot].others_since_p3 = 0;
    }
    while (const auto event = egress.poll_event()) require(event->what != 0);
  }
  void check() const {
    for (std::size_t i = 0; i < kLinks; ++i) {
      const auto slot = static_cast<LinkSlot>(i);
      if (!egress.is_up(slot)) continue;
      const LinkFigures f = egress.figures(slot);
      std::uint64_t dropped = f.dropped_channel + f.dropped_failed;
      for (std::size_t l = 0; l < kPriorities; ++l) dropped += f.drops.age[l] + f.drops.full[l];
      require(watch[i].in == watch[i].out + dropped + f.packets_queued);
      require(f.packets_in == watch[i].in && f.packets_out == watch[i].out);
      require(f.gossip_queued <= kGossipQueue);
      require(f.measured.count <= f.configured.count || f.configured.count == 0);
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine m;
  for (LinkSlot slot = 0; slot < kLinks; ++slot) m.link(slot, static_cast<std::uint8_t>(1 + slot));
  for (std::size_t i = 0; i + 3 < size && i < 4000; i += 4) {
    const auto slot = static_cast<LinkSlot>(data[i + 1] % kLinks);
    switch (data[i] % 12) {
      case 0:
        m.link(slot, data[i + 2]);
        break;
      case 1:
        m.pass(std::uint64_t{data[i + 2]} * data[i + 3]);
        break;
      case 2:
        m.pass(data[i + 2]);
        break;
      case 3:
      case 4:
      case 5:
        m.next(data[i + 2]);
        break;
      case 6:
        m.egress.writable(slot, m.now);
        break;
      case 7:
      case 8:
        m.gossip(slot, data[i + 2], data[i + 3]);
        break;
      case 9:
        m.hear(slot, ByteView(data, size).subspan(i + 2, 2));
        break;
      default:
        m.offer(slot, data[i + 2], data[i + 3]);
    }
    m.check();
  }
  return 0;
}
