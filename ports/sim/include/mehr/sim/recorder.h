// What happened: the one stream that fingerprint, trace, statistics and invariants are made of.
//
// Place: ports/sim. Nodes, channels, taps, faults and programs report; observers listen. Nobody
// decides anything here, and listening changes nothing.
// Shapes: a Happening is borrowed for the call. The fingerprint is BLAKE3 over every happening's
// fields and bytes, in order; equal runs have equal ones on every build.
// Bounds: the last 64 happenings are kept for messages, with 32 bytes of each; observers keep what
// they want. No allocation per happening. Threads: one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mehr/core/crypto.h"
#include "mehr/sim/time.h"

namespace mehr::sim {

/// A node of the simulation, by its place in the topology.
using NodeIndex = std::uint32_t;
inline constexpr NodeIndex kNoNode = 0xFFFFFFFF;
/// A channel of the simulation: a line between two nodes, or a shared segment.
struct ChannelId {
  std::uint32_t index = 0xFFFFFFFF;  ///< the default is no channel
  constexpr auto operator<=>(const ChannelId&) const = default;
};

enum class What : std::uint8_t {
  frame_sent,       ///< a node's frame went into a channel; bytes = frame
  frame_arrived,    ///< ... and reached `node` from `peer`; bytes = frame
  frame_lost,       ///< loss, cut, out of range, receiver down; text says which
  frame_refused,    ///< the send queue was full, or the duty cycle used up
  frame_corrupted,  ///< bits were turned on the way
  frame_doubled,    ///< a second copy is under way
  frame_collided,   ///< two speakers at once, on a shared channel
  stream_opened,
  stream_closed,
  link_up,      ///< L0: an authenticated link of `node` to `peer`
  link_down,    ///< text = reason
  packet_out,   ///< in the clear between L1 and L0; bytes = packet
  packet_in,    ///< bytes = packet
  control_out,  ///< bytes = control message
  control_in,
  message_sent,       ///< a program's message from `node` to `peer`; bytes = a tag naming it
  message_delivered,  ///< at `node`, from `peer` where it is known
  route_appeared,     ///< at `node`, towards `peer`
  route_changed,
  route_lost,
  booted,
  crashed,
  paused,
  resumed,
  announced,  ///< `node` was told to announce itself
  fault,      ///< text = what was done to the world
  healed,
  note,  ///< text: a program or scenario remarks something
};
inline constexpr std::size_t kWhatCount = static_cast<std::size_t>(What::note) + 1;
/// "frame-sent", ...: as traces spell it.
[[nodiscard]] std::string_view name_of(What what);

struct Happening {
  Instant at;
  What what = What::note;
  NodeIndex node = kNoNode;
  NodeIndex peer = kNoNode;
  ChannelId channel;
  ByteView bytes;
  std::string_view text;
};

/// A set of What.
struct WhatSet {
  std::uint64_t bits = 0;
  static constexpr WhatSet all() { return {~std::uint64_t{0}}; }
  static constexpr WhatSet of(std::initializer_list<What> list) {
    WhatSet out;
    for (const What w : list) out.bits |= std::uint64_t{1} << static_cast<unsigned>(w);
    return out;
  }
  [[nodiscard]] constexpr bool has(What w) const {
    return (bits >> static_cast<unsigned>(w) & 1) != 0;
  }
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_happening(const Happening& happening) = 0;
};

class Recorder {
 public:
  Recorder();
  void record(const Happening& happening);
  /// Calls @p observer with every happening in @p wanted, in the order of adding.
  void add(Observer& observer, WhatSet wanted);
  void remove(Observer& observer);
  [[nodiscard]] std::uint64_t count(What what) const {
    return counts_[static_cast<std::size_t>(what)];
  }
  /// Over everything recorded up to now.
  [[nodiscard]] ContentHash fingerprint() const;
  /// The last happenings, oldest first, one line each; those about @p node when it is given.
  [[nodiscard]] std::vector<std::string> last(std::size_t most, NodeIndex node = kNoNode) const;

 private:
  struct Kept {
    Instant at;
    What what = What::note;
    NodeIndex node = kNoNode;
    NodeIndex peer = kNoNode;
    ChannelId channel;
    std::size_t size = 0;
    std::array<std::uint8_t, 32> head{};  // of the bytes, or of the text
    bool is_text = false;
  };
  struct Listener {
    Observer* observer = nullptr;
    WhatSet wanted;
  };
  void feed(const Happening& happening);

  std::vector<Listener> listeners_;
  std::array<std::uint64_t, kWhatCount> counts_{};
  std::array<Kept, 64> kept_{};
  std::uint64_t recorded_ = 0;
  crypto::Blake3 hash_;
  Bytes pending_;  // gathered for the hash: it is fastest on long runs
};

}  // namespace mehr::sim
