// What a run was like, gathered happening by happening. Private to ports/sim.
//
// Place: the part of Report that knows no Sim: it hears happenings and keeps numbers.
// Bounds: 512 samples, 2,000 events, 2,000 spans, 200,000 pairs of nodes; what does not fit is
// counted. Memory grows with nodes and channels, not with happenings.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "curves.h"
#include "mehr/sim/recorder.h"
#include "mehr/sim/topology.h"

namespace mehr::sim {

struct Tally {
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
  void add(std::size_t size) {
    ++count;
    bytes += size;
  }
};

/// Frames as their first byte tells them.
enum class FrameKind : std::uint8_t { init, resp, auth, data, beacon, broadcast, clear, other };
inline constexpr std::size_t kFrameKinds = 8;
[[nodiscard]] FrameKind frame_kind(ByteView frame);
[[nodiscard]] const char* name_of(FrameKind kind);

/// What travels inside links, between L1 and L0.
enum class MessageKind : std::uint8_t { announce, data, other, control };
inline constexpr std::size_t kMessageKinds = 4;
[[nodiscard]] const char* name_of(MessageKind kind);

/// Two nodes that have, or were asked to have, a link.
struct PairTally {
  NodeIndex a = 0;  ///< a < b
  NodeIndex b = 0;
  bool was_asked = false;  ///< by the topology
  Tally frames;            ///< sent either way, where frames have one receiver
  std::uint64_t lost = 0;
  std::array<Tally, kMessageKinds> messages{};  ///< handed down either way
  std::uint32_t ups = 0;                        ///< sides that came up
  std::uint32_t downs = 0;

  /// By which links are compared: bytes of frames, or of what is inside where those have none.
  [[nodiscard]] std::uint64_t weight() const;
};

/// Which nodes were heard of on a channel.
struct ChannelTally {
  NodeIndex a = kNoNode;
  NodeIndex b = kNoNode;
  bool has_more = false;
  std::array<Tally, kFrameKinds> kinds{};
};

/// One line of the fault timeline.
struct TimelineEvent {
  Instant at;
  What what = What::note;
  NodeIndex node = kNoNode;
  std::string text;
};
/// Something that lasted: a fault, a node that was down or paused.
struct TimelineSpan {
  Instant from;
  Instant to = kNever;  ///< kNever: until the end
  What what = What::fault;
  NodeIndex node = kNoNode;
  std::string text;
};

/// The columns of the curves.
enum class Series : std::uint8_t { frames, lost, bytes, delivered, routes, pairs, links, up };
inline constexpr std::size_t kSeries = 8;

class Gatherer final : public Observer {
 public:
  explicit Gatherer(const Topology& topology);
  void on_happening(const Happening& happening) override;

  [[nodiscard]] const std::array<Tally, kWhatCount>& whats() const { return whats_; }
  [[nodiscard]] const std::array<Tally, kFrameKinds>& frames() const { return frames_; }
  [[nodiscard]] const std::array<Tally, kMessageKinds>& messages() const { return messages_; }
  [[nodiscard]] const std::vector<ChannelTally>& channels() const { return channels_; }
  [[nodiscard]] const std::vector<PairTally>& pairs() const { return pairs_; }
  [[nodiscard]] std::uint64_t pairs_left_out() const { return pairs_left_out_; }
  [[nodiscard]] const std::vector<TimelineEvent>& events() const { return events_; }
  [[nodiscard]] std::uint64_t events_left_out() const { return events_left_out_; }
  [[nodiscard]] const std::vector<TimelineSpan>& spans() const { return spans_; }
  [[nodiscard]] std::uint32_t crashes(NodeIndex node) const { return nodes_[node].crashes; }
  [[nodiscard]] bool is_up(NodeIndex node) const { return nodes_[node].is_up; }
  [[nodiscard]] std::uint64_t now(Series series) const {
    return now_[static_cast<std::size_t>(series)];
  }
  /// Every sample up to @p end.
  [[nodiscard]] Curves curves(Instant end) const;

 private:
  struct NodeState {
    std::uint32_t routes = 0;
    std::uint32_t links = 0;
    std::uint32_t crashes = 0;
    bool is_up = false;
    bool has_booted = false;
    bool announces = false;
  };
  void on_frame(const Happening& h);
  void on_message(const Happening& h, MessageKind kind);
  void on_state(const Happening& h);
  void on_crash(NodeState& node);
  void on_timeline(const Happening& h);
  void begin(const Happening& h);
  void end(const Happening& h);
  ChannelTally* channel(const Happening& h);
  PairTally* pair(NodeIndex a, NodeIndex b, bool may_add);
  void grow_index();
  void set(Series series, std::uint64_t value) { now_[static_cast<std::size_t>(series)] = value; }
  void add(Series series, std::uint64_t value) { now_[static_cast<std::size_t>(series)] += value; }
  void count_pairs() { set(Series::pairs, announcers_ * (nodes_.empty() ? 0 : nodes_.size() - 1)); }

  std::array<Tally, kWhatCount> whats_{};
  std::array<Tally, kFrameKinds> frames_{};
  std::array<Tally, kMessageKinds> messages_{};
  std::array<std::uint64_t, kSeries> now_{};
  Curves curves_{kSeries};
  std::vector<NodeState> nodes_;
  std::uint64_t announcers_ = 0;
  std::uint64_t sides_up_ = 0;  // each link has two
  std::vector<ChannelTally> channels_;
  std::vector<PairTally> pairs_;
  std::vector<std::uint32_t> pair_index_;  // open addressing: place in pairs_ plus one, 0 = free
  std::uint64_t pairs_left_out_ = 0;
  std::vector<TimelineEvent> events_;
  std::uint64_t events_left_out_ = 0;
  std::vector<TimelineSpan> spans_;
};

}  // namespace mehr::sim
