// Nodes that keep reservations, joined by links that are queues, in virtual time.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <map>
#include <memory>
#include <set>

#include "fake_world.h"
#include "mehr/l1/reservations.h"

namespace mehr::l1::test {

using mehr::test::node_id;

/// Writes down what moves, and can be made poor.
struct Purse final : RelayPolicy {
  struct Hop {
    ReservedHop hop;
    std::uint64_t chunks = 0;  ///< bytes
  };
  std::vector<Hop> open;
  std::vector<std::pair<ReservedHop, ReservedEnd>> closed;
  bool can_pay = true;
  bool can_take = true;
  bool room = true;

  [[nodiscard]] bool may_escrow(const NodeId&) const override { return room; }
  [[nodiscard]] Result<std::uint64_t> escrow(const ReservedHop& hop) override {
    const bool payer = hop.side == ReservedHop::Side::payer;
    if (payer ? !can_pay : !can_take) return fail(Errc::denied, "nothing left");
    open.push_back({hop, 0});
    return hop.estimated_bytes / 10 * hop.cost_per_byte;
  }
  void chunk(const ReservedHop& hop, std::uint64_t bytes) override { at(hop).chunks += bytes; }
  void refund(const ReservedHop& hop, const ReservedEnd& end) override {
    const Hop& h = at(hop);
    REQUIRE(end.bytes == h.chunks);
    closed.emplace_back(hop, end);
    open.erase(open.begin() + (&h - open.data()));
  }
  Hop& at(const ReservedHop& hop) {
    for (Hop& h : open) {
      if (h.hop == hop) return h;
    }
    FAIL("money for a hop that was not agreed, or is over");
    throw 0;
  }
};

struct Mesh;

struct Node final : ReservationView {
  Node(Mesh& mesh, std::uint64_t n, const ReservationConfig& config)
      : mesh_(mesh), id(node_id(n)), random(n), machine(config, *this, purse, random) {}

  [[nodiscard]] bool is_self(const NodeId& destination) const override { return destination == id; }
  [[nodiscard]] std::optional<ReservationRoute> route(const NodeId& destination, LinkSlot ingress,
                                                      bool largest_mtu) const override {
    asked_largest = largest_mtu;
    const auto it = routes.find(destination);
    if (it == routes.end() || it->second.egress == ingress) return std::nullopt;
    return it->second;
  }
  [[nodiscard]] std::uint64_t fee(LinkSlot) const override { return own_fee; }
  [[nodiscard]] BitsPerSecond rate(LinkSlot link) const override {
    const auto it = rates.find(link);
    return it == rates.end() ? BitsPerSecond{10'000'000} : it->second;
  }
  [[nodiscard]] NodeId peer(LinkSlot link) const override;
  [[nodiscard]] std::int64_t clock_offset_ms(LinkSlot link) const override;
  [[nodiscard]] NodeTime node_time() const override;

  Mesh& mesh_;
  NodeId id;
  mehr::test::SeededRandom random;
  Purse purse;
  std::map<NodeId, ReservationRoute> routes;
  std::map<LinkSlot, BitsPerSecond> rates;
  std::uint64_t own_fee = 0;
  std::int64_t skew = 0;  ///< of the node clock, ms
  std::int64_t offset_error = 0;
  mutable bool asked_largest = false;
  Reservations machine;
  std::vector<ReservationNews> news;
};

struct Mesh {
  struct End {
    std::size_t node = 0;
    LinkSlot link = kNoLink;
    auto operator<=>(const End&) const = default;
  };
  struct Sent {
    End from;
    Bytes message;
  };
  Millis now = Millis::seconds(1000);
  Millis latency{0};  ///< of every link
  std::vector<std::unique_ptr<Node>> nodes;
  std::map<End, End> wires;
  std::deque<std::pair<Millis, Sent>> under_way;
  std::vector<Sent> sent;
  std::set<std::size_t> deaf;  ///< nodes that hear nothing
  std::function<bool()> lose = [] { return false; };

