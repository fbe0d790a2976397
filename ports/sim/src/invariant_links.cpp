// Invariants of L0: what links carry, and under which counters.
#include <algorithm>
#include <unordered_map>

#include "invariant_memory.h"
#include "invariant_view.h"
#include "mehr/l0/link_frames.h"
#include "mehr/l0/packet.h"

namespace mehr::sim {

namespace {

/// Remembers what is under way: on streams each packet in its order, 4,096 for each direction of a
/// pair; elsewhere 2^20 in all. What went for want of room is forgiven.
class LinksDeliver final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "links deliver what was sent, in order and once";
  }
  [[nodiscard]] WhatSet wants() const override {
    return WhatSet::of({What::packet_out, What::packet_in, What::control_out, What::control_in,
                        What::link_up, What::link_down, What::frame_lost, What::booted,
                        What::crashed, What::resumed});
  }
  void on_happening(const Happening& h) override {
    switch (h.what) {
      case What::packet_out:
      case What::control_out:
        return sent(h.node, h.peer, hash_of(h.bytes));
      case What::packet_in:
      case What::control_in:
        return came(h, hash_of(h.bytes));
      default:
        break;
    }
    if (h.peer != kNoNode) return disturb(h.what, h.node, h.peer);
    if (h.node >= peers_.size()) return;
    for (const NodeIndex peer : peers_[h.node]) disturb(h.what, h.node, peer);
  }

 private:
  struct UnderWay {
    std::uint64_t hash = 0;
    bool loose = false;  // a link changed since: it may be lost, and may still come
  };
  struct Stream {
    std::deque<UnderWay> packets;
    bool any_loose = false;
    std::uint64_t forgotten = 0;
    std::uint32_t links_at_sender = 0;
    std::uint32_t links_at_receiver = 0;
  };
  static constexpr std::size_t kMostOnStream = 4096;

  // Null for a pair that is not joined by streams alone.
  Stream* stream(NodeIndex from, NodeIndex to) {
    const auto [at, fresh] = streams_.try_emplace(pair_key(from, to));
    if (fresh && view_.is_stream(from, to)) {
      at->second = std::make_unique<Stream>();
      if (peers_.size() <= std::max(from, to)) peers_.resize(std::max(from, to) + std::size_t{1});
      peers_[from].push_back(to);
      peers_[to].push_back(from);
    }
    return at->second.get();
  }

  void sent(NodeIndex from, NodeIndex to, std::uint64_t hash) {
    if (to == kNoNode) return;
    if (Stream* s = stream(from, to)) {
      // Over two links at a time, while the older one closes, there is no one order.
      s->packets.push_back({hash, s->links_at_sender != 1});
      s->any_loose = s->any_loose || s->packets.back().loose;
      if (s->packets.size() <= kMostOnStream) return;
      s->packets.pop_front();
      ++s->forgotten;
    } else {
      ++elsewhere_.put(mix(hash, pair_key(from, to)));
    }
  }

  void came(const Happening& h, std::uint64_t hash) {
    if (h.peer == kNoNode) return;
    if (Stream* s = stream(h.peer, h.node)) return came_on_stream(h, *s, hash);
    const std::uint64_t key = mix(hash, pair_key(h.peer, h.node));
    std::uint32_t* under_way = elsewhere_.find(key);
    if (under_way != nullptr) {
      if (--*under_way == 0) elsewhere_.erase(key);
    } else if (!elsewhere_.has_forgotten()) {
      fail_unsent(h);
    }
  }

