// The two tables of Links: links by slot, attached media. Private to L0.
#pragma once

#include "mehr/l0/links.h"

namespace mehr::l0 {

/// What is known of a link beside its machine.
struct SlotState {
  LinkId id;
  Medium* medium = nullptr;
  Remote remote;
  SourceKey source;
  bool half_open = false;  // counted in half_open_
  bool up = false;         // the listener knows it
  bool closing = false;    // released by the next flush
  bool blocked = false;    // the medium answered full
  CloseReason reason = CloseReason::shutdown;
  Millis since;
  Millis last_heard;
  std::optional<Millis> rtt;
  std::uint64_t frames_in = 0;
  std::uint64_t frames_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::array<Millis, 5> malformed{};  // ring of the last faults
  std::size_t faults = 0;
};

/// One link, half-open or active. A slot is free when it holds no link.
struct Links::Slot : SlotState {
  std::optional<Link> link;

  [[nodiscard]] bool in_use() const { return link.has_value() && !closing; }
};

/// One attached medium. `receiver_handle` of the medium is its index plus one.
struct Links::Attachment {
  Medium* medium = nullptr;
  LinkId link;                        // of a stream: its one link, 0 = none yet
  Millis deadline = Millis::never();  // a stream must have brought an INIT by then
  Millis window;                      // neighbour frames are counted per second
  unsigned in_window = 0;
};

}  // namespace mehr::l0
