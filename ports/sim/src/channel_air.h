// The first half of a channel's chain of queues: bounded send queues before a rate.
//
// Place: private to ports/sim, below lines and segments. A Speaker is one sender's queue; an Air is
// what one of them at a time may use: one per direction, or one for all where they share it.
// Machine: free -> (push) -> busy until the frame's last bit has left -> the next speaker in turn
// ->
// ... -> free. A frame is handed to the user when it begins to leave. Speakers that wait take
// turns, frame by frame. A held speaker keeps its queue and leaves its turns out. Deadlines: one
// event, pending only while somebody waits for the air or for room. Bounds: `limit` bytes per
// speaker, what is leaving included. Threads: one.
#pragma once

#include <cstdint>

#include "mehr/core/bytes.h"
#include "mehr/sim/event_queue.h"
#include "ring.h"

namespace mehr::sim {

class Air;

/// A frame that waits for its turn. What `to` and `ends` mean is the user's.
struct Outgoing {
  std::uint32_t to = 0;
  bool ends = false;
  Bytes frame;
};

/// One sender's queue. Stays where it is while it lives.
class Speaker {
 public:
  Speaker(Air& air, std::uint32_t who, std::size_t limit) : air_(air), who_(who), limit_(limit) {}
  Speaker(const Speaker&) = delete;
  Speaker& operator=(const Speaker&) = delete;

  /// Whether @p bytes more may wait; if not, `AirUser::room` will be called once.
  [[nodiscard]] bool has_room(std::size_t bytes);
  void push(Outgoing frame);
  void hold();
  void release();
  /// Forgets everything, the promise of room included; gives what had not begun to leave.
  Ring<Outgoing> drop();

 private:
  friend class Air;
  [[nodiscard]] std::size_t queued() const;

  Air& air_;
  std::uint32_t who_;
  std::size_t limit_;
  Ring<Outgoing> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t leaving_bytes_ = 0;
  Instant left_at_{};  // when leaving_bytes_ have gone
  bool wants_room_ = false;
  bool is_listed_ = false;
  bool is_held_ = false;
};

class AirUser {
 public:
  /// The frame leaves from now until @p until. Calls no Host from within: it may be inside a send.
  virtual void speaks(std::uint32_t who, Outgoing frame, Instant until) = 0;
  /// There is room again; from the event queue.
  virtual void room(std::uint32_t who) = 0;

 protected:
  ~AirUser() = default;
};

class Air final : private EventSink {
 public:
  Air(EventQueue& queue, BitsPerSecond rate, AirUser& user)
      : queue_(queue), rate_(rate), user_(user) {}
  ~Air() override { queue_.cancel(turn_); }
  Air(const Air&) = delete;
  Air& operator=(const Air&) = delete;

 private:
  friend class Speaker;
  void on_event(Instant now, std::uint64_t tag) override;
  void list(Speaker& speaker);
  void unlist(Speaker& speaker);
  void pump();
  void begin(Speaker& speaker);
  void arm();

  EventQueue& queue_;
  BitsPerSecond rate_;
  AirUser& user_;
  Ring<Speaker*> turns_;  // who waits; each once
  Speaker* speaking_ = nullptr;
  Instant free_at_{};
  EventId turn_;
};

}  // namespace mehr::sim
