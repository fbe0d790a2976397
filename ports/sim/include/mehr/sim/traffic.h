// How much of what went over each link, window by window.
//
// Place: ports/sim; an Observer that a test adds to a Sim's recorder. It stands at the taps: what
// L0 took to send, in the clear, after a Behaviour, so it counts whatever L1 says of itself.
// Shapes: a link is a pair of nodes in one direction; bytes are those of link frames without
// padding, 24 over the message. Gossip is what spec L1/9.1 budgets: announces, Path messages,
// Beats, Summaries, Deltas, Pulls. Signals and reservations are control. The rest of packets is
// user. Bounds: one entry per pair and window that carried something. Threads: one.
#pragma once

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "mehr/sim/recorder.h"

namespace mehr::sim {

enum class Traffic : std::uint8_t { user, gossip, control };

/// What a packet (What::packet_out, packet_in) or control message is.
[[nodiscard]] Traffic traffic_of(What what, ByteView bytes);

class TrafficMeter final : public Observer {
 public:
  struct Window {
    std::array<std::uint64_t, 3> bytes{};     ///< by Traffic
    std::array<std::uint64_t, 3> messages{};  ///< likewise
  };

  /// Listens as long as it lives. Windows count from the beginning of the run.
  explicit TrafficMeter(Recorder& recorder, Duration window = std::chrono::seconds(60));
  ~TrafficMeter() override;
  TrafficMeter(const TrafficMeter&) = delete;
  TrafficMeter& operator=(const TrafficMeter&) = delete;

  [[nodiscard]] Duration window() const { return window_; }
  /// Windows of a link up to now, the present one last; empty for one that carried nothing.
  [[nodiscard]] std::vector<Window> windows(NodeIndex from, NodeIndex to) const;
  /// Of the whole run so far.
  [[nodiscard]] std::uint64_t bytes(NodeIndex from, NodeIndex to, Traffic kind) const;
  [[nodiscard]] std::uint64_t messages(NodeIndex from, NodeIndex to, Traffic kind) const;
  /// Over all links.
  [[nodiscard]] std::uint64_t bytes(Traffic kind) const;
  /// Most bytes of that kind in any one window of any link.
  [[nodiscard]] std::uint64_t most(Traffic kind) const;

  void on_happening(const Happening& happening) override;

 private:
  using Link = std::pair<NodeIndex, NodeIndex>;
  Recorder& recorder_;
  Duration window_;
  std::map<Link, std::vector<Window>> links_;
};

}  // namespace mehr::sim
