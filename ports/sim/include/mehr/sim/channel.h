// What joins nodes, and what a channel needs of the nodes it joins.
//
// Place: ports/sim. Lines of streams, datagram channels (two nodes or many) and LoRa (lora.h)
// implement Channel; sim::Node implements Host. Sim owns both and the Barrier that faults bend.
// Order per medium, as in mehr/linux/medium_host.h: `opened`, then frames and `writable`, then
// `closed` once. No call from within Medium::send, Medium::close, node_up or node_down.
// Interface of a medium: the channel's index, cut to 16 bits. A frame is at most MTU + 24 bytes.
//
// A stream is a connection, with Medium objects of its own. Machine of the dialling seat: down ->
// (node_up) -> dialling, one round trip, at most 5 s -> connected, or after a failure waiting ->
// ... The wait is 5 s, doubling to 300 s, less up to a quarter by chance, and 5 s again after 15 s
// of connection. Nobody dials before the other end's first boot. A lost frame comes a
// retransmission later (round trip + 200 ms, doubling), and those behind it wait. A cut stalls both
// ends; what is healed in time goes on one retransmission after. An end gives up when it sent
// something and heard of no progress for 24 s, or with nothing under way after 29 s of silence
// (keepalive: 5 s, then 12 probes 2 s apart); its reset ends the other end if that is reached. A
// crash is silent: the other end gives up as above, or meets the reset of the rebooted node as soon
// as it speaks or probes. Medium::close lets the queue leave, then `closed` comes here, and there a
// delay later.
//
// A datagram channel opens its medium at every boot and never closes it. Each sender has a rate of
// its own; on a half-duplex channel one frame is on the air at a time and the senders take turns.
// Frames are lost by chance, by cuts (at leaving or arriving), out of range, and with a crash of
// sender or receiver while they are under way.
//
// Bounds: Media::queue_bytes per sender, and what is under way. Failure: a frame that cannot arrive
// is recorded as lost, with the reason; `node` is its sender then, `peer` who misses it.
// Chance: a stream of draws per sender; a datagram takes one word of it per frame, from which each
// receiver has draws of its own.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "mehr/core/medium.h"
#include "mehr/sim/event_queue.h"
#include "mehr/sim/media.h"
#include "mehr/sim/place.h"
#include "mehr/sim/recorder.h"

namespace mehr::sim {

/// What a channel sees of a node. All calls from the event queue, never nested.
class Host {
 public:
  virtual ~Host() = default;
  [[nodiscard]] virtual NodeIndex index() const = 0;
  [[nodiscard]] virtual Position position() const = 0;  ///< now
  /// False: `position` never changes, and need not be asked for again.
  [[nodiscard]] virtual bool may_move() const { return true; }
  /// @p medium is ready. @p dialled: this side speaks first, to @p peer.
  virtual void opened(Medium& medium, ChannelId channel, NodeIndex peer, bool dialled) = 0;
  /// One frame for this node; the bytes are the host's.
  virtual void arrived(Medium& medium, ChannelId channel, const FrameInfo& info, Bytes frame) = 0;
  virtual void writable(Medium& medium) = 0;
  /// No call with @p medium afterwards; it may be destroyed.
  virtual void closed(Medium& medium) = 0;
};

/// Told whenever a barrier may let pass what it did not, or the reverse. Calls no Host from within.
class BarrierWatcher {
 public:
  virtual void barrier_changed() = 0;

 protected:
  ~BarrierWatcher() = default;
};

/// Who may reach whom: the place where links are cut and networks split.
class Barrier {
 public:
  /// Calls @p watcher in the order of adding, until `remove` with what this returned.
  std::size_t add(BarrierWatcher& watcher);
  void remove(std::size_t place);
  /// Whether a frame of @p from reaches @p to over @p channel now.
  [[nodiscard]] bool passes(ChannelId channel, NodeIndex from, NodeIndex to) const;
  void cut(ChannelId channel);                     ///< all of it
  void cut_one_way(NodeIndex from, NodeIndex to);  ///< on every channel
  void cut_between(NodeIndex a, NodeIndex b);      ///< both ways, on every channel
  void restore(ChannelId channel);
  void restore_between(NodeIndex a, NodeIndex b);  ///< both ways
  /// @p side by node: nodes of different sides do not reach each other. Empty ends the partition.
  void partition(std::vector<std::uint8_t> side);
  void heal();  ///< everything passes again
  [[nodiscard]] bool is_whole() const { return !any_; }

 private:
  void changed();  // sets any_, tells the watchers
  bool any_ = false;
  std::vector<ChannelId> channels_;                     // sorted
  std::vector<std::pair<NodeIndex, NodeIndex>> pairs_;  // from, to; sorted
  std::vector<std::uint8_t> side_;
  std::vector<BarrierWatcher*> watchers_;  // null where one was removed
};

/// What every channel stands in.
struct Surroundings {
  EventQueue& queue;
  Recorder& recorder;
  Barrier& barrier;
  std::uint64_t seed = 0;
};

/// What went through a channel, for reports.
struct ChannelCounters {
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t frames_arrived = 0;
  std::uint64_t frames_lost = 0;
  std::uint64_t frames_refused = 0;
  std::uint64_t frames_corrupted = 0;
  std::uint64_t frames_doubled = 0;
  std::uint64_t collisions = 0;
  Duration airtime{0};  ///< time somebody was speaking, summed over speakers
};

class Channel {
 public:
  virtual ~Channel() = default;
  [[nodiscard]] virtual ChannelId id() const = 0;
  [[nodiscard]] virtual const Media& media() const = 0;
  /// Adds a node, before the run begins; on a line exactly two, the first of which dials.
  virtual void add(Host& host) = 0;
  /// The node booted: its medium opens (a stream after its dial).
  virtual void node_up(NodeIndex node) = 0;
  /// The node is gone without a word; `closed` is not called for it. Its Medium objects are dead.
  virtual void node_down(NodeIndex node) = 0;
  /// Whether @p to could hear @p from now, cuts apart.
  [[nodiscard]] virtual bool in_range(NodeIndex from, NodeIndex to) const = 0;
  /// The address that @p from gives to Medium::send to reach @p to.
  [[nodiscard]] virtual Remote address_of(NodeIndex to) const = 0;
  [[nodiscard]] virtual const ChannelCounters& counters() const = 0;
  /// Takes the channel's faults away (loss, corruption, ...): the healed world of a liveness phase.
  virtual void heal() = 0;
};

/// The channel that @p media describes, without nodes yet.
[[nodiscard]] std::unique_ptr<Channel> make_channel(const Media& media, ChannelId id,
                                                    const Surroundings& around);

}  // namespace mehr::sim
