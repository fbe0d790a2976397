// Two gossip engines joined in memory, over sources that are vectors.
#pragma once

#include <deque>
#include <functional>
#include <set>

#include "fake_world.h"
#include "mehr/l1/announce_item.h"
#include "mehr/l1/gossip.h"

namespace mehr::test {

using namespace mehr::l1;

/// Items of any kinds in a vector. A body that begins with 0xEE is invalid, with 0xDD refused.
class FakeSource final : public ItemSource {
 public:
  struct Held {
    ItemRef ref;
    Bytes body;
    LinkSlot from = kNoLink;
    std::uint64_t rank = 0;
  };

  explicit FakeSource(std::set<std::uint8_t> kinds, std::size_t capacity = 20'000)
      : kinds_(std::move(kinds)), capacity_(capacity) {}

  bool put(std::uint8_t kind, const Bytes& body, LinkSlot from = kNoLink, std::uint64_t rank = 0) {
    const GossipItem item{kind, body};
    const auto id = received_item_id(item);
    if (!id || ids_.count(*id) != 0) return false;
    ids_.insert(*id);
    held.push_back({{*id, kind, static_cast<std::uint16_t>(body.size())}, body, from, rank});
    return true;
  }
  void take_away(std::size_t place) {
    ids_.erase(held[place].ref.id);
    held[place].body.clear();
    held[place].ref = {};
  }
  [[nodiscard]] std::set<ItemId> ids() const { return ids_; }

  bool owns(std::uint8_t kind) const override { return kinds_.count(kind) != 0; }
  std::uint8_t tiers() const override {
    std::uint8_t mask = 0;
    for (const std::uint8_t kind : kinds_) mask |= bit_of(tier_of(kind));
    return mask;
  }
  std::size_t capacity() const override { return capacity_; }
  std::size_t places() const override { return held.size(); }
  bool item(std::size_t place, ItemRef& out) const override {
    out = held[place].ref;
    return out.kind != 0;
  }
  bool offered(std::size_t place, LinkSlot link) const override { return held[place].from != link; }
  std::uint64_t rank(std::size_t place) const override { return held[place].rank; }
  std::size_t write(std::size_t place, LinkSlot, MutableBytes out) const override {
    copy_bytes(held[place].body, out);
    return held[place].body.size();
  }
  void sent(std::size_t place, LinkSlot link) override { sends.emplace_back(place, link); }
  MergeVerdict merge(const GossipItem& item, LinkSlot from, Millis) override {
    merges.push_back({item.kind, Bytes(item.body.begin(), item.body.end())});
    if (!item.body.empty() && item.body[0] == 0xEE) return MergeVerdict::invalid;
    if (!item.body.empty() && item.body[0] == 0xDD) return MergeVerdict::refused;
    if (held.size() == capacity_) return MergeVerdict::refused;
    return put(item.kind, merges.back().second, from) ? MergeVerdict::taken : MergeVerdict::known;
  }

  std::vector<Held> held;
  std::vector<std::pair<std::uint8_t, Bytes>> merges;
  std::vector<std::pair<std::size_t, LinkSlot>> sends;

 private:
  std::set<std::uint8_t> kinds_;
  std::size_t capacity_;
  std::set<ItemId> ids_;
};

/// Any body of @p size bytes that differs from others by @p n.
inline Bytes body_of(std::uint64_t n, std::size_t size = 40) {
  Bytes body(size);
  Writer w(body);
  w.put(std::uint8_t{1});
  w.put(n);
  return body;
}

/// An announce as an item; only its shape is right.
inline Bytes announce_body(std::uint64_t destination, std::uint64_t emitted,
                           std::uint8_t hops = 0) {
  Bytes body(kAnnounceItemMin);
  Writer w(body);
  w.put(hops);
  w.put(node_id(destination));
  w.put(PublicKey{});
  w.put(emitted);
  w.put(Signature{});
  w.put(MehrExtension{});
  return body;
}

inline const std::set<std::uint8_t> kAllKinds{0x01, 0x40, 0x60, 0x90, 0xC0, 0xD0};

/// A node: engine, source, and what came of it.
struct Node {
  Node(std::uint64_t name, std::set<std::uint8_t> kinds, const GossipConfig& config = {4, 4, 64})
      : random(name), id(node_id(name)), source(std::move(kinds)), gossip(config, id, random) {
    gossip.add_source(source);
  }

