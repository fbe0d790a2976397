// What all lines and segments have in common: their surroundings, counters, and how they record.
//
// Place: private to ports/sim. Threads: one.
#pragma once

#include <string_view>

#include "mehr/sim/channel.h"
#include "mehr/sim/memory.h"

namespace mehr::sim {

/// Link overhead around the message that Media::mtu counts. spec: L0/9
inline constexpr std::size_t kLinkOverhead = 24;

class ChannelBase {
 public:
  ChannelBase(const Media& as, ChannelId name, const Surroundings& where);

  /// Why nobody could send @p frame here, or success.
  [[nodiscard]] Status check_size(ByteView frame) const;
  void record(What what, NodeIndex node, NodeIndex peer, ByteView bytes,
              std::string_view text = {}) const;
  void sent(NodeIndex node, NodeIndex peer, ByteView frame);
  void refused(NodeIndex node, NodeIndex peer, ByteView frame, std::string_view why);
  void arrived(NodeIndex node, NodeIndex from, ByteView frame);
  /// @p node sent it, @p peer misses it.
  void lost(NodeIndex node, NodeIndex peer, ByteView frame, std::string_view why);

  Surroundings around;
  ChannelId id;
  Media media;  ///< as it behaves: without faults once healed
  MediumInfo info;
  ChannelCounters counters;
  /// Frames on their way are nobody's memory but the world's, though nodes hand them over.
  MemoryAccount account;
};

/// The address of @p node on a shared segment: its index and one, so that none is zero.
[[nodiscard]] Remote remote_of(NodeIndex node);
/// kNoNode for an address that is no node's.
[[nodiscard]] NodeIndex node_of(const Remote& address);
[[nodiscard]] SourceKey source_of(NodeIndex node);

/// A line of streams between two nodes (line.cpp).
[[nodiscard]] std::unique_ptr<Channel> make_line(const Media& media, ChannelId id,
                                                 const Surroundings& around);
/// Datagrams between two nodes or many (segment.cpp).
[[nodiscard]] std::unique_ptr<Channel> make_segment(const Media& media, ChannelId id,
                                                    const Surroundings& around);

}  // namespace mehr::sim
