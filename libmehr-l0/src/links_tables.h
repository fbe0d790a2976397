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
  bool half_open = false;             // in its handshake; a stranger's is counted in half_open_
  bool up = false;                    // the listener knows it
  bool closing = false;               // released by the next flush
  bool blocked = false;               // the medium answered full
  bool unblock_on_wake = false;       // a hazard answered full in its place
  bool large_waits = false;           // a message too long to be held found no room
  HeldFrames::List held;              // frames of the machine that found it full or busy
  Millis retry_at = Millis::never();  // of those that found it busy
  std::size_t failures = 0;           // transmissions failed in a row, full ones apart
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
  std::uint16_t turn = 0;             // the slot that is told first of room
  bool clear_blocked = false;         // a clear packet found the medium full
  Millis deadline = Millis::never();  // a stream must have brought an INIT by then
};

/// Marks an entry point: what closed meanwhile is told to the listener when the outermost one ends,
/// so that no slot goes away under code that still uses it.
class Links::Entry {
 public:
  explicit Entry(Links& links) : links_(links) { ++links_.depth_; }
  ~Entry() {
    if (links_.depth_ == 1) links_.flush_downs();
    --links_.depth_;
  }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

 private:
  Links& links_;
};

}  // namespace mehr::l0
