// One node's egress over modelled media, in virtual milliseconds.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <vector>

#include "mehr/l1/egress.h"

namespace mehr::test {

inline NodeId peer_id(std::uint8_t n) {
  NodeId id;
  id.bytes[0] = n;
  return id;
}

/// A medium that carries `bps` and holds `room` bytes before it says full.
struct FakeMedium {
  std::uint64_t bps = 0;
  std::uint64_t room = 4096;
  std::uint64_t backlog_mb = 0;  // bits still to send, in thousandths
  bool was_full = false;
  bool pads = false;  // user packets fill 484 bytes
};

struct SentFrame {
  Millis at;
  l1::EgressItem::Kind kind = l1::EgressItem::Kind::control;
  l1::LinkSlot link = 0;
  l1::Tier tier = 0;
  std::uint32_t frame = 0;
  Bytes bytes;
};

class Line {
 public:
  explicit Line(const l1::EgressConfig& config = small(), std::uint64_t seed = 1)
      : egress(config, seed), media(config.links) {}

  static l1::EgressConfig small() {
    l1::EgressConfig c;
    c.links = 8;
    c.pool_bytes = 1 << 20;
    c.block_bytes = 256;
    c.flows = 8;
    return c;
  }
  /// A link over a medium that really carries @p real (0: as much as it says).
  void up(l1::LinkSlot slot, std::uint64_t bps, std::uint16_t mtu = 484, std::uint64_t real = 0) {
    l1::LinkShape shape;
    shape.peer = peer_id(static_cast<std::uint8_t>(slot + 1));
    shape.channel = BitsPerSecond{bps};
    shape.mtu = Mtu{mtu};
    egress.link_up(slot, shape, now);
    media[slot] = FakeMedium{
        .bps = real == 0 ? bps : real, .room = std::uint64_t{mtu} + 24, .pads = mtu == 484};
  }
  /// Offers a packet of @p size bytes that begins with @p mark; sends it when it may pass.
  l1::Verdict offer(l1::LinkSlot slot, l1::Priority priority, l1::LinkSlot upstream,
                    std::size_t size, std::uint8_t mark = 0) {
    const Bytes bytes(size, mark);
    const l1::PacketOffer packet{priority, upstream, bytes, false};
    l1::Verdict verdict = egress.offer(slot, packet, now);
    if (verdict != l1::Verdict::pass) return verdict;
    const std::uint64_t before = egress.figures(slot).user_bytes;
    if (!take(slot, on_air(slot, size, true))) {
      egress.blocked(slot, now);
      return egress.offer(slot, packet, now);
    }
    egress.passed(slot, packet, now);
    sent.push_back({now, l1::EgressItem::Kind::packet, slot, 0,
                    static_cast<std::uint32_t>(egress.figures(slot).user_bytes - before), bytes});
    return verdict;
  }
  /// The loop of the facade.
  void pump() {
    std::array<std::uint8_t, 4096> buffer{};
    while (auto item = egress.next(now, buffer)) {
      if (item->kind == l1::EgressItem::Kind::pull) {
        item->bytes = MutableBytes(buffer).first(std::min<std::size_t>(item->limit, pull_size));
      }
      const auto total = [&] {
        const auto f = egress.figures(item->link);
        return f.user_bytes + f.gossip_bytes + f.control_bytes;
      };
      const std::uint64_t before = total();
      if (scan_busy && scan_busy(*item)) {
        egress.busy(*item, now);
        continue;
      }
      const bool user = item->kind == l1::EgressItem::Kind::packet;
      if (!take(item->link, on_air(item->link, item->bytes.size(), user))) {
        egress.blocked(item->link, now);
        continue;
      }
      egress.sent(*item, item->bytes.size(), now);
      sent.push_back({now, item->kind, item->link, item->tier,
                      static_cast<std::uint32_t>(total() - before),
                      Bytes(item->bytes.begin(), item->bytes.end())});
    }
  }
  /// Lets @p span pass; @p each is called every millisecond.
  void run(Millis span, const std::function<void()>& each = {}) {
    for (const Millis end = now + span; now < end;) {
      now = now + Millis{1};
      for (std::size_t slot = 0; slot < media.size(); ++slot) drain(slot);
      if (egress.next_deadline() <= now) egress.on_time(now);
      if (each) each();
      pump();
    }
  }
  std::uint64_t bytes_of(l1::EgressItem::Kind kind, Millis from, Millis to) const {
    std::uint64_t sum = 0;
    for (const SentFrame& f : sent) {
      if (f.kind == kind && f.at > from && f.at <= to) sum += f.frame;
    }
    return sum;
  }

  l1::Egress egress;
  std::vector<FakeMedium> media;
  std::vector<SentFrame> sent;
  Millis now{10'000};
  std::size_t pull_size = SIZE_MAX;
  std::function<bool(const l1::EgressItem&)> scan_busy;

 private:
  [[nodiscard]] std::size_t on_air(l1::LinkSlot slot, std::size_t size, bool user) const {
    return user && media[slot].pads ? 508 : size + 24;
  }
  bool take(l1::LinkSlot slot, std::size_t frame) {
    FakeMedium& m = media[slot];
    if (m.backlog_mb + frame * 8000 > m.room * 8000 && m.backlog_mb != 0) {
      m.was_full = true;
      return false;
    }
    m.backlog_mb += frame * 8000;
    return true;
  }
  void drain(std::size_t slot) {
    FakeMedium& m = media[slot];
    m.backlog_mb -= std::min(m.backlog_mb, m.bps);
    if (m.was_full && m.backlog_mb * 2 <= m.room * 8000) {
      m.was_full = false;
      egress.writable(static_cast<l1::LinkSlot>(slot), now);
    }
  }
};

}  // namespace mehr::test
