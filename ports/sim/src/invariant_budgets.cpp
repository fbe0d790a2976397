// Invariants of what links carry besides user packets, and of what waits for them. spec: L1/9.1,
// L1/10.3
#include <algorithm>
#include <array>
#include <unordered_map>

#include "channel_base.h"
#include "invariant_memory.h"
#include "invariant_view.h"
#include "mehr/l1/gossip_messages.h"
#include "mehr/sim/traffic.h"

namespace mehr::sim {

namespace {

constexpr Duration kWindow = std::chrono::seconds(60);

/// Bytes of the last sixty whole seconds.
class MinuteSum {
 public:
  void add(Instant at, std::size_t bytes) {
    turn(second_of(at));
    seconds_[static_cast<std::size_t>(second_ % kSeconds)] += bytes;
    sum_ += bytes;
  }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  static constexpr std::int64_t kSeconds = 60;
  static std::int64_t second_of(Instant at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
  }
  void turn(std::int64_t second) {
    for (std::int64_t n = std::min(second - second_, kSeconds); n > 0; --n) {
      std::uint64_t& oldest = seconds_[static_cast<std::size_t>((second - n + 1) % kSeconds)];
      sum_ -= oldest;
      oldest = 0;
    }
    second_ = second;
  }

  std::array<std::uint64_t, kSeconds> seconds_{};
  std::int64_t second_ = 0;
  std::uint64_t sum_ = 0;
};

/// Gossip of a link, as it leaves L1, against the rate of the medium below. A tenth of the rate, a
/// fifth in recovery, and one frame, in any minute of a link's life. Recovery begins after 600 s
/// without a word of gossip; an hour later it must be over. On a half-duplex channel a node's rate
/// is its part of it: one of its neighbours there and itself.
class BudgetsHold final : public WorldInvariant {
 public:
  using WorldInvariant::WorldInvariant;
  [[nodiscard]] std::string_view name() const override {
    return "gossip keeps to its part of every link, and queues to their capacity";
  }
  [[nodiscard]] WhatSet wants() const override {
    WhatSet wanted = LinkTimes::wants();
    wanted.bits |= WhatSet::of({What::packet_out, What::control_out, What::control_in}).bits;
    return wanted;
  }
  void on_happening(const Happening& h) override {
    if (LinkTimes::wants().has(h.what)) return link_event(h);
    if (h.peer == kNoNode) return;
    if (h.what == What::control_in) return heard(h);
    if (traffic_of(h.what, h.bytes) != Traffic::gossip || !view_.is_honest(h.node)) return;
    const auto line = lines_.find(pair_key(h.node, h.peer));
    if (line != lines_.end()) spend(h, line->second);
  }
  void look() override {
    constexpr std::size_t kNodesPerRound = 256;
    const std::size_t nodes = view_.size();
    for (std::size_t n = std::min(nodes, kNodesPerRound); n > 0 && !broken(); --n) {
      look_at(static_cast<NodeIndex>(cursor_++ % nodes));
    }
  }

 private:
  struct Line {
    LineRate rate;             // of the media below, whole
    std::uint32_t links = 0;   // that are up
    std::uint64_t bps = 0;     // this node's part now
    std::uint64_t former = 0;  // most of the parts before, within a minute
    Instant changed;           // when the part did
    Instant heard;             // gossip of the neighbour
    Instant recovering_until;  // at the latest
    MinuteSum gossip;
  };

  void link_event(const Happening& h) {
    links_.take(h);
    if (h.what == What::crashed || h.what == What::booted) {
      for (const NodeIndex peer : peers(h.node)) lines_.erase(pair_key(h.node, peer));
      peers(h.node).clear();
      return;
    }
    if (h.peer == kNoNode) return;
    auto& all = peers(h.node);
    const std::uint32_t count = links_.count(h.node, h.peer);
    if (count == 0) {
      lines_.erase(pair_key(h.node, h.peer));
      std::erase(all, h.peer);
    } else {
      Line& line = lines_[pair_key(h.node, h.peer)];
      if (line.links == 0) {
        line.rate = view_.line_rate(h.node, h.peer);
        line.heard = h.at;
        all.push_back(h.peer);
      }
      line.links = count;
    }
    for (const NodeIndex peer : all) share(h.node, lines_[pair_key(h.node, peer)], h.at);
  }

