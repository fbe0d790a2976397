// One node's reservations, driven by operations of hostile neighbours; invariants after each.
// spec: L1/8
#include "mehr/l1/reservations.h"

#include <cstddef>
#include <cstdint>
#include <optional>

using namespace mehr;
using namespace mehr::l1;

namespace {

constexpr std::uint64_t kRate = 1'000'000;
constexpr LinkSlot kLinks = 4;

void require(bool holds) {
  if (!holds) __builtin_trap();
}

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

struct View final : ReservationView {
  Millis now{1000};
  std::uint8_t turn = 0;
  [[nodiscard]] bool is_self(const NodeId& to) const override { return to == node_id(0); }
  [[nodiscard]] std::optional<ReservationRoute> route(const NodeId& to, LinkSlot ingress,
                                                      bool) const override {
    ReservationRoute r;
    r.egress = static_cast<LinkSlot>((to.bytes[0] + turn) % kLinks);
    if (r.egress == ingress) return std::nullopt;
    r.speaks_l1 = to.bytes[0] % 5 != 4;
    r.path.cost = CostCode::encode(turn);
    r.path.bottleneck_bps = RateCode{static_cast<std::uint8_t>(100 + turn)};
    return r;
  }
  [[nodiscard]] std::uint64_t fee(LinkSlot up) const override { return up; }
  [[nodiscard]] BitsPerSecond rate(LinkSlot) const override { return {kRate}; }
  [[nodiscard]] NodeId peer(LinkSlot link) const override {
    return node_id(static_cast<std::uint8_t>(200 + link));
  }
  [[nodiscard]] std::int64_t clock_offset_ms(LinkSlot link) const override {
    return link == 3 ? INT64_MIN : std::int64_t{1000} * link - 1000;
  }
  [[nodiscard]] NodeTime node_time() const override { return {now.count + 1'000'000}; }
};

// Each hop that was agreed is given back exactly once.
struct Purse final : RelayPolicy {
  std::int64_t open = 0;
  std::uint8_t mood = 0;
  [[nodiscard]] Result<std::uint64_t> escrow(const ReservedHop&) override {
    if (++mood % 7 == 0) return fail(Errc::denied, "no");
    ++open;
    return 0;
  }
  void refund(const ReservedHop&, const ReservedEnd&) override { --open; }
};

struct Machine {
  FixedRandom random;
  View view;
  Purse purse;
  Reservations r;
  std::uint16_t last_id = 0;  // that we chose: so that answers can hit
  ReservationKey key;

  static ReservationConfig config() {
    ReservationConfig c;
    c.capacity = 6;
    c.links = kLinks;
    return c;
  }
  Machine() : r(config(), view, purse, random) {}

  void drain() {
    while (const auto action = r.poll()) {
      if (action->link == kNoLink) continue;
      require(action->link < kLinks);
      if (const auto q = decode<ReservationRequest>(action->message())) {
        last_id = q->reservation_id;
      }
    }
  }
  void step(ByteView op);
  void message(std::uint8_t what, LinkSlot from, std::uint8_t a, std::uint8_t b);
  void check() const {
    std::size_t all = r.size_of(kNoLink);
    for (LinkSlot link = 0; link < kLinks; ++link) {
      require(r.committed(link).count <= kRate / 4 * 3);
      require(r.size_of(link) <= kReservationsPerUpstream);
      all += r.size_of(link);
    }
    require(all == r.size() && all <= 6);
    require(purse.open >= 0 && purse.open <= 2 * 6 + 2 * 16);
    require(all == 0 || r.next_deadline() != Millis::never());
  }
};

void Machine::message(std::uint8_t what, LinkSlot from, std::uint8_t a, std::uint8_t b) {
  const auto id = a % 2 == 0 ? last_id : static_cast<std::uint16_t>(b % 8);
  if (what == 0) {
    ReservationRequest q;
    q.reservation_id = static_cast<std::uint16_t>(b % 8);
    q.destination = node_id(a % 12);
    q.estimated_bytes = std::uint64_t{b} * kChunkBytes / 4 + 1;
    q.min_throughput = a * 3000U;
    q.max_cost_per_byte = a % 64 == 63 ? UINT64_MAX : a;
    q.valid_for_seconds = 1U + b;
    q.flags = {static_cast<std::uint8_t>(b % 4)};
    r.on_request(from, q, view.now);
  } else if (what == 1) {
    ReservationCommitment c;
    c.reservation_id = id;
    c.status = static_cast<ReservationStatus>(b % 8 > 4 ? 0 : b % 8);
    c.committed_bps = a * 10'000U;
    c.actual_cost_per_byte = b % 16;
    c.valid_until = b % 3 == 0 ? UINT64_MAX : view.node_time().millis + a * 1000U;
    r.on_commitment(from, c, view.now);
  } else if (what == 2) {
    ReservationRelease e;
    e.reservation_id = id;
    e.reason = static_cast<ReleaseReason>(b % 4);
    r.on_release(from, e, view.now);
  } else {
    DeliveryReceipt d;
    d.reservation_id = id;
    d.chunk_index = b % 4;
    d.chunk_bytes = a % 4 == 0 ? a * 1000U : static_cast<std::uint32_t>(kChunkBytes);
    r.on_receipt(from, d, view.now);
  }
}

void Machine::step(ByteView op) {
  const auto link = static_cast<LinkSlot>(op[1] % kLinks);
  switch (op[0] % 10) {
    case 4: {
      ReservationOrder o;
      o.destination = node_id(op[2] % 12);
      o.estimated_bytes = op[3] * kChunkBytes / 2;
      o.min_throughput = op[1] * 3000U;
      o.max_cost_per_byte = op[2];
      o.valid_for_seconds = op[3];
      o.flags = {static_cast<std::uint8_t>(op[2] % 4)};
      if (const auto made = r.request(o, view.now)) key = *made;
      break;
    }
    case 5:
      (void)r.release(key, static_cast<ReleaseReason>(op[3] % 4), view.now);
      break;
    case 6: {
      const LinkSlot up = op[1] % 5 == 4 ? kNoLink : link;
      if (const auto hit = r.find(up, node_id(op[2] % 12))) {
        require(hit->egress == kNoLink || hit->egress < kLinks);
        r.count(*hit, std::size_t{op[3]} * 20'000, view.now);
      }
      break;
    }
    case 7:
      view.now = view.now + Millis{std::uint64_t{op[3]} * op[2]};
      r.on_time(view.now);
      require(r.next_deadline() > view.now);
      break;
    case 8:
      r.link_down(link, view.now);
      break;
    case 9:
      view.turn = op[3];
      break;
    default:
      message(op[0] % 10, link, op[2], op[3]);
  }
  drain();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine m;
  const ByteView in(data, size);
  for (std::size_t i = 0; i + 3 < size && i < 4000; i += 4) {
    m.step(in.subspan(i, 4));
    m.check();
  }
  // Left alone, all of it ends.
  for (int i = 0; i < 400 && m.r.next_deadline() != Millis::never(); ++i) {
    m.view.now = m.r.next_deadline();
    m.r.on_time(m.view.now);
    m.drain();
  }
  require(m.r.size() == 0 && m.purse.open == 0);
  return 0;
}
