// A line of streams: who dials when, and the connections that come of it.
//
// Place: private to ports/sim; one Channel of two nodes, the first of which dials. What it models
// is in channel.h, what a connection does in line_connection.h. Machine of the dialler: down ->
// (node_up) dialling -> connected, or waiting -> dialling ...; it redials when its end of the
// connection is gone. A connection whose dialler crashed may outlive it at the other end for half a
// minute, beside the next one. Deadlines: the dial's answer, the next dial, the sweep of
// connections that are over. Threads: one.
#pragma once

#include <memory>
#include <vector>

#include "line_connection.h"

namespace mehr::sim {

class Line final : public Channel,
                   private ConnectionOwner,
                   private EventSink,
                   private BarrierWatcher {
 public:
  Line(const Media& media, ChannelId id, const Surroundings& around);
  ~Line() override;
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  [[nodiscard]] ChannelId id() const override { return base_.id; }
  [[nodiscard]] const Media& media() const override { return base_.media; }
  void add(Host& host) override;
  void node_up(NodeIndex node) override;
  void node_down(NodeIndex node) override;
  [[nodiscard]] bool in_range(NodeIndex from, NodeIndex to) const override;
  [[nodiscard]] Remote address_of(NodeIndex) const override { return {}; }
  [[nodiscard]] const ChannelCounters& counters() const override { return base_.counters; }
  void heal() override;

 private:
  void on_event(Instant now, std::uint64_t tag) override;
  void barrier_changed() override;
  void left(Connection& connection, std::size_t seat) override;
  void over() override;
  [[nodiscard]] std::size_t seat_of(NodeIndex node) const;
  void dial();
  void answer();
  void retry();
  void sweep();

  LineBase base_;
  Chance dial_chance_;
  Duration wait_{0};  // before the dial after the next failure
  EventId dial_;      // the next one, or the answer to this one
  EventId sweep_;
  std::size_t watch_place_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace mehr::sim