  std::vector<NodeIndex>& peers(NodeIndex node) {
    if (peers_.size() <= node) peers_.resize(node + std::size_t{1});
    return peers_[node];
  }

  void share(NodeIndex node, Line& line, Instant at) {
    std::uint64_t parts = 1;
    if (line.rate.shared != ChannelId{}) {
      for (const NodeIndex peer : peers(node)) {
        const Line& other = lines_[pair_key(node, peer)];
        if (other.rate.shared == line.rate.shared) parts += other.links;
      }
    }
    const std::uint64_t bps = std::max<std::uint64_t>(1, line.rate.rate.count / parts);
    if (bps == line.bps) return;
    line.former = at - line.changed < kWindow ? std::max(line.former, line.bps) : line.bps;
    line.changed = at;
    line.bps = bps;
  }

  void heard(const Happening& h) {
    constexpr Duration kSilence = std::chrono::seconds(590);  // clocks may be fast
    if (h.bytes.empty() || h.bytes[0] < l1::control::kGossipBeat ||
        h.bytes[0] > l1::control::kGossipPull) {
      return;
    }
    const auto line = lines_.find(pair_key(h.node, h.peer));
    if (line == lines_.end()) return;
    if (h.at - line->second.heard >= kSilence) {
      line->second.recovering_until = later(h.at, std::chrono::hours(1));
    }
    line->second.heard = h.at;
  }

  void spend(const Happening& h, Line& line) {
    constexpr Duration kSilence = std::chrono::seconds(590);
    line.gossip.add(h.at, h.bytes.size() + kLinkOverhead);
    const bool recovers = h.at - line.heard >= kSilence || h.at < line.recovering_until;
    const std::uint64_t bps =
        h.at - line.changed < kWindow ? std::max(line.former, line.bps) : line.bps;
    const std::uint64_t bytes = bps / 8 * 60 * (recovers ? 2 : 1) / 10;
    const std::uint64_t frame = line.rate.mtu.bytes + kLinkOverhead;
    if (line.gossip.sum() <= bytes + frame * std::max<std::uint32_t>(1, line.links)) return;
    fail(h.node, view_.name(h.node) + " sent " + std::to_string(line.gossip.sum()) +
                     " bytes of gossip to " + view_.name(h.peer) + " within 60 s; " +
                     std::to_string(bytes) + " and one frame are allowed");
  }

  // Five seconds of nine tenths of the whole rate wait at most, or 16 full frames.
  void look_at(NodeIndex node) {
    constexpr std::uint64_t kFrames = 16;
    constexpr std::uint64_t kMost = std::uint64_t{16} * 1'048'576;
    for (const auto& waiting : view_.waiting(node)) {
      const NodeIndex peer = view_.find(waiting.peer);
      const auto line = lines_.find(pair_key(node, peer));
      if (line == lines_.end()) continue;
      const std::uint64_t frame = line->second.rate.mtu.bytes + kLinkOverhead;
      const std::uint64_t rate = line->second.rate.rate.count / 8 * 9 / 10 * 5;
      const std::uint64_t most = std::clamp(rate, kFrames * frame, kMost);
      if (waiting.bytes <= most) continue;
      fail(node, view_.name(node) + " lets " + std::to_string(waiting.bytes) + " bytes wait for " +
                     view_.name(peer) + "; " + std::to_string(most) + " are allowed");
    }
  }

  LinkTimes links_;
  std::unordered_map<std::uint64_t, Line> lines_;  // by node and peer; looked up only
  std::vector<std::vector<NodeIndex>> peers_;      // linked now, by node
  std::size_t cursor_ = 0;
};

}  // namespace

Watcher budgets_hold(Seen view) { return std::make_unique<BudgetsHold>(std::move(view)); }

}  // namespace mehr::sim