  /// As the facade does it: every item to its source, the verdict back.
  GossipReceived take(LinkSlot from, ByteView message, Millis now) {
    GossipReceived got = gossip.receive(from, message, now);
    if (got.kind == GossipReceived::Kind::malformed) ++faults;
    while (const auto item = gossip.next(from, got, now)) {
      oversize += gossip.settle(from, got, *item, item->source->merge(item->item, from, now), now);
    }
    faults += got.invalid;
    count(got.outcome);
    return got;
  }
  void count(RoundOutcome outcome) {
    ok += outcome == RoundOutcome::success;
    failed += outcome == RoundOutcome::failed;
    missed += outcome == RoundOutcome::missed;
  }
  void on_time(Millis now) {
    while (const auto end = gossip.on_time(now)) count(end->outcome);
  }

  SeededRandom random;
  NodeId id;
  FakeSource source;
  Gossip gossip;
  int faults = 0;
  int oversize = 0;
  int ok = 0;
  int failed = 0;
  int missed = 0;
};

/// What one node said, as the other reads it.
struct Said {
  int by = 0;
  Bytes bytes;
  GossipTier tier = GossipTier::routing;
  [[nodiscard]] std::uint8_t type() const { return bytes[0]; }
};

/// Two nodes and the link between them, slot 0 on both sides; node 0 has the lower NodeID.
struct Pair {
  Pair(std::set<std::uint8_t> kinds_a, std::set<std::uint8_t> kinds_b)
      : a(1, std::move(kinds_a)), b(2, std::move(kinds_b)) {}
  explicit Pair(std::uint8_t kind = 0x60) : Pair(std::set{kind}, std::set{kind}) {}

  void connect(Mtu link_mtu = {4096}, BitsPerSecond rate = {1'000'000}) {
    mtu = link_mtu;
    a.gossip.link_up(0, {b.id, link_mtu, rate}, now);
    b.gossip.link_up(0, {a.id, link_mtu, rate}, now);
  }
  Node& node(int i) { return i == 0 ? a : b; }

  /// Sends one message of @p i if it has one of an allowed tier; false when it has none.
  bool step(int i) {
    Node& from = node(i);
    if ((from.gossip.ready(0) & allowed) == 0) return false;
    std::array<std::uint8_t, 4096> buffer{};
    const auto message = from.gossip.make(0, allowed, buffer, now);
    if (!message) return false;
    Said said{i, Bytes(message->bytes.begin(), message->bytes.end()), message->tier};
    from.count(from.gossip.sent(now));
    log.push_back(said);
    if (!lose || !lose(said)) node(1 - i).take(0, said.bytes, now);
    return true;
  }
  /// Until nobody has more to say at this moment.
  void settle() {
    int quiet = 0;
    while (quiet < 2) {
      quiet = 0;
      for (int i = 0; i < 2; ++i) {
        int sent = 0;
        while (sent < burst && step(i)) ++sent;
        quiet += sent == 0;
      }
    }
  }
  void pass(Millis span, Millis tick = Millis::seconds(1)) {
    for (const Millis end = now + span; now < end;) {
      now = now + tick;
      a.on_time(now);
      b.on_time(now);
      settle();
    }
  }
  [[nodiscard]] std::size_t said(std::uint8_t type) const {
    return static_cast<std::size_t>(
        std::count_if(log.begin(), log.end(), [&](const Said& s) { return s.type() == type; }));
  }
  [[nodiscard]] bool level() const { return a.source.ids() == b.source.ids(); }

  Node a;
  Node b;
  Mtu mtu;
  Millis now{5000};
  std::uint8_t allowed = 0x0F;
  int burst = 1000;
  std::function<bool(const Said&)> lose;
  std::vector<Said> log;
};

}  // namespace mehr::test
