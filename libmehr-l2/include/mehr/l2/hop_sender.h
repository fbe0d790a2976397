// Messages to neighbours that are too long for their links, a few segments at a time. spec:
// README/3
//
// Place: L2, a machine of `SealedMessenger`, over L1's door to its links, where segments wait for
// their budget of gossip.
// Shapes: control type, form 00, segment. Machine: each message SENDING -(last segment given to the
// link)-> gone, -(5 s without room, 30 s in all, or the link gone)-> gone, counted: the receiver
// has forgotten the beginning by then. Segments go out while the door has room that leaves the
// other half to others, so that none that waits has to go for a later one. Deadline: the next look
// for room, every 100 ms. Bounds: one message a link, 8 in all, together of `kMostJoined` bytes.
// Failure: over that `start` says full, and `on_time` says when it is worth trying again. Threads:
// one at a time.
#pragma once

#include <vector>

#include "mehr/l1/control_door.h"
#include "mehr/l2/reassembly.h"

namespace mehr::l2 {

class HopSender {
 public:
  static constexpr std::size_t kMost = 8;
  /// How often room is looked for, and how long for one segment.
  static constexpr Millis kPace = Millis{100};
  static constexpr Millis kStalled = Millis::seconds(5);
  /// What goes where.
  struct Job {
    l1::LinkId link;
    NodeId peer;            ///< at its other end: another link may have the number later
    Mtu mtu;                ///< of the link
    std::uint8_t tier = 0;  ///< of gossip. spec: README/4.9
    std::uint8_t type = 0;  ///< control type
    std::uint32_t id = 0;   ///< random per message
  };

  /// Takes a copy of @p message (sub-type and body) and sends what there is room for. Errors: full,
  /// too_big.
  [[nodiscard]] Status start(l1::ControlDoor& links, const Job& job, ByteView message, Millis now);
  /// Sends what fits in the room there is, and gives up what is late. True: one that was refused
  /// as full may be taken this time.
  [[nodiscard]] bool on_time(l1::ControlDoor& links, Millis now);
  /// When `on_time` has something to do.
  [[nodiscard]] Millis next_deadline() const { return under_.empty() ? Millis::never() : look_at_; }
  /// Messages under way.
  [[nodiscard]] std::size_t size() const { return under_.size(); }
  /// Segments given to links, and messages given up.
  [[nodiscard]] std::uint64_t segments() const { return segments_; }
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  struct Under {
    Job job;
    Bytes message;
    std::size_t piece = 0;  // bytes of all segments but the last
    std::uint16_t next = 0;
    std::uint16_t count = 0;
    Millis until;
    Millis moved;  // when a segment left last
    [[nodiscard]] bool is_over() const { return next == count; }
  };
  /// False when there is no sense in going on.
  [[nodiscard]] bool move(l1::ControlDoor& links, Under& what, Millis now);
  [[nodiscard]] bool send_next(l1::ControlDoor& links, Under& what);

  std::vector<Under> under_;
  std::size_t bytes_ = 0;  // of their messages
  Bytes segment_;          // one, with what is in front of it
  bool refused_ = false;   // somebody was, since a message ended
  Millis look_at_;
  std::uint64_t segments_ = 0;
  std::uint64_t given_up_ = 0;
};

}  // namespace mehr::l2
