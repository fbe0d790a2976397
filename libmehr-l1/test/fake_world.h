// A world of twenty lines for tests of L1: virtual time, seeded chance, links that are queues.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "mehr/core/clock.h"
#include "mehr/core/codec.h"
#include "mehr/core/crypto.h"
#include "mehr/core/random.h"
#include "mehr/core/storage.h"
#include "mehr/core/timers.h"
#include "mehr/l0/identity.h"
#include "mehr/l0/link_layer.h"

namespace mehr::test {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(MutableBytes out) override {
    for (auto& byte : out) {
      state_ += 0x9E3779B97F4A7C15;
      std::uint64_t z = state_;
      z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
      z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
      byte = static_cast<std::uint8_t>(z >> 56);
    }
  }

 private:
  std::uint64_t state_;
};

inline l0::Identity identity(std::uint8_t n) {
  std::array<std::uint8_t, 32> seed{};
  seed.fill(n);
  return l0::Identity::from_seed(crypto::Seed::copy_of(seed));
}

inline NodeId node_id(std::uint64_t n) {
  NodeId id;
  Writer(id.mutable_view()).put(n);
  return id;
}

struct World : Clock, Timers {
  Millis time{1'000'000};
  std::vector<std::pair<Wakeable*, Millis>> wakes;
  std::deque<std::function<void()>> events;

  Millis now() override { return time; }
  NodeTime node_time() override { return {1'700'000'000'000 + time.count}; }
  void wake_at(Wakeable& who, Millis at) override {
    for (auto& w : wakes) {
      if (w.first == &who) {
        w.second = at;
        return;
      }
    }
    wakes.emplace_back(&who, at);
  }
  /// Delivers everything on its way and what follows from it, without time passing.
  void settle() {
    for (;;) {
      if (!events.empty()) {
        auto event = std::move(events.front());
        events.pop_front();
        event();
        continue;
      }
      auto due =
          std::find_if(wakes.begin(), wakes.end(), [&](const auto& w) { return w.second <= time; });
      if (due == wakes.end()) return;
      due->second = Millis::never();
      due->first->on_wake(time);
    }
  }
  /// Lets @p span pass, waking everybody on the way at the asked time.
  void pass(Millis span) {
    const Millis end = time + span;
    settle();
    for (;;) {
      Millis next = end;
      for (const auto& w : wakes) next = std::min(next, w.second);
      if (next >= end) break;
      time = next;
      settle();
    }
    time = end;
    settle();
  }
};

/// One end's links. Two FakeLinks are joined with `join`.
class FakeLinks final : public l0::LinkLayer {
 public:
  struct Sent {  // a packet, or a control message
    l0::LinkId link;
    Bytes packet;
  };
  struct End {
    FakeLinks* peer = nullptr;
    l0::LinkId peer_link;
    l0::LinkInfo info;
    std::size_t room = SIZE_MAX;  ///< packets until full
    bool was_full = false;
  };
  explicit FakeLinks(World& world) : world_(world) {}

  void set_listener(l0::LinkListener* listener) override { listener_ = listener; }
  Status send_packet(l0::LinkId link, ByteView packet, l0::Padding) override {
    return leave(link, packet, sent);
  }
  Status send_control(l0::LinkId link, ByteView message) override {
    return leave(link, message, controls);
  }
  void signal_too_big(l0::LinkId upstream, const NodeId& destination, Mtu mtu) override {
    auto [it, first] = signalled_.try_emplace({upstream, destination}, world_.time);
    if (!first && world_.time - it->second < Millis::seconds(5)) return;
    it->second = world_.time;
    ++signals;
    const End& end = ends.at(upstream);
    if (end.peer == nullptr) return;
    world_.events.push_back([to = end.peer, at = end.peer_link, destination, mtu] {
      if (to->ends.count(at) != 0) to->listener_->on_packet_too_big(at, destination, mtu);
    });
  }
  void report_malformed(l0::LinkId link) override { malformed.push_back(link); }
  void close(l0::LinkId link, l0::CloseReason) override { closed.push_back(link); }

  /// A packet or control message arrives as if from the neighbour.
  void inject(l0::LinkId at, Bytes message) {
    if (ends.count(at) == 0 || listener_ == nullptr) return;
    if (loses_gossip && message[0] >= 0x90 && message[0] <= 0x93) return;
    if (message[0] >= 0x80) {
      listener_->on_control(at, message);
    } else {
      listener_->on_packet(at, message);
    }
  }
  void up(const l0::LinkInfo& info) {
    ends[info.id].info = info;
    listener_->on_link_up(info);
  }
  void down(l0::LinkId link, l0::CloseReason reason = l0::CloseReason::medium_lost) {
    ends.erase(link);
    listener_->on_link_down(link, reason);
  }
  /// Room for @p packets more.
  void writable(l0::LinkId link, std::size_t packets) {
    ends.at(link).room = packets;
    if (std::exchange(ends.at(link).was_full, false)) listener_->on_link_writable(link);
  }
  l0::LinkListener& listener() { return *listener_; }

  std::map<l0::LinkId, End> ends;
  std::vector<Sent> sent;
  std::vector<Sent> controls;
  std::vector<l0::LinkId> closed;
  std::vector<l0::LinkId> malformed;
  std::size_t signals = 0;
  bool recording = true;
  bool loses_gossip = false;  ///< what the next round would bring level stays unlevel

 private:
  Status leave(l0::LinkId link, ByteView message, std::vector<Sent>& record) {
    auto it = ends.find(link);
    if (it == ends.end()) return fail(Errc::not_found, "no such link");
    End& end = it->second;
    if (message.size() > end.info.mtu.bytes) return fail(Errc::too_big, "over the MTU");
    if (end.room == 0) {
      end.was_full = true;
      return fail(Errc::full, "queue full");
    }
    if (end.room != SIZE_MAX) --end.room;
    if (recording) record.push_back({link, Bytes(message.begin(), message.end())});
    if (end.peer == nullptr) return {};
    world_.events.push_back(
        [to = end.peer, at = end.peer_link,
         copy = Bytes(message.begin(), message.end())]() mutable { to->inject(at, copy); });
    return {};
  }

  World& world_;
  l0::LinkListener* listener_ = nullptr;
  std::map<std::pair<l0::LinkId, NodeId>, Millis> signalled_;
};

inline l0::LinkInfo link_info(std::uint16_t id, const NodeId& peer, std::uint16_t mtu = 4096) {
  l0::LinkInfo info;
  info.id = l0::LinkId{id};
  info.peer = peer;
  info.interface = InterfaceId{1};
  info.mtu = Mtu{mtu};
  info.bandwidth = BitsPerSecond{1'000'000'000};
  info.latency = Millis{10};
  info.peer_features = l0::feature::kL1Relay | l0::feature::kGossip;
  return info;
}

class MemoryStorage final : public Storage {
 public:
  Result<Bytes> get(std::string_view key) override {
    const auto it = values.find(std::string(key));
    if (it == values.end()) return fail(Errc::not_found, "nothing stored");
    return it->second;
  }
  Status put(std::span<const Put> batch) override {
    if (broken) return fail(Errc::io, "the disk failed");
    for (const Put& p : batch) values[std::string(p.key)] = Bytes(p.value.begin(), p.value.end());
    return {};
  }
  std::map<std::string, Bytes> values;
  bool broken = false;
};

}  // namespace mehr::test
