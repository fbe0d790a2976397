// A Bootstrap with a world around it: hosts that answer or not, a name, a disk, virtual time.
#pragma once

#include <catch2/catch.hpp>
#include <map>

#include "addresses.h"

namespace mehr::test {

struct Bench {
  struct Sent {
    l0::LinkId link;
    Bytes message;
    Millis at;
  };
  struct Pending {
    l1::Bootstrap::Dial dial;
    Millis over;
  };

  explicit Bench(const l1::Bootstrap::Config& config = {},
                 const std::vector<l1::PeerAddress>& list = {},
                 const std::vector<l1::PeerAddress>& reserved = {})
      : machine(node_id(0xFFFF), config, list, reserved, 7) {}

  [[nodiscard]] l1::Bootstrap::Now now() const { return {time, NodeTime{node_base + time.count}}; }

  void start() {
    machine.start(now());
    pump();
  }
  /// Does what the machine asks for.
  void pump() {
    for (int i = 0; i < 10'000; ++i) {
      const auto action = machine.next(now());
      if (!action) return;
      std::visit([this](const auto& a) { spend(a); }, *action);
    }
    FAIL("the machine never rests");
  }
  void spend(const l1::Bootstrap::Dial& dial) {
    (dial.only_connect ? probes : dials).push_back(dial);
    const bool alive = answers(dial);
    pending.push_back({dial, time + (alive ? Millis{20} : dial.limit)});
    most_pending = std::max(most_pending, pending.size());
  }
  void spend(const l1::Bootstrap::Resolve&) {
    ++resolves;
    resolve_over = time + Millis{name.empty() ? 5000U : 30U};
  }
  void spend(const l1::Bootstrap::Send& send) {
    sent.push_back({send.link, {send.message.begin(), send.message.end()}, time});
  }
  void spend(const l1::Bootstrap::Store& store) {
    stores.emplace_back(store.value.begin(), store.value.end());
    stored_at.push_back(time);
  }
  [[nodiscard]] bool answers(const l1::Bootstrap::Dial& dial) const {
    const auto found = hosts.find(dial.to);
    return found != hosts.end() &&
           (dial.only_connect || !dial.expected || found->second == *dial.expected);
  }

  l0::LinkId link_up(const NodeId& peer, bool outbound, std::optional<l1::PeerAddress> where,
                     Mtu mtu = Mtu{4096}) {
    const l0::LinkId id{++last_link};
    machine.on_link_up({id, peer, outbound, where, mtu}, now());
    links[id] = peer;
    pump();
    return id;
  }
  void link_down(l0::LinkId id) {
    links.erase(id);
    machine.on_link_down(id, now());
    pump();
  }
  [[nodiscard]] l0::LinkId link_to(const NodeId& peer) const {
    for (const auto& [id, who] : links) {
      if (who == peer) return id;
    }
    return {};
  }
  Status hear(l0::LinkId from, const Bytes& message) {
    const Status out = machine.on_message(from, message, now());
    pump();
    return out;
  }
  /// Hears a message that is well formed.
  void good(l0::LinkId from, const Bytes& message) { REQUIRE(hear(from, message).has_value()); }

  void run(Millis span) {
    const Millis end = time + span;
    for (;;) {
      Millis next = std::min(machine.next_deadline(), resolve_over);
      for (const Pending& p : pending) next = std::min(next, p.over);
      if (next > end) break;
      time = std::max(time, next);
      if (resolve_over <= time) {
        resolve_over = Millis::never();
        machine.on_resolved(name, now());
      }
      finish_dials();
      pump();
    }
    time = end;
    pump();
  }
  void finish_dials() {
    for (std::size_t i = 0; i < pending.size();) {
      if (pending[i].over > time) {
        ++i;
        continue;
      }
      const l1::Bootstrap::Dial dial = pending[i].dial;
      pending.erase(pending.begin() + static_cast<std::ptrdiff_t>(i));
      const bool good = answers(dial);
      if (good && !dial.only_connect) link_up_quietly(hosts.at(dial.to), dial.to);
      machine.on_dialled(dial.to, dial.only_connect, good, now());
    }
  }
  void link_up_quietly(const NodeId& peer, const l1::PeerAddress& where) {
    const l0::LinkId id{++last_link};
    machine.on_link_up({id, peer, true, where, Mtu{4096}}, now());
    links[id] = peer;
  }
  /// Addresses dialled since the last call.
  std::vector<l1::PeerAddress> dialled() {
    std::vector<l1::PeerAddress> out;
    for (const auto& dial : dials) out.push_back(dial.to);
    dials.clear();
    return out;
  }
  /// What @p link was told since the last call.
  std::vector<Sent> told(l0::LinkId link) {
    std::vector<Sent> out;
    for (const Sent& s : sent) {
      if (s.link == link) out.push_back(s);
    }
    std::erase_if(sent, [&](const Sent& s) { return s.link == link; });
    return out;
  }

  Millis time{100'000};
  std::uint64_t node_base = 1'700'000'000'000;
  l1::Bootstrap machine;
  std::map<l1::PeerAddress, NodeId> hosts;  // who answers where
  std::vector<l1::PeerAddress> name;        // what the name stands for
  std::vector<l1::Bootstrap::Dial> dials;
  std::vector<l1::Bootstrap::Dial> probes;
  std::vector<Pending> pending;
  std::size_t most_pending = 0;
  std::size_t resolves = 0;
  Millis resolve_over = Millis::never();
  std::vector<Sent> sent;
  std::vector<Bytes> stores;
  std::vector<Millis> stored_at;
  std::map<l0::LinkId, NodeId> links;
  std::uint16_t last_link = 0;
};

/// A stored book of @p peers nodes, number 1 seen last.
inline Bytes stored_book(std::uint32_t peers, std::uint64_t node_time = 1'700'000'000'000) {
  l1::PeerBook book({1024, 1024});
  for (std::uint32_t n = peers; n > 0; --n) {
    book.prove(node_id(n), address(n << 8), NodeTime{node_time - n});
  }
  const ByteView bytes = book.serialise();
  return {bytes.begin(), bytes.end()};
}
/// Where the n-th of them is.
inline l1::PeerAddress stored_at(std::uint32_t n) { return address(n << 8); }

}  // namespace mehr::test