  Node& operator[](std::size_t n) { return *nodes[n]; }
  Node& add(const ReservationConfig& config = small()) {
    nodes.push_back(std::make_unique<Node>(*this, 100 + nodes.size(), config));
    return *nodes.back();
  }
  static ReservationConfig small() {
    ReservationConfig c;
    c.capacity = 64;
    c.links = 4;
    return c;
  }
  void join(End a, End b) {
    wires[a] = b;
    wires[b] = a;
  }
  /// @p count nodes in a row: link 0 leads back, link 1 on; all routes lead to the last.
  void chain(std::size_t count, const ReservationConfig& config = small()) {
    for (std::size_t i = 0; i < count; ++i) add(config);
    for (std::size_t i = 0; i + 1 < count; ++i) {
      join({i, 1}, {i + 1, 0});
      ReservationRoute r;
      r.egress = 1;
      r.path.bottleneck_bps = RateCode::encode({10'000'000});
      nodes[i]->routes[nodes.back()->id] = r;
    }
  }
  void drain(std::size_t n) {
    Node& node = *nodes[n];
    while (const auto action = node.machine.poll()) {
      if (action->link == kNoLink) {
        node.news.push_back(action->news);
        continue;
      }
      const ByteView m = action->message();
      Sent s{{n, action->link}, Bytes(m.begin(), m.end())};
      sent.push_back(s);
      if (wires.count(s.from) != 0 && !lose()) under_way.emplace_back(now + latency, s);
    }
  }
  void hand_over(const Sent& s) {
    const auto it = wires.find(s.from);
    if (it == wires.end() || deaf.count(it->second.node) != 0) return;
    const End to = it->second;
    Reservations& m = nodes[to.node]->machine;
    if (const auto r = decode<ReservationRequest>(s.message)) {
      m.on_request(to.link, *r, now);
    } else if (const auto c = decode<ReservationCommitment>(s.message)) {
      m.on_commitment(to.link, *c, now);
    } else if (const auto e = decode<ReservationRelease>(s.message)) {
      m.on_release(to.link, *e, now);
    } else {
      const auto d = decode<DeliveryReceipt>(s.message);
      REQUIRE(d.has_value());
      m.on_receipt(to.link, *d, now);
    }
    drain(to.node);
  }
  /// Delivers what is due, until nothing is.
  void settle() {
    for (std::size_t n = 0; n < nodes.size(); ++n) drain(n);
    while (!under_way.empty() && under_way.front().first <= now) {
      const Sent s = under_way.front().second;
      under_way.pop_front();
      hand_over(s);
    }
  }
  void pass(Millis span) {
    const Millis until = now + span;
    for (;;) {
      settle();
      Millis next = under_way.empty() ? until : std::min(until, under_way.front().first);
      for (const auto& node : nodes) next = std::min(next, node->machine.next_deadline());
      if (next > until || (next == until && now == until)) break;
      now = std::max(now, next);
      for (const auto& node : nodes) node->machine.on_time(now);
      if (now == until) break;
    }
    now = until;
    settle();
  }
  /// @p bytes of DATA from node @p from along the chain; how many nodes counted them as reserved.
  std::size_t carry(std::size_t from, const NodeId& destination, std::size_t bytes) {
    std::size_t reserved = 0;
    LinkSlot ingress = kNoLink;
    for (std::size_t n = from;;) {
      const auto r = nodes[n]->machine.find(ingress, destination);
      if (!r) return reserved;
      ++reserved;
      if (nodes[n]->machine.count(*r, bytes, now)) settle();
      if (r->egress == kNoLink) return reserved;
      const End next = wires.at({n, r->egress});
      n = next.node;
      ingress = next.link;
    }
  }
  void cut(End a) {
    const End b = wires.at(a);
    wires.erase(a);
    wires.erase(b);
    nodes[a.node]->machine.link_down(a.link, now);
    nodes[b.node]->machine.link_down(b.link, now);
    settle();
  }
  template <class T>
  std::vector<T> messages(std::size_t from) const {
    std::vector<T> out;
    for (const Sent& s : sent) {
      if (s.from.node != from) continue;
      if (const auto m = decode<T>(s.message)) out.push_back(*m);
    }
    return out;
  }
};

inline NodeId Node::peer(LinkSlot link) const {
  for (std::size_t n = 0; n < mesh_.nodes.size(); ++n) {
    if (mesh_.nodes[n].get() != this) continue;
    const auto it = mesh_.wires.find({n, link});
    if (it != mesh_.wires.end()) return mesh_.nodes[it->second.node]->id;
  }
  return node_id(link);
}
inline std::int64_t Node::clock_offset_ms(LinkSlot link) const {
  for (const auto& node : mesh_.nodes) {
    if (node->id == peer(link)) return node->skew - skew + offset_error;
  }
  return 0;
}
inline NodeTime Node::node_time() const {
  return {static_cast<std::uint64_t>(1'700'000'000'000 + skew) + mesh_.now.count};
}

inline ReservationOrder order(const NodeId& destination, std::uint64_t bytes = 10 * kChunkBytes) {
  ReservationOrder o;
  o.destination = destination;
  o.estimated_bytes = bytes;
  o.min_throughput = 1'000'000;
  o.max_cost_per_byte = 1000;
  return o;
}

}  // namespace mehr::l1::test
