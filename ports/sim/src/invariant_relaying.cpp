// The invariant of forwarding: spec L1/6 as seen from outside a node.
#include <algorithm>
#include <array>

#include "invariant_memory.h"
#include "invariant_view.h"
#include "mehr/l0/packet.h"

namespace mehr::sim {

namespace {

constexpr std::uint8_t kOwnHopsMost = 7;  // an origin starts in 0..7. spec: L1/6
/// A duplicate filter remembers for 120 s at least; a little less, for clocks that are too fast.
constexpr Duration kRemembered = std::chrono::seconds(110);

/// Remembers the last 2^20 packets that came to some node.
class RelaysPassOn final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "relays pass a packet on once, one hop further, and not back";
  }
  [[nodiscard]] WhatSet wants() const override {
    WhatSet wanted = LinkTimes::wants();
    wanted.bits |= WhatSet::of({What::packet_in, What::packet_out}).bits;
    return wanted;
  }
  void on_happening(const Happening& h) override {
    if (h.what != What::packet_in && h.what != What::packet_out) return links_.take(h);
    if (h.bytes.size() < l0::kHeaderSize) return;
    const l0::PacketFlags flags{h.bytes[0]};
    if (flags.type() != l0::PacketType::data) return;
    // Equal for packets that differ in hops and transport alone, as the packet id is.
    const std::uint64_t id = hash_of(h.bytes.subspan(2), h.bytes[0] & 0x0FU);
    if (h.what == What::packet_in) {
      came(h, mix(id, h.node));
    } else if (view_.is_honest(h.node)) {
      left(h, mix(id, h.node));
    }
  }

 private:
  static constexpr unsigned kCopies = 4;
  /// What leaves may have waited while others of its kind came: several are remembered.
  struct Copy {
    NodeIndex from = kNoNode;
    std::uint8_t hops = 0;
    Instant at;
    std::uint64_t others = 0;  // packets that had come to the node by then
  };
  struct Passing {
    std::array<Copy, kCopies> copies{};
    unsigned came = 0;  // the last four of them stand in `copies`
    bool relayed = false;
    std::uint32_t boots = 0;  // of the node, when it was relayed
    Copy which;               // the copy that was
  };

  void came(const Happening& h, std::uint64_t key) {
    if (came_to_.size() <= h.node) came_to_.resize(h.node + std::size_t{1});
    Passing& p = passing_.put(key);
    p.copies[p.came % kCopies] = {h.peer, h.bytes[1], h.at, ++came_to_[h.node]};
    ++p.came;
  }

  void left(const Happening& h, std::uint64_t key) {
    const std::uint8_t hops = h.bytes[1];
    if (hops >= l0::kMaxHops) {
      return fail(h.node, view_.name(h.node) + " sent a packet with " + std::to_string(hops) +
                              " hops; it ends at 127");
    }
    Passing* p = passing_.find(key);
    if (p == nullptr) {
      if (hops > kOwnHopsMost && !passing_.has_forgotten()) {
        return fail(h.node, view_.name(h.node) + " sent a packet with " + std::to_string(hops) +
                                " hops that never came to it");
      }
      passing_.put(key);  // its own
    } else if (p->came != 0) {
      relayed(h, *p);
    }
  }

  void relayed(const Happening& h, Passing& p) {
    const auto who = [&] { return view_.name(h.node); };
    const Copy* copy = nullptr;
    const unsigned held = std::min(p.came, kCopies);
    for (unsigned i = 1; i <= held; ++i) {  // the latest first
      const Copy& c = p.copies[(p.came - i) % kCopies];
      const bool fits = h.bytes[1] == c.hops + 1;
      if (fits && (copy == nullptr || copy->from == h.peer)) copy = &c;
    }
    if (copy == nullptr) {
      const Copy& last = p.copies[(p.came - 1) % kCopies];
      return fail(h.node, who() + " passed on a packet that came with " +
                              std::to_string(last.hops) + " hops and left with " +
                              std::to_string(h.bytes[1]));
    }
    // Two links to one neighbour exist while the older one closes.
    if (h.peer == copy->from && h.peer != kNoNode && links_.count(h.node, h.peer) < 2) {
      return fail(h.node, who() + " sent a packet back to " + view_.name(h.peer) +
                              ", where it had come from");
    }
    // What counts is when the copies came: one that waited in a queue leaves late.
    if (p.relayed && p.boots == links_.boots(h.node) && copy->at - p.which.at < kRemembered &&
        copy->others - p.which.others < view_.limits(h.node).packet_ids) {
      return fail(h.node, who() + " passed on the same packet twice within 110 s");
    }
    p.relayed = true;
    p.boots = links_.boots(h.node);
    p.which = *copy;
  }

  LinkTimes links_;
  Recent<Passing> passing_{std::size_t{1} << 20};
  std::vector<std::uint64_t> came_to_;  // by node
};

}  // namespace

Watcher relays_pass_on(Seen view) { return std::make_unique<RelaysPassOn>(std::move(view)); }

}  // namespace mehr::sim
