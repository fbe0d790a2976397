// A message to a neighbour that is too long for its link, a few segments at a time. spec: README/3
//
// Place: L2, a machine of `SealedMessenger`, over L1's door to its links, where segments wait for
// their budget of gossip.
// Shapes: control type, form 00, segment. Machine: IDLE -(start)-> SENDING -(last segment given to
// the link)-> IDLE, -(30 s, link gone)-> IDLE, counted: the receiver has forgotten the beginning by
// then. Segments go out while the door has room that leaves the other half to others, so that none
// that waits has to go for a later one. Deadline: the next look for room, every 100 ms.
// Bounds: one message at a time, of `kMostJoined` bytes, and one segment.
// Failure: while one is under way another is refused as full; when it is over, `start` may succeed.
// Threads: one at a time.
#pragma once

#include "mehr/l1/control_door.h"
#include "mehr/l2/reassembly.h"

namespace mehr::l2 {

class HopSender {
 public:
  /// How often room is looked for.
  static constexpr Millis kPace = Millis{100};
  /// What goes where.
  struct Job {
    l1::LinkId link;
    std::uint8_t tier = 0;  ///< of gossip. spec: README/4.9
    std::uint8_t type = 0;  ///< control type
    Mtu mtu;                ///< of the link
    std::uint32_t id = 0;   ///< random per message
  };

  /// Takes a copy of @p message (sub-type and body) and sends what there is room for. Errors: full
  /// while another is under way, too_big.
  [[nodiscard]] Status start(l1::ControlDoor& links, const Job& job, ByteView message, Millis now);
  /// Sends what there is room for now, or gives up.
  void on_time(l1::ControlDoor& links, Millis now);
  /// When `on_time` has something to do.
  [[nodiscard]] Millis next_deadline() const { return busy() ? look_at_ : Millis::never(); }
  [[nodiscard]] bool busy() const { return count_ != 0; }
  /// Segments given to links, and messages given up.
  [[nodiscard]] std::uint64_t segments() const { return segments_; }
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  [[nodiscard]] bool send_next(l1::ControlDoor& links);

  Job job_;
  Bytes message_;  // as long as the longest so far
  Bytes segment_;  // one, with what is in front of it
  std::size_t size_ = 0;
  std::size_t piece_ = 0;
  std::uint16_t next_ = 0;
  std::uint16_t count_ = 0;  // 0: idle
  Millis until_;
  Millis look_at_;
  std::uint64_t segments_ = 0;
  std::uint64_t given_up_ = 0;
};

}  // namespace mehr::l2
