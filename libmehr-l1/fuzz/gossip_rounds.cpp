// Two gossip engines driven by operations, hostile bytes among them; invariants after each, and at
// the end, with the links healed, both must grow level.
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "mehr/l1/gossip.h"

using namespace mehr;
using namespace mehr::l1;

namespace {

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

/// One-byte items of four kinds, one place each: kind and body are the place.
class Source final : public ItemSource {
 public:
  static constexpr std::size_t kPlaces = 256;
  static std::uint8_t kind_of(std::size_t place) {
    constexpr std::array<std::uint8_t, 4> kKinds{0x40, 0x60, 0x90, 0xC0};
    return kKinds[place % 4];
  }
  bool owns(std::uint8_t kind) const override {
    return kind == 0x40 || kind == 0x60 || kind == 0x90 || kind == 0xC0;
  }
  std::uint8_t tiers() const override { return 0x0E; }
  std::size_t capacity() const override { return kPlaces; }
  std::size_t places() const override { return kPlaces; }
  bool item(std::size_t place, ItemRef& out) const override {
    require(place < kPlaces);
    if (!held[place]) return false;
    const std::array<std::uint8_t, 1> body{static_cast<std::uint8_t>(place)};
    out = {item_id(kind_of(place), body), kind_of(place), 1};
    return true;
  }
  bool offered(std::size_t, LinkSlot) const override { return true; }
  std::uint64_t rank(std::size_t place) const override { return place / 16; }
  std::size_t write(std::size_t place, LinkSlot, MutableBytes out) const override {
    require(held[place] && !out.empty());
    out[0] = static_cast<std::uint8_t>(place);
    return 1;
  }
  void sent(std::size_t place, LinkSlot) override { require(held[place]); }
  MergeVerdict merge(const GossipItem& item, LinkSlot, Millis) override {
    if (item.body.size() != 1 || kind_of(item.body[0]) != item.kind) return MergeVerdict::invalid;
    if (held[item.body[0]]) return MergeVerdict::known;
    held[item.body[0]] = true;
    return MergeVerdict::taken;
  }

  std::array<bool, kPlaces> held{};
};

constexpr std::uint16_t kMtu = 484;

struct Machine {
  FixedRandom random;
  std::array<Source, 2> sources;
  std::array<Gossip, 2> nodes{Gossip{{3, 2, 16}, node_id(1), random},
                              Gossip{{3, 2, 16}, node_id(2), random}};
  std::array<std::array<bool, 3>, 2> up{};
  Millis now{1000};

  Machine() {
    for (std::size_t i = 0; i < 2; ++i) nodes[i].add_source(sources[i]);
  }
  // Slot 0 joins the two; on the others nobody but the input speaks.
  void link_up(std::size_t who, LinkSlot slot, bool slow) {
    const NodeId peer = slot == 0 ? node_id(static_cast<std::uint8_t>(2 - who)) : node_id(9);
    nodes[who].link_up(slot, {peer, Mtu{kMtu}, BitsPerSecond{slow ? 1000U : 100'000U}}, now);
    up[who][slot] = true;
  }
  void link_down(std::size_t who, LinkSlot slot) {
    nodes[who].link_down(slot);
    up[who][slot] = false;
  }
  void pass(std::uint64_t ms) {
    now = now + Millis{ms};
    for (Gossip& node : nodes) {
      while (const auto end = node.on_time(now)) require(end->outcome != RoundOutcome::none);
      require(node.next_deadline() > now);
    }
  }
  void take(std::size_t who, LinkSlot slot, ByteView bytes) {
    GossipReceived got = nodes[who].receive(slot, bytes, now);
    std::size_t items = 0;
    while (const auto item = nodes[who].next(slot, got, now)) {
      require(++items <= 255 && item->source == &sources[who]);
      nodes[who].settle(slot, got, *item, item->source->merge(item->item, slot, now), now);
    }
    require(got.invalid <= kMostInvalid);
  }
  /// True when something was said.
  bool say(std::size_t who, LinkSlot slot, std::uint8_t tiers, std::uint8_t fate) {
    std::array<std::uint8_t, 4096> buffer{};
    const auto message = nodes[who].make(slot, tiers, buffer, now);
    if (!message) return false;
    require(up[who][slot] && !message->bytes.empty() && message->bytes.size() <= kMtu);
    require((bit_of(message->tier) & tiers) != 0);
    if (fate % 4 == 1) return false;  // not sent after all
    nodes[who].sent(now);
    if (fate % 4 == 2 || slot != 0 || !up[1 - who][0]) return true;  // lost
    take(1 - who, 0, message->bytes);
    return true;
  }
  void check() const {
    for (std::size_t i = 0; i < 2; ++i) {
      for (LinkSlot slot = 0; slot < 3; ++slot) {
        const bool ready = nodes[i].ready(slot) != 0;
        require(!ready || up[i][slot]);
        require(!ready || nodes[i].next_ready(slot) == slot);
        require(up[i][slot] || nodes[i].state(slot) == RoundState::idle);
      }
    }
  }
  void heal() {
    for (std::size_t i = 0; i < 2; ++i) {
      for (LinkSlot slot = 0; slot < 3; ++slot) link_down(i, slot);
    }
    pass(200'000);
    for (std::size_t i = 0; i < 2; ++i) link_up(i, 0, false);
    for (int round = 0; round < 40 && sources[0].held != sources[1].held; ++round) {
      for (int i = 0; i < 400; ++i) {
        if (!say(0, 0, 0x0F, 0) && !say(1, 0, 0x0F, 0)) break;
      }
      pass(10'000);
    }
    require(sources[0].held == sources[1].held);
  }
};

void operate(Machine& m, const std::uint8_t* op, ByteView rest) {
  const std::size_t who = op[1] % 2;
  const auto slot = static_cast<LinkSlot>(op[1] / 2 % 3);
  switch (op[0] % 9) {
    case 0:
      m.link_up(who, slot, op[2] % 4 == 0);
      break;
    case 1:
      m.link_down(who, slot);
      break;
    case 2:
      m.pass(std::uint64_t{op[2]} * 250);
      break;
    case 3:
      m.sources[who].held[op[2]] = true;
      break;
    case 4: {
      ItemRef item;
      if (m.sources[who].item(op[2], item)) m.nodes[who].let_go(item, m.now);
      m.sources[who].held[op[2]] = false;
      break;
    }
    case 5:
      m.take(who, slot, rest.first(std::min<std::size_t>(rest.size(), op[2] * std::size_t{2})));
      break;
    case 6:
      (void)m.nodes[who].pull(slot, op[2], std::uint32_t{op[3]} * 16, m.now);
      break;
    default:
      m.say(who, slot, op[2] % 2 == 0 ? 0x0F : op[2] / 2 % 16, op[3]);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Machine m;
  for (std::size_t i = 0; i + 3 < size && i < 4000; i += 4) {
    operate(m, data + i, ByteView(data, size).subspan(i + 4));
    m.check();
  }
  // What was let go counts as held for a day, and would keep the two apart.
  m.pass(25 * 3600 * 1000ULL);
  m.heal();
  return 0;
}