  void came_on_stream(const Happening& h, Stream& s, std::uint64_t hash) {
    if (!s.any_loose && !s.packets.empty() && s.packets.front().hash == hash) {
      return s.packets.pop_front();
    }
    const auto due = std::find_if(s.packets.begin(), s.packets.end(),
                                  [](const UnderWay& u) { return !u.loose; });
    const auto loose = std::find_if(s.packets.begin(), s.packets.end(),
                                    [&](const UnderWay& u) { return u.loose && u.hash == hash; });
    if (due != s.packets.end() && due->hash == hash) {
      // Over its only link: what was sent over former ones comes no more. Unless this is not the
      // one that is due, but an equal one from before.
      const bool alone = s.links_at_receiver == 1 && loose == s.packets.end();
      s.packets.erase(alone ? s.packets.begin() : due, due + 1);
      s.any_loose = s.any_loose && !alone;
    } else if (loose != s.packets.end()) {
      s.packets.erase(loose);
    } else if (s.forgotten != 0) {
      --s.forgotten;
    } else if (std::any_of(s.packets.begin(), s.packets.end(),
                           [&](const UnderWay& u) { return u.hash == hash; })) {
      fail(h.node, view_.name(h.node) + " got a packet of " + view_.name(h.peer) +
                       " while an earlier one is missing, over a stream whose link stayed up");
    } else {
      fail_unsent(h);
    }
  }

  void fail_unsent(const Happening& h) {
    fail(h.node, view_.name(h.node) + " got a packet of " + std::to_string(h.bytes.size()) +
                     " bytes from " + view_.name(h.peer) + " that " + view_.name(h.peer) +
                     " did not send, or not so often");
  }

  // Something happened at @p node that what is under way to and from @p peer may not survive.
  void disturb(What what, NodeIndex node, NodeIndex peer) {
    Stream* out = stream(node, peer);
    Stream* in = stream(peer, node);
    if (out == nullptr || in == nullptr) return;
    for (Stream* s : {out, in}) {
      for (UnderWay& u : s->packets) u.loose = true;
      s->any_loose = !s->packets.empty();
    }
    for (std::uint32_t* links : {&out->links_at_sender, &in->links_at_receiver}) {
      if (what == What::link_up) ++*links;
      if (what == What::link_down && *links != 0) --*links;
      if (what == What::booted || what == What::crashed) *links = 0;
    }
  }

  std::unordered_map<std::uint64_t, std::unique_ptr<Stream>> streams_;  // looked up only
  std::vector<std::vector<NodeIndex>> peers_;                           // over streams
  Recent<std::uint32_t> elsewhere_{std::size_t{1} << 20};
};

/// Remembers the last frame of each node to each neighbour.
class CountersAreFresh final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "no two frames of a link are sealed under one counter";
  }
  [[nodiscard]] WhatSet wants() const override {
    return WhatSet::of({What::frame_sent, What::link_up});
  }
  void on_happening(const Happening& h) override {
    if (h.peer == kNoNode) return;
    if (h.what == What::link_up) {  // new keys: their counters begin anew
      last_.erase(pair_key(h.node, h.peer));
    } else if (h.bytes.size() >= kHead + kTag && l0::is_data_frame(h.bytes[0])) {
      Last& last = last_[pair_key(h.node, h.peer)];
      const Last now{hash_of(h.bytes.first(kHead)), hash_of(h.bytes.last(kTag))};
      if (now.head == last.head && now.tag != last.tag) {
        fail(h.node, view_.name(h.node) + " sealed two frames to " + view_.name(h.peer) +
                         " under the same key, link and counter");
      }
      last = now;
    }
  }

 private:
  static constexpr std::size_t kHead = 7;  // type with key epoch, link id, counter. spec: L0/5.5
  static constexpr std::size_t kTag = sizeof(AeadTag::bytes);  // differs when the rest does
  struct Last {
    std::uint64_t head = 0;
    std::uint64_t tag = 0;
  };
  std::unordered_map<std::uint64_t, Last> last_;  // looked up only
};

}  // namespace

Watcher links_deliver(Seen view) { return std::make_unique<LinksDeliver>(std::move(view)); }
Watcher counters_are_fresh(Seen view) {
  return std::make_unique<CountersAreFresh>(std::move(view));
}

}  // namespace mehr::sim
